//! How shops of the form-encoded protocol DirectLink see an order: numbers instead of words (ogone-directlink.md).
//!
//! [`amount`] reads the amounts of requests. [`status`] has the one table of our states and theirs, [`ncerror`] the numbers
//! for what is wrong, [`telling`] everything that an answer or a feedback says of a payment, [`spelling`] how values are
//! written, [`feedback`] the parameters that go back to the shop and [`signature`] the digests that sign them. [`facts`] is what
//! of a request all of that needs, and [`changes`] says of which steps a shop's server is told,
//! and which decide about a card that it wants kept.

pub mod amount;
pub mod changes;
pub mod facts;
pub mod feedback;
pub mod ncerror;
pub mod signature;
mod signed_names;
pub mod spelling;
pub mod status;
pub mod telling;
pub mod windows_1252;

#[cfg(test)]
mod table_tests;

pub use changes::{CardFate, Change, Occasion, WAITS_FOR_SHOPPER};
pub use facts::Facts;
pub use feedback::Feedback;
pub use ncerror::NcError;
pub use status::Told;
pub use telling::Telling;
