//! `POST /acs/oauth2/token`: an assertion for an access token (RFC 7523).

use super::call::token_hash;
use super::schema;
use crate::flows::issuer_access::{AccessRefused, TOKEN_LIFE};
use crate::service::Acs;
use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

/// The grant that is understood.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Deserialize)]
pub(crate) struct Asked {
    grant_type: Option<String>,
    assertion: Option<String>,
}

/// Get an access token
///
/// The assertion is a JWT signed with ES256 by the key of a client: `iss` is the client, `exp` at most 15 minutes ahead, `jti`
/// is its number. Each is good once. Keep the token until it expires.
#[utoipa::path(
    post, path = "/acs/oauth2/token", tag = "Access",
    request_body(content = schema::TokenBody, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = schema::TokenReply),
        (status = 400, description = "No such grant, or the assertion is not good", body = schema::TokenFailure),
    )
)]
pub(crate) async fn token(State(acs): State<Acs>, form: Result<Form<Asked>, FormRejection>) -> Response {
    let Ok(Form(asked)) = form else {
        return refused("invalid_request", "the body must be a form");
    };
    match asked.grant_type.as_deref() {
        Some(JWT_BEARER) => {}
        Some(_) => return refused("unsupported_grant_type", "only the JWT bearer grant is taken"),
        None => return refused("invalid_request", "grant_type must be there"),
    }
    let Some(assertion) = asked.assertion else {
        return refused("invalid_request", "assertion must be there");
    };
    match acs.access_token(&assertion, token_hash).await {
        Ok(token) => {
            let body = json!({
                "access_token": token.reveal(),
                "token_type": "Bearer",
                "expires_in": TOKEN_LIFE.whole_seconds(),
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(AccessRefused::Assertion(why)) => refused("invalid_grant", why),
        Err(AccessRefused::Store(fault)) => {
            tracing::error!(cause = %fault, "no access token could be given");
            let body = Json(json!({"error": "server_error"}));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
        Err(AccessRefused::Random) => {
            tracing::error!("the random source failed");
            let body = Json(json!({"error": "server_error"}));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
    }
}

fn refused(error: &'static str, why: &str) -> Response {
    let body = json!({"error": error, "error_description": why});
    (
        StatusCode::BAD_REQUEST,
        [(header::CACHE_CONTROL, "no-store")],
        Json(body),
    )
        .into_response()
}
