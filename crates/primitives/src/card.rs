//! Payment cards: the number and what can be told from it, the expiry date, the security code.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Why something is no card data. The texts name no part of what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardError {
    #[error("must be 13 to 19 digits with a valid check digit")]
    Number,
    #[error("must be a month from 01 to 12")]
    Month,
    #[error("must be a year of two or four digits")]
    Year,
    #[error("is in the past")]
    Expired,
    #[error("must be 3 or 4 digits")]
    SecurityCode,
}

/// Card schemes, by the ranges of ISO/IEC 7812 issuer identification numbers they are known to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brand {
    Visa,
    Mastercard,
    Amex,
    Elo,
    Jcb,
    Diners,
    Discover,
    Carnet,
    Other,
}

impl Brand {
    /// Every brand that can be told from a number, in no particular order.
    pub const KNOWN: [Brand; 8] = [
        Brand::Visa,
        Brand::Mastercard,
        Brand::Amex,
        Brand::Elo,
        Brand::Jcb,
        Brand::Diners,
        Brand::Discover,
        Brand::Carnet,
    ];

    /// The lower-case word merchants see as `card_brand`.
    pub fn as_str(self) -> &'static str {
        match self {
            Brand::Visa => "visa",
            Brand::Mastercard => "mastercard",
            Brand::Amex => "amex",
            Brand::Elo => "elo",
            Brand::Jcb => "jcb",
            Brand::Diners => "diners",
            Brand::Discover => "discover",
            Brand::Carnet => "carnet",
            Brand::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|brand| brand.as_str() == text)
    }

    /// The brand of the numbers that begin with these digits: six at least, or it may not be told.
    pub fn of_digits(digits: &str) -> Self {
        let prefix = |length: usize| {
            digits
                .get(..length)
                .and_then(|head| head.parse::<u32>().ok())
                .unwrap_or(0)
        };
        // Elo and Carnet use numbers inside the ranges of the larger schemes, so they are asked first.
        match (prefix(6), prefix(4), prefix(2)) {
            (401178..=401179 | 431274 | 438935 | 451416 | 457393 | 457631..=457632, _, _) => Brand::Elo,
            (504175 | 506699..=506778 | 509000..=509999 | 627780 | 636297 | 636368, _, _) => Brand::Elo,
            (650031..=650033 | 650035..=650051 | 650405..=650439 | 650485..=650538, _, _) => Brand::Elo,
            (650541..=650598 | 650700..=650718 | 650720..=650727 | 650901..=650920, _, _) => Brand::Elo,
            (651652..=651679 | 655000..=655019 | 655021..=655058, _, _) => Brand::Elo,
            (286900..=286999 | 502275 | 506199..=506210 | 506222..=506299 | 506400..=506499, _, _) => {
                Brand::Carnet
            }
            (639388 | 639484 | 639559 | 606333 | 627535, _, _) => Brand::Carnet,
            (_, 2221..=2720, _) | (_, _, 51..=55) => Brand::Mastercard,
            (_, 3528..=3589, _) => Brand::Jcb,
            (_, _, 34 | 37) => Brand::Amex,
            (_, 3000..=3059 | 3095, _) | (_, _, 36 | 38..=39) => Brand::Diners,
            (_, 6011, _) | (_, _, 64..=65) => Brand::Discover,
            (_, _, 40..=49) => Brand::Visa,
            _ => Brand::Other,
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A primary account number: 13 to 19 digits whose check digit is right. `Debug` shows first six and last four.
#[derive(Clone)]
pub struct Pan(Secret<String>);

impl Pan {
    /// Reads a number; spaces and hyphens between digits are dropped.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let digits: String = text
            .chars()
            .filter(|symbol| !matches!(symbol, ' ' | '-'))
            .collect();
        let plausible = (13..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plausible && luhn_holds(&digits) {
            Ok(Self(Secret::new(digits)))
        } else {
            Err(CardError::Number)
        }
    }

    /// The digits. Only for what must have them: a request to a processor or directory server, and the vault.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    pub fn brand(&self) -> Brand {
        Brand::of_digits(self.reveal())
    }

    pub fn first_six(&self) -> &str {
        self.reveal().get(..6).unwrap_or_default()
    }

    /// The first eight digits, the issuer identification number since 2022.
    pub fn bin8(&self) -> &str {
        self.reveal().get(..8).unwrap_or_default()
    }

    pub fn last_four(&self) -> &str {
        let digits = self.reveal();
        digits.get(digits.len().saturating_sub(4)..).unwrap_or_default()
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", self.first_six(), self.last_four())
    }
}

fn luhn_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            if index % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A card security code (CVV2, CVC2, CID). Must be forgotten once no authorisation can need it any more.
#[derive(Clone)]
pub struct SecurityCode(Secret<String>);

impl SecurityCode {
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(CardError::SecurityCode)
        }
    }

    /// The digits, for a request to a processor and for the vault.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// American Express prints four digits, the others three.
    pub fn fits(&self, brand: Brand) -> bool {
        let expected = if brand == Brand::Amex { 4 } else { 3 };
        self.reveal().len() == expected
    }
}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The month a card is valid through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryDate {
    year: u16,
    month: u8,
}

