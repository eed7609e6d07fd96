//! Turns at an order: those of one process who would change the same order decide and record one after the other.
//!
//! What is recorded counts only on the version that was read, so that nothing depends on these turns. They are there for an
//! order that many ask something of at once: each is answered for what it asked, rather than that others were faster. A
//! turn is held from the reading to the recording, never while anybody is talked to outside. Other processes have turns of
//! their own; between them the one who was slower decides again.

use primitives::{Id, id::kind};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};

/// Whose turn it is at which order.
#[derive(Debug, Clone, Default)]
pub struct OrderTurns(Arc<Mutex<HashMap<Id<kind::Order>, Seats>>>);

/// Those who wait at one order, and the one whose turn it is.
#[derive(Debug, Default)]
struct Seats {
    turnstile: Arc<Turnstile<()>>,
    taken: usize,
}

/// A turn at an order; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    // Let go of before the seat, whose last one clears the order away.
    _pass: OwnedMutexGuard<()>,
    _seat: Seat,
}

/// A place among those who wait; leaving it frees what it held.
#[derive(Debug)]
struct Seat {
    turns: OrderTurns,
    order: Id<kind::Order>,
}

impl OrderTurns {
    /// Waits for a turn, in the order of asking.
    pub async fn take(&self, order: Id<kind::Order>) -> Turn {
        let (seat, turnstile) = {
            let mut orders = self.lock();
            let seats = orders.entry(order).or_default();
            seats.taken += 1;
            let turns = self.clone();
            (Seat { turns, order }, Arc::clone(&seats.turnstile))
        };
        Turn {
            _pass: turnstile.lock_owned().await,
            _seat: seat,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<kind::Order>, Seats>> {
        // The map is whole after every statement, so a panic elsewhere cannot have left it half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut orders = self.turns.lock();
        if let Some(seats) = orders.get_mut(&self.order) {
            seats.taken -= 1;
            if seats.taken == 0 {
                orders.remove(&self.order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;
    use uuid::Uuid;

    fn order(number: u128) -> Id<kind::Order> {
        Id::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn one_at_a_time_has_a_turn_at_an_order_and_others_do_not_wait() {
        let turns = OrderTurns::default();
        let first = turns.take(order(1)).await;
        let brief = Duration::from_millis(20);
        assert!(timeout(brief, turns.take(order(1))).await.is_err());
        assert!(timeout(brief, turns.take(order(2))).await.is_ok());
        drop(first);
        assert!(timeout(brief, turns.take(order(1))).await.is_ok());
    }

    #[tokio::test]
    async fn nothing_is_kept_once_nobody_waits() {
        let turns = OrderTurns::default();
        let first = turns.take(order(1)).await;
        let gone = timeout(Duration::from_millis(1), turns.take(order(1))).await;
        assert!(gone.is_err());
        assert_eq!(turns.lock().len(), 1);
        drop(first);
        assert!(turns.lock().is_empty());
    }
}
