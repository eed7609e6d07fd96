//! What a processor tells us of its own accord.

use crate::{
    inquiry::InquiryAnswer,
    settlement::{SettlementInquiryAnswer, SettlementKind},
};
use thiserror::Error;

/// One thing a verified notification tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Tells a repeat of the same news, in the processor's own words: event code, its id, success, …
    pub identity: String,
    pub about: About,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A charge.
    Charge {
        /// The reference we sent it with.
        reference: String,
        says: Says<InquiryAnswer>,
    },
    /// A capture, void or refund.
    Settlement {
        kind: SettlementKind,
        /// The reference we sent it with, where the processor repeats it.
        reference: Option<String>,
        /// The processor's id of the operation, where it has one.
        processor_reference: Option<String>,
        says: Says<SettlementInquiryAnswer>,
    },
    /// The reversal of a charge by our reference of the charge; whether nothing of the charge is left.
    Reversal { charge_reference: String, done: bool },
    /// An authorisation ran out: what of it is not captured is not held any more.
    Expiry {
        /// The reference we sent the charge with.
        charge_reference: String,
    },
    /// Something that changes no payment: a dispute, a report. The event's own name, for the log.
    Other(String),
}

/// How much a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says<T> {
    /// The outcome itself.
    Outcome(T),
    /// Only that there is news: what it is must be asked, since the notification proves too little.
    AskAgain,
}

/// Why a notification was not taken. Nothing in it was believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotificationRefused {
    #[error("signature missing or wrong")]
    BadSignature,
    #[error("too old or from the future")]
    Stale,
    #[error("unreadable: {0}")]
    Unreadable(&'static str),
    #[error("this processor sends none")]
    NotOffered,
}
