//! What became of captures, voids and refunds at the processors: the truth about money after the approval.

use crate::{
    chance::Chance,
    processors::{self, ChargeState, Way},
    world::{Todo, World},
};
use acquiring::{Advice, ChargeKind, Recovery, SettlementAnswer, SettlementInquiryAnswer, SettlementKind};
use payments::{
    News, Order, PaymentState,
    settlement::{Settlement, SettlementNews},
};
use primitives::{Id, Moment, id::kind};

/// One that reached its processor.
#[derive(Debug)]
pub struct Operation {
    pub order: usize,
    pub payment: Id<kind::Payment>,
    /// The charge it is about.
    pub attempt: Id<kind::Attempt>,
    pub settlement: Id<kind::Settlement>,
    pub reference: String,
    pub kind: SettlementKind,
    pub amount: i64,
    pub visible_at: i64,
    pub state: OperationState,
    /// The notifications that the gateway has taken.
    pub taken: Vec<OperationState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationState {
    /// Accepted, and done or refused later.
    Working {
        succeeds: bool,
    },
    Done,
    Refused,
    /// Done, and come to nothing afterwards.
    Failed,
}

/// How a request fares, and what its processor makes of it.
pub struct Handling {
    pub way: Way,
    pub fate: OperationState,
    pub visible_after: i64,
}

pub fn handling(chance: &mut Chance, window: i64) -> Handling {
    let (there, back) = (chance.between(1, 400), chance.between(1, 3_000));
    let (answered, unheard) = (Way::Answered { there, back }, Way::Unheard { there });
    let slow = Way::Unheard {
        there: chance.between(20_000.min(window / 2), window * 9 / 10),
    };
    let working = OperationState::Working {
        succeeds: chance.permille(750),
    };
    let (way, fate) = chance.weighed(&[
        (50, (answered, OperationState::Done)),
        (20, (answered, working)),
        (6, (answered, OperationState::Refused)),
        (5, (Way::Refused, OperationState::Refused)),
        (6, (unheard, OperationState::Done)),
        (4, (unheard, working)),
        (2, (unheard, OperationState::Refused)),
        (3, (slow, OperationState::Done)),
    ]);
    let latest = match way {
        Way::Answered { there, .. } | Way::Unheard { there } => (window - there).max(0),
        Way::Refused => 0,
    };
    let visible_after = if chance.permille(500) {
        0
    } else {
        chance.between(0, latest)
    };
    Handling {
        way,
        fate,
        visible_after,
    }
}

impl World {
    /// A request arrives. What was asked before under the same reference is answered as before.
    pub fn operation_arrives(
        &mut self,
        order: usize,
        about: &Order,
        id: Id<kind::Settlement>,
        fate: OperationState,
        visible_after: i64,
    ) {
        let Some((payment, attempt, settlement, lost)) = settlement_of(about, id) else {
            return;
        };
        let known = self
            .operations
            .iter()
            .any(|it| it.reference == settlement.reference);
        if known && lost != Recovery::Repeat {
            self.violated(format!(
                "a {} is sent again that its processor would do again",
                settlement.kind.as_str()
            ));
        }
        if known {
            return;
        }
        let operation = Operation {
            order,
            payment,
            attempt,
            settlement: id,
            reference: settlement.reference.clone(),
            kind: settlement.kind,
            amount: settlement.amount.minor(),
            visible_at: self.now + visible_after,
            state: fate,
            taken: Vec::new(),
        };
        if let Some(what) = self.exceeded_by(&operation) {
            self.violated(what);
        }
        self.say(|_| format!("arrives: {operation:?}"));
        let number = self.operations.len();
        self.operations.push(operation);
        if !self.possible(number) {
            self.operations[number].state = OperationState::Refused;
        }
        match self.operations[number].state {
            OperationState::Working { .. } => {
                let after = self.chance.between(100, 7_200_000);
                self.after(after, Todo::Mature(number));
            }
            OperationState::Done => self.done(number),
            OperationState::Refused | OperationState::Failed => {}
        }
    }

