//! The attempts under way in this process.

use crate::{
    health::{Healths, Receiver},
    plan::InFlight,
};
use std::{collections::HashMap, mem, sync::Arc};
use store::deliveries::LeasedDelivery;
use time::OffsetDateTime;
use tokio::task;
use uuid::Uuid;

/// Which attempt holds which lease, and how many go to each queue.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    leases: HashMap<task::Id, Arc<LeasedDelivery>>,
    /// Which attempt a delivery, by its event and queue, is on its way in.
    deliveries: HashMap<(Uuid, Uuid), task::Id>,
    queues: HashMap<Uuid, (Receiver, u32)>,
}

impl Flights {
    pub(crate) fn begin(&mut self, task: task::Id, leased: Arc<LeasedDelivery>) {
        let receiver = Receiver::of(leased.merchant, leased.endpoint);
        self.queues.entry(leased.queue).or_insert((receiver, 0)).1 += 1;
        self.deliveries.insert(key(&leased), task);
        self.leases.insert(task, leased);
    }

    /// Takes over the lease of a delivery that is on its way here already: the database forgot the one it goes under, which
    /// a crash may make it do. Sending it a second time beside the first is what leases are there to prevent. Answers a
    /// delivery that is not on its way.
    pub(crate) fn adopt(&mut self, leased: LeasedDelivery) -> Option<Arc<LeasedDelivery>> {
        let leased = Arc::new(leased);
        match self.deliveries.get(&key(&leased)) {
            Some(task) => {
                self.leases.insert(*task, leased);
                None
            }
            None => Some(leased),
        }
    }

    /// The lease of an attempt that ended, the latest if there were several.
    pub(crate) fn end(&mut self, task: task::Id) -> Option<Arc<LeasedDelivery>> {
        let leased = self.leases.remove(&task)?;
        self.deliveries.remove(&key(&leased));
        if let Some((_, count)) = self.queues.get_mut(&leased.queue) {
            *count -= 1;
            if *count == 0 {
                self.queues.remove(&leased.queue);
            }
        }
        Some(leased)
    }

    /// Every lease that is left, when nobody waits for its attempt any more.
    pub(crate) fn take_all(&mut self) -> Vec<Arc<LeasedDelivery>> {
        self.queues.clear();
        self.deliveries.clear();
        mem::take(&mut self.leases).into_values().collect()
    }

    /// What a plan has to know of it. `unrecorded`: results that take room until they are recorded.
    pub(crate) fn in_flight(&self, healths: &Healths, unrecorded: usize, now: OffsetDateTime) -> InFlight {
        let mut in_flight = InFlight {
            all: u32::try_from(unrecorded).unwrap_or(u32::MAX),
            ..InFlight::default()
        };
        for (queue, (receiver, count)) in &self.queues {
            let standing = healths.standing(*queue, *receiver, now);
            in_flight.add(*queue, receiver.uuid(), standing, *count);
        }
        in_flight
    }
}

fn key(leased: &LeasedDelivery) -> (Uuid, Uuid) {
    (leased.event.uuid(), leased.queue)
}
