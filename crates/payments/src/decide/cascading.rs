//! After a charge that came to nothing: the next route that what is known of the cardholder can be carried to, a new
//! authentication for one that it cannot be carried to, or the one that the issuer asks for by declining.

use super::{
    Limits, News, Step, at_rest, authenticating,
    authorizing::{charge, deny, in_flight, record, route_of, sending},
};
use crate::{
    attempt::{AttemptInFlight, AttemptRecord, AttemptState, Outcome, ThreeDsUse},
    authentication_policy::{self, NotUsed, Reuse},
    history::ReuseDecision,
    order::Order,
    payment::{Authenticating, AuthenticationStage, Denial, Payment, PaymentState},
    three_ds::{NewAuthentication, approach},
};
use acquiring::{Advice, AuthorizationAnswer, Decline};
use primitives::Moment;
use time::OffsetDateTime;

/// How many attempts one payment makes at most, whatever is declined or cannot be reached.
pub const ATTEMPTS_MAX: usize = 5;

/// How often one payment asks issuers that say no without a usable reason: once more elsewhere, and not again. The
/// networks charge for more.
pub const ISSUER_DECLINES_MAX: usize = 2;

/// A new authentication that could follow news of a charge, if there are the means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Index of the payment's route whose acquirer would ask.
    pub route: usize,
    /// The issuer asks for it itself, with a challenge.
    pub step_up: bool,
}

/// The new authentications that could follow this news, best first: the means are looked up in this order, and the first
/// that are found go with the news.
pub fn means_wanted(order: &Order, news: &News, now: OffsetDateTime) -> Vec<Wanted> {
    let Some((payment, attempt)) = in_flight(order) else {
        return Vec::new();
    };
    let goes_on = match news {
        News::Answered {
            attempt: about,
            answer: AuthorizationAnswer::Declined(decline),
            ..
        } if *about == attempt.id => {
            if let Some(route) = step_up_wanted(payment, attempt, decline) {
                return vec![Wanted { route, step_up: true }];
            }
            may_go_on_after(payment, attempt, decline)
        }
        News::NeverLeft { attempt: about, .. } if *about == attempt.id => may_go_on(payment, attempt),
        _ => false,
    };
    if !goes_on {
        return Vec::new();
    }
    let mut wanted = Vec::new();
    for (route, reuse) in considered(payment, attempt, now) {
        match reuse {
            Reuse::Anew(_) => wanted.push(Wanted {
                route,
                step_up: false,
            }),
            Reuse::NotUsed(_) => {}
            Reuse::NotNeeded | Reuse::Carried | Reuse::Waived => break,
        }
    }
    wanted
}

/// The route whose acquirer is to authenticate the cardholder anew, if a decline of the attempt in flight asks for that:
/// at most once a payment, not once the outcome had been open, when the security code is gone, and not where the scheme's
/// limits leave no other attempt.
pub(super) fn step_up_wanted(
    payment: &Payment,
    attempt: &AttemptInFlight,
    decline: &Decline,
) -> Option<usize> {
    let route = route_of(payment, attempt)?;
    let first = !attempt.after_step_up && attempt.outcome == Outcome::Sending;
    let history = &payment.history;
    let allowed = history
        .attempts_allowed
        .is_none_or(|allowed| history.attempts.len() < allowed.into());
    (first && allowed && approach::steps_up(payment, route, decline)).then_some(attempt.route)
}

/// Whether another route may be tried after this decline. Once the outcome had been open the security code is gone, so
/// that no other route can be asked.
pub(super) fn may_go_on_after(payment: &Payment, attempt: &AttemptInFlight, decline: &Decline) -> bool {
    let asks_issuer_again = decline.advice == Advice::Failover;
    let declines = payment.history.issuer_declines() + 1;
    decline.advice.lets_another_route_try()
        && !(asks_issuer_again && declines >= ISSUER_DECLINES_MAX)
        && may_go_on(payment, attempt)
}

/// Whether another route may be tried after this attempt. After a step-up there is one charge, by the route that asked for
/// it, and no other.
pub(super) fn may_go_on(payment: &Payment, attempt: &AttemptInFlight) -> bool {
    let allowed = payment
        .history
        .attempts_allowed
        .map_or(ATTEMPTS_MAX, |allowed| ATTEMPTS_MAX.min(allowed.into()));
    attempt.outcome == Outcome::Sending && !attempt.after_step_up && payment.history.attempts.len() < allowed
}

