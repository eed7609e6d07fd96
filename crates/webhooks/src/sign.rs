//! What a merchant checks to know that a webhook is ours, whole, and new.
//!
//! Two signatures go out side by side: DEUNA's `X-Deuna-Signature`, for receivers that exist already, and those of
//! Standard Webhooks 1.0.0, which also cover the message's id and the time of the attempt.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use primitives::Secret;
use thiserror::Error;

/// The prefix of a Standard Webhooks secret in its written form.
const WEBHOOK_SECRET_PREFIX: &str = "whsec_";

/// What a merchant's webhooks are signed with.
#[derive(Debug, Clone)]
pub struct SigningKeySet {
    /// The private API key; its text is the HMAC key of `X-Deuna-Signature`.
    pub private_key: Secret<String>,
    /// `whsec_` and the Base64 of the key of `webhook-signature`.
    pub webhook_secret: Secret<String>,
}

/// The webhook secret is not `whsec_` followed by standard Base64 of at least one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the webhook secret is not whsec_ and Base64")]
pub struct UnusableSecret;

/// `X-Deuna-Signature`: padded standard Base64 of the HMAC-SHA256 of the raw body, keyed with the text of the
/// private API key.
pub fn deuna_signature(private_key: &Secret<String>, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, private_key.reveal().as_bytes());
    STANDARD.encode(hmac::sign(&key, body))
}

/// `webhook-signature` of Standard Webhooks 1.0.0: `v1,` and the Base64 of the HMAC-SHA256 of
/// `id.timestamp.body`, keyed with the bytes that the secret stands for.
///
/// `timestamp` is that of the attempt, in seconds since 1970, as `webhook-timestamp` says it.
pub fn standard_signature(
    webhook_secret: &Secret<String>,
    webhook_id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, UnusableSecret> {
    let encoded = webhook_secret
        .reveal()
        .strip_prefix(WEBHOOK_SECRET_PREFIX)
        .ok_or(UnusableSecret)?;
    let key = Secret::new(STANDARD.decode(encoded).map_err(|_| UnusableSecret)?);
    if key.reveal().is_empty() {
        return Err(UnusableSecret);
    }
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.reveal()));
    context.update(webhook_id.as_bytes());
    context.update(b".");
    context.update(timestamp.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    Ok(format!("v1,{}", STANDARD.encode(context.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deuna_signature_is_the_documented_one() {
        let body = br#"{"order":{"order_id":"o1","status":"succeeded"},"signed_at":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(
            deuna_signature(&Secret::new("sk_test_example".to_owned()), body),
            "qSEdmDtUJhRlY7Q7/xPx3SoRZc9tDokaMu6EOeSGQZ4="
        );
    }

    /// The vector that the published verifier libraries test themselves with.
    #[test]
    fn the_standard_signature_is_the_published_one() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        assert_eq!(
            standard_signature(
                &secret,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#
            )
            .as_deref(),
            Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn a_secret_in_another_form_is_refused_rather_than_used_as_text() {
        for text in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_***",
            "whsk_MfKQ",
            "",
        ] {
            assert_eq!(
                standard_signature(&Secret::new(text.to_owned()), "msg_1", 1, b"{}"),
                Err(UnusableSecret),
                "{text}"
            );
        }
    }
}
