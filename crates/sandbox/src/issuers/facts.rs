//! What an issuer knows of an authentication from the AReq on. The account number is not kept.

use aws_lc_rs::digest;
use emv3ds::code::{MessageCategory, TransStatusReason};
use emv3ds::message::AReq;
use emv3ds::{AcsTransId, AuthenticationValue, DsTransId, ThreeDsServerTransId, Version};
use primitives::{Amount, Currency};

use super::decision::{Challenge, Circumstances, Course, Credential};
use crate::faults::message::{MessageFault, MessageFaultOrder};

/// How the cardholder takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the browser.
    Challenge(Challenge),
    /// In the bank's app alone.
    Decoupled,
}

impl Way {
    /// What the cardholder is asked for at first.
    pub fn credential(self) -> Credential {
        match self {
            Self::Challenge(challenge) => challenge.credential,
            Self::Decoupled => Credential::BankApp,
        }
    }

    /// What comes of it.
    pub fn course(self) -> Course {
        match self {
            Self::Challenge(challenge) => challenge.course,
            Self::Decoupled => Course::Judged,
        }
    }
}

/// What is known from the AReq on.
#[derive(Debug)]
pub struct Facts {
    /// `messageVersion` of the whole transaction.
    pub version: Version,
    /// `messageCategory` of the AReq.
    pub category: MessageCategory,
    /// The 3DS Server's identifier.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// The directory server's identifier.
    pub ds_trans_id: DsTransId,
    /// Ours.
    pub acs_trans_id: AcsTransId,
    /// Whose rules hold.
    pub circumstances: Circumstances,
    /// How the cardholder takes part.
    pub way: Way,
    /// Why the challenge may end with `D`, where the requestor allows that it may.
    pub decoupled_follows: Option<TransStatusReason>,
    /// What goes wrong, by levers.
    pub faults: Vec<MessageFaultOrder>,
    /// The authentication value, should the cardholder pass.
    pub proof: Option<AuthenticationValue>,
    /// The card's phone.
    pub phone: String,
    /// Last four digits of the card.
    pub last_four: String,
    /// Who sells, as the page shows it.
    pub merchant: String,
    /// For how much, as the page shows it.
    pub amount: String,
    /// Where the directory server delivers the RReq.
    pub three_ds_server_url: String,
    /// Where the browser goes afterwards.
    pub notification_url: String,
}

impl Facts {
    /// The order for this fault, where there is one.
    pub fn fault(&self, fault: MessageFault) -> Option<&MessageFaultOrder> {
        self.faults.iter().find(|order| order.fault == fault)
    }
}

/// The phone of a card: each has its own, and the same after every restart.
pub fn phone_of(account_number: &str) -> String {
    format!("+5255{:08}", fingerprint(account_number) % 100_000_000)
}

/// A number that stands for an account number and does not give it away.
pub fn fingerprint(account_number: &str) -> u64 {
    let hash = digest::digest(&digest::SHA256, account_number.as_bytes());
    hash.as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
}

/// `MXN 10.50`, or the bare digits where currency or amount make no sense.
pub fn amount_shown(areq: &AReq) -> String {
    let digits = areq.purchase_amount.clone().unwrap_or_default();
    let currency = areq
        .purchase_currency
        .as_deref()
        .and_then(|code| Currency::parse_numeric3(code).ok());
    let amount = digits
        .parse()
        .ok()
        .zip(currency)
        .and_then(|(minor, currency)| Amount::new(minor, currency).ok());
    amount.map_or(digits, |amount| amount.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::scenario;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_listed_card_has_its_own_phone() {
        let cards = scenario::listed_cards();
        let phones: HashSet<String> = cards.iter().map(|card| phone_of(&card.number)).collect();
        assert_eq!(phones.len(), cards.len());
    }
}
