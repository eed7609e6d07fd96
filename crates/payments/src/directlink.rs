//! How shops of the form-encoded protocol DirectLink see an order: numbers instead of words (ogone-directlink.md).
//!
//! [`status`] has the one table of our states and theirs, [`ncerror`] the numbers for what is wrong, [`telling`] everything
//! that an answer or a feedback says of a payment, [`signature`] the digests that sign them.

pub mod ncerror;
pub mod signature;
mod signed_names;
pub mod status;
pub mod telling;

pub use ncerror::NcError;
pub use status::Told;
pub use telling::Telling;
