//! Who is left alone for a while because they failed too often.
//!
//! As this process has seen it: a process that knows nothing learns within five messages, and nothing here has to
//! outlast it.

use std::collections::{HashMap, VecDeque};
use time::{Duration, OffsetDateTime};

/// So many failures …
pub const FAILURES_TO_OPEN: usize = 5;
/// … within this time, and no message taken in between, open a breaker.
pub const FAILURE_WINDOW: Duration = Duration::seconds(30);
/// How long an open breaker keeps everybody away before one message may try again.
pub const OPEN_FOR: Duration = Duration::seconds(15);
/// How long that one message has to come to an end, before the next one may try.
const PROBE_FOR: Duration = Duration::seconds(10);

/// Whether a provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It is asked.
    Closed,
    /// It failed too often and is left alone.
    Open,
    /// One message finds out whether it works again.
    HalfOpen,
}

impl BreakerState {
    /// The word for it in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker of one provider.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// The latest failures, oldest first, since a message was last taken.
    failures: VecDeque<OffsetDateTime>,
    /// Since when it is open.
    opened_at: Option<OffsetDateTime>,
    /// Since when a message has been finding out.
    probed_at: Option<OffsetDateTime>,
}

impl Breaker {
    /// What it is now.
    pub fn state(&self, now: OffsetDateTime) -> BreakerState {
        match self.opened_at {
            None => BreakerState::Closed,
            Some(at) if now < at + OPEN_FOR => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Whether a message may go to the provider now. Of a half-open one, the first that asks may.
    pub fn admit(&mut self, now: OffsetDateTime) -> bool {
        match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => {
                let busy = self.probed_at.is_some_and(|at| now < at + PROBE_FOR);
                if !busy {
                    self.probed_at = Some(now);
                }
                !busy
            }
        }
    }

    /// The provider answered as one that works, be it with a refusal.
    pub fn worked(&mut self) {
        *self = Self::default();
    }

    /// The provider did not take a message, or nobody knows whether it did.
    pub fn failed(&mut self, now: OffsetDateTime) {
        if self.opened_at.is_some() {
            // An answer that was under way while the breaker opened changes nothing; a probe that failed does.
            if self.state(now) == BreakerState::HalfOpen {
                self.opened_at = Some(now);
                self.probed_at = None;
            }
            return;
        }
        self.failures.push_back(now);
        while self
            .failures
            .front()
            .is_some_and(|first| *first + FAILURE_WINDOW <= now)
        {
            self.failures.pop_front();
        }
        if self.failures.len() >= FAILURES_TO_OPEN {
            self.failures.clear();
            self.opened_at = Some(now);
        }
    }
}

/// The breakers of all providers, by name.
#[derive(Debug, Default)]
pub struct Breakers(HashMap<String, Breaker>);

impl Breakers {
    /// The breaker of a provider; closed before anything was heard of it.
    pub fn of(&mut self, name: &str) -> &mut Breaker {
        self.0.entry(name.to_owned()).or_default()
    }

    /// What a provider's breaker is now.
    pub fn state(&self, name: &str, now: OffsetDateTime) -> BreakerState {
        self.0
            .get(name)
            .map_or(BreakerState::Closed, |breaker| breaker.state(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn after(seconds: i64) -> OffsetDateTime {
        START + Duration::seconds(seconds)
    }

    fn open() -> Breaker {
        let mut breaker = Breaker::default();
        for second in 0..5 {
            breaker.failed(after(second));
        }
        breaker
    }

    #[test]
    fn five_failures_within_half_a_minute_open_it() {
        let mut breaker = open();
        assert_eq!(breaker.state(after(4)), BreakerState::Open);
        assert!(!breaker.admit(after(18)));
    }

    #[test]
    fn failures_far_apart_or_with_a_success_between_do_not() {
        let mut slow = Breaker::default();
        let mut mixed = Breaker::default();
        for number in 0..20 {
            slow.failed(after(number * 8));
            mixed.failed(after(number));
            if number % 4 == 3 {
                mixed.worked();
            }
        }
        assert_eq!(slow.state(after(160)), BreakerState::Closed);
        assert_eq!(mixed.state(after(20)), BreakerState::Closed);
    }

    #[test]
    fn after_fifteen_seconds_one_message_finds_out() {
        let mut breaker = open();
        assert!(breaker.admit(after(19)), "the first after fifteen seconds");
        assert!(!breaker.admit(after(19)), "and no other with it");
        breaker.worked();
        assert!(breaker.admit(after(20)) && breaker.admit(after(20)));
    }

    #[test]
    fn a_probe_that_fails_opens_it_again() {
        let mut breaker = open();
        assert!(breaker.admit(after(19)));
        breaker.failed(after(20));
        assert!(!breaker.admit(after(34)));
        assert!(breaker.admit(after(35)));
    }

    #[test]
    fn a_probe_that_never_ends_keeps_nobody_away_for_good() {
        let mut breaker = open();
        assert!(breaker.admit(after(19)));
        assert!(!breaker.admit(after(28)));
        assert!(breaker.admit(after(29)));
    }
}
