//! The database, as far as its rules matter to money: a step is written whole, on the version that was read, within the
//! unique indexes and CHECK constraints of the migrations, or not at all.

use payments::{
    Order, Payment, PaymentState, Step,
    attempt::{AttemptRecord, AttemptState},
    status::Announcement,
};
use primitives::{Id, id::kind};

/// Everything that is stored.
#[derive(Default)]
pub struct Database {
    pub orders: Vec<OrderRow>,
    pub runs: Vec<RunRow>,
}

/// An order with all that hangs on it.
pub struct OrderRow {
    /// Without its payment.
    pub order: Order,
    /// In the order in which they began; the last is the order's own.
    pub payments: Vec<PaymentRow>,
    pub events: Vec<EventRow>,
    pub claims: Vec<ClaimRow>,
}

pub struct PaymentRow {
    pub payment: Payment,
    pub attempts: Vec<AttemptRecord>,
    /// Milliseconds, like every time of the simulation.
    pub look_again_at: Option<i64>,
    pub leased_until: Option<i64>,
    /// Whether the sealed security code is still there, and until when it may be.
    pub code_until: Option<i64>,
}

pub struct EventRow {
    pub sequence: i64,
    pub announcement: Announcement,
}

/// An idempotency key and what became of its call.
pub struct ClaimRow {
    pub key: u32,
    pub payment: Id<kind::Payment>,
    pub answered: bool,
}

