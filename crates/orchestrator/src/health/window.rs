//! The last while, in slices that fall away one by one.

use super::Outcome;
use std::{collections::VecDeque, time::Duration};
use time::OffsetDateTime;

const SLICES: u32 = 12;
/// Latencies are counted in classes of which each is at most a fourth wider than its start; the last takes all from two
/// minutes on.
const CLASSES: usize = 64;

/// What was seen in one slice, or in all of them.
#[derive(Debug, Clone)]
pub(super) struct Totals {
    pub approved: u32,
    pub declined: u32,
    pub pending: u32,
    pub failed: u32,
    latencies: [u32; CLASSES],
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            approved: 0,
            declined: 0,
            pending: 0,
            failed: 0,
            latencies: [0; CLASSES],
        }
    }
}

#[derive(Debug)]
pub(super) struct Window {
    slice: Duration,
    /// With the number of the slice since the epoch, oldest first.
    slices: VecDeque<(i128, Totals)>,
}

impl Window {
    pub fn new(length: Duration) -> Self {
        Self {
            slice: (length / SLICES).max(Duration::from_millis(1)),
            slices: VecDeque::new(),
        }
    }

    pub fn add(&mut self, outcome: Outcome, took: Duration, now: OffsetDateTime) {
        let number = self.number(now);
        self.forget(number);
        if self.slices.back().is_none_or(|(last, _)| *last < number) {
            self.slices.push_back((number, Totals::default()));
        }
        if let Some((_, totals)) = self.slices.back_mut() {
            totals.add(outcome, took);
        }
    }

    pub fn totals(&mut self, now: OffsetDateTime) -> Totals {
        self.forget(self.number(now));
        let mut all = Totals::default();
        for (_, slice) in &self.slices {
            all.join(slice);
        }
        all
    }

    fn number(&self, now: OffsetDateTime) -> i128 {
        let slice = i128::try_from(self.slice.as_nanos()).unwrap_or(i128::MAX);
        now.unix_timestamp_nanos().div_euclid(slice)
    }

    fn forget(&mut self, now: i128) {
        let first = now - i128::from(SLICES) + 1;
        while self.slices.front().is_some_and(|(number, _)| *number < first) {
            self.slices.pop_front();
        }
    }
}

impl Totals {
    pub fn count(&self) -> u32 {
        self.approved + self.declined + self.pending + self.failed
    }

    /// The time within which that many in a hundred were over.
    pub fn latency(&self, percent: u64) -> Option<Duration> {
        let wanted = (u64::from(self.count()) * percent).div_ceil(100);
        let mut seen = 0;
        for (class, count) in self.latencies.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && seen > 0 {
                return Some(Duration::from_millis(end_of(class)));
            }
        }
        None
    }

    fn add(&mut self, outcome: Outcome, took: Duration) {
        let count = match outcome {
            Outcome::Approved => &mut self.approved,
            Outcome::Declined => &mut self.declined,
            Outcome::Pending => &mut self.pending,
            Outcome::Failed => &mut self.failed,
        };
        *count += 1;
        let class = class_of(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        if let Some(count) = self.latencies.get_mut(class) {
            *count += 1;
        }
    }

    fn join(&mut self, other: &Self) {
        self.approved += other.approved;
        self.declined += other.declined;
        self.pending += other.pending;
        self.failed += other.failed;
        for (count, more) in self.latencies.iter_mut().zip(other.latencies) {
            *count += more;
        }
    }
}

/// Up to 3 ms a class each; from there on four between one power of two and the next.
fn class_of(milliseconds: u64) -> usize {
    let Some(exponent) = milliseconds.checked_ilog2().filter(|exponent| *exponent >= 2) else {
        return usize::try_from(milliseconds).unwrap_or(0);
    };
    let fourth = (milliseconds >> (exponent - 2)) & 3;
    let class = u64::from(exponent - 1) * 4 + fourth;
    usize::try_from(class).map_or(CLASSES - 1, |class| class.min(CLASSES - 1))
}

/// The largest number of milliseconds of a class.
fn end_of(class: usize) -> u64 {
    let class = u64::try_from(class).unwrap_or(u64::MAX);
    if class < 4 {
        return class;
    }
    let (exponent, fourth) = (class / 4 + 1, class % 4);
    ((4 + fourth + 1) << (exponent - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_told_to_within_a_fourth() {
        for milliseconds in (0..2_000).chain([5_000, 29_999, 99_000]) {
            let end = end_of(class_of(milliseconds));
            assert!(
                end >= milliseconds && end <= milliseconds + milliseconds / 4,
                "{milliseconds} {end}"
            );
        }
        assert_eq!(class_of(u64::MAX), CLASSES - 1);
    }
}
