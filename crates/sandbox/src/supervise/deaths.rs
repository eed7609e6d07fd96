//! How often a child may die before it is given up, and how long to wait before it is started again.

use std::time::{Duration, Instant};

/// A child may die this often within [`DEATHS_COUNT_FOR`] before we give up on it.
pub(super) const DEATHS_MAX: usize = 5;
/// Deaths longer ago no longer count.
const DEATHS_COUNT_FOR: Duration = Duration::from_secs(60);
/// Pause before the first new start; doubled with each death that counts.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The recent deaths of one child.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    at: Vec<Instant>,
}

impl Deaths {
    /// Counts one more; answers how long to wait before the next start, or `None` when there have been too many.
    pub(super) fn another(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.at.retain(|at| now.duration_since(*at) < DEATHS_COUNT_FOR);
        let before = u32::try_from(self.at.len()).ok()?;
        self.at.push(now);
        (self.at.len() < DEATHS_MAX).then(|| FIRST_PAUSE * 2_u32.pow(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_given_up_after_too_many_deaths_and_waits_longer_each_time() {
        let mut deaths = Deaths::default();
        let pauses: Vec<_> = (0..DEATHS_MAX).map(|_| deaths.another()).collect();
        let milliseconds = [250, 500, 1000, 2000].map(Duration::from_millis);
        assert_eq!(
            pauses,
            [
                Some(milliseconds[0]),
                Some(milliseconds[1]),
                Some(milliseconds[2]),
                Some(milliseconds[3]),
                None
            ]
        );
    }
}
