//! How long things took, in the three numbers that matter.

use std::time::Duration;

use serde_json::{Value, json};

/// Durations, in any order.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Percentiles in milliseconds, `null` where nothing was measured.
    pub fn figures(mut self) -> Value {
        self.0.sort_unstable();
        let at = |share: f64| {
            let last = self.0.len().checked_sub(1)?;
            // The nearest rank: a value that was really measured.
            let rank = (share * self.0.len() as f64).ceil() as usize;
            self.0
                .get(rank.saturating_sub(1).min(last))
                .map(|it| milliseconds(*it))
        };
        json!({ "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0) })
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}

/// Milliseconds as they are shown.
pub fn milliseconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1_000.0)
}

/// As many digits as a noisy machine deserves.
pub fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
