//! DirectLink: the form-encoded gateway that many shops are built on (ogone-directlink.md).
//!
//! [`form`] reads a request in either [`charset`], [`signature`] holds it against the account's passphrase.

pub mod charset;
pub mod complaints;
pub mod form;
pub mod ncerror;
pub mod order_request;
pub mod signature;
pub mod status;
mod signed_names;
pub mod xml;

#[cfg(test)]
mod signature_tests;
