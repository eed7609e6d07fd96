//! Signatures of the protocol (ogone-directlink.md, sections 4 and 9.4): a digest over `NAME=value` and a passphrase, for each
//! parameter in the order of the names.

use super::{
    signed_names::{NUMBERED, SIGNED_BY_SHOPS, SIGNED_BY_US, SIGNED_SINCE},
    windows_1252,
};
use aws_lc_rs::digest;
use primitives::Secret;

/// The digest of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// 40 hexadecimal digits.
    Sha1,
    /// 64.
    Sha256,
    /// 128.
    Sha512,
}

impl Hash {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// As configuration has it: `sha1`, `sha256`, `sha512`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.as_str() == text)
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            // The vendor's oldest accounts have it; a passphrase keeps collisions from being of use to anybody.
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// How the parameters are put in order.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// By name, `ITEMNAME2` before `ITEMNAME10`.
    Numbers,
    /// By name as text.
    Names,
    /// By the whole of `NAME=value`.
    Whole,
}

/// Parameters by their names in upper case, and the bytes that count.
pub type Pairs = Vec<(String, Vec<u8>)>;

/// Our signature over what of `pairs` is on the list of what we sign, in upper case. It is made over the bytes that are sent,
/// which are those of Windows-1252.
pub fn sign(pairs: &[(&str, &str)], passphrase: &Secret<String>, hash: Hash) -> String {
    let signed = pairs
        .iter()
        .map(|(name, value)| (name.to_ascii_uppercase(), windows_1252::bytes(value)))
        .filter(|(name, value)| !value.is_empty() && is_signed_by_us(name))
        .collect();
    digest_of(signed, Order::Numbers, passphrase, hash)
}

/// Whether shops that sign only what is on the vendor's list sign this parameter, by its name in upper case.
pub fn is_listed(name: &str) -> bool {
    SIGNED_BY_SHOPS.binary_search(&name).is_ok()
        || SIGNED_SINCE.iter().any(|beginning| name.starts_with(beginning))
        || numbered(name).1.is_some()
}

/// Whether we sign this parameter, by its name in upper case.
pub fn is_signed_by_us(name: &str) -> bool {
    SIGNED_BY_US.binary_search(&name).is_ok()
}

/// A name of a numbered family as its stem and its number; any other as itself.
fn numbered(name: &str) -> (&str, Option<u64>) {
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let number = name.get(stem.len()..).and_then(|digits| digits.parse().ok());
    match number {
        Some(number) if NUMBERED.binary_search(&stem).is_ok() => (stem, Some(number)),
        _ => (name, None),
    }
}

/// The digest in upper-case hexadecimal digits.
pub fn digest_of(mut pairs: Pairs, order: Order, passphrase: &Secret<String>, hash: Hash) -> String {
    match order {
        Order::Numbers => pairs.sort_by(|(one, _), (other, _)| numbered(one).cmp(&numbered(other))),
        Order::Names => pairs.sort_by(|(one, _), (other, _)| one.cmp(other)),
        Order::Whole => pairs.sort_by_key(whole),
    }
    let mut context = digest::Context::new(hash.algorithm());
    for pair in &pairs {
        context.update(&whole(pair));
        context.update(passphrase.reveal().as_bytes());
    }
    let made = context.finish();
    made.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

fn whole((name, value): &(String, Vec<u8>)) -> Vec<u8> {
    [name.as_bytes(), b"=", value].concat()
}