impl ExpiryDate {
    /// Reads `"11"`, `"1"` as month and `"29"`, `"2029"` as year.
    pub fn parse(month: &str, year: &str) -> Result<Self, CardError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let month = match month.parse() {
            Ok(number @ 1..=12) if digits(month) && month.len() <= 2 => number,
            _ => return Err(CardError::Month),
        };
        let year = match (year.len(), year.parse::<u16>()) {
            (2, Ok(number)) if digits(year) => 2000 + number,
            (4, Ok(number @ 2000..=2099)) if digits(year) => number,
            _ => return Err(CardError::Year),
        };
        Ok(Self { year, month })
    }

    /// Whether the card could still be used on that day.
    pub fn is_over(self, today: time::Date) -> bool {
        (i32::from(self.year), self.month) < (today.year(), u8::from(today.month()))
    }

    pub fn month(self) -> u8 {
        self.month
    }

    /// The year with four digits.
    pub fn year(self) -> u16 {
        self.year
    }

    /// `2911` for November 2029, the form of EMV 3DS and of ISO 8583 field 14.
    pub fn yymm(self) -> String {
        format!("{:02}{:02}", self.year % 100, self.month)
    }
}

impl fmt::Debug for ExpiryDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("**/**")
    }
}

/// A card as its holder gave it.
#[derive(Debug, Clone)]
pub struct Card {
    pub pan: Pan,
    pub expiry: ExpiryDate,
    /// Absent when the merchant starts the payment or the scheme asks for none.
    pub security_code: Option<SecurityCode>,
    /// The name on the card, as typed.
    pub holder: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_tell_their_brand() {
        for (number, brand) in [
            ("4000000000001000", Brand::Visa),
            ("5200000000001005", Brand::Mastercard),
            ("2223000048400011", Brand::Mastercard),
            ("370000000010001", Brand::Amex),
            ("3528000000000007", Brand::Jcb),
            ("5067310000000010", Brand::Elo),
            ("36000000000008", Brand::Diners),
        ] {
            assert_eq!(Pan::parse(number).map(|pan| pan.brand()), Ok(brand), "{number}");
        }
    }

    #[test]
    fn a_wrong_check_digit_length_or_letter_is_refused() {
        for text in [
            "4000000000001001",
            "400000000000",
            "40000000000010000000",
            "4000x00000001000",
            "",
        ] {
            assert_eq!(Pan::parse(text).err(), Some(CardError::Number), "{text}");
        }
    }

    #[test]
    fn card_data_does_not_show_in_debug() {
        let card = Card {
            pan: Pan::parse("4000 0000-0000 1000").unwrap(),
            expiry: ExpiryDate::parse("11", "29").unwrap(),
            security_code: Some(SecurityCode::parse("737").unwrap()),
            holder: "Ana".into(),
        };
        let shown = format!("{card:?}");
        assert!(shown.contains("400000…1000"));
        for hidden in ["4000000000001000", "737", "29", "11"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }

    #[test]
    fn a_card_is_good_until_the_end_of_its_month() {
        let expiry = ExpiryDate::parse("2", "2028").unwrap();
        assert_eq!(expiry.yymm(), "2802");
        assert!(!expiry.is_over(time::macros::date!(2028 - 02 - 29)));
        assert!(expiry.is_over(time::macros::date!(2028 - 03 - 01)));
        assert_eq!(ExpiryDate::parse("13", "29"), Err(CardError::Month));
        assert_eq!(ExpiryDate::parse("+1", "29"), Err(CardError::Month));
        assert_eq!(ExpiryDate::parse("01", "129"), Err(CardError::Year));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = Pan::parse(&text);
            let _ = SecurityCode::parse(&text);
            let _ = ExpiryDate::parse(&text, &text);
        }
    }
}
