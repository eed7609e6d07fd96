//! What an issuer answers to an AReq: at once, after a challenge, or when the cardholder has answered elsewhere.

use acs::authentication_value;
use emv3ds::code::{DeviceChannel, DsValue, MessageCategory, TransStatus, TransStatusReason};
use emv3ds::message::AReq;
use emv3ds::{Eci, Version};
use primitives::Brand;

use super::scenario::Scenario;
use super::wishes;
use crate::faults::message::MessageFault;

/// An issuer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Settled without the cardholder.
    Frictionless(Verdict),
    /// The cardholder must answer first.
    Challenge(Challenge),
    /// The cardholder answers in the bank's app, whenever that may be.
    Decoupled,
    /// An ARes that keeps to no table.
    Malformed,
}

impl Decision {
    /// Whether an authentication that is answered so comes to the point where this goes wrong.
    pub fn meets(self, fault: MessageFault) -> bool {
        let (challenged, decoupled) = match self {
            Self::Challenge(_) => (true, false),
            Self::Decoupled => (false, true),
            Self::Frictionless(_) | Self::Malformed => (false, false),
        };
        match fault {
            MessageFault::ARes(_) | MessageFault::AResChallenge | MessageFault::AResDecoupled => true,
            MessageFault::RReqUnasked => !challenged && !decoupled,
            MessageFault::RReq(_)
            | MessageFault::RReqMissing
            | MessageFault::RReqRepeated
            | MessageFault::RReqContradicted
            | MessageFault::RReqLate
            | MessageFault::RReqEarly
            | MessageFault::RReqByOtherBrand => challenged || decoupled,
            MessageFault::RReqDecoupledFollows
            | MessageFault::CRes(_)
            | MessageFault::CResContradicted
            | MessageFault::CResMissing => challenged,
            MessageFault::DecoupledTimeout
            | MessageFault::DecoupledDenied
            | MessageFault::DecoupledTooShort => decoupled,
            MessageFault::AReqErro
            | MessageFault::PReqErro
            | MessageFault::PRes(_)
            | MessageFault::PResOverlap
            | MessageFault::PResModifyUnknown
            | MessageFault::PResDeleteUnknown
            | MessageFault::PResAddKnown
            | MessageFault::PResWithoutSerial
            | MessageFault::PResTruncated
            | MessageFault::PResTruncatedGzip
            | MessageFault::Text(_) => false,
        }
    }
}

/// Whose rules an authentication follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The directory server that was asked.
    pub brand: Brand,
    /// Whether nothing is paid.
    pub non_payment: bool,
    /// Whether nobody is at the shop.
    pub requestor_initiated: bool,
}

impl Circumstances {
    /// Those of a request.
    pub fn of(brand: Brand, areq: &AReq) -> Self {
        Self {
            brand,
            non_payment: areq.message_category == MessageCategory::NonPayment,
            requestor_initiated: wishes::is_requestor_initiated(areq),
        }
    }

    /// The channel of the request.
    pub fn channel(&self) -> DeviceChannel {
        if self.requestor_initiated {
            DeviceChannel::RequestorInitiated
        } else {
            DeviceChannel::Browser
        }
    }

    /// A status with the ECI the brand's rules give it.
    pub fn verdict(&self, status: TransStatus, reason: Option<TransStatusReason>) -> Verdict {
        let terms = authentication_value::Circumstances {
            brand: self.brand,
            non_payment: self.non_payment,
            requestor_initiated: self.requestor_initiated,
        };
        Verdict {
            status,
            reason,
            eci: authentication_value::eci(&terms, status),
        }
    }
}

/// How an authentication ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `transStatus`.
    pub status: TransStatus,
    /// `transStatusReason`, there with N, U and R.
    pub reason: Option<TransStatusReason>,
    /// `eci`.
    pub eci: Option<Eci>,
}

/// How a cardholder is challenged, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What the cardholder types or does.
    pub credential: Credential,
    /// How the result reaches the 3DS Server.
    pub course: Course,
}

/// How a cardholder proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// By a code sent to the card's phone.
    OneTimeCode,
    /// By a password that never changes.
    StaticPassword,
    /// By a press of a button in the bank's app.
    BankApp,
}

/// What comes of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// `Y` when the right thing is typed.
    Judged,
    /// `U` whatever is typed.
    NeverJudged,
    /// As judged, and the RReq is sent a second time before the browser is let go.
    ReportedTwice,
}