    /// What was accepted comes to its end.
    pub fn operation_matures(&mut self, number: usize) {
        let OperationState::Working { succeeds } = self.operations[number].state else {
            return;
        };
        self.operations[number].state = if succeeds {
            OperationState::Done
        } else {
            OperationState::Refused
        };
        self.notify(number);
        if succeeds {
            self.done(number);
        }
    }

    /// Done, told now and then, and now and then come to nothing.
    fn done(&mut self, number: usize) {
        let (kind, attempt) = (self.operations[number].kind, self.operations[number].attempt);
        if kind == SettlementKind::Void {
            if let Some(charge) = self.charges.iter_mut().find(|charge| charge.attempt == attempt) {
                charge.state = ChargeState::Voided;
            }
        } else if self.chance.permille(40) {
            let after = self.chance.between(60_000, 7_200_000);
            self.after(after, Todo::Fail(number));
        }
        if self.chance.permille(300) {
            self.notify(number);
        }
    }

    /// What was done comes to nothing, unless something was built on it.
    pub fn operation_fails(&mut self, number: usize) {
        let built_on = self.operations[number].kind == SettlementKind::Capture
            && self.sum_of(number, SettlementKind::Refund, |state| {
                state != OperationState::Refused
            }) > 0;
        if !built_on {
            self.operations[number].state = OperationState::Failed;
            self.notify(number);
        }
    }

    /// The processor tells of it, sooner or later, once or twice.
    fn notify(&mut self, number: usize) {
        let state = self.operations[number].state;
        for _ in 0..self.chance.weighed(&[(7, 1), (3, 2)]) {
            let after = self.chance.between(0, 1_000) + self.chance.pause();
            self.after(
                after,
                Todo::Notice {
                    number,
                    state,
                    again: false,
                },
            );
        }
    }

    /// What a request would take beyond what the gateway was ever told there is.
    fn exceeded_by(&self, operation: &Operation) -> Option<String> {
        let charge = self
            .charges
            .iter()
            .find(|charge| charge.attempt == operation.attempt)?;
        let counted = |kind, counts: fn(OperationState) -> bool| -> i64 {
            let of_charge = self
                .operations
                .iter()
                .filter(|it| it.attempt == operation.attempt && it.kind == kind);
            of_charge.filter(|it| counts(it.state)).map(|it| it.amount).sum()
        };
        let open = |state| !matches!(state, OperationState::Refused | OperationState::Failed);
        let ever = |state| !matches!(state, OperationState::Refused);
        let captured = match charge.kind {
            ChargeKind::Sale => charge.amount,
            ChargeKind::Authorization => counted(SettlementKind::Capture, ever),
        };
        let too_much = match operation.kind {
            SettlementKind::Capture => {
                counted(SettlementKind::Capture, open) + operation.amount > charge.amount
                    || counted(SettlementKind::Void, open) > 0
            }
            SettlementKind::Void => {
                counted(SettlementKind::Capture, open) > 0 || charge.kind == ChargeKind::Sale
            }
            SettlementKind::Refund => counted(SettlementKind::Refund, open) + operation.amount > captured,
        };
        too_much.then(|| format!("{operation:?} is more than there is of {charge:?}"))
    }

    /// Whether there is what it wants: captures that failed give nothing back.
    fn possible(&self, number: usize) -> bool {
        let operation = &self.operations[number];
        let Some(charge) = self
            .charges
            .iter()
            .find(|charge| charge.attempt == operation.attempt)
        else {
            return false;
        };
        let refundable = match charge.kind {
            ChargeKind::Sale => charge.amount,
            ChargeKind::Authorization => {
                self.sum_of(number, SettlementKind::Capture, |it| it == OperationState::Done)
            }
        };
        let open = |state| matches!(state, OperationState::Working { .. } | OperationState::Done);
        charge.holds_money()
            && (operation.kind != SettlementKind::Refund
                || self.sum_of(number, SettlementKind::Refund, open) <= refundable)
    }

