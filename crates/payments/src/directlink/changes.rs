//! Of which steps a shop's server is told (ogone-directlink.md, section 9.3): of how a payment ended, and of what became of it
//! later. Nothing is told of what is still on its way. And which of them decides about the card that a shop wants kept.

use super::{
    status::{self, Told},
    telling::Telling,
};
use crate::{
    Order, SettlementRecord,
    attempt::Outcome,
    payment::{Authorized, Payment, PaymentState},
    purchase::PurchaseApi,
    settlement::SettlementState,
};
use acquiring::ChargeKind;
use primitives::{Id, id::kind};
use time::Duration;

/// On what occasion a shop's server is told something; each has an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The payment came to an end, be it only that nobody knows.
    End,
    /// That turned out otherwise, or something asked after it came to an end.
    Change,
}

impl Occasion {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Change => "change",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::End, Self::Change]
            .into_iter()
            .find(|occasion| occasion.as_str() == text)
    }
}

/// For how long a refusal waits for a shopper who may try another card, and does not come back: as long as people may look for
/// one.
pub const WAITS_FOR_SHOPPER: Duration = Duration::minutes(30);

/// Something that a shop's server is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub occasion: Occasion,
    pub telling: Telling,
}

impl Change {
    /// Whether another try of the same order may follow, so that the shop is told only if none does.
    pub fn may_be_overtaken(&self) -> bool {
        self.occasion == Occasion::End && self.telling.is_refusal()
    }
}

/// What becomes of the card that an order was to have kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFate {
    /// It was authorised: it is kept.
    Kept,
    /// It was not, and will not be.
    Forgotten,
}

/// How an order stood before a step.
#[derive(Debug, Clone, Default)]
pub struct Before {
    end: Option<Told>,
    /// It was authorised already, or closed.
    fate: Option<CardFate>,
    settlements: Vec<(Id<kind::Settlement>, Told)>,
}

impl Before {
    /// Nothing for orders of other faces.
    pub fn of(order: &Order) -> Self {
        let Some(payment) = of_directlink(order) else {
            return Self::default();
        };
        let settlements = match &payment.state {
            PaymentState::Authorized(paid) => paid
                .settlements
                .iter()
                .map(|it| (it.id, status::of_settlement(it.kind, &it.state)))
                .collect(),
            PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => {
                Vec::new()
            }
        };
        Self {
            end: end_of(order, payment),
            fate: fate_of(payment),
            settlements,
        }
    }

    /// What the step that led to `order` decides about its card; `None`: nothing, or it was decided before.
    pub fn card_fate(&self, order: &Order) -> Option<CardFate> {
        let after = of_directlink(order).and_then(fate_of);
        after.filter(|_| self.fate != after)
    }

    /// What is told of the step that led to `order` and changed these captures, voids and refunds of it.
    pub fn changes(&self, order: &Order, settlements: &[SettlementRecord]) -> Vec<Change> {
        let Some(payment) = of_directlink(order) else {
            return Vec::new();
        };
        let occasion = match (self.end, end_of(order, payment)) {
            (_, None) => None,
            (None, Some(_)) => Some(Occasion::End),
            (Some(before), Some(after)) => (before != after).then_some(Occasion::Change),
        };
        let of_payment = occasion.map(|occasion| Change {
            occasion,
            telling: Telling::of(order, is_sale(payment)),
        });
        let of_settlements = settlements
            .iter()
            .map(|record| &record.settlement)
            .filter(|settlement| is_told(&settlement.state))
            .filter(|settlement| {
                let told = status::of_settlement(settlement.kind, &settlement.state);
                !self.settlements.contains(&(settlement.id, told))
            })
            .map(|settlement| Change {
                occasion: Occasion::Change,
                telling: Telling::of_settlement(
                    order,
                    (settlement.kind, settlement.amount),
                    &settlement.state,
                    settlement.level,
                ),
            });
        of_payment.into_iter().chain(of_settlements).collect()
    }
}

fn of_directlink(order: &Order) -> Option<&Payment> {
    order
        .payment
        .as_ref()
        .filter(|payment| payment.terms.api == PurchaseApi::DirectLink)
}

fn fate_of(payment: &Payment) -> Option<CardFate> {
    match &payment.state {
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) => None,
        PaymentState::Authorized(_) => Some(CardFate::Kept),
        PaymentState::Closed(_) => Some(CardFate::Forgotten),
    }
}

/// Whether the money was to be taken at once. All routes of these payments do the same.
fn is_sale(payment: &Payment) -> bool {
    payment
        .routes
        .first()
        .is_some_and(|route| route.charge == ChargeKind::Sale)
}

/// How the payment itself ended, whatever was asked after it; `None`: not yet.
fn end_of(order: &Order, payment: &Payment) -> Option<Told> {
    match &payment.state {
        PaymentState::Authenticating(_) => None,
        PaymentState::Authorizing(attempt) => match &attempt.outcome {
            // Its end comes without anybody's doing: with the answer for which somebody waits on the line, or later.
            Outcome::Sending | Outcome::Awaited { .. } => None,
            Outcome::Unknown { .. } | Outcome::Reversing { .. } => Some(status::of(order, is_sale(payment))),
        },
        PaymentState::Authorized(paid) => Some(of_charge(paid)),
        PaymentState::Closed(_) => Some(status::of(order, is_sale(payment))),
    }
}

/// What the charge gave: money held or taken, unless it was held for so long that the processor let go of it.
fn of_charge(paid: &Authorized) -> Told {
    let [_, capturing, captured, _, _] = paid.totals.parts();
    let let_go = paid.expired_at.is_some() && capturing.is_zero() && captured.is_zero();
    match paid.kind {
        _ if let_go => status::VOIDED,
        ChargeKind::Authorization => status::AUTHORISED,
        ChargeKind::Sale => status::CAPTURED,
    }
}

/// Whether it came to something: it ended, or nobody can say what became of it.
fn is_told(state: &SettlementState) -> bool {
    match state {
        SettlementState::Sending | SettlementState::Accepted { .. } => false,
        SettlementState::Unknown { .. }
        | SettlementState::Done { .. }
        | SettlementState::Refused { .. }
        | SettlementState::NotSent { .. }
        | SettlementState::Lost => true,
    }
}

#[cfg(test)]
mod tests;
