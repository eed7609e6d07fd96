//! Checks a webhook as the merchant's server should: both signatures, over the bytes that came.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::merchant::Keys;

/// A webhook as the sandbox's receiver kept it.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its body as it came.
    pub raw_body: String,
    /// The body, read.
    pub body: Value,
    headers: Value,
}

impl Webhook {
    /// Reads an entry of `/merchant/hooks/{tag}`.
    pub fn of(delivery: &Value) -> Self {
        Self {
            raw_body: delivery["raw_body"].as_str().unwrap().to_owned(),
            body: delivery["body"].clone(),
            headers: delivery["headers"].clone(),
        }
    }

    /// A header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap_or_default()
    }

    /// `webhook-id`: the same on every attempt.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// Event type and payment status, in that order.
    pub fn news(&self) -> (&str, &str) {
        let text = |pointer: &str| self.body.pointer(pointer).and_then(Value::as_str);
        (
            text("/event_type").unwrap_or_default(),
            text("/order/payment/data/status").unwrap_or_default(),
        )
    }

    /// Whether `X-Deuna-Signature` is the body's HMAC-SHA256 under the private key, in Base64.
    pub fn deuna_signature_is_valid(&self, keys: &Keys) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, keys.private_key.as_bytes());
        let tag = STANDARD.decode(self.header("x-deuna-signature"));
        tag.is_ok_and(|tag| hmac::verify(&key, self.raw_body.as_bytes(), &tag).is_ok())
    }

    /// Whether `webhook-signature` is that of Standard Webhooks 1.0.0 under the endpoint's secret.
    pub fn standard_signature_is_valid(&self, keys: &Keys) -> bool {
        let Some(secret) = keys.webhook_secret.strip_prefix("whsec_") else {
            return false;
        };
        let Ok(secret) = STANDARD.decode(secret) else {
            return false;
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = format!(
            "{}.{}.{}",
            self.id(),
            self.header("webhook-timestamp"),
            self.raw_body
        );
        self.header("webhook-signature")
            .split(' ')
            .filter_map(|part| STANDARD.decode(part.strip_prefix("v1,")?).ok())
            .any(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
    }

    /// Panics unless both signatures hold, and fail to hold under another merchant's keys.
    pub fn assert_signed_by(&self, keys: &Keys) {
        assert!(self.deuna_signature_is_valid(keys), "X-Deuna-Signature: {self:?}");
        assert!(
            self.standard_signature_is_valid(keys),
            "webhook-signature: {self:?}"
        );
        let forged = Self {
            raw_body: format!("{} ", self.raw_body),
            ..self.clone()
        };
        assert!(!forged.deuna_signature_is_valid(keys) && !forged.standard_signature_is_valid(keys));
    }
}
