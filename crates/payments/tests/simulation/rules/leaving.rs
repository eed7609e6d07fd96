//! What must be so when a charge leaves.

use crate::{
    database::PaymentRow,
    directory::{self, Known},
    gateway::{Errand, Task, in_flight},
    processors::{Charge, ChargeState},
    world::World,
};
use acquiring::{Advice, Initiator};
use payments::{
    Lifecycle, Order, Payment, ThreeDsMode,
    attempt::{AttemptInFlight, ThreeDsUse},
    connection::{OnDoubt, ReusePolicy},
    decide::ATTEMPTS_MAX,
    payment::Authenticated,
    purchase::Market,
    routing::Route,
};

/// A charge is about to leave.
pub fn before_charge(world: &mut World, task: &Task, order: &Order, charge: &Charge) {
    let wrong = wrong_about_charge(world, task, order, charge);
    if let Some(what) = wrong {
        world.violated(what);
    }
}

fn wrong_about_charge(world: &World, task: &Task, order: &Order, charge: &Charge) -> Option<String> {
    let row = world.row(charge.order);
    let stored = world.database.payment(charge.order, charge.payment)?;
    if row.order.lifecycle != Lifecycle::Open {
        return Some("a charge of an order that is cancelled or expired".into());
    }
    let recorded = stored.attempts.iter().find(|it| it.id == charge.attempt);
    if recorded.is_none_or(|attempt| attempt.reference != charge.reference) {
        return Some("a charge that was not recorded before it left".into());
    }
    if world
        .charges
        .iter()
        .any(|other| other.reference == charge.reference)
    {
        return Some("the same charge leaves twice".into());
    }
    if charge.amount != row.order.amount.minor() {
        return Some("a charge of another amount than the order's".into());
    }
    let others = world.charges.iter().filter(|other| other.order == charge.order);
    for other in others {
        if !other.is_over(world.now) {
            return Some(format!(
                "a charge leaves while another may have taken money: {other:?}"
            ));
        }
        if let (true, Some(advice)) = (other.payment == charge.payment, declined(other))
            && !advice.lets_another_route_try()
            && advice != Advice::Reauthenticate
        {
            return Some(format!("another charge after a decline that said {advice:?}"));
        }
    }
    let code_was_given = matches!(&task.errand, Errand::Purchase(call) if call.has_code);
    let forgotten = stored.code_until.is_none();
    if code_was_given && forgotten {
        return Some("a charge of a payment whose security code has been forgotten".into());
    }
    let payment = order.payment.as_ref()?;
    let (attempt, route) = in_flight(order)?;
    wrong_about_attempts(stored).or_else(|| wrong_about_authentication(world, payment, route, attempt))
}

/// No more attempts than a payment makes at most, nor than the card's scheme allows it.
fn wrong_about_attempts(stored: &PaymentRow) -> Option<String> {
    let allowed = stored.payment.history.attempts_allowed;
    let most = allowed.map_or(ATTEMPTS_MAX, |allowed| ATTEMPTS_MAX.min(allowed.into()));
    let made = stored.attempts.len();
    (made > most).then(|| format!("attempt {made} of a payment that may make {most}"))
}

fn declined(charge: &Charge) -> Option<Advice> {
    match charge.state {
        ChargeState::Declined(advice) => Some(advice),
        ChargeState::Travelling(_)
        | ChargeState::Gone
        | ChargeState::Pending { .. }
        | ChargeState::Approved
        | ChargeState::Voided => None,
    }
}

/// Whether the policy wants an authentication here, as a merchant would put it.
fn wants_authentication(payment: &Payment, route: &Route) -> bool {
    let present = payment.terms.initiator == Initiator::Customer && payment.terms.market == Market::Ecommerce;
    present
        && match route.three_ds.mode {
            Some(ThreeDsMode::Off) => false,
            Some(ThreeDsMode::Force | ThreeDsMode::DataOnly) => true,
            Some(ThreeDsMode::Auto) | None => route.authenticates && route.claims.is_none(),
        }
}