/// The issuer's mind, made up by the card.
///
/// Where the request rules out what the card would do, the issuer does what comes nearest: nobody is challenged who is
/// not there, or whose data was only shared.
pub fn decide(scenario: Scenario, circumstances: &Circumstances, areq: &AReq) -> Decision {
    if scenario == Scenario::MalformedAnswer {
        return Decision::Malformed;
    }
    if wishes::is_insights(areq) {
        return Decision::Frictionless(insights());
    }
    if wishes::is_decoupled_fallback(areq) {
        return decoupled_or_refused(circumstances, areq);
    }
    match by_card(scenario, circumstances, areq) {
        Decision::Challenge(_) if wishes::shares_data_only(areq) => {
            Decision::Frictionless(circumstances.verdict(TransStatus::InformationOnly, None))
        }
        Decision::Challenge(_) if circumstances.requestor_initiated => {
            decoupled_or_refused(circumstances, areq)
        }
        decision => decision,
    }
}

/// Scenarios of the directory server (07, 08, not enrolled) never get here; if they did, their issuers would find
/// nothing wrong with the cardholder.
fn by_card(scenario: Scenario, circumstances: &Circumstances, areq: &AReq) -> Decision {
    let verdict = |status, reason| Decision::Frictionless(circumstances.verdict(status, reason));
    let challenge = |credential, course| Decision::Challenge(Challenge { credential, course });
    match scenario {
        Scenario::Frictionless
        | Scenario::MethodThenFrictionless
        | Scenario::MethodSilence
        | Scenario::DirectoryError
        | Scenario::DirectorySilence
        | Scenario::IssuerUnreachable
        | Scenario::MalformedAnswer
        | Scenario::NotEnrolled => verdict(TransStatus::Authenticated, None),
        Scenario::NotAuthenticated => verdict(
            TransStatus::NotAuthenticated,
            Some(TransStatusReason::CardAuthenticationFailed),
        ),
        Scenario::Attempted => verdict(TransStatus::Attempted, None),
        Scenario::Unavailable => verdict(
            TransStatus::Unavailable,
            Some(TransStatusReason::UnsupportedDevice),
        ),
        Scenario::Rejected => verdict(TransStatus::Rejected, Some(TransStatusReason::SuspectedFraud)),
        Scenario::Challenge
        | Scenario::MethodThenChallenge
        | Scenario::OldProtocol
        | Scenario::NewProtocol => challenge(Credential::OneTimeCode, Course::Judged),
        Scenario::OutOfBand => challenge(Credential::BankApp, Course::Judged),
        Scenario::StaticPassword => challenge(Credential::StaticPassword, Course::Judged),
        Scenario::ChallengeUnavailable => challenge(Credential::OneTimeCode, Course::NeverJudged),
        Scenario::ResultsTwice => challenge(Credential::OneTimeCode, Course::ReportedTwice),
        Scenario::Decoupled => decoupled_or_refused(circumstances, areq),
        Scenario::DataOnly if wishes::asks_for_data_only(areq, circumstances.brand) => {
            verdict(TransStatus::InformationOnly, None)
        }
        Scenario::DataOnly => verdict(TransStatus::Authenticated, None),
    }
}

/// Decoupled where the requestor allows it; else refused, with the reason that the version has for that.
fn decoupled_or_refused(circumstances: &Circumstances, areq: &AReq) -> Decision {
    if wishes::allows_decoupled(areq) {
        return Decision::Decoupled;
    }
    Decision::Frictionless(match areq.message_version {
        Version::V2_1_0 if circumstances.requestor_initiated => circumstances.verdict(
            TransStatus::Unavailable,
            Some(TransStatusReason::RequestorInitiatedNotSupported),
        ),
        Version::V2_1_0 => circumstances.verdict(
            TransStatus::NotAuthenticated,
            Some(TransStatusReason::CardAuthenticationFailed),
        ),
        Version::V2_2_0 | Version::V2_3_1 => circumstances.verdict(
            TransStatus::NotAuthenticated,
            Some(TransStatusReason::DecoupledNeededNotRequested),
        ),
    })
}

/// Mastercard's answer to a request of its own category: never an authentication.
fn insights() -> Verdict {
    Verdict {
        status: TransStatus::Unavailable,
        reason: DsValue::parse("80").map(TransStatusReason::DirectoryServer),
        eci: Eci::parse("04"),
    }
}
