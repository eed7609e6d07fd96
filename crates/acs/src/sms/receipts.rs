//! Receipts that providers post: whether they are theirs, and what they say.
//!
//! ```text
//! POST /acs/webhooks/sms/{provider}
//! Sms-Signature: t=1767225600,v1={hexadecimal HMAC-SHA256 of "1767225600.{body}"}
//! {"id":"…","status":"delivered","code":"…"}
//! ```
//!
//! Several `v1` may stand in the header while a key is replaced; one of them has to be ours.

use aws_lc_rs::hmac;
use primitives::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

use super::provider::{Receipt, ReceiptStatus};
use super::provider_words;

/// The header with time and signatures.
pub const SIGNATURE_HEADER: &str = "sms-signature";
/// The longest receipt that is read.
pub const RECEIPT_BODY_MAX_BYTES: usize = 8 * 1024;
/// How far a receipt's time may be from ours, so that an old one caught on the way is of no use.
const AGE_MAX_SECONDS: u64 = 300;
/// Signatures that are compared.
const SIGNATURES_MAX: usize = 4;
/// Bytes of the shortest key.
const KEY_MIN_BYTES: usize = 16;

/// What receipts of one provider are signed with.
#[derive(Debug, Clone)]
pub struct ReceiptKey(Secret<String>);

/// The secret is too short to sign anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of receipts has 16 characters at least")]
pub struct WeakKey;

impl ReceiptKey {
    /// The key whose bytes are the secret's text.
    ///
    /// # Errors
    /// [`WeakKey`] where it is too short.
    pub fn new(secret: Secret<String>) -> Result<Self, WeakKey> {
        if secret.reveal().len() < KEY_MIN_BYTES {
            return Err(WeakKey);
        }
        Ok(Self(secret))
    }
}

/// The keys by provider.
pub type ReceiptKeys = BTreeMap<String, ReceiptKey>;

/// Why a receipt is not believed, or not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptRefused {
    /// It is not signed, by a key that is not ours, or too long ago.
    #[error("the signature is missing, wrong or old")]
    Signature,
    /// It is signed, and is no receipt.
    #[error("the body is no receipt")]
    Unreadable,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    status: String,
    code: Option<String>,
}

/// Reads what a provider posted; `None` for a signed word about a message on its way that changes nothing.
///
/// # Errors
/// See [`ReceiptRefused`]. The signature is checked before anything of the body is read.
pub fn read(
    provider: &str,
    key: &ReceiptKey,
    signature: Option<&str>,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Option<Receipt>, ReceiptRefused> {
    verify(key, signature.ok_or(ReceiptRefused::Signature)?, body, now)?;
    let body: Body = serde_json::from_slice(body).map_err(|_| ReceiptRefused::Unreadable)?;
    let status = match body.status.as_str() {
        "queued" | "accepted" => return Ok(None),
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "undelivered" => ReceiptStatus::Undelivered,
        "expired" => ReceiptStatus::Expired,
        "failed" => ReceiptStatus::Failed,
        _ => return Err(ReceiptRefused::Unreadable),
    };
    Ok(Some(Receipt {
        provider: provider.to_owned(),
        provider_reference: provider_words::reference(&body.id).ok_or(ReceiptRefused::Unreadable)?,
        status,
        code: body.code.as_deref().and_then(provider_words::code),
        at: now,
    }))
}

fn verify(key: &ReceiptKey, header: &str, body: &[u8], now: OffsetDateTime) -> Result<(), ReceiptRefused> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let (_, timestamp) = parts()
        .find(|(name, _)| *name == "t")
        .ok_or(ReceiptRefused::Signature)?;
    let is_fresh = timestamp
        .parse::<i64>()
        .is_ok_and(|seconds| now.unix_timestamp().abs_diff(seconds) <= AGE_MAX_SECONDS);
    if !is_fresh {
        return Err(ReceiptRefused::Signature);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.0.reveal().as_bytes());
    let signed = [timestamp.as_bytes(), b".", body].concat();
    let is_ours = parts()
        .filter(|(name, _)| *name == "v1")
        .take(SIGNATURES_MAX)
        .filter_map(|(_, digits)| unhex(digits))
        .any(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    is_ours.then_some(()).ok_or(ReceiptRefused::Signature)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const BODY: &[u8] = br#"{"id":"msg-1","status":"delivered","code":"000"}"#;

    fn key(secret: &str) -> ReceiptKey {
        ReceiptKey::new(secret.to_owned().into()).unwrap()
    }

    fn signature(secret: &str, at: OffsetDateTime, body: &[u8]) -> String {
        let t = at.unix_timestamp().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[t.as_bytes(), b".", body].concat());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={t},v1={digits}")
    }

    const OURS: &str = "receipts-secret-of-norte";
    const THEIRS: &str = "receipts-secret-of-nobody";

    #[test]
    fn a_signed_receipt_is_read() {
        let signature = signature(OURS, NOW, BODY);
        let receipt = read("norte", &key(OURS), Some(&signature), BODY, NOW).unwrap();
        let receipt = receipt.unwrap();
        assert_eq!(receipt.provider_reference, "msg-1");
        assert_eq!(receipt.status, ReceiptStatus::Delivered);
        assert_eq!(receipt.code.as_deref(), Some("000"));
        assert_eq!(receipt.at, NOW);
    }

    #[test]
    fn only_a_fresh_signature_of_ours_over_this_body_counts() {
        let refused = |header: Option<&str>, body: &[u8]| {
            read("norte", &key(OURS), header, body, NOW) == Err(ReceiptRefused::Signature)
        };
        let fine = signature(OURS, NOW, BODY);
        assert!(refused(None, BODY));
        assert!(refused(Some(""), BODY));
        assert!(refused(Some(&signature(THEIRS, NOW, BODY)), BODY));
        assert!(refused(
            Some(&fine),
            br#"{"id":"msg-2","status":"delivered","code":"000"}"#
        ));
        assert!(refused(Some(&fine.replace("v1=", "v1=00")), BODY));
        let moved = fine.replacen(&NOW.unix_timestamp().to_string(), "1767225601", 1);
        assert!(refused(Some(&moved), BODY), "the time is signed too");
        for off in [Duration::seconds(301), Duration::seconds(-301)] {
            assert!(refused(Some(&signature(OURS, NOW + off, BODY)), BODY));
        }
        let late = signature(OURS, NOW - Duration::seconds(299), BODY);
        assert!(!refused(Some(&late), BODY));
    }

    #[test]
    fn the_old_key_may_sign_beside_the_new_one() {
        let (ours, theirs) = (signature(OURS, NOW, BODY), signature(THEIRS, NOW, BODY));
        let (_, ours) = ours.split_once(',').unwrap();
        let both = format!("{theirs},{ours}");
        assert!(read("norte", &key(OURS), Some(&both), BODY, NOW).is_ok());
    }

    #[test]
    fn a_signed_body_may_still_be_no_receipt() {
        let said = |body: &[u8]| {
            let signature = signature(OURS, NOW, body);
            read("norte", &key(OURS), Some(&signature), body, NOW)
        };
        assert_eq!(said(br#"{"id":"m","status":"queued"}"#), Ok(None));
        for body in [&b"{"[..], b"[]", br#"{"id":"m","status":"eaten"}"#, b"\xff"] {
            assert_eq!(said(body), Err(ReceiptRefused::Unreadable));
        }
    }
}
