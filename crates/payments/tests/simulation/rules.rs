//! What must be so in every history, whatever happens: checked when a charge leaves ([`leaving`]), after each record, and
//! at the end ([`ending`]).

mod ending;
mod leaving;

pub use ending::at_the_end;
pub use leaving::before_charge;

use crate::{
    database::Recording,
    settled::{self, Settlements},
    world::World,
};
use acquiring::Recovery;
use payments::{
    Lifecycle, Order, Payment, PaymentState,
    payment::{AuthenticationStage, Closed, LateStage},
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
        let left_to_tidings = waits_for_tidings(&stored.payment);
        if waits_for_something(state) && !left_to_tidings && stored.look_again_at.is_none() {
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

/// A charge that is given up is being taken back, and its processor will tell how that ended: it cannot be asked.
fn waits_for_tidings(payment: &Payment) -> bool {
    let PaymentState::Closed(Closed::Denied(denial)) = &payment.state else {
        return false;
    };
    denial.late.as_ref().is_some_and(|late| {
        let route = payment.routes.get(late.attempt.route);
        let can_be_asked = route.is_none_or(|route| route.lost_charge != Recovery::Reverse);
        late.stage == LateStage::Waiting && !can_be_asked
    })
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
