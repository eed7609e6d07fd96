//! The first beat of a challenge: from where it stands and what happened to the next step.
//!
//! [`decide`] is pure, and its [`Step`] is data: the challenge as it is to be saved, and what is to be done in the same
//! transaction. Each state has a function with an arm for every event, so that a new event asks its question of every state
//! at compile time. `matrix` has the whole table.

mod asking_app;
mod choosing_phone;
mod code;
mod moves;
mod password;
mod unattended;

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod testing;

use primitives::Moment;
use thiserror::Error;
use time::Duration;

use super::event::{Effect, Event};
use super::state::{Challenge, State};
use crate::policy::Policy;
use moves::Turn;

pub use moves::{APP_ASKED_MAX, EARLY_MAX, REPLACED_MAX, resend};

/// What a challenge is decided by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'r> {
    /// What the issuer set.
    pub policy: &'r Policy,
    /// From one screen to the next answer.
    pub patience: Duration,
}

/// What to do next. Recorded whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The challenge as it is to be saved.
    pub challenge: Challenge,
    /// What is to be done with it.
    pub effects: Vec<Effect>,
}

/// An event that means nothing where the challenge stands. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// It has ended, and its result never changes.
    #[error("the challenge has ended")]
    Ended,
    /// No browser has come yet, or none ever will.
    #[error("no browser takes part")]
    NotOpen,
    /// It was not what the screen asked, or the issuer does not offer it.
    #[error("that was not asked")]
    NotAsked,
    /// It is about a code that has made room for another one.
    #[error("that code counts no more")]
    OldCode,
}

/// What comes of an event.
///
/// # Errors
/// [`Refused`]: then nothing is to be saved.
pub fn decide(
    rules: &Rules<'_>,
    challenge: &Challenge,
    event: Event,
    moment: Moment,
) -> Result<Step, Refused> {
    let turn = Turn::new(rules, challenge, moment);
    // Whatever comes after the challenge's time comes too late, however late those are who watch the time.
    let event = if turn.is_over() { Event::TimePassed } else { event };
    match turn.state() {
        State::Awaited {} => unattended::awaited(turn, event),
        State::Decoupled {} => unattended::decoupled(turn, event),
        State::Done { .. } => Err(Refused::Ended),
        State::ChoosingPhone { password } => choosing_phone::decide(turn, password, event),
        State::AskingApp {
            app_until,
            early,
            code,
        } => {
            let asked = asking_app::Asked {
                app_until,
                early,
                code,
            };
            asking_app::decide(turn, asked, event)
        }
        State::Password { code } => password::decide(turn, code, event),
        State::Code { code, password } => code::decide(turn, code, password, event),
    }
}
