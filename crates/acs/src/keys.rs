//! The service's keys: what is sealed, what is looked up by a keyed hash, and what codes are checked by.
//!
//! One root makes the hashes and never changes, since a hash cannot be made again without what was hashed. Sealing keys
//! have versions: the newest seals, all open. Every purpose has a key of its own, derived (HKDF-SHA256) from one of the
//! two; the key that checks codes is derived from a sealing key, so that it is rotated with it. [`file`] is where the keys
//! live.
//!
//! ```text
//! sealed value: format 1 | key version 4 | salt 16 | nonce 12 | ciphertext | tag 16
//! ```

pub mod file;

use crate::authentication_value::ValueKey;
use crate::identifiers::{CardId, IssuerId};
use crate::otp::{CodeContext, OtpCode};
use crate::phone::Phone;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    agreement::{ECDH_P256, PrivateKey},
    hkdf, hmac, rand,
};
use file::{KeyFileError, Material};
use std::collections::BTreeMap;
use std::{fmt, net::IpAddr, path::Path};
use thiserror::Error;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const KEY_BYTES: usize = 32;
const VERSION_AT: usize = 1;
const SALT_AT: usize = VERSION_AT + 4;
const SALT_BYTES: usize = 16;
const NONCE_AT: usize = SALT_AT + SALT_BYTES;
const CIPHERTEXT_AT: usize = NONCE_AT + NONCE_LEN;
/// Bytes of the hashes that logs may show and counters count by: enough to tell apart, too few to be worth anything.
const SHORT_HASH_BYTES: usize = 8;
const ENCRYPTION_KEY_TRIES: u8 = 8;

/// Why something could not be sealed, opened or checked. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysError {
    /// The bytes are not of the format above.
    #[error("is not a sealed value")]
    NotSealed,
    /// The key file lacks that version.
    #[error("needs key version {0}, which the key file does not have")]
    UnknownVersion(u32),
    /// Tampered with, or of another context.
    #[error("does not open: tampered with, or not of this context")]
    Refused,
    /// The random source or the cipher failed: a fault of the machine.
    #[error("cryptography failed")]
    Cryptography,
}

/// The service's keys. Share them behind an `Arc`.
pub struct Keys {
    pan: hmac::Key,
    phone: hmac::Key,
    address: hmac::Key,
    password: hmac::Key,
    device: hmac::Key,
    value: ValueKey,
    versions: BTreeMap<u32, Version>,
    newest: u32,
}

