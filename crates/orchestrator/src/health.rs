//! How each connection has been answering lately, and a circuit breaker that routing asks.
//!
//! What counts as failing is technical: no answer, an answer that cannot be used, or one that says that the processor, or
//! our account there, is broken. An issuer that declines has answered. Each process watches what it sends itself; what it
//! has seen is gone when it ends.
//!
//! A breaker is closed until too large a share of the last charges failed. Then it is open: other connections go first.
//! After a pause a few purchases see whether it still fails; when they are answered it closes, when one is not it opens
//! again. Time is an argument throughout.

mod window;

use crate::transport::Sent;
use acquiring::{AuthorizationAnswer, response_code::Reason};
use payments::routing::Breaker;
use primitives::{Id, id::kind};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use window::{Totals, Window};

/// When a breaker opens, and how it closes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthSettings {
    /// How far back counts.
    pub window: Duration,
    /// So many charges must lie within it before a breaker opens.
    pub samples_min: u32,
    /// The share of them that failed from which it opens, in percent.
    pub failures_percent: u8,
    /// How long others go first before the connection is tried again.
    pub pause: Duration,
    /// How many charges in a row must be answered for it to close, and how many may go there within one pause to see.
    pub probes: u32,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            samples_min: 10,
            failures_percent: 30,
            pause: Duration::from_secs(15),
            probes: 3,
        }
    }
}

/// What became of a charge, as far as it tells of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Approved,
    Declined,
    /// Accepted, to be answered later.
    Pending,
    /// No answer, no usable one, or one that says that something is broken.
    Failed,
}

impl Outcome {
    /// What sending a charge came to.
    pub fn of(sent: &Sent<AuthorizationAnswer>) -> Self {
        match sent {
            Sent::Answered(AuthorizationAnswer::Approved(_)) => Self::Approved,
            Sent::Answered(AuthorizationAnswer::Pending { .. }) => Self::Pending,
            Sent::Answered(AuthorizationAnswer::Declined(decline)) => match decline.reason {
                Reason::ProcessorUnavailable | Reason::ProcessorError | Reason::MerchantConfiguration => {
                    Self::Failed
                }
                _ => Self::Declined,
            },
            Sent::NotSent(_) | Sent::Silent(_) => Self::Failed,
        }
    }
}

/// A charge that came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub outcome: Outcome,
    pub sent_at: OffsetDateTime,
    pub took: Duration,
}

/// A connection's health within the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub breaker: Breaker,
    /// When a connection whose breaker is open is tried again.
    pub next_probe_at: Option<OffsetDateTime>,
    pub approved: u32,
    pub declined: u32,
    pub pending: u32,
    pub failed: u32,
    /// Of all charges; none without any.
    pub answered_percent: Option<u8>,
    pub failed_percent: Option<u8>,
    /// Of those that were approved or declined.
    pub approved_percent: Option<u8>,
    /// From sending to the whole answer, or to giving it up: at most this for half of the charges, and for 95 in a hundred.
    /// To within a fourth.
    pub latency_p50: Option<Duration>,
    pub latency_p95: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: OffsetDateTime,
    },
    HalfOpen {
        since: OffsetDateTime,
        /// How many may still go there until `renewed_at`, when the probes that never came to a charge are given again.
        left: u32,
        renewed_at: OffsetDateTime,
        answered: u32,
    },
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half_open",
        }
    }
}

#[derive(Debug)]
struct Watched {
    /// For the metrics.
    processor: String,
    state: State,
    window: Window,
}

/// The health of all connections. Share it behind an `Arc`.
#[derive(Debug, Default)]
pub struct Health {
    settings: HealthSettings,
    connections: Mutex<HashMap<Id<kind::Connection>, Watched>>,
}

impl Health {
    pub fn new(settings: HealthSettings) -> Self {
        Self {
            settings,
            connections: Mutex::default(),
        }
    }

    pub fn settings(&self) -> &HealthSettings {
        &self.settings
    }

    /// A charge came to its end.
    pub fn saw(&self, connection: Id<kind::Connection>, processor: &str, sample: Sample) {
        let settings = &self.settings;
        let mut connections = self.lock();
        let watched = connections.entry(connection).or_insert_with(|| Watched {
            processor: processor.to_owned(),
            state: State::Closed,
            window: Window::new(settings.window),
        });
        let now = sample.sent_at + sample.took;
        watched.window.add(sample.outcome, sample.took, now);
        watched.pass(settings, now);
        watched.learn(settings, connection, sample, now);
    }

