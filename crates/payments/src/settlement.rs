//! A settlement: one capture, void or refund of an approved payment.
//!
//! Its amount is reserved in the payment's totals from the moment it is asked for until its end is known.

use crate::totals::Share;
use acquiring::{
    Capabilities, CaptureRef, Captures, Decline, Recovery, Refunds, RefundsOf, SettlementAnswer,
    SettlementInquiryAnswer, SettlementKind, Voids,
};
use primitives::{Amount, Id, id::kind};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// One capture, void or refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub id: Id<kind::Settlement>,
    /// Which of all that was asked after the approval this is, from 1; 0 where that was not counted yet.
    #[serde(default)]
    pub level: u32,
    pub kind: SettlementKind,
    /// What is captured or given back; for a void all that was authorised.
    pub amount: Amount,
    /// Of a capture: whether what it leaves is released.
    pub is_final: bool,
    /// The processor's idempotency identity, fixed before the first byte leaves: the id without hyphens.
    pub reference: String,
    /// Why, in the merchant's words. The same however often it is sent, like everything that is sent.
    pub reason: Option<String>,
    /// Of a refund: what had been captured in all when it was asked for.
    pub captured: Amount,
    /// Of a refund: the capture that it gives back, where there was one.
    pub capture: Option<CaptureRef>,
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// When somebody must look at it, should nothing else happen.
    #[serde(with = "time::serde::rfc3339::option")]
    pub look_at: Option<OffsetDateTime>,
    /// When the processor told the opposite of `state` and the totals could not follow: something for people.
    #[serde(with = "time::serde::rfc3339::option")]
    pub contradicted_at: Option<OffsetDateTime>,
    /// The refusal that the totals could not follow then, to be taken in once they can.
    #[serde(default)]
    pub contradiction: Option<Decline>,
    pub state: SettlementState,
}

/// What is known of a settlement: `Sending → Done | Accepted | Refused | NotSent | Unknown`,
/// `Unknown → Done | Accepted | Refused | Lost`, `Accepted → Done | Refused`, `Done → Refused`, `Lost → Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SettlementState {
    /// Somebody is sending it, or died doing so.
    Sending,
    /// It was sent, and nobody can say what became of it.
    Unknown {
        /// How often that was asked, or it was sent again, in vain.
        inquiries: u16,
    },
    /// The processor has taken it; the outcome comes later.
    Accepted {
        inquiries: u16,
        processor_reference: Option<String>,
    },
    Done {
        processor_reference: Option<String>,
    },
    Refused {
        decline: Decline,
    },
    /// No byte of it reached the processor.
    NotSent {
        why: String,
    },
    /// Given up as unknown: the processor's final window passed without a trace of it.
    Lost,
}

/// Whether more can be captured of an approved payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// What is not captured is still held.
    #[default]
    Open,
    /// What is not captured was released.
    CapturedFinally,
    /// All of it was released, by us or because it had been held for too long.
    Voided,
}

impl Settlement {
    /// Whether its end is still to come, so that its amount is reserved.
    pub fn is_in_flight(&self) -> bool {
        self.state.is_in_flight()
    }

    /// Whether nothing more may be captured or voided until its end is known: what is released, or may be, decides what is
    /// left to capture, and so does a request of which nobody knows whether it arrived. A part that the processor has
    /// taken, and that leaves the rest held, decides nothing but its own amount.
    pub fn holds_up_captures(&self) -> bool {
        match (&self.kind, &self.state) {
            (SettlementKind::Capture, SettlementState::Accepted { .. }) => self.is_final,
            (SettlementKind::Capture | SettlementKind::Void, _) => self.is_in_flight(),
            (SettlementKind::Refund, _) => false,
        }
    }

    /// Whether the processor did it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, SettlementState::Done { .. })
    }
}

impl SettlementState {
    /// Whether the end is still to come.
    pub fn is_in_flight(&self) -> bool {
        match self {
            Self::Sending | Self::Unknown { .. } | Self::Accepted { .. } => true,
            Self::Done { .. } | Self::Refused { .. } | Self::NotSent { .. } | Self::Lost => false,
        }
    }

