//! While the end of a charge is open: its answer was lost, the processor answers later, or it is being taken back because
//! nothing told in time what became of it. All of these block every other route.

use super::{
    Limits, Outgoing, Step, at_rest,
    authorizing::{declined, deny, in_flight, record, route_of, told_approved},
    cascading, late, seconds,
};
use crate::{
    attempt::{AttemptInFlight, AttemptState, Outcome},
    order::Order,
    payment::{Closed, Denial, DeniedBy, LateLook, LateStage, PaymentState},
    routing::Route,
};
use acquiring::{Approval, InquiryAnswer, Recovery, ReversalAnswer};
use primitives::{Id, Moment, id::kind};
use time::{Duration, OffsetDateTime};

/// How long a charge may stay open in all. A processor that knows it and cannot tell its end by then, or cannot be asked,
/// gets it taken back; an approval that shows up even later is voided.
pub const OPEN_MAX: Duration = Duration::days(1);

/// What a look at a charge whose time has come is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeDue {
    /// Its sender is dead or hangs: nobody can say what became of it. [`super::News::Silence`] is to be told.
    Silent { attempt: Id<kind::Attempt> },
    /// Nobody can be asked, and nobody has told: [`super::News::Overdue`] is to be told.
    Overdue { attempt: Id<kind::Attempt> },
    /// This message is due.
    Send(Outgoing),
}

/// What is due about the charge of an order whose time to be looked at has come; `None`: nothing.
pub fn charge_due(order: &Order) -> Option<ChargeDue> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authorizing(attempt) => {
            let about = attempt.id;
            let can_be_asked = route_of(payment, attempt).is_none_or(is_inquired);
            Some(match &attempt.outcome {
                Outcome::Sending => ChargeDue::Silent { attempt: about },
                Outcome::Unknown { .. } | Outcome::Awaited { .. } if can_be_asked => {
                    ChargeDue::Send(Outgoing::Inquire { attempt: about })
                }
                Outcome::Unknown { .. } | Outcome::Awaited { .. } => ChargeDue::Overdue { attempt: about },
                Outcome::Reversing { approval, .. } => ChargeDue::Send(Outgoing::Reverse {
                    attempt: about,
                    approval: approval.clone(),
                }),
            })
        }
        PaymentState::Closed(Closed::Denied(denial)) => {
            let watch = denial.late.as_ref()?;
            let about = watch.attempt.id;
            let can_be_asked = route_of(payment, &watch.attempt).is_none_or(is_inquired);
            Some(ChargeDue::Send(match &watch.stage {
                LateStage::Waiting if can_be_asked => Outgoing::Inquire { attempt: about },
                LateStage::Waiting => Outgoing::Reverse {
                    attempt: about,
                    approval: None,
                },
                LateStage::Reversing { approval, .. } => Outgoing::Reverse {
                    attempt: about,
                    approval: Some(approval.clone()),
                },
            }))
        }
        PaymentState::Authenticating(_)
        | PaymentState::Authorized(_)
        | PaymentState::Closed(Closed::Cancelled) => None,
    }
}

/// Whether what became of a charge by this route can be asked.
pub(super) fn is_inquired(route: &Route) -> bool {
    route.lost_charge != Recovery::Reverse
}

/// No usable answer came.
pub(super) fn unknown(mut order: Order, attempt: AttemptInFlight, moment: Moment) -> Option<Step> {
    // A second report of silence must not forget what is known by now.
    if attempt.is_open() {
        return None;
    }
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?;
    let first_look = attempt.sent_at + seconds(route.inquiry_visible_after_seconds);
    let settled = record(payment, &attempt, AttemptState::Unknown)?;
    payment.state = PaymentState::Authorizing(AttemptInFlight {
        outcome: Outcome::Unknown { inquiries: 0 },
        ..attempt
    });
    Some(Step {
        attempts: vec![settled],
        look_again_at: Some(first_look.max(moment.now)),
        ..at_rest(order)
    })
}

