//! Public keys of P-256 as JWKs (RFC 7517, RFC 7518 section 6.2).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Bytes of an uncompressed point: 04 and two coordinates.
pub(crate) const POINT_BYTES: usize = 65;
const COORDINATE_BYTES: usize = 32;

/// A public key that is a point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EcKey([u8; POINT_BYTES]);

impl EcKey {
    /// Reads a JWK; `None` for other kinds of key, other curves, points off the curve, and private keys, which nobody should
    /// hand out.
    pub(crate) fn parse(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        let is = |name: &str, value: &str| jwk.get(name).and_then(Value::as_str) == Some(value);
        if !is("kty", "EC") || !is("crv", "P-256") || jwk.contains_key("d") {
            return None;
        }
        let coordinate = |name: &str| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()?;
            (bytes.len() == COORDINATE_BYTES).then_some(bytes)
        };
        let point = [&[4], coordinate("x")?.as_slice(), coordinate("y")?.as_slice()].concat();
        Self::of_point(&point)
    }

    /// The key of an uncompressed point.
    pub(crate) fn of_point(point: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
        point.try_into().ok().map(Self)
    }

    /// The uncompressed point.
    pub(crate) fn point(&self) -> &[u8; POINT_BYTES] {
        &self.0
    }

    /// As a JWK.
    pub(crate) fn to_json(self) -> Value {
        let (x, y) = self.0[1..].split_at(COORDINATE_BYTES);
        json!({
            "kty": "EC",
            "crv": "P-256",
            "x": BASE64_URL_SAFE_NO_PAD.encode(x),
            "y": BASE64_URL_SAFE_NO_PAD.encode(y),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = EcKey::of_point(pair.public_key().as_ref()).unwrap();
        assert_eq!(EcKey::parse(&key.to_json()), Some(key));
    }

    #[test]
    fn what_is_no_public_key_of_the_curve_is_refused() {
        let good = {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            EcKey::of_point(pair.public_key().as_ref()).unwrap().to_json()
        };
        let with = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        for wrong in [
            json!(null),
            json!("key"),
            with("kty", json!("RSA")),
            with("crv", json!("P-384")),
            with("x", good["y"].clone()),
            with("x", json!("AA")),
            with("y", json!(7)),
            with("d", good["x"].clone()),
        ] {
            assert_eq!(EcKey::parse(&wrong), None, "{wrong}");
        }
    }
}
