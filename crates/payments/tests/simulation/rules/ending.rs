//! What must be so once all time has passed.

use super::{waits_for_something, waits_for_tidings};
use crate::{
    processors::{Charge, ChargeState},
    settled,
    world::World,
};
use payments::{PaymentState, attempt::AttemptState, settlement::Standing};

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
        if waits_for_something(&stored.payment.state) && !waits_for_tidings(&stored.payment) {
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
                Some(charge) if paid.standing == Standing::Voided => {
                    if let Some(what) = settled::wrong_at_the_end(world, charge, paid) {
                        return Some(what);
                    }
                }
                Some(_) => return Some("an order counts as paid, and its charge was taken back".into()),
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
    let voided = |charge: &Charge| {
        paid.is_some_and(|paid| paid.attempt == charge.attempt && paid.standing == Standing::Voided)
    };
    let attempts = || row.payments.iter().flat_map(|row| &row.attempts);
    for charge in of_order() {
        let state = attempts().find(|it| it.id == charge.attempt).map(|it| &it.state);
        let agrees = match (charge.state, state) {
            (ChargeState::Approved, Some(AttemptState::Approved(_)))
            | (ChargeState::Voided, Some(AttemptState::Reversed))
            | (ChargeState::Declined(_), Some(AttemptState::Declined(_) | AttemptState::Lost))
            | (ChargeState::Gone, Some(AttemptState::Lost)) => true,
            // Released by its merchant.
            (ChargeState::Voided, Some(AttemptState::Approved(_))) => voided(charge),
            // Taken back by our reference, which an inquiry tells as a decline.
            (ChargeState::Voided, Some(AttemptState::Lost | AttemptState::Declined(_))) => {
                charge.by_reference && charge.told
            }
            (_, _) => false,
        };
        if !agrees {
            return Some(format!("{charge:?} is recorded as {state:?}"));
        }
    }
    None
}
