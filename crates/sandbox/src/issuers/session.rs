//! One challenge at an issuer: what is known of it, where it stands, and what may happen next.
//!
//! Everything here is a decision about memory; pages and messages are made in the neighbouring files. Whoever ends a
//! session ends it once, so that exactly one RReq leaves.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use emv3ds::code::{
    AuthenticationMethod, AuthenticationType, ChallengeCancel, MessageCategory, TransStatus,
    TransStatusReason, YesNo,
};
use emv3ds::message::{CRes, RReq};
use emv3ds::{AcsTransId, AuthenticationValue, DsTransId, ThreeDsServerTransId, Version};
use primitives::Brand;
use tokio::sync::watch;

use super::decision::{Challenge, Course, Credential, Verdict};
use super::scenario::STATIC_PASSWORD;

/// Wrong answers after which the challenge is lost.
pub const ATTEMPTS_MAX: u8 = 3;
/// Codes sent for one challenge at most. Wide: nothing here is worth abusing.
pub const CODES_MAX: u8 = 10;

/// What is known of a challenge from the AReq on. The account number is not.
#[derive(Debug)]
pub struct Facts {
    /// `messageVersion` of the whole transaction.
    pub version: Version,
    /// `messageCategory` of the AReq.
    pub category: MessageCategory,
    /// The 3DS Server's identifier.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// The directory server's identifier.
    pub ds_trans_id: DsTransId,
    /// Ours.
    pub acs_trans_id: AcsTransId,
    /// Whose rules hold.
    pub brand: Brand,
    /// How the cardholder is challenged.
    pub challenge: Challenge,
    /// The authentication value, should the cardholder pass.
    pub proof: Option<AuthenticationValue>,
    /// The card's phone.
    pub phone: String,
    /// Last four digits of the card.
    pub last_four: String,
    /// Who sells, as the page shows it.
    pub merchant: String,
    /// For how much, as the page shows it.
    pub amount: String,
    /// Where the directory server delivers the RReq.
    pub three_ds_server_url: String,
    /// Where the browser goes afterwards.
    pub notification_url: String,
}

/// A one-time code. `Debug` does not show it.
#[derive(Clone)]
pub struct Code(String);

impl Code {
    /// Six random digits.
    pub fn random() -> Self {
        let number = uuid::Uuid::new_v4().as_u128() % 1_000_000;
        Self(format!("{number:06}"))
    }

    /// The digits, for the text message.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("******")
    }
}

/// Where a challenge stands, for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The browser has not come yet.
    AwaitingCreq,
    /// A page was shown at that time.
    Shown(Instant),
    /// Decided; the RReq is on its way.
    Ended,
    /// The 3DS Server has the result, or will not take it.
    Reported,
}

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Status, reason and ECI.
    pub verdict: Verdict,
    /// Why it ended without an answer.
    pub cancel: Option<ChallengeCancel>,
    /// How often the cardholder answered.
    pub interactions: u8,
}

#[derive(Debug)]
enum State {
    AwaitingCreq,
    Open(Open),
    Ended {
        outcome: Outcome,
        session_data: Option<String>,
    },
}

#[derive(Debug)]
struct Open {
    creq: String,
    session_data: Option<String>,
    code: Option<Code>,
    codes_sent: u8,
    wrong_answers: u8,
    interactions: u8,
}

/// What a CReq does.
#[derive(Debug)]
pub enum Opening {
    /// It opens the challenge; a code is to be sent where there is one.
    First(Option<Code>),
    /// The browser was refreshed: the same page again, nothing sent.
    Again,
}

/// Why a CReq does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// It came after the timer for the first CReq had run out: 402.
    TooLate,
    /// It differs from the one that opened the challenge, or came after the result: 305.
    Conflicting,
}

/// What the cardholder's answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Wrong; so many answers are left.
    Wrong {
        /// At least one.
        attempts_left: u8,
    },
    /// The challenge has ended, now or before.
    Ended,
    /// There is no page to answer yet.
    NotOpen,
}

/// What asking for another code does.
#[derive(Debug)]
pub enum Resent {
    /// This one is to be sent; earlier ones are void.
    Code(Code),
    /// Too many were sent, or there are none in this challenge.
    Refused,
    /// The challenge has ended.
    Ended,
    /// There is no page yet.
    NotOpen,
}

/// One challenge.
#[derive(Debug)]
pub struct Session {
    /// What does not change.
    pub facts: Facts,
    state: Mutex<State>,
    phase: watch::Sender<Phase>,
}

