//! Waking those who wait for an order to change: callers of Get Order, and hosted pages.
//!
//! A waiter costs an entry in a map and a sleeping task. A change is told at once to the waiters of this process, and by
//! NOTIFY to the other processes; notifications are sent after the commit and coalesced, since a NOTIFY inside the
//! payment's own transaction would take a database-wide lock.

use primitives::{Id, id::kind};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Store;
use tokio::sync::{Notify, mpsc};

/// How long changes are collected before the other processes are told of them together.
const COALESCE: Duration = Duration::from_millis(10);
/// How many order ids go into one notification; Postgres takes payloads below 8000 bytes.
const IDS_PER_NOTIFICATION: usize = 200;

#[derive(Debug, Default)]
struct Entry {
    changed: Arc<Notify>,
    waiters: usize,
}

/// Who waits for which order.
#[derive(Debug, Clone)]
pub struct OrderWatch {
    entries: Arc<Mutex<HashMap<Id<kind::Order>, Entry>>>,
    to_others: mpsc::UnboundedSender<Id<kind::Order>>,
}

/// One waiter's place; leaving it frees what it held.
#[derive(Debug)]
pub struct Watcher {
    watch: OrderWatch,
    order: Id<kind::Order>,
    changed: Arc<Notify>,
}

impl OrderWatch {
    /// A watch, and the task that tells the other processes. The task ends when the watch is dropped.
    pub fn new(store: Store) -> (Self, impl Future<Output = ()> + Send) {
        let (to_others, changes) = mpsc::unbounded_channel();
        (
            Self {
                entries: Arc::default(),
                to_others,
            },
            tell_others(store, changes),
        )
    }

    /// Takes a place. Changes from now on are not missed, so look at the order after this.
    pub fn wait_for(&self, order: Id<kind::Order>) -> Watcher {
        let mut entries = self.lock();
        let entry = entries.entry(order).or_default();
        entry.waiters += 1;
        Watcher {
            watch: self.clone(),
            order,
            changed: Arc::clone(&entry.changed),
        }
    }

    /// A step of this order was recorded by this process.
    pub fn changed(&self, order: Id<kind::Order>) {
        self.changed_elsewhere(order);
        // The receiver is gone only while the process shuts down.
        let _ = self.to_others.send(order);
    }

    /// Another process says that the order changed.
    pub fn changed_elsewhere(&self, order: Id<kind::Order>) {
        if let Some(entry) = self.lock().get(&order) {
            entry.changed.notify_waiters();
        }
    }

    /// Notifications may have been missed: everybody looks again.
    pub fn anything_may_have_changed(&self) {
        for entry in self.lock().values() {
            entry.changed.notify_waiters();
        }
    }

    /// How many are waiting, for the metrics.
    pub fn waiters(&self) -> usize {
        self.lock().values().map(|entry| entry.waiters).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id<kind::Order>, Entry>> {
        // The map is whole after every statement, so a panic elsewhere cannot have left it half-written.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// A future of the next change, counted from the moment this is called rather than first polled.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        let mut next = Box::pin(self.changed.notified());
        next.as_mut().enable();
        next
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut entries = self.watch.lock();
        if let Some(entry) = entries.get_mut(&self.order) {
            entry.waiters -= 1;
            if entry.waiters == 0 {
                entries.remove(&self.order);
            }
        }
    }
}

async fn tell_others(store: Store, mut changes: mpsc::UnboundedReceiver<Id<kind::Order>>) {
    let mut batch = Vec::with_capacity(IDS_PER_NOTIFICATION);
    while let Some(first) = changes.recv().await {
        batch.push(first);
        tokio::time::sleep(COALESCE).await;
        while batch.len() < IDS_PER_NOTIFICATION {
            match changes.try_recv() {
                Ok(order) => batch.push(order),
                Err(_) => break,
            }
        }
        batch.sort_unstable();
        batch.dedup();
        if let Err(error) = store.orders_notify(&batch).await {
            // Their waiters look again when their time is over; nothing is lost but promptness.
            tracing::warn!(cause = %error, "other processes could not be told of changed orders");
        }
        batch.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> (OrderWatch, mpsc::UnboundedReceiver<Id<kind::Order>>) {
        let (to_others, changes) = mpsc::unbounded_channel();
        (
            OrderWatch {
                entries: Arc::default(),
                to_others,
            },
            changes,
        )
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
        assert_eq!(changes.recv().await, Some(order(1)));
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
        assert_eq!(watch.waiters(), 2);
        drop((one, other));
        assert!(watch.lock().is_empty());
    }
}
