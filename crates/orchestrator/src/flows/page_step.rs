//! What the hosted page shows next: the words that the flow behind the page and the page's face share.
//!
//! A browser may reload, go back, or lose its connection at any time, so a step is always the answer to "where does
//! this authentication stand", never a message that can be missed: asking twice answers the same step twice.

use emv3ds::code::ChallengeWindowSize;
use primitives::Amount;
use thiserror::Error;

/// The payment that a page's token stands for, as far as its cardholder may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageView {
    /// Who is paid, as the cardholder knows them.
    pub merchant_name: String,
    /// What is paid.
    pub amount: Amount,
    /// The language that the merchant wants the cardholder spoken to in, as `en_US`; `None`: the browser's own.
    pub language: Option<String>,
    /// What comes next.
    pub step: PageStep,
}

/// What the browser does next (deuna-api section 6.3, emv-3ds section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStep {
    /// Tell us about itself; nothing can be asked of the directory server before.
    BrowserData,
    /// Run the 3DS Method in a hidden frame. The server's own timer ends this step when no notification comes.
    Method {
        /// The card range's `threeDSMethodURL`.
        url: String,
        /// The value of the form field `threeDSMethodData`.
        data: String,
        /// How long to wait for the notification, in milliseconds.
        timeout_ms: u32,
    },
    /// Carry the CReq to the ACS and let the cardholder answer it.
    Challenge {
        /// `acsURL` of the ARes.
        acs_url: String,
        /// The value of the form field `creq`.
        creq: String,
        /// The value of the form field `threeDSSessionData`, at most 1024 characters.
        session_data: String,
        /// The window size that the CReq announces.
        window_size: ChallengeWindowSize,
    },
    /// Wait: the issuer reaches the cardholder by a way of its own, and nothing is to be done here.
    Decoupled {
        /// What the issuer wants the cardholder to read.
        text: Option<String>,
    },
    /// Wait: the directory server, the ACS or a processor has the word.
    Working,
    /// Leave.
    Done {
        outcome: PageOutcome,
        /// The merchant's callback with `order_token`, `order_id` and `status` in its query; `None` when the merchant
        /// gave none, and the page itself says how it ended.
        redirect: Option<String>,
    },
}

/// A step without what is in it: what a waiting browser says it has already seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepName {
    BrowserData,
    Method,
    Challenge,
    Decoupled,
    Working,
    Done,
}

/// How the payment ended, in the four words that callbacks come in (`on_success`, `on_reject`, `on_canceled`,
/// `on_failed`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOutcome {
    Succeeded,
    /// The authentication failed or the issuer declined.
    Rejected,
    /// The cardholder gave up.
    Cancelled,
    /// A fault or a time-out on our side of the card.
    Failed,
}

/// Where the ACS's browser-borne answer leads: back to this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageReturn {
    pub token: String,
    /// As in [`PageView`].
    pub language: Option<String>,
}

/// What is left to show of a page whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredPage {
    pub merchant_name: String,
    /// As in [`PageView`].
    pub language: Option<String>,
    /// The merchant's callback for a failed payment, with its query.
    pub redirect: Option<String>,
}

/// Why there is no step to show.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// No page has this token, or no transaction has these ids.
    #[error("there is no such page")]
    UnknownToken,
    /// The page was not finished within ten minutes of its first opening, or fifteen of its issue.
    #[error("the page's time is over")]
    Expired(Box<ExpiredPage>),
    /// A field that the browser brought cannot be read; names the field.
    #[error("{0} cannot be read")]
    Malformed(&'static str),
    /// A fault of ours; the log has its cause under this id.
    #[error("internal error {0}")]
    Internal(String),
}

impl PageStep {
    pub fn name(&self) -> StepName {
        match self {
            Self::BrowserData => StepName::BrowserData,
            Self::Method { .. } => StepName::Method,
            Self::Challenge { .. } => StepName::Challenge,
            Self::Decoupled { .. } => StepName::Decoupled,
            Self::Working => StepName::Working,
            Self::Done { .. } => StepName::Done,
        }
    }
}

impl StepName {
    /// The name on the wire, `next` in replies and `seen` in questions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrowserData => "browser_data",
            Self::Method => "method",
            Self::Challenge => "challenge",
            Self::Decoupled => "decoupled",
            Self::Working => "working",
            Self::Done => "done",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::BrowserData,
            Self::Method,
            Self::Challenge,
            Self::Decoupled,
            Self::Working,
            Self::Done,
        ]
        .into_iter()
        .find(|name| name.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_s_name_reads_back() {
        for name in [
            "browser_data",
            "method",
            "challenge",
            "decoupled",
            "working",
            "done",
        ] {
            assert_eq!(StepName::parse(name).map(StepName::as_str), Some(name));
        }
        assert_eq!(StepName::parse("Done"), None);
    }
}
