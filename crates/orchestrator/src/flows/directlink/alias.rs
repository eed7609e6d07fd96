//! Cards that shops pay with by a name: opened for the orders that name them, and proposed by those that bring one. What is
//! proposed is kept by the step that records the authorisation (`advance`).

use super::account::DirectLinkAccount;
use crate::{clock, fault::Fault, gateway::Gateway};
use payments::directlink::spelling;
use primitives::{Card, Id, Pan, id::kind};
use store::directlink::aliases::ProposedCard;

/// What an order has to do with a name for cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alias {
    /// Its card is the one that is kept there, and nothing about that changes.
    Used(String),
    /// Its card is kept there once it is authorised, instead of whatever is there before.
    Keeps(String),
    /// The same, under a name that we make.
    KeepsUnderOurs,
}

impl Alias {
    /// The name, and whether the order's card is to be kept there.
    pub(super) fn into_name(self) -> (String, bool) {
        match self {
            Self::Used(name) => (name, false),
            Self::Keeps(name) => (name, true),
            Self::KeepsUnderOurs => (fresh_name(), true),
        }
    }
}

/// A card that an account keeps under a name, without its security code.
#[derive(Debug, Clone)]
pub struct KeptCard {
    pub card: Card,
    /// The scheme's id of the charge that brought it, where that is known.
    pub network_transaction_id: Option<String>,
}

impl Gateway {
    /// The card that an account keeps under a name; `None`: it keeps none there, whatever others do.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn directlink_kept_card(
        &self,
        account: &DirectLinkAccount,
        alias: &str,
    ) -> Result<Option<KeptCard>, Fault> {
        let pspid = &account.account.pspid;
        let Some(kept) = self.store().directlink_alias_load(pspid, alias).await? else {
            return Ok(None);
        };
        Ok(Some(KeptCard {
            card: self.vault().open_kept_card(pspid, alias, &kept.sealed)?,
            network_transaction_id: kept.network_transaction_id,
        }))
    }

    /// Writes down that an order's card is to be kept once it is authorised. The order has its number, and nothing is charged
    /// yet.
    pub(super) async fn propose_card(
        &self,
        account: &DirectLinkAccount,
        order: Id<kind::Order>,
        alias: &str,
        card: &Card,
    ) -> Result<(), Fault> {
        let pspid = &account.account.pspid;
        let merchant = account.caller.merchant.id;
        let proposed = ProposedCard {
            pspid,
            alias,
            merchant,
            order,
            sealed: self.vault().seal_kept_card(pspid, alias, card)?,
            fingerprint: self.vault().card_fingerprint(merchant, &card.pan),
            masked_number: spelling::masked_number(card.pan.brand(), card.pan.last_four()),
            brand: card.pan.brand(),
            expiry: format!("{}-{:02}", card.expiry.year(), card.expiry.month()),
            created_at: self.clock().now(),
        };
        Ok(self.store().directlink_alias_propose(&proposed).await?)
    }
}

/// Sixteen digits that are nobody's card number: their check digit is wrong.
fn fresh_name() -> String {
    loop {
        let name = clock::sixteen_digits();
        if Pan::parse(&name).is_err() {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_we_make_are_sixteen_digits_no_card_number_and_differ() {
        let names = [(); 200].map(|()| Alias::KeepsUnderOurs.into_name());
        for (name, keeps) in &names {
            assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(Pan::parse(name).is_err() && *keeps);
        }
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
    }
}
