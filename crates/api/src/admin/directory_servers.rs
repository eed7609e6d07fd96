//! Directory servers, one for each brand.

use super::{
    AdminState,
    call::{Answered, Document, Failure, timestamp},
    schema::{DirectoryServerBody, DirectoryServerListReply, DirectoryServerReply, ProblemBody},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use orchestrator::{administration::ShownDirectoryServer, certificate::Certificate};
use primitives::Brand;
use serde_json::{Value, json};

fn as_shown(shown: &ShownDirectoryServer) -> Value {
    let server = &shown.server;
    json!({
        "brand": server.brand,
        "url": server.url,
        "backup_url": server.backup_url,
        "connect_timeout_ms": server.connect_timeout_ms,
        "read_timeout_ms": server.read_timeout_ms,
        "reference_number": server.reference_number,
        "operator_id": server.operator_id,
        "versions": server.versions,
        "results_url": server.results_url,
        "client_certificate": server.tls.client.as_ref().map(|client| &client.chain),
        "roots": server.tls.roots,
        "results_names": server.tls.results_names,
        "certificates": {
            "client_certificate": shown.client_certificate.iter().map(facts).collect::<Vec<_>>(),
            "roots": shown.roots.iter().map(facts).collect::<Vec<_>>(),
            "warnings": shown.warnings,
        },
        "created_at": timestamp(server.created_at),
        "updated_at": timestamp(server.updated_at),
    })
}

fn facts(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": timestamp(certificate.not_before),
        "not_after": timestamp(certificate.not_after),
        "sha256": certificate.fingerprint(),
    })
}

fn brand(text: &str) -> Answered<Brand> {
    Brand::parse(text).ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "there is no such brand"))
}

/// List directory servers
#[utoipa::path(
    get, path = "/directory-servers", tag = "Directory servers", security(("session" = [])),
    responses(
        (status = 200, body = DirectoryServerListReply),
        (status = 401, description = "No session", body = ProblemBody),
    )
)]
pub(super) async fn list(State(state): State<AdminState>, _operator: Operator) -> Answered<Json<Value>> {
    let servers = state.administration.directory_servers_list().await?;
    Ok(Json(
        json!({"data": servers.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Set the directory server of a brand
///
/// What is not mentioned of `client_certificate`, `roots` and `results_names` stays as it is, `null` takes it away. The
/// private key goes in with `client_key` and never comes out again; a certificate that was renewed for the same key needs
/// none. Requests from then on use the new certificate, those under way finish with the old one.
#[utoipa::path(
    put, path = "/directory-servers/{brand}", tag = "Directory servers", security(("session" = [])),
    params(("brand" = String, Path, description = "`visa`, `mastercard`, …")),
    request_body = DirectoryServerBody,
    responses(
        (status = 200, body = DirectoryServerReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such brand", body = ProblemBody),
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
        .directory_server_set(operator.actor, brand(&name)?, &document)
        .await?;
    Ok(Json(as_shown(&server)))
}

/// Take the directory server of a brand away
///
/// Its cards count as not enrolled from then on.
#[utoipa::path(
    delete, path = "/directory-servers/{brand}", tag = "Directory servers", security(("session" = [])),
    params(("brand" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "The brand has none", body = ProblemBody),
    )
)]
pub(super) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Path(name): Path<String>,
) -> Answered<StatusCode> {
    state
        .administration
        .directory_server_delete(operator.actor, brand(&name)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
