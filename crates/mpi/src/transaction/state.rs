//! What is true in each state.

use emv3ds::{
    ThreeDsServerTransId, Version,
    code::{CompletionIndicator, DeviceChannel, MessageCategory, TransStatus},
    message::{Asked, Challenged, PriorAuthenticationInfo, RReq},
};
use primitives::Brand;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    Timers, request,
    result::{AuthenticationResult, Failure},
    timers::seconds,
};

/// What every state knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The transaction's own identifier.
    pub id: ThreeDsServerTransId,
    /// Whose directory server it is.
    pub brand: Brand,
    /// The version of every message.
    pub version: Version,
    /// Through what the cardholder shops.
    #[serde(default = "browser")]
    pub channel: DeviceChannel,
    /// What the authentication is for.
    #[serde(default = "payment")]
    pub category: MessageCategory,
}

impl Subject {
    /// A payment made in a browser.
    pub fn browser_payment(id: ThreeDsServerTransId, brand: Brand, version: Version) -> Self {
        Self {
            id,
            brand,
            version,
            channel: browser(),
            category: payment(),
        }
    }
}

/// What is stored without a channel is older than there were others.
pub(crate) fn browser() -> DeviceChannel {
    DeviceChannel::Browser
}

/// Likewise without a category.
pub(crate) fn payment() -> MessageCategory {
    MessageCategory::Payment
}

/// See [`Transaction::Started`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    #[serde(flatten)]
    pub subject: Subject,
    /// Whether the card range has a 3DS Method.
    pub has_method: bool,
}

/// See [`Transaction::AwaitingMethod`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AwaitingMethod {
    #[serde(flatten)]
    pub subject: Subject,
    /// How it ended, once it has.
    pub ended: Option<CompletionIndicator>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// See [`Transaction::AwaitingAres`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AwaitingAres {
    #[serde(flatten)]
    pub subject: Subject,
    /// What the answer is held against.
    pub asked: Asked,
    /// Whether the cardholder has seen our page: then an answer without a challenge is semi-frictionless.
    pub through_page: bool,
    /// The longest the issuer may take for a decoupled authentication, if it was offered one.
    #[serde(default)]
    pub decoupled_minutes: Option<u16>,
    /// RReqs that were faster than the ARes they follow. The one that names its challenge counts once it has come.
    #[serde(default)]
    pub early: Vec<RReq>,
    /// When the AReq was recorded.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// See [`Transaction::AwaitingResults`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AwaitingResults {
    #[serde(flatten)]
    pub subject: Subject,
    /// What the RReq is held against.
    pub challenged: Challenged,
    pub challenge: Challenge,
    /// The longest the issuer may take for a decoupled authentication, in minutes, if it was offered one.
    #[serde(default)]
    pub decoupled_minutes: Option<u16>,
    /// The issuer's words to the cardholder, to be shown.
    pub cardholder_info: Option<String>,
    /// When the ARes came.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// Where the issuer challenges the cardholder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Challenge {
    /// In the shop's browser session.
    InBrowser {
        /// Where the browser posts the CReq.
        acs_url: String,
        /// Whether the CReq has been handed to the browser.
        opened: bool,
    },
    /// Decoupled from the session: nothing to be opened.
    Decoupled {
        /// Until when the issuer may take.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
}

/// See [`Transaction::ChallengeNeverStarted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChallengeNeverStarted {
    #[serde(flatten)]
    pub subject: Subject,
    pub challenged: Challenged,
}

/// See [`Transaction::DecoupledFollows`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecoupledFollows {
    #[serde(flatten)]
    pub subject: Subject,
    pub challenged: Challenged,
    /// The longest the issuer may take, in minutes, as it was offered.
    pub decoupled_minutes: u16,
    /// The issuer's words to the cardholder, to be shown.
    pub cardholder_info: Option<String>,
    /// When the RReq came.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

impl DecoupledFollows {
    /// How the authentication that follows points back to this one.
    pub fn prior(&self) -> PriorAuthenticationInfo {
        PriorAuthenticationInfo {
            three_ds_req_prior_ref: Some(self.challenged.acs_trans_id.to_string()),
            three_ds_req_prior_auth_method: Some(PRIOR_METHOD_CHALLENGE.to_owned()),
            three_ds_req_prior_auth_timestamp: Some(request::minute(self.since)),
            three_ds_req_prior_auth_data: None,
            three_ds_req_prior_ds_trans_id: Some(self.challenged.ds_trans_id),
        }
    }

    /// The authentication that follows, without a cardholder present; its AReq says
    /// [`DecoupledFallback`](emv3ds::code::ThreeRiInd::DecoupledFallback).
    pub fn subject_of_next(&self, id: ThreeDsServerTransId) -> Subject {
        Subject {
            id,
            channel: DeviceChannel::RequestorInitiated,
            ..self.subject
        }
    }

    /// Until when the ACS waits for its AReq (emv-3ds section 13.5).
    pub fn to_be_asked_by(&self, timers: &Timers) -> OffsetDateTime {
        self.since + seconds(timers.decoupled_fallback_seconds)
    }
}

/// `threeDSReqPriorAuthMethod`: a challenge.
const PRIOR_METHOD_CHALLENGE: &str = "02";

/// See [`Transaction::Finished`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    #[serde(flatten)]
    pub subject: Subject,
    pub result: AuthenticationResult,
    /// There when an RReq brought the result.
    pub challenged: Option<Challenged>,
    /// The issuer's words to the cardholder, to be shown.
    pub cardholder_info: Option<String>,
}

/// See [`Transaction::Failed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    #[serde(flatten)]
    pub subject: Subject,
    pub failure: Failure,
    #[serde(flatten)]
    pub trace: Trace,
}

/// See [`Transaction::GivenUp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GivenUp {
    #[serde(flatten)]
    pub subject: Subject,
    #[serde(flatten)]
    pub trace: Trace,
}

/// What an authentication that ended without a result still answers for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The AReq, if it had been recorded.
    pub asked: Option<Asked>,
    /// The challenge, if the ARes asked for one.
    pub challenged: Option<Challenged>,
    /// Whether the challenge had got to the cardholder: it was opened, or needed no opening.
    #[serde(default)]
    pub reached: bool,
    /// The RReq that came too late.
    pub late: Option<LateResults>,
}

/// An RReq that came when nobody waited for it any more. It is evidence of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateResults {
    pub trans_status: Option<TransStatus>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}
