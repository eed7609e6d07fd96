//! Authentications of cards: the history of one, and challenges under way, which the bank's app answers.

use super::call::{Asked, AskedQuery, Caller, Document, card_id, timestamp};
use super::failure::{Answered, Failure};
use super::schema;
use crate::challenge::AppAnswer;
use crate::flows::challenge::FlowError;
use crate::service::Acs;
use crate::store::cards;
use crate::store::operations::{self, Operation};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use emv3ds::AcsTransId;
use primitives::Currency;
use serde_json::{Map, Value, json};
use time::Duration;

/// How far back history goes.
const HISTORY: Duration = Duration::days(365);
const PAGE_DEFAULT: i64 = 10;
const PAGE_MAX: i64 = 50;
/// Authentications that the app is told of at once.
const IN_THE_APP_MAX: i64 = 100;

/// An authentication as the history of a card and the issuer's backend are told of it.
fn as_operation(operation: &Operation) -> Value {
    let ended = operation.outcome.as_deref();
    let status = match ended {
        None => "PENDING",
        Some("Y" | "A") => "SUCCESSFUL",
        Some(_) => "FAILED",
    };
    let mut shown = json!({
        "operationId": operation.acs_trans_id,
        "operation": kind(operation),
        "status": status,
        "startTime": timestamp(operation.decided_at),
        "consumerId": operation.consumer_id,
        "details": details(operation),
    });
    if status == "FAILED" {
        let ending = operation.ending.as_deref();
        shown["error"] = ending.unwrap_or("not authenticated").replace('_', " ").into();
    }
    shown
}

fn kind(operation: &Operation) -> &'static str {
    match (
        operation.status.as_str(),
        operation.method.as_deref(),
        operation.state.as_deref(),
    ) {
        (_, Some("app" | "decoupled"), _) | (_, None, Some("asking_app" | "decoupled")) => {
            "3DS_CHALLENGE_OOB_ISSUER"
        }
        ("C" | "D", ..) => "3DS_CHALLENGE_OTP_SMS",
        _ => "3DS_FRICTIONLESS",
    }
}

