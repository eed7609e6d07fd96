//! Many histories, side by side, and the report of one that broke a rule.

use crate::{mutants::Mutant, world::World};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

/// A history that broke a rule.
#[derive(Debug)]
pub struct Broken {
    pub seed: u64,
    pub what: String,
    /// How many histories had been lived through until then.
    pub histories: u64,
}

/// Lives through `count` histories from the seed on, on all processors. The first that breaks a rule, if any does.
pub fn live(first: u64, count: u64, mutant: Option<Mutant>) -> Option<Broken> {
    let (next, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let mut broken: Vec<Broken> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return None;
                        }
                        let seed = first.wrapping_add(number);
                        if let Err(what) = one(seed, mutant, false).0 {
                            over.store(true, Ordering::Relaxed);
                            return Some(Broken {
                                seed,
                                what,
                                histories: number + 1,
                            });
                        }
                    }
                    None
                })
            })
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok().flatten())
            .collect()
    });
    broken.sort_by_key(|broken| broken.histories);
    broken.into_iter().next()
}

/// One history, and what happened in it where that is wanted.
pub fn one(seed: u64, mutant: Option<Mutant>, logs: bool) -> (Result<(), String>, String) {
    let mut world = World::new(seed, mutant, logs);
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    let result = ended.unwrap_or_else(|_| Err("the rules panicked".to_owned()));
    (result, world.history())
}

impl Broken {
    /// Everything needed to see it again.
    pub fn report(&self) -> String {
        let (_, history) = one(self.seed, None, true);
        format!(
            "{}\n\n{history}\n\nagain: PASARELA_SIMULATE_SEED={} PASARELA_SIMULATE_HISTORIES=1 make simulate\n",
            self.what, self.seed
        )
    }
}