/// A charge carries what the issuer really said about this very payment, and only where that is enough.
fn wrong_about_authentication(
    world: &World,
    payment: &Payment,
    route: &Route,
    attempt: &AttemptInFlight,
) -> Option<String> {
    let wanted = wants_authentication(payment, route);
    let Some(authenticated) = &payment.authentication else {
        let missing = wanted || attempt.after_step_up;
        let waived = attempt.three_ds == ThreeDsUse::Waived;
        return if waived {
            wrong_about_waiver(world, payment, route, attempt)
        } else {
            missing.then(|| "a charge without the authentication that is wanted".into())
        };
    };
    if authenticated.flow.is_none() {
        // Made elsewhere, or none since the card takes no part.
        let never_asked = authenticated.values.authentication_value.is_none();
        let refused = never_asked && wanted && route.on_unavailable == OnDoubt::Reject;
        if never_asked && attempt.after_step_up {
            return Some("a charge without the authentication that the issuer asked for".into());
        }
        return refused.then(|| "a charge without an authentication that could not be had".into());
    }
    let known = match made_for(world, payment, authenticated) {
        Ok(known) => known,
        Err(what) => return Some(what),
    };
    if let Some(what) = wrong_about_origin(known, route, attempt) {
        return Some(what);
    }
    let enough = is_enough(known, route, attempt, !wanted && !attempt.after_step_up);
    (!enough).then(|| format!("a charge after the issuer said {:?}", known.status))
}

/// The run that an authentication comes from: one of this payment, that ended as the charge says.
fn made_for<'a>(
    world: &'a World,
    payment: &Payment,
    authenticated: &Authenticated,
) -> Result<&'a Known, String> {
    let values = &authenticated.values;
    let theirs = values.ds_trans_id.as_deref();
    let known = world
        .directory
        .iter()
        .find(|known| theirs == Some(directory::ds_trans_id(known.run).to_string().as_str()))
        .ok_or("a charge with an authentication that nobody made")?;
    if known.payment != payment.id {
        return Err("a charge with the authentication of another payment".into());
    }
    if known.status.map(String::from) != values.trans_status {
        return Err(format!(
            "a charge says {:?} {:?}, the issuer {:?}",
            authenticated.flow, values.trans_status, known.status
        ));
    }
    Ok(known)
}

/// Carried is what was made for another route, and only where such a thing is taken; and it is told as what it is.
fn wrong_about_origin(known: &Known, route: &Route, attempt: &AttemptInFlight) -> Option<String> {
    let carried = known.route != attempt.route;
    if carried && route.reuse == ReusePolicy::Never {
        return Some("an authentication is carried to a connection that takes none but its own".into());
    }
    let told_as_carried = match attempt.three_ds {
        ThreeDsUse::Carried => true,
        ThreeDsUse::Own | ThreeDsUse::Anew | ThreeDsUse::SteppedUp => false,
        ThreeDsUse::None | ThreeDsUse::Waived => {
            return Some(format!(
                "a charge with an authentication, which says {:?}",
                attempt.three_ds
            ));
        }
    };
    (told_as_carried != carried).then(|| {
        format!(
            "an authentication for route {} goes to {}, and is told as {:?}",
            known.route, attempt.route, attempt.three_ds
        )
    })
}

/// Whether what the issuer said is enough for a charge by this route; `goes_without`: none is wanted there, so that a
/// doubtful one does no harm.
fn is_enough(known: &Known, route: &Route, attempt: &AttemptInFlight, goes_without: bool) -> bool {
    let first_asked = !attempt.after_step_up;
    let shares = route.three_ds.mode() == ThreeDsMode::DataOnly && first_asked;
    match known.status {
        Some('Y') => true,
        Some('A') => route.on_attempted == OnDoubt::Proceed || goes_without,
        Some('U') => {
            let noted = shares && directory::takes_note(known.run);
            route.on_unavailable == OnDoubt::Proceed && first_asked || noted || goes_without
        }
        Some('I') => {
            let wished = route.on_unavailable == OnDoubt::Proceed || route.three_ds.exemption.is_some();
            wished && first_asked || shares || goes_without
        }
        Some(_) | None => false,
    }
}

/// A charge without authentication, after one has failed: only where a rule says so, and nobody who said no is passed over.
fn wrong_about_waiver(
    world: &World,
    payment: &Payment,
    route: &Route,
    attempt: &AttemptInFlight,
) -> Option<String> {
    if !route.charges_after_failed_authentication {
        return Some("no rule lets this route charge after a failed authentication".into());
    }
    if attempt.after_step_up {
        return Some("a charge without the authentication that the issuer asked for".into());
    }
    let runs = world.database.runs.iter().filter(|run| run.payment == payment.id);
    let refused = runs
        .filter_map(|run| run.status)
        .find(|status| matches!(status, 'N' | 'R'));
    refused.map(|status| format!("a rule passes over a cardholder of whom the issuer said {status}"))
}
