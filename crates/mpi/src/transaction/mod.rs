//! One authentication, from its start to its result.
//!
//! ```text
//! Started → AwaitingMethod? → AwaitingAres → Finished
//!                                          → AwaitingResults → Finished | ChallengeNeverStarted | DecoupledFollows
//!           any of them → Failed | GivenUp
//! ```
//!
//! A state holds what is true in it. [`Transaction::apply`] consumes a state and some [`News`] and answers the next state,
//! or refuses and names both; the whole matrix stands in a snapshot beside the tests. What comes over the wire enters
//! through [`receive`]: only a checked ARes or RReq becomes news, and only those make a result.
//!
//! A CRes never changes anything here: it came through the cardholder's browser.

use emv3ds::{
    Version,
    code::{CompletionIndicator, Component, ErrorCode},
    message::{Asked, Challenged},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    Timers,
    result::{AuthenticationResult, Failure},
    timers::seconds,
    version_choice,
};

mod news;
pub mod receive;
mod rules;
mod state;

pub use news::{Answer, News, Results};
pub use state::{
    AwaitingAres, AwaitingMethod, AwaitingResults, Challenge, ChallengeNeverStarted, DecoupledFollows,
    Failed, Finished, GivenUp, LateResults, Started, Subject, Trace,
};
pub(crate) use state::{browser, payment};

/// An authentication and where it stands. To be stored as it serialises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Transaction {
    /// Its version is chosen; nothing has been sent.
    Started(Started),
    /// The 3DS Method runs in the cardholder's browser, or has run.
    AwaitingMethod(AwaitingMethod),
    /// The AReq is recorded, and on its way.
    AwaitingAres(AwaitingAres),
    /// The issuer challenges the cardholder; the RReq will tell.
    AwaitingResults(AwaitingResults),
    /// The ACS gave up because nobody had opened the challenge. No failure: opening it starts a new authentication.
    ChallengeNeverStarted(ChallengeNeverStarted),
    /// The challenge ended with the ACS going on apart from the shop's session (2.3.1). No failure: another
    /// authentication is to ask for that.
    DecoupledFollows(DecoupledFollows),
    /// There is a result.
    Finished(Box<Finished>),
    /// There will be none.
    Failed(Failed),
    /// Nobody wants one any more: cancelled, or replaced by a new authentication.
    GivenUp(GivenUp),
}

/// The next state, and what the news did to the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub transaction: Transaction,
    pub effect: Effect,
}

/// What some news did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Something changed; the state is to be recorded.
    Moved,
    /// Nothing changed, and nothing is wrong with that.
    Unchanged,
    /// A message that had been taken before: the first one counts, and nothing changed.
    Repeat,
    /// A message that came too late; it is to be recorded and answered, and changes no outcome.
    Late,
}

/// News that cannot be true in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an authentication that is {state} cannot take {news}")]
pub struct Refused {
    pub state: &'static str,
    pub news: &'static str,
}

impl Transaction {
    /// A new authentication; `has_method` where a browser is to run the card range's 3DS Method first.
    pub fn start(subject: Subject, has_method: bool) -> Self {
        Self::Started(Started { subject, has_method })
    }

