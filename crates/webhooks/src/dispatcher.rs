//! Takes leases, has attempts made, records what came of them.
//!
//! One loop talks to the database, a lease at a time and a batch of results at a time, while attempts run beside it.
//! That batches by itself: what finishes while a statement runs is recorded by the next one. And it leaves no gap
//! between two events of an order: an event written while its forerunner is being recorded is seen either by that
//! statement, which reports it, or by the lease that its wake-up brings afterwards.

use crate::{
    attempt::{Attempts, SigningKeys},
    deliver::Sender,
    settings::DispatcherSettings,
    telemetry,
};
use primitives::Moment;
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    mem, pin,
    sync::Arc,
    time::Duration,
};
use store::{
    Store, StoreError,
    deliveries::{AttemptReport, LeaseRequest, LeasedDelivery, Verdict},
};
use thiserror::Error;
use time::OffsetDateTime;
use tokio::{
    sync::Notify,
    task::{self, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};
use uuid::Uuid;

/// Hands out the present moment: the binary's clock.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How long to leave the database alone after it failed.
const DATABASE_REST: Duration = Duration::from_secs(1);

/// How many queues are looked at in one go.
const QUEUES_LOOKED_AT_MAX: u32 = 4_096;

/// How many deliveries fall due in one go.
const PROMOTED_MAX: u32 = 1_000;

/// Why a dispatcher cannot start.
#[derive(Debug, Error)]
pub enum CannotStart {
    /// Every problem as (field, text).
    #[error("webhook settings: {0:?}")]
    Settings(Vec<(&'static str, String)>),
    #[error("the HTTP client for webhooks cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// Wakes a dispatcher when there may be something to deliver. Cheap, and never too often: wake-ups that come while
/// it works become one.
#[derive(Debug, Clone, Default)]
pub struct DispatcherHandle(Arc<Notify>);

impl DispatcherHandle {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Delivers webhooks. Any number of these, in any number of processes, share the work of one database.
pub struct Dispatcher {
    store: Store,
    attempts: Arc<Attempts>,
    handle: DispatcherHandle,
    owner: Uuid,
    running: JoinSet<AttemptReport>,
    /// The lease of every attempt in `running`.
    leases: HashMap<task::Id, Arc<LeasedDelivery>>,
    /// How many of these go to each queue.
    in_flight: HashMap<Uuid, u32>,
    /// Queues that had no room left when leases were last taken, so that there may be more in them.
    full_queues: HashSet<Uuid>,
    /// The last queue that was looked at, when there are more than are looked at in one go.
    looked_at: Option<Uuid>,
    /// Results not recorded yet.
    unrecorded: Vec<AttemptReport>,
    /// Whether there may be something to lease.
    look: bool,
    look_at: Instant,
    measure_at: Instant,
}

impl Dispatcher {
    /// A dispatcher that starts working when [`run`](Self::run).
    ///
    /// # Errors
    /// When the settings contradict each other, or TLS cannot be set up.
    pub fn new(
        store: Store,
        settings: DispatcherSettings,
        keys: Arc<dyn SigningKeys>,
        clock: Clock,
    ) -> Result<Self, CannotStart> {
        let problems = settings.problems();
        if !problems.is_empty() {
            return Err(CannotStart::Settings(problems));
        }
        let sender = Sender::new(settings.url_policy, settings.attempt_timeout)?;
        let owner = clock().nonce;
        Ok(Self {
            store,
            attempts: Arc::new(Attempts {
                sender,
                keys,
                clock,
                settings,
            }),
            handle: DispatcherHandle::default(),
            owner,
            running: JoinSet::new(),
            leases: HashMap::new(),
            in_flight: HashMap::new(),
            full_queues: HashSet::new(),
            looked_at: None,
            unrecorded: Vec::new(),
            look: true,
            look_at: Instant::now(),
            measure_at: Instant::now(),
        })
    }

    /// What wakes this dispatcher.
    pub fn handle(&self) -> DispatcherHandle {
        self.handle.clone()
    }

    /// Works until `shutdown` is ready, then takes no more leases, lets attempts in flight finish within the time
    /// that the settings give them, and hands back the rest.
    ///
    /// Dropping the future stops at once; what was in flight is taken over when its leases run out.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        telemetry::describe();
        let mut shutdown = pin::pin!(shutdown);
        let handle = self.handle();
        tracing::info!(owner = %self.owner, "webhook dispatcher started");
        loop {
            self.take_leases().await;
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = self.running.join_next_with_id() => {
                    self.gather(ended);
                    self.record().await;
                }
                () = handle.0.notified() => self.look = true,
                () = sleep_until(self.look_at.min(self.measure_at)) => self.on_time().await,
            }
        }
        self.stop().await;
    }

    /// Leases what is due and starts its attempts, as far as there is room.
    async fn take_leases(&mut self) {
        let settings = &self.attempts.settings;
        let busy = self.running.len() + self.unrecorded.len();
        let room = settings
            .concurrency
            .saturating_sub(u32::try_from(busy).unwrap_or(u32::MAX));
        if !self.look || room == 0 {
            return;
        }
        let (per_host, lease) = (settings.concurrency_per_host, settings.lease);
        let now = self.attempts.now();
        let ready = match self
            .store
            .queues_ready(now, self.looked_at, QUEUES_LOOKED_AT_MAX)
            .await
        {
            Ok(ready) => ready,
            Err(error) => return self.rest(&error),
        };
        self.looked_at = ready
            .get(QUEUES_LOOKED_AT_MAX as usize - 1)
            .map(|last| last.queue);
        let rooms: Vec<_> = ready
            .iter()
            .map(|ready| {
                let busy = self.in_flight.get(&ready.queue).copied().unwrap_or_default();
                let tokens = ready.pace.map_or(u32::MAX, |pace| pace.tokens);
                (ready.queue, per_host.saturating_sub(busy).min(tokens))
            })
            .filter(|(_, room)| *room > 0)
            .collect();
        let request = LeaseRequest {
            owner: self.owner,
            now,
            until: now + lease,
            total: room,
            rooms: &rooms,
        };
        let leased = if rooms.is_empty() {
            Vec::new()
        } else {
            match self.store.delivery_take_lease(&request).await {
                Ok(leased) => leased,
                Err(error) => return self.rest(&error),
            }
        };
        self.look = self.looked_at.is_some();
        for leased in leased {
            self.start(leased);
        }
        self.full_queues = self
            .in_flight
            .iter()
            .filter(|(_, count)| **count >= per_host)
            .map(|(queue, _)| *queue)
            .collect();
        telemetry::in_flight(self.running.len());
    }

    fn start(&mut self, leased: LeasedDelivery) {
        *self.in_flight.entry(leased.queue).or_default() += 1;
        let leased = Arc::new(leased);
        let lease = leased.clone();
        let attempts = self.attempts.clone();
        let task = self.running.spawn(async move { attempts.make(&leased).await });
        self.leases.insert(task.id(), lease);
    }

    /// Takes in an attempt that ended, and all others that have ended by now.
    fn gather(&mut self, first: Result<(task::Id, AttemptReport), JoinError>) {
        // Without room, there may be more to lease than we have seen.
        self.look |= self.running.len() + 1 >= self.attempts.settings.concurrency as usize;
        let mut next = Some(first);
        while let Some(ended) = next {
            self.take_in(ended);
            next = self.running.try_join_next_with_id();
        }
    }

    fn take_in(&mut self, ended: Result<(task::Id, AttemptReport), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(leased) = self.leases.remove(&id) else {
            return;
        };
        self.look |= self.full_queues.contains(&leased.queue);
        if let Some(count) = self.in_flight.get_mut(&leased.queue) {
            *count -= 1;
            if *count == 0 {
                self.in_flight.remove(&leased.queue);
            }
        }
        match ended {
            Ok((_, report)) => {
                telemetry::attempt_ended(&leased, &report);
                if let Verdict::RetryAt(at) | Verdict::PostponedTo(at) = report.verdict {
                    self.look_at = self.look_at.min(self.instant_of(at));
                }
                self.unrecorded.push(report);
            }
            // Not recorded: the lease runs out, and the attempt counts.
            Err(error) => tracing::error!(event = %leased.event, %error, "webhook attempt broke off"),
        }
    }

    /// Records what has ended. When the database fails, the results are kept for the next time.
    async fn record(&mut self) {
        if self.unrecorded.is_empty() {
            return;
        }
        match self.store.delivery_record(self.owner, &self.unrecorded).await {
            Ok(recorded) => {
                self.look |= recorded.more_behind;
                let ignored = self.unrecorded.len() - recorded.applied;
                if ignored > 0 {
                    telemetry::results_ignored(ignored);
                }
                self.unrecorded.clear();
            }
            Err(error) => self.rest(&error),
        }
    }

    /// What is done when nothing else calls for it: look for what fell due, find out when to look next, measure.
    async fn on_time(&mut self) {
        self.record().await;
        let now = self.attempts.now();
        let instant = Instant::now();
        if instant >= self.look_at {
            self.look = true;
            self.look_at = instant + self.attempts.settings.poll;
            match self.store.deliveries_promote(now, PROMOTED_MAX).await {
                Ok(promoted) => {
                    if let Some(due) = promoted.next_due_at {
                        self.look_at = self.look_at.min(self.instant_of(due));
                    }
                }
                Err(error) => self.rest(&error),
            }
        }
        if instant >= self.measure_at {
            self.measure_at = instant + self.attempts.settings.measure;
            match self.store.delivery_backlog().await {
                Ok(backlog) => telemetry::backlog(&backlog, now),
                Err(error) => tracing::warn!(%error, "webhook backlog cannot be measured"),
            }
        }
    }

    /// Leaves the database alone for a moment, then tries again.
    fn rest(&mut self, error: &StoreError) {
        tracing::warn!(%error, "webhook dispatcher cannot reach its deliveries");
        self.look = false;
        self.look_at = Instant::now() + DATABASE_REST;
    }

    fn instant_of(&self, time: OffsetDateTime) -> Instant {
        Instant::now() + Duration::try_from(time - self.attempts.now()).unwrap_or_default()
    }

    async fn stop(mut self) {
        let deadline = Instant::now() + self.attempts.settings.shutdown;
        while let Ok(Some(ended)) = timeout_at(deadline, self.running.join_next_with_id()).await {
            self.gather(ended);
            self.record().await;
        }
        self.running.abort_all();
        // Aborting does not reach one that has just ended: its result is still good.
        while let Some(ended) = self.running.join_next_with_id().await {
            if ended.is_ok() {
                self.gather(ended);
            }
        }
        let handed_back = mem::take(&mut self.leases);
        self.unrecorded.extend(
            handed_back
                .values()
                .map(|leased| self.attempts.interrupted(leased)),
        );
        self.record().await;
        tracing::info!(owner = %self.owner, handed_back = handed_back.len(), "webhook dispatcher stopped");
    }
}