/// What is derived from one sealing key.
struct Version {
    sealing: hkdf::Prk,
    code: hmac::Key,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("newest", &self.newest)
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads a key file, which only its owner (and at most the group) may be able to read.
    ///
    /// # Errors
    /// When there is none, when others can read it, and when it is not of the form [`file`] describes.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        Self::of(&Material::read(path)?)
    }

    /// Makes a key file with fresh keys.
    ///
    /// # Errors
    /// When it exists already, which is left alone, and when it cannot be written.
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        Self::of(&Material::create(path)?)
    }

    /// Fresh keys that live as long as the process.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn generate() -> Result<Self, KeyFileError> {
        Self::of(&Material::generate()?)
    }

    fn of(material: &Material) -> Result<Self, KeyFileError> {
        let failed = |_: KeysError| KeyFileError::Cryptography;
        let root = extracted(&material.hash_root);
        let of_root = |purpose: &[u8]| derived(&root, &[purpose]).map_err(failed);
        let mut versions = BTreeMap::new();
        for (version, key) in &material.sealing {
            let sealing = extracted(key);
            let code = derived(&sealing, &[b"acs one-time password"]).map_err(failed)?;
            versions.insert(*version, Version { sealing, code });
        }
        Ok(Self {
            pan: of_root(b"acs account number")?,
            phone: of_root(b"acs phone")?,
            address: of_root(b"acs address")?,
            password: of_root(b"acs static password")?,
            device: of_root(b"acs device")?,
            value: ValueKey::new(&*expanded(&root, &[b"acs authentication value"]).map_err(failed)?),
            newest: material.newest()?,
            versions,
        })
    }

    /// Keys for this crate's tests, the same ones every time.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::for_tests_with_versions(1)
    }

    /// The same after `versions - 1` rotations.
    #[cfg(test)]
    pub(crate) fn for_tests_with_versions(versions: u8) -> Self {
        let sealing = (1..=versions)
            .map(|version| (u32::from(version), Zeroizing::new([version; KEY_BYTES])))
            .collect();
        Self::of(&Material {
            hash_root: Zeroizing::new([9; KEY_BYTES]),
            sealing,
        })
        .unwrap()
    }

    /// What a card is looked up by: a keyed hash of its account number, given as digits.
    pub fn pan_hash(&self, pan: &str) -> [u8; 32] {
        mac(&self.pan, &[pan.as_bytes()])
    }

    /// What a phone is counted by, and what logs may show of it beside the masked number.
    pub fn phone_hash(&self, phone: &Phone) -> [u8; SHORT_HASH_BYTES] {
        short(mac(&self.phone, &[phone.reveal().as_bytes()]))
    }

    /// What an internet address is counted by: IPv4 as it is, IPv6 by its /64, which is what one subscriber has.
    pub fn address_hash(&self, address: IpAddr) -> [u8; SHORT_HASH_BYTES] {
        let hash = match address.to_canonical() {
            IpAddr::V4(address) => mac(&self.address, &[b"4", &address.octets()]),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                let network = [a, b, c, d].map(u16::to_be_bytes).concat();
                mac(&self.address, &[b"6", &network])
            }
        };
        short(hash)
    }

    /// What a device is recognised by: a keyed hash of what it tells of itself.
    pub fn device_hash(&self, told: &[&str]) -> [u8; 32] {
        let parts: Vec<_> = told.iter().map(|part| part.as_bytes()).collect();
        mac(&self.device, &parts)
    }

    /// What authentication values are made with.
    pub fn values(&self) -> &ValueKey {
        &self.value
    }

    /// What is kept of a card's static password: its MAC under the card's name, so that two cards with the same password
    /// do not show it. Compare with [`crate::otp::same_mac`].
    pub fn password_mac(&self, issuer: &IssuerId, card: &CardId, password: &str) -> [u8; 32] {
        mac(
            &self.password,
            &[
                issuer.as_str().as_bytes(),
                card.as_str().as_bytes(),
                password.as_bytes(),
            ],
        )
    }

    /// The version that new codes are made with.
    pub fn newest_code_key(&self) -> u32 {
        self.newest
    }

    /// What is kept of a one-time password: a MAC that holds for this challenge, this code of it, this amount and this
    /// payee only. Compare with [`crate::otp::same_mac`].
    ///
    /// # Errors
    /// [`KeysError::UnknownVersion`].
    pub fn code_mac(
        &self,
        version: u32,
        context: &CodeContext<'_>,
        code: &OtpCode,
    ) -> Result<[u8; 32], KeysError> {
        let key = &self.version(version)?.code;
        Ok(context.mac_with(code, |parts| mac(key, parts)))
    }

    /// The key of this version that issuers encrypt card data to.
    ///
    /// # Errors
    /// [`KeysError::UnknownVersion`], [`KeysError::Cryptography`].
    pub(crate) fn encryption_key(&self, version: u32) -> Result<PrivateKey, KeysError> {
        let sealing = &self.version(version)?.sealing;
        // A few in 2^32 strings of bytes are no private key of the curve; then the next one is.
        (0..ENCRYPTION_KEY_TRIES)
            .find_map(|attempt: u8| {
                let scalar = expanded(sealing, &[b"acs card data", &[attempt]]).ok()?;
                PrivateKey::from_private_key(&ECDH_P256, &*scalar).ok()
            })
            .ok_or(KeysError::Cryptography)
    }

    /// Seals `plaintext` under the newest key so that it opens only with the same `context`: what it is, and of which row.
    ///
    /// # Errors
    /// [`KeysError::Cryptography`].
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeysError> {
        let mut salt = [0u8; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| KeysError::Cryptography)?;
        let key = self.version(self.newest)?.key_of(&salt)?;
        let mut contents = Zeroizing::new(Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len()));
        contents.extend_from_slice(plaintext);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(with_format(context)), &mut *contents)
            .map_err(|_| KeysError::Cryptography)?;
        let version = self.newest.to_be_bytes();
        Ok([&[FORMAT], &version[..], &salt, nonce.as_ref(), &contents].concat())
    }

    /// Opens what [`Keys::seal`] made with this context.
    ///
    /// # Errors
    /// All but [`KeysError::Cryptography`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let (head, ciphertext) = sealed
            .split_at_checked(CIPHERTEXT_AT)
            .ok_or(KeysError::NotSealed)?;
        let (head, nonce) = head.split_last_chunk().ok_or(KeysError::NotSealed)?;
        let [FORMAT, a, b, c, d, salt @ ..] = head else {
            return Err(KeysError::NotSealed);
        };
        let key = self.version(u32::from_be_bytes([*a, *b, *c, *d]))?.key_of(salt)?;
        let mut contents = Zeroizing::new(ciphertext.to_vec());
        let length = key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(with_format(context)),
                &mut contents,
            )
            .map_err(|_| KeysError::Refused)?
            .len();
        contents.truncate(length);
        Ok(contents)
    }

    fn version(&self, version: u32) -> Result<&Version, KeysError> {
        self.versions
            .get(&version)
            .ok_or(KeysError::UnknownVersion(version))
    }
}

impl Version {
    /// The key of one sealed value. With one each, random nonces set no limit on how many are sealed.
    fn key_of(&self, salt: &[u8]) -> Result<RandomizedNonceKey, KeysError> {
        let key = expanded(&self.sealing, &[b"acs seal", salt])?;
        RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| KeysError::Cryptography)
    }
}