    /// Whether it came to nothing.
    pub fn has_failed(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::NotSent { .. } | Self::Lost => true,
            Self::Sending | Self::Unknown { .. } | Self::Accepted { .. } | Self::Done { .. } => false,
        }
    }

    /// Where the settlement's amount stands in the payment's totals.
    pub fn share(&self) -> Share {
        match self {
            Self::Sending | Self::Unknown { .. } | Self::Accepted { .. } => Share::Reserved,
            Self::Done { .. } => Share::Done,
            Self::Refused { .. } | Self::NotSent { .. } | Self::Lost => Share::Nothing,
        }
    }

    /// The word in the `state` column.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unknown { .. } => "unknown",
            Self::Accepted { .. } => "accepted",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::NotSent { .. } => "not_sent",
            Self::Lost => "lost",
        }
    }

    /// The processor's own id of the operation, where it has told one.
    pub fn processor_reference(&self) -> Option<&str> {
        match self {
            Self::Accepted {
                processor_reference, ..
            }
            | Self::Done { processor_reference } => processor_reference.as_deref(),
            Self::Refused { decline } => decline.processor_reference.as_deref(),
            Self::Sending | Self::Unknown { .. } | Self::NotSent { .. } | Self::Lost => None,
        }
    }
}

/// What the record of a settlement is to say after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementRecord {
    pub connection: Id<kind::Connection>,
    pub processor: String,
    pub settlement: Settlement,
}

/// Something that happened to an order's settlements.
#[derive(Debug, Clone)]
pub enum SettlementNews {
    /// The merchant wants held money. The new settlement's id is the moment's.
    CaptureAsked {
        /// All that is left, when absent.
        amount: Option<Amount>,
        /// Whether what it leaves is released; so it is when absent.
        is_final: Option<bool>,
    },
    /// The merchant gives up held money. The new settlement's id is the moment's.
    VoidAsked { reason: Option<String> },
    /// The merchant gives money back. The new settlement's id is the moment's.
    RefundAsked {
        /// All that is left, when absent.
        amount: Option<Amount>,
        reason: Option<String>,
    },
    /// The processor answered the request itself.
    Answered {
        settlement: Id<kind::Settlement>,
        answer: SettlementAnswer,
    },
    /// The request never left the house.
    NeverLeft {
        settlement: Id<kind::Settlement>,
        why: &'static str,
    },
    /// The request left, and no usable answer came; or its sender died.
    Silence { settlement: Id<kind::Settlement> },
    /// The processor released what was still held of that attempt's charge, because it had been held for too long.
    Expired { attempt: Id<kind::Attempt> },
    /// An inquiry was answered, or a notification told as much; `None` when the inquiry itself failed.
    Inquired {
        settlement: Id<kind::Settlement>,
        /// When the inquiry was sent, or the notification came: "not found" says nothing of what arrived afterwards.
        asked_at: OffsetDateTime,
        answer: Option<SettlementInquiryAnswer>,
    },
}

/// What a connection's processor offers once a charge is approved, frozen with the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    pub captures: Captures,
    pub voids: Voids,
    pub refunds: Refunds,
    pub refunds_of: RefundsOf,
    pub lost_capture: Recovery,
    pub lost_void: Recovery,
    pub lost_refund: Recovery,
}

impl Offers {
    /// What tells what became of a capture, void or refund whose answer was lost.
    pub fn lost(&self, kind: SettlementKind) -> Recovery {
        match kind {
            SettlementKind::Capture => self.lost_capture,
            SettlementKind::Void => self.lost_void,
            SettlementKind::Refund => self.lost_refund,
        }
    }
}

impl From<&Capabilities> for Offers {
    fn from(can: &Capabilities) -> Self {
        Self {
            captures: can.captures,
            voids: can.voids,
            refunds: can.refunds,
            refunds_of: can.refunds_of,
            lost_capture: can.lost_capture,
            lost_void: can.lost_void,
            lost_refund: can.lost_refund,
        }
    }
}

/// What every processor offered when routes did not say yet.
impl Default for Offers {
    fn default() -> Self {
        Self {
            captures: Captures::Once,
            voids: Voids::Full,
            refunds: Refunds::Several,
            refunds_of: RefundsOf::Charge,
            lost_capture: Recovery::Inquire,
            lost_void: Recovery::Repeat,
            lost_refund: Recovery::Repeat,
        }
    }
}
