//! What must be so in every history, whatever happens: checked when a charge leaves, after each record, and at the end.

use crate::{
    database::Recording,
    directory,
    gateway::{Errand, Task},
    processors::{Charge, ChargeState},
    settled::{self, Settlements},
    world::World,
};
use acquiring::{Advice, Initiator};
use payments::{
    Lifecycle, Order, Payment, PaymentState, ThreeDsMode,
    attempt::AttemptState,
    connection::OnDoubt,
    payment::{AuthenticationStage, Closed},
    purchase::Market,
    routing::Route,
    status::{self, MerchantStatus},
};
use primitives::{Id, id::kind};

/// How an order stood before a step was recorded.
pub struct Before {
    lifecycle: Lifecycle,
    latest: Option<Id<kind::Payment>>,
    words: MerchantStatus,
    decoupled: bool,
    /// Which payments were at an end, and whether paid.
    ends: Vec<(Id<kind::Payment>, bool)>,
    events: usize,
    settlements: Settlements,
}

impl Before {
    pub fn of(world: &World, index: usize) -> Self {
        let order = world.database.load(index, None);
        let row = world.row(index);
        let ended = |state: &PaymentState| !state.is_open();
        Self {
            lifecycle: order.lifecycle,
            latest: order.payment.as_ref().map(|payment| payment.id),
            words: status::of(&order),
            decoupled: is_decoupled(&order),
            ends: row
                .payments
                .iter()
                .filter(|row| ended(&row.payment.state))
                .map(|row| (row.payment.id, row.payment.state.is_paid()))
                .collect(),
            events: row.events.len(),
            settlements: Settlements::of(&order),
        }
    }
}

fn is_decoupled(order: &Order) -> bool {
    match order.payment.as_ref().map(|payment| &payment.state) {
        Some(PaymentState::Authenticating(now)) => matches!(now.stage, AuthenticationStage::Decoupled(_)),
        Some(PaymentState::Authorizing(_) | PaymentState::Authorized(_) | PaymentState::Closed(_)) | None => {
            false
        }
    }
}

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
    let (attempt, route) = crate::gateway::in_flight(order)?;
    wrong_about_authentication(world, payment, route, attempt.after_step_up)
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
    after_step_up: bool,
) -> Option<String> {
    let wanted = wants_authentication(payment, route);
    let Some(authenticated) = &payment.authentication else {
        let missing = wanted || after_step_up;
        return missing.then(|| "a charge without the authentication that is wanted".into());
    };
    let values = &authenticated.values;
    let Some(flow) = &authenticated.flow else {
        // Made elsewhere, or none since the card takes no part.
        let none = values.authentication_value.is_none();
        let refused = none && wanted && route.authenticates && route.on_unavailable == OnDoubt::Reject;
        return refused.then(|| "a charge without an authentication that could not be had".into());
    };
    let theirs = values.ds_trans_id.as_deref();
    let known = world
        .directory
        .iter()
        .find(|known| theirs == Some(directory::ds_trans_id(known.run).to_string().as_str()));
    let Some(known) = known else {
        return Some("a charge with an authentication that nobody made".into());
    };
    if known.payment != payment.id {
        return Some("a charge with the authentication of another payment".into());
    }
    if known.status.map(String::from) != values.trans_status {
        return Some(format!(
            "a charge says {flow} {:?}, the issuer {:?}",
            values.trans_status, known.status
        ));
    }
    // Where none is wanted, a doubtful one does no harm.
    let goes_without = !wanted && !after_step_up;
    let enough = match known.status {
        Some('Y') => true,
        Some('A') => route.on_attempted == OnDoubt::Proceed || goes_without,
        Some('U') => route.on_unavailable == OnDoubt::Proceed && !after_step_up || goes_without,
        Some('I') => {
            let wished = route.on_unavailable == OnDoubt::Proceed || route.three_ds.exemption.is_some();
            wished && !after_step_up || goes_without
        }
        Some(_) | None => false,
    };
    (!enough).then(|| format!("a charge after the issuer said {:?}", known.status))
}

/// A step was recorded.
pub fn after_record(world: &mut World, before: &Before, recording: &Recording) {
    let wrong = wrong_about_record(world, before, recording);
    if let Some(what) = wrong {
        world.violated(what);
    }
}

