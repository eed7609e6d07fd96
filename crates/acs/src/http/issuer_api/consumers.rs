//! Cardholders (`consumers` on the wire).

use super::call::{Caller, Document, consumer_id, timestamp};
use super::failure::{Answered, Failure};
use super::schema;
use crate::identifiers::{CardId, ConsumerId};
use crate::registration::card::{CARD_ID, CardBody};
use crate::registration::cardholder::CardholderBody;
use crate::service::Acs;
use crate::store::cardholders;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Cards in one call.
const CARDS_MAX: usize = 20;

/// Register a cardholder
///
/// Replaces what was known of one. The service cannot check contact data: hand over what is validated.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/consumers/{consumerId}", tag = "Cardholders",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("consumerId" = String, Path)),
    request_body = schema::ConsumerBody,
    responses(
        (status = 204, description = "Registered"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
    )
)]
pub(crate) async fn put(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, consumer)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let consumer = consumer_id(&consumer)?;
    let body = CardholderBody::read(&mut members)?;
    members.finish()?;
    acs.put_consumer(&caller.issuer, &consumer, &body, &[]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Register a cardholder with cards
///
/// Both or neither. Cards that are not named stay as they are.
#[utoipa::path(
    put, path = "/acs/banking/v2/issuers/{issuerId}/consumers/{consumerId}/cards", tag = "Cardholders",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("consumerId" = String, Path)),
    request_body = schema::ConsumerWithCardsBody,
    responses(
        (status = 204, description = "Registered"),
        (status = 400, description = "A member is wrong", body = schema::FailureBody),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such issuer", body = schema::FailureBody),
        (status = 409, description = "A number is another card's", body = schema::FailureBody),
    )
)]
pub(crate) async fn put_with_cards(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, consumer)): Path<(String, String)>,
    Document(mut members): Document,
) -> Answered<StatusCode> {
    let consumer = consumer_id(&consumer)?;
    let listed = members
        .objects("cards", CARDS_MAX, "must be a list of at most 20 cards")?
        .ok_or_else(|| members.missing("cards"))?;
    let mut cards: Vec<(CardId, CardBody)> = Vec::with_capacity(listed.len());
    let mut numbers = BTreeSet::new();
    for mut members in listed {
        let field = members.path("cardId");
        let name = members.text("cardId", CARD_ID, CardId::parse)?;
        if cards.iter().any(|(other, _)| *other == name) {
            return Err(Failure::format(&field, "is named twice"));
        }
        let field = members.path("pan");
        let body = CardBody::read(&mut members, &|text| acs.open_card_data(text))?;
        members.finish()?;
        if !numbers.insert(acs.inner().keys.pan_hash(body.number.pan.reveal())) {
            return Err(Failure::format(&field, "is named twice"));
        }
        cards.push((name, body));
    }
    let body = CardholderBody::read(&mut members)?;
    members.finish()?;
    acs.put_consumer(&caller.issuer, &consumer, &body, &cards).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get what the service uses of a cardholder
///
/// Phones are masked, and who somebody is stays sealed.
#[utoipa::path(
    get, path = "/acs/banking/v2/issuers/{issuerId}/consumers/{consumerId}", tag = "Cardholders",
    security(("access_token" = [])),
    params(("issuerId" = String, Path), ("consumerId" = String, Path)),
    responses(
        (status = 200, body = schema::ConsumerReply),
        (status = 401, description = "No good access token", body = schema::FailureBody),
        (status = 404, description = "No such consumer", body = schema::FailureBody),
    )
)]
pub(crate) async fn get(
    State(acs): State<Acs>,
    caller: Caller,
    Path((_issuer, consumer)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let consumer: ConsumerId = consumer_id(&consumer)?;
    let inner = acs.inner();
    let found = cardholders::load(&inner.store, &caller.issuer, &consumer).await?;
    let found = found.ok_or_else(|| Failure::not_found("consumer"))?;
    let phones = found
        .phones
        .iter()
        .map(|phone| {
            let phone = phone.open(&inner.keys, &caller.issuer, &consumer)?;
            Ok(phone.masked())
        })
        .collect::<Answered<Vec<_>>>()?;
    Ok(Json(json!({
        "consumerId": consumer.as_str(),
        "language": found.language,
        "appRegistered": found.app_registered,
        "phones": phones,
        "updatedAt": timestamp(found.updated_at),
    })))
}
