//! Access of issuers' programs: a signed assertion is exchanged for a token.

use crate::jose::jws::Jws;
use crate::service::Acs;
use crate::store::StoreError;
use crate::store::clients::{self, Client, NewToken};
use aws_lc_rs::{digest, rand};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use primitives::Secret;
use serde_json::Value;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

/// How long an access token is good for.
pub(crate) const TOKEN_LIFE: Duration = Duration::minutes(15);
/// How far ahead an assertion may expire.
const ASSERTION_LIFE_MAX: Duration = Duration::minutes(15);
/// How far a client's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::seconds(30);
/// The largest assertion that is looked at.
const ASSERTION_MAX_BYTES: usize = 4096;
const TOKEN_BYTES: usize = 32;

/// Why no token is given.
#[derive(Debug, Error)]
pub(crate) enum AccessRefused {
    /// The assertion is not good, for this reason.
    #[error("{0}")]
    Assertion(&'static str),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The random source failed.
    #[error("the random source failed")]
    Random,
}

impl Acs {
    /// An access token for an assertion that was not shown before.
    pub(crate) async fn access_token(
        &self,
        assertion: &str,
        token_hash: fn(&str) -> [u8; 32],
    ) -> Result<Secret<String>, AccessRefused> {
        let inner = self.inner();
        let now = inner.clock.now();
        let refused = AccessRefused::Assertion;
        let jws = Some(assertion)
            .filter(|assertion| assertion.len() <= ASSERTION_MAX_BYTES)
            .and_then(Jws::read)
            .ok_or(refused("the assertion must be a JWT signed with ES256"))?;
        let expires_at = expiry(&jws.claims, now).map_err(refused)?;
        let audience = format!("{}/acs/oauth2/token", inner.settings.public_url);
        if !is_for(&jws.claims, &audience) {
            return Err(refused("aud must be the token address of this service"));
        }
        // A stranger, a wrong key and a client that may not call look the same.
        let unknown = || refused("iss and signature must be those of a client of this service");
        let iss = jws
            .claims
            .get("iss")
            .and_then(Value::as_str)
            .ok_or_else(unknown)?;
        let client = clients::load(&inner.store, iss).await?.ok_or_else(unknown)?;
        if !signed_by(&client, &jws, now) {
            return Err(unknown());
        }
        let mut random = [0_u8; TOKEN_BYTES];
        rand::fill(&mut random).map_err(|_| AccessRefused::Random)?;
        let token = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(random));
        let new = NewToken {
            client: &client.client,
            assertion_hash: identity(&jws),
            assertion_expires_at: expires_at,
            token_hash: token_hash(token.reveal()),
            expires_at: now + TOKEN_LIFE,
        };
        match clients::exchange(&inner.store, &new, now).await? {
            true => Ok(token),
            false => Err(refused("the assertion was shown before")),
        }
    }
}

fn signed_by(client: &Client, jws: &Jws<'_>, now: OffsetDateTime) -> bool {
    let previous = client
        .previous
        .as_ref()
        .filter(|(_, until)| *until > now)
        .map(|(key, _)| key);
    client.disabled_at.is_none()
        && [Some(&client.key), previous]
            .into_iter()
            .flatten()
            .any(|key| jws.is_signed_by(key))
}

/// When an assertion expires, and whether it is good now.
fn expiry(claims: &Value, now: OffsetDateTime) -> Result<OffsetDateTime, &'static str> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .map(Some)
            .ok_or("exp, iat and nbf must be whole seconds since 1970"),
    };
    let expires_at = time("exp")?.ok_or("exp must be there")?;
    if expires_at <= now {
        return Err("the assertion has expired");
    }
    if expires_at > now + ASSERTION_LIFE_MAX + CLOCK_SKEW {
        return Err("exp must be at most 15 minutes ahead");
    }
    for name in ["iat", "nbf"] {
        if time(name)?.is_some_and(|at| at > now + CLOCK_SKEW) {
            return Err("iat and nbf must not be ahead");
        }
    }
    Ok(expires_at)
}

/// Whether `aud`, where it is there, names us.
fn is_for(claims: &Value, audience: &str) -> bool {
    match claims.get("aud") {
        None => true,
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
        Some(_) => false,
    }
}

/// What tells an assertion from every other of its client: `jti`, else what is signed. Not the signature, of which there are
/// several for the same content.
fn identity(jws: &Jws<'_>) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    match jws.claims.get("jti").and_then(Value::as_str) {
        Some(jti) => {
            context.update(b"jti ");
            context.update(jti.as_bytes());
        }
        None => context.update(jws.signed.as_bytes()),
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    #[test]
    fn an_assertion_lives_fifteen_minutes_at_most() {
        let at = |minutes: i64| NOW.unix_timestamp() + minutes * 60;
        assert!(expiry(&json!({"exp": at(15)}), NOW).is_ok());
        for claims in [
            json!({}),
            json!({"exp": at(0)}),
            json!({"exp": at(16)}),
            json!({"exp": i64::MAX}),
            json!({"exp": "soon"}),
            json!({"exp": at(5), "iat": at(1)}),
            json!({"exp": at(5), "nbf": at(1)}),
            json!({"exp": at(5), "nbf": 1.5}),
        ] {
            assert!(expiry(&claims, NOW).is_err(), "{claims}");
        }
    }

    #[test]
    fn an_assertion_for_somebody_else_is_not_for_us() {
        let ours = "https://acs.example/acs/oauth2/token";
        for (claims, expected) in [
            (json!({}), true),
            (json!({"aud": ours}), true),
            (json!({"aud": ["https://other.example", ours]}), true),
            (json!({"aud": "https://other.example"}), false),
            (json!({"aud": []}), false),
            (json!({"aud": 7}), false),
        ] {
            assert_eq!(is_for(&claims, ours), expected, "{claims}");
        }
    }
}
