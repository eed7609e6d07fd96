//! After the approval: captures, voids and refunds.
//!
//! What is asked for is checked and its amount reserved ([`asked`]); what is heard of it moves its state ([`told`]) and
//! with it the amount; while its end is open it is looked at in growing pauses ([`schedule`]).

mod asked;
mod schedule;
mod told;

#[cfg(test)]
mod arithmetic;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod expiries;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
pub(crate) mod testing;

pub use asked::SETTLEMENTS_MAX;

use super::{Limits, Outgoing, Step, at_rest, seconds};
use crate::{
    order::Order,
    payment::{Authorized, PaymentState},
    refusal::{Refusal, RefusalCode},
    settlement::{Settlement, SettlementNews, SettlementRecord, SettlementState, Standing},
    status::{self, Announcement},
    totals::{Share, Totals},
};
use acquiring::{ChargeKind, Recovery, SettlementKind};
use asked::{Asked, Paid};
use primitives::{Id, Moment, id::kind};
use schedule::Schedule;
use time::OffsetDateTime;
use told::Told;

/// How many failed settlements stay with the payment; every one stays in the rows.
const FAILED_KEPT: usize = 20;

/// What somebody who looks at a payment is to do about one of its settlements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementDue {
    /// Its sender is dead or hangs: [`SettlementNews::Silence`] is to be told.
    Silent { settlement: Id<kind::Settlement> },
    /// This is to be sent, and what comes of it told.
    Send(Outgoing),
}

/// What is to be done about the settlement whose time came first, if any has. Telling what came of it puts it off.
pub fn settlement_due(order: &Order, now: OffsetDateTime) -> Option<SettlementDue> {
    let payment = order.payment.as_ref()?;
    let PaymentState::Authorized(paid) = &payment.state else {
        return None;
    };
    let due = paid
        .settlements
        .iter()
        .filter(|it| it.look_at.is_some_and(|at| at <= now))
        .min_by_key(|it| it.look_at)?;
    let settlement = due.id;
    let lost = payment.route_charged(paid)?.offers.lost(due.kind);
    Some(match (&due.state, lost) {
        (SettlementState::Sending, _) => SettlementDue::Silent { settlement },
        (SettlementState::Unknown { .. }, Recovery::Repeat) => {
            SettlementDue::Send(Outgoing::Settle { settlement })
        }
        (
            SettlementState::Unknown { .. }
            | SettlementState::Accepted { .. }
            | SettlementState::Done { .. }
            | SettlementState::Refused { .. }
            | SettlementState::NotSent { .. }
            | SettlementState::Lost,
            _,
        ) => SettlementDue::Send(Outgoing::InquireSettlement { settlement }),
    })
}

/// `Ok(None)`: the news says nothing new. What is asked for is refused or done.
pub(super) fn next(
    limits: &Limits,
    order: Order,
    news: SettlementNews,
    moment: Moment,
) -> Result<Option<Step>, Refusal> {
    let (about, told) = match news {
        SettlementNews::CaptureAsked { amount, is_final } => {
            let wanted = Paid::of(&order, RefusalCode::CannotCapture)?.capture(amount, is_final)?;
            return begin(limits, order, wanted, moment).map(Some);
        }
        SettlementNews::VoidAsked { reason } => {
            let wanted = Paid::of(&order, RefusalCode::CannotVoid)?.void(reason)?;
            return begin(limits, order, wanted, moment).map(Some);
        }
        SettlementNews::RefundAsked { amount, reason } => {
            let wanted = Paid::of(&order, RefusalCode::CannotRefund)?.refund(amount, reason)?;
            return begin(limits, order, wanted, moment).map(Some);
        }
        SettlementNews::Expired { attempt } => return Ok(expired(order, attempt, moment)),
        SettlementNews::Answered { settlement, answer } => (settlement, Told::Answered(answer)),
        SettlementNews::NeverLeft { settlement, why } => (settlement, Told::NeverLeft(why)),
        SettlementNews::Silence { settlement } => (settlement, Told::Silence),
        SettlementNews::Inquired {
            settlement,
            asked_at,
            answer,
        } => (settlement, Told::Inquired { asked_at, answer }),
    };
    Ok(go_on(limits, order, about, told, moment))
}

