//! Reversals: charges that are taken back because nobody told in time what became of them, or because they turned out to be
//! approved after they had been given up. What takes them back releases holds as well ([`super::holds`]).

use super::{
    advance::Advanced,
    charge::{GONE, attempt_of, log_silence},
};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
    transport::Sent,
};
use acquiring::{
    Approval, CannotBuild, ChargeKind, Charged, Reversal, ReversalAnswer, SettlementAnswer, Void,
};
use payments::{News, Order};
use primitives::{Amount, Exchange, Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// The charge that is taken back.
pub(super) struct TakingBack<'a> {
    pub merchant: Id<kind::Merchant>,
    pub payment: Id<kind::Payment>,
    pub attempt: Id<kind::Attempt>,
    pub connection: Id<kind::Connection>,
    pub processor: &'a str,
    /// The merchant's own order id, as it was sent with the charge.
    pub order_reference: &'a str,
    pub kind: ChargeKind,
    /// Our reference of the charge.
    pub charge_reference: &'a str,
    pub amount: Amount,
    pub sent_at: OffsetDateTime,
}

impl Gateway {
    /// Takes a charge back: with a void where the processor's own id of it is known, else by our reference of it.
    pub(crate) async fn reverse(
        &self,
        order: Order,
        about: Id<kind::Attempt>,
        approval: Option<Approval>,
    ) -> Result<Advanced, Stopped> {
        let asked_at = self.clock().now();
        let answer = match self.reversed(&order, about, approval.as_ref()).await {
            Ok(answer) => answer,
            Err(Fault::Missing(what)) => {
                tracing::warn!(attempt = %about, what, "reversal cannot be made");
                None
            }
            Err(fault) => return Err(fault.into()),
        };
        if let Some(ReversalAnswer::Refused(decline)) = &answer {
            tracing::error!(attempt = %about, reason = decline.reason.as_str(), "reversal of a charge refused");
        }
        self.report(
            order,
            News::ReversalAnswered {
                attempt: about,
                asked_at,
                answer,
            },
        )
        .await
    }

    async fn reversed(
        &self,
        order: &Order,
        about: Id<kind::Attempt>,
        approval: Option<&Approval>,
    ) -> Result<Option<ReversalAnswer>, Fault> {
        let (payment, attempt) = attempt_of(order)
            .filter(|(_, attempt)| attempt.id == about)
            .ok_or(GONE)?;
        let route = payment.routes.get(attempt.route).ok_or(GONE)?;
        let taking_back = TakingBack {
            merchant: order.merchant,
            payment: payment.id,
            attempt: about,
            connection: route.connection,
            processor: &route.processor,
            order_reference: &order.reference,
            kind: route.charge,
            charge_reference: &attempt.reference,
            amount: approval.map_or(payment.amount, |approval| approval.amount),
            sent_at: attempt.sent_at,
        };
        let known = approval.map(|approval| approval.processor_reference.as_str());
        self.take_back(&taking_back, known).await
    }

    /// Sends what takes a charge back: a void of it where the processor's own id of it is known, else a reversal by our
    /// reference. Each has a reference of its own, the same however often it is sent, so that a repeat cannot reverse twice;
    /// the charge's would be answered as the charge was, or refused, where it is the processor's idempotency key.
    pub(super) async fn take_back(
        &self,
        charge: &TakingBack<'_>,
        processor_reference: Option<&str>,
    ) -> Result<Option<ReversalAnswer>, Fault> {
        let (processor, account) = self
            .adapter(charge.merchant, charge.connection, charge.processor)
            .await?;
        let moment = self.clock().moment();
        Ok(match processor_reference {
            Some(known) => {
                let built = processor.void(&account, &charge.void(known), moment);
                let answer = self.reversal_sent(charge, built).await;
                answer.map(|answer| match answer {
                    SettlementAnswer::Done { .. } => ReversalAnswer::Reversed,
                    SettlementAnswer::Accepted { .. } => ReversalAnswer::Accepted,
                    SettlementAnswer::Refused(decline) => ReversalAnswer::Refused(decline),
                })
            }
            None => {
                let built = processor.reverse(&account, &charge.reversal(), moment);
                self.reversal_sent(charge, built).await
            }
        })
    }

    async fn reversal_sent<T>(
        &self,
        charge: &TakingBack<'_>,
        built: Result<Exchange<T>, CannotBuild>,
    ) -> Option<T> {
        let about = charge.attempt;
        let exchange = match built {
            Ok(exchange) => exchange,
            Err(cannot) => {
                tracing::warn!(attempt = %about, why = %cannot, "reversal cannot be expressed for this processor");
                return None;
            }
        };
        match self.transport().send(exchange).await {
            Sent::Answered(answer) => Some(answer),
            Sent::NotSent(_) => None,
            Sent::Silent(silence) => {
                log_silence(about, charge.processor, &silence);
                None
            }
        }
    }
}

impl TakingBack<'_> {
    fn void(&self, processor_reference: &str) -> Void {
        Void {
            of: Charged {
                payment: self.payment,
                order_id: self.order_reference.to_owned(),
                kind: self.kind,
                reference: self.charge_reference.to_owned(),
                processor_reference: processor_reference.to_owned(),
                authorized: self.amount,
            },
            reference: self.reference(1),
            reason: None,
        }
    }

    /// A reference beside the attempt's, in the form of all others and the same on each repeat: the attempt's id with other
    /// last bits, which no other id has but by the chance by which two ids would be the same.
    fn reference(&self, number: u128) -> String {
        Uuid::from_u128(self.attempt.uuid().as_u128() ^ number)
            .simple()
            .to_string()
    }

    fn reversal(&self) -> Reversal {
        Reversal {
            charge_reference: self.charge_reference.to_owned(),
            reference: self.reference(2),
            order_id: self.order_reference.to_owned(),
            kind: self.kind,
            amount: self.amount,
            sent_at: self.sent_at,
        }
    }
}
