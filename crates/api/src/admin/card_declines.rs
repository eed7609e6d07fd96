//! Declines that count against a card.

use super::{
    AdminState,
    call::{Answered, Failure, id, member},
    schema::{CardDeclinesLiftedReply, ProblemBody},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Whose card is meant. Text, so that a wrong one can be named.
#[derive(Debug, Deserialize)]
pub(super) struct OfCard {
    payment_id: Option<String>,
}

/// Let a card be tried again
///
/// Forgets the declines of the card that a payment was made with, of all of the merchant's payments: from then on it is as if
/// it had never been declined. The card networks may still charge for another try.
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/card-declines", tag = "Routing", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("payment_id" = String, Query, format = Uuid, description = "Any payment with the card"),
    ),
    responses(
        (status = 200, body = CardDeclinesLiftedReply),
        (status = 400, description = "The query cannot be read", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "The merchant has no such payment", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn lift(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    query: Result<Query<OfCard>, QueryRejection>,
) -> Answered<Json<Value>> {
    let Ok(Query(of)) = query else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "the query cannot be read"));
    };
    let payment = of.payment_id.as_deref().and_then(|text| text.parse().ok());
    let payment = payment.ok_or_else(|| member("payment_id", "must be a payment's id".to_owned()))?;
    let merchant = id(&merchant, "payment")?;
    let lifted = state
        .administration
        .card_declines_lift(operator.actor, merchant, payment)
        .await?;
    Ok(Json(json!({"lifted": lifted})))
}