/// Cancels a paid order: what is only held is released, what was taken is given back.
pub(super) fn cancel(limits: &Limits, order: Order, moment: Moment) -> Result<Step, Refusal> {
    let paid = Paid::of(&order, RefusalCode::StatusNotValidForTransition)?;
    let wanted = if paid.paid.totals.captured().is_zero() {
        paid.void(None)
    } else {
        paid.refund(None, None)
    };
    begin(limits, order, wanted?, moment)
}

/// Reserves the amount and sends the request for it.
fn begin(limits: &Limits, mut order: Order, wanted: Asked, moment: Moment) -> Result<Step, Refusal> {
    let unbalanced = || {
        Refusal::new(
            RefusalCode::Internal,
            "the amounts of the payment do not go together",
        )
    };
    let now = moment.now;
    let id: Id<kind::Settlement> = moment.fresh_id();
    let paid = paid_of(&mut order).ok_or_else(unbalanced)?;
    let state = SettlementState::Sending;
    let (nothing, reserved) = (Share::Nothing, state.share());
    let totals = paid.totals.moved(wanted.kind, wanted.amount, nothing, reserved);
    paid.totals = totals.map_err(|_| unbalanced())?;
    paid.settlements.push(Settlement {
        id,
        level: next_level(&paid.settlements),
        kind: wanted.kind,
        amount: wanted.amount,
        is_final: wanted.is_final,
        reference: id.uuid().simple().to_string(),
        reason: wanted.reason,
        captured: paid.totals.captured(),
        capture: wanted.capture,
        requested_at: now,
        updated_at: now,
        look_at: Some(now + seconds(limits.charge_lease_seconds)),
        contradicted_at: None,
        contradiction: None,
        state,
    });
    let step = recorded(order, id, &[]).ok_or_else(unbalanced)?;
    Ok(Step {
        send: Some(Outgoing::Settle { settlement: id }),
        ..step
    })
}

/// The number of what is asked next. The latest is never forgotten, so none is given twice.
fn next_level(settlements: &[Settlement]) -> u32 {
    let latest = settlements.iter().map(|it| it.level).max();
    latest.unwrap_or_default().saturating_add(1)
}

/// Takes the news into the settlement, the totals and the standing.
fn go_on(
    limits: &Limits,
    mut order: Order,
    about: Id<kind::Settlement>,
    told: Told,
    moment: Moment,
) -> Option<Step> {
    let before = status::of(&order);
    let now = moment.now;
    let payment = order.payment.as_ref()?;
    let PaymentState::Authorized(paid) = &payment.state else {
        return None;
    };
    let settlement = paid.settlements.iter().find(|it| it.id == about)?.clone();
    let schedule = Schedule {
        limits,
        route: payment.route_charged(paid)?,
        settlement: &settlement,
        now,
    };
    let (state, look_at) = told::next(&settlement, told, &schedule)?;
    let paid = paid_of(&mut order)?;
    let moved = moved(paid, &settlement, &state);
    let (state, look_at, contradicted_at, contradiction) = match (moved, state) {
        (Some(totals), state) => {
            paid.totals = totals;
            (state, look_at, settlement.contradicted_at, None)
        }
        (None, _) if settlement.contradicted_at.is_some() => return None,
        (None, SettlementState::Refused { decline }) => {
            (settlement.state.clone(), None, Some(now), Some(decline))
        }
        (None, _) => (settlement.state.clone(), None, Some(now), None),
    };
    let changed = Settlement {
        updated_at: if state.name() == settlement.state.name() {
            settlement.updated_at
        } else {
            now
        },
        look_at,
        contradicted_at,
        contradiction,
        state,
        ..settlement.clone()
    };
    let newly_contradicted = changed.contradicted_at.is_some() && settlement.contradicted_at.is_none();
    let tells = tells(
        &settlement.state,
        &changed.state,
        changed.kind,
        newly_contradicted,
    );
    if let Some(kept) = paid.settlements.iter_mut().find(|it| it.id == about) {
        *kept = changed;
    }
    let followed = follow_contradictions(paid, now);
    paid.standing = standing(paid);
    let mut step = recorded(order, about, &followed)?;
    let (tells, kind) = match followed.as_slice() {
        [] => (tells, settlement.kind),
        [..] => (Some(Tells::Ended), SettlementKind::Capture),
    };
    step.announce = tells.and_then(|tells| announcement(tells, kind, before, status::of(&step.order)));
    Some(step)
}

