//! How payments stand.

use super::{
    View, Which,
    account::DirectLinkAccount,
    facts::{Facts, Operation},
};
use crate::{
    fault::Fault,
    flows::{authenticate::authenticating, page::language},
    gateway::Gateway,
};
use payments::{Order, directlink::Telling};
use primitives::{Id, id::kind};
use serde::Deserialize;
use store::{directlink::payments::DirectLinkPayment, orders::PaymentKey};

impl Gateway {
    /// How a payment stands; `None`: there is none of this account.
    pub async fn directlink_find(
        &self,
        account: &DirectLinkAccount,
        which: Which,
    ) -> Result<Option<View>, Fault> {
        match self.directlink_payment(account, &which).await? {
            Some(payment) => Ok(Some(self.directlink_view(payment).await?)),
            None => Ok(None),
        }
    }

    /// The payment that is meant, if it is this account's.
    pub(super) async fn directlink_payment(
        &self,
        account: &DirectLinkAccount,
        which: &Which,
    ) -> Result<Option<DirectLinkPayment>, Fault> {
        let pspid = &account.account.pspid;
        Ok(match which {
            Which::Number(payid) => self.store().directlink_payment_load(pspid, *payid).await?,
            Which::Reference(reference) => {
                self.store()
                    .directlink_payment_that_counts(pspid, reference)
                    .await?
            }
        })
    }

    /// A payment as the protocol sees it now.
    pub(super) async fn directlink_view(&self, payment: DirectLinkPayment) -> Result<View, Fault> {
        Ok(self.directlink_view_with_levels(payment).await?.0)
    }

    /// The same, and which settlement each of its levels is.
    pub(super) async fn directlink_view_with_levels(
        &self,
        payment: DirectLinkPayment,
    ) -> Result<(View, Vec<Id<kind::Settlement>>), Fault> {
        let order = self
            .store()
            .order_load(payment.merchant, payment.order)
            .await?
            .ok_or(Fault::Missing("the payment's order"))?;
        let (ids, levels) = self.levels(&order).await?.into_iter().unzip();
        let view = View {
            facts: Facts::deserialize(&payment.facts)?,
            telling: Telling::of(&order, payment.operation == Operation::Sale.as_str()),
            levels,
            page_url: authenticating(&order)
                .filter(|(_, now)| !now.is_decoupled())
                .map(|(_, now)| self.addresses().challenge_page(&now.page_token)),
            language: language(&order),
            payment,
            order,
        };
        Ok((view, ids))
    }

    /// What was asked after the order's payment, in the order of asking.
    async fn levels(&self, order: &Order) -> Result<Vec<(Id<kind::Settlement>, Telling)>, Fault> {
        let Some(payment) = order.payment.as_ref().filter(|payment| payment.state.is_paid()) else {
            return Ok(Vec::new());
        };
        let of = PaymentKey {
            merchant: order.merchant,
            order: order.id,
            payment: payment.id,
        };
        let asked = self.store().settlements_of_payment(of).await?;
        let told = (1..).zip(asked);
        Ok(told
            .map(|(level, it)| {
                let telling = Telling::of_settlement(order, (it.kind, it.amount), &it.state, level);
                (it.id, telling)
            })
            .collect())
    }
}
