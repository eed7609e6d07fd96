//! The card security code as it travels in `cardSecurityCode`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// `cardSecurityCode`: three or four digits, never to be stored.
///
/// It serialises in the clear because the wire wants it so; `Debug` shows nothing of it and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CardSecurityCode(String);

impl CardSecurityCode {
    /// Takes three or four ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits. Never to be logged or stored.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardSecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardSecurityCode(..)")
    }
}

impl<'de> Deserialize<'de> for CardSecurityCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_security_code_shows_itself_on_the_wire_and_nowhere_else() {
        let code = CardSecurityCode::parse("737").unwrap();
        assert_eq!(format!("{code:?}"), "CardSecurityCode(..)");
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"737\"");
        for text in ["", "73", "73737", "73x"] {
            assert!(CardSecurityCode::parse(text).is_none(), "{text}");
        }
    }
}
