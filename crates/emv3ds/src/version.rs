//! Protocol versions: the ones this crate speaks, and any that a peer may name.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A protocol version this crate has tables for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2.1.0, October 2017. Most networks have dropped it.
    V2_1_0,
    /// 2.2.0, December 2018. Active everywhere.
    V2_2_0,
    /// 2.3.1, 2022. Its patch level (2.3.1.1) is not sent.
    V2_3_1,
}

impl Version {
    /// Every version spoken, lowest first.
    pub const ALL: [Self; 3] = [Self::V2_1_0, Self::V2_2_0, Self::V2_3_1];

    /// The wire form of `messageVersion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2_1_0 => "2.1.0",
            Self::V2_2_0 => "2.2.0",
            Self::V2_3_1 => "2.3.1",
        }
    }

    /// The version with this wire form, if it is one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The same version as a number that compares with versions we do not speak.
    pub const fn number(self) -> ProtocolVersion {
        match self {
            Self::V2_1_0 => ProtocolVersion::new(2, 1, 0),
            Self::V2_2_0 => ProtocolVersion::new(2, 2, 0),
            Self::V2_3_1 => ProtocolVersion::new(2, 3, 1),
        }
    }

    /// The column of this version in the element tables.
    pub(crate) const fn column(self) -> usize {
        match self {
            Self::V2_1_0 => 0,
            Self::V2_2_0 => 1,
            Self::V2_3_1 => 2,
        }
    }

    /// The versions' wire forms, comma separated: the `errorDetail` of an `Erro` 102.
    pub(crate) fn list(versions: &[Self]) -> String {
        versions
            .iter()
            .map(|version| version.as_str())
            .collect::<Vec<_>>()
            .join(",")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

/// Any version number a card range or a directory server may name, known to us or not (a PRes may end at 2.4.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion {
    major: u8,
    minor: u8,
    patch: u8,
    /// Fourth number (`2.3.1.1`), 0 when the wire form has three.
    level: u8,
}

impl ProtocolVersion {
    /// A version of three numbers.
    pub const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            major,
            minor,
            patch,
            level: 0,
        }
    }

    /// Reads `2.2.0` or `2.3.1.1`; the wire allows 5 to 8 characters.
    pub fn parse(text: &str) -> Option<Self> {
        if !(5..=8).contains(&text.len()) {
            return None;
        }
        let mut numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u8>().ok()).flatten()
        });
        let mut next = || numbers.next();
        let (major, minor, patch) = (next()??, next()??, next()??);
        let level = match next() {
            Some(level) => level?,
            None => 0,
        };
        next().is_none().then_some(Self {
            major,
            minor,
            patch,
            level,
        })
    }

    /// The version without its patch level: 2.3.1 for `2.3.1.1`.
    #[must_use]
    pub const fn release(self) -> Self {
        Self { level: 0, ..self }
    }
}

impl From<Version> for ProtocolVersion {
    fn from(version: Version) -> Self {
        version.number()
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if self.level > 0 {
            write!(f, ".{}", self.level)?;
        }
        Ok(())
    }
}

impl Serialize for ProtocolVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ProtocolVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_and_read_what_they_write() {
        assert!(Version::V2_1_0 < Version::V2_2_0);
        for version in Version::ALL {
            assert_eq!(Version::parse(version.as_str()), Some(version));
            assert_eq!(ProtocolVersion::parse(version.as_str()), Some(version.number()));
        }
        for text in ["2.3.0", "2.3.1.1", "2.4.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_we_do_not_speak_still_compare() {
        let later = ProtocolVersion::parse("2.3.1.1").unwrap();
        assert!(later > ProtocolVersion::new(2, 3, 1));
        assert!(later > Version::V2_2_0.number());
        assert_eq!(later.to_string(), "2.3.1.1");
    }

    #[test]
    fn a_version_is_three_or_four_small_numbers() {
        for text in [
            "",
            "2",
            "2.2",
            "2.2.",
            "2.2.x",
            "2.2.0.0.1",
            "2.+2.0",
            "2.2.300",
            "22222222",
        ] {
            assert_eq!(ProtocolVersion::parse(text), None, "{text}");
        }
    }
}
