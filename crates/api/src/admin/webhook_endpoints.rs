//! Webhook endpoints, and the keys that they and the merchant's own URLs are signed for with.

use super::{
    AdminState,
    call::{Answered, Document, ListQuery, MaybeDocument, id, page},
    schema::{
        CreatedWebhookEndpointReply, ProblemBody, WebhookEndpointBody, WebhookEndpointChangeBody,
        WebhookEndpointListReply, WebhookEndpointReply, WebhookKeysReply, WebhookRotationBody,
    },
    session::Operator,
    webhook_deliveries::target,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use orchestrator::administration::ShownWebhookEndpoint;
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::deliveries::DeliveryTarget;

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

type Place = (Id<kind::Merchant>, Id<kind::WebhookEndpoint>);

fn place((merchant, endpoint): &(String, String)) -> Answered<Place> {
    Ok((
        id(merchant, "webhook endpoint")?,
        id(endpoint, "webhook endpoint")?,
    ))
}

/// List a merchant's webhook endpoints
///
/// By age.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/webhook-endpoints", tag = "Webhooks",
    operation_id = "webhook_endpoints_list", security(("session" = [])),
    params(
        ("merchant_id" = String, Path),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "Those after this one"),
    ),
    responses(
        (status = 200, body = WebhookEndpointListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 422, description = "The query is wrong", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
    query: ListQuery,
) -> Answered<Json<Value>> {
    let (merchant, page) = (id(&merchant, "merchant")?, page(query)?);
    let endpoints = state
        .administration
        .webhook_endpoints_list(merchant, page.after()?, page.limit()?)
        .await?;
    let shown: Vec<_> = endpoints.iter().map(ShownWebhookEndpoint::as_written).collect();
    Ok(Json(json!({"data": shown})))
}

/// Create a webhook endpoint
///
/// It gets every event of its filter from now on. Its secret is shown this once.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints", tag = "Webhooks",
    operation_id = "webhook_endpoints_create", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = WebhookEndpointBody,
    responses(
        (status = 201, body = CreatedWebhookEndpointReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "The merchant has as many as it may have", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<Response> {
    let merchant = id(&merchant, "merchant")?;
    let created = state
        .administration
        .webhook_endpoint_create(operator.actor, merchant, &document)
        .await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(created.as_written())).into_response())
}

/// Get a webhook endpoint
///
/// `own` in place of the id: the merchant's own URLs, with `url` and `keys` alone.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}", tag = "Webhooks",
    operation_id = "webhook_endpoints_get", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    responses(
        (status = 200, body = WebhookEndpointReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let administration = &state.administration;
    Ok(Json(match target(&path)? {
        (merchant, DeliveryTarget::Own) => administration.own_webhooks_get(merchant).await?.as_written(),
        (merchant, DeliveryTarget::Endpoint(endpoint)) => administration
            .webhook_endpoint_get(merchant, endpoint)
            .await?
            .as_written(),
    }))
}

/// Change a webhook endpoint
///
/// Members that are there replace what is; `null` clears those that may be absent. With `version`, only if the endpoint is
/// still at that version. What is on its way goes to the new URL.
#[utoipa::path(
    patch, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}", tag = "Webhooks",
    operation_id = "webhook_endpoints_update", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    request_body = WebhookEndpointChangeBody,
    responses(
        (status = 200, body = WebhookEndpointReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let (merchant, endpoint) = place(&path)?;
    let changed = state
        .administration
        .webhook_endpoint_update(operator.actor, merchant, endpoint, &document)
        .await?;
    Ok(Json(changed.as_written()))
}

/// Delete a webhook endpoint
///
/// With its keys and everything that was still to be sent to it. Its log stays as long as logs are kept.
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}", tag = "Webhooks",
    operation_id = "webhook_endpoints_delete", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<StatusCode> {
    let (merchant, endpoint) = place(&path)?;
    state
        .administration
        .webhook_endpoint_delete(operator.actor, merchant, endpoint)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switch a webhook endpoint on
///
/// It gets what happens from now on; what it missed may be replayed.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/enable", tag = "Webhooks",
    operation_id = "webhook_endpoints_enable", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    responses(
        (status = 200, body = WebhookEndpointReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn enable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    set_enabled(&state, &operator, &path, true).await
}

/// Switch a webhook endpoint off
///
/// What was still to be sent to it becomes dead letters.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/disable", tag = "Webhooks",
    operation_id = "webhook_endpoints_disable", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    responses(
        (status = 200, body = WebhookEndpointReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn disable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    set_enabled(&state, &operator, &path, false).await
}

async fn set_enabled(
    state: &AdminState,
    operator: &Operator,
    path: &(String, String),
    enabled: bool,
) -> Answered<Json<Value>> {
    let (merchant, endpoint) = place(path)?;
    let shown = state
        .administration
        .webhook_endpoint_set_enabled(operator.actor, merchant, endpoint, enabled)
        .await?;
    Ok(Json(shown.as_written()))
}

/// Rotate a webhook endpoint's keys
///
/// The new secret is shown this once. For a day, or as long as told, the old keys sign beside the new ones. `own` in place of
/// the id: the merchant's own keys.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/webhook-endpoints/{endpoint_id}/secret", tag = "Webhooks",
    operation_id = "webhook_endpoints_rotate", security(("session" = [])),
    params(("merchant_id" = String, Path), ("endpoint_id" = String, Path)),
    request_body(content = Option<WebhookRotationBody>),
    responses(
        (status = 201, body = WebhookKeysReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such webhook endpoint", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn rotate(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
    MaybeDocument(document): MaybeDocument,
) -> Answered<Response> {
    let (merchant, target) = target(&path)?;
    let issued = state
        .administration
        .webhook_keys_rotate(operator.actor, merchant, target, &document)
        .await?;
    Ok((StatusCode::CREATED, NO_STORE, Json(issued.as_written())).into_response())
}
