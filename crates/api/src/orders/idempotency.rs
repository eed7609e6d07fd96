//! The `X-Idempotency-Key` header: what makes a repeated call the same call.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use orchestrator::IdempotencyKey;
use payments::{Refusal, RefusalCode};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");

/// Set to `true` on answers that were given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub const REPLAYED: HeaderValue = HeaderValue::from_static("true");

const KEY_MAX_CHARACTERS: usize = 255;

/// The key of this request, if it has one. Its scope is (merchant, method, path, key), and another body under the
/// same key is a conflict, so method, path and a hash of the raw body go with it.
pub fn key(
    headers: &HeaderMap,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Refusal> {
    // The reference offers the header for POST only.
    if *method != Method::POST {
        return Ok(None);
    }
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.as_bytes(),
        (Some(_), Some(_)) => return Err(refused("must be given once")),
    };
    let visible = value.iter().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=KEY_MAX_CHARACTERS).contains(&value.len()) {
        return Err(refused("must be 1 to 255 visible ASCII characters"));
    }
    let mut body_hash = [0; 32];
    body_hash.copy_from_slice(digest(&SHA256, body).as_ref());
    Ok(Some(IdempotencyKey {
        key: String::from_utf8_lossy(value).into_owned(),
        method: "POST",
        path: uri.path().to_owned(),
        body_hash,
    }))
}

fn refused(description: &str) -> Refusal {
    Refusal::of_field(RefusalCode::MissingHeader, IDEMPOTENCY_KEY.as_str(), description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&[u8]], body: &[u8]) -> Result<Option<IdempotencyKey>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        key(
            &headers,
            &Method::POST,
            &Uri::from_static("/merchants/orders?x=1"),
            body,
        )
    }

    #[test]
    fn the_key_carries_path_and_body() {
        let one = of(&[b"7c9e"], b"{}").unwrap().unwrap();
        let other = of(&[b"7c9e"], b"{ }").unwrap().unwrap();
        assert_eq!(
            (one.key.as_str(), one.method, one.path.as_str()),
            ("7c9e", "POST", "/merchants/orders")
        );
        assert_ne!(one.body_hash, other.body_hash);
        assert!(of(&[], b"").unwrap().is_none());
    }

    #[test]
    fn keys_that_cannot_be_kept_are_refused() {
        for values in [
            &[&b""[..]][..],
            &[b"a b"],
            &[b"\xc3\xb1"],
            &[&[b'x'; 256]],
            &[b"a", b"b"],
        ] {
            let refusal = of(values, b"{}").unwrap_err();
            assert_eq!(refusal.code, RefusalCode::MissingHeader);
            assert_eq!(refusal.field.as_deref(), Some("x-idempotency-key"));
        }
        assert!(of(&[&[b'x'; 255]], b"{}").unwrap().is_some());
    }
}
