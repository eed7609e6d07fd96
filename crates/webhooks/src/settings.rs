//! How the dispatcher works, and which of its settings depend on each other.

use crate::schedule::Schedule;
use primitives::UrlPolicy;
use std::time::Duration;

/// The longest that looking up a merchant's signing keys may take. Part of the lease's time.
pub(crate) const KEYS_WITHIN: Duration = Duration::from_secs(5);

/// What a lease must last beyond the attempt itself, so that the result is recorded before it runs out: the look-up
/// of the keys, the recording, and clocks of processes that are not quite the same.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// The settings of a [`Dispatcher`](crate::Dispatcher).
#[derive(Debug, Clone)]
pub struct DispatcherSettings {
    /// Whether plain http and loopback are allowed: the sandbox, or production.
    pub url_policy: UrlPolicy,
    /// How long one attempt may take, from resolving the name to the end of the answer.
    pub attempt_timeout: Duration,
    /// How long a delivery is ours once taken. When we die, another process takes it after this.
    pub lease: Duration,
    /// Attempts in flight at most, in this process.
    pub concurrency: u32,
    /// Attempts in flight at most to one endpoint or one own URL, in this process.
    pub concurrency_per_endpoint: u32,
    /// For how long an endpoint may fail before it is disabled.
    pub endpoint_disable_after: Duration,
    /// How often the database is asked when nothing wakes the dispatcher.
    pub poll: Duration,
    /// How often the backlog is measured for the metrics.
    pub measure: Duration,
    /// How long attempts in flight may still take once the process is asked to stop.
    pub shutdown: Duration,
    pub schedule: Schedule,
    /// The pause before feedback to a DirectLink shop is repeated.
    pub feedback_pause: Duration,
}

impl Default for DispatcherSettings {
    fn default() -> Self {
        Self {
            url_policy: UrlPolicy::HttpsOnly,
            attempt_timeout: Duration::from_secs(10),
            lease: Duration::from_secs(30),
            concurrency: 512,
            concurrency_per_endpoint: 32,
            endpoint_disable_after: Duration::from_secs(5 * 24 * 60 * 60),
            poll: Duration::from_secs(5),
            measure: Duration::from_secs(15),
            shutdown: Duration::from_secs(5),
            schedule: Schedule::default(),
            // ogone-directlink.md, section 9.3.
            feedback_pause: Duration::from_secs(10 * 60),
        }
    }
}

impl DispatcherSettings {
    /// Everything that is wrong with the settings, as (field, text).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let lease_min = self.attempt_timeout + KEYS_WITHIN + LEASE_MARGIN;
        if self.lease < lease_min {
            problems.push((
                "lease",
                format!("must be at least {lease_min:?}, or two processes send the same webhook at once"),
            ));
        }
        for (field, duration) in [
            ("attempt_timeout", self.attempt_timeout),
            ("poll", self.poll),
            ("measure", self.measure),
            ("endpoint_disable_after", self.endpoint_disable_after),
            ("feedback_pause", self.feedback_pause),
        ] {
            if duration.is_zero() {
                problems.push((field, "must be more than nothing".to_owned()));
            }
        }
        if self.concurrency == 0 {
            problems.push(("concurrency", "must be at least 1".to_owned()));
        }
        if self.concurrency_per_endpoint == 0 || self.concurrency_per_endpoint > self.concurrency {
            problems.push((
                "concurrency_per_endpoint",
                format!("must be 1 to {}", self.concurrency),
            ));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_together() {
        assert_eq!(DispatcherSettings::default().problems(), []);
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let settings = DispatcherSettings {
            lease: Duration::from_secs(10),
            poll: Duration::ZERO,
            concurrency: 8,
            concurrency_per_endpoint: 9,
            ..DispatcherSettings::default()
        };
        let fields: Vec<_> = settings.problems().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["lease", "poll", "concurrency_per_endpoint"]);
    }
}
