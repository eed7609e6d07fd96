//! Providers that take messages over HTTP: `POST /sms-provider/{name}/messages`, as strict as they come.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acs::sms::encoding::in_gsm7;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::PhoneNetwork;
use super::accounts::{HTTP_PROVIDERS, HttpAccount};
use super::carriage::{Carried, Fate};
use crate::faults::text_message::SMS;
use crate::faults::{self, cut_connection};
use crate::recent::RecentMap;

/// Idempotency keys that a provider remembers.
const KEYS_KEPT: usize = 10_000;
/// The longest idempotency key.
const KEY_LENGTH_MAX: usize = 64;
/// The longest text, in characters.
const TEXT_LENGTH_MAX: usize = 1_000;
/// The longest validity: a day.
const VALIDITY_MAX_SECONDS: u32 = 86_400;
/// How long the provider says nothing to a message for `…0003`.
const SILENCE: Duration = Duration::from_secs(30);

/// Every provider under its own faults and those of all.
pub(super) fn router(network: &PhoneNetwork) -> Router {
    let mut router = Router::new();
    for (name, target) in HTTP_PROVIDERS {
        let Some(account) = network.accounts.http.get(name) else {
            continue;
        };
        let provider = Provider {
            name,
            account: account.clone(),
            network: network.clone(),
            taken: Arc::new(Mutex::new(RecentMap::new(KEYS_KEPT))),
        };
        let path = format!("/sms-provider/{name}/messages");
        let routes = Router::new().route(&path, post(take)).with_state(provider);
        router = router.merge(faults::guard(routes, network.faults.clone(), target));
    }
    faults::guard(router, network.faults.clone(), SMS)
}

#[derive(Clone, Debug)]
struct Provider {
    name: &'static str,
    account: HttpAccount,
    network: PhoneNetwork,
    /// What was taken under a key: the body, and what it was called.
    taken: Arc<Mutex<RecentMap<String, (Bytes, String)>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    to: String,
    from: Option<String>,
    text: String,
    validity_seconds: u32,
    reference: String,
}

/// Why a message is refused: the status, the documented code, and what is meant.
struct Refusal(StatusCode, &'static str, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, detail) = self;
        (status, Json(json!({ "code": code, "detail": detail }))).into_response()
    }
}

async fn take(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Response {
    match provider.take(&headers, body) {
        Ok(Answer::Taken(id)) => (StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response(),
        Ok(Answer::Silence) => {
            tokio::time::sleep(SILENCE).await;
            cut_connection()
        }
        Err(refusal) => refusal.into_response(),
    }
}

enum Answer {
    Taken(String),
    Silence,
}

impl Provider {
    fn take(&self, headers: &HeaderMap, body: Bytes) -> Result<Answer, Refusal> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = format!("Bearer {}", self.account.key.reveal());
        if header(AUTHORIZATION.as_str()) != Some(&bearer) {
            return Err(Refusal(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "the bearer key is wrong",
            ));
        }
        if header(CONTENT_TYPE.as_str()) != Some("application/json") {
            return Err(Refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "the content type must be application/json",
            ));
        }
        let key = header("idempotency-key")
            .filter(|key| (1..=KEY_LENGTH_MAX).contains(&key.len()))
            .ok_or(invalid("Idempotency-Key must have 1 to 64 characters"))?;
        let message: Message =
            serde_json::from_slice(&body).map_err(|_| invalid("the body is not the documented JSON"))?;
        check(&message, key)?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, id)) = taken.get(&key.to_owned()) {
            return if *before == body {
                Ok(self.answer(&message, id.clone()))
            } else {
                Err(Refusal(
                    StatusCode::CONFLICT,
                    "idempotency_conflict",
                    "the key was used for another message",
                ))
            };
        }
        let fate = self.network.fate(self.name, &message.to, message.text.as_bytes());
        match fate {
            Fate::NoSuchNumber => {
                return Err(Refusal(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid_number",
                    "nobody has this number",
                ));
            }
            Fate::NoRoute => {
                return Err(Refusal(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "no_route",
                    "no way to this number from here",
                ));
            }
            Fate::Busy => {
                return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not now"));
            }
            Fate::Arrives | Fate::Silence | Fate::Undelivered | Fate::Late => {}
        }
        let id = format!("msg_{}", Uuid::new_v4().simple());
        taken.insert(key.to_owned(), (body, id.clone()));
        drop(taken);
        let carried = Carried {
            provider: self.name,
            phone: message.to.clone(),
            sender: message.from.clone().unwrap_or_else(|| self.name.to_owned()),
            text: message.text.clone(),
            validity: Duration::from_secs(message.validity_seconds.into()),
            ids: vec![id.clone()],
        };
        self.network.carry(carried, fate);
        Ok(self.answer(&message, id))
    }

    /// A number that gets no answer gets none to a repetition either.
    fn answer(&self, message: &Message, id: String) -> Answer {
        if message.to.ends_with("0003") {
            Answer::Silence
        } else {
            Answer::Taken(id)
        }
    }
}

fn check(message: &Message, key: &str) -> Result<(), Refusal> {
    if acs::phone::Phone::parse(&message.to).is_err() {
        return Err(Refusal(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_number",
            "to must be in E.164 form",
        ));
    }
    let from_fits = message.from.as_deref().is_none_or(|from| {
        let digits = from.strip_prefix('+').unwrap_or(from);
        let is_number = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let characters = from.chars().count();
        let is_name = characters <= 11 && from.chars().all(in_gsm7);
        characters >= 3 && (is_number || is_name)
    });
    if !from_fits {
        return Err(invalid("from must be a number or 3 to 11 characters of GSM-7"));
    }
    if !(1..=TEXT_LENGTH_MAX).contains(&message.text.chars().count()) {
        return Err(invalid("text must have 1 to 1000 characters"));
    }
    if !(1..=VALIDITY_MAX_SECONDS).contains(&message.validity_seconds) {
        return Err(invalid("validity_seconds must be 1 to 86400"));
    }
    if message.reference != key {
        return Err(invalid("reference must be the idempotency key"));
    }
    Ok(())
}

fn invalid(detail: &'static str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "invalid_request", detail)
}
