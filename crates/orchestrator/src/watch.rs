//! Waking those who wait: callers of Get Order and hosted pages for an order to change, callers of `GET /events` for an
//! event of their merchant.
//!
//! A waiter costs an entry in a map and a sleeping task. A change is told at once to the waiters of this process, and by
//! NOTIFY to the other processes; notifications are sent after the commit and coalesced, since a NOTIFY inside the
//! payment's own transaction would take a database-wide lock.

use primitives::{Id, id::kind};
use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Store;
use tokio::sync::{Notify, mpsc};

/// How long changes are collected before the other processes are told of them together.
const COALESCE: Duration = Duration::from_millis(10);
/// How many ids of each kind go into one notification; Postgres takes payloads below 8000 bytes.
const IDS_PER_NOTIFICATION: usize = 200;

/// Who waits for what.
#[derive(Debug, Clone)]
pub struct Watch {
    orders: Places<Id<kind::Order>>,
    merchants: Places<Id<kind::Merchant>>,
    to_others: mpsc::UnboundedSender<Change>,
}

/// What other processes are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Order(Id<kind::Order>),
    EventOf(Id<kind::Merchant>),
}

impl Watch {
    /// A watch, and the task that tells the other processes. The task ends when the watch is dropped.
    pub fn new(store: Store) -> (Self, impl Future<Output = ()> + Send) {
        let (to_others, changes) = mpsc::unbounded_channel();
        (Self::telling(to_others), tell_others(store, changes))
    }

    fn telling(to_others: mpsc::UnboundedSender<Change>) -> Self {
        Self {
            orders: Places::default(),
            merchants: Places::default(),
            to_others,
        }
    }

    /// Takes a place. Changes from now on are not missed, so look at the order after this.
    pub fn wait_for(&self, order: Id<kind::Order>) -> Watcher<Id<kind::Order>> {
        self.orders.take(order)
    }

    /// Takes a place. Events from now on are not missed, so look at the log after this.
    pub fn wait_for_events_of(&self, merchant: Id<kind::Merchant>) -> Watcher<Id<kind::Merchant>> {
        self.merchants.take(merchant)
    }

    /// A step of this order was recorded by this process.
    pub fn changed(&self, order: Id<kind::Order>) {
        self.changed_elsewhere(order);
        self.tell(Change::Order(order));
    }

    /// Another process says that the order changed.
    pub fn changed_elsewhere(&self, order: Id<kind::Order>) {
        self.orders.wake(&order);
    }

    /// An event of this merchant was recorded by this process.
    pub fn event_recorded(&self, merchant: Id<kind::Merchant>) {
        self.event_recorded_elsewhere(merchant);
        self.tell(Change::EventOf(merchant));
    }

    /// Another process says that an event of this merchant was recorded.
    pub fn event_recorded_elsewhere(&self, merchant: Id<kind::Merchant>) {
        self.merchants.wake(&merchant);
    }

    /// Notifications may have been missed: everybody looks again.
    pub fn anything_may_have_changed(&self) {
        self.orders.wake_all();
        self.merchants.wake_all();
    }

    fn tell(&self, change: Change) {
        // The receiver is gone only while the process shuts down.
        let _ = self.to_others.send(change);
    }
}

/// The places of those who wait, by what they wait for.
#[derive(Debug)]
struct Places<Key>(Arc<Mutex<HashMap<Key, Entry>>>);

#[derive(Debug, Default)]
struct Entry {
    changed: Arc<Notify>,
    waiters: usize,
}

impl<Key> Clone for Places<Key> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Key> Default for Places<Key> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<Key> Places<Key> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        // The map is whole after every statement, so a panic elsewhere cannot have left it half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        for entry in self.lock().values() {
            entry.changed.notify_waiters();
        }
    }
}

impl<Key: Copy + Eq + Hash> Places<Key> {
    fn take(&self, key: Key) -> Watcher<Key> {
        let mut entries = self.lock();
        let entry = entries.entry(key).or_default();
        entry.waiters += 1;
        Watcher {
            places: self.clone(),
            key,
            changed: Arc::clone(&entry.changed),
        }
    }

