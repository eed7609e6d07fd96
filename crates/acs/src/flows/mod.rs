//! One file a flow, each an `impl Acs` block: decide, record, send with no transaction open, apply.

pub(crate) mod administration;
mod authenticate;
pub(crate) mod backend;
pub(crate) mod challenge;
mod deliver;
pub(crate) mod import;
pub(crate) mod issuer_access;
mod outcome;
mod receipts;
pub(crate) mod registration;
mod results;
pub(crate) mod telemetry;
mod tell;
mod tidy;
mod timers;
