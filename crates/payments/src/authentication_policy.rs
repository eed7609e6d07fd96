//! What the outcome of 3-D Secure means for a payment, and where it may be carried ([`reuse`]).

mod reuse;

pub(crate) use reuse::lacks_security_code;
pub use reuse::{Anew, NotUsed, REUSE_MAX, Reuse, SECURITY_CODE_KEPT, reuse};

use crate::{
    connection::OnDoubt,
    decide::AuthenticationOutcome,
    payment::{Authenticated, Denial, DeniedBy},
    routing::Route,
    three_ds::ThreeDsMode,
};
use acquiring::{AuthenticationFlow, CardholderAuthentication};
use emv3ds::code::{ChallengeCancel, TransStatus, TransStatusReason};
use mpi::{AuthenticationResult, Failure, Flow};
use primitives::{Amount, Brand};
use time::OffsetDateTime;

/// The `DEUNA_3DS.*` codes (deuna-api.md 6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreeDsCode {
    FailedChallengeAuthentication,
    UnavailableChallengeAuthentication,
    UnableIssuer,
    EnrollmentCheckError,
    AuthenticationNotAvailableWhenCheckingEnrollment,
    EnrollmentCheckTimeout,
    UnsuccessfulFrictionlessAuthentication,
    StandInFrictionlessAuthenticationAttempted,
    UnavailableFrictionlessAuthentication,
    RejectedFrictionlessAuthentication,
    TimeExpired,
}

impl ThreeDsCode {
    pub const ALL: [ThreeDsCode; 11] = [
        Self::FailedChallengeAuthentication,
        Self::UnavailableChallengeAuthentication,
        Self::UnableIssuer,
        Self::EnrollmentCheckError,
        Self::AuthenticationNotAvailableWhenCheckingEnrollment,
        Self::EnrollmentCheckTimeout,
        Self::UnsuccessfulFrictionlessAuthentication,
        Self::StandInFrictionlessAuthenticationAttempted,
        Self::UnavailableFrictionlessAuthentication,
        Self::RejectedFrictionlessAuthentication,
        Self::TimeExpired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailedChallengeAuthentication => "DEUNA_3DS.FAILED_CHALLENGE_AUTHENTICATION",
            Self::UnavailableChallengeAuthentication => "DEUNA_3DS.UNAVAILABLE_CHALLENGE_AUTHENTICATION",
            Self::UnableIssuer => "DEUNA_3DS.UNABLE_ISSUER",
            Self::EnrollmentCheckError => "DEUNA_3DS.ENROLLMENT_CHECK_ERROR",
            Self::AuthenticationNotAvailableWhenCheckingEnrollment => {
                "DEUNA_3DS.AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT"
            }
            Self::EnrollmentCheckTimeout => "DEUNA_3DS.ENROLLMENT_CHECK_TIMEOUT",
            Self::UnsuccessfulFrictionlessAuthentication => {
                "DEUNA_3DS.UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION"
            }
            Self::StandInFrictionlessAuthenticationAttempted => {
                "DEUNA_3DS.STAND_IN_FRICTIONLESS_AUTHENTICATION_ATTEMPTED"
            }
            Self::UnavailableFrictionlessAuthentication => {
                "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION"
            }
            Self::RejectedFrictionlessAuthentication => "DEUNA_3DS.REJECTED_FRICTIONLESS_AUTHENTICATION",
            Self::TimeExpired => "DEUNA_3DS.TIME_EXPIRED",
        }
    }

    /// The reason in words, for the order document.
    pub fn reason(self) -> &'static str {
        match self {
            Self::FailedChallengeAuthentication => "the cardholder failed the challenge",
            Self::UnavailableChallengeAuthentication => {
                "the issuer could not or would not finish the challenge"
            }
            Self::UnableIssuer => "the issuer could not authenticate the cardholder",
            Self::EnrollmentCheckError => "the directory server could not be asked",
            Self::AuthenticationNotAvailableWhenCheckingEnrollment => {
                "the card does not take part in 3-D Secure"
            }
            Self::EnrollmentCheckTimeout => "the directory server did not answer in time",
            Self::UnsuccessfulFrictionlessAuthentication => "the issuer did not authenticate the cardholder",
            Self::StandInFrictionlessAuthenticationAttempted => {
                "the issuer does not support 3-D Secure; only the attempt is proven"
            }
            Self::UnavailableFrictionlessAuthentication => "authentication was not available",
            Self::RejectedFrictionlessAuthentication => "the issuer rejected the authentication",
            Self::TimeExpired => "the time for authentication has passed",
        }
    }
}

/// Whether the payment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Proceed,
    Deny(Denial),
}

/// What an outcome is held against besides the policy of its route.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The issuer declined a charge for want of this authentication.
    pub step_up: bool,
}

/// What an outcome means under the policy of the route that asked for it.
pub fn judge(outcome: &AuthenticationOutcome, route: &Route, circumstances: Circumstances) -> Verdict {
    match outcome {
        Ok(result) => judge_result(result, route, circumstances),
        Err(failure) => deny(code_of_failure(*failure), DeniedBy::System),
    }
}