/// What is known of an authentication, under the messages' names where they have one.
fn details(operation: &Operation) -> Map<String, Value> {
    let currency = operation
        .currency
        .as_deref()
        .and_then(|code| Currency::parse(code).ok());
    let members = [
        ("acsTransactionId", json!(operation.acs_trans_id)),
        ("threeDSServerTransId", json!(operation.three_ds_server_trans_id)),
        ("cardId", json!(operation.card_id)),
        ("panSuffix", json!(operation.last_four)),
        ("brand", json!(operation.brand)),
        ("merchantName", json!(operation.merchant_name)),
        (
            "purchaseAmount",
            json!(operation.amount_minor.map(|minor| minor.to_string())),
        ),
        (
            "purchaseCurrency",
            json!(currency.map(|currency| currency.numeric3())),
        ),
        (
            "purchaseExponent",
            json!(currency.map(|currency| currency.exponent().to_string())),
        ),
        ("aresStatus", json!(operation.status)),
        ("aresReason", json!(operation.reason)),
        ("transStatus", json!(operation.outcome)),
        ("transStatusReason", json!(operation.outcome_reason)),
        ("endTime", json!(operation.ended_at.map(timestamp))),
        ("interactionCounter", json!(operation.interactions)),
        ("resends", json!(operation.resends)),
    ];
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Get the 3-D Secure operations of a card
///
/// Newest first, a year back.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}/3ds/operations", tag = "Operations",
    security(("access_token" = [])),
    params(
        ("issuerId" = String, Path), ("cardId" = String, Path),
        ("offset" = Option<u32>, Query, description = "How many of the newest to leave out; 0"),
        ("limit" = Option<u32>, Query, description = "1 to 50; 10"),
    ),
    responses(
        (status = 200, body = schema::OperationListReply),
        (status = 400, description = "A parameter is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn of_card(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
    query: AskedQuery,
) -> Answered<Json<Value>> {
    let card = card_id(&card)?;
    let mut asked = Asked::read(query)?;
    let offset = asked.number("offset", "must be a whole number up to 1000000", 0..=1_000_000)?;
    let limit = asked.number("limit", "must be a whole number from 1 to 50", 1..=PAGE_MAX)?;
    asked.finish()?;
    let inner = acs.inner();
    if cards::load(&inner.store, &caller.issuer, &card).await?.is_none() {
        return Err(Failure::not_found("card"));
    }
    let since = inner.clock.now() - HISTORY;
    let page = (offset.unwrap_or_default(), limit.unwrap_or(PAGE_DEFAULT));
    let found = operations::of_card(&inner.store, (&caller.issuer, &card), since, page).await?;
    let found: Vec<_> = found.iter().map(as_operation).collect();
    Ok(Json(json!({"operations": found})))
}

fn as_challenge(operation: &Operation) -> Value {
    let mut shown = details(operation);
    shown.insert("acsTransId".to_owned(), json!(operation.acs_trans_id));
    shown.insert("consumerId".to_owned(), json!(operation.consumer_id));
    shown.insert("state".to_owned(), json!(operation.state));
    shown.insert(
        "decoupled".to_owned(),
        json!(operation.state.as_deref() == Some("decoupled")),
    );
    shown.insert("method".to_owned(), json!(operation.method));
    shown.insert("ending".to_owned(), json!(operation.ending));
    shown.insert("startTime".to_owned(), json!(timestamp(operation.decided_at)));
    shown.insert("explanation".to_owned(), operation.explanation.clone());
    Value::Object(shown)
}

/// List what the bank's app has to ask
///
/// Challenges and decoupled authentications that wait for the app, oldest first.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/challenges", tag = "Operations", security(("access_token" = [])),
    params(
        ("issuerId" = String, Path),
        ("method" = String, Query, description = "`app`"),
    ),
    responses(
        (status = 200, body = schema::ChallengeListReply),
        (status = 400, description = "A parameter is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn in_the_app(
    State(acs): State<Acs>,
    caller: Caller,
    query: AskedQuery,
) -> Answered<Json<Value>> {
    let mut asked = Asked::read(query)?;
    let must = "must be app";
    let app = asked.maybe("method", must, |method| (method == "app").then_some(()))?;
    asked.finish()?;
    app.ok_or_else(|| Failure::format("method", must))?;
    let found = operations::in_the_app(&acs.inner().store, &caller.issuer, IN_THE_APP_MAX).await?;
    let found: Vec<_> = found.iter().map(as_challenge).collect();
    Ok(Json(json!({"challenges": found})))
}

/// Get an authentication
///
/// What was decided and why, and where its challenge stands.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/challenges/{acsTransId}", tag = "Operations",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("acsTransId" = String, Path)),
    responses(
        (status = 200, body = schema::ChallengeReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such authentication", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, id)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    Ok(Json(as_challenge(&find(&acs, &caller, &id).await?)))
}

async fn find(acs: &Acs, caller: &Caller, id: &str) -> Answered<Operation> {
    let must = "must be a UUID";
    let id = AcsTransId::parse(id).ok_or_else(|| Failure::format("acsTransId", must))?;
    let found = operations::load(&acs.inner().store, &caller.issuer, id.0).await?;
    found.ok_or_else(|| Failure::not_found("challenge"))
}

/// Tell what the cardholder answered in the app
///
/// Counts while the app is asked, once: after that, and when the cardholder took a code instead, it is too late.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/challenges/{acsTransId}/oob-result", tag = "Operations",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("acsTransId" = String, Path)),
    request_body = schema::AppAnswerBody,
    responses(
        (status = 204, description = "Taken"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such challenge", body = schema::FailureBody),
        (status = 409, description = "The app is not asked, or no longer", body = schema::FailureBody),
    )
)]
pub(crate) async fn app_answered(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, id)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let must = "must be approved, denied or not_me";
    let answer = members.text("result", must, |result| match result {
        "approved" => Some(AppAnswer::Approved),
        "denied" => Some(AppAnswer::Denied),
        "not_me" => Some(AppAnswer::NotMe),
        _ => None,
    })?;
    members.finish()?;
    let operation = find(&acs, &caller, &id).await?;
    // Deep enough to need a stack of its own in a debug build.
    match Box::pin(acs.app_answered(AcsTransId(operation.acs_trans_id), answer)).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(FlowError::Unknown) => Err(Failure::not_found("challenge")),
        Err(FlowError::Refused(_)) => Err(Failure::conflict(
            "APP_NOT_ASKED",
            "the app is not asked about this, or no longer",
        )),
        Err(FlowError::Store(fault)) => Err(fault.into()),
    }
}
