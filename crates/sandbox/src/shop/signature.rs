//! Checks what signs a webhook, as a careful merchant would: in constant time, over the bytes that came.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;

/// How far `webhook-timestamp` may be from our clock (Standard Webhooks 1.0.0 advises some minutes).
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(300);

/// Whether `X-Deuna-Signature` is the HMAC-SHA256 of the body under the private key, in padded Base64.
pub fn deuna_is_valid(private_key: &str, signature: Option<&str>, body: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, private_key.as_bytes());
    signature
        .and_then(|text| STANDARD.decode(text).ok())
        .is_some_and(|tag| hmac::verify(&key, body, &tag).is_ok())
}

/// The headers of Standard Webhooks.
#[derive(Clone, Copy, Debug)]
pub struct StandardHeaders<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`, seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`, one or more of `v1,<base64>` with spaces between.
    pub signature: &'a str,
}

impl StandardHeaders<'_> {
    /// Whether one of the signatures is by this secret (`whsec_…`) and the timestamp is fresh.
    pub fn are_valid(&self, webhook_secret: &str, body: &[u8], now: OffsetDateTime) -> bool {
        let Some(key) = webhook_secret
            .strip_prefix("whsec_")
            .and_then(|text| STANDARD.decode(text).ok())
        else {
            return false;
        };
        let fresh = self
            .timestamp
            .parse::<i64>()
            .is_ok_and(|seconds| now.unix_timestamp().abs_diff(seconds) <= CLOCK_SKEW_MAX.as_secs());
        let signed = [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", body].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let mut tags = self
            .signature
            .split(' ')
            .filter_map(|part| part.strip_prefix("v1,"));
        fresh
            && tags.any(|tag| {
                STANDARD
                    .decode(tag)
                    .is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_s_vector_holds() {
        let body = br#"{"order":{"order_id":"o1","status":"succeeded"},"signed_at":"2026-01-01T00:00:00Z"}"#;
        let signature = Some("qSEdmDtUJhRlY7Q7/xPx3SoRZc9tDokaMu6EOeSGQZ4=");
        assert!(deuna_is_valid("sk_test_example", signature, body));
        assert!(!deuna_is_valid("sk_test_other", signature, body));
        assert!(!deuna_is_valid("sk_test_example", signature, b"{}"));
        assert!(!deuna_is_valid("sk_test_example", None, body));
    }

    #[test]
    fn the_vector_of_standard_webhooks_holds_while_it_is_fresh() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let headers = StandardHeaders {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signature: "v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        };
        let then = OffsetDateTime::from_unix_timestamp(1_614_265_400).unwrap();
        assert!(headers.are_valid(secret, body, then));
        assert!(!headers.are_valid(secret, b"{}", then));
        assert!(!headers.are_valid(secret, body, then + time::Duration::minutes(10)));
        assert!(!headers.are_valid("whsec_AAAA", body, then));
    }
}
