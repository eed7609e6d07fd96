//! ISO 4217 currencies: alphabetic code, numeric code and number of minor-unit digits.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use thiserror::Error;

/// A currency of ISO 4217 that money can be charged in.
///
/// Precious metals, test and "no currency" codes (numeric 955–964 and 999, which EMV 3DS forbids too) are not
/// currencies here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// The text is no ISO 4217 alphabetic code that money can be charged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    pub const MXN: Currency = Currency(iso_currency::Currency::MXN);
    pub const USD: Currency = Currency(iso_currency::Currency::USD);
    pub const COP: Currency = Currency(iso_currency::Currency::COP);
    pub const CLP: Currency = Currency(iso_currency::Currency::CLP);
    pub const EUR: Currency = Currency(iso_currency::Currency::EUR);
    pub const BRL: Currency = Currency(iso_currency::Currency::BRL);
    pub const PEN: Currency = Currency(iso_currency::Currency::PEN);
    pub const GBP: Currency = Currency(iso_currency::Currency::GBP);
    pub const CHF: Currency = Currency(iso_currency::Currency::CHF);
    pub const JPY: Currency = Currency(iso_currency::Currency::JPY);
    pub const ISK: Currency = Currency(iso_currency::Currency::ISK);

    /// Reads an alphabetic code such as `MXN`; lower case is taken too.
    pub fn parse(text: &str) -> Result<Self, UnknownCurrency> {
        let mut upper = [0u8; 3];
        if text.len() != 3 {
            return Err(UnknownCurrency);
        }
        upper.copy_from_slice(text.as_bytes());
        upper.make_ascii_uppercase();
        let code = std::str::from_utf8(&upper).map_err(|_| UnknownCurrency)?;
        Self::chargeable(iso_currency::Currency::from_code(code))
    }

    /// Reads a numeric code of three digits such as `484`, as EMV 3DS and ISO 8583 write it.
    pub fn parse_numeric3(text: &str) -> Result<Self, UnknownCurrency> {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UnknownCurrency);
        }
        let number = text.parse().map_err(|_| UnknownCurrency)?;
        Self::chargeable(iso_currency::Currency::from_numeric(number))
    }

    fn chargeable(found: Option<iso_currency::Currency>) -> Result<Self, UnknownCurrency> {
        let found = found.ok_or(UnknownCurrency)?;
        match found.numeric() {
            955..=964 | 999 => Err(UnknownCurrency),
            _ if found.exponent().is_none() => Err(UnknownCurrency),
            _ => Ok(Self(found)),
        }
    }

    /// The alphabetic code, `MXN`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The numeric code as three digits, `484`, as EMV 3DS and ISO 8583 write it.
    pub fn numeric3(self) -> String {
        format!("{:03}", self.0.numeric())
    }

    /// How many decimal digits the minor unit has: 2 for MXN, 0 for CLP, 3 for KWD.
    pub fn exponent(self) -> u8 {
        match self.0.exponent() {
            Some(digits) => u8::try_from(digits).unwrap_or(2),
            None => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_and_numbers_come_from_iso_4217() {
        assert_eq!(Currency::MXN.exponent(), 2);
        assert_eq!(Currency::CLP.exponent(), 0);
        assert_eq!(Currency::parse("KWD").map(Currency::exponent), Ok(3));
        assert_eq!(Currency::USD.numeric3(), "840");
        assert_eq!(Currency::parse("ALL").map(Currency::numeric3), Ok("008".into()));
    }

    #[test]
    fn gold_test_and_no_currency_are_refused() {
        for code in ["XAU", "XTS", "XXX", "ZZZ", "MX", "MXNN", "ñ1"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency), "{code}");
        }
        assert_eq!(Currency::parse("mxn"), Ok(Currency::MXN));
        assert_eq!(Currency::parse_numeric3("484"), Ok(Currency::MXN));
        for number in ["999", "961", "48", "4840", "+84", "000"] {
            assert_eq!(Currency::parse_numeric3(number), Err(UnknownCurrency), "{number}");
        }
    }
}
