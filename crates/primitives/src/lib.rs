//! Values checked at the door: once one of these exists, it is what its name says.
//!
//! Here are money, cards, countries, identifiers with a kind, secrets, and the [`Exchange`]: a request to the
//! outside as data together with the pure reader of its reply. Not here: anything that knows what an order, a
//! payment or a 3DS message is (`payments`, `emv3ds`), and anything that talks, sleeps or asks for the time; a
//! [`Moment`] hands those in.
//!
//! Read [`amount`] first, then [`exchange`].
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod amount;
pub mod card;
pub mod contact;
pub mod country;
pub mod currency;
pub mod exchange;
pub mod id;
pub mod moment;
pub mod secret;

pub use amount::{Amount, AmountError};
pub use card::{Brand, Card, CardError, ExpiryDate, Pan, SecurityCode};
pub use contact::{Email, HttpUrl, UrlPolicy};
pub use country::Country;
pub use currency::Currency;
pub use exchange::{Exchange, HttpRequest, Method, Reply, Unreadable};
pub use id::{Id, Kind};
pub use moment::Moment;
pub use secret::Secret;