/// A run of 3-D Secure.
#[derive(Debug, Clone)]
pub struct RunRow {
    pub id: Id<kind::Authentication>,
    pub payment: Id<kind::Payment>,
    /// 0 while there is no row.
    pub version: i64,
    pub stage: RunStage,
    /// The transaction status of an RReq that was faster than the ARes.
    pub early: Option<char>,
    /// The transaction status that it ended with, if it ended with one.
    pub status: Option<char>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStage {
    /// Nobody has asked yet: the cardholder's browser has its turn first.
    Begun,
    Asked {
        at: i64,
    },
    AwaitingResults,
    Over,
}

/// Everything one step writes.
pub struct Recording {
    pub step: Step,
    pub index: usize,
    pub runs: Vec<RunRow>,
    /// Of a new payment: the key of its call, and whether its card came with a security code.
    pub claim: Option<u32>,
    pub has_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRecorded {
    /// Somebody was faster: read again, decide again.
    Changed,
    /// The idempotency key is in use.
    Taken,
    /// A CHECK constraint refuses it, so that the rules must have gone wrong before.
    Refused(&'static str),
}

/// The longest a security code is kept.
const CODE_MAX: i64 = 29 * 60_000;

impl Database {
    /// The order with its latest payment, or with that one.
    pub fn load(&self, index: usize, payment: Option<Id<kind::Payment>>) -> Order {
        let row = &self.orders[index];
        let found = match payment {
            Some(id) => row.payments.iter().find(|row| row.payment.id == id),
            None => row.payments.last(),
        };
        Order {
            payment: found.map(|row| row.payment.clone()),
            ..row.order.clone()
        }
    }

    pub fn payment(&self, index: usize, id: Id<kind::Payment>) -> Option<&PaymentRow> {
        let rows = &self.orders[index].payments;
        rows.iter().find(|row| row.payment.id == id)
    }

    pub fn payment_mut(&mut self, index: usize, id: Id<kind::Payment>) -> Option<&mut PaymentRow> {
        let rows = &mut self.orders[index].payments;
        rows.iter_mut().find(|row| row.payment.id == id)
    }

    pub fn run(&self, id: Id<kind::Authentication>) -> Option<&RunRow> {
        self.runs.iter().find(|row| row.id == id)
    }

    /// Writes a run for itself.
    pub fn write_run(&mut self, run: &RunRow) -> Result<(), NotRecorded> {
        self.run_is_current(run)?;
        self.put_run(run);
        Ok(())
    }

    /// Writes a step. `checks_version` is only ever off for a mutant.
    pub fn record(
        &mut self,
        recording: &Recording,
        now: i64,
        checks_version: bool,
    ) -> Result<(), NotRecorded> {
        let order = &recording.step.order;
        let row = &self.orders[recording.index];
        if checks_version && row.order.version != order.version {
            return Err(NotRecorded::Changed);
        }
        if let Some(key) = recording.claim
            && row.claims.iter().any(|claim| claim.key == key)
        {
            return Err(NotRecorded::Taken);
        }
        for run in &recording.runs {
            self.run_is_current(run)?;
        }
        if let Some(payment) = &order.payment {
            one_open_and_one_paid(row, payment)?;
            one_attempt_in_flight(row, payment, &recording.step.attempts)?;
            within_checks(payment)?;
        }
        self.write(recording, now);
        Ok(())
    }

    fn write(&mut self, recording: &Recording, now: i64) {
        let step = &recording.step;
        let row = &mut self.orders[recording.index];
        let version = row.order.version + 1;
        row.order = Order {
            payment: None,
            version,
            ..step.order.clone()
        };
        if let Some(announcement) = step.announce {
            row.events.push(EventRow {
                sequence: version,
                announcement,
            });
        }
        if let Some(payment) = &step.order.payment {
            let place = row.payments.iter().position(|row| row.payment.id == payment.id);
            let place = place.unwrap_or_else(|| {
                row.payments.push(PaymentRow {
                    payment: payment.clone(),
                    attempts: Vec::new(),
                    look_again_at: None,
                    leased_until: None,
                    code_until: recording.has_code.then_some(now + CODE_MAX),
                });
                row.payments.len() - 1
            });
            let stored = &mut row.payments[place];
            stored.payment = payment.clone();
            for attempt in &step.attempts {
                match stored.attempts.iter_mut().find(|it| it.id == attempt.id) {
                    Some(known) => *known = attempt.clone(),
                    None => stored.attempts.push(attempt.clone()),
                }
            }
            stored.look_again_at = step.look_again_at.map(super::clock::millis);
            stored.leased_until = None;
            if step.forget_security_code {
                stored.code_until = None;
            }
            let at_rest = step.send.is_none() && payment.state.is_at_rest();
            if let Some(key) = recording.claim {
                row.claims.push(ClaimRow {
                    key,
                    payment: payment.id,
                    answered: false,
                });
            }
            for claim in row.claims.iter_mut().filter(|claim| claim.payment == payment.id) {
                claim.answered |= at_rest;
            }
        }
        for run in &recording.runs {
            self.put_run(run);
        }
    }

    fn run_is_current(&self, run: &RunRow) -> Result<(), NotRecorded> {
        let version = self.run(run.id).map_or(0, |row| row.version);
        if version == run.version {
            Ok(())
        } else {
            Err(NotRecorded::Changed)
        }
    }

    fn put_run(&mut self, run: &RunRow) {
        let written = RunRow {
            version: run.version + 1,
            ..run.clone()
        };
        match self.runs.iter_mut().find(|row| row.id == run.id) {
            Some(row) => *row = written,
            None => self.runs.push(written),
        }
    }
}

/// `payments_one_open_per_order` and `payments_one_paid_per_order`.
fn one_open_and_one_paid(row: &OrderRow, payment: &Payment) -> Result<(), NotRecorded> {
    let others = || row.payments.iter().filter(|other| other.payment.id != payment.id);
    let twice =
        |is: fn(&PaymentState) -> bool| is(&payment.state) && others().any(|other| is(&other.payment.state));
    if twice(PaymentState::is_open) || twice(PaymentState::is_paid) {
        return Err(NotRecorded::Changed);
    }
    Ok(())
}

/// `attempts_one_in_flight_per_payment`.
fn one_attempt_in_flight(
    row: &OrderRow,
    payment: &Payment,
    written: &[AttemptRecord],
) -> Result<(), NotRecorded> {
    let in_flight =
        |attempt: &AttemptRecord| matches!(attempt.state, AttemptState::Sending | AttemptState::Unknown);
    let stored = row.payments.iter().find(|it| it.payment.id == payment.id);
    let stored = stored.map(|row| row.attempts.as_slice()).unwrap_or_default();
    let untouched = stored
        .iter()
        .filter(|attempt| !written.iter().any(|it| it.id == attempt.id));
    if untouched.chain(written).filter(|it| in_flight(it)).count() > 1 {
        return Err(NotRecorded::Changed);
    }
    Ok(())
}

/// The CHECK constraints of `payments`.
fn within_checks(payment: &Payment) -> Result<(), NotRecorded> {
    let PaymentState::Authorized(paid) = &payment.state else {
        return Ok(());
    };
    let [authorized, capturing, captured, refunding, refunded] =
        paid.totals.parts().map(|amount| amount.minor());
    if captured + capturing > authorized {
        return Err(NotRecorded::Refused("payments_capture_within_authorization"));
    }
    if refunded + refunding > captured {
        return Err(NotRecorded::Refused("payments_refund_within_capture"));
    }
    Ok(())
}
