//! What a merchant checks to know that a webhook is ours, whole, and new.
//!
//! Signatures of two kinds go out side by side: DEUNA's `X-Deuna-Signature`, for receivers that exist already, and
//! those of Standard Webhooks 1.0.0, which also cover the message's id and the time of the attempt. Of the latter there
//! is one for each key that is good now, so that a key can be replaced while receivers still hold the one before.

use aws_lc_rs::{
    hmac,
    signature::{ED25519_PUBLIC_KEY_LEN, Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use primitives::Secret;
use thiserror::Error;

/// The prefix of a Standard Webhooks secret (`v1`) in its written form.
const SECRET_PREFIX: &str = "whsec_";

/// The prefix of a private key (`v1a`) in its written form.
const PRIVATE_KEY_PREFIX: &str = "whsk_";

/// The prefix of a public key, which receivers verify `v1a` with.
const PUBLIC_KEY_PREFIX: &str = "whpk_";

/// The private half of a written private key; the public one follows it.
const SEED_BYTES: usize = 32;

/// What the webhooks to one receiver are signed with.
#[derive(Debug, Clone)]
pub struct SigningKeySet {
    /// The merchant's private API key; its text is the HMAC key of `X-Deuna-Signature`.
    pub private_key: Secret<String>,
    /// Each `whsec_` and the Base64 of a key of `v1` signatures, the newest first.
    pub v1: Vec<Secret<String>>,
    /// Each `whsk_` and the Base64 of a private key of `v1a` signatures with its public key, the newest first.
    pub v1a: Vec<Secret<String>>,
}

impl SigningKeySet {
    /// Every key as it is written, for looking for them where none may be.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        [&self.private_key]
            .into_iter()
            .chain(&self.v1)
            .chain(&self.v1a)
            .map(|key| key.reveal().as_str())
    }
}

/// A key is not in the form that its scheme writes keys in, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnusableKey {
    #[error("the webhook secret is not whsec_ and Base64")]
    Secret,
    #[error("the signing key is not whsk_ and the Base64 of a private key with its public key")]
    PrivateKey,
    #[error("there is no key to sign with")]
    None,
}

/// `X-Deuna-Signature`: padded standard Base64 of the HMAC-SHA256 of the raw body, keyed with the text of the
/// private API key.
pub fn deuna_signature(private_key: &Secret<String>, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, private_key.reveal().as_bytes());
    STANDARD.encode(hmac::sign(&key, body))
}

/// `webhook-signature` of Standard Webhooks 1.0.0: a signature of `id.timestamp.body` by each key, with spaces between
/// them. `v1,` stands before the Base64 of an HMAC-SHA256, `v1a,` before that of an Ed25519 signature.
///
/// `timestamp` is that of the attempt, in seconds since 1970, as `webhook-timestamp` says it.
pub fn standard_signatures(
    keys: &SigningKeySet,
    webhook_id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, UnusableKey> {
    let timestamp = timestamp.to_string();
    let signed = [webhook_id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let mut signatures = Vec::with_capacity(keys.v1.len() + keys.v1a.len());
    for secret in &keys.v1 {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret_bytes(secret)?.reveal());
        signatures.push(format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed))));
    }
    for private_key in &keys.v1a {
        let signature = key_pair(private_key)?
            .try_sign(&signed)
            .map_err(|_| UnusableKey::PrivateKey)?;
        signatures.push(format!("v1a,{}", STANDARD.encode(signature)));
    }
    if signatures.is_empty() {
        return Err(UnusableKey::None);
    }
    Ok(signatures.join(" "))
}

/// The public key of a `whsk_` key, in the form that is given to receivers: `whpk_` and Base64.
pub fn public_key_of(private_key: &Secret<String>) -> Result<String, UnusableKey> {
    let pair = key_pair(private_key)?;
    Ok(format!(
        "{PUBLIC_KEY_PREFIX}{}",
        STANDARD.encode(pair.public_key())
    ))
}

fn secret_bytes(secret: &Secret<String>) -> Result<Secret<Vec<u8>>, UnusableKey> {
    decoded(secret, SECRET_PREFIX)
        .filter(|bytes| !bytes.reveal().is_empty())
        .ok_or(UnusableKey::Secret)
}

fn key_pair(private_key: &Secret<String>) -> Result<Ed25519KeyPair, UnusableKey> {
    decoded(private_key, PRIVATE_KEY_PREFIX)
        .filter(|bytes| bytes.reveal().len() == SEED_BYTES + ED25519_PUBLIC_KEY_LEN)
        .and_then(|bytes| {
            let (seed, public_key) = bytes.reveal().split_at_checked(SEED_BYTES)?;
            Ed25519KeyPair::from_seed_and_public_key(seed, public_key).ok()
        })
        .ok_or(UnusableKey::PrivateKey)
}

