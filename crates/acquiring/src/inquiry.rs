//! Asking what became of a charge whose answer was lost.

use crate::authorization::{Approval, ChargeKind, Decline};
use primitives::Amount;
use time::OffsetDateTime;

/// Which charge is asked about.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// The reference the charge was sent with.
    pub reference: String,
    /// The processor's id of the charge, where it gave one before the outcome was known.
    pub processor_reference: Option<String>,
    pub order_id: String,
    pub amount: Amount,
    pub kind: ChargeKind,
    /// When the charge was sent.
    pub sent_at: OffsetDateTime,
}

/// What the processor knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InquiryAnswer {
    Approved(Approval),
    Declined(Decline),
    /// Known but not settled yet: ask again.
    Pending,
    /// Not known. Alone this proves nothing until the processor's final window has passed.
    NotFound,
}
