//! A provider that takes messages over HTTP: one JSON POST a message, under an idempotency key.
//!
//! ```text
//! POST {url}                      202 {"id":"…"}
//! Authorization: Bearer {key}     4xx {"code":"invalid_number"}
//! Idempotency-Key: {delivery id}
//! {"to":"+525512345678","from":"Banco","text":"…","validity_seconds":287,"reference":"{delivery id}"}
//! ```
//!
//! Nothing is repeated here and no redirect is followed. Of a refusal only status and code are kept: its text may be an
//! echo of the message.

use async_trait::async_trait;
use primitives::Secret;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::provider::{Handed, SmsProvider, TextMessage};
use super::provider_words;

/// TCP and TLS set-up. What fails within it has not been sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter than what servers usually keep, so that a message seldom meets a connection about to close.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const ANSWER_BODY_MAX_BYTES: usize = 16 * 1024;

/// A provider at the other end of an address.
#[derive(Debug)]
pub struct HttpProvider {
    name: String,
    url: String,
    client: reqwest::Client,
}

/// Why a provider cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum HttpProviderFault {
    /// The key cannot stand in a header.
    #[error("the key is not visible ASCII")]
    Key,
    /// The TLS set-up of this machine is unusable.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    text: &'a str,
    validity_seconds: i64,
    reference: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    id: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
}

impl HttpProvider {
    /// A provider that takes messages at `url` from whoever has the `key`. With `https_only`, other addresses are never
    /// asked.
    ///
    /// # Errors
    /// See [`HttpProviderFault`].
    pub fn new(
        name: &str,
        url: &str,
        key: &Secret<String>,
        https_only: bool,
    ) -> Result<Self, HttpProviderFault> {
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| HttpProviderFault::Key)?;
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        #[expect(
            clippy::disallowed_methods,
            reason = "a client of each provider's own: its key is in every request, and no other's connections wait for it"
        )]
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .https_only(https_only)
            .user_agent("Pasarela-ACS")
            .build()?;
        Ok(Self {
            name: name.to_owned(),
            url: url.to_owned(),
            client,
        })
    }

    async fn exchange(&self, message: &TextMessage) -> Result<Handed, reqwest::Error> {
        let body = Body {
            to: message.to.reveal(),
            from: message.sender.as_deref(),
            text: message.text.reveal(),
            validity_seconds: message.validity.whole_seconds().max(1),
            reference: &message.delivery_id,
        };
        let Ok(body) = serde_json::to_vec(&body) else {
            return Ok(Handed::NotTaken {
                code: "not_written".to_owned(),
            });
        };
        let request = self
            .client
            .post(&self.url)
            .header("Idempotency-Key", &message.delivery_id)
            .body(body);
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if answer.len() + chunk.len() > ANSWER_BODY_MAX_BYTES {
                return Ok(Handed::Unknown);
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(meaning(status, &answer))
    }
}

#[async_trait]
impl SmsProvider for HttpProvider {
    fn name(&self) -> &str {
        &self.name
    }

    /// By the idempotency key.
    fn knows_repeats(&self) -> bool {
        true
    }

    async fn hand_over(&self, message: &TextMessage, limit: Duration) -> Handed {
        let failed = match tokio::time::timeout(limit, self.exchange(message)).await {
            Ok(Ok(handed)) => return handed,
            Ok(Err(failed)) => failed,
            Err(_) => return Handed::Unknown,
        };
        if failed.is_builder() {
            // An address that is none, or not https where nothing else may be asked.
            return Handed::Refused {
                code: "not_a_request".to_owned(),
                elsewhere: true,
            };
        }
        if failed.is_connect() {
            return Handed::NotTaken {
                code: "not_connected".to_owned(),
            };
        }
        Handed::Unknown
    }
}

/// What an answer means. Whatever is not documented may come from anywhere between us and the provider, before or after it
/// took the message.
fn meaning(status: u16, body: &[u8]) -> Handed {
    match status {
        200..=202 => match serde_json::from_slice::<Taken>(body) {
            Ok(taken) => match provider_words::reference(&taken.id) {
                Some(provider_reference) => Handed::Accepted { provider_reference },
                None => Handed::Unknown,
            },
            Err(_) => Handed::Unknown,
        },
        400..=404 | 413 | 415 | 422 => {
            let code = code_of(status, body);
            let elsewhere = !is_about_the_number(&code);
            Handed::Refused { code, elsewhere }
        }
        429 => Handed::NotTaken {
            code: code_of(status, body),
        },
        // The provider's own word that it is busy; a 503 without it may be a proxy's, about a message already taken.
        503 => match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) if refusal.code == "unavailable" => Handed::NotTaken { code: refusal.code },
            _ => Handed::Unknown,
        },
        _ => Handed::Unknown,
    }
}

/// Whether nobody else could reach the number either.
fn is_about_the_number(code: &str) -> bool {
    matches!(code, "invalid_number" | "blocked_number" | "not_a_mobile")
}

fn code_of(status: u16, body: &[u8]) -> String {
    serde_json::from_slice::<Refusal>(body)
        .ok()
        .and_then(|refusal| provider_words::code(&refusal.code))
        .unwrap_or_else(|| format!("http_{status}"))
}

#[cfg(test)]
mod tests;