impl Session {
    /// A challenge nobody has opened yet.
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            state: Mutex::new(State::AwaitingCreq),
            phase: watch::Sender::new(Phase::AwaitingCreq),
        }
    }

    /// To wait for a phase.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// The outcome, once there is one.
    pub fn outcome(&self) -> Option<Outcome> {
        match &*self.state() {
            State::Ended { outcome, .. } => Some(*outcome),
            State::AwaitingCreq | State::Open(_) => None,
        }
    }

    /// `threeDSSessionData` as the browser brought it, to be returned unchanged.
    pub fn session_data(&self) -> Option<String> {
        match &*self.state() {
            State::AwaitingCreq => None,
            State::Open(Open { session_data, .. }) | State::Ended { session_data, .. } => {
                session_data.clone()
            }
        }
    }

    /// A CReq that belongs to this session has come.
    ///
    /// # Errors
    /// When it comes too late or contradicts what came before.
    pub fn open(&self, creq: &str, session_data: Option<&str>) -> Result<Opening, NotOpened> {
        let mut state = self.state();
        match &mut *state {
            State::AwaitingCreq => {
                let code = match self.facts.challenge.credential {
                    Credential::OneTimeCode => Some(Code::random()),
                    Credential::StaticPassword => None,
                };
                *state = State::Open(Open {
                    creq: creq.to_owned(),
                    session_data: session_data.map(str::to_owned),
                    codes_sent: u8::from(code.is_some()),
                    code: code.clone(),
                    wrong_answers: 0,
                    interactions: 0,
                });
                self.phase.send_replace(Phase::Shown(Instant::now()));
                Ok(Opening::First(code))
            }
            State::Open(open) if open.creq == creq && open.session_data.as_deref() == session_data => {
                self.phase.send_replace(Phase::Shown(Instant::now()));
                Ok(Opening::Again)
            }
            State::Open(_) => Err(NotOpened::Conflicting),
            State::Ended { outcome, .. } => {
                let never_came = outcome.cancel == Some(ChallengeCancel::FirstCreqNotReceived);
                Err(if never_came {
                    NotOpened::TooLate
                } else {
                    NotOpened::Conflicting
                })
            }
        }
    }

    /// The cardholder typed something.
    pub fn answer(&self, typed: &str) -> Answered {
        let mut state = self.state();
        let open = match &mut *state {
            State::AwaitingCreq => return Answered::NotOpen,
            State::Ended { .. } => return Answered::Ended,
            State::Open(open) => open,
        };
        open.interactions = open.interactions.saturating_add(1);
        let right = match self.facts.challenge.credential {
            Credential::OneTimeCode => open.code.as_ref().map_or("", Code::reveal),
            Credential::StaticPassword => STATIC_PASSWORD,
        };
        let typed: String = typed.chars().filter(|symbol| !symbol.is_whitespace()).collect();
        let passed = verify_slices_are_equal(typed.as_bytes(), right.as_bytes()).is_ok();
        let verdict = |status, reason| Verdict::of(self.facts.brand, status, reason);
        let verdict = match (self.facts.challenge.course, passed) {
            (Course::NeverJudged, _) => verdict(
                TransStatus::Unavailable,
                Some(TransStatusReason::CardAuthenticationFailed),
            ),
            (Course::Judged | Course::ReportedTwice, true) => verdict(TransStatus::Authenticated, None),
            (Course::Judged | Course::ReportedTwice, false) => {
                open.wrong_answers += 1;
                let attempts_left = ATTEMPTS_MAX.saturating_sub(open.wrong_answers);
                if attempts_left > 0 {
                    self.phase.send_replace(Phase::Shown(Instant::now()));
                    return Answered::Wrong { attempts_left };
                }
                let reason = TransStatusReason::ExceedsMaximumChallenges;
                verdict(TransStatus::NotAuthenticated, Some(reason))
            }
        };
        self.end(&mut state, verdict, None);
        Answered::Ended
    }

    /// The cardholder asks for another code.
    pub fn resend(&self) -> Resent {
        match &mut *self.state() {
            State::AwaitingCreq => Resent::NotOpen,
            State::Ended { .. } => Resent::Ended,
            State::Open(open) => {
                self.phase.send_replace(Phase::Shown(Instant::now()));
                if open.code.is_none() || open.codes_sent >= CODES_MAX {
                    return Resent::Refused;
                }
                let code = Code::random();
                open.codes_sent += 1;
                open.code = Some(code.clone());
                Resent::Code(code)
            }
        }
    }

    /// The cardholder gives up. False when there is no page to give up on.
    pub fn cancel(&self) -> bool {
        let mut state = self.state();
        match &*state {
            State::AwaitingCreq => false,
            State::Ended { .. } => true,
            State::Open(_) => {
                let reason = Some(TransStatusReason::CardAuthenticationFailed);
                let verdict = Verdict::of(self.facts.brand, TransStatus::NotAuthenticated, reason);
                self.end(&mut state, verdict, Some(ChallengeCancel::Cardholder));
                true
            }
        }
    }

    /// Nobody came, or nobody answered: the challenge ends if it has not ended yet.
    pub fn time_out(&self) {
        let mut state = self.state();
        let cancel = match &*state {
            State::AwaitingCreq => ChallengeCancel::FirstCreqNotReceived,
            State::Open(_) => ChallengeCancel::TimedOutAtAcs,
            State::Ended { .. } => return,
        };
        let reason = Some(TransStatusReason::TimedOutAtAcs);
        let verdict = Verdict::of(self.facts.brand, TransStatus::NotAuthenticated, reason);
        self.end(&mut state, verdict, Some(cancel));
    }

    /// The result has been delivered, or never will be.
    pub fn reported(&self) {
        self.phase.send_replace(Phase::Reported);
    }

    /// The RReq that tells the outcome.
    pub fn rreq(&self, outcome: &Outcome) -> RReq {
        let facts = &self.facts;
        let status = outcome.verdict.status;
        let proof = facts
            .proof
            .clone()
            .filter(|_| status == TransStatus::Authenticated);
        let answered = matches!(status, TransStatus::Authenticated | TransStatus::NotAuthenticated);
        RReq {
            message_version: facts.version,
            message_category: facts.category,
            three_ds_server_trans_id: facts.three_ds_server_trans_id,
            acs_trans_id: facts.acs_trans_id,
            ds_trans_id: facts.ds_trans_id,
            trans_status: Some(status),
            trans_status_reason: outcome.verdict.reason,
            authentication_value: proof,
            eci: outcome.verdict.eci,
            authentication_type: answered.then(|| authentication_type(facts.challenge.credential)),
            authentication_method: Some(vec![authentication_method(facts.challenge.credential)]),
            interaction_counter: Some(format!("{:02}", outcome.interactions.min(99))),
            challenge_cancel: outcome.cancel,
            sdk_trans_id: None,
            trans_status_reason_info: None,
            acs_rendering_type: None,
            challenge_error_reporting: None,
            cardholder_info: None,
            trust_list_status: None,
            trust_list_status_source: None,
            device_binding_status: None,
            device_binding_status_source: None,
            message_extension: None,
        }
    }

    /// The final CRes, which knows only `Y` and `N`.
    pub fn cres(&self, outcome: &Outcome) -> CRes {
        let trans_status = match outcome.verdict.status {
            TransStatus::Authenticated => TransStatus::Authenticated,
            _ => TransStatus::NotAuthenticated,
        };
        CRes {
            message_version: self.facts.version,
            three_ds_server_trans_id: self.facts.three_ds_server_trans_id,
            acs_trans_id: self.facts.acs_trans_id,
            trans_status,
            challenge_completion_ind: Some(YesNo::Yes),
            message_extension: None,
        }
    }

    fn end(&self, state: &mut State, verdict: Verdict, cancel: Option<ChallengeCancel>) {
        let (session_data, interactions) = match state {
            State::Open(open) => (open.session_data.take(), open.interactions),
            State::AwaitingCreq | State::Ended { .. } => (None, 0),
        };
        *state = State::Ended {
            outcome: Outcome {
                verdict,
                cancel,
                interactions,
            },
            session_data,
        };
        self.phase.send_replace(Phase::Ended);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `authenticationType` of a challenge by this credential.
pub fn authentication_type(credential: Credential) -> AuthenticationType {
    match credential {
        Credential::OneTimeCode => AuthenticationType::Dynamic,
        Credential::StaticPassword => AuthenticationType::Static,
    }
}

/// `authenticationMethod` of a challenge by this credential.
pub fn authentication_method(credential: Credential) -> AuthenticationMethod {
    match credential {
        Credential::OneTimeCode => AuthenticationMethod::SmsCode,
        Credential::StaticPassword => AuthenticationMethod::StaticPasscode,
    }
}

#[cfg(test)]
mod tests;