/// Takes in what had been told of captures and the totals could not follow then: the money had seemed to be on its way
/// back, and is not. Answers which captures those are.
fn follow_contradictions(paid: &mut Authorized, now: OffsetDateTime) -> Vec<Id<kind::Settlement>> {
    let mut followed = Vec::new();
    for index in 0..paid.settlements.len() {
        let Some(settlement) = paid.settlements.get(index).cloned() else {
            continue;
        };
        let (true, Some(decline)) = (settlement.is_done(), settlement.contradiction.clone()) else {
            continue;
        };
        let state = SettlementState::Refused { decline };
        if let Some(totals) = moved(paid, &settlement, &state)
            && let Some(kept) = paid.settlements.get_mut(index)
        {
            paid.totals = totals;
            followed.push(settlement.id);
            *kept = Settlement {
                updated_at: now,
                contradicted_at: None,
                contradiction: None,
                state,
                ..settlement
            };
        }
    }
    followed
}

/// What was still held is not any more. What was captured stays so, and a capture on its way may have come first.
fn expired(mut order: Order, about: Id<kind::Attempt>, moment: Moment) -> Option<Step> {
    let paid = paid_of(&mut order)?;
    let is_held = paid.kind == ChargeKind::Authorization && paid.standing != Standing::Voided;
    if paid.attempt != about || !is_held || paid.expired_at.is_some() {
        return None;
    }
    paid.expired_at = Some(moment.now);
    paid.standing = standing(paid);
    let look_again_at = first_look(paid);
    Some(Step {
        look_again_at,
        ..at_rest(order)
    })
}

/// The totals with the settlement in its next state; `None` where that cannot be true.
fn moved(paid: &Authorized, settlement: &Settlement, next: &SettlementState) -> Option<Totals> {
    let (from, to) = (settlement.state.share(), next.share());
    let others = || paid.settlements.iter().filter(|it| it.id != settlement.id);
    let voided = others().any(|it| it.kind == SettlementKind::Void && it.is_done());
    // A void that turns up after all cannot have released what was captured since, nor can a capture what was voided.
    let fits = match settlement.kind {
        _ if from == to || next.has_failed() => true,
        SettlementKind::Void => {
            let [_, capturing, captured, _, _] = paid.totals.parts();
            capturing.is_zero() && captured.is_zero() && !voided
        }
        SettlementKind::Capture => !voided,
        SettlementKind::Refund => true,
    };
    let alone = !next.is_in_flight()
        || settlement.is_in_flight()
        || settlement.kind == SettlementKind::Refund
        || !others().any(Settlement::holds_up_captures);
    if !(fits && alone) {
        return None;
    }
    paid.totals
        .moved(settlement.kind, settlement.amount, from, to)
        .ok()
}

fn standing(paid: &Authorized) -> Standing {
    let done = |kind| {
        let all = paid.settlements.iter();
        all.filter(move |it| it.kind == kind && it.is_done())
    };
    let [_, capturing, captured, _, _] = paid.totals.parts();
    let nothing_taken = captured.is_zero() && capturing.is_zero();
    let expired = paid.expired_at.is_some();
    if done(SettlementKind::Void).next().is_some() || (expired && nothing_taken) {
        Standing::Voided
    } else if expired || done(SettlementKind::Capture).any(|it| it.is_final) {
        Standing::CapturedFinally
    } else {
        Standing::Open
    }
}

/// What the merchant's server hears of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// It came to an end, or to the opposite of the end that was told.
    Ended,
    /// A refund that was on its way has come to nothing.
    Denied,
    /// The caller does not wait for it any more, and the words may have changed.
    Words,
}

