//! The bank's own backend, which the access control server calls: it hands out access tokens, takes codes and sends them to
//! its cardholders' phones, tells where a cardholder can be called, and hears how authentications ended.
//!
//! ```text
//! POST /issuer-backend/oauth2/token                                            client credentials
//! POST /issuer-backend/banking/d1/v1/issuers/{}/consumers/{}/deliver-otp       DeliverOTP
//! GET  /issuer-backend/banking/d1/v1/issuers/{}/consumers/{}                   Get consumer information
//! POST /issuer-backend/notifications/d1/v1/issuers/{}/cards/{}/3ds/notifications
//! GET  /issuer-backend/notifications                                           what it was told, newest first, for everybody
//! ```
//!
//! As strict as a bank is: a call without a token of its own, without a correlation id, or with a field that is not as it
//! should be is refused. Faults: target `issuer`.

mod deliver_otp;
mod jwe;
mod notifications;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Secret;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use self::jwe::DecryptionKey;
use self::notifications::Notification;
use crate::faults::{self, Faults, ISSUER};
use crate::phone_network::PhoneNetwork;
use crate::recent::{Recent, RecentMap};

/// The name by which the access control server asks for tokens.
pub const CLIENT_ID: &str = "pasarela-acs";
/// Below which path everything is.
const BASE: &str = "/issuer-backend";
/// How long a token is good.
const TOKEN_LIFE: Duration = Duration::minutes(15);
/// Tokens that are known at a time.
const TOKENS_KEPT: usize = 1_000;
/// Codes that are remembered, so that the same one is sent once.
const CODES_KEPT: usize = 10_000;
/// Notifications that are remembered.
const NOTIFICATIONS_KEPT: usize = 10_000;
/// Characters of the longest correlation id.
const CORRELATION_ID_MAX: usize = 64;

/// The backend. Cheap to clone.
#[derive(Clone)]
pub struct IssuerBackend(Arc<Bank>);

struct Bank {
    secret: Secret<String>,
    key: Option<DecryptionKey>,
    phones: PhoneNetwork,
    faults: Faults,
    consumers: Mutex<HashMap<String, Consumer>>,
    tokens: Mutex<RecentMap<String, OffsetDateTime>>,
    /// Correlation ids and digits of codes that were sent.
    codes: Mutex<RecentMap<(String, String), ()>>,
    notifications: Mutex<Recent<String, Notification>>,
}

/// A cardholder as the bank knows them.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// In E.164 form.
    pub phone: String,
    /// BCP 47, `es-MX`.
    pub language: String,
}

impl fmt::Debug for IssuerBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerBackend").finish_non_exhaustive()
    }
}

impl IssuerBackend {
    /// A backend that knows nobody yet, with a secret and a key of its own, new at every start.
    pub fn new(faults: Faults, phones: PhoneNetwork) -> Self {
        Self(Arc::new(Bank {
            secret: format!("issuer-backend-{}", Uuid::new_v4().simple()).into(),
            key: DecryptionKey::generate(),
            phones,
            faults,
            consumers: Mutex::default(),
            tokens: Mutex::new(RecentMap::new(TOKENS_KEPT)),
            codes: Mutex::new(RecentMap::new(CODES_KEPT)),
            notifications: Mutex::new(Recent::new(NOTIFICATIONS_KEPT)),
        }))
    }

    /// What the issuer's policy says of it (`backend`), for a sandbox at this address.
    pub fn policy(&self, sandbox_url: &str) -> Value {
        json!({
            "url": format!("{sandbox_url}{BASE}"),
            "token_url": format!("{sandbox_url}{BASE}/oauth2/token"),
            "client_id": CLIENT_ID,
            "encryption_key": self.0.key.as_ref().map(DecryptionKey::public),
        })
    }

    /// What the access control server proves itself with at the token URL.
    pub fn secret(&self) -> &Secret<String> {
        &self.0.secret
    }

    /// Makes a cardholder known to the bank.
    pub fn knows(&self, consumer_id: &str, consumer: Consumer) {
        held(&self.0.consumers).insert(consumer_id.to_owned(), consumer);
    }

    fn consumer(&self, consumer_id: &str) -> Option<Consumer> {
        held(&self.0.consumers).get(consumer_id).cloned()
    }

    /// Whether a call is the access control server's, and says which use case it is of.
    fn check(&self, headers: &HeaderMap) -> Result<String, Refusal> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let token = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let is_good = token.is_some_and(|token| {
            let tokens = held(&self.0.tokens);
            tokens
                .get(&token.to_owned())
                .is_some_and(|until| *until > OffsetDateTime::now_utc())
        });
        if !is_good {
            return Err(Refusal(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Authorization"));
        }
        let id = header("x-correlation-id").unwrap_or_default();
        let is_id = (1..=CORRELATION_ID_MAX).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if is_id {
            Ok(id.to_owned())
        } else {
            Err(invalid("x-correlation-id"))
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a call is refused: status, code and the field that is wrong.
#[derive(Debug)]
struct Refusal(StatusCode, &'static str, &'static str);

fn invalid(field: &'static str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "FIELD_INVALID_FORMAT", field)
}

fn unknown(what: &'static str) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, "NOT_FOUND", what)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, field) = self;
        (status, Json(json!({ "code": code, "field": field }))).into_response()
    }
}

/// Every route of the backend; faults do not reach what everybody may see of it.
pub fn router(backend: IssuerBackend) -> Router {
    let consumer = format!("{BASE}/banking/d1/v1/issuers/{{issuer}}/consumers/{{consumer}}");
    let notices = format!("{BASE}/notifications/d1/v1/issuers/{{issuer}}/cards/{{card}}/3ds/notifications");
    let calls = Router::new()
        .route(&format!("{BASE}/oauth2/token"), post(token))
        .route(&format!("{consumer}/deliver-otp"), post(deliver_otp::take))
        .route(&consumer, get(look_up))
        .route(&notices, post(notifications::take))
        .with_state(backend.clone());
    let seen = Router::new()
        .route(&format!("{BASE}/notifications"), get(notifications::list))
        .with_state(backend.clone());
    faults::guard(calls, backend.0.faults.clone(), ISSUER).merge(seen)
}

async fn token(State(backend): State<IssuerBackend>, headers: HeaderMap, body: String) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let expected = STANDARD.encode(format!("{CLIENT_ID}:{}", backend.0.secret.reveal()));
    let is_client =
        header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Basic ")) == Some(&expected);
    let is_form = header(CONTENT_TYPE.as_str())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let error = |status, error| (status, Json(json!({ "error": error }))).into_response();
    if !is_client {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if !is_form || body != "grant_type=client_credentials" {
        return error(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let token = Uuid::new_v4().simple().to_string();
    held(&backend.0.tokens).insert(token.clone(), OffsetDateTime::now_utc() + TOKEN_LIFE);
    Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.whole_seconds(),
    }))
    .into_response()
}

async fn look_up(
    State(backend): State<IssuerBackend>,
    Path((_, consumer)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    backend.check(&headers)?;
    let consumer = backend.consumer(&consumer).ok_or_else(|| unknown("consumerId"))?;
    let country = acs::phone::Phone::parse(&consumer.phone)
        .map(|phone| acs::sms::calling_code::calling_code(&phone).to_owned())
        .unwrap_or_default();
    let number = consumer
        .phone
        .trim_start_matches('+')
        .trim_start_matches(&country);
    Ok(Json(json!({
        "language": consumer.language,
        "mobilePhoneNumber": { "countryCode": format!("+{country}"), "phoneNumber": number },
    }))
    .into_response())
}

#[cfg(test)]
mod tests;