fn judge_result(result: &AuthenticationResult, route: &Route, circumstances: Circumstances) -> Verdict {
    let challenged = result.flow() == Flow::Challenge;
    let shared_as_wanted = route.three_ds.mode() == ThreeDsMode::DataOnly && !circumstances.step_up;
    match (result.trans_status(), challenged) {
        (TransStatus::Authenticated, _) => Verdict::Proceed,
        (TransStatus::Attempted, _) => match route.on_attempted {
            OnDoubt::Proceed => Verdict::Proceed,
            OnDoubt::Reject => deny(
                ThreeDsCode::StandInFrictionlessAuthenticationAttempted,
                DeniedBy::Issuer,
            ),
        },
        (TransStatus::NotAuthenticated, true) => deny_failed_challenge(result),
        (TransStatus::NotAuthenticated, false) => deny(
            ThreeDsCode::UnsuccessfulFrictionlessAuthentication,
            DeniedBy::Issuer,
        ),
        (TransStatus::Rejected, true) => {
            deny(ThreeDsCode::UnavailableChallengeAuthentication, DeniedBy::Issuer)
        }
        (TransStatus::Rejected, false) => {
            deny(ThreeDsCode::RejectedFrictionlessAuthentication, DeniedBy::Issuer)
        }
        // The cardholder was reached by the issuer's own way and did not answer: that is no fault of the issuer's.
        (TransStatus::Unavailable, true) if is_missed_by_cardholder(result.trans_status_reason()) => {
            deny(ThreeDsCode::TimeExpired, DeniedBy::System)
        }
        // The issuer has taken note of what was to be shared, and nobody was to be authenticated.
        (TransStatus::Unavailable, false) if shared_as_wanted && result.data_only() => Verdict::Proceed,
        (TransStatus::InformationOnly, _) if shared_as_wanted => Verdict::Proceed,
        (TransStatus::Unavailable, challenged) => match route.on_unavailable {
            // Without the authentication that it asked for the issuer would only decline again.
            OnDoubt::Proceed if !circumstances.step_up => Verdict::Proceed,
            OnDoubt::Proceed | OnDoubt::Reject if challenged => {
                deny(ThreeDsCode::UnavailableChallengeAuthentication, DeniedBy::Issuer)
            }
            OnDoubt::Proceed | OnDoubt::Reject if is_issuers_fault(result.trans_status_reason()) => {
                deny(ThreeDsCode::UnableIssuer, DeniedBy::Issuer)
            }
            OnDoubt::Proceed | OnDoubt::Reject => deny(
                ThreeDsCode::UnavailableFrictionlessAuthentication,
                DeniedBy::Issuer,
            ),
        },
        // Nothing was authenticated; the issuer takes note of what was said.
        (TransStatus::InformationOnly, _) => {
            // An exemption was claimed, and is acknowledged: that is what the merchant asked for.
            let exempted = route.three_ds.exemption.is_some();
            match route.on_unavailable {
                OnDoubt::Proceed if !circumstances.step_up => Verdict::Proceed,
                OnDoubt::Reject if exempted && !circumstances.step_up => Verdict::Proceed,
                OnDoubt::Proceed | OnDoubt::Reject => deny(
                    ThreeDsCode::UnavailableFrictionlessAuthentication,
                    DeniedBy::Issuer,
                ),
            }
        }
        // Never final: a result cannot be made of them, and if one were, nothing would be charged.
        (
            TransStatus::ChallengeRequired
            | TransStatus::DecoupledChallenge
            | TransStatus::SecurePaymentConfirmation,
            _,
        ) => deny(ThreeDsCode::UnableIssuer, DeniedBy::Issuer),
    }
}

fn deny_failed_challenge(result: &AuthenticationResult) -> Verdict {
    if result.trans_status_reason() == Some(TransStatusReason::TimedOutAtAcs) {
        return deny(ThreeDsCode::TimeExpired, DeniedBy::System);
    }
    let by = match result.challenge_cancel() {
        Some(ChallengeCancel::Cardholder) => DeniedBy::Cardholder,
        _ => DeniedBy::Issuer,
    };
    deny(ThreeDsCode::FailedChallengeAuthentication, by)
}

/// Reasons 24 and 26 of a decoupled authentication: its time was up, or the cardholder did not take part.
fn is_missed_by_cardholder(reason: Option<TransStatusReason>) -> bool {
    matches!(
        reason,
        Some(TransStatusReason::DecoupledTimeExceeded | TransStatusReason::CardholderDidNotPerform)
    )
}

fn is_issuers_fault(reason: Option<TransStatusReason>) -> bool {
    matches!(
        reason,
        Some(TransStatusReason::AcsTechnicalIssue | TransStatusReason::TimedOutAtAcs)
    )
}