    fn sum_of(&self, number: usize, kind: SettlementKind, counts: impl Fn(OperationState) -> bool) -> i64 {
        let attempt = self.operations[number].attempt;
        let of_charge = self
            .operations
            .iter()
            .filter(|it| it.attempt == attempt && it.kind == kind);
        of_charge.filter(|it| counts(it.state)).map(|it| it.amount).sum()
    }

    /// The answer to the request itself.
    pub fn operation_answer(&self, id: Id<kind::Settlement>) -> News {
        let found = self.operations.iter().find(|it| it.settlement == id);
        let answer = match found.map(|it| it.state) {
            None => return News::Settlement(SettlementNews::Silence { settlement: id }),
            Some(OperationState::Done | OperationState::Failed) => SettlementAnswer::Done {
                processor_reference: None,
            },
            Some(OperationState::Working { .. }) => SettlementAnswer::Accepted {
                processor_reference: None,
            },
            Some(OperationState::Refused) => SettlementAnswer::Refused(processors::decline(Advice::Never)),
        };
        News::Settlement(SettlementNews::Answered {
            settlement: id,
            answer,
        })
    }

    /// What an inquiry that left then finds now.
    pub fn operation_inquired(&self, id: Id<kind::Settlement>, asked_at: i64) -> News {
        let found = self
            .operations
            .iter()
            .find(|it| it.settlement == id && it.visible_at <= self.now);
        told(id, asked_at, found.map(|it| it.state))
    }
}

/// The news of an inquiry, or of a notification.
pub fn told(id: Id<kind::Settlement>, asked_at: i64, state: Option<OperationState>) -> News {
    let answer = match state {
        None => SettlementInquiryAnswer::NotFound,
        Some(OperationState::Working { .. }) => SettlementInquiryAnswer::Pending,
        Some(OperationState::Done) => SettlementInquiryAnswer::Done {
            processor_reference: None,
        },
        Some(OperationState::Refused | OperationState::Failed) => {
            SettlementInquiryAnswer::Refused(processors::decline(Advice::Never))
        }
    };
    News::Settlement(SettlementNews::Inquired {
        settlement: id,
        asked_at: crate::clock::time(asked_at),
        answer: Some(answer),
    })
}

/// The settlement of that id with what it is about, and what tells of it when its answer is lost.
pub fn settlement_of(
    order: &Order,
    id: Id<kind::Settlement>,
) -> Option<(Id<kind::Payment>, Id<kind::Attempt>, &Settlement, Recovery)> {
    let payment = order.payment.as_ref()?;
    let PaymentState::Authorized(paid) = &payment.state else {
        return None;
    };
    let settlement = paid.settlements.iter().find(|it| it.id == id)?;
    let lost = payment.route_charged(paid)?.offers.lost(settlement.kind);
    Some((payment.id, paid.attempt, settlement, lost))
}

/// A wish of a merchant, whatever comes of it.
pub fn wish(chance: &mut Chance, amount: i64) -> News {
    let part = chance.between(1, amount);
    let part = chance.permille(600).then(|| processors::mxn(part));
    let news = match chance.below(10) {
        0..4 => SettlementNews::CaptureAsked {
            amount: part,
            is_final: chance.one_of(&[None, Some(false), Some(true)]),
        },
        4..6 => SettlementNews::VoidAsked { reason: None },
        _ => SettlementNews::RefundAsked {
            amount: part,
            reason: None,
        },
    };
    News::Settlement(news)
}

/// When a request for it no longer may be sent, since the others count its sender as dead.
pub fn given_up(settlement: &Settlement, moment: Moment, lease: time::Duration) -> bool {
    moment.now >= settlement.requested_at + lease
}
