//! Compact JWS signed with ES256 (RFC 7515 section 7.1, RFC 7518 section 3.4).

use super::jwk::EcKey;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

/// A JWS taken apart, nothing of it checked.
pub(crate) struct Jws<'a> {
    /// What is signed: header and payload as they stand.
    pub(crate) signed: &'a str,
    /// The payload, an object. Who signed it is not known before [`Jws::is_signed_by`] says so.
    pub(crate) claims: Value,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a compact JWS apart; `None` for what is none, is not signed with ES256, or needs extensions.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let part = |text: &str| -> Option<Value> {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        let (header, claims) = (part(header)?, part(payload)?);
        let plain =
            header.get("alg").and_then(Value::as_str) == Some("ES256") && header.get("crit").is_none();
        (plain && claims.is_object()).then_some(Self {
            signed,
            claims,
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// Whether the holder of this key signed it.
    pub(crate) fn is_signed_by(&self, key: &EcKey) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point())
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }
}

/// Signing, as clients do it.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::EcdsaKeyPair;

    /// A compact JWS of a header and claims.
    pub(crate) fn signed(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::signed, *};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    fn pair() -> (EcdsaKeyPair, EcKey) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EcKey::of_point(pair.public_key().as_ref()).unwrap();
        (pair, key)
    }

    #[test]
    fn only_the_holder_of_the_key_signs() {
        let ((pair, key), (_, other)) = (pair(), pair());
        let text = signed(&pair, &json!({"alg": "ES256"}), &json!({"iss": "core"}));
        let jws = Jws::read(&text).unwrap();
        assert!(jws.is_signed_by(&key) && !jws.is_signed_by(&other));
        let tampered = text.replacen("ey", "eY", 2);
        assert!(Jws::read(&tampered).is_none_or(|jws| !jws.is_signed_by(&key)));
    }

    #[test]
    fn what_is_not_signed_with_es256_is_no_jws() {
        let (pair, _) = pair();
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "HS256"}),
            json!({}),
            json!({"alg": "ES256", "crit": ["b64"]}),
        ] {
            assert!(
                Jws::read(&signed(&pair, &header, &json!({}))).is_none(),
                "{header}"
            );
        }
        for text in ["", ".", "..", "a.b.c", "a.b.c.d"] {
            assert!(Jws::read(text).is_none(), "{text}");
        }
        assert!(Jws::read(&signed(&pair, &json!({"alg": "ES256"}), &json!([]))).is_none());
    }
}
