//! What a challenge is decided with and never changes by it: its transaction, its card, its issuer's policy.

use emv3ds::AcsTransId;

use crate::challenge::Rules;
use crate::policy::Policy;
use crate::purchase::Purchase;
use crate::service::Acs;
use crate::store::transactions::{self, CardOf, Transaction};
use crate::store::{StoreError, issuers};

/// What is known beside the challenge.
#[derive(Debug, Clone)]
pub(in crate::flows) struct Facts {
    pub(in crate::flows) transaction: Transaction,
    pub(in crate::flows) card: CardOf,
    /// As the issuer has it now.
    pub(in crate::flows) policy: Policy,
    patience: time::Duration,
}

impl Facts {
    pub(in crate::flows) fn id(&self) -> AcsTransId {
        self.transaction.acs_trans_id
    }

    /// What the cardholder approves.
    pub(in crate::flows) fn purchase(&self) -> Purchase {
        Purchase {
            merchant_name: self.transaction.merchant.name.clone(),
            amount: self.transaction.amount,
        }
    }

    pub(in crate::flows) fn rules(&self) -> Rules<'_> {
        Rules {
            policy: &self.policy,
            patience: self.patience,
        }
    }
}

impl Acs {
    /// `None` where there is no such transaction, or none with a card of an issuer here.
    pub(in crate::flows) async fn facts(&self, id: AcsTransId) -> Result<Option<Facts>, StoreError> {
        let inner = self.inner();
        let Some(transaction) = transactions::by_id(&inner.store, id).await? else {
            return Ok(None);
        };
        let Some(card) = transaction.card.clone() else {
            return Ok(None);
        };
        let Some(issuer) = issuers::load(&inner.store, &card.issuer).await? else {
            return Ok(None);
        };
        Ok(Some(Facts {
            transaction,
            card,
            policy: issuer.policy,
            patience: seconds(inner.settings.timers.next_creq),
        }))
    }
}

/// A setting as the clock counts.
pub(in crate::flows) fn seconds(setting: std::time::Duration) -> time::Duration {
    time::Duration::try_from(setting).unwrap_or(time::Duration::MAX)
}
