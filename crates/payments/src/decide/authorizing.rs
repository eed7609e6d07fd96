//! While a charge is on its way, or its outcome unknown.

use super::{Limits, News, Outgoing, Step, at_rest, authenticating, denied_by, seconds};
use crate::{
    attempt::{AttemptInFlight, AttemptRecord, AttemptState, Outcome},
    authentication_policy,
    order::Order,
    payment::{
        Authenticating, AuthenticationStage, Authorized, Closed, Denial, DeniedBy, LateLook, LateStage,
        Payment, PaymentState,
    },
    routing::Route,
    settlement::Standing,
    three_ds::{StepUp, approach},
    totals::Totals,
};
use acquiring::{Approval, AuthorizationAnswer, ChargeKind, Decline, InquiryAnswer, Reason};
use primitives::{Id, Moment, id::kind};
use time::OffsetDateTime;

/// The state of a charge by that route that is about to be sent. Its attempt's id is the moment's.
pub(super) fn sending(route: usize, after_step_up: bool, moment: Moment) -> PaymentState {
    PaymentState::Authorizing(AttemptInFlight {
        after_step_up,
        ..AttemptInFlight::new(moment.fresh_id(), route, moment.now)
    })
}

/// The route whose acquirer is to authenticate the cardholder anew, if a decline of the attempt in flight asks for that:
/// at most once a payment, and not once the outcome had been unknown, when the security code is gone.
pub fn step_up_wanted(order: &Order, about: Id<kind::Attempt>, decline: &Decline) -> Option<usize> {
    let (payment, attempt) = in_flight(order)?;
    let route = route_of(payment, attempt)?;
    let first = attempt.id == about && !attempt.after_step_up && !attempt.is_unknown();
    (first && approach::steps_up(payment, route, decline)).then_some(attempt.route)
}

/// The step that sends the charge the payment's state speaks of.
pub(super) fn charge(limits: &Limits, mut order: Order, moment: Moment) -> Step {
    let exemption = in_flight(&order).and_then(|(payment, attempt)| {
        approach::claimed(payment, route_of(payment, attempt)?, attempt.after_step_up)
    });
    if let Some(PaymentState::Authorizing(attempt)) = order.payment.as_mut().map(|payment| &mut payment.state)
    {
        attempt.exemption = exemption;
    }
    let record =
        in_flight(&order).and_then(|(payment, attempt)| record(payment, attempt, AttemptState::Sending));
    Step {
        send: record
            .as_ref()
            .map(|record| Outgoing::Charge { attempt: record.id }),
        attempts: record.into_iter().collect(),
        look_again_at: Some(moment.now + seconds(limits.charge_lease_seconds)),
        forget_security_code: false,
        ..at_rest(order)
    }
}

pub(super) fn next(limits: &Limits, order: Order, news: News, moment: Moment) -> Option<Step> {
    let (payment, attempt) = in_flight(&order)?;
    let (about, attempt) = (attempt_of(&news)?, attempt.clone());
    if about != attempt.id {
        return None;
    }
    match news {
        News::Answered {
            answer: AuthorizationAnswer::Approved(approval),
            ..
        } => approved(order, &attempt, approval),
        News::Answered {
            answer: AuthorizationAnswer::Declined(decline),
            step_up,
            ..
        } => match (step_up, step_up_wanted(&order, about, &decline)) {
            (Some(means), Some(_)) => stepped_up(limits, order, &attempt, decline, means, moment),
            (Some(_) | None, _) => declined(limits, order, &attempt, decline, moment),
        },
        // Its end is asked for, or told, like that of a charge whose answer was lost.
        News::Answered {
            answer: AuthorizationAnswer::Pending { .. },
            ..
        } => unknown(order, attempt, moment),
        News::NeverLeft { why, .. } => {
            let settled = record(payment, &attempt, AttemptState::NotSent(why))?;
            let denial = Denial {
                code: "DP-4200".to_owned(),
                reason: "the processor could not be reached".to_owned(),
                by: DeniedBy::System,
                processor: route_of(payment, &attempt).map(|route| route.processor.clone()),
                late: None,
            };
            Some(try_next_route(limits, order, &attempt, settled, denial, moment))
        }
        News::Silence { .. } => unknown(order, attempt, moment),
        News::Purchased(_)
        | News::CardholderNeeded { .. }
        | News::DecoupledAgreed { .. }
        | News::PageOpened
        | News::AuthenticationRestarted { .. }
        | News::AuthenticationEnded { .. }
        | News::CardholderGaveUp
        | News::TimeExpired
        | News::Inquired { .. }
        | News::Reversed { .. }
        | News::Settlement(_)
        | News::Cancel
        | News::Expire => None,
    }
}

