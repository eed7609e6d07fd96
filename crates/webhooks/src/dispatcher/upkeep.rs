//! What is done beside delivering: endpoints looked after, the backlog measured, old events and attempts dropped.
//!
//! None of it may hold up the loop, so what can take long runs in tasks of its own, a few at a time.

use super::Dispatcher;
use crate::{
    attempt::Attempted,
    endpoints::{self, Noted},
    health::Receiver,
    telemetry::{self, QueueGauges},
};
use std::{collections::HashSet, time::Duration};
use store::StoreError;
use time::OffsetDateTime;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

/// How often partitions are made and dropped.
const PARTITIONS_EVERY: Duration = Duration::from_secs(60 * 60);

/// How soon that is tried again when it could not be done, or not all of it.
const PARTITIONS_AGAIN: Duration = Duration::from_secs(5 * 60);

/// Of how many queues the backlog is shown, the longest ones first.
const QUEUES_MEASURED: u32 = 50;

/// How many endpoints are looked after at once. When many fail together, deliveries need the database too; the others'
/// news come again with their next answers.
const ENDPOINTS_AT_ONCE: usize = 8;

/// What a task of the upkeep came to.
pub(super) enum Done {
    /// News of an endpoint were acted on, or could not be.
    Endpoint(Uuid, Result<Noted, StoreError>),
    /// Partitions were kept; whether all of it was done.
    Partitions(bool),
}

/// When what is to be done next, and what is being done.
pub(super) struct Upkeep {
    measure_at: Instant,
    partitions_at: Instant,
    tasks: JoinSet<Done>,
    /// Endpoints that are being looked after: their many attempts in flight bring the same news.
    endpoints: HashSet<Uuid>,
    gauges: QueueGauges,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            measure_at: Instant::now(),
            partitions_at: Instant::now(),
            tasks: JoinSet::new(),
            endpoints: HashSet::new(),
            gauges: QueueGauges::default(),
        }
    }
}

impl Upkeep {
    pub(super) fn next_at(&self) -> Instant {
        self.measure_at.min(self.partitions_at)
    }

    /// The next task that has ended.
    pub(super) async fn ended(&mut self) -> Option<Done> {
        loop {
            match self.tasks.join_next().await? {
                Ok(done) => return Some(done),
                Err(error) => {
                    tracing::error!(%error, "upkeep of webhooks broke off");
                    // Whose it was is not known; the next news of any endpoint is acted on again.
                    self.endpoints.clear();
                }
            }
        }
    }

    /// Waits for what is being done, but no longer than to the deadline.
    pub(super) async fn finish(&mut self, deadline: Instant) {
        while let Ok(Some(_)) = timeout_at(deadline, self.tasks.join_next()).await {}
    }
}

impl Dispatcher {
    /// Takes in what an attempt says about its receiver, and has something done about it where that is called for.
    pub(super) fn hear(&mut self, attempted: &Attempted, receiver: Receiver, now: OffsetDateTime) {
        let leased = &attempted.leased;
        let news = self
            .healths
            .hear(leased.queue, receiver, &attempted.ending, attempted.latency, now);
        let (Some(news), Receiver::Endpoint(endpoint)) = (news, receiver) else {
            return;
        };
        let endpoints = &mut self.upkeep.endpoints;
        if endpoints.len() < ENDPOINTS_AT_ONCE && endpoints.insert(endpoint.uuid()) {
            let (store, clock) = (self.store.clone(), self.attempts.clock.clone());
            let merchant = leased.merchant;
            self.upkeep.tasks.spawn(async move {
                let noted = endpoints::act(store, clock, merchant, endpoint, news).await;
                Done::Endpoint(endpoint.uuid(), noted)
            });
        }
    }

    /// Takes in what the upkeep came to.
    pub(super) fn upkept(&mut self, done: Done) {
        match done {
            Done::Endpoint(endpoint, noted) => {
                self.upkeep.endpoints.remove(&endpoint);
                match noted {
                    Ok(noted) => {
                        self.healths.learn(endpoint, noted.failing_since);
                        // The event that tells of it is to go out.
                        self.look |= noted.disabled;
                    }
                    Err(error) => {
                        tracing::warn!(%endpoint, %error, "webhook endpoint cannot be looked after");
                    }
                }
            }
            Done::Partitions(all) => {
                let pause = if all { PARTITIONS_EVERY } else { PARTITIONS_AGAIN };
                self.upkeep.partitions_at = Instant::now() + pause;
            }
        }
    }

    /// Measures and tidies when it is time to.
    pub(super) async fn keep_up(&mut self, instant: Instant) {
        if instant >= self.upkeep.measure_at {
            self.upkeep.measure_at = instant + self.attempts.settings.measure;
            self.measure().await;
        }
        if instant >= self.upkeep.partitions_at {
            // Until it is done, which sets the time anew.
            self.upkeep.partitions_at = instant + PARTITIONS_EVERY;
            let (store, now) = (self.store.clone(), self.attempts.now());
            self.upkeep.tasks.spawn(async move {
                match store.webhook_partitions_keep(now).await {
                    Ok(kept) => {
                        tracing::info!(
                            made = kept.made,
                            dropped = kept.dropped,
                            rows_deleted = kept.rows_deleted,
                            put_off = kept.put_off,
                            "webhook tables kept"
                        );
                        Done::Partitions(kept.put_off == 0)
                    }
                    Err(error) => {
                        tracing::warn!(%error, "webhook tables cannot be kept");
                        Done::Partitions(false)
                    }
                }
            });
        }
    }

    async fn measure(&mut self) {
        let now = self.attempts.now();
        let measured = async {
            let backlog = self.store.delivery_backlog().await?;
            let queues = self.store.queue_backlogs(QUEUES_MEASURED).await?;
            Ok::<_, StoreError>((backlog, queues))
        };
        match measured.await {
            Ok((backlog, queues)) => {
                telemetry::backlog(&backlog, now);
                self.upkeep.gauges.show(&queues, now);
            }
            Err(error) => tracing::warn!(%error, "webhook backlog cannot be measured"),
        }
    }
}
