//! Access tokens of issuers' backends: OAuth 2.0, client credentials (RFC 6749 section 4.4), kept until they expire.

use primitives::Secret;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};

use super::{Backend, CallFault, body};
use crate::identifiers::IssuerId;

/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::seconds(30);
/// How long one is used that does not say how long it is good.
const LIFE_UNSAID_SECONDS: i64 = 60;
/// How long one is used at most.
const LIFE_MAX_SECONDS: i64 = 24 * 3600;

/// The tokens at hand. One call at a time fetches an issuer's; the others wait for that.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<HashMap<IssuerId, Arc<tokio::sync::Mutex<Option<Token>>>>>);

#[derive(Debug)]
struct Token {
    value: Secret<String>,
    until: OffsetDateTime,
    /// Where it is from and whose, so that new settings do not use an old token.
    token_url: String,
    client_id: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<i64>,
}

impl Tokens {
    /// Forgets an issuer's token, which was refused.
    pub(crate) fn forget(&self, issuer: &IssuerId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(issuer);
    }

    fn of(&self, issuer: &IssuerId) -> Arc<tokio::sync::Mutex<Option<Token>>> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.entry(issuer.clone()).or_default().clone()
    }
}

impl Backend<'_> {
    /// The token for a call; `None` where the issuer wants none.
    pub(super) async fn token(&self, now: OffsetDateTime) -> Result<Option<Secret<String>>, CallFault> {
        let Some(token_url) = &self.settings.token_url else {
            return Ok(None);
        };
        let client_id = self.settings.client_id.as_deref().unwrap_or_default();
        let place = self.tokens.of(self.issuer);
        let mut place = place.lock().await;
        let known = place.as_ref().filter(|token| {
            token.until > now && token.token_url == *token_url && token.client_id == client_id
        });
        if let Some(token) = known {
            return Ok(Some(token.value.clone()));
        }
        let token = self.fetch(token_url, client_id, now).await?;
        let value = token.value.clone();
        *place = Some(token);
        Ok(Some(value))
    }

    async fn fetch(&self, token_url: &str, client_id: &str, now: OffsetDateTime) -> Result<Token, CallFault> {
        let secret = self.secret.as_ref().map(|secret| secret.reveal().as_str());
        let answer = self
            .client
            .post(token_url)
            .basic_auth(client_id, secret)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .map_err(|_| CallFault::NoToken)?;
        if !answer.status().is_success() {
            return Err(CallFault::NoToken);
        }
        let body = zeroize::Zeroizing::new(body(answer).await.map_err(|_| CallFault::NoToken)?);
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| CallFault::NoToken)?;
        let bearer = granted
            .token_type
            .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(CallFault::NoToken);
        }
        let life = granted
            .expires_in
            .unwrap_or(LIFE_UNSAID_SECONDS)
            .clamp(0, LIFE_MAX_SECONDS);
        Ok(Token {
            value: granted.access_token.into(),
            until: now + Duration::seconds(life) - MARGIN,
            token_url: token_url.to_owned(),
            client_id: client_id.to_owned(),
        })
    }
}
