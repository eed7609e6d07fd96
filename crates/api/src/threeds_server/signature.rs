//! The signature of a request (carat-3ds-server.md section 2.1): a JWT, signed RS256 with the shop's RSA key, that names
//! the shop, the card and the time.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

/// How far the shop's clock may be from ours, either way.
const WINDOW: Duration = Duration::minutes(5);
/// The longest header that is looked at.
const HEADER_MAX_CHARACTERS: usize = 2_000;

/// What a signature has to be about.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    pub merchant_id: &'a str,
    pub merchant_key: &'a str,
    /// The card number of the request.
    pub number: Option<&'a str>,
    /// The card token of the request.
    pub token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Payload {
    merchant_id: String,
    merchant_key: String,
    /// The card number.
    cartao: Option<String>,
    token: Option<String>,
    /// Milliseconds since 1970, as text.
    timestamp: Text,
}

/// A text, or the number that some libraries make of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(i64),
}

/// Whether an `Authorization` header signs this request with the private half of `public_key` (DER), about now.
pub fn holds(header: &str, public_key: &[u8], about: Signed<'_>, now: OffsetDateTime) -> bool {
    signed_payload(header, public_key).is_some_and(|payload| payload.is_about(about, now))
}

fn signed_payload(header: &str, public_key: &[u8]) -> Option<Payload> {
    if header.len() > HEADER_MAX_CHARACTERS {
        return None;
    }
    let (scheme, token) = header.trim().split_once(' ')?;
    let mut parts = token.trim().split('.');
    let (head, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if !scheme.eq_ignore_ascii_case("bearer") || parts.next().is_some() {
        return None;
    }
    let head: Header = serde_json::from_slice(&decoded(head)?).ok()?;
    // The one algorithm that shops register a key for; what else a header names is not a choice of the sender's.
    if head.alg != "RS256" {
        return None;
    }
    let (signed, _) = token.trim().rsplit_once('.')?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(signed.as_bytes(), &decoded(signature)?)
        .ok()?;
    serde_json::from_slice(&decoded(payload)?).ok()
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

impl Payload {
    fn is_about(&self, about: Signed<'_>, now: OffsetDateTime) -> bool {
        let card = match (about.number, about.token) {
            (Some(number), _) => self.cartao.as_deref() == Some(number),
            (None, Some(token)) => self.token.as_deref() == Some(token),
            (None, None) => false,
        };
        let in_time = self.signed_at().is_some_and(|at| (now - at).abs() <= WINDOW);
        card && in_time && self.merchant_id == about.merchant_id && self.merchant_key == about.merchant_key
    }

    fn signed_at(&self) -> Option<OffsetDateTime> {
        let milliseconds: i64 = match &self.timestamp {
            Text::Text(text) => text.trim().parse().ok()?,
            Text::Number(number) => *number,
        };
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aws_lc_rs::{
        encoding::AsDer,
        rand::SystemRandom,
        rsa::KeySize,
        signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
    };
    use serde_json::{Value, json};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);
    const ABOUT: Signed<'_> = Signed {
        merchant_id: "SHOP1",
        merchant_key: "key",
        number: Some("4551820000009478"),
        token: None,
    };

    pub fn key() -> RsaKeyPair {
        RsaKeyPair::generate(KeySize::Rsa2048).unwrap()
    }

    /// The key as shops register it: SubjectPublicKeyInfo, DER.
    pub fn public(key: &RsaKeyPair) -> Vec<u8> {
        key.public_key().as_der().unwrap().as_ref().to_vec()
    }

    pub fn jwt(key: &RsaKeyPair, header: &Value, payload: &Value) -> String {
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(header), encoded(payload));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .unwrap();
        format!("Bearer {signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn milliseconds(at: OffsetDateTime) -> String {
        (at.unix_timestamp_nanos() / 1_000_000).to_string()
    }

    fn payload() -> Value {
        json!({
            "merchant_id": "SHOP1", "merchant_key": "key", "cartao": "4551820000009478",
            "timestamp": milliseconds(NOW),
        })
    }

    #[test]
    fn a_signature_of_the_registered_key_holds_in_either_encoding_of_the_key() {
        let key = key();
        let spki = public(&key);
        let pkcs1 = key.public_key().as_ref().to_vec();
        for header in [json!({"alg": "RS256"}), json!({"alg": "RS256", "typ": "JWT"})] {
            let header = jwt(&key, &header, &payload());
            assert!(holds(&header, &spki, ABOUT, NOW));
            assert!(holds(&header, &pkcs1, ABOUT, NOW));
        }
    }

    #[test]
    fn another_key_another_algorithm_and_a_changed_payload_do_not() {
        let (key, other) = (key(), key());
        let header = jwt(&key, &json!({"alg": "RS256"}), &payload());
        assert!(!holds(&header, &public(&other), ABOUT, NOW));
        let none = jwt(&key, &json!({"alg": "none"}), &payload());
        assert!(!holds(&none, &public(&key), ABOUT, NOW));
        let mut parts: Vec<_> = header.split('.').map(str::to_owned).collect();
        let forged = payload().to_string().replace("SHOP1", "SHOP2");
        parts[1] = BASE64_URL_SAFE_NO_PAD.encode(forged);
        let about = Signed {
            merchant_id: "SHOP2",
            ..ABOUT
        };
        assert!(!holds(&parts.join("."), &public(&key), about, NOW));
        for garbage in ["", "Bearer", "Bearer a.b", "Bearer a.b.c.d", "Basic a.b.c"] {
            assert!(!holds(garbage, &public(&key), ABOUT, NOW), "{garbage}");
        }
    }

    #[test]
    fn it_is_about_this_shop_this_card_and_these_five_minutes() {
        let key = key();
        let signs = |payload: Value, about: Signed<'_>| {
            holds(
                &jwt(&key, &json!({"alg": "RS256"}), &payload),
                &public(&key),
                about,
                NOW,
            )
        };
        for (member, value) in [
            ("merchant_id", json!("SHOP2")),
            ("merchant_key", json!("other")),
            ("cartao", json!("5555555555555555")),
            ("cartao", Value::Null),
            ("timestamp", json!(milliseconds(NOW - Duration::seconds(301)))),
            ("timestamp", json!(milliseconds(NOW + Duration::seconds(301)))),
            ("timestamp", json!("now")),
            ("timestamp", json!(i64::MAX)),
        ] {
            let mut changed = payload();
            changed[member] = value.clone();
            assert!(!signs(changed, ABOUT), "{member}: {value}");
        }
        let mut early = payload();
        early["timestamp"] = json!(milliseconds(NOW - Duration::seconds(299)));
        assert!(signs(early, ABOUT));

        let about = Signed {
            number: None,
            token: Some("tok"),
            ..ABOUT
        };
        assert!(!signs(payload(), about));
        let mut of_token = payload();
        of_token["token"] = json!("tok");
        assert!(signs(of_token, about));
    }
}