/// The processor has taken the charge, and tells its end later.
pub(super) fn taken(
    mut order: Order,
    attempt: AttemptInFlight,
    processor_reference: Option<String>,
    moment: Moment,
) -> Option<Step> {
    let inquiries = match attempt.outcome {
        Outcome::Sending => 0,
        // The sender had counted as dead and was only slow.
        Outcome::Unknown { inquiries } => inquiries,
        Outcome::Awaited { .. } | Outcome::Reversing { .. } => return None,
    };
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?;
    let wait = if is_inquired(route) {
        route.inquiry_visible_after_seconds
    } else {
        // It is known to have arrived: there is time for a notification until the processor's last word.
        route.inquiry_final_after_seconds
    };
    let first_look = attempt.sent_at + seconds(wait);
    let state = AttemptState::Awaited {
        processor_reference: processor_reference.clone(),
    };
    let settled = record(payment, &attempt, state)?;
    payment.state = PaymentState::Authorizing(AttemptInFlight {
        outcome: Outcome::Awaited {
            processor_reference,
            inquiries,
        },
        ..attempt
    });
    Some(Step {
        attempts: vec![settled],
        look_again_at: Some(first_look.max(moment.now)),
        ..at_rest(order)
    })
}

/// An inquiry about the attempt in flight was answered, or failed; or a notification told of it.
pub(super) fn inquired(
    limits: &Limits,
    order: Order,
    about: Id<kind::Attempt>,
    asked_at: OffsetDateTime,
    answer: Option<InquiryAnswer>,
    moment: Moment,
) -> Option<Step> {
    let (payment, attempt) = in_flight(&order)?;
    if about != attempt.id {
        return None;
    }
    let attempt = attempt.clone();
    let route = route_of(payment, &attempt)?.clone();
    match (&attempt.outcome, answer) {
        (_, Some(InquiryAnswer::Approved(approval))) => {
            told_approved(limits, order, attempt, approval, moment)
        }
        // It is known to have been approved: what looks like a decline is that it is being voided.
        (
            Outcome::Reversing {
                approval: Some(_), ..
            },
            Some(InquiryAnswer::Declined(_)),
        ) => None,
        // Whoever is waiting for the answer can see to the authentication that it asks for.
        (Outcome::Sending, Some(InquiryAnswer::Declined(decline)))
            if cascading::step_up_wanted(payment, &attempt, &decline).is_some() =>
        {
            None
        }
        (_, Some(InquiryAnswer::Declined(decline))) => {
            declined(limits, order, &attempt, decline, None, moment)
        }
        (
            Outcome::Sending | Outcome::Reversing { .. },
            Some(InquiryAnswer::NotFound | InquiryAnswer::Pending) | None,
        ) => None,
        (
            Outcome::Unknown { inquiries } | Outcome::Awaited { inquiries, .. },
            answer @ (Some(InquiryAnswer::NotFound | InquiryAnswer::Pending) | None),
        ) => {
            let found = matches!(answer, Some(InquiryAnswer::Pending));
            let is_last_word =
                answer == Some(InquiryAnswer::NotFound) && asked_at >= final_at(limits, &attempt, &route);
            if is_last_word {
                lost(limits, order, attempt, moment)
            } else if moment.now >= attempt.sent_at + OPEN_MAX {
                give_up(limits, order, attempt, found, moment)
            } else if is_inquired(&route) {
                ask_again(
                    limits,
                    order,
                    &attempt,
                    &route,
                    inquiries.saturating_add(1),
                    moment,
                )
            } else {
                None
            }
        }
    }
}