/// An inquiry about the attempt in flight was answered, or failed.
pub(super) fn inquired(
    limits: &Limits,
    mut order: Order,
    about: Id<kind::Attempt>,
    answer: Option<InquiryAnswer>,
    moment: Moment,
) -> Option<Step> {
    let (payment, attempt) = in_flight(&order)?;
    let attempt = attempt.clone();
    let Outcome::Unknown { inquiries } = attempt.outcome else {
        return None;
    };
    if about != attempt.id {
        return None;
    }
    let route = route_of(payment, &attempt)?.clone();
    match answer {
        Some(InquiryAnswer::Approved(approval)) => approved(order, &attempt, approval),
        Some(InquiryAnswer::Declined(decline)) => declined(limits, order, &attempt, decline, moment),
        Some(InquiryAnswer::NotFound) if moment.now >= final_at(&attempt, &route) => {
            lost(order, attempt, moment)
        }
        Some(InquiryAnswer::NotFound | InquiryAnswer::Pending) | None => {
            let asked = inquiries.saturating_add(1);
            let look_again_at = next_inquiry_at(limits, &attempt, &route, asked, moment.now);
            let payment = order.payment.as_mut()?;
            payment.state = PaymentState::Authorizing(AttemptInFlight {
                outcome: Outcome::Unknown { inquiries: asked },
                ..attempt
            });
            Some(Step {
                look_again_at: Some(look_again_at),
                ..at_rest(order)
            })
        }
    }
}

/// When "not found" means that nothing was charged.
pub(super) fn final_at(attempt: &AttemptInFlight, route: &Route) -> OffsetDateTime {
    attempt.sent_at + seconds(route.inquiry_final_after_seconds)
}

/// The pause doubles from the processor's visibility delay on, never skips past the moment when "not found" becomes
/// final, and is bounded.
fn next_inquiry_at(
    limits: &Limits,
    attempt: &AttemptInFlight,
    route: &Route,
    asked: u16,
    now: OffsetDateTime,
) -> OffsetDateTime {
    let doubled = route
        .inquiry_visible_after_seconds
        .max(1)
        .saturating_mul(1 << asked.min(10));
    let next = now + seconds(doubled.min(limits.inquiry_pause_max_seconds));
    let last_word = final_at(attempt, route);
    if now < last_word {
        next.min(last_word)
    } else {
        next
    }
}

fn approved(mut order: Order, attempt: &AttemptInFlight, approval: Approval) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, attempt)?.clone();
    let settled = record(payment, attempt, AttemptState::Approved(approval.clone()))?;
    let totals = match route.charge {
        ChargeKind::Sale => Totals::taken(approval.amount),
        ChargeKind::Authorization => Totals::held(approval.amount),
    };
    payment.card.issuer_bank = approval.issuer_bank.clone().or(payment.card.issuer_bank.take());
    payment.card.issuer_country = approval.issuer_country.or(payment.card.issuer_country);
    payment.state = PaymentState::Authorized(Authorized {
        attempt: attempt.id,
        connection: route.connection,
        processor: route.processor,
        kind: route.charge,
        approval,
        totals,
        exemption: attempt.exemption,
        standing: Standing::Open,
        settlements: Vec::new(),
    });
    Some(Step {
        attempts: vec![settled],
        ..at_rest(order)
    })
}

fn declined(
    limits: &Limits,
    order: Order,
    attempt: &AttemptInFlight,
    decline: Decline,
    moment: Moment,
) -> Option<Step> {
    let (payment, _) = in_flight(&order)?;
    let route = route_of(payment, attempt)?;
    let denial = Denial {
        code: decline_code(decline.reason).to_owned(),
        reason: decline
            .raw_message
            .clone()
            .unwrap_or_else(|| decline.reason.as_str().replace('_', " ")),
        by: denied_by(decline.reason),
        processor: Some(route.processor.clone()),
        late: None,
    };
    // Once the outcome had been unknown the security code is gone, so no other route can be asked.
    let another = decline.advice.lets_another_route_try() && !attempt.is_unknown();
    let settled = record(payment, attempt, AttemptState::Declined(decline))?;
    if another {
        Some(try_next_route(limits, order, attempt, settled, denial, moment))
    } else {
        Some(deny(order, settled, denial))
    }
}

