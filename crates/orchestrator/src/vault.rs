//! The vault: what is secret goes through here before it becomes a row.
//!
//! Each sealed thing has a data key of its own (AES-256-GCM), wrapped (AES key wrap, RFC 3394, which needs no nonce
//! and so sets no limit on how many are wrapped) by a key-encryption key of the key file. Key-encryption keys have
//! versions: the newest seals, all open, and [`Vault::rewrap`] moves a sealed thing to the newest without
//! touching its contents. A context (what it is, and of which row) is authenticated with it, so that a sealed
//! value copied into another row does not open.
//!
//! ```text
//! format 1 | version of the key-encryption key 4 | wrapped data key 40 | nonce 12 | ciphertext | tag 16
//! ```
//!
//! Look-ups by something secret (an API key, a card number) go by keyed hashes, whose keys come from one root that
//! does not rotate: a hash cannot be made again without what was hashed. [`key_file`] is where the keys live.

mod card;
pub mod key_file;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, hmac,
    key_wrap::{AES_256, AesKek, KeyWrap},
    rand,
};
use key_file::{KeyFileError, Keys};
use primitives::{Id, Kind, Pan, Secret, id::kind};
use std::{fmt, path::Path};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
const WRAPPED_KEY_BYTES: usize = KEY_BYTES + 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + 4;
const CIPHERTEXT_AT: usize = HEAD_BYTES + WRAPPED_KEY_BYTES + NONCE_BYTES;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The bytes are not of this vault's format.
    #[error("is not a sealed value")]
    NotSealed,
    /// The key file lacks the version it was sealed with.
    #[error("was sealed with key version {0}, which the key file does not have")]
    UnknownKey(u32),
    /// Tampered with, or of another context.
    #[error("does not open: tampered with, or not of this context")]
    Refused,
    /// It opened, and holds something else than expected.
    #[error("holds something else than a {0}")]
    Unexpected(&'static str),
    /// The random source or the cipher failed: a fault of the machine.
    #[error("cryptography failed")]
    Cryptography,
}

/// Seals, opens, and makes keyed hashes. Share it behind an `Arc`.
pub struct Vault {
    keys: Keys,
    fingerprint_key: hmac::Key,
    api_key_key: hmac::Key,
    session_key: hmac::Key,
    login_key: hmac::Key,
    body_key: hmac::Key,
    card_token_key: hmac::Key,
    directlink_key: hmac::Key,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("newest_key_version", &self.keys.newest().0)
            .finish_non_exhaustive()
    }
}

/// The context of a thing that belongs to one row: what it is and the row's id.
pub fn context<K: Kind>(what: &'static str, id: Id<K>) -> Vec<u8> {
    [what.as_bytes(), b":", id.uuid().as_bytes()].concat()
}

impl Vault {
    /// Opens the vault whose keys are in that file (see [`key_file`]).
    pub fn from_key_file(path: &Path) -> Result<Self, KeyFileError> {
        Self::from_keys(Keys::read(path)?)
    }

    /// A vault of keys that came from elsewhere, such as a key service.
    pub fn from_keys(keys: Keys) -> Result<Self, KeyFileError> {
        let derive = |purpose| derived(keys.hash_root(), purpose).map_err(|_| KeyFileError::Cryptography);
        Ok(Self {
            fingerprint_key: derive(b"pasarela card fingerprint")?,
            api_key_key: derive(b"pasarela api key")?,
            session_key: derive(b"pasarela session token")?,
            login_key: derive(b"pasarela login subject")?,
            body_key: derive(b"pasarela request body")?,
            card_token_key: derive(b"pasarela card token")?,
            directlink_key: derive(b"pasarela directlink password")?,
            keys,
        })
    }

