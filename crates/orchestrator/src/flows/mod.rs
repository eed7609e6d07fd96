//! One file a flow: each decides, records, sends and applies.
//!
//! [`advance`] has the first two beats, which all share; [`charge`], [`authenticate`] and [`settle`] the last two. A flow that moves
//! money runs in a task of its own, so that it goes on to the end when its caller goes away.

mod advance;
mod areq;
mod authenticate;
pub mod card_ranges;
mod challenge_return;
mod charge;
pub mod directlink;
mod directory;
mod holds;
pub mod idempotency;
mod in_hand;
pub mod notifications;
pub mod orders;
pub mod page;
pub mod page_step;
mod purchase;
mod recovery;
mod restart;
pub mod results;
mod retry_limits;
mod reversal;
pub(crate) mod run;
pub mod sender;
pub mod settle;
pub mod settled;
mod step_up;
pub mod threeds_server;

pub(crate) use {advance::is_race, directory::Heard};

#[cfg(test)]
mod authentication_tests;
#[cfg(test)]
mod cascade_tests;
#[cfg(test)]
mod decoupled_tests;
#[cfg(test)]
mod notification_tests;
#[cfg(test)]
mod open_charge_tests;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod retry_limit_tests;
#[cfg(test)]
mod settlement_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wish_tests;
