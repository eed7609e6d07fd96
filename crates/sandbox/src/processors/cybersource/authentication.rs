//! Who calls: the token or the HTTP Signature of a request, checked to the last byte of its body.

use std::sync::Arc;

use aws_lc_rs::{digest, hmac};
use axum::http::{HeaderMap, Method, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::reply::Refused;
use super::{NAME, PREFIX};
use crate::processors::{Connections, Registered};

/// The longest life of a token.
const TOKEN_SECONDS_MAX: i64 = 120;
/// How far a caller's clock may be off.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// A merchant whose signature held.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// Its id.
    pub id: String,
    /// The gateway's connection behind it.
    pub registered: Arc<Registered>,
}

/// A request as far as it is signed.
pub struct Call<'a> {
    pub method: &'a Method,
    /// Path and query below [`PREFIX`].
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl Call<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Path and query as they were sent and signed.
    fn target(&self) -> String {
        let below = self
            .uri
            .path_and_query()
            .map_or_else(|| self.uri.path(), |target| target.as_str());
        format!("{PREFIX}{below}")
    }

    /// Base64 of the body's SHA-256, which requests with a body must sign.
    fn digest(&self) -> Option<String> {
        let has_body = !matches!(*self.method, Method::GET | Method::DELETE);
        has_body.then(|| STANDARD.encode(digest::digest(&digest::SHA256, self.body)))
    }
}

/// The merchant behind a request, or the refusal, which never says what was wrong.
pub fn check(connections: &Connections, call: &Call<'_>) -> Result<Merchant, Refused> {
    let merchant = match call.header(header::AUTHORIZATION.as_str()) {
        Some(value) => by_token(connections, call, value),
        None => by_http_signature(connections, call),
    };
    merchant.ok_or_else(Refused::at_the_front_door)
}

fn find(connections: &Connections, merchant_id: &str, key_id: &str) -> Option<(Merchant, hmac::Key)> {
    let registered = connections.find(NAME, merchant_id)?;
    if registered.credential("key_id") != Some(key_id) {
        return None;
    }
    let secret = STANDARD.decode(registered.credential("shared_secret")?).ok()?;
    let merchant = Merchant {
        id: merchant_id.to_owned(),
        registered,
    };
    Some((merchant, hmac::Key::new(hmac::HMAC_SHA256, &secret)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Claims {
    digest: Option<String>,
    digest_algorithm: Option<String>,
    iat: i64,
    exp: i64,
    request_host: String,
    request_resource_path: String,
    request_method: String,
    iss: String,
    jti: String,
    v_c_jwt_version: String,
    v_c_merchant_id: String,
}

fn by_token(connections: &Connections, call: &Call<'_>, authorization: &str) -> Option<Merchant> {
    let token = authorization.strip_prefix("Bearer ")?;
    let (signed, tag) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Header = part(header)?;
    let claims: Claims = part(claims)?;
    let (merchant, key) = find(connections, &claims.v_c_merchant_id, &header.kid)?;
    hmac::verify(&key, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let life = claims.exp.checked_sub(claims.iat)?;
    let says_what_was_asked = header.typ == "JWT"
        && header.alg == "HS256"
        && claims.iss == merchant.id
        && claims.v_c_jwt_version == "2"
        && uuid::Uuid::try_parse(&claims.jti).is_ok()
        && (1..=TOKEN_SECONDS_MAX).contains(&life)
        && claims.iat <= now.saturating_add(CLOCK_TOLERANCE_SECONDS)
        && now < claims.exp
        && Some(claims.request_host.as_str()) == call.header(header::HOST.as_str())
        && claims.request_method == call.method.as_str().to_ascii_lowercase()
        && claims.request_resource_path == call.target();
    let digest = call.digest();
    let covers_the_body =
        claims.digest == digest && claims.digest_algorithm.as_deref() == digest.as_ref().map(|_| "SHA-256");
    (says_what_was_asked && covers_the_body).then_some(merchant)
}

fn part<T: for<'a> Deserialize<'a>>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn by_http_signature(connections: &Connections, call: &Call<'_>) -> Option<Merchant> {
    let merchant_id = call.header("v-c-merchant-id")?;
    let signature = call.header("signature")?;
    let date = call.header("date")?;
    let (key_id, names, tag) = parameters(signature)?;
    let (merchant, key) = find(connections, merchant_id, key_id)?;
    let digest = call.digest().map(|digest| format!("SHA-256={digest}"));
    let method = call.method.as_str().to_ascii_lowercase();
    let mut lines = vec![
        ("host", call.header(header::HOST.as_str())?.to_owned()),
        ("date", date.to_owned()),
        ("request-target", format!("{method} {}", call.target())),
    ];
    if let Some(digest) = digest {
        if call.header("digest") != Some(&digest) {
            return None;
        }
        lines.push(("digest", digest));
    }
    lines.push(("v-c-merchant-id", merchant_id.to_owned()));
    let expected: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    if names != expected.join(" ") {
        return None;
    }
    let text: Vec<_> = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    hmac::verify(&key, text.join("\n").as_bytes(), &STANDARD.decode(tag).ok()?).ok()?;
    let sent = OffsetDateTime::parse(date, &Rfc2822).ok()?.unix_timestamp();
    let off = OffsetDateTime::now_utc().unix_timestamp().abs_diff(sent);
    (i64::try_from(off).ok()? <= CLOCK_TOLERANCE_SECONDS).then_some(merchant)
}

/// Key id, names of what is signed, and tag of a `Signature` header.
fn parameters(text: &str) -> Option<(&str, &str, &str)> {
    let rest = text.strip_prefix(r#"keyid=""#)?;
    let (key_id, rest) = rest.split_once(r#"", algorithm="HmacSHA256", headers=""#)?;
    let (names, rest) = rest.split_once(r#"", signature=""#)?;
    Some((key_id, names, rest.strip_suffix('"')?))
}
