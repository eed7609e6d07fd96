//! Keys, tokens and secrets made of chance.

use crate::vault::VaultError;
use aws_lc_rs::{
    rand,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use primitives::Secret;
use zeroize::Zeroizing;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The random part of an API key: 32 characters, about 190 bits.
const API_KEY_CHARACTERS: usize = 32;

fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, VaultError> {
    let mut bytes = Zeroizing::new([0u8; N]);
    rand::fill(bytes.as_mut()).map_err(|_| VaultError::Cryptography)?;
    Ok(bytes)
}

/// An API key: `sk_<environment>_…` or `pk_<environment>_…` (deuna-api.md section 1).
pub(super) fn api_key(prefix: &str, environment: &str) -> Result<Secret<String>, VaultError> {
    let mut key = Zeroizing::new(String::with_capacity(64));
    key.push_str(prefix);
    key.push('_');
    key.push_str(environment);
    key.push('_');
    push_base62(&mut key, API_KEY_CHARACTERS)?;
    Ok(Secret::new(std::mem::take(&mut *key)))
}

/// An identifier of so many letters and digits.
pub(super) fn code(characters: usize) -> Result<String, VaultError> {
    let mut code = String::with_capacity(characters);
    push_base62(&mut code, characters)?;
    Ok(code)
}

fn push_base62(text: &mut String, characters: usize) -> Result<(), VaultError> {
    let whole = text.len() + characters;
    while text.len() < whole {
        for byte in bytes::<64>()?.iter() {
            // Of 256 values 248 are used, four for each character; the rest would make some likelier.
            if let Some(character) = BASE62.get(usize::from(byte / 4)).filter(|_| text.len() < whole) {
                text.push(char::from(*character));
            }
        }
    }
    Ok(())
}

/// The name of a card in the card vault: 64 bytes in Base64, 88 characters.
pub(super) fn card_token() -> Result<Secret<String>, VaultError> {
    Ok(Secret::new(BASE64_STANDARD.encode(bytes::<64>()?)))
}

/// A Standard Webhooks secret: `whsec_` and 32 bytes in Base64.
pub(super) fn webhook_secret() -> Result<Secret<String>, VaultError> {
    Ok(Secret::new(format!(
        "whsec_{}",
        BASE64_STANDARD.encode(bytes::<32>()?)
    )))
}

/// A Standard Webhooks signing key: Ed25519.
#[derive(Debug)]
pub(super) struct WebhookSigningKey {
    /// `whsk_` and, in Base64, the 32 bytes of the seed followed by the 32 of the public key.
    pub private: Secret<String>,
    /// `whpk_` and the 32 bytes of the public key in Base64.
    pub public: String,
}

pub(super) fn webhook_signing_key() -> Result<WebhookSigningKey, VaultError> {
    let seed = bytes::<32>()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(|_| VaultError::Cryptography)?;
    let public = pair.public_key().as_ref();
    let mut whole = Zeroizing::new(Vec::with_capacity(64));
    whole.extend_from_slice(seed.as_ref());
    whole.extend_from_slice(public);
    Ok(WebhookSigningKey {
        private: Secret::new(format!("whsk_{}", BASE64_STANDARD.encode(&whole))),
        public: format!("whpk_{}", BASE64_STANDARD.encode(public)),
    })
}

/// An operator's session token, 256 bits.
pub(super) fn session_token() -> Result<Secret<String>, VaultError> {
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// A password's salt.
pub(super) fn salt() -> Result<[u8; 16], VaultError> {
    Ok(*bytes::<16>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_keys_have_their_form_and_differ() {
        let keys = [(); 3].map(|()| api_key("sk", "sandbox").unwrap());
        for key in &keys {
            let random = key.reveal().strip_prefix("sk_sandbox_").unwrap();
            assert_eq!(random.len(), 32);
            assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(keys[0].reveal(), keys[1].reveal());
        assert!(webhook_secret().unwrap().reveal().starts_with("whsec_"));
    }

    #[test]
    fn a_signing_key_ends_with_its_public_key() {
        let key = webhook_signing_key().unwrap();
        let decoded = |text: &str, prefix| {
            BASE64_STANDARD
                .decode(text.strip_prefix(prefix).unwrap())
                .unwrap()
        };
        let private = decoded(key.private.reveal(), "whsk_");
        let public = decoded(&key.public, "whpk_");
        assert_eq!((private.len(), public.len()), (64, 32));
        assert!(private.ends_with(&public));
        let pair = Ed25519KeyPair::from_seed_and_public_key(&private[..32], &public).unwrap();
        assert_eq!(pair.public_key().as_ref(), public);
    }
}
