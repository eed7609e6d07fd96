//! The bank's own programs: they call the issuer API as any bank's would, with a key of their own.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use primitives::Secret;
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// The issuer of all cards that are registered: ten characters.
pub const ISSUER_ID: &str = "sandbox-01";
/// The bank's program at the token address.
pub const CLIENT_ID: &str = "banco-sandbox";
/// The grant of RFC 7523.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How far ahead an assertion expires, in seconds.
const ASSERTION_LIFE_SECONDS: i64 = 60;
/// How long a token is used; it is good for 15 minutes.
const TOKEN_USED: Duration = Duration::from_secs(600);
/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bank's key, as `sandbox.json` keeps it: PKCS #8, base64.
#[derive(Clone, Debug)]
pub struct BankKey(Secret<String>);

impl BankKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> io::Result<Self> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| io::Error::other("the system has no randomness"))?;
        Ok(Self(Secret::new(STANDARD.encode(made.as_ref()))))
    }

    /// The key of an earlier run.
    pub fn read(text: &str) -> Option<Self> {
        let key = Self(Secret::new(text.to_owned()));
        key.pair().map(|_| key)
    }

    /// As in `sandbox.json`.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The public half, a JWK.
    pub fn public(&self) -> Value {
        let pair = self.pair();
        let point = pair
            .as_ref()
            .map(|pair| pair.public_key().as_ref())
            .unwrap_or_default();
        let part =
            |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
        json!({ "kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65) })
    }

    fn pair(&self) -> Option<EcdsaKeyPair> {
        let pkcs8 = STANDARD.decode(self.0.reveal()).ok()?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).ok()
    }

    /// A JWT of these claims, signed by ES256.
    fn sign(&self, claims: &Value) -> Option<String> {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "ES256", "typ": "JWT" });
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = self.pair()?.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Why a call of the issuer API came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallFailed {
    /// No HTTP.
    #[error("the issuer API does not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// It said no.
    #[error("{method} {path}: {status} {body}")]
    Refused {
        /// The method.
        method: Method,
        /// The address, below the issuer's.
        path: String,
        /// The status.
        status: u16,
        /// What it said.
        body: String,
    },
    /// The key signs nothing.
    #[error("the bank's key does not sign")]
    Key,
}

/// The bank. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bank(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    url: String,
    key: BankKey,
    token: Mutex<Option<(Secret<String>, Instant)>>,
}

impl Bank {
    /// The bank in front of the service at `url`.
    pub fn new(client: reqwest::Client, url: &str, key: BankKey) -> Self {
        Self(Arc::new(Inner {
            client,
            url: url.to_owned(),
            key,
            token: Mutex::default(),
        }))
    }

    /// Calls the issuer API, `path` being below the issuer's own address; answers what it says, `null` where that is nothing.
    ///
    /// # Errors
    /// See [`CallFailed`].
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CallFailed> {
        let token = self.token().await?;
        let url = format!("{}/acs/banking/v2/issuers/{ISSUER_ID}{path}", self.0.url);
        let request = self
            .0
            .client
            .request(method.clone(), url)
            .bearer_auth(token.reveal());
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => request,
        };
        answer(request, method, path).await
    }

    async fn token(&self) -> Result<Secret<String>, CallFailed> {
        let kept = self.kept().clone();
        if let Some((token, since)) = kept
            && since.elapsed() < TOKEN_USED
        {
            return Ok(token);
        }
        let url = format!("{}/acs/oauth2/token", self.0.url);
        let claims = json!({
            "iss": CLIENT_ID,
            "aud": url,
            "exp": OffsetDateTime::now_utc().unix_timestamp() + ASSERTION_LIFE_SECONDS,
            "jti": Uuid::new_v4(),
        });
        let assertion = self.0.key.sign(&claims).ok_or(CallFailed::Key)?;
        let form = serde_urlencoded::to_string([("grant_type", GRANT), ("assertion", assertion.as_str())]);
        let request = self
            .0
            .client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.unwrap_or_default());
        let answer = answer(request, Method::POST, "/acs/oauth2/token").await?;
        let token = answer
            .get("access_token")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let token = Secret::new(token.to_owned());
        *self.kept() = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Secret<String>, Instant)>> {
        self.0.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a request, and reads the answer as JSON.
pub(super) async fn answer(
    request: reqwest::RequestBuilder,
    method: Method,
    path: &str,
) -> Result<Value, CallFailed> {
    let response = request.timeout(PATIENCE).send().await?;
    let status = response.status();
    let body = response.text().await?;
    if status.is_success() {
        Ok(serde_json::from_str(&body).unwrap_or_default())
    } else {
        Err(CallFailed::Refused {
            method,
            path: path.to_owned(),
            status: status.as_u16(),
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_signs() {
        let key = BankKey::random().unwrap();
        let again = BankKey::read(key.reveal()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(again.sign(&json!({})).unwrap().split('.').count(), 3);
        assert!(BankKey::read("half a key").is_none());
    }
}