    fn wake(&self, key: &Key) {
        if let Some(entry) = self.lock().get(key) {
            entry.changed.notify_waiters();
        }
    }
}

/// One waiter's place; leaving it frees what it held.
#[derive(Debug)]
pub struct Watcher<Key: Copy + Eq + Hash> {
    places: Places<Key>,
    key: Key,
    changed: Arc<Notify>,
}

impl<Key: Copy + Eq + Hash> Watcher<Key> {
    /// A future of the next change, counted from the moment this is called rather than first polled.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        let mut next = Box::pin(self.changed.notified());
        next.as_mut().enable();
        next
    }
}

impl<Key: Copy + Eq + Hash> Drop for Watcher<Key> {
    fn drop(&mut self) {
        let mut entries = self.places.lock();
        if let Some(entry) = entries.get_mut(&self.key) {
            entry.waiters -= 1;
            if entry.waiters == 0 {
                entries.remove(&self.key);
            }
        }
    }
}

async fn tell_others(store: Store, mut changes: mpsc::UnboundedReceiver<Change>) {
    while let Some(first) = changes.recv().await {
        tokio::time::sleep(COALESCE).await;
        let (mut orders, mut merchants) = (BTreeSet::new(), BTreeSet::new());
        let mut next = Some(first);
        while let Some(change) = next {
            match change {
                Change::Order(order) => orders.insert(order),
                Change::EventOf(merchant) => merchants.insert(merchant),
            };
            let full = orders.len().max(merchants.len()) >= IDS_PER_NOTIFICATION;
            next = if full { None } else { changes.try_recv().ok() };
        }
        let (orders, merchants): (Vec<_>, Vec<_>) =
            (orders.into_iter().collect(), merchants.into_iter().collect());
        if let Err(error) = store.changes_notify(&orders, &merchants).await {
            // Their waiters look again when their time is over; nothing is lost but promptness.
            tracing::warn!(cause = %error, "other processes could not be told of changes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> (Watch, mpsc::UnboundedReceiver<Change>) {
        let (to_others, changes) = mpsc::unbounded_channel();
        (Watch::telling(to_others), changes)
    }

    fn order(number: u128) -> Id<kind::Order> {
        Id::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_change_between_looking_and_waiting_is_not_missed() {
        let (watch, mut changes) = watch();
        let watcher = watch.wait_for(order(1));
        let next = watcher.changed();
        watch.changed(order(1));
        next.await;
        assert_eq!(changes.recv().await, Some(Change::Order(order(1))));
    }

    #[tokio::test]
    async fn only_the_order_s_own_waiters_wake_and_leave_nothing_behind() {
        let (watch, _changes) = watch();
        let (one, other) = (watch.wait_for(order(1)), watch.wait_for(order(2)));
        let (woken, asleep) = (one.changed(), other.changed());
        watch.changed_elsewhere(order(1));
        woken.await;
        assert!(
            tokio::time::timeout(Duration::from_millis(20), asleep)
                .await
                .is_err()
        );
        assert_eq!(watch.orders.lock().len(), 2);
        drop((one, other));
        assert!(watch.orders.lock().is_empty());
    }

    #[tokio::test]
    async fn an_event_wakes_its_merchant_s_waiters_only() {
        let merchant = |number| Id::from_uuid(uuid::Uuid::from_u128(number));
        let (watch, mut changes) = watch();
        // The same UUID as an order's is another thing.
        let of_order = watch.wait_for(order(1));
        let (one, other) = (
            watch.wait_for_events_of(merchant(1)),
            watch.wait_for_events_of(merchant(2)),
        );
        let (woken, asleep, of_order) = (one.changed(), other.changed(), of_order.changed());
        watch.event_recorded(merchant(1));
        woken.await;
        for still in [
            tokio::time::timeout(Duration::from_millis(20), asleep).await,
            tokio::time::timeout(Duration::from_millis(20), of_order).await,
        ] {
            assert!(still.is_err());
        }
        assert_eq!(changes.recv().await, Some(Change::EventOf(merchant(1))));
    }
}