fn ask_again(
    limits: &Limits,
    mut order: Order,
    attempt: &AttemptInFlight,
    route: &Route,
    asked: u16,
    moment: Moment,
) -> Option<Step> {
    let look_again_at = next_look_at(limits, attempt, route, asked, moment.now);
    let payment = order.payment.as_mut()?;
    let outcome = match &attempt.outcome {
        Outcome::Awaited {
            processor_reference, ..
        } => Outcome::Awaited {
            processor_reference: processor_reference.clone(),
            inquiries: asked,
        },
        Outcome::Sending | Outcome::Unknown { .. } | Outcome::Reversing { .. } => {
            Outcome::Unknown { inquiries: asked }
        }
    };
    payment.state = PaymentState::Authorizing(AttemptInFlight {
        outcome,
        ..attempt.clone()
    });
    Some(Step {
        look_again_at: Some(look_again_at),
        ..at_rest(order)
    })
}

/// The charge has been open for as long as one may be.
fn give_up(
    limits: &Limits,
    order: Order,
    attempt: AttemptInFlight,
    found: bool,
    moment: Moment,
) -> Option<Step> {
    let (payment, _) = in_flight(&order)?;
    let can_be_reversed = route_of(payment, &attempt).is_some_and(|route| route.reversals);
    if found && can_be_reversed {
        reverse(limits, order, attempt, 0, None, moment)
    } else {
        lost(limits, order, attempt, moment)
    }
}

/// Nothing told in time what became of a charge that nobody can be asked about: it is taken back.
pub(super) fn overdue(
    limits: &Limits,
    order: Order,
    about: Id<kind::Attempt>,
    moment: Moment,
) -> Option<Step> {
    let (payment, attempt) = in_flight(&order)?;
    let attempt = attempt.clone();
    let nobody_can_be_asked = !is_inquired(route_of(payment, &attempt)?);
    let waiting = matches!(attempt.outcome, Outcome::Unknown { .. } | Outcome::Awaited { .. });
    if about != attempt.id || !waiting || !nobody_can_be_asked {
        return None;
    }
    reverse(limits, order, attempt, 0, None, moment)
}

/// It became known that the charge had been approved, while it was being taken back. It stays so: what takes it back may
/// have reached the processor. From now on that is a void of the charge as the processor knows it.
pub(super) fn approved_while_reversing(
    limits: &Limits,
    order: Order,
    attempt: AttemptInFlight,
    approval: Approval,
    moment: Moment,
) -> Option<Step> {
    match &attempt.outcome {
        Outcome::Reversing { approval: None, .. } => {
            reverse(limits, order, attempt, 0, Some(approval), moment)
        }
        Outcome::Reversing {
            approval: Some(_), ..
        }
        | Outcome::Sending
        | Outcome::Unknown { .. }
        | Outcome::Awaited { .. } => None,
    }
}

/// The charge is taken back; the reversal's reference is the same however often it is sent.
pub(super) fn reverse(
    limits: &Limits,
    mut order: Order,
    attempt: AttemptInFlight,
    tries: u16,
    approval: Option<Approval>,
    moment: Moment,
) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?.clone();
    let attempts = match (&approval, tries) {
        (Some(approval), 0) => vec![record(
            payment,
            &attempt,
            AttemptState::Reversing(approval.clone()),
        )?],
        (Some(_), _) | (None, _) => Vec::new(),
    };
    let look_again_at = next_look_at(limits, &attempt, &route, tries, moment.now);
    let send = Outgoing::Reverse {
        attempt: attempt.id,
        approval: approval.clone(),
    };
    payment.state = PaymentState::Authorizing(AttemptInFlight {
        outcome: Outcome::Reversing { tries, approval },
        ..attempt
    });
    Some(Step {
        attempts,
        send: Some(send),
        look_again_at: Some(look_again_at),
        ..at_rest(order)
    })
}

