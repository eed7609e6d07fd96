//! One file a flow, each an `impl Acs` block: decide, record, send with no transaction open, apply.

mod authenticate;
pub(crate) mod challenge;
pub(crate) mod issuer_access;
pub(crate) mod registration;
mod results;
pub(crate) mod backend;
mod deliver;
mod receipts;
mod tidy;
mod timers;
