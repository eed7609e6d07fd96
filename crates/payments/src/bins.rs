//! What issuer identification numbers tell of a card: its type, its bank, its country.
//!
//! The table is what operators import; nothing here is guessed from the digits. [`document`] reads what they send.

pub mod document;

use primitives::{Brand, Country, Currency};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, ops::RangeInclusive};

/// How many digits a prefix has: six were the rule until 2022, eight are since.
pub const PREFIX_DIGITS: RangeInclusive<usize> = 6..=8;

/// Whose money a card spends, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardType {
    Credit,
    Debit,
    Prepaid,
}

impl CardType {
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("credit", Self::Credit),
        ("debit", Self::Debit),
        ("prepaid", Self::Prepaid),
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Debit => "debit",
            Self::Prepaid => "prepaid",
        }
    }
}

/// What is known of the cards whose numbers begin with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// [`PREFIX_DIGITS`] digits.
    pub prefix: String,
    pub brand: Brand,
    pub card_type: Option<CardType>,
    pub issuer_bank: Option<String>,
    pub issuer_country: Option<Country>,
    /// What the cards are billed in.
    pub currency: Option<Currency>,
}

/// The prefixes that are known, to be asked by a card's first digits.
#[derive(Debug, Clone, Default)]
pub struct BinTable(HashMap<String, Bin>);

impl BinTable {
    /// The entry of the longest prefix with which `digits` begin.
    pub fn find(&self, digits: &str) -> Option<&Bin> {
        PREFIX_DIGITS
            .rev()
            .filter_map(|length| digits.get(..length))
            .find_map(|prefix| self.0.get(prefix))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Bin> for BinTable {
    fn from_iter<I: IntoIterator<Item = Bin>>(bins: I) -> Self {
        Self(bins.into_iter().map(|bin| (bin.prefix.clone(), bin)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(prefix: &str, bank: &str) -> Bin {
        Bin {
            prefix: prefix.to_owned(),
            brand: Brand::Visa,
            card_type: Some(CardType::Credit),
            issuer_bank: Some(bank.to_owned()),
            issuer_country: Country::parse("MX").ok(),
            currency: None,
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let table: BinTable = [
            bin("400000", "six"),
            bin("40000010", "eight"),
            bin("4000001", "seven"),
        ]
        .into_iter()
        .collect();
        let bank = |digits: &str| table.find(digits).and_then(|bin| bin.issuer_bank.as_deref());
        assert_eq!(bank("4000001000000000"), Some("eight"));
        assert_eq!(bank("40000019"), Some("seven"));
        assert_eq!(bank("40000020"), Some("six"));
        assert_eq!(bank("400000"), Some("six"));
        assert_eq!((bank("40000"), bank("50000000"), bank("")), (None, None, None));
    }
}
