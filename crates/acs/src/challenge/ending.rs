//! How challenges end, and what the directory server is told of it.

use emv3ds::Version;
use emv3ds::code::{
    AuthenticationMethod, AuthenticationType, ChallengeCancel, TransStatus, TransStatusReason,
};
use serde::{Deserialize, Serialize};

/// How a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The right thing was typed, or the app said yes.
    Passed,
    /// One wrong entry too many.
    AttemptsUsedUp,
    /// One new code too many, where the issuer ends the challenge for that.
    ResendsUsedUp,
    /// The cardholder gave up.
    Cancelled,
    /// The 3DS SDK's time was over.
    SdkTimedOut,
    /// Nobody could be found to carry the code.
    CodeNotSent,
    /// There is no phone, and no other way to ask.
    NoPhone,
    /// The first CReq never came.
    NeverOpened,
    /// The cardholder stopped answering.
    Abandoned,
    /// The cardholder said no in the app.
    Denied,
    /// The cardholder said that it was somebody else.
    NotMe,
    /// Decoupled, and the app did not answer in time.
    DecoupledTimedOut,
    /// Undecided: a decoupled authentication is to follow.
    PutOff,
    /// Something of ours or of the other side's was broken.
    Faulty,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Passed,
        Self::AttemptsUsedUp,
        Self::ResendsUsedUp,
        Self::Cancelled,
        Self::SdkTimedOut,
        Self::CodeNotSent,
        Self::NoPhone,
        Self::NeverOpened,
        Self::Abandoned,
        Self::Denied,
        Self::NotMe,
        Self::DecoupledTimedOut,
        Self::PutOff,
        Self::Faulty,
    ];

    /// The name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::ResendsUsedUp => "resends_used_up",
            Self::Cancelled => "cancelled",
            Self::SdkTimedOut => "sdk_timed_out",
            Self::CodeNotSent => "code_not_sent",
            Self::NoPhone => "no_phone",
            Self::NeverOpened => "never_opened",
            Self::Abandoned => "abandoned",
            Self::Denied => "denied",
            Self::NotMe => "not_me",
            Self::DecoupledTimedOut => "decoupled_timed_out",
            Self::PutOff => "put_off",
            Self::Faulty => "faulty",
        }
    }

    /// `transStatus` of the RReq.
    pub fn status(self) -> TransStatus {
        match self {
            Self::Passed => TransStatus::Authenticated,
            Self::AttemptsUsedUp
            | Self::Cancelled
            | Self::SdkTimedOut
            | Self::NeverOpened
            | Self::Abandoned
            | Self::Denied
            | Self::NotMe => TransStatus::NotAuthenticated,
            Self::ResendsUsedUp
            | Self::CodeNotSent
            | Self::NoPhone
            | Self::DecoupledTimedOut
            | Self::Faulty => TransStatus::Unavailable,
            Self::PutOff => TransStatus::DecoupledChallenge,
        }
    }

    /// `transStatusReason` of the RReq. 2.1.0 knows no technical issue (22): there it is a failed card authentication.
    pub fn reason(self, version: Version) -> Option<TransStatusReason> {
        let reason = match self {
            Self::Passed => return None,
            Self::AttemptsUsedUp | Self::ResendsUsedUp => TransStatusReason::ExceedsMaximumChallenges,
            Self::Cancelled | Self::Denied => TransStatusReason::CardAuthenticationFailed,
            Self::SdkTimedOut | Self::NeverOpened | Self::Abandoned => TransStatusReason::TimedOutAtAcs,
            Self::NotMe => TransStatusReason::SuspectedFraud,
            Self::DecoupledTimedOut => TransStatusReason::DecoupledTimeExceeded,
            Self::PutOff => TransStatusReason::DecoupledFallback,
            Self::CodeNotSent | Self::NoPhone | Self::Faulty if version == Version::V2_1_0 => {
                TransStatusReason::CardAuthenticationFailed
            }
            Self::CodeNotSent | Self::NoPhone | Self::Faulty => TransStatusReason::AcsTechnicalIssue,
        };
        Some(reason)
    }

    /// `challengeCancel` of the RReq.
    pub fn challenge_cancel(self) -> Option<ChallengeCancel> {
        match self {
            Self::Cancelled => Some(ChallengeCancel::Cardholder),
            Self::SdkTimedOut => Some(ChallengeCancel::TimedOutAtSdk),
            Self::NeverOpened => Some(ChallengeCancel::FirstCreqNotReceived),
            Self::Abandoned => Some(ChallengeCancel::TimedOutAtAcs),
            Self::DecoupledTimedOut => Some(ChallengeCancel::DecoupledTimedOut),
            Self::Faulty => Some(ChallengeCancel::TransactionError),
            Self::Passed
            | Self::AttemptsUsedUp
            | Self::ResendsUsedUp
            | Self::CodeNotSent
            | Self::NoPhone
            | Self::Denied
            | Self::NotMe
            | Self::PutOff => None,
        }
    }
}

/// What a cardholder is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A one-time password by text message.
    Code,
    /// A static password.
    Password,
    /// Both, one after the other.
    PasswordThenCode,
    /// The bank's app, while the browser waits.
    App,
    /// The bank's app, and no browser takes part.
    Decoupled,
}

impl Method {
    /// The name, as stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
            Self::PasswordThenCode => "password_then_code",
            Self::App => "app",
            Self::Decoupled => "decoupled",
        }
    }

    /// `authenticationType`, before 2.3.1.
    pub fn authentication_type(self) -> AuthenticationType {
        match self {
            Self::Code | Self::PasswordThenCode => AuthenticationType::Dynamic,
            Self::Password => AuthenticationType::Static,
            Self::App => AuthenticationType::OutOfBand,
            Self::Decoupled => AuthenticationType::Decoupled,
        }
    }

    /// `authenticationMethod`: before 2.3.1 one at most, and no value for a decoupled authentication.
    pub fn authentication_methods(self, version: Version) -> Option<Vec<AuthenticationMethod>> {
        let several = version >= Version::V2_3_1;
        match self {
            Self::Code => Some(vec![AuthenticationMethod::SmsCode]),
            Self::Password => Some(vec![AuthenticationMethod::StaticPasscode]),
            Self::PasswordThenCode if several => Some(vec![
                AuthenticationMethod::StaticPasscode,
                AuthenticationMethod::SmsCode,
            ]),
            Self::PasswordThenCode => Some(vec![AuthenticationMethod::SmsCode]),
            Self::App => Some(vec![AuthenticationMethod::OutOfBandOther]),
            Self::Decoupled => several.then(|| vec![AuthenticationMethod::Decoupled]),
        }
    }
}
