//! Merchants.

use super::{
    AdminState,
    applications::issued_as_shown,
    call::{Answered, Document, ListQuery, MaybeDocument, id, page, timestamp},
    schema::{
        CreatedMerchantReply, MerchantBody, MerchantChangeBody, MerchantListReply, MerchantReply,
        ProblemBody, WebhookKeysReply, WebhookRotationBody,
    },
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use orchestrator::administration::ShownMerchant;
use serde_json::{Value, json};
use store::deliveries::DeliveryTarget;

pub(super) fn as_shown(merchant: &ShownMerchant) -> Value {
    let mut shown = merchant.settings.as_written();
    shown["id"] = json!(merchant.id);
    shown["created_at"] = json!(timestamp(merchant.created_at));
    shown["updated_at"] = json!(timestamp(merchant.updated_at));
    shown
}

/// List merchants
///
/// By age. `after` is the id of the last one seen.
#[utoipa::path(
    get, path = "/merchants", tag = "Merchants", security(("session" = [])),
    params(
        ("after" = Option<String>, Query, description = "Only merchants after this one"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless told"),
    ),
    responses(
        (status = 200, body = MerchantListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let page = page(query)?;
    let merchants = state
        .administration
        .merchants_list(page.after()?, page.limit()?)
        .await?;
    Ok(Json(
        json!({"data": merchants.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Create a merchant
///
/// With a first pair of keys and a webhook secret, which are shown this once.
#[utoipa::path(
    post, path = "/merchants", tag = "Merchants", security(("session" = [])),
    request_body = MerchantBody,
    responses(
        (status = 201, body = CreatedMerchantReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Document(document): Document,
) -> Answered<Response> {
    let created = state
        .administration
        .merchant_create(operator.actor, &document)
        .await?;
    let mut shown = as_shown(&created.merchant);
    shown["application"] = issued_as_shown(&created.application);
    shown["webhook_secret"] = json!(created.webhook_secret.reveal());
    Ok((
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, "no-store")],
        Json(shown),
    )
        .into_response())
}

/// Get a merchant
#[utoipa::path(
    get, path = "/merchants/{merchant_id}", tag = "Merchants", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    responses(
        (status = 200, body = MerchantReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
) -> Answered<Json<Value>> {
    let merchant = state
        .administration
        .merchant_get(id(&merchant, "merchant")?)
        .await?;
    Ok(Json(as_shown(&merchant)))
}

/// Change a merchant
///
/// Members that are there replace what is; `null` clears those that may be absent.
#[utoipa::path(
    patch, path = "/merchants/{merchant_id}", tag = "Merchants", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = MerchantChangeBody,
    responses(
        (status = 200, body = MerchantReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let merchant = id(&merchant, "merchant")?;
    let merchant = state
        .administration
        .merchant_update(operator.actor, merchant, &document)
        .await?;
    Ok(Json(as_shown(&merchant)))
}

/// Rotate a merchant's webhook keys
///
/// Those of its own URLs; `/webhook-endpoints/own/secret` does the same. The new secret is shown this once; for a day, or as long as
/// told, the old keys sign beside the new ones.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-secret", tag = "Merchants", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body(content = Option<WebhookRotationBody>),
    responses(
        (status = 200, body = WebhookKeysReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn rotate_webhook_keys(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    MaybeDocument(document): MaybeDocument,
) -> Answered<Response> {
    let merchant = id(&merchant, "merchant")?;
    let issued = state
        .administration
        .webhook_keys_rotate(operator.actor, merchant, DeliveryTarget::Own, &document)
        .await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(issued.as_written())).into_response())
}
