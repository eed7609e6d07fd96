//! The cardholder's account number as it travels in `acctNumber`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// `acctNumber`: 13 to 19 digits, a card number or a payment token.
///
/// It serialises in the clear because the wire wants it so; `Debug` is masked, there is no `Display`, and the digits
/// come out only through [`reveal`](Self::reveal).
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AccountNumber(String);

impl AccountNumber {
    /// Takes 13 to 19 ASCII digits; the protocol asks for no check digit.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (13..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits. Never to be logged.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountNumber({} digits)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for AccountNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::code::deserialize_text(deserializer, Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_number_shows_itself_on_the_wire_and_nowhere_else() {
        let number = AccountNumber::parse("4000000000001000").unwrap();
        assert_eq!(format!("{number:?}"), "AccountNumber(16 digits)");
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"4000000000001000\"");
    }

    #[test]
    fn a_refused_account_number_is_not_repeated_in_the_error() {
        let error = serde_json::from_str::<AccountNumber>("\"400000000000100x\"").unwrap_err();
        assert!(!error.to_string().contains("4000"), "{error}");
    }
}
