//! How receivers have answered lately, as this process has seen it.
//!
//! Nothing here is kept over a restart: a process that knows nothing sends a receiver little at first and learns within
//! a few attempts. What must be known to all, since when an endpoint has been failing, is in its row.

use crate::{
    ending::{AttemptCode, Ending},
    plan::Standing,
    schedule::RETRY_AFTER_MAX,
};
use primitives::{Id, id::kind};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// From so many failures in a row on, a receiver is taken for failing.
pub(crate) const SUSPECT_AFTER: u32 = 3;

/// A receiver that takes longer than this on average is slow.
const SLOW_FROM: Duration = Duration::from_secs(1);

/// How long a receiver is left alone that is busy and does not say for how long: so much the first time, twice as much
/// whenever it is busy again right after that, but not more than the other.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// How many receivers are remembered. Beyond that, those go first that were heard of least lately.
const REMEMBERED_MAX: usize = 20_000;

/// What is known of one receiver.
#[derive(Debug, Clone)]
struct Health {
    failures_in_row: u32,
    first_failure_at: OffsetDateTime,
    /// Whether anything was accepted since the beginning, or since the last pause.
    accepted: bool,
    /// The running mean of how long its answers took.
    latency: Duration,
    paused_until: OffsetDateTime,
    /// Pauses of our own choice in a row.
    pauses: u32,
    heard_at: OffsetDateTime,
}

impl Health {
    fn new(now: OffsetDateTime) -> Self {
        Self {
            failures_in_row: 0,
            first_failure_at: now,
            accepted: false,
            latency: Duration::ZERO,
            paused_until: now,
            pauses: 0,
            heard_at: now,
        }
    }

    fn standing(&self, now: OffsetDateTime) -> Standing {
        if self.paused_until > now {
            Standing::Paused
        } else if self.failures_in_row >= SUSPECT_AFTER {
            Standing::Suspect
        } else if !self.accepted {
            Standing::Untried
        } else if self.latency >= SLOW_FROM {
            Standing::Slow
        } else {
            Standing::Quick
        }
    }

    fn hear(&mut self, ending: &Ending, latency: Duration, now: OffsetDateTime) {
        self.heard_at = now;
        self.latency = if self.accepted || self.failures_in_row > 0 {
            (self.latency * 3 + latency) / 4
        } else {
            latency
        };
        if ending.code == AttemptCode::Delivered {
            self.accepted = true;
            self.failures_in_row = 0;
            self.pauses = 0;
            return;
        }
        if self.failures_in_row == 0 {
            self.first_failure_at = now;
        }
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        if ending.is_busy() {
            self.pause(ending.retry_after, now);
        }
    }

    /// Attempts that were in flight together and meet the same answer are one reason to wait, not many.
    fn pause(&mut self, asked: Option<Duration>, now: OffsetDateTime) {
        let ours = if self.paused_until > now {
            Duration::ZERO
        } else {
            let doubled = PAUSE_FIRST.saturating_mul(1 << self.pauses.min(16));
            self.pauses += 1;
            doubled.min(PAUSE_MOST)
        };
        let pause = asked.map_or(ours, |asked| asked.min(RETRY_AFTER_MAX));
        self.paused_until = self.paused_until.max(now + pause);
        self.accepted = false;
    }
}

/// What an attempt says about the endpoint that it went to, beside its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointNews {
    /// It has failed often enough, since then, for this to be written down.
    Failing { since: OffsetDateTime },
    /// It has been written down as failing, and it accepts again.
    Recovered,
    /// It answered that it is gone.
    Gone,
    /// It has been failing for longer than it is put up with, and fails still.
    FailingTooLong { since: OffsetDateTime },
}

/// What is known of all receivers.
#[derive(Debug)]
pub(crate) struct Healths {
    queues: HashMap<Uuid, Health>,
    /// Of merchants' own URLs together: what an URL that was not tried yet is taken for.
    merchants: HashMap<Uuid, Health>,
    /// Since when the endpoints' rows say that they are failing.
    failing: HashMap<Uuid, OffsetDateTime>,
    disable_after: Duration,
}

/// Whose a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// An endpoint, whose only queue has its id.
    Endpoint(Id<kind::WebhookEndpoint>),
    /// One of the own URLs of a merchant.
    Own(Id<kind::Merchant>),
}

