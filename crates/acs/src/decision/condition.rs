//! The conditions of a rule. What a request does not say fulfils none of them.

use emv3ds::code::{DeviceChannel, MessageCategory, RequestorChallengeInd};
use primitives::{Country, Currency};
use serde_json::{Map, Value, json};
use time::Duration;

use super::facts::Facts;
use crate::identifiers::ProductId;

/// Something that holds for a request or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The amount, in this currency only, minor units, both ends included.
    Amount {
        currency: Currency,
        from: Option<i64>,
        to: Option<i64>,
    },
    /// `merchantName`, in whatever case.
    MerchantName(Vec<String>),
    /// `acquirerMerchantID`.
    MerchantId(Vec<String>),
    /// `mcc`.
    Mcc(Vec<String>),
    /// `merchantCountryCode`.
    MerchantCountry(Vec<Country>),
    /// `deviceChannel`.
    Channel(Vec<DeviceChannel>),
    /// `messageCategory`.
    Category(Vec<MessageCategory>),
    /// The card's product.
    Product(Vec<ProductId>),
    /// One of `threeDSRequestorChallengeInd`.
    Wish(Vec<RequestorChallengeInd>),
    /// Whether this card was authenticated from this device within so long.
    KnownDevice { days: u16, known: bool },
    /// Earlier requests with this card within so long, in number.
    Transactions {
        seconds: u32,
        at_least: Option<u32>,
        at_most: Option<u32>,
    },
}

impl Condition {
    pub(super) fn looks_back(&self) -> Option<Duration> {
        match self {
            Self::KnownDevice { days, .. } => Some(Duration::days(i64::from(*days))),
            Self::Transactions { seconds, .. } => Some(Duration::seconds(i64::from(*seconds))),
            Self::Amount { .. }
            | Self::MerchantName(_)
            | Self::MerchantId(_)
            | Self::Mcc(_)
            | Self::MerchantCountry(_)
            | Self::Channel(_)
            | Self::Category(_)
            | Self::Product(_)
            | Self::Wish(_) => None,
        }
    }

    /// Whether it holds; what was looked at goes into `seen`.
    pub(super) fn holds(&self, facts: &Facts<'_>, seen: &mut Map<String, Value>) -> bool {
        let mut saw = |name: &str, value: Value| seen.insert(name.to_owned(), value);
        match self {
            Self::Amount { currency, from, to } => {
                let Some(amount) = facts.amount.filter(|amount| amount.currency() == *currency) else {
                    return false;
                };
                saw("amount", json!(amount.to_string()));
                from.is_none_or(|from| from <= amount.minor()) && to.is_none_or(|to| amount.minor() <= to)
            }
            Self::MerchantName(names) => {
                let name = facts.merchant.name.trim().to_lowercase();
                saw("merchant_name", json!(facts.merchant.name));
                names.iter().any(|listed| listed.trim().to_lowercase() == name)
            }
            Self::MerchantId(ids) => {
                saw("merchant_id", json!(facts.merchant.id));
                facts.merchant.id.as_ref().is_some_and(|id| ids.contains(id))
            }
            Self::Mcc(codes) => {
                saw("mcc", json!(facts.merchant.mcc));
                facts
                    .merchant
                    .mcc
                    .as_ref()
                    .is_some_and(|code| codes.contains(code))
            }
            Self::MerchantCountry(countries) => {
                let country = facts.merchant.country.as_deref();
                saw("merchant_country", json!(country));
                country.is_some_and(|country| countries.iter().any(|of| of.numeric3() == country))
            }
            Self::Channel(channels) => {
                saw("channel", json!(facts.channel));
                channels.contains(&facts.channel)
            }
            Self::Category(categories) => {
                saw("category", json!(facts.category));
                categories.contains(&facts.category)
            }
            Self::Product(products) => {
                saw("product", json!(facts.product.as_str()));
                products.contains(facts.product)
            }
            Self::Wish(wishes) => {
                saw("wishes", json!(facts.wishes.challenge));
                facts.wishes.challenge.iter().any(|wish| wishes.contains(wish))
            }
            Self::KnownDevice { days, known } => {
                let since = facts.now - Duration::days(i64::from(*days));
                let is_known = facts.device_hash.is_some_and(|device| {
                    facts.earlier.iter().any(|earlier| {
                        earlier.authenticated
                            && earlier.at >= since
                            && earlier.device_hash.as_deref() == Some(device)
                    })
                });
                saw("known_device", json!(is_known));
                is_known == *known
            }
            Self::Transactions {
                seconds,
                at_least,
                at_most,
            } => {
                let since = facts.now - Duration::seconds(i64::from(*seconds));
                let count = facts.earlier.iter().filter(|earlier| earlier.at >= since).count();
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                saw("transactions", json!(count));
                at_least.is_none_or(|least| least <= count) && at_most.is_none_or(|most| count <= most)
            }
        }
    }
}
