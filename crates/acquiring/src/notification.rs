//! What a processor tells us of its own accord.

use crate::inquiry::InquiryAnswer;
use thiserror::Error;

/// A verified notification about a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The reference we sent the charge with.
    pub reference: String,
    /// What it says of the charge.
    pub says: InquiryAnswer,
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
