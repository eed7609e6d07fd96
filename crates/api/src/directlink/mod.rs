//! DirectLink: the form-encoded gateway that many shops are built on (ogone-directlink.md).
//!
//! [`form`] reads a request in either [`charset`], [`signature`] holds it against the account's passphrase, [`order_request`]
//! makes values of it and [`complaints`] of what is wrong; [`gateway`] does it, and [`xml`] writes the answer. A shopper's
//! browser starts with [`html_answer`] and comes back to the pages of [`browser`].

pub mod browser;
pub mod charset;
pub mod complaints;
pub mod form;
pub mod gateway;
pub mod html_answer;
pub mod order_request;
pub mod signature;
pub mod xml;

#[cfg(test)]
mod signature_tests;
