//! What can be done with an approved charge: capture it, void it, give it back; asking what became of that when the
//! answer was lost; and taking back a charge of which nobody knows whether it was approved.

use crate::authorization::{ChargeKind, Decline};
use primitives::{Amount, Id, id::kind};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The three things that follow a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementKind {
    Capture,
    Void,
    Refund,
}

impl SettlementKind {
    pub const ALL: [Self; 3] = [Self::Capture, Self::Void, Self::Refund];

    /// The word in rows, logs and order documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// The charge that is captured, voided or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    pub payment: Id<kind::Payment>,
    /// The merchant's own order id, as it was sent with the charge.
    pub order_id: String,
    pub kind: ChargeKind,
    /// Our reference of the charge.
    pub reference: String,
    /// The processor's id of the charge.
    pub processor_reference: String,
    /// What was approved.
    pub authorized: Amount,
}

/// Takes held money, all or part of it.
#[derive(Debug, Clone)]
pub struct Capture {
    pub of: Charged,
    /// Our reference of this capture, the same however often it is sent.
    pub reference: String,
    pub amount: Amount,
    /// Whether what is not captured is released.
    pub is_final: bool,
}

/// Releases held money, or takes back a sale before it settles: all that was authorised.
#[derive(Debug, Clone)]
pub struct Void {
    pub of: Charged,
    /// Our reference of this void, the same however often it is sent.
    pub reference: String,
    pub reason: Option<String>,
}

/// Gives captured money back, all or part of it.
#[derive(Debug, Clone)]
pub struct Refund {
    pub of: Charged,
    /// Our reference of this refund, the same however often it is sent.
    pub reference: String,
    pub amount: Amount,
    /// What was captured in all, for a sale the whole of it.
    pub captured: Amount,
    /// The capture that is given back, where there was one: the one with the most left to give back. Processors whose
    /// refunds are of a capture need it.
    pub capture: Option<CaptureRef>,
    pub reason: Option<String>,
}

/// A capture that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRef {
    /// Our reference of the capture.
    pub reference: String,
    /// The processor's own id of it, when given.
    pub processor_reference: Option<String>,
    pub amount: Amount,
}

/// The processor's answer to a capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementAnswer {
    /// Done.
    Done {
        /// The processor's id of the operation, when it has one of its own.
        processor_reference: Option<String>,
    },
    /// Accepted; the outcome comes later by notification or inquiry.
    Accepted {
        processor_reference: Option<String>,
    },
    Refused(Decline),
}

/// Asks what became of a capture, void or refund: its answer was lost, or it was only accepted.
#[derive(Debug, Clone)]
pub struct SettlementInquiry {
    pub kind: SettlementKind,
    pub of: Charged,
    /// Our reference of the operation.
    pub reference: String,
    /// The processor's id of the operation, where it was told.
    pub processor_reference: Option<String>,
    pub amount: Amount,
    /// When it was sent.
    pub sent_at: OffsetDateTime,
}

/// What the processor knows of a capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementInquiryAnswer {
    Done {
        processor_reference: Option<String>,
    },
    /// Known, its end still to come: ask again.
    Pending,
    Refused(Decline),
    /// Not known. Alone this proves nothing until the processor's final window has passed.
    NotFound,
}

/// Takes back a charge by our own reference, without knowing whether it arrived (ISO 8583 1420).
#[derive(Debug, Clone)]
pub struct Reversal {
    /// Our reference of the charge.
    pub charge_reference: String,
    /// Our reference of the reversal, the same however often it is sent.
    pub reference: String,
    pub order_id: String,
    pub kind: ChargeKind,
    pub amount: Amount,
    /// When the charge was sent.
    pub sent_at: OffsetDateTime,
}

/// The processor's answer to a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReversalAnswer {
    /// Nothing of the charge is left.
    Reversed,
    /// Accepted; a notification says how it ended.
    Accepted,
    /// The processor does not know the charge. Alone this proves nothing until its final window has passed.
    NotFound,
    Refused(Decline),
}
