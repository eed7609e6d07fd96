//! Who had a turn when: where there is not enough room for all, those come first whose last turn is longest ago.

use crate::plan::Candidate;
use std::collections::HashMap;
use uuid::Uuid;

/// How many queues are remembered. Beyond that all are forgotten, which makes them equal again and does no harm.
const REMEMBERED_MAX: usize = 16_384;

/// The turns that queues had, counted in plans.
#[derive(Debug, Default)]
pub(super) struct Turns {
    now: u64,
    last: HashMap<Uuid, u64>,
}

impl Turns {
    /// Puts those first that have waited for the most plans.
    pub(super) fn sort(&self, candidates: &mut [Candidate]) {
        candidates.sort_by_cached_key(|candidate| self.last.get(&candidate.queue).copied());
    }

    /// Notes whose turn it is in this plan.
    pub(super) fn take(&mut self, queues: impl Iterator<Item = Uuid>) {
        if self.last.len() > REMEMBERED_MAX {
            self.last.clear();
        }
        self.now += 1;
        self.last.extend(queues.map(|queue| (queue, self.now)));
    }
}
