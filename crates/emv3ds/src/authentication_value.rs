//! What an authentication is worth to the issuer: the authentication value and the ECI.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Version;

/// `authenticationValue`: 28 characters of standard base64 (20 bytes with one `=`, or 21 bytes) in 2.1.0 and 2.2.0; from
/// 2.3.1 whatever the scheme defines, at most 4000 characters.
///
/// It proves an authentication, so `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AuthenticationValue(String);

impl AuthenticationValue {
    /// Length on the wire in 2.1.0 and 2.2.0, in characters.
    pub const LENGTH: usize = 28;
    /// Longest value from 2.3.1 on, in characters.
    pub const LENGTH_MAX: usize = 4000;

    /// Takes 1 to 4000 visible ASCII characters. Which of them a version allows is the business of its table.
    pub fn parse(text: &str) -> Option<Self> {
        let fits =
            (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// Whether a text has the form of 2.1.0 and 2.2.0: `[A-Za-z0-9+/]{26,28}={0,2}`, exactly 28 characters.
    pub(crate) fn is_of_28(text: &str) -> bool {
        let body = text.trim_end_matches('=');
        text.len() == Self::LENGTH
            && body.len() >= Self::LENGTH - 2
            && body
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
    }

    /// Whether it has the form that this version asks for.
    pub fn fits(&self, version: Version) -> bool {
        version >= Version::V2_3_1 || Self::is_of_28(&self.0)
    }

    /// The characters as they came, for the message that carries them to an acquirer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthenticationValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationValue(..)")
    }
}

impl<'de> Deserialize<'de> for AuthenticationValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

/// `eci`: two characters whose meaning is each directory server's own. Kept as it came, never computed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Eci([u8; 2]);

impl Eci {
    /// Takes two characters of `[0-9A-Z]`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        let fits = bytes
            .iter()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        fits.then_some(Self(bytes))
    }

    /// The two characters as they came.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Eci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Eci({})", self.as_str())
    }
}

impl fmt::Display for Eci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Eci {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Eci {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_and_twenty_one_bytes_of_base64_are_authentication_values() {
        assert!(AuthenticationValue::is_of_28("AAABBBCCCDDDEEEFFFGGGHHHIII="));
        assert!(AuthenticationValue::is_of_28("xgQAAABBBCCCDDDEEEFFFGGGHHHI"));
        for text in [
            "",
            "AAAB",
            "AAABBBCCCDDDEEEFFFGGGHHH====",
            "AAABBBCCCDDDEEEFFFGGGHHHII-_",
            "=AAABBBCCCDDDEEEFFFGGGHHHIII",
        ] {
            assert!(!AuthenticationValue::is_of_28(text), "{text}");
        }
    }

    #[test]
    fn a_scheme_may_define_longer_values() {
        let longest = "x".repeat(AuthenticationValue::LENGTH_MAX);
        assert!(AuthenticationValue::parse(&longest).is_some());
        for text in [String::new(), format!("{longest}x"), "a b".into(), "ñ".into()] {
            assert!(AuthenticationValue::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_eci_is_any_two_capitals_or_digits_kept_raw() {
        assert_eq!(Eci::parse("05").unwrap().as_str(), "05");
        assert_eq!(Eci::parse("N2").unwrap().to_string(), "N2");
        for text in ["5", "005", "n2", "é"] {
            assert!(Eci::parse(text).is_none(), "{text}");
        }
    }
}
