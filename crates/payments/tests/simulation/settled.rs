//! What must be so of captures, voids and refunds.

use crate::{
    database::Recording,
    operations::{Operation, OperationState},
    processors::Charge,
    world::World,
};
use acquiring::{ChargeKind, SettlementKind};
use payments::{
    Order, PaymentState,
    payment::Authorized,
    settlement::{Settlement, SettlementState, Standing},
    status,
};
use primitives::{Id, id::kind};

/// What an order's settlements were before a step.
pub struct Settlements(Vec<(Id<kind::Settlement>, &'static str)>);

impl Settlements {
    pub fn of(order: &Order) -> Self {
        let all = paid(order)
            .map(|paid| paid.settlements.as_slice())
            .unwrap_or_default();
        Self(all.iter().map(|it| (it.id, it.state.name())).collect())
    }

    fn state_of(&self, id: Id<kind::Settlement>) -> &'static str {
        self.0
            .iter()
            .find(|(known, _)| *known == id)
            .map_or("", |(_, state)| state)
    }
}

pub fn paid(order: &Order) -> Option<&Authorized> {
    match &order.payment.as_ref()?.state {
        PaymentState::Authorized(paid) => Some(paid),
        PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_) => None,
    }
}

/// What is wrong with a step about a settlement.
pub fn wrong_about_record(before: &Settlements, after: &Order, recording: &Recording) -> Option<String> {
    let step = &recording.step;
    let paid = paid(after)?;
    if paid
        .settlements
        .iter()
        .any(|it| matches!(it.state, SettlementState::Sending) && it.look_at.is_none())
    {
        return Some("nobody will look at a request on its way".into());
    }
    if let Some(what) = at_the_same_time(paid) {
        return Some(what);
    }
    if let Some(what) = unbalanced(paid) {
        return Some(what);
    }
    let words = status::of(after);
    for record in &step.settlements {
        let (id, now) = (record.settlement.id, record.settlement.state.name());
        let ended = now == "done" && before.state_of(id) != "done";
        if ended
            && step
                .announce
                .is_none_or(|told| told.payment_status != words.payment)
        {
            return Some(format!(
                "a {} is done and nobody is told {words:?}",
                record.settlement.kind.as_str()
            ));
        }
    }
    None
}

/// Beside a void nothing else is on its way; beside a capture only parts that the processor has taken, and that leave the
/// rest held.
fn at_the_same_time(paid: &Authorized) -> Option<String> {
    let all = paid.settlements.iter();
    let releasing: Vec<&Settlement> = all
        .filter(|it| it.is_in_flight() && it.kind != SettlementKind::Refund)
        .collect();
    let is_taken_part = |it: &&&Settlement| {
        it.kind == SettlementKind::Capture
            && !it.is_final
            && matches!(it.state, SettlementState::Accepted { .. })
    };
    let voids = releasing.iter().any(|it| it.kind == SettlementKind::Void);
    let others = releasing.len() - releasing.iter().filter(is_taken_part).count();
    ((voids && releasing.len() > 1) || others > 1)
        .then(|| format!("at the same time on their way: {releasing:?}"))
}

/// The amounts in the totals are those of the settlements.
fn unbalanced(paid: &Authorized) -> Option<String> {
    let sum = |kind, counts: fn(&Settlement) -> bool| -> i64 {
        let of_kind = paid.settlements.iter().filter(|it| it.kind == kind && counts(it));
        of_kind.map(|it| it.amount.minor()).sum()
    };
    let done = |it: &Settlement| matches!(it.state, SettlementState::Done { .. });
    let taken_at_once = match paid.kind {
        ChargeKind::Sale => paid.approval.amount.minor(),
        ChargeKind::Authorization => 0,
    };
    let expected = [
        sum(SettlementKind::Capture, Settlement::is_in_flight),
        taken_at_once + sum(SettlementKind::Capture, done),
        sum(SettlementKind::Refund, Settlement::is_in_flight),
        sum(SettlementKind::Refund, done),
    ];
    let [_, totals @ ..] = paid.totals.parts().map(|amount| amount.minor());
    (totals != expected).then(|| format!("the totals say {totals:?}, the settlements {expected:?}"))
}

/// What is wrong once all time has passed: records and truth differ, or an end is missing.
pub fn wrong_at_the_end(world: &World, charge: &Charge, paid: &Authorized) -> Option<String> {
    if let Some(open) = paid.settlements.iter().find(|it| it.is_in_flight()) {
        return Some(format!("stuck for ever: {open:?}"));
    }
    if charge.approves != charge.amount {
        return Some(format!(
            "an order is paid with another amount than its own: {charge:?}"
        ));
    }
    if paid.settlements.iter().any(|it| it.contradicted_at.is_some()) {
        // The processor has told the opposite of what had been built on: that is for people.
        return None;
    }
    let truly = |kind| -> i64 {
        let done = |it: &&Operation| {
            it.attempt == charge.attempt && it.kind == kind && it.state == OperationState::Done
        };
        world.operations.iter().filter(done).map(|it| it.amount).sum()
    };
    let taken_at_once = match charge.kind {
        ChargeKind::Sale => charge.approves,
        ChargeKind::Authorization => 0,
    };
    let truth = [
        charge.approves,
        0,
        taken_at_once + truly(SettlementKind::Capture),
        0,
        truly(SettlementKind::Refund),
    ];
    let recorded = paid.totals.parts().map(|amount| amount.minor());
    if recorded != truth {
        return Some(format!("the totals say {recorded:?}, and it is {truth:?}"));
    }
    if (truly(SettlementKind::Void) > 0) != (paid.standing == Standing::Voided) {
        return Some(format!(
            "{:?}, and voided is {}",
            paid.standing,
            truly(SettlementKind::Void)
        ));
    }
    None
}