    /// What routing is to know for a purchase that is made. A connection on probation may get it: then it is counted.
    pub fn breaker_for_purchase(&self, connection: Id<kind::Connection>, now: OffsetDateTime) -> Breaker {
        let mut connections = self.lock();
        let Some(watched) = connections.get_mut(&connection) else {
            return Breaker::Closed;
        };
        watched.pass(&self.settings, now);
        match &mut watched.state {
            State::Closed => Breaker::Closed,
            State::Open { .. } | State::HalfOpen { left: 0, .. } => Breaker::Open,
            State::HalfOpen { left, .. } => {
                *left -= 1;
                Breaker::HalfOpen
            }
        }
    }

    /// How it stands, for somebody who only looks.
    pub fn breaker(&self, connection: Id<kind::Connection>, now: OffsetDateTime) -> Breaker {
        self.report(connection, now).breaker
    }

    /// What was seen of a connection lately.
    pub fn report(&self, connection: Id<kind::Connection>, now: OffsetDateTime) -> Report {
        let mut connections = self.lock();
        let Some(watched) = connections.get_mut(&connection) else {
            return Report::of(Breaker::Closed, None, &Totals::default());
        };
        watched.pass(&self.settings, now);
        let totals = watched.window.totals(now);
        let (breaker, next_probe_at) = match watched.state {
            State::Closed => (Breaker::Closed, None),
            State::Open { until } => (Breaker::Open, Some(until)),
            State::HalfOpen { .. } => (Breaker::HalfOpen, None),
        };
        Report::of(breaker, next_probe_at, &totals)
    }

    // Every statement under the lock leaves the map whole, so a panic elsewhere cannot have spoilt it.
    fn lock(&self) -> MutexGuard<'_, HashMap<Id<kind::Connection>, Watched>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// What the time alone changes.
    fn pass(&mut self, settings: &HealthSettings, now: OffsetDateTime) {
        let probation = |since| State::HalfOpen {
            since,
            left: settings.probes.max(1),
            renewed_at: now + settings.pause,
            answered: 0,
        };
        match &mut self.state {
            State::Open { until } if *until <= now => self.turn(probation(now)),
            State::HalfOpen { left, renewed_at, .. } if *renewed_at <= now => {
                *left = settings.probes.max(1);
                *renewed_at = now + settings.pause;
            }
            State::Closed | State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }

    /// What a charge's end changes.
    fn learn(
        &mut self,
        settings: &HealthSettings,
        connection: Id<kind::Connection>,
        sample: Sample,
        now: OffsetDateTime,
    ) {
        let failed = sample.outcome == Outcome::Failed;
        let open = State::Open {
            until: now + settings.pause,
        };
        match &mut self.state {
            State::Closed if failed => {
                let totals = self.window.totals(now);
                let share = u64::from(totals.failed) * 100;
                let most = u64::from(totals.count()) * u64::from(settings.failures_percent);
                if totals.count() >= settings.samples_min && share >= most {
                    tracing::warn!(%connection, processor = self.processor, failed = totals.failed,
                        of = totals.count(), "breaker opened: other connections go first");
                    self.turn(open);
                }
            }
            // What was sent before says nothing about how it is now.
            State::HalfOpen { since, .. } if sample.sent_at < *since => {}
            State::HalfOpen { .. } if failed => self.turn(open),
            State::HalfOpen { answered, .. } => {
                *answered += 1;
                if *answered >= settings.probes {
                    tracing::info!(%connection, processor = self.processor, "breaker closed: the connection answers again");
                    self.window = Window::new(settings.window);
                    self.turn(State::Closed);
                }
            }
            State::Closed | State::Open { .. } => {}
        }
    }

    fn turn(&mut self, state: State) {
        let gauge = |state: State| metrics::gauge!("pasarela_breakers", "processor" => self.processor.clone(), "state" => state.word());
        if self.state != State::Closed {
            gauge(self.state).decrement(1);
        }
        if state != State::Closed {
            gauge(state).increment(1);
        }
        self.state = state;
    }
}

impl Report {
    fn of(breaker: Breaker, next_probe_at: Option<OffsetDateTime>, totals: &Totals) -> Self {
        let percent = |part: u32, of: u32| {
            let percent = (u64::from(part) * 100).checked_div(u64::from(of))?;
            u8::try_from(percent).ok()
        };
        let count = totals.count();
        Self {
            breaker,
            next_probe_at,
            approved: totals.approved,
            declined: totals.declined,
            pending: totals.pending,
            failed: totals.failed,
            answered_percent: percent(count - totals.failed, count),
            failed_percent: percent(totals.failed, count),
            approved_percent: percent(totals.approved, totals.approved + totals.declined),
            latency_p50: totals.latency(50),
            latency_p95: totals.latency(95),
        }
    }
}

#[cfg(test)]
mod tests;
