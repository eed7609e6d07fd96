//! What the processors really did: the truth that the gateway's records are held against.
//!
//! They are as unhelpful as real ones may be. The same charge sent twice is two charges; an inquiry finds a charge only
//! after a while; and now and then one is approved after the window in which its processor promised to know of it.

use crate::{chance::Chance, reversals::Says};
use acquiring::{Advice, Approval, ChargeKind, Decline, InquiryAnswer, Reason};
use primitives::{Amount, Currency, Id, id::kind};

/// A charge may stay open for one.
const DAY: i64 = 86_400_000;

/// A charge that left the house.
#[derive(Debug)]
pub struct Charge {
    /// The merchant's order, by its place.
    pub order: usize,
    pub payment: Id<kind::Payment>,
    pub attempt: Id<kind::Attempt>,
    pub reference: String,
    pub kind: ChargeKind,
    pub amount: i64,
    /// For how much it is approved, if it is: not always what was asked.
    pub approves: i64,
    /// From then on an inquiry finds it.
    pub visible_at: i64,
    /// From then on the processor stands by "not found".
    pub final_at: i64,
    pub state: ChargeState,
    /// The gateway has been given its end, in an answer, by an inquiry or by a notification.
    pub told: bool,
    /// Its processor can be asked what became of it.
    pub can_be_asked: bool,
    /// Its processor can take it back by our reference.
    pub reversible: bool,
    /// Its processor tells what became of it by itself.
    pub tells: bool,
    /// The notifications that the gateway has taken.
    pub heard: Vec<Says>,
    /// Its processor has taken it upon itself to take it back.
    pub taking_back: bool,
    /// That was asked for by our reference.
    pub by_reference: bool,
    /// The gateway has told it to void the charge, and will again until it is done.
    pub void_asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeState {
    /// On its way to the processor, where this will become of it.
    Travelling(Fate),
    /// It never arrived.
    Gone,
    /// Taken, and decided on later.
    Pending {
        until: i64,
        approves: bool,
    },
    /// Money is held or taken.
    Approved,
    Declined(Advice),
    /// Taken back.
    Voided,
}

/// What a processor makes of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Approve,
    Decline(Advice),
    /// It answers that it will answer.
    Wait {
        millis: i64,
        approves: bool,
    },
    Lose,
}

/// How a message fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// No connection was made: surely nothing arrived.
    Refused,
    /// It arrives after so long, and the answer comes back after so long again.
    Answered { there: i64, back: i64 },
    /// It arrives after so long, and nobody hears of it.
    Unheard { there: i64 },
}

/// What becomes of a charge, and how long "not found" may last beyond the processor's word, which it keeps nearly always.
pub struct Reception {
    pub way: Way,
    pub fate: Fate,
    pub visible_after: i64,
}

/// What becomes of a charge to a processor that promises to know of it within a window.
pub fn reception(chance: &mut Chance, window: i64) -> Reception {
    let advices = [
        Advice::Failover,
        Advice::Transient,
        Advice::Later,
        Advice::Never,
        Advice::FixInput,
        Advice::Reauthenticate,
    ];
    let there = chance.between(1, 400);
    let back = chance.between(1, 3_000);
    let answered = Way::Answered { there, back };
    let unheard = Way::Unheard { there };
    let decline = Fate::Decline(chance.one_of(&advices));
    let wait = Fate::Wait {
        millis: chance.between(500, window * 3 / 2),
        approves: chance.permille(700),
    };
    let wait_long = Fate::Wait {
        millis: chance.between(3_600_000, 2 * DAY),
        approves: chance.permille(700),
    };
    let slow = Way::Unheard {
        there: chance.between(20_000.min(window / 2), window * 9 / 10),
    };
    let after_all = Way::Unheard {
        there: window + chance.between(1, window * 9 / 10),
    };
    let (way, fate) = chance.weighed(&[
        (420, (answered, Fate::Approve)),
        (250, (answered, decline)),
        (60, (answered, wait)),
        (1, (answered, wait_long)),
        (60, (Way::Refused, Fate::Lose)),
        (60, (unheard, Fate::Lose)),
        (80, (unheard, Fate::Approve)),
        (40, (unheard, decline)),
        (20, (slow, Fate::Approve)),
        (10, (after_all, Fate::Approve)),
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
    Reception {
        way,
        fate,
        visible_after,
    }
}

impl Charge {
    /// It arrives.
    pub fn arrive(&mut self, now: i64) {
        let ChargeState::Travelling(fate) = self.state else {
            return;
        };
        self.state = match fate {
            Fate::Approve => ChargeState::Approved,
            Fate::Decline(advice) => ChargeState::Declined(advice),
            Fate::Wait { millis, approves } => ChargeState::Pending {
                until: now + millis,
                approves,
            },
            Fate::Lose => ChargeState::Gone,
        };
    }

    /// What was pending is decided when its time has come.
    pub fn mature(&mut self, now: i64) {
        if let ChargeState::Pending { until, approves } = self.state
            && now >= until
        {
            self.state = if approves {
                ChargeState::Approved
            } else {
                ChargeState::Declined(Advice::Never)
            };
        }
    }

    /// What an inquiry finds now.
    pub fn inquired(&mut self, now: i64) -> InquiryAnswer {
        self.mature(now);
        if now < self.visible_at {
            return InquiryAnswer::NotFound;
        }
        let answer = match self.state {
            ChargeState::Travelling(_) | ChargeState::Gone => return InquiryAnswer::NotFound,
            ChargeState::Pending { .. } => return InquiryAnswer::Pending,
            ChargeState::Approved => InquiryAnswer::Approved(self.approval()),
            ChargeState::Declined(advice) => InquiryAnswer::Declined(decline(advice)),
            ChargeState::Voided => InquiryAnswer::Declined(decline(Advice::Never)),
        };
        self.told = true;
        answer
    }

    pub fn approval(&self) -> Approval {
        Approval {
            processor_reference: self.reference.clone(),
            approval_code: None,
            response_code: None,
            amount: mxn(self.approves),
            network_transaction_id: None,
            issuer_bank: None,
            issuer_country: None,
        }
    }

    /// Whether the cardholder's money is held or taken.
    pub fn holds_money(&self) -> bool {
        self.state == ChargeState::Approved
    }

    /// Whether another charge of the same order may leave: surely nothing came of this one, and the gateway knows, or
    /// its processor's word is that it knows nothing of it.
    pub fn is_over(&self, now: i64) -> bool {
        let settled = match self.state {
            ChargeState::Gone | ChargeState::Declined(_) => self.told,
            ChargeState::Voided => true,
            ChargeState::Travelling(_) | ChargeState::Pending { .. } | ChargeState::Approved => false,
        };
        let nothing_known = self.visible_at > self.final_at || self.state == ChargeState::Gone;
        let given_up = now >= self.final_at && (nothing_known || self.void_asked);
        settled || given_up
    }
}

pub fn decline(advice: Advice) -> Decline {
    Decline {
        reason: match advice {
            Advice::Reauthenticate => Reason::AuthenticationRequired,
            Advice::Failover | Advice::Transient => Reason::GenericDecline,
            Advice::Later => Reason::InsufficientFunds,
            Advice::Never => Reason::LostOrStolen,
            Advice::FixInput => Reason::InvalidCard,
        },
        advice,
        raw_code: None,
        raw_message: None,
        network_advice: None,
        processor_reference: None,
        leaves_hold: false,
    }
}

pub fn mxn(minor: i64) -> Amount {
    Amount::new(minor, Currency::MXN).unwrap()
}
