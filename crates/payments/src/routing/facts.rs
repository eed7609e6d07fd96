//! What rules can ask about a purchase.

use crate::{bins::Bin, bins::CardType};
use primitives::{Amount, Brand, Country, Id, Pan, id::kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// The longest value of the merchant's own that an explanation repeats.
const SEEN_MAX_CHARACTERS: usize = 100;
const METADATA: &str = "metadata.";
const METADATA_KEY_MAX_CHARACTERS: usize = 64;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Minor units of the order's currency.
    Amount,
    Bin,
    CardBrand,
    CardType,
    IssuerCountry,
    IssuerBank,
    Currency,
    /// Where the shopper is billed, else where the merchant is.
    Country,
    StoreCode,
    /// A member of the purchase's metadata, else of the order's.
    Metadata(String),
}

impl Field {
    /// Every field with a name of its own.
    const NAMED: [(&'static str, Field); 9] = [
        ("amount", Field::Amount),
        ("bin", Field::Bin),
        ("card_brand", Field::CardBrand),
        ("card_type", Field::CardType),
        ("issuer_country", Field::IssuerCountry),
        ("issuer_bank", Field::IssuerBank),
        ("currency", Field::Currency),
        ("country", Field::Country),
        ("store_code", Field::StoreCode),
    ];

    /// # Errors
    /// The text follows the member's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(key) = text.strip_prefix(METADATA)
            && (1..=METADATA_KEY_MAX_CHARACTERS).contains(&key.chars().count())
        {
            return Ok(Self::Metadata(key.to_owned()));
        }
        let known = Self::NAMED.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, field)| field).ok_or_else(|| {
            let names: Vec<_> = Self::NAMED.iter().map(|(name, _)| *name).collect();
            format!(
                "must be one of {}, or {METADATA} and a key of at most {METADATA_KEY_MAX_CHARACTERS} characters",
                names.join(", ")
            )
        })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata(key) => write!(f, "{METADATA}{key}"),
            named => {
                let name = Self::NAMED.iter().find(|(_, field)| field == named);
                f.write_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}

/// A value in a rule, or one that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Operand {
    /// The number it is, or that is written in it.
    pub fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            Self::Flag(_) => None,
        }
    }

    /// A value from outside; objects and lists are none, and a fraction is its text.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self::Flag(*flag)),
            Value::Number(number) => Some(
                number
                    .as_i64()
                    .map_or_else(|| Self::Text(number.to_string()), Self::Number),
            ),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Short enough to be kept with a payment.
    pub(super) fn cut(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.chars().take(SEEN_MAX_CHARACTERS).collect()),
            short => short,
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A purchase as rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Splits of the volume are drawn by it.
    pub order: Id<kind::Order>,
    pub amount: Amount,
    pub brand: Brand,
    /// As many leading digits as [`bin_of`] gives; fewer where no card is at hand.
    pub bin: Option<&'a str>,
    /// What the table of prefixes has about the card.
    pub known: Option<&'a Bin>,
    /// What the card is said to be, where no table knows it.
    pub card_type: Option<CardType>,
    pub country: Option<Country>,
    pub store_code: &'a str,
    /// The purchase's.
    pub metadata: Option<&'a Value>,
    /// The order's, for what the purchase's has not.
    pub order_metadata: Option<&'a Value>,
}

/// The leading digits of a card that may be shown together with its last four: eight, but six of a number that is shorter
/// than sixteen digits.
pub fn bin_of(pan: &Pan) -> &str {
    if pan.reveal().len() < 16 {
        pan.first_six()
    } else {
        pan.bin8()
    }
}

impl Facts<'_> {
    pub fn card_type(&self) -> Option<CardType> {
        self.known.and_then(|known| known.card_type).or(self.card_type)
    }

    /// The value of a field; `None` where it is not known.
    pub fn seen(&self, field: &Field) -> Option<Operand> {
        let text = |text: &str| Operand::Text(text.to_owned());
        match field {
            Field::Amount => Some(Operand::Number(self.amount.minor())),
            Field::Bin => self.bin.map(text),
            Field::CardBrand => Some(text(self.brand.as_str())),
            Field::CardType => self.card_type().map(|it| text(it.as_str())),
            Field::IssuerCountry => self.known?.issuer_country.map(|it| text(it.alpha2())),
            Field::IssuerBank => self.known?.issuer_bank.as_deref().map(text),
            Field::Currency => Some(text(self.amount.currency().code())),
            Field::Country => self.country.map(|it| text(it.alpha2())),
            Field::StoreCode => Some(text(self.store_code)),
            Field::Metadata(key) => [self.metadata, self.order_metadata]
                .into_iter()
                .flatten()
                .find_map(|metadata| Operand::of(metadata.get(key)?)),
        }
    }

    /// Everything but metadata, which is the merchant's own and seen only where a rule asks for it.
    pub(super) fn told(&self) -> BTreeMap<String, Operand> {
        Field::NAMED
            .iter()
            .filter_map(|(name, field)| Some(((*name).to_owned(), self.seen(field)?.cut())))
            .collect()
    }
}