fn decoded(key: &Secret<String>, prefix: &str) -> Option<Secret<Vec<u8>>> {
    let encoded = key.reveal().strip_prefix(prefix)?;
    STANDARD.decode(encoded).ok().map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use proptest::prelude::*;

    /// What the published verifier libraries test themselves with: message, and the signature by each scheme.
    const WEBHOOK_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const V1: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const PRIVATE_KEY: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const PUBLIC_KEY: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    const V1A: &str =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

    fn keys(v1: &[&str], v1a: &[&str]) -> SigningKeySet {
        let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::new((*text).to_owned())).collect();
        SigningKeySet {
            private_key: Secret::new("sk_test_example".to_owned()),
            v1: secrets(v1),
            v1a: secrets(v1a),
        }
    }

    #[test]
    fn the_deuna_signature_is_the_documented_one() {
        let body = br#"{"order":{"order_id":"o1","status":"succeeded"},"signed_at":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(
            deuna_signature(&Secret::new("sk_test_example".to_owned()), body),
            "qSEdmDtUJhRlY7Q7/xPx3SoRZc9tDokaMu6EOeSGQZ4="
        );
    }

    #[test]
    fn the_standard_signatures_are_the_published_ones() {
        let sign = |v1, v1a| standard_signatures(&keys(v1, v1a), WEBHOOK_ID, TIMESTAMP, BODY);
        assert_eq!(sign(&[SECRET], &[]).as_deref(), Ok(V1));
        assert_eq!(sign(&[], &[PRIVATE_KEY]).as_deref(), Ok(V1A));
        assert_eq!(
            sign(&[SECRET], &[PRIVATE_KEY]).as_deref(),
            Ok(format!("{V1} {V1A}").as_str())
        );
        assert_eq!(
            public_key_of(&Secret::new(PRIVATE_KEY.to_owned())).as_deref(),
            Ok(PUBLIC_KEY)
        );
    }

    #[test]
    fn while_a_key_is_replaced_the_old_and_the_new_one_both_sign() {
        let newer = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let both = standard_signatures(&keys(&[newer, SECRET], &[]), WEBHOOK_ID, TIMESTAMP, BODY).unwrap();
        let alone = standard_signatures(&keys(&[newer], &[]), WEBHOOK_ID, TIMESTAMP, BODY).unwrap();
        assert_ne!(alone, V1);
        assert_eq!(both, format!("{alone} {V1}"));
    }

    #[test]
    fn a_key_in_another_form_is_refused_rather_than_used_as_text() {
        fn sign(v1: &[&str], v1a: &[&str]) -> Result<String, UnusableKey> {
            standard_signatures(&keys(v1, v1a), "msg_1", 1, b"{}")
        }
        for text in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_***",
            PRIVATE_KEY,
            "",
        ] {
            assert_eq!(sign(&[text], &[]), Err(UnusableKey::Secret), "{text}");
        }
        for text in [
            SECRET,
            PUBLIC_KEY,
            "whsk_",
            "whsk_***",
            // The private half alone.
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=",
            // Halves that do not belong together.
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlaaaaaaaaaaAJ6p9lMicMFs6Kvg==",
            "",
        ] {
            assert_eq!(sign(&[SECRET], &[text]), Err(UnusableKey::PrivateKey), "{text}");
        }
        assert_eq!(sign(&[], &[]), Err(UnusableKey::None));
    }

    proptest! {
        /// A verifier as the specification describes it, with keys and messages of every kind.
        #[test]
        fn whatever_is_signed_is_accepted_with_the_other_half_of_the_key(
            secret in proptest::collection::vec(any::<u8>(), 1..80),
            seed: [u8; SEED_BYTES],
            id in "[a-z]{2,5}_[A-Za-z0-9]{1,30}",
            timestamp in 0i64..4_000_000_000,
            body in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
            let public_key = pair.public_key().as_ref();
            let private_key = format!("whsk_{}", STANDARD.encode([seed.as_slice(), public_key].concat()));
            let written = format!("whsec_{}", STANDARD.encode(&secret));
            let header =
                standard_signatures(&keys(&[&written], &[&private_key]), &id, timestamp, &body).unwrap();

            let message = [format!("{id}.{timestamp}.").as_bytes(), &body].concat();
            let (v1, v1a) = header.split_once(' ').unwrap();
            let tag = STANDARD.decode(v1.strip_prefix("v1,").unwrap()).unwrap();
            let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            prop_assert!(hmac::verify(&hmac_key, &message, &tag).is_ok());
            let signature = STANDARD.decode(v1a.strip_prefix("v1a,").unwrap()).unwrap();
            let told = public_key_of(&Secret::new(private_key)).unwrap();
            let told = STANDARD.decode(told.strip_prefix("whpk_").unwrap()).unwrap();
            let verifier = UnparsedPublicKey::new(&ED25519, told);
            prop_assert!(verifier.verify(&message, &signature).is_ok());
            prop_assert!(verifier.verify(&[&message[..], b" "].concat(), &signature).is_err());
        }
    }
}
