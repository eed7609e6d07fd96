//! Remote 3DS Servers, which connections may name instead of our own.

use super::{
    AdminState,
    call::{Answered, Document, timestamp},
    schema::{ProblemBody, RemoteServerBody, RemoteServerListReply, RemoteServerReply},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::administration::ShownRemoteServer;
use serde_json::{Value, json};

fn as_shown(shown: &ShownRemoteServer) -> Value {
    let server = &shown.server;
    json!({
        "name": server.name,
        "base_url": server.base_url,
        "merchant_id": server.merchant_id,
        "read_timeout_ms": server.read_timeout_ms,
        "signs": shown.signs,
        "created_at": timestamp(server.created_at),
        "updated_at": timestamp(server.updated_at),
    })
}

/// List remote 3DS Servers
#[utoipa::path(
    get, path = "/remote-threeds-servers", tag = "Remote 3DS servers", security(("session" = [])),
    responses(
        (status = 200, body = RemoteServerListReply),
        (status = 401, description = "No session", body = ProblemBody),
    )
)]
pub(super) async fn list(State(state): State<AdminState>, _operator: Operator) -> Answered<Json<Value>> {
    let servers = state.administration.remote_threeds_servers_list().await?;
    Ok(Json(
        json!({"data": servers.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Set the remote 3DS Server of a name
///
/// Connections name it by `three_ds: { provider: "remote", remote: name }`. The merchant key and the signing key are never
/// shown; those that are not mentioned stay as they are, and `signing_key: null` takes that one away.
#[utoipa::path(
    put, path = "/remote-threeds-servers/{name}", tag = "Remote 3DS servers", security(("session" = [])),
    params(("name" = String, Path, description = "1 to 40 characters")),
    request_body = RemoteServerBody,
    responses(
        (status = 200, body = RemoteServerReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn set(
    State(state): State<AdminState>,
    operator: Operator,
    Path(name): Path<String>,
    Document(document): Document,
) -> Answered<Json<Value>> {
    let server = state
        .administration
        .remote_threeds_server_set(operator.actor, &name, &document)
        .await?;
    Ok(Json(as_shown(&server)))
}

/// Take the remote 3DS Server of a name away
#[utoipa::path(
    delete, path = "/remote-threeds-servers/{name}", tag = "Remote 3DS servers", security(("session" = [])),
    params(("name" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "There is none of that name", body = ProblemBody),
        (status = 409, description = "A connection names it", body = ProblemBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Path(name): Path<String>,
) -> Answered<StatusCode> {
    state
        .administration
        .remote_threeds_server_delete(operator.actor, &name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
