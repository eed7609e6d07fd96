//! Cards: registered, renewed, replaced, blocked, forgotten.

use super::call::{Caller, Document, card_id, timestamp};
use super::failure::{Answered, Failure};
use super::schema;
use crate::flows::registration::Putting;
use crate::identifiers::{CardId, ConsumerId};
use crate::limits::Lock;
use crate::registration::card::{CARD_ID, CONSUMER_ID, CardBody, CardNumber, EXPIRY, expiry, state_word};
use crate::registration::members::Members;
use crate::service::Acs;
use crate::store::cards::{self, CardState};
use crate::store::limits;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

fn read(acs: &Acs, members: &mut Members) -> Answered<(ConsumerId, CardBody)> {
    let consumer = members.text("consumerId", CONSUMER_ID, ConsumerId::parse)?;
    let body = CardBody::read(members, &|text| acs.open_card_data(text))?;
    Ok((consumer, body))
}

/// Create a card
///
/// Of a cardholder who is registered. The number has to be in a range of one of the issuer's products.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/cards", tag = "Cards", security(("access_token" = [])),
    params(("issuerId" = String, Path)),
    request_body = schema::NewCardBody,
    responses(
        (status = 201, body = schema::CardReply),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer or consumer", body = schema::FailureBody),
        (status = 409, description = "The name or the number is another card's", body = schema::FailureBody),
    )
)]
pub(crate) async fn create(
    State(acs): State<Acs>,
    caller: Caller,
    Document(mut members): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let card = members.text("cardId", CARD_ID, CardId::parse)?;
    let (consumer, body) = read(&acs, &mut members)?;
    members.finish()?;
    acs.put_card(&caller.issuer, (&card, &consumer), &body, Putting::Create)
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&acs, &caller, &card).await?)))
}

/// Register a card
///
/// Whether or not it is known: it is as said from then on.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}", tag = "Cards", security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    request_body = schema::CardBody,
    responses(
        (status = 204, description = "Registered"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer or consumer", body = schema::FailureBody),
        (status = 409, description = "The number is another card's", body = schema::FailureBody),
    )
)]
pub(crate) async fn put(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let card = card_id(&card)?;
    let (consumer, body) = read(&acs, &mut members)?;
    members.finish()?;
    acs.put_card(&caller.issuer, (&card, &consumer), &body, Putting::Register)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get a card
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}", tag = "Cards", security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    responses(
        (status = 200, body = schema::CardReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let card = card_id(&card)?;
    Ok(Json(shown(&acs, &caller, &card).await?))
}

/// Delete a card
///
/// Its number is known no longer.
#[utoipa::path(
    delete, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}", tag = "Cards",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn delete(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
) -> Answered<StatusCode> {
    let card = card_id(&card)?;
    acs.delete_card(&caller.issuer, &card).await?;
    // Another card of this name begins without the failures of this one.
    limits::unlock(&acs.inner().store, &caller.issuer, &card).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Renew a card
///
/// The same number, another expiry date.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}/renew", tag = "Cards",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    request_body = schema::RenewBody,
    responses(
        (status = 204, description = "Renewed"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn renew(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let card = card_id(&card)?;
    let expiry = members.text("exp", EXPIRY, expiry)?;
    members.finish()?;
    acs.renew_card(&caller.issuer, &card, expiry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace a card
///
/// Another number, and another name where `newCardId` says one; the number before is known no longer. A static password goes
/// with the name.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}/replace", tag = "Cards",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    request_body = schema::ReplaceBody,
    responses(
        (status = 204, description = "Replaced"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
        (status = 409, description = "The name or the number is another card's", body = schema::FailureBody),
    )
)]
pub(crate) async fn replace(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let card = card_id(&card)?;
    let new_name = members.maybe("newCardId", CARD_ID, CardId::parse)?;
    let number = CardNumber::read(&mut members, &|text| acs.open_card_data(text))?;
    members.finish()?;
    acs.replace_card(&caller.issuer, &card, &number, new_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Block a card
///
/// It does not authenticate until it is unlocked.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}/block", tag = "Cards",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    responses(
        (status = 204, description = "Blocked"),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn block(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
) -> Answered<StatusCode> {
    let card = card_id(&card)?;
    let inner = acs.inner();
    let now = inner.clock.now();
    match cards::set_state(&inner.store, &caller.issuer, &card, CardState::Blocked, now).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::not_found("card")),
    }
}

/// Unlock a card
///
/// Lifts the issuer's block, and the lock that too many failures in a row left.
#[utoipa::path(
    post, path = "/acs/banking/v2/issuers/{issuerId}/cards/{cardId}/unlock", tag = "Cards",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("cardId" = String, Path)),
    responses(
        (status = 204, description = "Unlocked"),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such card", body = schema::FailureBody),
    )
)]
pub(crate) async fn unlock(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, card)): Path<(String, String)>,
) -> Answered<StatusCode> {
    acs.unlock_card(&caller.issuer, &card_id(&card)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(acs: &Acs, caller: &Caller, card: &CardId) -> Answered<Value> {
    let found = cards::load(&acs.inner().store, &caller.issuer, card).await?;
    let found = found.ok_or_else(|| Failure::not_found("card"))?;
    let inner = acs.inner();
    let lock = limits::lock_of(&inner.store, &caller.issuer, card, inner.clock.now()).await?;
    let locked_until = match lock {
        Some(Lock::Until(until)) => Some(timestamp(until)),
        Some(Lock::ForGood) | None => None,
    };
    Ok(json!({
        "cardId": found.card.as_str(),
        "consumerId": found.consumer.as_str(),
        "productId": found.product.as_str(),
        "panSuffix": found.last_four,
        "exp": found.expiry.as_deref().and_then(|expiry| Some(format!("{}{}", expiry.get(2..)?, expiry.get(..2)?))),
        "state": state_word(found.state),
        "staticPassword": found.static_password_mac.is_some(),
        "locked": lock.is_some(),
        "lockedUntil": locked_until,
        "updatedAt": timestamp(found.updated_at),
    }))
}
