//! Decide and record: the two beats that every flow shares.

use super::{idempotency::kept, settled::Settled};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use payments::{
    Limits, News, Numbering, Order, OrderDocument, Outgoing, SettlementRecord, Step, decide,
    directlink::changes::Before, hold::Hold, routing::Explanation, settlement::SettlementState,
    status::Announcement,
};
use primitives::Moment;
use store::{
    StoreError,
    authentications::AuthenticationRecord,
    cards::SealedCard,
    directlink::payments::Tries,
    events::{NewEvent, Recipients, Subject},
    idempotency::Claim,
    recording::Recording,
};

/// How often a flow decides again because somebody else was faster.
pub(crate) const TRIES: usize = 8;

/// What a step writes besides what was decided.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub order_is_new: bool,
    /// The card of a new payment.
    pub card: Option<SealedCard>,
    /// How many payments may be tried under a DirectLink order's number, the new one included.
    pub tries_max: Option<u8>,
    /// Why the new payment takes its routes.
    pub routing: Option<Box<Explanation>>,
    pub authentications: Vec<AuthenticationRecord>,
    /// The payment is to be looked at again sooner than was decided.
    pub look_again_within: Option<time::Duration>,
    pub claim: Option<Claim>,
    /// The claim is answered by this very step.
    pub answers_claim: bool,
}

/// A step that was recorded.
#[derive(Debug)]
pub(crate) struct Advanced {
    pub order: Order,
    pub send: Option<Outgoing>,
}

impl Gateway {
    /// Decides what the news means and records it. `Ok(None)`: it means nothing any more.
    /// [`StoreError::Changed`] within: somebody else was faster; read again and decide again.
    pub(crate) async fn advance(
        &self,
        order: Order,
        news: News,
        writes: Writes,
        moment: Moment,
    ) -> Result<Option<Advanced>, Stopped> {
        let before = Before::of(&order);
        let Some(step) = decide(&self.limits_for(&order, &news), order, news, moment)? else {
            return Ok(None);
        };
        self.record(&before, step, writes, moment)
            .await
            .map(Some)
            .map_err(Stopped::from)
    }

    /// The limits as they are for this payment: an authentication's sender counts as dead no sooner than its card's
    /// directory server has had all the time it may take.
    fn limits_for(&self, order: &Order, news: &News) -> Limits {
        let brand = match news {
            News::Purchased(purchased) => Some(purchased.card.brand),
            _ => order.payment.as_ref().map(|payment| payment.card.brand),
        };
        let limits = *self.limits();
        Limits {
            authentication_lease_seconds: brand.map_or(limits.authentication_lease_seconds, |brand| {
                self.areq_lease_seconds(brand)
            }),
            ..limits
        }
    }

    async fn record(
        &self,
        before: &Before,
        mut step: Step,
        mut writes: Writes,
        moment: Moment,
    ) -> Result<Advanced, Fault> {
        let at_rest = step.send.is_none()
            && step
                .order
                .payment
                .as_ref()
                .is_none_or(|now| now.state.is_at_rest());
        let wanted = at_rest || step.announce.is_some() || writes.answers_claim;
        let document = wanted.then(|| OrderDocument::of(&step.order, self.addresses(), Vec::new()));
        let event = match (&step.announce, &document) {
            (Some(announcement), Some(document)) => Some(NewEvent {
                id: self.clock().fresh_id(),
                merchant: step.order.merchant,
                subject: Subject::Order(step.order.id),
                sequence: version_written(&step.order, writes.order_is_new),
                event_type: announcement.event_type,
                payment_status: Some(announcement.payment_status.unwrap_or_default().to_owned()),
                document: self.told(&step.order, announcement, document),
                notify_url: self.notification_target(&step.order).await?,
                recipients: Recipients::Subscribed,
                created_at: moment.now,
            }),
            (None, _) | (_, None) => None,
        };
        let feedback = before.changes(&step.order, &step.settlements);
        let card_to_keep = before.card_fate(&step.order);
        let (tells, feeds_back) = (event.is_some(), !feedback.is_empty());
        // A call that asks for a capture, void or refund is answered by the step in which that is first said to have come to
        // something, be it only that nobody knows.
        let asked = match step.send {
            Some(Outgoing::Settle { settlement }) => Some(settlement),
            _ => None,
        };
        let settled = step
            .settlements
            .iter()
            .map(|record| &record.settlement)
            .find(|settlement| settlement.state != SettlementState::Sending);
        let answer = match &document {
            Some(document) if at_rest => Some(kept(document, settled.map(Settled::from))?),
            _ => None,
        };
        if let Some(claim) = &mut writes.claim {
            claim.settlement = asked;
            claim.answer = if at_rest || (writes.answers_claim && asked.is_none()) {
                answer.clone()
            } else {
                None
            };
        }
        let look_again_at = match (step.look_again_at, writes.look_again_within) {
            (Some(at), Some(within)) => Some(at.min(moment.now + within)),
            (at, _) => at,
        };
        let recording = Recording {
            order: &step.order,
            order_is_new: writes.order_is_new,
            new_payment: writes.card,
            tries: tries(&step.order, writes.tries_max),
            routing: writes.routing,
            attempts: &step.attempts,
            settlements: &step.settlements,
            holds: &step.holds,
            authentications: writes.authentications,
            look_again_at,
            forget_security_code: step.forget_security_code,
            event,
            feedback,
            card_to_keep,
            claim: writes.claim,
            answer,
            answered: settled.map(|settlement| settlement.id),
            now: moment.now,
        };
        self.store().record(recording).await?;
        for SettlementRecord { settlement, .. } in &step.settlements {
            if settlement.contradicted_at == Some(moment.now) {
                let (id, state) = (settlement.id, settlement.state.name());
                tracing::error!(settlement = %id, state, "the processor told the opposite, and the amounts cannot follow");
            }
        }
        step.order.version = version_written(&step.order, writes.order_is_new);
        self.watch().changed(step.order.id);
        if tells {
            self.watch().event_recorded(step.order.merchant);
        }
        if tells || feeds_back {
            self.wake_deliveries();
        }
        let to_be_released = step.holds.iter().filter_map(Hold::look_at);
        if let Some(look_again_at) = look_again_at.into_iter().chain(to_be_released).min() {
            self.wake_recovery(look_again_at);
        }
        Ok(Advanced {
            order: step.order,
            send: step.send,
        })
    }
}

impl Gateway {
    /// The document that an event carries: the order's, but for a refund that came to nothing, which is told once.
    fn told(&self, order: &Order, announcement: &Announcement, document: &OrderDocument) -> String {
        if announcement.payment_status == document.payment_status() {
            return document.as_json().to_owned();
        }
        OrderDocument::announcing(order, self.addresses(), announcement)
            .as_json()
            .to_owned()
    }
}

/// What is insisted on where the number of tries is limited. Only DirectLink has an order tried again under its number.
fn tries(order: &Order, most: Option<u8>) -> Option<Tries<'_>> {
    match (&order.numbering, most) {
        (Numbering::DirectLink(pspid), Some(most)) => Some(Tries {
            pspid,
            reference: &order.reference,
            most,
        }),
        (Numbering::DirectLink(_) | Numbering::Merchant, _) => None,
    }
}

/// The order's version once the step is recorded. A new row is written as version 0; every later step counts it up.
fn version_written(order: &Order, is_new: bool) -> i64 {
    if is_new { order.version } else { order.version + 1 }
}

/// Whether the flow should read again and decide again.
pub(crate) fn is_race(stopped: &Stopped) -> bool {
    matches!(stopped, Stopped::Fault(Fault::Store(StoreError::Changed)))
}
