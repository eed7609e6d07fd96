//! Reversals: charges that are taken back because nobody told in time what became of them, or because they turned out to be
//! approved after they had been given up.

use super::{
    advance::Advanced,
    charge::{GONE, attempt_of, log_silence},
};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
    transport::Sent,
};
use acquiring::{Account, Approval, Charged, Processor, Reversal, ReversalAnswer, SettlementAnswer, Void};
use payments::{News, Order, Payment, attempt::AttemptInFlight, routing::Route};
use primitives::{Exchange, Id, id::kind};
use uuid::Uuid;

/// What takes a charge back.
struct TakingBack<'a> {
    order: &'a Order,
    payment: &'a Payment,
    attempt: &'a AttemptInFlight,
    route: &'a Route,
}

impl Gateway {
    /// Takes a charge back: with a void where the processor's own id of it is known, else by our reference of it. Each has
    /// a reference of its own, the same however often it is sent, so that a repeat cannot reverse twice; the charge's would
    /// be answered as the charge was, or refused, where it is the processor's idempotency key.
    pub(crate) async fn reverse(
        &self,
        order: Order,
        about: Id<kind::Attempt>,
        approval: Option<Approval>,
    ) -> Result<Advanced, Stopped> {
        let asked_at = self.clock().now();
        let answer = match self.take_back(&order, about, approval.as_ref()).await {
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

    async fn take_back(
        &self,
        order: &Order,
        about: Id<kind::Attempt>,
        approval: Option<&Approval>,
    ) -> Result<Option<ReversalAnswer>, Fault> {
        let (payment, attempt) = attempt_of(order)
            .filter(|(_, attempt)| attempt.id == about)
            .ok_or(GONE)?;
        let route = payment.routes.get(attempt.route).ok_or(GONE)?;
        let (processor, account) = self.processor(order, route).await?;
        let taking_back = TakingBack {
            order,
            payment,
            attempt,
            route,
        };
        match approval {
            Some(approval) => {
                let void = taking_back.void(approval);
                let built = processor.void(&account, &void, self.clock().moment());
                let answer = self.reversal_sent(&taking_back, built).await;
                Ok(answer.map(|answer| match answer {
                    SettlementAnswer::Done { .. } => ReversalAnswer::Reversed,
                    SettlementAnswer::Accepted { .. } => ReversalAnswer::Accepted,
                    SettlementAnswer::Refused(decline) => ReversalAnswer::Refused(decline),
                }))
            }
            None => {
                let built = self.reversal_of(processor.as_ref(), &account, &taking_back);
                Ok(self.reversal_sent(&taking_back, built).await)
            }
        }
    }

    fn reversal_of(
        &self,
        processor: &dyn Processor,
        account: &Account,
        taking_back: &TakingBack<'_>,
    ) -> Result<Exchange<ReversalAnswer>, acquiring::CannotBuild> {
        processor.reverse(account, &taking_back.reversal(), self.clock().moment())
    }

    async fn reversal_sent<T>(
        &self,
        taking_back: &TakingBack<'_>,
        built: Result<Exchange<T>, acquiring::CannotBuild>,
    ) -> Option<T> {
        let about = taking_back.attempt.id;
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
                log_silence(about, &taking_back.route.processor, &silence);
                None
            }
        }
    }
}

impl TakingBack<'_> {
    fn void(&self, approval: &Approval) -> Void {
        Void {
            of: Charged {
                payment: self.payment.id,
                order_id: self.order.reference.clone(),
                kind: self.route.charge,
                reference: self.attempt.reference.clone(),
                processor_reference: approval.processor_reference.clone(),
                authorized: approval.amount,
            },
            reference: self.reference(1),
            reason: None,
        }
    }

    /// A reference beside the attempt's, in the form of all others and the same on each repeat: the attempt's id with other
    /// last bits, which no other id has but by the chance by which two ids would be the same.
    fn reference(&self, number: u128) -> String {
        Uuid::from_u128(self.attempt.id.uuid().as_u128() ^ number)
            .simple()
            .to_string()
    }

    fn reversal(&self) -> Reversal {
        Reversal {
            charge_reference: self.attempt.reference.clone(),
            reference: self.reference(2),
            order_id: self.order.reference.clone(),
            kind: self.route.charge,
            amount: self.payment.amount,
            sent_at: self.attempt.sent_at,
        }
    }
}
