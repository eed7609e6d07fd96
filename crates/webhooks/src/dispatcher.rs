//! Takes leases, has attempts made, records what came of them.
//!
//! One loop talks to the database, a lease at a time and a batch of results at a time, while attempts run beside it.
//! That batches by itself: what finishes while a statement runs is recorded by the next one. And it leaves no gap
//! between two events of an order: an event written while its forerunner is being recorded is seen either by that
//! statement, which reports it, or by the lease that its wake-up brings afterwards.
//!
//! Whose turn it is, is decided in [`plan`](crate::plan) by what [`health`](crate::health) remembers; how leases are
//! taken is in [`leasing`](self::leasing), what is done now and then in [`upkeep`](self::upkeep).

mod leasing;
mod turns;
mod upkeep;

use crate::{
    attempt::{Attempted, Attempts, SigningKeys},
    deliver::Sender,
    flights::Flights,
    health::{Healths, Receiver},
    plan::{Plan, Standing},
    settings::DispatcherSettings,
    telemetry,
};
use primitives::Moment;
use std::{
    future::{Future, ready},
    pin,
    sync::Arc,
    time::Duration,
};
use store::{
    Store, StoreError,
    deliveries::{AttemptReport, Verdict},
};
use thiserror::Error;
use time::OffsetDateTime;
use tokio::{
    sync::Notify,
    task::{self, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};
use turns::Turns;
use upkeep::Upkeep;
use uuid::Uuid;

/// Hands out the present moment: the binary's clock.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// How long to leave the database alone after it failed.
const DATABASE_REST: Duration = Duration::from_secs(1);

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
    running: JoinSet<Attempted>,
    flights: Flights,
    healths: Healths,
    /// The last plan: who got less than they might have.
    plan: Plan,
    /// Results not recorded yet.
    unrecorded: Vec<AttemptReport>,
    /// Whether there may be something to lease.
    look: bool,
    look_at: Instant,
    /// When something that waits falls due, as far as we know.
    promote_at: Instant,
    /// Where the next look at the queues begins: after this one.
    queues_after: Option<Uuid>,
    turns: Turns,
    upkeep: Upkeep,
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
        let healths = Healths::new(settings.endpoint_disable_after);
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
            flights: Flights::default(),
            healths,
            plan: Plan::default(),
            unrecorded: Vec::new(),
            look: true,
            look_at: Instant::now(),
            promote_at: Instant::now(),
            queues_after: None,
            turns: Turns::default(),
            upkeep: Upkeep::default(),
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
            let (next, again) = (self.next_at(), self.look && self.has_room());
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = self.running.join_next_with_id() => {
                    self.gather(ended);
                    self.record().await;
                }
                Some(done) = self.upkeep.ended() => self.upkept(done),
                () = handle.0.notified() => self.look = true,
                // More is to be leased at once; whatever else has happened gets its turn in between.
                () = ready(()), if again => {}
                () = sleep_until(next) => self.on_time().await,
            }
        }
        self.stop().await;
    }

    /// When there is something to do although nothing happens.
    fn next_at(&self) -> Instant {
        self.look_at.min(self.promote_at).min(self.upkeep.next_at())
    }

    fn has_room(&self) -> bool {
        self.running.len() + self.unrecorded.len() < self.attempts.settings.concurrency as usize
    }

    /// Takes in an attempt that ended, and all others that have ended by now.
    fn gather(&mut self, first: Result<(task::Id, Attempted), JoinError>) {
        let mut next = Some(first);
        while let Some(ended) = next {
            self.take_in(ended);
            next = self.running.try_join_next_with_id();
        }
        telemetry::in_flight(self.running.len());
    }

    fn take_in(&mut self, ended: Result<(task::Id, Attempted), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(leased) = self.flights.end(id) else {
            return;
        };
        let receiver = Receiver::of(leased.merchant, leased.endpoint);
        let now = self.attempts.now();
        // Whoever had to wait for this one to end.
        self.look |= self.plan.held_by_total
            || self.plan.full_receivers.contains(&receiver.uuid())
            || self.plan.held_by_share
                && self.healths.standing(leased.queue, receiver, now) != Standing::Quick;
        match ended {
            Ok((_, mut attempted)) => {
                attempted.leased = leased;
                telemetry::attempt_ended(&attempted);
                self.hear(&attempted, receiver, now);
                if let Verdict::RetryAt(at) | Verdict::PostponedTo(at) = attempted.verdict {
                    self.promote_at = self.promote_at.min(self.instant_of(at));
                }
                self.unrecorded.push(attempted.into_report());
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

    /// What is done when nothing else calls for it: look for what fell due or was left behind, find out when to look
    /// next, and the upkeep.
    async fn on_time(&mut self) {
        self.record().await;
        let instant = Instant::now();
        if instant >= self.promote_at {
            self.promote().await;
        }
        if instant >= self.look_at {
            self.look = true;
            self.look_at = instant + self.attempts.settings.poll;
        }
        self.keep_up(instant).await;
    }

    /// Leaves the database alone for a moment, then tries again.
    fn rest(&mut self, error: &StoreError) {
        tracing::warn!(%error, "webhook dispatcher cannot reach its deliveries");
        self.look = false;
        self.look_at = Instant::now() + DATABASE_REST;
        self.promote_at = self.look_at;
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
                self.take_in(ended);
            }
        }
        let handed_back = self.flights.take_all();
        let count = handed_back.len();
        self.unrecorded.extend(
            handed_back
                .into_iter()
                .map(|leased| self.attempts.interrupted(leased).into_report()),
        );
        self.record().await;
        self.upkeep.finish(deadline).await;
        tracing::info!(owner = %self.owner, handed_back = count, "webhook dispatcher stopped");
    }
}
