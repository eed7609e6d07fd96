//! What accounts, users and kept cards of DirectLink are called.

use std::{fmt, str::FromStr};
use thiserror::Error;

/// The name of an account: 1 to 30 letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pspid(String);

/// The name of a user: 2 to 20 letters, digits, `-`, `_`, `.` and `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserId(String);

/// The name of a card that a shop keeps: 1 to 50 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasName(String);

/// The text is no such name; says what one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NotAName(&'static str);

/// At least one letter or digit, so that a name in an address is never `.` or `..`.
fn is_name(text: &str, others: &[char]) -> bool {
    text.chars().any(|symbol| symbol.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|symbol| symbol.is_ascii_alphanumeric() || others.contains(&symbol))
}

impl FromStr for Pspid {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if (1..=30).contains(&text.len()) && is_name(text, &['-', '_', '.']) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAName("must have 1 to 30 letters, digits, -, _ or ."))
    }
}

impl FromStr for UserId {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        if (2..=20).contains(&text.len()) && is_name(text, &['-', '_', '.', '@']) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAName("must have 2 to 20 letters, digits, -, _, . or @"))
    }
}

impl FromStr for AliasName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let is_of_name = |symbol: u8| symbol.is_ascii_alphanumeric() || matches!(symbol, b'-' | b'_');
        if (1..=50).contains(&text.len()) && text.bytes().all(is_of_name) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAName("must have 1 to 50 letters, digits, - or _"))
    }
}

impl AliasName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pspid {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UserId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pspid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_letters_and_hold_nothing_that_an_address_or_a_hash_could_trip_over() {
        for name in ["MyPSPID", "merchant-id", "a.b_c", "0"] {
            assert!(name.parse::<Pspid>().is_ok(), "{name}");
        }
        let long = "x".repeat(31);
        for name in ["", ".", "..", "a/b", "a b", "a\0b", "ñandú", &long] {
            assert!(name.parse::<Pspid>().is_err(), "{name}");
        }
        assert!("api@shop".parse::<UserId>().is_ok());
        assert!("a".parse::<UserId>().is_err());
        assert!("x".repeat(21).parse::<UserId>().is_err());
        assert!("__".parse::<AliasName>().is_ok() && "x".repeat(50).parse::<AliasName>().is_ok());
        assert!("a.b".parse::<AliasName>().is_err() && "x".repeat(51).parse::<AliasName>().is_err());
    }
}