impl Receiver {
    pub(crate) fn of(merchant: Id<kind::Merchant>, endpoint: Option<Id<kind::WebhookEndpoint>>) -> Self {
        endpoint.map_or(Self::Own(merchant), Self::Endpoint)
    }

    /// What all of its queues have in common.
    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Self::Endpoint(id) => id.uuid(),
            Self::Own(merchant) => merchant.uuid(),
        }
    }
}

impl Healths {
    /// `disable_after`: how long an endpoint may go on failing.
    pub(crate) fn new(disable_after: Duration) -> Self {
        Self {
            queues: HashMap::new(),
            merchants: HashMap::new(),
            failing: HashMap::new(),
            disable_after,
        }
    }

    /// Takes over what an endpoint's row says.
    pub(crate) fn learn(&mut self, queue: Uuid, failing_since: Option<OffsetDateTime>) {
        match failing_since {
            Some(since) => drop(self.failing.insert(queue, since)),
            None => drop(self.failing.remove(&queue)),
        }
    }

    pub(crate) fn standing(&self, queue: Uuid, receiver: Receiver, now: OffsetDateTime) -> Standing {
        let own = self.queues.get(&queue).map(|health| health.standing(now));
        match (own, receiver) {
            (Some(Standing::Untried) | None, Receiver::Endpoint(_)) if self.failing.contains_key(&queue) => {
                Standing::Suspect
            }
            (Some(own), _) => own,
            (None, Receiver::Endpoint(_)) => Standing::Untried,
            (None, Receiver::Own(merchant)) => {
                self.merchants
                    .get(&merchant.uuid())
                    .map_or(Standing::Untried, |health| match health.standing(now) {
                        // Another URL asked for quiet; that says nothing of this one.
                        Standing::Paused => Standing::Untried,
                        standing => standing,
                    })
            }
        }
    }

    /// When the queue may be sent to again, if it asked to be left alone.
    pub(crate) fn paused_until(&self, queue: Uuid, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let health = self.queues.get(&queue)?;
        Some(health.paused_until).filter(|until| *until > now)
    }

    /// Takes in how an attempt ended, if that was the receiver's doing.
    pub(crate) fn hear(
        &mut self,
        queue: Uuid,
        receiver: Receiver,
        ending: &Ending,
        latency: Duration,
        now: OffsetDateTime,
    ) -> Option<EndpointNews> {
        if !ending.code.is_receivers() {
            return None;
        }
        self.forget_some();
        let health = self.queues.entry(queue).or_insert_with(|| Health::new(now));
        health.hear(ending, latency, now);
        let (failures, first_failure_at) = (health.failures_in_row, health.first_failure_at);
        match receiver {
            Receiver::Own(merchant) => {
                let all = self
                    .merchants
                    .entry(merchant.uuid())
                    .or_insert_with(|| Health::new(now));
                all.hear(ending, latency, now);
                None
            }
            Receiver::Endpoint(_) => self.news(queue, ending, failures, first_failure_at, now),
        }
    }

    fn news(
        &self,
        queue: Uuid,
        ending: &Ending,
        failures: u32,
        first_failure_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Option<EndpointNews> {
        let written = self.failing.get(&queue).copied();
        match (ending.code, written) {
            (AttemptCode::Gone, _) => Some(EndpointNews::Gone),
            (AttemptCode::Delivered, written) => written.map(|_| EndpointNews::Recovered),
            _ if failures < SUSPECT_AFTER => None,
            (_, None) => Some(EndpointNews::Failing {
                since: first_failure_at,
            }),
            (_, Some(since)) => {
                (now - since >= self.disable_after).then_some(EndpointNews::FailingTooLong { since })
            }
        }
    }

    /// Keeps the memory within its bounds.
    fn forget_some(&mut self) {
        for healths in [&mut self.queues, &mut self.merchants] {
            if healths.len() >= REMEMBERED_MAX {
                let mut times: Vec<_> = healths.values().map(|health| health.heard_at).collect();
                let middle = times.len() / 2;
                let (_, median, _) = times.select_nth_unstable(middle);
                let median = *median;
                healths.retain(|_, health| health.heard_at > median);
            }
        }
    }
}

#[cfg(test)]
mod tests;
