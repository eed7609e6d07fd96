//! What the servers of DirectLink's shops were told.

use super::super::{
    AdminState,
    call::{Answered, Failure, ListQuery, page},
    schema::{DirectLinkFeedbackListReply, ProblemBody},
    session::Operator,
};
use super::place;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::administration::directlink_feedback_as_written;
use serde_json::{Value, json};

/// List what a DirectLink shop was told
///
/// Post-sale feedback, the latest first; kept for 30 days once it is over.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/feedback", tag = "DirectLink",
    operation_id = "directlink_feedback_list", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("pspid" = String, Path),
        ("payid" = Option<i64>, Query, description = "Of this payment only"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("before" = Option<i64>, Query, description = "Those before this one"),
    ),
    responses(
        (status = 200, body = DirectLinkFeedbackListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such DirectLink account", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(in super::super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, pspid)): Path<(String, String)>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let ((merchant, pspid), page) = (place(&merchant, &pspid)?, page(query)?);
    let feedback = state
        .administration
        .directlink_feedback_list(merchant, &pspid, page.payid()?, page.before()?, page.limit()?)
        .await?;
    let shown: Vec<_> = feedback.iter().map(directlink_feedback_as_written).collect();
    Ok(Json(json!({"data": shown})))
}

/// Tell a DirectLink shop again
///
/// A message that was delivered, given up, or had no address to go to is sent once more, with all its tries.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/directlink-accounts/{pspid}/feedback/{id}/send-again", tag = "DirectLink",
    operation_id = "directlink_feedback_send_again", security(("session" = [])),
    params(("merchant_id" = String, Path), ("pspid" = String, Path), ("id" = i64, Path)),
    responses(
        (status = 204, description = "It will be sent"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such message of this account, or it is still to be sent", body = ProblemBody),
    )
)]
pub(in super::super) async fn send_again(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, pspid, id)): Path<(String, String, String)>,
) -> Answered<StatusCode> {
    let (merchant, pspid) = place(&merchant, &pspid)?;
    let id = id
        .parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "there is no such message that is over"))?;
    state
        .administration
        .directlink_feedback_send_again(operator.actor, merchant, &pspid, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
