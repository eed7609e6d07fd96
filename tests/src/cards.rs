//! The sandbox's cards and amounts (its design gives the tables).

use std::fmt;

/// A card with all that a purchase needs of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The account number.
    pub number: String,
    /// Three digits, four with Amex.
    pub security_code: String,
}

/// A card's network, as far as the sandbox has scenarios for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
}

impl Card {
    /// The card whose issuer plays scenario `SS`.
    pub fn of(brand: Brand, scenario: u8) -> Self {
        let (digits, security_code) = match brand {
            Brand::Visa => (format!("4000000000001{scenario:02}"), "737"),
            Brand::Mastercard => (format!("5200000000001{scenario:02}"), "737"),
            Brand::Amex => (format!("37000000001{scenario:02}0"), "7373"),
        };
        Self::numbered(&with_check_digit(&digits), security_code)
    }

    /// A card by its number.
    pub fn numbered(number: &str, security_code: &str) -> Self {
        Self {
            number: number.to_owned(),
            security_code: security_code.to_owned(),
        }
    }

    /// Visa's card of that scenario.
    pub fn visa(scenario: u8) -> Self {
        Self::of(Brand::Visa, scenario)
    }

    /// Mastercard's card of that scenario.
    pub fn mastercard(scenario: u8) -> Self {
        Self::of(Brand::Mastercard, scenario)
    }

    /// The card that no card range covers.
    pub fn not_enrolled() -> Self {
        Self::numbered("4000000000002008", "737")
    }

    /// The last four digits.
    pub fn last_four(&self) -> &str {
        self.number
            .get(self.number.len().saturating_sub(4)..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", self.last_four())
    }
}

impl Brand {
    /// The ECI of a full authentication.
    pub fn authenticated_eci(self) -> &'static str {
        match self {
            Self::Visa | Self::Amex => "05",
            Self::Mastercard => "02",
        }
    }

    /// The ECI of an attempt.
    pub fn attempted_eci(self) -> &'static str {
        match self {
            Self::Visa | Self::Amex => "06",
            Self::Mastercard => "01",
        }
    }

    /// The ECI without any authentication.
    pub fn unauthenticated_eci(self) -> &'static str {
        match self {
            Self::Visa | Self::Amex => "07",
            Self::Mastercard => "00",
        }
    }
}

fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            if index % 2 == 0 {
                digit * 2 / 10 + digit * 2 % 10
            } else {
                digit
            }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_those_of_the_table() {
        for (card, number) in [
            (Card::visa(0), "4000000000001000"),
            (Card::visa(18), "4000000000001182"),
            (Card::mastercard(5), "5200000000001054"),
            (Card::of(Brand::Amex, 9), "370000000010902"),
        ] {
            assert_eq!(card.number, number);
        }
        assert_eq!(format!("{:?}", Card::visa(5)), "…1059");
    }
}
