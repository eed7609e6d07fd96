//! Money: an integer count of minor units in a currency. No floats, no silent overflow, no mixing of currencies.

use crate::Currency;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// The largest amount Pasarela handles, in minor units: twelve digits, what ISO 8583 field 4 carries.
pub const MAX_MINOR: i64 = 999_999_999_999;

/// A non-negative amount of money of at most [`MAX_MINOR`] minor units.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    amount: i64,
    currency: Currency,
}

/// Why a number is no amount of money, or why two amounts do not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    #[error("must not be negative")]
    Negative,
    #[error("must be at most {MAX_MINOR} minor units")]
    TooLarge,
    #[error("must be a whole number of minor units")]
    NotAWholeNumber,
    #[error("is in another currency")]
    CurrencyMismatch,
    #[error("has more decimal digits than the currency")]
    TooManyDecimals,
}

impl Amount {
    /// An amount of `minor` units: `Amount::new(1050, MXN)` is 10.50 Mexican pesos.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        if minor < 0 {
            Err(AmountError::Negative)
        } else if minor > MAX_MINOR {
            Err(AmountError::TooLarge)
        } else {
            Ok(Self { minor, currency })
        }
    }

    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    pub fn minor(self) -> i64 {
        self.minor
    }

    pub fn currency(self) -> Currency {
        self.currency
    }

    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        Self::new(
            self.minor.checked_add(other.minor).ok_or(AmountError::TooLarge)?,
            self.currency,
        )
    }

    /// The difference; taking away more than there is answers [`AmountError::Negative`].
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        Self::new(self.minor - other.minor, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), AmountError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(AmountError::CurrencyMismatch)
        }
    }

    /// The amount in major units as exact decimal text with the currency's number of decimals: `10.50`, `1000`.
    pub fn to_decimal(self) -> String {
        let exponent = usize::from(self.currency.exponent());
        if exponent == 0 {
            return self.minor.to_string();
        }
        let digits = format!("{:0width$}", self.minor, width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        format!("{whole}.{fraction}")
    }

    /// Reads decimal text in major units (`10.5`, `10.50`, `10`). Digits below the minor unit must be zero.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let exponent = usize::from(currency.exponent());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.starts_with('-') {
            return Err(AmountError::Negative);
        }
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(AmountError::NotAWholeNumber);
        }
        let (kept, dropped) = fraction.split_at(fraction.len().min(exponent));
        if dropped.bytes().any(|digit| digit != b'0') {
            return Err(AmountError::TooManyDecimals);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 12 {
            return Err(AmountError::TooLarge);
        }
        let digits = format!("0{whole}{kept:0<exponent$}");
        Self::new(digits.parse().map_err(|_| AmountError::TooLarge)?, currency)
    }

    /// Reads a JSON number that counts minor units. `1000.0` is taken since clients type amounts as doubles;
    /// `10.5` is refused.
    pub fn from_json_number(number: &serde_json::Number, currency: Currency) -> Result<Self, AmountError> {
        let text = number.to_string();
        let whole = match text.split_once('.') {
            None => text.as_str(),
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
            Some(_) => return Err(AmountError::NotAWholeNumber),
        };
        match whole.parse::<i64>() {
            Ok(minor) => Self::new(minor, currency),
            Err(_) if whole.starts_with('-') => Err(AmountError::Negative),
            Err(_) if all_digits(whole) => Err(AmountError::TooLarge),
            Err(_) => Err(AmountError::NotAWholeNumber),
        }
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl From<Amount> for Parts {
    fn from(amount: Amount) -> Self {
        Self {
            amount: amount.minor,
            currency: amount.currency,
        }
    }
}

impl TryFrom<Parts> for Amount {
    type Error = AmountError;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        Self::new(parts.amount, parts.currency)
    }
}

/// `MXN 10.50`, the form of DEUNA's `display_*` members.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_decimal())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mxn(minor: i64) -> Amount {
        Amount::new(minor, Currency::MXN).unwrap()
    }

    #[test]
    fn decimals_follow_the_currency() {
        assert_eq!(mxn(5).to_decimal(), "0.05");
        assert_eq!(mxn(1050).to_string(), "MXN 10.50");
        assert_eq!(Amount::new(1050, Currency::CLP).unwrap().to_decimal(), "1050");
    }

    #[test]
    fn whole_doubles_are_read_and_fractions_are_refused() {
        let read = |json: &str| Amount::from_json_number(&serde_json::from_str(json).unwrap(), Currency::MXN);
        assert_eq!(read("1000"), Ok(mxn(1000)));
        assert_eq!(read("1000.0"), Ok(mxn(1000)));
        assert_eq!(read("10.5"), Err(AmountError::NotAWholeNumber));
        assert_eq!(read("-1"), Err(AmountError::Negative));
        assert_eq!(read("1e40"), Err(AmountError::NotAWholeNumber));
        assert_eq!(read("18446744073709551615"), Err(AmountError::TooLarge));
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = Amount::new(1, Currency::USD).unwrap();
        assert_eq!(mxn(1).checked_add(dollars), Err(AmountError::CurrencyMismatch));
        assert_eq!(mxn(1).checked_sub(dollars), Err(AmountError::CurrencyMismatch));
    }

    proptest! {
        #[test]
        fn decimal_text_reads_back_as_the_same_amount(minor in 0..=MAX_MINOR, which in 0..3usize) {
            let currency = [Currency::MXN, Currency::CLP, Currency::parse("KWD").unwrap()][which];
            let amount = Amount::new(minor, currency).unwrap();
            prop_assert_eq!(Amount::from_decimal(&amount.to_decimal(), currency), Ok(amount));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = Amount::from_decimal(&text, Currency::MXN);
        }

        #[test]
        fn adding_and_taking_away_returns_to_the_start(a in 0..=MAX_MINOR / 2, b in 0..=MAX_MINOR / 2) {
            prop_assert_eq!(mxn(a).checked_add(mxn(b)).unwrap().checked_sub(mxn(b)), Ok(mxn(a)));
        }
    }
}
