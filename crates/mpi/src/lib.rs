//! The 3DS Server role, which the trade calls MPI: which version to speak, what to ask, how an authentication moves on,
//! and what its result is worth.
//!
//! **Here:** the card-range cache ([`card_range`]), the choice of the version ([`version_choice`]), the AReq made of a
//! payment's data ([`request`]), the 3DS Method and the challenge as far as a 3DS Server has a part in them ([`method`],
//! [`challenge`]), another 3DS Server in our place ([`remote`]), the state of one authentication ([`transaction`]), its [`result`], and every time limit ([`timers`]).
//!
//! **Not here:** the messages themselves (`emv3ds`), sending anything, storing anything, the clock: everything is a pure
//! function of what is handed in. What a result means for a payment is `payments`' business.
//!
//! Read [`transaction`] first.

pub mod card_range;
pub mod challenge;
pub mod method;
pub mod remote;
pub mod request;
pub mod result;
pub mod timers;
pub mod transaction;
pub mod version_choice;

pub use card_range::{CardRange, CardRanges};
pub use request::{AuthenticationRequest, Prepared};
pub use result::{AuthenticationResult, Failure, Flow, eci_shifts_liability};
pub use timers::Timers;
pub use transaction::{Subject, Transaction};

#[cfg(test)]
mod testing;
