//! Connections: merchants' accounts at processors (deuna-api.md 12.1).

use super::{
    AdminState,
    call::{Answered, Document, id, timestamp},
    schema::{ConnectionBody, ConnectionChangeBody, ConnectionListReply, ConnectionReply, ProblemBody},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use payments::connection::{ConnectionStatus, document::as_written};
use serde_json::{Value, json};
use store::connections::StoredConnection;

fn as_shown(stored: &StoredConnection) -> Value {
    let mut shown = as_written(&stored.connection);
    shown["id"] = json!(stored.connection.id);
    shown["merchant_id"] = json!(stored.connection.merchant);
    shown["kind"] = json!("payment_gateway");
    shown["created_at"] = json!(timestamp(stored.created_at));
    shown["updated_at"] = json!(timestamp(stored.updated_at));
    shown
}

/// List a merchant's connections
///
/// In the order in which they are tried.
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/connections", tag = "Connections", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
) -> Answered<Json<Value>> {
    let connections = state
        .administration
        .connections_list(id(&merchant, "merchant")?)
        .await?;
    Ok(Json(
        json!({"data": connections.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Create a connection
///
/// It is inactive until it is activated. Credentials are taken and never shown.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/connections", tag = "Connections", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = ConnectionBody,
    responses(
        (status = 201, body = ConnectionReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 409, description = "The merchant has another connection of this name", body = ProblemBody),
        (status = 422, description = "Members are wrong, or not what the processor offers", body = ProblemBody),
    )
)]
pub(super) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<(StatusCode, Json<Value>)> {
    let merchant = id(&merchant, "merchant")?;
    let stored = state
        .administration
        .connection_create(operator.actor, merchant, &document)
        .await?;
    Ok((StatusCode::CREATED, Json(as_shown(&stored))))
}

/// Get a connection
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/connections/{connection_id}", tag = "Connections",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
    )
)]
pub(super) async fn get(
    State(state): State<AdminState>,
    _operator: Operator,
    Path((merchant, connection)): Path<(String, String)>,
) -> Answered<Json<Value>> {
    let (merchant, connection) = (id(&merchant, "connection")?, id(&connection, "connection")?);
    Ok(Json(as_shown(
        &state.administration.connection_get(merchant, connection).await?,
    )))
}

/// Change a connection
///
/// Members that are there replace what is; `three_ds` is replaced whole. Once a connection was active, its processor
/// and credentials stay as they are.
#[utoipa::path(
    patch, path = "/merchants/{merchant_id}/connections/{connection_id}", tag = "Connections",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    request_body = ConnectionChangeBody,
    responses(
        (status = 200, body = ConnectionReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
        (status = 409, description = "Credentials of a connection that was active, a name that is taken, or changed meanwhile", body = ProblemBody),
        (status = 422, description = "Members are wrong, or not what the processor offers", body = ProblemBody),
    )
)]
pub(super) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, connection)): Path<(String, String)>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let (merchant, connection) = (id(&merchant, "connection")?, id(&connection, "connection")?);
    let changed = state
        .administration
        .connection_update(operator.actor, merchant, connection, &document)
        .await?;
    Ok(Json(as_shown(&changed)))
}

/// Activate a connection
///
/// Payments are routed to it from now on.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/connections/{connection_id}/activate", tag = "Connections",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
        (status = 409, description = "It was disabled for good, or changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn activate(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    set_status(&state, &operator, path, ConnectionStatus::Active).await
}

/// Deactivate a connection
///
/// No payments are routed to it until it is activated again.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/connections/{connection_id}/deactivate", tag = "Connections",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
        (status = 409, description = "It was disabled for good, or changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn deactivate(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    set_status(&state, &operator, path, ConnectionStatus::Inactive).await
}

/// Disable a connection
///
/// For good. It stays, since money that went through it may still be captured or refunded.
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/connections/{connection_id}", tag = "Connections",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("connection_id" = String, Path)),
    responses(
        (status = 200, body = ConnectionReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such connection", body = ProblemBody),
        (status = 409, description = "Changed meanwhile", body = ProblemBody),
    )
)]
pub(super) async fn disable(
    State(state): State<AdminState>,
    operator: Operator,
    Path(path): Path<(String, String)>,
) -> Answered<Json<Value>> {
    set_status(&state, &operator, path, ConnectionStatus::Disabled).await
}

async fn set_status(
    state: &AdminState,
    operator: &Operator,
    (merchant, connection): (String, String),
    status: ConnectionStatus,
) -> Answered<Json<Value>> {
    let (merchant, connection) = (id(&merchant, "connection")?, id(&connection, "connection")?);
    let stored = state
        .administration
        .connection_set_status(operator.actor, merchant, connection, status)
        .await?;
    Ok(Json(as_shown(&stored)))
}
