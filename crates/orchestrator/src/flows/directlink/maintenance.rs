//! What is asked after a payment: captures, voids and refunds.

use super::{Maintained, Maintenance, NotMaintained, Which, account::DirectLinkAccount};
use crate::{
    fault::{Fault, Stopped},
    flows::in_hand::InHand,
    gateway::Gateway,
};
use acquiring::Captures;
use payments::{
    News, Order, Outgoing, PaymentState, Refusal, RefusalCode,
    directlink::amount::{NoAmount, of_hundredths},
    settlement::SettlementNews,
};
use primitives::{Amount, Id, id::kind};
use store::directlink::payments::DirectLinkPayment;

impl Gateway {
    /// Captures, voids or gives back. Goes on to the end even if the caller goes away meanwhile.
    ///
    /// # Errors
    /// Why nothing was asked of any processor. What a processor refused is told as such.
    pub async fn directlink_maintain(
        &self,
        account: &DirectLinkAccount,
        which: Which,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        let (gateway, account) = (self.clone(), account.clone());
        let flow = async move { gateway.maintain_to_answer(&account, which, asked).await };
        match self.spawn_flow(flow).await {
            Ok(maintained) => maintained,
            Err(error) => Err(Fault::from(error).into()),
        }
    }

    async fn maintain_to_answer(
        &self,
        account: &DirectLinkAccount,
        which: Which,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        let payment = self.directlink_payment(account, &which).await?;
        let payment = payment.ok_or(NotMaintained::Unknown)?;
        let news = |order: &Order| asked.news(order).map(News::Settlement);
        let advanced = match self.begin_asked(&account.caller, payment.order, None, news).await {
            Ok(advanced) => advanced,
            Err(Stopped::Refused(why)) if why.code != RefusalCode::Internal => {
                let view = Box::new(self.directlink_view(payment).await?);
                return Err(NotMaintained::Refused { view, why });
            }
            Err(stopped) => return Err(NotMaintained::Failed(stopped.into())),
        };
        let Some(Outgoing::Settle { settlement }) = advanced.send else {
            return Err(Fault::Missing("what is to be sent").into());
        };
        Box::pin(self.drive(advanced, InHand::default()))
            .await
            .map_err(|stopped| NotMaintained::Failed(stopped.into()))?;
        Ok(self.maintained(payment, settlement).await?)
    }

    async fn maintained(
        &self,
        payment: DirectLinkPayment,
        settlement: Id<kind::Settlement>,
    ) -> Result<Maintained, Fault> {
        let (view, ids) = self.directlink_view_with_levels(payment).await?;
        let level = ids.iter().position(|id| *id == settlement);
        let telling = level.and_then(|level| view.levels.get(level)).cloned();
        let telling = telling.ok_or(Fault::Missing("what was just asked"))?;
        Ok(Maintained { view, telling })
    }
}

impl Maintenance {
    /// The news that this is for an order.
    fn news(self, order: &Order) -> Result<SettlementNews, Refusal> {
        Ok(match self {
            Self::Capture { hundredths, closing } => SettlementNews::CaptureAsked {
                amount: amount(order, hundredths)?,
                is_final: Some(closing || !takes_several_captures(order)),
            },
            Self::Void => SettlementNews::VoidAsked { reason: None },
            Self::Refund { hundredths } => SettlementNews::RefundAsked {
                amount: amount(order, hundredths)?,
                reason: None,
            },
        })
    }
}

fn amount(order: &Order, hundredths: Option<i64>) -> Result<Option<Amount>, Refusal> {
    let Some(hundredths) = hundredths else {
        return Ok(None);
    };
    let wrong = match of_hundredths(hundredths, order.amount.currency()) {
        Ok(amount) if !amount.is_zero() => return Ok(Some(amount)),
        Ok(_) => "must be more than 0",
        Err(NoAmount::TooFine) => "has decimals that the order's currency lacks",
        Err(NoAmount::OutOfRange) => "too long or not numeric",
    };
    Err(Refusal::of_field(RefusalCode::PayloadError, "AMOUNT", wrong))
}

/// Whether a capture may leave more to be captured. Shops send `SAL` where `SAS` is meant: a processor that captures once takes
/// either.
fn takes_several_captures(order: &Order) -> bool {
    order
        .payment
        .as_ref()
        .is_some_and(|payment| match &payment.state {
            PaymentState::Authorized(paid) => payment
                .route_charged(paid)
                .is_some_and(|route| route.offers.captures == Captures::Several),
            PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => false,
        })
}

impl From<Fault> for NotMaintained {
    fn from(fault: Fault) -> Self {
        Self::Failed(Stopped::from(fault).into())
    }
}
