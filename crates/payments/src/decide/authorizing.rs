//! While a charge is on its way, and when it is answered at once. What follows a decline is in [`super::cascading`]; what
//! follows silence, in [`super::awaiting`].

use super::{Limits, News, Outgoing, Step, at_rest, awaiting, cascading, denied_by, seconds};
use crate::{
    attempt::{AttemptInFlight, AttemptRecord, AttemptState, Outcome, ThreeDsUse},
    hold::Hold,
    order::Order,
    payment::{Authorized, Closed, Denial, DeniedBy, Payment, PaymentState},
    routing::Route,
    settlement::Standing,
    three_ds::{NewAuthentication, approach},
    totals::Totals,
};
use acquiring::{Approval, AuthorizationAnswer, ChargeKind, Decline, Reason};
use primitives::{Id, Moment, id::kind};

/// The state of a charge by that route that is about to be sent. Its attempt's id is the moment's.
pub(super) fn sending(route: usize, three_ds: ThreeDsUse, moment: Moment) -> PaymentState {
    PaymentState::Authorizing(AttemptInFlight::new(
        moment.fresh_id(),
        route,
        three_ds,
        moment.now,
    ))
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
    let attempt = attempt.clone();
    if attempt_of(&news)? != attempt.id {
        return None;
    }
    match news {
        News::Answered {
            answer: AuthorizationAnswer::Approved(approval),
            ..
        } => told_approved(limits, order, attempt, approval, moment),
        News::Answered {
            answer: AuthorizationAnswer::Declined(decline),
            means,
            ..
        } => declined(limits, order, &attempt, decline, means, moment),
        News::Answered {
            answer: AuthorizationAnswer::Pending { processor_reference },
            ..
        } => awaiting::taken(order, attempt, processor_reference, moment),
        News::NeverLeft { why, means, .. } => {
            let settled = record(payment, &attempt, AttemptState::NotSent(why))?;
            let denial = Denial {
                code: "DP-4200".to_owned(),
                reason: "the processor could not be reached".to_owned(),
                by: DeniedBy::System,
                processor: route_of(payment, &attempt).map(|route| route.processor.clone()),
                late: None,
            };
            Some(if cascading::may_go_on(payment, &attempt) {
                cascading::onward(limits, order, &attempt, settled, denial, means, moment)
            } else {
                deny(order, settled, denial)
            })
        }
        News::Silence { .. } => awaiting::unknown(order, attempt, moment),
        News::Purchased(_)
        | News::CardholderNeeded { .. }
        | News::DecoupledAgreed { .. }
        | News::PageOpened
        | News::AuthenticationRestarted { .. }
        | News::AuthenticationEnded { .. }
        | News::CardholderGaveUp
        | News::TimeExpired
        | News::Inquired { .. }
        | News::Overdue { .. }
        | News::ReversalAnswered { .. }
        | News::Settlement(_)
        | News::Cancel
        | News::Expire => None,
    }
}

/// The charge was approved, says the processor's answer, a notification or an inquiry.
pub(super) fn told_approved(
    limits: &Limits,
    order: Order,
    attempt: AttemptInFlight,
    approval: Approval,
    moment: Moment,
) -> Option<Step> {
    let asked = order.payment.as_ref()?.amount;
    match attempt.outcome {
        // For less, or anything but what was asked: an order is never paid in part without its merchant's word.
        Outcome::Sending | Outcome::Unknown { .. } | Outcome::Awaited { .. } if approval.amount != asked => {
            awaiting::reverse(limits, order, attempt, 0, Some(approval), moment)
        }
        Outcome::Sending | Outcome::Unknown { .. } | Outcome::Awaited { .. } => {
            approved(order, &attempt, approval)
        }
        Outcome::Reversing { .. } => {
            awaiting::approved_while_reversing(limits, order, attempt, approval, moment)
        }
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
        expired_at: None,
        settlements: Vec::new(),
    });
    Some(Step {
        attempts: vec![settled],
        ..at_rest(order)
    })
}

/// The charge was declined, and it is certain that nothing is taken. What is held all the same is released beside whatever
/// follows.
pub(super) fn declined(
    limits: &Limits,
    order: Order,
    attempt: &AttemptInFlight,
    decline: Decline,
    means: Option<NewAuthentication>,
    moment: Moment,
) -> Option<Step> {
    let hold = Hold::left_by(&order, attempt, &decline, moment.now);
    let mut step = after_decline(limits, order, attempt, decline, means, moment)?;
    step.holds.extend(hold);
    Some(step)
}

fn after_decline(
    limits: &Limits,
    order: Order,
    attempt: &AttemptInFlight,
    decline: Decline,
    means: Option<NewAuthentication>,
    moment: Moment,
) -> Option<Step> {
    let (payment, _) = in_flight(&order)?;
    if let (Some(means), Some(route)) = (&means, cascading::step_up_wanted(payment, attempt, &decline))
        && means.route == route
    {
        return cascading::stepped_up(limits, order, attempt, decline, means, moment);
    }
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
    let another = cascading::may_go_on_after(payment, attempt, &decline);
    let settled = record(payment, attempt, AttemptState::Declined(decline))?;
    Some(if another {
        cascading::onward(limits, order, attempt, settled, denial, means, moment)
    } else {
        deny(order, settled, denial)
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

/// The attempt is settled, and the payment denied.
pub(super) fn deny(mut order: Order, settled: AttemptRecord, denial: Denial) -> Step {
    if let Some(payment) = &mut order.payment {
        payment.state = PaymentState::Closed(Closed::Denied(denial));
    }
    Step {
        attempts: vec![settled],
        ..at_rest(order)
    }
}

/// The payment with its attempt in flight, if one is.
pub(super) fn in_flight(order: &Order) -> Option<(&Payment, &AttemptInFlight)> {
    let payment = order.payment.as_ref()?;
    match &payment.state {
        PaymentState::Authorizing(attempt) => Some((payment, attempt)),
        PaymentState::Authenticating(_) | PaymentState::Authorized(_) | PaymentState::Closed(_) => None,
    }
}

pub(super) fn route_of<'a>(payment: &'a Payment, attempt: &AttemptInFlight) -> Option<&'a Route> {
    payment.routes.get(attempt.route)
}

fn attempt_of(news: &News) -> Option<Id<kind::Attempt>> {
    match news {
        News::Answered { attempt, .. }
        | News::NeverLeft { attempt, .. }
        | News::Silence { attempt }
        | News::Inquired { attempt, .. }
        | News::Overdue { attempt }
        | News::ReversalAnswered { attempt, .. } => Some(*attempt),
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
        three_ds: attempt.three_ds,
        state,
    })
}
