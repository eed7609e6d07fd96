//! Deterministic simulation of decide, record, send and apply.
//!
//! A [`world`] of one or two orders is lived through from its first call to the end of all time: merchants who call twice
//! and cancel, cardholders who give up ([`people`], [`purchases`]), processors and directory servers that answer late,
//! wrongly or not at all, several gateway processes whose flows ([`gateway`], [`flows`], [`sending`]) are interleaved beat
//! by beat and which die between any two, and a [`database`] with the rules of the real one. What processors really did,
//! and tell of by themselves, is in [`processors`], [`reversals`] and [`operations`]. Everything but the rules of `payments`
//! is played; all that is left to chance is drawn from one number, so that a history can be lived through again. [`rules`]
//! and [`settled`] say what must be so after every step; [`mutants`] shows that breaking it is noticed.
//!
//! `PASARELA_SIMULATE_HISTORIES` and `PASARELA_SIMULATE_SEED` set how many histories there are, and the first one's seed.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "this is test code: it may panic, and shows times for people to read"
)]

mod chance;
mod clock;
mod database;
mod directory;
mod flows;
mod gateway;
mod histories;
mod mutants;
mod operations;
mod people;
mod processors;
mod purchases;
mod reversals;
mod rules;
mod sending;
mod settled;
mod world;

use histories::live;
use mutants::Mutant;
use std::time::Instant;

/// As many as fit in about a minute on two cores.
const HISTORIES: u64 = 150_000;
/// Every mutant is to be caught within so many.
const CAUGHT_WITHIN: u64 = 20_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text.parse().unwrap(),
        Ok(_) | Err(_) => otherwise,
    }
}

#[test]
fn no_history_breaks_a_rule() {
    let (first, count) = (
        setting("PASARELA_SIMULATE_SEED", 1),
        setting("PASARELA_SIMULATE_HISTORIES", HISTORIES),
    );
    let began = Instant::now();
    if let Some(broken) = live(first, count, None) {
        panic!("seed {} broke a rule: {}", broken.seed, broken.report());
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{count} histories from seed {first} in {seconds:.1} s: no rule was broken");
}

#[test]
fn every_mutant_is_caught() {
    for mutant in Mutant::ALL {
        let broken = live(1, CAUGHT_WITHIN, Some(mutant));
        let broken =
            broken.unwrap_or_else(|| panic!("{mutant:?} was not caught in {CAUGHT_WITHIN} histories"));
        eprintln!(
            "{mutant:?} was caught by history {}: {}",
            broken.histories, broken.what
        );
    }
}