/// The issuer refuses to go without an authentication: it gets one, with a challenge, and then the same acquirer is asked
/// once more.
fn stepped_up(
    limits: &Limits,
    mut order: Order,
    attempt: &AttemptInFlight,
    decline: Decline,
    means: StepUp,
    moment: Moment,
) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let settled = record(payment, attempt, AttemptState::Declined(decline))?;
    // Whatever an earlier one gave was not enough.
    payment.authentication = None;
    payment.state = PaymentState::Authenticating(Authenticating {
        authentication: moment.fresh_id(),
        stage: AuthenticationStage::first(means.needs_page),
        route: attempt.route,
        step_up: true,
        page_token: means.page_token,
        page_issued_at: moment.now,
        page_opened_at: None,
    });
    Some(Step {
        attempts: vec![settled],
        ..authenticating::goes_on(limits, order, moment)
    })
}

fn decline_code(reason: Reason) -> &'static str {
    match reason {
        Reason::ProcessorError | Reason::ProcessorUnavailable | Reason::InvalidRequest => "DP-4200",
        Reason::MerchantConfiguration => "DP-4024",
        Reason::SuspectedFraud | Reason::ProcessorRiskBlock => "DP-8001",
        _ => "DP-4500",
    }
}

/// Charges by the next route that what is known of the cardholder can be carried to, or gives up. After a step-up there is
/// one charge, by the route that asked for it, and no other.
fn try_next_route(
    limits: &Limits,
    mut order: Order,
    attempt: &AttemptInFlight,
    settled: AttemptRecord,
    denial: Denial,
    moment: Moment,
) -> Step {
    let Some(payment) = &mut order.payment else {
        return at_rest(order);
    };
    let next = (attempt.route + 1..payment.routes.len()).find(|index| {
        !attempt.after_step_up
            && payment
                .routes
                .get(*index)
                .is_some_and(|route| authentication_policy::may_charge_by(payment, route, moment.now))
    });
    match next {
        Some(route) => {
            payment.state = sending(route, false, moment);
            let mut step = charge(limits, order, moment);
            step.attempts.insert(0, settled);
            step
        }
        None => deny(order, settled, denial),
    }
}

fn deny(mut order: Order, settled: AttemptRecord, denial: Denial) -> Step {
    if let Some(payment) = &mut order.payment {
        payment.state = PaymentState::Closed(Closed::Denied(denial));
    }
    Step {
        attempts: vec![settled],
        ..at_rest(order)
    }
}

fn unknown(mut order: Order, attempt: AttemptInFlight, moment: Moment) -> Option<Step> {
    // A second report of silence must not forget the inquiries already made.
    if attempt.is_unknown() {
        return None;
    }
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?.clone();
    let settled = record(payment, &attempt, AttemptState::Unknown)?;
    let first_look = attempt.sent_at + seconds(route.inquiry_visible_after_seconds);
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

fn lost(mut order: Order, attempt: AttemptInFlight, moment: Moment) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let route = route_of(payment, &attempt)?.clone();
    let settled = record(payment, &attempt, AttemptState::Lost)?;
    let look_again_at = super::late::look_at(&attempt, Some(&route)).max(moment.now);
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

fn in_flight(order: &Order) -> Option<(&Payment, &AttemptInFlight)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authorizing(attempt) => Some((payment, attempt)),
        PaymentState::Authenticating(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

fn route_of<'a>(payment: &'a Payment, attempt: &AttemptInFlight) -> Option<&'a Route> {
    payment.routes.get(attempt.route)
}

fn attempt_of(news: &News) -> Option<Id<kind::Attempt>> {
    match news {
        News::Answered { attempt, .. }
        | News::NeverLeft { attempt, .. }
        | News::Silence { attempt }
        | News::Inquired { attempt, .. }
        | News::Reversed { attempt, .. } => Some(*attempt),
        News::Purchased(_)
        | News::CardholderNeeded { .. }
        | News::DecoupledAgreed { .. }
        | News::PageOpened
        | News::AuthenticationRestarted { .. }
        | News::AuthenticationEnded { .. }
        | News::CardholderGaveUp
        | News::TimeExpired
        | News::Settlement(_)
        | News::Cancel
        | News::Expire => None,
    }
}

/// The attempt's row as it is to read after this step.
pub(super) fn record(
    payment: &Payment,
    attempt: &AttemptInFlight,
    state: AttemptState,
) -> Option<AttemptRecord> {
    let route = route_of(payment, attempt)?;
    Some(AttemptRecord {
        id: attempt.id,
        connection: route.connection,
        processor: route.processor.clone(),
        reference: attempt.reference.clone(),
        sent_at: attempt.sent_at,
        state,
    })
}