    /// Seals `plaintext` so that it opens only with the same `context`.
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut data_key = Zeroizing::new([0u8; KEY_BYTES]);
        rand::fill(data_key.as_mut()).map_err(|_| VaultError::Cryptography)?;
        let (version, key) = self.keys.newest();
        let mut sealed = Vec::with_capacity(CIPHERTEXT_AT + plaintext.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&version.to_be_bytes());
        sealed.extend_from_slice(&wrap(key, &data_key)?);
        let mut contents = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
        contents.extend_from_slice(plaintext);
        let nonce = gcm(&data_key)?
            .seal_in_place_append_tag(Aad::from(with_format(context)), &mut *contents)
            .map_err(|_| VaultError::Cryptography)?;
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&contents);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] made with this context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        let parts = Parts::of(sealed)?;
        let data_key = self.unwrap_data_key(&parts)?;
        let mut contents = Zeroizing::new(parts.ciphertext.to_vec());
        let length = gcm(&data_key)?
            .open_in_place(
                Nonce::assume_unique_for_key(parts.nonce),
                Aad::from(with_format(context)),
                &mut contents,
            )
            .map_err(|_| VaultError::Refused)?
            .len();
        contents.truncate(length);
        Ok(Secret::new(std::mem::take(&mut *contents)))
    }

    /// The same thing under the newest key-encryption key; `None` when it already is.
    ///
    /// The contents are not decrypted, so this needs no context.
    pub fn rewrap(&self, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let parts = Parts::of(sealed)?;
        let (version, key) = self.keys.newest();
        if parts.version == version {
            return Ok(None);
        }
        let data_key = self.unwrap_data_key(&parts)?;
        let mut moved = Vec::with_capacity(sealed.len());
        moved.push(FORMAT);
        moved.extend_from_slice(&version.to_be_bytes());
        moved.extend_from_slice(&wrap(key, &data_key)?);
        moved.extend_from_slice(&parts.nonce);
        moved.extend_from_slice(parts.ciphertext);
        Ok(Some(moved))
    }

    /// The same for the same card at the same merchant, and of no use to anybody else.
    pub fn card_fingerprint(&self, merchant: Id<kind::Merchant>, pan: &Pan) -> [u8; 32] {
        keyed_hash(
            &self.fingerprint_key,
            &[merchant.uuid().as_bytes(), pan.reveal().as_bytes()],
        )
    }

    /// What an API key is looked up by.
    pub fn api_key_hash(&self, api_key: &str) -> [u8; 32] {
        keyed_hash(&self.api_key_key, &[api_key.as_bytes()])
    }

    /// What a card token is looked up by. Clients lose the padding at its end.
    pub fn card_token_hash(&self, token: &str) -> [u8; 32] {
        keyed_hash(&self.card_token_key, &[token.trim_end_matches('=').as_bytes()])
    }

    /// What a DirectLink user's password is compared by. Other users' hashes of the same password differ.
    pub fn directlink_password_hash(&self, pspid: &str, userid: &str, password: &Secret<String>) -> [u8; 32] {
        // Neither name holds a NUL, so that no two users' parts run into each other.
        keyed_hash(
            &self.directlink_key,
            &[
                pspid.as_bytes(),
                b"\0",
                userid.as_bytes(),
                b"\0",
                password.reveal().as_bytes(),
            ],
        )
    }

    /// What an operator's session is looked up by.
    pub fn session_token_hash(&self, token: &str) -> [u8; 32] {
        keyed_hash(&self.session_key, &[token.as_bytes()])
    }

    /// What a request body is compared by. A body may hold a card number and its security code, which a plain hash of
    /// it would give away to whoever guesses the rest.
    pub fn request_body_hash(&self, digest: &[u8; 32]) -> [u8; 32] {
        keyed_hash(&self.body_key, &[digest])
    }

    /// What failed logins are counted by, so that the count keeps no list of mistyped addresses.
    pub fn login_subject_hash(&self, email: &str) -> [u8; 32] {
        keyed_hash(&self.login_key, &[email.as_bytes()])
    }

    fn unwrap_data_key(&self, parts: &Parts<'_>) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
        let key = self
            .keys
            .sealing(parts.version)
            .ok_or(VaultError::UnknownKey(parts.version))?;
        let mut data_key = Zeroizing::new([0u8; KEY_BYTES]);
        AesKek::new(&AES_256, key)
            .and_then(|kek| kek.unwrap(parts.wrapped_key, data_key.as_mut()).map(|_| ()))
            .map_err(|_| VaultError::Refused)?;
        Ok(data_key)
    }
}

/// A sealed value taken apart.
struct Parts<'s> {
    version: u32,
    wrapped_key: &'s [u8],
    nonce: [u8; NONCE_BYTES],
    ciphertext: &'s [u8],
}

impl<'s> Parts<'s> {
    fn of(sealed: &'s [u8]) -> Result<Self, VaultError> {
        let (head, ciphertext) = sealed
            .split_at_checked(CIPHERTEXT_AT)
            .ok_or(VaultError::NotSealed)?;
        let (head, nonce) = head.split_last_chunk().ok_or(VaultError::NotSealed)?;
        match head {
            [FORMAT, a, b, c, d, wrapped_key @ ..] if ciphertext.len() >= TAG_BYTES => Ok(Self {
                version: u32::from_be_bytes([*a, *b, *c, *d]),
                wrapped_key,
                nonce: *nonce,
                ciphertext,
            }),
            _ => Err(VaultError::NotSealed),
        }
    }
}

fn with_format(context: &[u8]) -> Vec<u8> {
    [&[FORMAT], context].concat()
}

fn gcm(data_key: &[u8; KEY_BYTES]) -> Result<RandomizedNonceKey, VaultError> {
    RandomizedNonceKey::new(&AES_256_GCM, data_key).map_err(|_| VaultError::Cryptography)
}

