//! What a decision knows.

use emv3ds::Version;
use emv3ds::code::{DeviceChannel, MessageCategory};
use primitives::Amount;
use time::OffsetDateTime;

use super::wishes::Wishes;
use crate::identifiers::ProductId;
use crate::store::transactions::{Earlier, MerchantFacts};

/// Everything that rules may ask about.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// `messageVersion`.
    pub version: Version,
    /// `deviceChannel`.
    pub channel: DeviceChannel,
    /// `messageCategory`.
    pub category: MessageCategory,
    /// How much is to be paid.
    pub amount: Option<Amount>,
    /// To whom.
    pub merchant: &'a MerchantFacts,
    /// The card's product.
    pub product: &'a ProductId,
    /// What the requestor wishes.
    pub wishes: &'a Wishes,
    /// The device, as a keyed hash.
    pub device_hash: Option<&'a [u8]>,
    /// What the card did lately, as far back as the rules ask ([`super::Rules::looks_back`]).
    pub earlier: &'a [Earlier],
    /// Now.
    pub now: OffsetDateTime,
    /// How its holder can be asked.
    pub means: Means,
}

/// How a cardholder can be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Means {
    /// In the bank's app.
    pub app: bool,
    /// By a code to a phone.
    pub phone: bool,
    /// For a password that does not change.
    pub password: bool,
}

impl Means {
    /// Whether a challenge can be answered at all.
    pub fn any(self) -> bool {
        self.app || self.phone || self.password
    }
}
