//! How an attempt may end, and what follows from it beside the next try.

use std::time::Duration;

/// What came of an attempt, as the delivery log names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptCode {
    Delivered,
    /// A 2xx whose body says `"status":"failed"`.
    AnsweredFailed,
    /// 410: the receiver says that it is gone for good.
    Gone,
    /// Another HTTP status than 2xx. Redirects count among these, they are not followed.
    HttpStatus,
    TimedOut,
    /// No connection: name unknown, refused, TLS failed.
    NotConnected,
    /// The connection ended before the answer did, or what came is not HTTP.
    CutOff,
    AddressRefused,
    UnusableUrl,
    /// We had nothing to sign with, so nothing was sent.
    NotSigned,
    /// We stopped before the attempt ended.
    Interrupted,
}

impl AttemptCode {
    /// Whether this says something of the receiver, and not of us.
    pub(crate) fn is_receivers(self) -> bool {
        !matches!(self, Self::NotSigned | Self::Interrupted)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::AnsweredFailed => "answered_failed",
            Self::Gone => "gone",
            Self::HttpStatus => "http_status",
            Self::TimedOut => "timed_out",
            Self::NotConnected => "not_connected",
            Self::CutOff => "cut_off",
            Self::AddressRefused => "address_refused",
            Self::UnusableUrl => "unusable_url",
            Self::NotSigned => "not_signed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub code: AttemptCode,
    pub http_status: Option<u16>,
    /// The beginning of the answer's body, fit to be stored.
    pub body: Option<String>,
    /// How long the receiver asked us to wait.
    pub retry_after: Option<Duration>,
}

/// Too Many Requests, Bad Gateway, Service Unavailable, Gateway Timeout: it is not this message that the receiver cannot
/// take now, but any.
const BUSY: [u16; 4] = [429, 502, 503, 504];

impl Ending {
    /// Whether the answer says that the receiver can take nothing for a while, whatever the message.
    pub fn is_busy(&self) -> bool {
        self.http_status.is_some_and(|status| BUSY.contains(&status))
    }

    /// An attempt without an answer.
    pub fn unanswered(code: AttemptCode) -> Self {
        Self {
            code,
            http_status: None,
            body: None,
            retry_after: None,
        }
    }
}
