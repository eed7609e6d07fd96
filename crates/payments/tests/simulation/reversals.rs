//! What processors make of taking a charge back, and what they tell of charges of their own accord.

use crate::{
    gateway::Errand,
    processors::{ChargeState, decline},
    world::{Todo, World},
};
use acquiring::{Advice, Recovery, ReversalAnswer};
use primitives::{Id, id::kind};

/// How often a notification is repeated that nobody has taken.
const AGAIN_AFTER: i64 = 60_000;

/// A notification about a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tidings {
    /// The charge, by its place.
    pub charge: usize,
    pub says: Says,
    pub arrived_at: i64,
    /// What is being recorded is only that the charge's own answer does not come.
    pub silence_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Approved,
    Declined(Advice),
    /// How taking it back ended.
    Reversal {
        done: bool,
    },
}

impl World {
    /// A charge has reached its processor.
    pub fn charge_arrives(&mut self, number: usize) {
        let now = self.now;
        self.charges[number].arrive(now);
        self.say(|world| format!("arrives: {:?}", world.charges[number]));
        match self.charges[number].state {
            ChargeState::Pending { until, .. } => self.at(until, Todo::Ripen(number)),
            ChargeState::Travelling(_)
            | ChargeState::Gone
            | ChargeState::Approved
            | ChargeState::Declined(_)
            | ChargeState::Voided => self.tells_of_charge(number),
        }
    }

    /// What was pending is decided; one that was to be taken back meanwhile is.
    pub fn charge_ripens(&mut self, number: usize) {
        let now = self.now;
        self.charges[number].mature(now);
        self.tells_of_charge(number);
        if self.charges[number].taking_back {
            self.charge_taken_back(number);
        }
    }

    /// Taking a charge back comes to its end.
    pub fn charge_taken_back(&mut self, number: usize) {
        let charge = &mut self.charges[number];
        let done = charge.state == ChargeState::Approved;
        if done {
            charge.state = ChargeState::Voided;
        }
        let (tells, by_reference) = (charge.tells, charge.by_reference);
        if tells && by_reference {
            self.tells(number, Says::Reversal { done });
        }
    }

    /// The processor is asked to take a charge back by the reference that it was sent with.
    pub fn reversed_by_reference(&mut self, attempt: Id<kind::Attempt>) -> ReversalAnswer {
        let now = self.now;
        let Some(number) = self.charges.iter().position(|it| it.attempt == attempt) else {
            return ReversalAnswer::NotFound;
        };
        let charge = &mut self.charges[number];
        if !charge.reversible {
            self.violated("a processor is to take a charge back by its reference, and offers no such thing");
            return ReversalAnswer::NotFound;
        }
        if now < charge.visible_at {
            return ReversalAnswer::NotFound;
        }
        match charge.state {
            ChargeState::Travelling(_) | ChargeState::Gone => ReversalAnswer::NotFound,
            ChargeState::Voided => ReversalAnswer::Reversed,
            ChargeState::Pending { .. } => {
                (charge.taking_back, charge.by_reference) = (true, true);
                ReversalAnswer::Accepted
            }
            ChargeState::Approved if charge.taking_back => ReversalAnswer::Accepted,
            ChargeState::Approved => {
                (charge.taking_back, charge.by_reference) = (true, true);
                self.takes_back(number)
            }
            ChargeState::Declined(_) => {
                charge.told = true;
                let tells = charge.tells;
                let answers = [0, 1, 2];
                match self.chance.one_of(&answers) {
                    0 => ReversalAnswer::NotFound,
                    1 if tells => {
                        self.tells(number, Says::Reversal { done: false });
                        ReversalAnswer::Accepted
                    }
                    _ => ReversalAnswer::Refused(decline(Advice::Never)),
                }
            }
        }
    }

    /// The processor is asked to void a charge that it has approved. `None`: it fails.
    pub fn voided(&mut self, attempt: Id<kind::Attempt>) -> Option<ReversalAnswer> {
        let number = self.charges.iter().position(|it| it.attempt == attempt)?;
        let charge = &mut self.charges[number];
        match charge.state {
            ChargeState::Voided => Some(ReversalAnswer::Reversed),
            ChargeState::Approved if charge.taking_back => Some(ReversalAnswer::Accepted),
            ChargeState::Approved if self.chance.permille(200) => None,
            ChargeState::Approved => {
                self.charges[number].taking_back = true;
                Some(self.takes_back(number))
            }
            ChargeState::Travelling(_)
            | ChargeState::Gone
            | ChargeState::Pending { .. }
            | ChargeState::Declined(_) => Some(ReversalAnswer::Refused(decline(Advice::Never))),
        }
    }

    /// At once, or later.
    fn takes_back(&mut self, number: usize) -> ReversalAnswer {
        if self.chance.permille(600) {
            self.charge_taken_back(number);
            ReversalAnswer::Reversed
        } else {
            let after = self.chance.between(100, 600_000);
            self.after(after, Todo::TakeBack(number));
            ReversalAnswer::Accepted
        }
    }

    fn tells_of_charge(&mut self, number: usize) {
        let charge = &self.charges[number];
        let says = match charge.state {
            ChargeState::Approved => Says::Approved,
            ChargeState::Declined(advice) => Says::Declined(advice),
            ChargeState::Travelling(_)
            | ChargeState::Gone
            | ChargeState::Pending { .. }
            | ChargeState::Voided => return,
        };
        if charge.tells {
            self.tells(number, says);
        }
    }

    /// Sooner or later, once or twice.
    fn tells(&mut self, charge: usize, says: Says) {
        for _ in 0..self.chance.weighed(&[(7, 1), (3, 2)]) {
            let after = self.chance.between(0, 2_000) + self.chance.pause();
            self.after(
                after,
                Todo::Tidings {
                    charge,
                    says,
                    again: false,
                },
            );
        }
    }

    /// A notification about a charge arrives, and again until somebody has taken it.
    pub fn tidings_arrive(&mut self, charge: usize, says: Says, again: bool) {
        let about = &self.charges[charge];
        if again && about.heard.contains(&says) {
            return;
        }
        let (order, payment) = (about.order, about.payment);
        let tidings = Tidings {
            charge,
            says,
            arrived_at: self.now,
            silence_first: false,
        };
        self.begin_somewhere(order, Some(payment), Errand::Tidings(tidings));
        self.after(
            AGAIN_AFTER,
            Todo::Tidings {
                charge,
                says,
                again: true,
            },
        );
    }
}

/// Whether a processor that can, or cannot, be asked about its charges tells of them by itself.
pub fn tells(chance: &mut crate::chance::Chance, lost: Recovery) -> bool {
    lost == Recovery::Reverse || chance.permille(400)
}