/// A caller who waits hears of a refusal in the answer, and everybody of what was done.
fn tells(
    from: &SettlementState,
    to: &SettlementState,
    kind: SettlementKind,
    contradicted: bool,
) -> Option<Tells> {
    use SettlementState::{Accepted, Done, Lost, NotSent, Refused, Sending, Unknown};
    if contradicted {
        return Some(Tells::Ended);
    }
    match (from, to) {
        (Sending | Unknown { .. } | Accepted { .. } | Lost, Done { .. }) => Some(Tells::Ended),
        (Unknown { .. } | Accepted { .. } | Done { .. }, Refused { .. } | Lost) => match kind {
            SettlementKind::Refund => Some(Tells::Denied),
            SettlementKind::Capture | SettlementKind::Void => Some(Tells::Ended),
        },
        (Sending | Lost, Unknown { .. } | Accepted { .. }) => Some(Tells::Words),
        (Sending, Sending | Refused { .. } | NotSent { .. } | Lost)
        | (Unknown { .. } | Accepted { .. }, Sending | Unknown { .. } | Accepted { .. } | NotSent { .. })
        | (Done { .. }, Sending | Unknown { .. } | Accepted { .. } | Done { .. } | NotSent { .. })
        | (Lost, Sending | Refused { .. } | NotSent { .. } | Lost)
        | (Refused { .. } | NotSent { .. }, _) => None,
    }
}

fn announcement(
    tells: Tells,
    kind: SettlementKind,
    before: status::MerchantStatus,
    after: status::MerchantStatus,
) -> Option<Announcement> {
    match (tells, kind) {
        (Tells::Denied, _) => Some(Announcement {
            event_type: "payment.updated",
            payment_status: Some(status::DENIED),
        }),
        (Tells::Ended, _) | (Tells::Words, SettlementKind::Refund) => Some(Announcement {
            event_type: match (after.order, kind) {
                ("cancelled", _) if before.order != "cancelled" => "order.cancelled",
                (_, SettlementKind::Refund) => "order.refund",
                (_, SettlementKind::Capture | SettlementKind::Void) => "payment.updated",
            },
            payment_status: after.payment,
        }),
        // There is no word for a capture or a void on its way.
        (Tells::Words, SettlementKind::Capture | SettlementKind::Void) => None,
    }
}

/// The step that records that settlement, and others behind it, and looks at the payment when the first of its settlements
/// is due.
fn recorded(mut order: Order, about: Id<kind::Settlement>, others: &[Id<kind::Settlement>]) -> Option<Step> {
    let paid = paid_of(&mut order)?;
    let record = |id: &Id<kind::Settlement>| {
        let settlement = paid.settlements.iter().find(|it| it.id == *id)?.clone();
        Some(SettlementRecord {
            connection: paid.connection,
            processor: paid.processor.clone(),
            settlement,
        })
    };
    let records = [&about].into_iter().chain(others).map(record);
    let records = records.collect::<Option<Vec<_>>>()?;
    forget_oldest_failures(&mut paid.settlements);
    let look_again_at = first_look(paid);
    Some(Step {
        settlements: records,
        look_again_at,
        ..at_rest(order)
    })
}

/// When the first of the settlements is to be looked at.
fn first_look(paid: &Authorized) -> Option<OffsetDateTime> {
    paid.settlements.iter().filter_map(|it| it.look_at).min()
}

/// Failures that nobody looks at any more change nothing, and a merchant may make any number of them.
fn forget_oldest_failures(settlements: &mut Vec<Settlement>) {
    let over = |it: &Settlement| it.state.has_failed() && it.look_at.is_none();
    let mut surplus = settlements
        .iter()
        .filter(|it| over(it))
        .count()
        .saturating_sub(FAILED_KEPT);
    settlements.retain(|it| {
        let goes = surplus > 0 && over(it);
        surplus -= usize::from(goes);
        !goes
    });
}

fn paid_of(order: &mut Order) -> Option<&mut Authorized> {
    let payment = order.payment.as_mut()?;
    match &mut payment.state {
        PaymentState::Authorized(paid) => Some(paid),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => None,
    }
}
