//! What an issuer answers to an AReq: at once, or after a challenge.

use emv3ds::code::{DsValue, MessageCategory, RequestorChallengeInd, TransStatus, TransStatusReason};
use emv3ds::message::AReq;
use emv3ds::{Eci, Version};
use primitives::Brand;

use super::authentication_value;
use super::scenario::Scenario;

/// An issuer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Settled without the cardholder.
    Frictionless(Verdict),
    /// The cardholder must answer first.
    Challenge(Challenge),
    /// An ARes that keeps to no table.
    Malformed,
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

impl Verdict {
    /// A status with the ECI the brand's rules give it.
    pub fn of(brand: Brand, status: TransStatus, reason: Option<TransStatusReason>) -> Self {
        Self {
            status,
            reason,
            eci: authentication_value::eci(brand, status),
        }
    }
}

/// How a cardholder is challenged, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What the cardholder types.
    pub credential: Credential,
    /// How the result reaches the 3DS Server.
    pub course: Course,
}

/// What a cardholder types to prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A code sent to the card's phone.
    OneTimeCode,
    /// A password that never changes.
    StaticPassword,
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

/// The issuer's mind, made up by the card number.
///
/// Scenarios of the directory server (07, 08, not enrolled) never get here; if they did, their issuers would find
/// nothing wrong with the cardholder.
pub fn decide(scenario: Scenario, brand: Brand, areq: &AReq) -> Decision {
    let verdict = |status, reason| Decision::Frictionless(Verdict::of(brand, status, reason));
    let challenge = |credential, course| Decision::Challenge(Challenge { credential, course });
    match scenario {
        Scenario::Frictionless
        | Scenario::MethodThenFrictionless
        | Scenario::MethodSilence
        | Scenario::DirectoryError
        | Scenario::DirectorySilence
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
        | Scenario::OutOfBand
        | Scenario::OldProtocol
        | Scenario::NewProtocol => challenge(Credential::OneTimeCode, Course::Judged),
        Scenario::StaticPassword => challenge(Credential::StaticPassword, Course::Judged),
        Scenario::ChallengeUnavailable => challenge(Credential::OneTimeCode, Course::NeverJudged),
        Scenario::ResultsTwice => challenge(Credential::OneTimeCode, Course::ReportedTwice),
        Scenario::Decoupled => {
            let reason = match areq.message_version {
                Version::V2_1_0 => TransStatusReason::CardAuthenticationFailed,
                Version::V2_2_0 | Version::V2_3_1 => TransStatusReason::DecoupledNeededNotRequested,
            };
            verdict(TransStatus::NotAuthenticated, Some(reason))
        }
        Scenario::DataOnly => data_only(brand, areq),
        Scenario::MalformedAnswer => Decision::Malformed,
    }
}

/// Data only when the requestor asks for it, in the two ways the brands have for that.
fn data_only(brand: Brand, areq: &AReq) -> Decision {
    let insights = DsValue::parse("80");
    let asked_of_mastercard = matches!(areq.message_category, MessageCategory::DirectoryServer(_));
    let wishes = areq
        .three_ds_requestor_challenge_ind
        .as_deref()
        .unwrap_or_default();
    let asked_of_visa = wishes.contains(&RequestorChallengeInd::NoChallengeDataOnly);
    let verdict = match brand {
        Brand::Mastercard if asked_of_mastercard => Verdict {
            status: TransStatus::Unavailable,
            reason: insights.map(TransStatusReason::DirectoryServer),
            eci: Eci::parse("04"),
        },
        Brand::Visa if asked_of_visa => Verdict::of(brand, TransStatus::InformationOnly, None),
        _ => Verdict::of(brand, TransStatus::Authenticated, None),
    };
    Decision::Frictionless(verdict)
}
