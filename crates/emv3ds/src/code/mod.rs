//! The code lists of the messages' elements: what a value of one, two or three characters means.
//!
//! Every list knows its wire forms and the version that introduced each, so the element tables of [`crate::validate`] and
//! the typed messages read from the same place. Values 80 to 99 belong to the directory servers where a list says so.

use std::{fmt, marker::PhantomData};

use serde::{Deserializer, de};

use crate::Version;

mod authentication;
mod card_range;
mod challenge;
mod error;
mod message;
pub mod object;
mod requestor;
mod status;

pub use authentication::{
    AuthenticationMethod, AuthenticationType, ChallengeExemption, DeviceBindingSource, DeviceBindingStatus,
    SecurityCodeStatus, SecurityCodeStatusSource, TrustListSource, TrustListStatus,
};
pub use card_range::{AcsInfoInd, ActionInd};
pub use challenge::{ChallengeCancel, ChallengeWindowSize, ResultsStatus};
pub use error::ErrorCode;
pub use message::{Component, DeviceChannel, MessageCategory, MessageType};
pub use requestor::{
    AccountType, CompletionIndicator, DecoupledRequestInd, RequestorAuthenticationInd, RequestorChallengeInd,
    ThreeRiInd, TransactionType, YesNo,
};
pub use status::{TransStatus, TransStatusReason};

/// The wire forms of a code list, with the version each appeared in.
#[derive(Debug)]
pub struct CodeList {
    pub(crate) values: &'static [(&'static str, Version)],
    /// Whether 80 to 99 are left to the directory servers.
    pub(crate) ds_values: bool,
}

impl CodeList {
    /// The wire forms, without those left to the directory servers.
    pub fn values(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(text, _)| *text)
    }

    /// Whether the value may appear in a message of this version.
    pub fn allows(&self, text: &str, version: Version) -> bool {
        self.values
            .iter()
            .any(|(value, since)| *value == text && *since <= version)
            || (self.ds_values && DsValue::parse(text).is_some())
    }

    /// Whether the value is kept for what EMVCo may define later: two digits below 80 without a meaning in this version,
    /// of a list whose upper end is the directory servers'.
    pub fn reserves(&self, text: &str, version: Version) -> bool {
        let below_80 = matches!(text.as_bytes(), [b'0'..=b'7', b'0'..=b'9']) && text != "00";
        self.ds_values && below_80 && !self.allows(text, version)
    }
}

/// A value from 80 to 99, defined by a directory server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DsValue(usize);

impl DsValue {
    const TEXTS: [&'static str; 20] = [
        "80", "81", "82", "83", "84", "85", "86", "87", "88", "89", "90", "91", "92", "93", "94", "95", "96",
        "97", "98", "99",
    ];

    /// Reads `80` to `99`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::TEXTS.iter().position(|value| *value == text).map(Self)
    }

    /// The two digits.
    pub fn as_str(self) -> &'static str {
        Self::TEXTS.get(self.0).copied().unwrap_or_default()
    }
}

impl fmt::Debug for DsValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Deserialises a string through `parse`. The error never repeats the string, which may be card data.
pub(crate) fn deserialize_text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<T>(fn(&str) -> Option<T>, PhantomData<T>);

    impl<T> de::Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string of the element's format")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).ok_or_else(|| E::custom("a value outside the element's format"))
        }
    }

    deserializer.deserialize_str(Text(parse, PhantomData))
}

/// Declares a code list: an enum, its wire forms, and the version each wire form appeared in (2.1.0 unless said).
///
/// A macro because the same five functions over twenty lists would hide the lists themselves.
macro_rules! code_list {
    (@since) => { $crate::Version::V2_1_0 };
    (@since $since:ident) => { $crate::Version::$since };
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal $(since $since:ident)?),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        impl $name {
            /// The wire forms.
            pub const LIST: $crate::code::CodeList = $crate::code::CodeList {
                values: &[$(($text, $crate::code::code_list!(@since $($since)?))),+],
                ds_values: false,
            };

            /// The wire form.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value with this wire form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        $crate::code::code_list!(@text $name);
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident or directory server value {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal $(since $since:ident)?),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// 80 to 99, as the directory server defines them.
            DirectoryServer($crate::code::DsValue),
        }

        impl $name {
            /// The wire forms.
            pub const LIST: $crate::code::CodeList = $crate::code::CodeList {
                values: &[$(($text, $crate::code::code_list!(@since $($since)?))),+],
                ds_values: true,
            };

            /// The wire form.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::DirectoryServer(value) => value.as_str(),
                }
            }

            /// The value with this wire form.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => $crate::code::DsValue::parse(text).map(Self::DirectoryServer),
                }
            }
        }

        $crate::code::code_list!(@text $name);
    };
    (@text $name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::code::deserialize_text(deserializer, Self::parse)
            }
        }
    };
}
pub(crate) use code_list;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_what_it_writes() {
        for list in [&TransStatusReason::LIST, &RequestorChallengeInd::LIST] {
            assert!(list.ds_values);
        }
        for (text, _) in TransStatusReason::LIST.values {
            assert_eq!(TransStatusReason::parse(text).unwrap().as_str(), *text);
        }
        assert_eq!(TransStatusReason::parse("80").unwrap().to_string(), "80");
        assert_eq!(TransStatusReason::parse("79"), None);
        assert_eq!(TransStatusReason::parse("100"), None);
    }

    #[test]
    fn a_value_is_allowed_from_the_version_that_introduced_it() {
        assert!(!TransStatus::LIST.allows("D", Version::V2_1_0));
        assert!(TransStatus::LIST.allows("D", Version::V2_2_0));
        assert!(!TransStatusReason::LIST.allows("22", Version::V2_1_0));
        assert!(TransStatusReason::LIST.allows("99", Version::V2_1_0));
        assert!(TransStatus::LIST.allows("S", Version::V2_3_1));
        assert!(!ThreeRiInd::LIST.allows("19", Version::V2_2_0));
    }

    #[test]
    fn what_emvco_has_not_defined_yet_is_reserved() {
        for (text, version, reserved) in [
            ("31", Version::V2_3_1, true),
            ("27", Version::V2_2_0, true),
            ("27", Version::V2_3_1, false),
            ("79", Version::V2_1_0, true),
            ("80", Version::V2_1_0, false),
            ("00", Version::V2_3_1, false),
            ("x", Version::V2_3_1, false),
        ] {
            assert_eq!(
                TransStatusReason::LIST.reserves(text, version),
                reserved,
                "{text} {version}"
            );
        }
        assert!(
            !TransactionType::LIST.reserves("02", Version::V2_3_1),
            "ISO 8583's"
        );
    }
}