fn code_of_failure(failure: Failure) -> ThreeDsCode {
    match failure {
        Failure::DirectoryErro { .. }
        | Failure::VersionRefused { .. }
        | Failure::DirectoryUnreachable
        | Failure::CannotRequest => ThreeDsCode::EnrollmentCheckError,
        Failure::AcsErro { .. } | Failure::UnusableAnswer => ThreeDsCode::UnableIssuer,
        Failure::DirectoryTimeout => ThreeDsCode::EnrollmentCheckTimeout,
        Failure::TimeExpired => ThreeDsCode::TimeExpired,
    }
}

fn deny(code: ThreeDsCode, by: DeniedBy) -> Verdict {
    Verdict::Deny(Denial {
        code: code.as_str().to_owned(),
        reason: code.reason().to_owned(),
        by,
        processor: None,
        late: None,
    })
}

/// Whether an authentication that the policy did not take leaves open who the cardholder is, so that a rule may let a route
/// charge without. A cardholder who failed, or whom the issuer rejected, is not charged by anybody; neither is one who was
/// asked for a challenge that did not end well, or whoever cannot pass it would only have to walk away from it.
/// `cardholder_involved`: the cardholder was led to the page at some time, or is reached by the issuer.
pub fn leaves_open(outcome: &AuthenticationOutcome, cardholder_involved: bool) -> bool {
    match outcome {
        Ok(result) => match result.trans_status() {
            TransStatus::Attempted | TransStatus::Unavailable | TransStatus::InformationOnly => {
                result.flow() != Flow::Challenge
            }
            TransStatus::Authenticated
            | TransStatus::NotAuthenticated
            | TransStatus::Rejected
            | TransStatus::ChallengeRequired
            | TransStatus::DecoupledChallenge
            | TransStatus::SecurePaymentConfirmation => false,
        },
        Err(failure) => match failure {
            Failure::DirectoryErro { .. }
            | Failure::VersionRefused { .. }
            | Failure::DirectoryUnreachable
            | Failure::DirectoryTimeout
            | Failure::CannotRequest => true,
            // It may be the result of a challenge that cannot be used.
            Failure::AcsErro { .. } | Failure::UnusableAnswer => !cardholder_involved,
            Failure::TimeExpired => false,
        },
    }
}

/// What a result for that amount tells: to the merchant in the order document, and where the policy takes it, to a
/// processor.
pub fn told_by(
    result: &AuthenticationResult,
    amount: Amount,
    decoupled: bool,
    cardholder_info: Option<String>,
) -> Authenticated {
    let flow = if decoupled {
        "decoupled"
    } else {
        result.flow().as_str()
    };
    Authenticated {
        values: CardholderAuthentication {
            brand: result.brand(),
            eci: result.eci().map(|eci| eci.as_str().to_owned()),
            authentication_value: result
                .authentication_value()
                .map(|value| value.as_str().to_owned()),
            ds_trans_id: Some(result.ds_trans_id().to_string()),
            acs_trans_id: Some(result.acs_trans_id().to_string()),
            xid: None,
            version: result.version().as_str().to_owned(),
            trans_status: Some(result.trans_status().as_str().to_owned()),
            trans_status_reason: result
                .trans_status_reason()
                .map(|reason| reason.as_str().to_owned()),
            challenge_cancel: result.challenge_cancel().map(|cancel| cancel.as_str().to_owned()),
            flow: Some(match (decoupled, result.flow()) {
                (true, _) => AuthenticationFlow::Decoupled,
                (false, Flow::Challenge) => AuthenticationFlow::Challenge,
                (false, Flow::Frictionless | Flow::SemiFrictionless) => AuthenticationFlow::Frictionless,
            }),
            authenticated_at: Some(result.authenticated_at()),
            liability_shift: result.liability_shift(),
        },
        three_ds_server_trans_id: Some(result.three_ds_server_trans_id().to_string()),
        trans_status_reason: result
            .trans_status_reason()
            .map(|reason| reason.as_str().to_owned()),
        flow: Some(flow.to_owned()),
        cardholder_info,
        amount: Some(amount),
        at: result.authenticated_at(),
    }
}

/// What is carried when a card takes no part in 3-D Secure and the merchant's policy is to charge all the same: the
/// brand's ECI for "not authenticated", and nothing else.
pub fn without_authentication(brand: Brand, now: OffsetDateTime) -> Authenticated {
    let eci = if brand == Brand::Mastercard { "00" } else { "07" };
    Authenticated {
        values: CardholderAuthentication {
            brand,
            eci: Some(eci.to_owned()),
            authentication_value: None,
            ds_trans_id: None,
            acs_trans_id: None,
            xid: None,
            version: "2.2.0".to_owned(),
            trans_status: None,
            trans_status_reason: None,
            challenge_cancel: None,
            flow: None,
            authenticated_at: None,
            liability_shift: false,
        },
        three_ds_server_trans_id: None,
        trans_status_reason: None,
        flow: None,
        cardholder_info: None,
        amount: None,
        at: now,
    }
}
