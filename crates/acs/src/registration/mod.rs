//! What issuers register, read from JSON: cardholders, cards, products. Bodies of the issuer API and rows of an import are
//! read by the same functions, strictly: a member nobody asked for is refused like one of the wrong type.
//!
//! Read [`members`] first.

pub(crate) mod card;
pub(crate) mod cardholder;
pub(crate) mod members;
pub(crate) mod product;