    /// What every state knows.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Started(state) => &state.subject,
            Self::AwaitingMethod(state) => &state.subject,
            Self::AwaitingAres(state) => &state.subject,
            Self::AwaitingResults(state) => &state.subject,
            Self::ChallengeNeverStarted(state) => &state.subject,
            Self::DecoupledFollows(state) => &state.subject,
            Self::Finished(state) => &state.subject,
            Self::Failed(state) => &state.subject,
            Self::GivenUp(state) => &state.subject,
        }
    }

    /// The word in the `state` column and in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::AwaitingMethod(_) => "awaiting_method",
            Self::AwaitingAres(_) => "awaiting_ares",
            Self::AwaitingResults(_) => "awaiting_results",
            Self::ChallengeNeverStarted(_) => "challenge_never_started",
            Self::DecoupledFollows(_) => "decoupled_follows",
            Self::Finished(_) => "finished",
            Self::Failed(_) => "failed",
            Self::GivenUp(_) => "given_up",
        }
    }

    /// How it ended: a result, a failure, or `None` while it runs, when it was given up, when its challenge never started
    /// or goes on in another authentication.
    pub fn outcome(&self) -> Option<Result<&AuthenticationResult, Failure>> {
        match self {
            Self::Finished(state) => Some(Ok(&state.result)),
            Self::Failed(state) => Some(Err(state.failure)),
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::AwaitingAres(_)
            | Self::AwaitingResults(_)
            | Self::ChallengeNeverStarted(_)
            | Self::DecoupledFollows(_)
            | Self::GivenUp(_) => None,
        }
    }

    /// The `threeDSCompInd` of an AReq sent now: `U` without a 3DS Method, `N` where it has not completed.
    pub fn completion_indicator(&self) -> CompletionIndicator {
        match self {
            Self::Started(Started {
                has_method: false, ..
            }) => CompletionIndicator::Unavailable,
            Self::AwaitingMethod(AwaitingMethod {
                ended: Some(ended), ..
            }) => *ended,
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::AwaitingAres(_)
            | Self::AwaitingResults(_)
            | Self::ChallengeNeverStarted(_)
            | Self::DecoupledFollows(_)
            | Self::Finished(_)
            | Self::Failed(_)
            | Self::GivenUp(_) => CompletionIndicator::NotCompleted,
        }
    }

    /// What an ARes would be held against.
    pub fn asked(&self) -> Option<&Asked> {
        match self {
            Self::AwaitingAres(state) => Some(&state.asked),
            Self::Failed(state) => state.trace.asked.as_ref(),
            Self::GivenUp(state) => state.trace.asked.as_ref(),
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::AwaitingResults(_)
            | Self::ChallengeNeverStarted(_)
            | Self::DecoupledFollows(_)
            | Self::Finished(_) => None,
        }
    }

    /// What an RReq is held against: the three identifiers and the version, once the ARes has asked for a challenge.
    pub fn challenged(&self) -> Option<&Challenged> {
        match self {
            Self::AwaitingResults(state) => Some(&state.challenged),
            Self::ChallengeNeverStarted(state) => Some(&state.challenged),
            Self::DecoupledFollows(state) => Some(&state.challenged),
            Self::Finished(state) => state.challenged.as_ref(),
            Self::Failed(state) => state.trace.challenged.as_ref(),
            Self::GivenUp(state) => state.trace.challenged.as_ref(),
            Self::Started(_) | Self::AwaitingMethod(_) | Self::AwaitingAres(_) => None,
        }
    }

    /// What the issuer wants the cardholder to read.
    pub fn cardholder_info(&self) -> Option<&str> {
        match self {
            Self::AwaitingResults(state) => state.cardholder_info.as_deref(),
            Self::DecoupledFollows(state) => state.cardholder_info.as_deref(),
            Self::Finished(state) => state.cardholder_info.as_deref(),
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::AwaitingAres(_)
            | Self::ChallengeNeverStarted(_)
            | Self::Failed(_)
            | Self::GivenUp(_) => None,
        }
    }

    /// When somebody has to look at it again if nothing comes: then a waiting 3DS Method has timed out
    /// ([`News::MethodTimedOut`]), the directory server has not answered ([`News::DirectoryTimedOut`]), or the time is over
    /// ([`News::DeadlinePassed`]) of a challenge, a decoupled one's grace included, or to go on with one. States at rest
    /// wait for nothing.
    pub fn deadline(&self, timers: &Timers) -> Option<OffsetDateTime> {
        match self {
            Self::AwaitingMethod(AwaitingMethod {
                subject,
                ended: None,
                since,
            }) => Some(*since + timers.method(subject.version)),
            Self::AwaitingAres(state) => Some(state.since + timers.areq()),
            Self::AwaitingResults(AwaitingResults {
                challenge: Challenge::InBrowser { .. },
                since,
                ..
            }) => Some(*since + seconds(timers.challenge_seconds)),
            Self::AwaitingResults(AwaitingResults {
                challenge: Challenge::Decoupled { until },
                ..
            }) => Some(*until + seconds(timers.decoupled_grace_seconds)),
            Self::DecoupledFollows(state) => Some(state.to_be_asked_by(timers)),
            Self::Started(_)
            | Self::AwaitingMethod(_)
            | Self::ChallengeNeverStarted(_)
            | Self::Finished(_)
            | Self::Failed(_)
            | Self::GivenUp(_) => None,
        }
    }
}

/// Whose fault an Erro speaks of. A directory server reports 402 when an answer did not come in time and 405 when it
/// could not reach the ACS. Whoever reports 102 does not speak `ours`, and may say what else it speaks.
pub(crate) fn failure_of_erro(component: Component, code: ErrorCode, ours: Version, detail: &str) -> Failure {
    let number = code.number();
    match (component, code) {
        (_, ErrorCode::VersionNotSupported) => Failure::VersionRefused {
            instead: version_choice::instead_of(ours, detail, &Version::ALL),
        },
        (Component::DirectoryServer, ErrorCode::TimedOut) => Failure::DirectoryTimeout,
        (Component::Acs, _) | (Component::DirectoryServer, ErrorCode::ConnectionFailure) => {
            Failure::AcsErro { code: number }
        }
        (Component::DirectoryServer | Component::Server | Component::Sdk, _) => {
            Failure::DirectoryErro { code: number }
        }
    }
}

#[cfg(test)]
mod tests;