fn wrong_about_record(world: &World, before: &Before, recording: &Recording) -> Option<String> {
    let row = world.row(recording.index);
    let after = world.database.load(recording.index, None);
    if before.lifecycle != Lifecycle::Open && after.lifecycle != before.lifecycle {
        return Some("a cancelled or expired order comes back".into());
    }
    for (payment, paid) in &before.ends {
        let now = row.payments.iter().find(|row| row.payment.id == *payment);
        if now.is_none_or(|row| row.payment.state.is_open() || row.payment.state.is_paid() != *paid) {
            return Some("a payment that was over goes on".into());
        }
    }
    for stored in &row.payments {
        let state = &stored.payment.state;
        if waits_for_something(state) && stored.look_again_at.is_none() {
            return Some(format!("nobody will look again at {state:?}"));
        }
        if stored.code_until.is_some() && !may_need_code(state) {
            return Some(format!("the security code is kept in {state:?}"));
        }
        if after.lifecycle != Lifecycle::Open && state.is_open() {
            return Some("an order was closed with a payment on its way".into());
        }
    }
    let wrong = settled::wrong_about_record(&before.settlements, &after, recording);
    let told = row.events.get(before.events).map(|event| event.announcement);
    // Of settlements more is told than the change of words, and some of it later.
    let told_as_words = recording.step.settlements.is_empty();
    wrong.or_else(|| {
        told_as_words
            .then(|| wrong_about_events(before, &after, told))
            .flatten()
    })
}

fn waits_for_something(state: &PaymentState) -> bool {
    match state {
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) => true,
        PaymentState::Closed(Closed::Denied(denial)) => denial.late.is_some(),
        PaymentState::Authorized(paid) => paid.settlements.iter().any(|it| it.look_at.is_some()),
        PaymentState::Closed(Closed::Cancelled) => false,
    }
}

/// A charge may still follow.
fn may_need_code(state: &PaymentState) -> bool {
    match state {
        PaymentState::Authenticating(_) => true,
        PaymentState::Authorizing(attempt) => !attempt.is_open(),
        PaymentState::Authorized(_) | PaymentState::Closed(_) => false,
    }
}

/// Every change of the words that merchants see is told with the record that makes it, except that a payment is on its way.
fn wrong_about_events(before: &Before, after: &Order, told: Option<status::Announcement>) -> Option<String> {
    let words = status::of(after);
    let latest = after.payment.as_ref().map(|payment| payment.id);
    let on_its_way = words.order == before.words.order && words.payment == Some("processing");
    let new_to_decoupled = is_decoupled(after) && !before.decoupled;
    let changed = latest != before.latest || words != before.words || new_to_decoupled;
    match (changed && !on_its_way, told) {
        (true, Some(event)) if event.payment_status == words.payment => None,
        (true, Some(event)) => Some(format!("told {event:?}, but it is {words:?}")),
        (true, None) => Some(format!("nobody is told that {:?} became {words:?}", before.words)),
        (false, None) => None,
        (false, Some(event)) => Some(format!("told {event:?}, though nothing changed")),
    }
}

/// All time has passed.
pub fn at_the_end(world: &mut World) {
    let wrong = (0..world.database.orders.len()).find_map(|order| wrong_at_the_end(world, order));
    if let Some(what) = wrong {
        world.violated(what);
    }
}

fn wrong_at_the_end(world: &World, index: usize) -> Option<String> {
    let row = world.row(index);
    for stored in &row.payments {
        if waits_for_something(&stored.payment.state) {
            return Some(format!("stuck for ever: {:?}", stored.payment.state));
        }
    }
    if row.claims.iter().any(|claim| !claim.answered) {
        return Some("a caller's key is never answered".into());
    }
    if !row.events.is_sorted_by(|one, next| one.sequence < next.sequence) {
        return Some("events out of order".into());
    }
    let of_order = || world.charges.iter().filter(|charge| charge.order == index);
    let taken: Vec<&Charge> = of_order().filter(|charge| charge.holds_money()).collect();
    let paid = row.payments.iter().find_map(|row| match &row.payment.state {
        PaymentState::Authorized(paid) => Some(paid),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => None,
    });
    match (taken.as_slice(), paid) {
        ([], None) => {}
        ([], Some(paid)) => {
            let voided = of_order().find(|it| it.attempt == paid.attempt && it.state == ChargeState::Voided);
            match voided {
                Some(charge) => return settled::wrong_at_the_end(world, charge, paid),
                None => return Some("an order counts as paid, and no money was taken".into()),
            }
        }
        ([charge], Some(paid)) if charge.attempt == paid.attempt => {
            if let Some(what) = settled::wrong_at_the_end(world, charge, paid) {
                return Some(what);
            }
        }
        ([_], Some(_)) => return Some("an order is paid by another charge than it says".into()),
        ([charge], None) => return Some(format!("money was taken and nobody knows: {charge:?}")),
        (several, _) => return Some(format!("charged {} times: {several:?}", several.len())),
    }
    let attempts = || row.payments.iter().flat_map(|row| &row.attempts);
    for charge in of_order() {
        let state = attempts().find(|it| it.id == charge.attempt).map(|it| &it.state);
        let agrees = match (charge.state, state) {
            (ChargeState::Approved, Some(AttemptState::Approved(_)))
            | (ChargeState::Voided, Some(AttemptState::Reversed))
            | (ChargeState::Declined(_), Some(AttemptState::Declined(_) | AttemptState::Lost))
            | (ChargeState::Gone, Some(AttemptState::Lost)) => true,
            (_, _) => false,
        };
        if !agrees {
            return Some(format!("{charge:?} is recorded as {state:?}"));
        }
    }
    None
}
