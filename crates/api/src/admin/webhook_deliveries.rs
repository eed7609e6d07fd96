//! What is sent to a merchant's webhook endpoints and own URLs: tests, the log, dead letters, replays.

use super::{
    AdminState,
    call::{Answered, Document, ListQuery, MaybeDocument, id, page},
    schema::{
        ProblemBody, WebhookAttemptListReply, WebhookDeadLetterListReply, WebhookEventReply,
        WebhookReplayBody, WebhookReplayReply, WebhookTestBody, WebhookTestReply,
    },
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::administration::OWN_WEBHOOKS;
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::deliveries::DeliveryTarget;

/// The target in an address: an endpoint's id, or the word for the merchant's own URLs.
pub(super) fn target(
    (merchant, endpoint): &(String, String),
) -> Answered<(Id<kind::Merchant>, DeliveryTarget)> {
    let merchant = id(merchant, "webhook endpoint")?;
    Ok(match endpoint.as_str() {
        OWN_WEBHOOKS => (merchant, DeliveryTarget::Own),
        endpoint => (
            merchant,
            DeliveryTarget::Endpoint(id(endpoint, "webhook endpoint")?),
        ),
    })
}

/// Send a test event
///
/// Through the queue, signed as any other, to this target alone. With `wait_seconds`, the answer says what came of the first
/// attempt.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/test", tag = "Webhooks",
    operation_id = "webhooks_test", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path, description = "Or `own`")),
    request_body(content = Option<WebhookTestBody>),
    responses(
        (status = 202, body = WebhookTestReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "It is switched off, or the merchant has no default URL", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn test(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
    MaybeDocument(document): MaybeDocument,
) -> Answered<(StatusCode, Json<Value>)> {
    let (merchant, target) = target(&path)?;
    let sent = state
        .administration
        .webhook_test(operator.actor, merchant, target, &document)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(sent.as_written())))
}

/// Show what was sent, and the answers
///
/// Newest first.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/attempts", tag = "Webhooks",
    operation_id = "webhooks_attempts", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("endpoint_id" = String, Path, description = "Or `own`"),
        ("failed_only" = Option<bool>, Query, description = "Only attempts that did not deliver"),
        ("event" = Option<String>, Query, description = "Only this event's"),
        ("before" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless told"),
    ),
    responses(
        (status = 200, body = WebhookAttemptListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn attempts(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(path): Path<(String, String)>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let ((merchant, target), page) = (target(&path)?, page(query)?);
    let attempts = state
        .administration
        .webhook_attempts(merchant, target, &page.attempts()?, page.limit()?)
        .await?;
    Ok(Json(attempts.as_written()))
}

/// Show what was given up
///
/// By age.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/dead-letters", tag = "Webhooks",
    operation_id = "webhooks_dead_letters", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("endpoint_id" = String, Path, description = "Or `own`"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "50 unless told"),
    ),
    responses(
        (status = 200, body = WebhookDeadLetterListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn dead_letters(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(path): Path<(String, String)>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let ((merchant, target), page) = (target(&path)?, page(query)?);
    let letters = state
        .administration
        .webhook_dead_letters(merchant, target, page.after_cursor()?, page.limit()?)
        .await?;
    Ok(Json(letters.as_written()))
}

/// Send again
///
/// One event, the events of a time, or everything that was given up. What is still on its way is only made due at once.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/replay", tag = "Webhooks",
    operation_id = "webhooks_replay", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path, description = "Or `own`")),
    request_body = WebhookReplayBody,
    responses(
        (status = 202, body = WebhookReplayReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint or event", body = ProblemBody),
        (status = 409, description = "It is switched off", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn replay(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
    Document(document): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let (merchant, target) = target(&path)?;
    let queued = state
        .administration
        .webhook_replay(operator.actor, merchant, target, &document)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"queued": queued}))))
}

/// Show an event and all that came of it
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/webhook-events/{event_id}", tag = "Webhooks",
    operation_id = "webhooks_event", security(("session" = [])),
    params(("merchant_id" = String, Path), ("event_id" = String, Path)),
    responses(
        (status = 200, body = WebhookEventReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such event, or no longer kept", body = ProblemBody),
    )
)]
pub(super) async fn event(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, event)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, event) = (id(&merchant, "event")?, id(&event, "event")?);
    let shown = state.administration.webhook_event(merchant, event).await?;
    Ok(Json(shown.as_written()))
}