fn with_format(context: &[u8]) -> Vec<u8> {
    [&[FORMAT], context].concat()
}

fn extracted(key: &[u8; KEY_BYTES]) -> hkdf::Prk {
    hkdf::Salt::none(hkdf::HKDF_SHA256).extract(key)
}

fn expanded(from: &hkdf::Prk, info: &[&[u8]]) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeysError> {
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    from.expand(info, hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut *key))
        .map_err(|_| KeysError::Cryptography)?;
    Ok(key)
}

fn derived(from: &hkdf::Prk, info: &[&[u8]]) -> Result<hmac::Key, KeysError> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*expanded(from, info)?))
}

/// HMAC over the parts, each with its length in front, so that no two lists of parts read the same.
fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut mac = [0u8; 32];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

fn short(hash: [u8; 32]) -> [u8; SHORT_HASH_BYTES] {
    let mut short = [0u8; SHORT_HASH_BYTES];
    short.copy_from_slice(&hash[..SHORT_HASH_BYTES]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_with_its_context_only(context: Vec<u8>, other: Vec<u8>, plaintext: Vec<u8>) {
            let keys = Keys::for_tests();
            let sealed = keys.seal(&context, &plaintext).unwrap();
            prop_assert_eq!(&*keys.open(&context, &sealed).unwrap(), &plaintext);
            prop_assert!(plaintext.len() < 8 || !sealed.windows(plaintext.len()).any(|part| part == plaintext));
            if context != other {
                prop_assert_eq!(keys.open(&other, &sealed).err(), Some(KeysError::Refused));
            }
        }

        #[test]
        fn a_changed_byte_is_refused(plaintext: Vec<u8>, at: prop::sample::Index, change in 1..=255u8) {
            let keys = Keys::for_tests();
            let mut sealed = keys.seal(b"code", &plaintext).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= change;
            prop_assert!(keys.open(b"code", &sealed).is_err(), "byte {}", at);
        }

        #[test]
        fn arbitrary_bytes_never_open(bytes: Vec<u8>) {
            prop_assert!(Keys::for_tests().open(b"code", &bytes).is_err());
        }
    }

    #[test]
    fn a_rotated_key_opens_the_old_and_seals_anew() {
        let (old, new) = (Keys::for_tests(), Keys::for_tests_with_versions(2));
        let sealed = old.seal(b"phone", b"+525512345678").unwrap();
        assert_eq!(&**new.open(b"phone", &sealed).unwrap(), b"+525512345678");
        let sealed = new.seal(b"phone", b"+525512345678").unwrap();
        assert_eq!(
            old.open(b"phone", &sealed).err(),
            Some(KeysError::UnknownVersion(2))
        );
        assert_eq!(new.newest_code_key(), 2);
    }

    #[test]
    fn hashes_survive_rotation_and_differ_by_purpose() {
        let (old, new) = (Keys::for_tests(), Keys::for_tests_with_versions(2));
        let phone = Phone::parse("+525512345678").unwrap();
        assert_eq!(old.pan_hash("4000000000001000"), new.pan_hash("4000000000001000"));
        assert_eq!(old.phone_hash(&phone), new.phone_hash(&phone));
        assert_ne!(old.pan_hash("+525512345678")[..8], old.phone_hash(&phone));
    }

    #[test]
    fn an_ipv6_address_counts_by_its_64_bit_network() {
        let keys = Keys::for_tests();
        let hash = |text: &str| keys.address_hash(text.parse().unwrap());
        assert_eq!(hash("2001:db8:1:2::1"), hash("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(hash("2001:db8:1:2::1"), hash("2001:db8:1:3::1"));
        assert_ne!(hash("192.0.2.1"), hash("192.0.2.2"));
        assert_eq!(hash("192.0.2.1"), hash("::ffff:192.0.2.1"));
    }

    #[test]
    fn the_same_password_looks_different_on_every_card() {
        let keys = Keys::for_tests();
        let issuer = |text| IssuerId::parse(text).unwrap();
        let card = |text| CardId::parse(text).unwrap();
        let one = keys.password_mac(&issuer("banco-0001"), &card("one"), "11111");
        assert_eq!(
            one,
            keys.password_mac(&issuer("banco-0001"), &card("one"), "11111")
        );
        assert_ne!(
            one,
            keys.password_mac(&issuer("banco-0001"), &card("two"), "11111")
        );
        assert_ne!(
            one,
            keys.password_mac(&issuer("banco-0002"), &card("one"), "11111")
        );
        assert_ne!(
            one,
            keys.password_mac(&issuer("banco-0001"), &card("one"), "11112")
        );
    }

    #[test]
    fn keys_do_not_show_in_debug() {
        assert_eq!(format!("{:?}", Keys::for_tests()), "Keys { newest: 1, .. }");
    }
}
