//! Logging in and out (deuna-api.md 12.4).

use super::{
    AdminState,
    call::{Answered, Document, Failure, timestamp},
    schema::{LoginBody, LoginReply, ProblemBody},
};
use crate::problem::Problem;
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use orchestrator::administration::Login;
use payments::fields::{Fields, Problems};
use primitives::Secret;
use serde_json::{Value, json};
use store::audit::Actor;

/// The longest address (RFC 5321), and a bound for passwords that costs nobody anything.
const EMAIL_MAX_CHARACTERS: usize = 254;
const PASSWORD_MAX_CHARACTERS: usize = 256;

/// An operator with a session. A handler that takes this is for operators only.
pub(super) struct Operator {
    pub(super) actor: Actor,
    token: Secret<String>,
}

impl FromRequestParts<AdminState> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Failure> {
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = token.ok_or(Failure::NoSession(
            "log in and send the token as Authorization: Bearer",
        ))?;
        match state.administration.session(token).await? {
            Some(operator) => Ok(Self {
                actor: Actor::Operator(operator),
                token: Secret::new(token.to_owned()),
            }),
            None => Err(Failure::NoSession("the session is unknown or over: log in again")),
        }
    }
}

/// Log in
///
/// Answers a session token for the other calls. An address is locked for a while after five wrong passwords.
#[utoipa::path(
    post, path = "/merchants/login", tag = "Session",
    request_body = LoginBody,
    responses(
        (status = 200, description = "The session", body = LoginReply),
        (status = 400, description = "The body is not JSON", body = ProblemBody),
        (status = 401, description = "No such operator, or not this password", body = ProblemBody),
        (status = 422, description = "A member is missing or wrong", body = ProblemBody),
        (status = 429, description = "Too many failures; `Retry-After` says when to come back", body = ProblemBody),
    )
)]
pub(super) async fn login(
    State(state): State<AdminState>,
    Document(document): Document,
) -> Answered<Response> {
    let mut problems = Problems::default();
    let read = Fields::open(&document, "", &["email", "password"], &mut problems).and_then(|fields| {
        let email = fields.need("email", short(EMAIL_MAX_CHARACTERS), &mut problems);
        let password = fields.need("password", short(PASSWORD_MAX_CHARACTERS), &mut problems);
        Some((email?, password?))
    });
    let (email, password) = problems.or(read).map_err(|problems| {
        let fields = problems
            .0
            .into_iter()
            .map(|problem| (problem.field, problem.text));
        Failure::Problem(Problem::of_fields(fields))
    })?;
    match state.administration.login(&email, Secret::new(password)).await? {
        Login::Opened(session) => {
            let reply = json!({
                "code": 200,
                "expire": timestamp(session.expires_at),
                "token": session.token.reveal(),
            });
            Ok(([(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response())
        }
        Login::Refused => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "address or password is wrong",
        )),
        Login::Locked { retry_after_seconds } => Err(Failure::TooMany { retry_after_seconds }),
    }
}

/// Log out
#[utoipa::path(
    post, path = "/merchants/logout", tag = "Session", security(("session" = [])),
    responses(
        (status = 204, description = "The session is over"),
        (status = 401, description = "No session", body = ProblemBody),
    )
)]
pub(super) async fn logout(State(state): State<AdminState>, operator: Operator) -> Answered<StatusCode> {
    state.administration.logout(operator.token.reveal()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Any text of that length: whether it is right is not told by its form.
fn short(max: usize) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string")?;
        if text.is_empty() || text.chars().count() > max {
            return Err(format!("must have 1 to {max} characters"));
        }
        Ok(text.to_owned())
    }
}
