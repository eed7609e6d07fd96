//! When a delivery that failed is tried again.

use std::time::Duration;
use store::deliveries::DELIVERY_RETRIES_MAX;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// How far a delay may be from its step, in thousandths, either way. Spreads deliveries that failed together, so
/// that a receiver that comes back is not met by all of them in the same second.
const JITTER_PER_MILLE: u64 = 200;

/// The longest that a receiver's `Retry-After` may put a delivery off.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * HOUR);

/// The delays after the first failure, the second, and so on; after the last one the delivery is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    steps: [Duration; DELIVERY_RETRIES_MAX as usize],
}

/// About three days in all, as the compatible system documents it.
impl Default for Schedule {
    fn default() -> Self {
        Self {
            steps: [
                10 * SECOND,
                MINUTE,
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                6 * HOUR,
                12 * HOUR,
                24 * HOUR,
                24 * HOUR,
            ]
            .map(Duration::from_secs),
        }
    }
}

impl Schedule {
    /// The same number of tries with every step of one length, for tests that cannot wait for days.
    pub fn even(step: Duration) -> Self {
        Self {
            steps: [step; DELIVERY_RETRIES_MAX as usize],
        }
    }

    /// How long to wait after attempt number `attempt` (from 1) has failed, or `None` when it was the last.
    ///
    /// `chance` is any number that differs between deliveries; it places the delay within ±20 % of its step. A
    /// receiver's `retry_after` can put the next attempt later, by 24 hours at most, and never sooner.
    pub fn delay(&self, attempt: u32, chance: u64, retry_after: Option<Duration>) -> Option<Duration> {
        let step = *self.steps.get(usize::try_from(attempt).ok()?.saturating_sub(1))?;
        let per_mille = 1000 - JITTER_PER_MILLE + scatter(chance) % (2 * JITTER_PER_MILLE + 1);
        // Milliseconds, since a step times a thousand must not overflow: a day is 8.64e7 of them.
        let millis = u64::try_from(step.as_millis()).ok()?.saturating_mul(per_mille) / 1000;
        let asked = retry_after.unwrap_or(Duration::ZERO).min(RETRY_AFTER_MAX);
        Some(Duration::from_millis(millis).max(asked))
    }
}

/// Spreads numbers that are near each other over the whole range (the finaliser of SplitMix64).
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn every_delay_is_within_a_fifth_of_its_step(attempt in 1u32..=9, chance: u64) {
            let schedule = Schedule::default();
            let step = schedule.steps[attempt as usize - 1];
            let delay = schedule.delay(attempt, chance, None).unwrap();
            prop_assert!(delay >= step * 4 / 5, "{delay:?} of {step:?}");
            prop_assert!(delay <= step * 6 / 5, "{delay:?} of {step:?}");
        }

        #[test]
        fn a_receiver_may_ask_for_later_within_a_day_and_never_for_sooner(
            attempt in 1u32..=9, chance: u64, seconds: u64,
        ) {
            let schedule = Schedule::default();
            let alone = schedule.delay(attempt, chance, None).unwrap();
            let asked = schedule.delay(attempt, chance, Some(Duration::from_secs(seconds))).unwrap();
            prop_assert!(asked >= alone);
            prop_assert!(asked <= alone.max(RETRY_AFTER_MAX));
            if (alone.as_secs() + 1..=24 * HOUR).contains(&seconds) {
                prop_assert_eq!(asked, Duration::from_secs(seconds));
            }
        }

        #[test]
        fn no_attempt_number_is_a_fault(attempt: u32, chance: u64, seconds: u64) {
            let delay = Schedule::default().delay(attempt, chance, Some(Duration::from_secs(seconds)));
            prop_assert_eq!(delay.is_some(), attempt <= 9);
        }
    }

    #[test]
    fn the_tenth_failure_is_the_last() {
        assert!(Schedule::default().delay(9, 0, None).is_some());
        assert_eq!(
            Schedule::default().delay(10, 0, Some(Duration::from_secs(1))),
            None
        );
    }

    #[test]
    fn deliveries_that_failed_together_are_tried_apart() {
        let delays: HashSet<_> = (0..1000)
            .map(|chance| Schedule::default().delay(1, chance, None).unwrap())
            .collect();
        assert!(delays.len() > 300, "{} different delays", delays.len());
    }
}