/// The reversal was answered, or a notification told its end; `None`: it failed. As with an inquiry, "not found" is the last
/// word only if the processor was asked after its final window; whatever else is not a reversal leaves open whether there
/// is a charge, so it is asked for again until the charge has been open for as long as one may be.
pub(super) fn reversal_answered(
    limits: &Limits,
    order: Order,
    about: Id<kind::Attempt>,
    asked_at: OffsetDateTime,
    answer: Option<ReversalAnswer>,
    moment: Moment,
) -> Option<Step> {
    let (payment, attempt) = in_flight(&order)?;
    let attempt = attempt.clone();
    let Outcome::Reversing { tries, approval } = attempt.outcome.clone() else {
        return None;
    };
    if about != attempt.id {
        return None;
    }
    let route = route_of(payment, &attempt)?.clone();
    match answer {
        Some(ReversalAnswer::Reversed) => {
            let settled = record(payment, &attempt, AttemptState::Reversed)?;
            let denial = Denial {
                code: "DP-6003".to_owned(),
                reason: "the charge could not be confirmed as it was asked for, and was taken back"
                    .to_owned(),
                by: DeniedBy::System,
                processor: Some(route.processor),
                late: None,
            };
            Some(deny(order, settled, denial))
        }
        Some(ReversalAnswer::Accepted | ReversalAnswer::NotFound | ReversalAnswer::Refused(_)) | None => {
            let is_last_word =
                answer == Some(ReversalAnswer::NotFound) && asked_at >= final_at(limits, &attempt, &route);
            match approval {
                Some(approval) if moment.now >= final_at(limits, &attempt, &route) => {
                    approved_and_lost(limits, order, attempt, approval, moment)
                }
                None if is_last_word || moment.now >= attempt.sent_at + OPEN_MAX => {
                    lost(limits, order, attempt, moment)
                }
                approval => {
                    let again = reverse(limits, order, attempt, tries.saturating_add(1), approval, moment)?;
                    Some(Step { send: None, ..again })
                }
            }
        }
    }
}

/// The charge was approved and could not be taken back in time: the payment is given up, and taking back goes on.
fn approved_and_lost(
    limits: &Limits,
    order: Order,
    attempt: AttemptInFlight,
    approval: Approval,
    moment: Moment,
) -> Option<Step> {
    let given_up = lost(limits, order, attempt, moment)?;
    late::inquired(
        limits,
        given_up.order,
        moment.now,
        Some(InquiryAnswer::Approved(approval)),
        moment,
    )
}

/// When "not found" means that nothing was charged: once the processor's final window has passed since the latest moment
/// at which the charge can have reached it. The attempt's own time is that of its record, and its sender may begin for as
/// long as its lease runs; after that it sends nothing any more.
pub(super) fn final_at(limits: &Limits, attempt: &AttemptInFlight, route: &Route) -> OffsetDateTime {
    attempt.sent_at + seconds(limits.charge_lease_seconds) + seconds(route.inquiry_final_after_seconds)
}

/// The pause doubles from the processor's visibility delay on, never skips past the moment when "not found" becomes
/// final, and is bounded.
fn next_look_at(
    limits: &Limits,
    attempt: &AttemptInFlight,
    route: &Route,
    looks: u16,
    now: OffsetDateTime,
) -> OffsetDateTime {
    let doubled = route
        .inquiry_visible_after_seconds
        .max(1)
        .saturating_mul(1 << looks.min(10));
    let next = now + seconds(doubled.min(limits.inquiry_pause_max_seconds));
    let last_word = final_at(limits, attempt, route);
    if now < last_word {
        next.min(last_word)
    } else {
        next
    }
}

fn lost(limits: &Limits, mut order: Order, attempt: AttemptInFlight, moment: Moment) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?.clone();
    let settled = record(payment, &attempt, AttemptState::Lost)?;
    let look_again_at = late::look_at(limits, &attempt, Some(&route)).max(moment.now);
    payment.state = PaymentState::Closed(Closed::Denied(Denial {
        code: "DP-6003".to_owned(),
        reason: "the processor has no record of the charge".to_owned(),
        by: DeniedBy::System,
        processor: Some(route.processor),
        late: Some(Box::new(LateLook {
            attempt,
            stage: LateStage::Waiting,
        })),
    }));
    Some(Step {
        attempts: vec![settled],
        look_again_at: Some(look_again_at),
        ..at_rest(order)
    })
}
