//! After an attempt was given up as lost: one later look, and the reversal of an approval that shows up after all.

use super::{Limits, Outgoing, Step, at_rest, authorizing, awaiting, seconds};
use crate::{
    attempt::{AttemptInFlight, AttemptState},
    hold::Hold,
    order::Order,
    payment::{Closed, LateLook, LateStage, PaymentState},
    routing::Route,
};
use acquiring::{Approval, InquiryAnswer, ReversalAnswer};
use primitives::{Id, Moment, id::kind};
use time::OffsetDateTime;

/// The look is taken as long after the processor's last word as its final window is long.
pub(super) fn look_at(limits: &Limits, attempt: &AttemptInFlight, route: Option<&Route>) -> OffsetDateTime {
    route.map_or(attempt.sent_at, |route| {
        awaiting::final_at(limits, attempt, route) + seconds(route.inquiry_final_after_seconds)
    })
}

/// Whether the closed payment still watches that attempt.
pub(super) fn is_watching(order: &Order, about: Id<kind::Attempt>) -> bool {
    watched(order).is_some_and(|late| late.attempt.id == about)
}

fn watched(order: &Order) -> Option<&LateLook> {
    match &order.payment.as_ref()?.state {
        PaymentState::Closed(Closed::Denied(denial)) => denial.late.as_deref(),
        PaymentState::Closed(Closed::Cancelled)
        | PaymentState::Authenticating(_)
        | PaymentState::Authorizing(_)
        | PaymentState::Authorized(_) => None,
    }
}

/// What the late look found.
pub(super) fn inquired(
    limits: &Limits,
    order: Order,
    asked_at: OffsetDateTime,
    answer: Option<InquiryAnswer>,
    moment: Moment,
) -> Option<Step> {
    let late = watched(&order)?.clone();
    match (late.stage, answer) {
        (LateStage::Waiting, Some(InquiryAnswer::Approved(approval))) => {
            reverse(limits, order, late.attempt, approval, 0, moment)
        }
        (LateStage::Waiting, Some(InquiryAnswer::Declined(decline))) => {
            let hold = Hold::left_by(&order, &late.attempt, &decline, moment.now);
            Some(Step {
                holds: hold.into_iter().collect(),
                ..at_rest(watch(order, None))
            })
        }
        (LateStage::Waiting, Some(InquiryAnswer::NotFound)) => {
            let payment = order.payment.as_ref()?;
            let due_at = look_at(limits, &late.attempt, payment.routes.get(late.attempt.route));
            // One that was asked before that does not take the look's place.
            (asked_at >= due_at).then(|| at_rest(watch(order, None)))
        }
        (LateStage::Waiting, Some(InquiryAnswer::Pending) | None) => {
            let later = moment.now + seconds(limits.inquiry_pause_max_seconds);
            Some(Step {
                look_again_at: Some(later),
                ..at_rest(order)
            })
        }
        (LateStage::Reversing { .. }, _) => None,
    }
}

/// The reversal was answered, or a notification told its end; `None`: it failed. A void that was accepted is as good as
/// done: it names the charge as the processor knows it.
pub(super) fn reversal_answered(
    limits: &Limits,
    order: Order,
    asked_at: OffsetDateTime,
    answer: Option<ReversalAnswer>,
    moment: Moment,
) -> Option<Step> {
    let late = watched(&order)?.clone();
    let route = super::payment_route(&order, late.attempt.route);
    let can_be_asked = route.is_none_or(awaiting::is_inquired);
    let due_at = look_at(limits, &late.attempt, route);
    let later = due_at.max(moment.now + seconds(limits.inquiry_pause_max_seconds));
    match (late.stage, answer) {
        (LateStage::Waiting, Some(ReversalAnswer::Reversed))
        | (LateStage::Reversing { .. }, Some(ReversalAnswer::Reversed | ReversalAnswer::Accepted)) => {
            let payment = order.payment.as_ref()?;
            let settled = authorizing::record(payment, &late.attempt, AttemptState::Reversed)?;
            Some(Step {
                attempts: vec![settled],
                ..at_rest(watch(order, None))
            })
        }
        // One that was asked for before the look was due does not take its place: the charge may have come since.
        (
            LateStage::Waiting,
            Some(ReversalAnswer::NotFound | ReversalAnswer::Refused(_) | ReversalAnswer::Accepted),
        ) if asked_at < due_at => None,
        // Whoever can be asked is asked later how that ended; of the others a notification may still tell.
        (LateStage::Waiting, Some(ReversalAnswer::Accepted)) => Some(Step {
            look_again_at: can_be_asked.then_some(later),
            ..at_rest(order)
        }),
        (LateStage::Waiting, Some(ReversalAnswer::NotFound | ReversalAnswer::Refused(_))) => {
            Some(at_rest(watch(order, None)))
        }
        (LateStage::Waiting, None) => Some(Step {
            look_again_at: Some(later),
            ..at_rest(order)
        }),
        (
            LateStage::Reversing { approval, tries },
            Some(ReversalAnswer::NotFound | ReversalAnswer::Refused(_)) | None,
        ) => {
            // The void carries the same idempotency identity each time, so repeating it cannot void twice.
            let tries = tries.saturating_add(1);
            let step = reverse(limits, order, late.attempt, approval, tries, moment)?;
            Some(Step { send: None, ..step })
        }
    }
}

fn reverse(
    limits: &Limits,
    order: Order,
    attempt: AttemptInFlight,
    approval: Approval,
    tries: u16,
    moment: Moment,
) -> Option<Step> {
    let record = authorizing::record(
        order.payment.as_ref()?,
        &attempt,
        AttemptState::Reversing(approval.clone()),
    )?;
    let pause = limits
        .charge_lease_seconds
        .saturating_mul(1 << tries.min(8))
        .min(86_400);
    let send = Outgoing::Reverse {
        attempt: attempt.id,
        approval: Some(approval.clone()),
    };
    let order = watch(
        order,
        Some(LateLook {
            attempt,
            stage: LateStage::Reversing { approval, tries },
        }),
    );
    Some(Step {
        attempts: vec![record],
        send: Some(send),
        look_again_at: Some(moment.now + seconds(pause)),
        ..at_rest(order)
    })
}

fn watch(mut order: Order, late: Option<LateLook>) -> Order {
    if let Some(payment) = &mut order.payment
        && let PaymentState::Closed(Closed::Denied(denial)) = &mut payment.state
    {
        denial.late = late.map(Box::new);
    }
    order
}