/// The routes behind that of the attempt, each with what would become of the authentication there.
fn considered<'a>(
    payment: &'a Payment,
    attempt: &AttemptInFlight,
    now: OffsetDateTime,
) -> impl Iterator<Item = (usize, Reuse)> + use<'a> {
    let behind = payment.routes.iter().enumerate().skip(attempt.route + 1);
    behind.map(move |(index, route)| (index, authentication_policy::reuse(payment, route, now)))
}

/// Goes on with the next route that can be used, or gives up. What is decided about each route in between is kept.
pub(super) fn onward(
    limits: &Limits,
    mut order: Order,
    attempt: &AttemptInFlight,
    settled: AttemptRecord,
    denial: Denial,
    means: Option<NewAuthentication>,
    moment: Moment,
) -> Step {
    let Some(payment) = &mut order.payment else {
        return at_rest(order);
    };
    let mut decisions = Vec::new();
    let mut chosen = None;
    for (index, reuse) in considered(payment, attempt, moment.now) {
        let reuse = match (reuse, &means) {
            (Reuse::Anew(why), Some(means)) if means.route == index => Reuse::Anew(why),
            (Reuse::Anew(_), _) => Reuse::NotUsed(NotUsed::NoMeans),
            (other, _) => other,
        };
        if let Some(route) = payment.routes.get(index) {
            decisions.push(ReuseDecision::of(route, reuse));
        }
        if !matches!(reuse, Reuse::NotUsed(_)) {
            chosen = Some((index, reuse));
            break;
        }
    }
    payment.history.reuse.extend(decisions);
    let mut step = match (chosen, means) {
        (None, _) | (Some((_, Reuse::Anew(_))), None) => return deny(order, settled, denial),
        (Some((_, Reuse::Anew(_))), Some(means)) => {
            payment.state = anew(&means, false, moment);
            payment.authentication = None;
            authenticating::goes_on(limits, order, moment)
        }
        (Some((route, reuse)), _) => {
            let three_ds = match reuse {
                Reuse::Carried => ThreeDsUse::Carried,
                Reuse::Waived => ThreeDsUse::Waived,
                Reuse::NotNeeded | Reuse::Anew(_) | Reuse::NotUsed(_) => ThreeDsUse::None,
            };
            payment.state = sending(route, three_ds, moment);
            charge(limits, order, moment)
        }
    };
    step.attempts.insert(0, settled);
    step
}

/// The issuer refuses to go without an authentication: it gets one, with a challenge, and then the same acquirer is asked
/// once more.
pub(super) fn stepped_up(
    limits: &Limits,
    mut order: Order,
    attempt: &AttemptInFlight,
    decline: Decline,
    means: &NewAuthentication,
    moment: Moment,
) -> Option<Step> {
    let payment = order.payment.as_mut()?;
    let settled = record(payment, attempt, AttemptState::Declined(decline))?;
    // Whatever an earlier one gave was not enough.
    payment.authentication = None;
    payment.state = anew(means, true, moment);
    Some(Step {
        attempts: vec![settled],
        ..authenticating::goes_on(limits, order, moment)
    })
}

/// The state of a run that begins after a charge.
fn anew(means: &NewAuthentication, step_up: bool, moment: Moment) -> PaymentState {
    PaymentState::Authenticating(Authenticating {
        authentication: moment.fresh_id(),
        stage: AuthenticationStage::first(means.needs_page),
        route: means.route,
        step_up,
        anew: !step_up,
        page_token: means.page_token.clone(),
        page_issued_at: moment.now,
        page_opened_at: None,
    })
}

/// An authentication for the route of that index could not be had, and its payment is to be denied, unless a rule of the
/// merchant's lets that route, or one behind it, charge without any.
pub(super) fn without_authentication(
    limits: &Limits,
    order: &Order,
    from: usize,
    denial: &Denial,
    moment: Moment,
) -> Option<Step> {
    let mut order = order.clone();
    let payment = order.payment.as_mut()?;
    let (index, route) = payment.routes.iter().enumerate().skip(from).find(|(_, route)| {
        route.charges_after_failed_authentication
            && !authentication_policy::lacks_security_code(payment, route, moment.now)
    })?;
    let decision = ReuseDecision::waived(route, denial);
    payment.history.reuse.push(decision);
    payment.authentication = None;
    payment.state = sending(index, ThreeDsUse::Waived, moment);
    Some(charge(limits, order, moment))
}
