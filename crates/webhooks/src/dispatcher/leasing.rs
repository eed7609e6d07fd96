//! From what is due to attempts under way.

use super::Dispatcher;
use crate::{
    health::Receiver,
    plan::{Candidate, InFlight, Limits, Standing, plan},
    telemetry,
};
use std::{sync::Arc, time::Duration};
use store::deliveries::{LeaseRequest, LeasedDelivery, ReadyQueue};
use time::OffsetDateTime;
use tokio::time::Instant;

/// How many queues are looked at in one go.
const QUEUES_AT_ONCE: u32 = 4_096;

/// How many deliveries that fell due are brought forward in one go.
const PROMOTED_AT_ONCE: u32 = 5_000;

/// A rate is waited for no more often than this, so that a fast one is not looked at for every single message.
const RATE_LOOK_MIN: Duration = Duration::from_millis(50);

impl Dispatcher {
    /// Leases what is due and starts its attempts, as far as there is room.
    pub(super) async fn take_leases(&mut self) {
        let settings = &self.attempts.settings;
        let limits = Limits {
            total: settings.concurrency,
            per_queue: settings.concurrency_per_endpoint,
        };
        if !self.look || !self.has_room() {
            return;
        }
        let now = self.attempts.now();
        let ready = match self
            .store
            .queues_ready(now, self.queues_after, QUEUES_AT_ONCE)
            .await
        {
            Ok(ready) => ready,
            Err(error) => return self.rest(&error),
        };
        // Queues of which everything is being sent are walked over and not answered, so fewer than were asked for need not
        // have been the last; if they were, the next look is one for nothing.
        let more_queues = ready.len() >= QUEUES_AT_ONCE as usize / 2;
        self.queues_after = ready.last().map(|last| last.queue).filter(|_| more_queues);
        let in_flight = self.flights.in_flight(&self.healths, self.unrecorded.len(), now);
        let candidates = self.candidates(&ready, &in_flight, limits, now);
        self.plan = plan(limits, &in_flight, &candidates);
        self.look = more_queues;
        if self.plan.rooms.is_empty() {
            return;
        }
        self.turns.take(self.plan.rooms.iter().map(|(queue, _)| *queue));
        let request = LeaseRequest {
            owner: self.owner,
            now,
            until: now + self.attempts.settings.lease,
            total: limits.total.saturating_sub(in_flight.all),
            rooms: &self.plan.rooms,
        };
        let leased = match self.store.delivery_take_lease(&request).await {
            Ok(leased) => leased,
            Err(error) => return self.rest(&error),
        };
        // Queues that were cut short for want of room may take what the others left.
        self.look |= self.plan.held_by_total && !leased.is_empty();
        for leased in leased {
            if let Some(leased) = self.flights.adopt(leased) {
                self.start(leased);
            }
        }
        telemetry::in_flight(self.running.len());
    }

    fn start(&mut self, leased: Arc<LeasedDelivery>) {
        let lease = leased.clone();
        let attempts = self.attempts.clone();
        let task = self.running.spawn(async move { attempts.make(leased).await });
        self.flights.begin(task.id(), lease);
    }

    /// The queues with what is known of their receivers, by whose turn it is. Sees to it that those which may not be sent to
    /// now are looked at when they may.
    fn candidates(
        &mut self,
        ready: &[ReadyQueue],
        in_flight: &InFlight,
        limits: Limits,
        now: OffsetDateTime,
    ) -> Vec<Candidate> {
        let mut candidates = Vec::with_capacity(ready.len());
        for queue in ready {
            let receiver = Receiver::of(queue.merchant, queue.endpoint);
            if queue.endpoint.is_some() {
                self.healths.learn(queue.queue, queue.failing_since);
            }
            let standing = self.healths.standing(queue.queue, receiver, now);
            if standing == Standing::Paused
                && let Some(until) = self.healths.paused_until(queue.queue, now)
            {
                self.look_at = self.look_at.min(self.instant_of(until));
            }
            if let Some(pace) = &queue.pace {
                let busy = in_flight.queues.get(&queue.queue).copied().unwrap_or_default();
                if pace.tokens < limits.per_queue.saturating_sub(busy) {
                    let next = Duration::from_secs(1) / pace.rate_per_second.max(1);
                    self.look_at = self.look_at.min(Instant::now() + next.max(RATE_LOOK_MIN));
                }
            }
            candidates.push(Candidate {
                queue: queue.queue,
                receiver: receiver.uuid(),
                standing,
                tokens: queue.pace.as_ref().map(|pace| pace.tokens),
            });
        }
        self.turns.sort(&mut candidates);
        candidates
    }

    /// Brings forward what fell due, and finds out when the next of it does.
    pub(super) async fn promote(&mut self) {
        match self
            .store
            .deliveries_promote(self.attempts.now(), PROMOTED_AT_ONCE)
            .await
        {
            Ok(promoted) => {
                self.look |= promoted.count > 0;
                self.promote_at = Instant::now() + self.attempts.settings.poll;
                if let Some(due) = promoted.next_due_at {
                    self.promote_at = self.promote_at.min(self.instant_of(due));
                }
            }
            Err(error) => self.rest(&error),
        }
    }
}
