//! Applications: pairs of API keys (deuna-api.md 12.4).

use super::{
    AdminState,
    call::{Answered, Document, id, timestamp},
    schema::{ApplicationBody, ApplicationListReply, IssuedApplicationReply, ProblemBody},
    session::Operator,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use orchestrator::administration::IssuedApplication;
use serde_json::{Value, json};
use store::applications::Application;

fn as_shown(application: &Application) -> Value {
    json!({
        "id": application.id,
        "name": application.name,
        "is_sandbox": application.environment == "sandbox",
        "status": if application.revoked_at.is_some() { "revoked" } else { "active" },
        "private_key_last_four": application.private_last_four,
        "public_key_last_four": application.public_last_four,
        "created_at": timestamp(application.created_at),
        "revoked_at": application.revoked_at.map(timestamp),
    })
}

pub(super) fn issued_as_shown(issued: &IssuedApplication) -> Value {
    let mut shown = as_shown(&issued.application);
    shown["private_key"] = json!(issued.private_key.reveal());
    shown["public_key"] = json!(issued.public_key.reveal());
    shown
}

/// List a merchant's pairs of keys
#[utoipa::path(
    get, path = "/merchants/{merchant_id}/applications", tag = "Keys", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    responses(
        (status = 200, body = ApplicationListReply),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(state): State<AdminState>,
    _operator: Operator,
    Path(merchant): Path<String>,
) -> Answered<Json<Value>> {
    let applications = state
        .administration
        .applications_list(id(&merchant, "merchant")?)
        .await?;
    Ok(Json(
        json!({"data": applications.iter().map(as_shown).collect::<Vec<_>>()}),
    ))
}

/// Issue a pair of keys
///
/// They are shown this once.
#[utoipa::path(
    post, path = "/merchants/{merchant_id}/applications", tag = "Keys", security(("session" = [])),
    params(("merchant_id" = String, Path)),
    request_body = ApplicationBody,
    responses(
        (status = 201, body = IssuedApplicationReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such merchant", body = ProblemBody),
        (status = 422, description = "Members are wrong", body = ProblemBody),
    )
)]
pub(super) async fn issue(
    State(state): State<AdminState>,
    operator: Operator,
    Path(merchant): Path<String>,
    Document(document): Document,
) -> Answered<Response> {
    let merchant = id(&merchant, "merchant")?;
    let issued = state
        .administration
        .application_issue(operator.actor, merchant, &document)
        .await?;
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(issued_as_shown(&issued))).into_response())
}

/// Revoke a pair of keys
///
/// At once and for good. The last pair cannot be revoked: issue another one first.
#[utoipa::path(
    delete, path = "/merchants/{merchant_id}/applications/{application_id}", tag = "Keys",
    security(("session" = [])),
    params(("merchant_id" = String, Path), ("application_id" = String, Path)),
    responses(
        (status = 204, description = "The keys are useless"),
        (status = 401, description = "No session", body = ProblemBody),
        (status = 404, description = "No such application", body = ProblemBody),
        (status = 409, description = "It is the merchant's only pair", body = ProblemBody),
    )
)]
pub(super) async fn revoke(
    State(state): State<AdminState>,
    operator: Operator,
    Path((merchant, application)): Path<(String, String)>,
) -> Answered<StatusCode> {
    let (merchant, application) = (id(&merchant, "application")?, id(&application, "application")?);
    state
        .administration
        .application_revoke(operator.actor, merchant, application)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