fn wrap(key: &[u8; KEY_BYTES], data_key: &[u8; KEY_BYTES]) -> Result<[u8; WRAPPED_KEY_BYTES], VaultError> {
    let mut wrapped = [0u8; WRAPPED_KEY_BYTES];
    AesKek::new(&AES_256, key)
        .and_then(|kek| kek.wrap(data_key, &mut wrapped).map(|_| ()))
        .map_err(|_| VaultError::Cryptography)?;
    Ok(wrapped)
}

fn derived(root: &[u8; KEY_BYTES], purpose: &[u8]) -> Result<hmac::Key, VaultError> {
    let mut key = [0u8; KEY_BYTES];
    hkdf::Salt::none(hkdf::HKDF_SHA256)
        .extract(root)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .map_err(|_| VaultError::Cryptography)?;
    let derived = hmac::Key::new(hmac::HMAC_SHA256, &key);
    key.zeroize();
    Ok(derived)
}

fn keyed_hash(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0u8; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vault(versions: u32) -> Vault {
        let sealing = (1..=versions)
            .map(|version| (version, Zeroizing::new([version as u8; 32])))
            .collect();
        Vault::from_keys(Keys::new(Zeroizing::new([9; 32]), sealing).unwrap()).unwrap()
    }

    fn opens(vault: &Vault, context: &[u8], sealed: &[u8], plaintext: &[u8]) -> bool {
        vault
            .open(context, sealed)
            .is_ok_and(|opened| opened.reveal() == plaintext)
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(context: Vec<u8>, plaintext: Vec<u8>) {
            let vault = vault(1);
            let sealed = vault.seal(&context, &plaintext).unwrap();
            prop_assert!(opens(&vault, &context, &sealed, &plaintext));
            prop_assert!(plaintext.len() < 8 || !sealed.windows(plaintext.len()).any(|part| part == plaintext));
        }

        #[test]
        fn another_context_is_refused(context: Vec<u8>, other: Vec<u8>, plaintext: Vec<u8>) {
            prop_assume!(context != other);
            let vault = vault(1);
            let sealed = vault.seal(&context, &plaintext).unwrap();
            prop_assert_eq!(vault.open(&other, &sealed).err(), Some(VaultError::Refused));
        }

        #[test]
        fn a_changed_byte_is_refused(plaintext: Vec<u8>, at: prop::sample::Index, change in 1..=255u8) {
            let vault = vault(1);
            let mut sealed = vault.seal(b"card", &plaintext).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= change;
            prop_assert!(vault.open(b"card", &sealed).is_err(), "byte {}", at);
        }

        #[test]
        fn a_rotated_key_still_opens(plaintext: Vec<u8>) {
            let (old, new) = (vault(1), vault(2));
            let sealed = old.seal(b"card", &plaintext).unwrap();
            prop_assert!(opens(&new, b"card", &sealed, &plaintext));
            let moved = new.rewrap(&sealed).unwrap().unwrap();
            prop_assert!(opens(&new, b"card", &moved, &plaintext));
            prop_assert_eq!(old.open(b"card", &moved).err(), Some(VaultError::UnknownKey(2)));
            prop_assert_eq!(new.rewrap(&moved).unwrap(), None);
            prop_assert!(new.open(b"other", &moved).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_open(bytes: Vec<u8>) {
            prop_assert!(vault(3).open(b"card", &bytes).is_err());
            prop_assert!(vault(3).rewrap(&bytes).is_err());
        }
    }

    #[test]
    fn two_seals_of_the_same_thing_differ() {
        let vault = vault(1);
        assert_ne!(
            vault.seal(b"card", b"same").unwrap(),
            vault.seal(b"card", b"same").unwrap()
        );
    }

    #[test]
    fn hashes_differ_by_purpose_and_merchant_and_survive_rotation() {
        let (old, new) = (vault(1), vault(2));
        let pan = Pan::parse("4000000000001000").unwrap();
        let merchants = [1u128, 2].map(|number| Id::from_uuid(uuid::Uuid::from_u128(number)));
        assert_eq!(
            old.card_fingerprint(merchants[0], &pan),
            new.card_fingerprint(merchants[0], &pan)
        );
        assert_ne!(
            old.card_fingerprint(merchants[0], &pan),
            old.card_fingerprint(merchants[1], &pan)
        );
        assert_ne!(old.api_key_hash("same"), old.session_token_hash("same"));
        let password = Secret::new("a password".to_owned());
        let hash = |vault: &Vault, pspid, userid| vault.directlink_password_hash(pspid, userid, &password);
        assert_eq!(hash(&old, "shop", "api"), hash(&new, "shop", "api"));
        assert_ne!(hash(&old, "shop", "api"), hash(&old, "shopa", "pi"));
    }
}
