//! An access control server: the issuer's side of EMV 3-D Secure.
//!
//! **Here:** the decision over an AReq (`decision`), the challenge of a cardholder by the bank's app or by a one-time
//! password (`challenge`, `otp`), text messages and their providers ([`sms`]), what the issuer's backend is told and
//! asked (`issuer_backend`), and the faces over HTTP (`http`): directory servers, cardholders' browsers, issuers, and
//! providers with receipts. The service has a schema of its own ([`store`]) and stands alone.
//!
//! **Not here:** merchants, orders, acquirers, and the 3DS Server's side (crate `mpi`).
//!
//! The rhythm of every flow (`flows`): decide (pure), record (one transaction), send (none open), apply.
#![warn(missing_docs)]
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod authentication_value;
pub mod challenge;
pub mod clock;
pub mod decision;
mod flows;
mod http;
pub mod identifiers;
pub mod issuer_backend;
mod jose;
pub mod keys;
pub mod language;
pub mod limits;
pub mod otp;
pub mod phone;
pub mod policy;
pub mod purchase;
mod registration;
pub mod service;
pub mod sms;
pub mod store;
pub mod wording;

pub use flows::administration::{AdministrationError, ClientKeys, PrivateJwk};
pub use flows::challenge::FlowError;
pub use http::pages;
pub use service::{Acs, Settings, Timers};
