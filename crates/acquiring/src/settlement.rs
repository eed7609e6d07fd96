//! What can be done with an approved charge: capture it, void it, give it back.

use crate::authorization::Decline;
use primitives::{Amount, Id, id::kind};

/// Takes held money, all or part of it.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Our reference of this capture.
    pub reference: String,
    /// The processor's id of the authorisation.
    pub processor_reference: String,
    pub authorized: Amount,
    pub amount: Amount,
    /// Whether what is not captured is released.
    pub is_final: bool,
}

/// Releases held money, or takes back a sale before it settles.
#[derive(Debug, Clone)]
pub struct Void {
    pub reference: String,
    pub processor_reference: String,
    pub amount: Amount,
    pub payment: Id<kind::Payment>,
}

/// Gives captured money back, all or part of it.
#[derive(Debug, Clone)]
pub struct Refund {
    pub reference: String,
    pub processor_reference: String,
    pub captured: Amount,
    pub amount: Amount,
    pub reason: Option<String>,
}

/// The processor's answer to a capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementAnswer {
    /// Done.
    Done {
        processor_reference: Option<String>,
    },
    /// Accepted; the outcome comes later by notification or inquiry.
    Accepted {
        processor_reference: Option<String>,
    },
    Refused(Decline),
}
