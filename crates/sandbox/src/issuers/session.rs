//! One challenge at an issuer, or one decoupled authentication: where it stands, and what may happen next.
//!
//! Everything here is a decision about memory; what is known from the beginning is in [`super::facts`], the messages that
//! tell the end in [`super::result_messages`], pages in their own files. Whoever ends a session ends it once, so that
//! exactly one RReq leaves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use emv3ds::code::{ChallengeCancel, TransStatus, TransStatusReason};
use tokio::sync::watch;

use super::code::Code;
use super::decision::{Course, Credential, Verdict};
use super::facts::{Facts, Way};
use super::scenario::STATIC_PASSWORD;

pub use moves::{Answered, NotOpened, Opening, Resent};

/// Wrong answers after which the challenge is lost.
pub const ATTEMPTS_MAX: u8 = 3;
/// Codes sent for one challenge at most. Wide: nothing here is worth abusing.
pub const CODES_MAX: u8 = 10;

/// Where a challenge stands, for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The browser has not come yet.
    AwaitingCreq,
    /// A page was shown at that time.
    Shown(Instant),
    /// The bank's app is to answer, and no browser takes part.
    AwaitingHolder,
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
    /// What they were asked for at the end.
    pub credential: Credential,
}

#[derive(Debug)]
enum State {
    AwaitingCreq,
    Open(Open),
    /// Decoupled: only the bank's app has a say.
    AwaitingHolder,
    Ended {
        outcome: Outcome,
        session_data: Option<String>,
    },
}

#[derive(Debug)]
struct Open {
    creq: String,
    session_data: Option<String>,
    /// What the page asks for now: the app's turn passes to a code.
    credential: Credential,
    since: Instant,
    code: Option<Code>,
    codes_sent: u8,
    wrong_answers: u8,
    interactions: u8,
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
    /// A challenge nobody has opened yet, or a decoupled authentication nobody has answered.
    pub fn new(facts: Facts) -> Self {
        let (state, phase) = match facts.way {
            Way::Challenge(_) => (State::AwaitingCreq, Phase::AwaitingCreq),
            Way::Decoupled => (State::AwaitingHolder, Phase::AwaitingHolder),
        };
        Self {
            facts,
            state: Mutex::new(state),
            phase: watch::Sender::new(phase),
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
            State::AwaitingCreq | State::AwaitingHolder | State::Open(_) => None,
        }
    }

    /// What the page asks for now; `None` before there is one and after the end.
    pub fn asks_for(&self) -> Option<Credential> {
        match &*self.state() {
            State::Open(open) => Some(open.credential),
            State::AwaitingCreq | State::AwaitingHolder | State::Ended { .. } => None,
        }
    }

    /// Since when the bank's app has been asked, while it is; decoupled, for as long as the session lasts.
    pub fn asks_the_app(&self) -> Option<Option<Instant>> {
        match &*self.state() {
            State::Open(open) if open.credential == Credential::BankApp => Some(Some(open.since)),
            State::AwaitingHolder => Some(None),
            State::Open(_) | State::AwaitingCreq | State::Ended { .. } => None,
        }
    }

    /// `threeDSSessionData` as the browser brought it, to be returned unchanged.
    pub fn session_data(&self) -> Option<String> {
        match &*self.state() {
            State::AwaitingCreq | State::AwaitingHolder => None,
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
                let credential = self.facts.way.credential();
                let code = match credential {
                    Credential::OneTimeCode => Some(Code::random()),
                    Credential::StaticPassword | Credential::BankApp => None,
                };
                *state = State::Open(Open {
                    creq: creq.to_owned(),
                    session_data: session_data.map(str::to_owned),
                    credential,
                    since: Instant::now(),
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
            State::Open(_) | State::AwaitingHolder => Err(NotOpened::Conflicting),
            State::Ended { outcome, .. } => {
                let never_came = outcome.cancel == Some(ChallengeCancel::FirstCreqNotReceived);
                Err(if never_came {
                    NotOpened::TooLate
                } else {
                    NotOpened::AfterResult
                })
            }
        }
    }

    /// The cardholder typed something.
    pub fn answer(&self, typed: &str) -> Answered {
        let mut state = self.state();
        let open = match &mut *state {
            State::AwaitingCreq | State::AwaitingHolder => return Answered::NotOpen,
            State::Ended { .. } => return Answered::Ended,
            State::Open(open) => open,
        };
        let right = match open.credential {
            // Nothing is typed here; the app decides.
            Credential::BankApp => return Answered::StillWaiting,
            Credential::OneTimeCode => open.code.as_ref().map_or("", Code::reveal),
            Credential::StaticPassword => STATIC_PASSWORD,
        };
        open.interactions = open.interactions.saturating_add(1);
        let typed: String = typed.chars().filter(|symbol| !symbol.is_whitespace()).collect();
        let passed = verify_slices_are_equal(typed.as_bytes(), right.as_bytes()).is_ok();
        let verdict = |status, reason| self.facts.circumstances.verdict(status, reason);
        let verdict = match (self.facts.way.course(), passed) {
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
            State::AwaitingCreq | State::AwaitingHolder => Resent::NotOpen,
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

    /// The app did not answer: a code is to be sent instead. `None` when it is not the app's turn.
    pub fn fall_back_to_code(&self) -> Option<Code> {
        match &mut *self.state() {
            State::Open(open) if open.credential == Credential::BankApp => {
                let code = Code::random();
                open.credential = Credential::OneTimeCode;
                open.codes_sent = open.codes_sent.saturating_add(1);
                open.code = Some(code.clone());
                self.phase.send_replace(Phase::Shown(Instant::now()));
                Some(code)
            }
            State::Open(_) | State::AwaitingCreq | State::AwaitingHolder | State::Ended { .. } => None,
        }
    }

    /// The cardholder answered in the bank's app. False when it is not the app's turn.
    pub fn answer_in_app(&self, approved: bool) -> bool {
        let mut state = self.state();
        match &mut *state {
            State::Open(open) if open.credential == Credential::BankApp => {
                open.interactions = open.interactions.saturating_add(1);
            }
            State::AwaitingHolder => {}
            State::Open(_) | State::AwaitingCreq | State::Ended { .. } => return false,
        }
        let verdict = if approved {
            self.facts.circumstances.verdict(TransStatus::Authenticated, None)
        } else {
            self.denied()
        };
        self.end(&mut state, verdict, None);
        true
    }

    /// The challenge ends, to be gone on with decoupled. False when there is no page, or the requestor has not allowed it.
    pub fn put_off(&self) -> bool {
        let mut state = self.state();
        match (&*state, self.facts.decoupled_follows) {
            (State::Open(_), Some(reason)) => {
                let status = TransStatus::DecoupledChallenge;
                let verdict = self.facts.circumstances.verdict(status, Some(reason));
                self.end(&mut state, verdict, None);
                true
            }
            (State::Ended { .. }, _) => true,
            _ => false,
        }
    }

    /// The cardholder gives up. False when there is no page to give up on.
    pub fn cancel(&self) -> bool {
        let mut state = self.state();
        match &*state {
            State::AwaitingCreq | State::AwaitingHolder => false,
            State::Ended { .. } => true,
            State::Open(_) => {
                self.end(&mut state, self.denied(), Some(ChallengeCancel::Cardholder));
                true
            }
        }
    }

    /// Nobody came, or nobody answered: the session ends if it has not ended yet.
    pub fn time_out(&self) {
        let mut state = self.state();
        let cancel = match &*state {
            State::AwaitingCreq => ChallengeCancel::FirstCreqNotReceived,
            State::Open(_) => ChallengeCancel::TimedOutAtAcs,
            State::AwaitingHolder => ChallengeCancel::DecoupledTimedOut,
            State::Ended { .. } => return,
        };
        let (status, reason) = match cancel {
            ChallengeCancel::DecoupledTimedOut => {
                (TransStatus::Unavailable, TransStatusReason::DecoupledTimeExceeded)
            }
            _ => (TransStatus::NotAuthenticated, TransStatusReason::TimedOutAtAcs),
        };
        let verdict = self.facts.circumstances.verdict(status, Some(reason));
        self.end(&mut state, verdict, Some(cancel));
    }

    fn denied(&self) -> Verdict {
        let reason = Some(TransStatusReason::CardAuthenticationFailed);
        self.facts
            .circumstances
            .verdict(TransStatus::NotAuthenticated, reason)
    }

    /// The result has been delivered, or never will be.
    pub fn reported(&self) {
        self.phase.send_replace(Phase::Reported);
    }

    fn end(&self, state: &mut State, verdict: Verdict, cancel: Option<ChallengeCancel>) {
        let (session_data, interactions, credential) = match state {
            State::Open(open) => (open.session_data.take(), open.interactions, open.credential),
            State::AwaitingCreq | State::AwaitingHolder | State::Ended { .. } => {
                (None, 0, self.facts.way.credential())
            }
        };
        *state = State::Ended {
            outcome: Outcome {
                verdict,
                cancel,
                interactions,
                credential,
            },
            session_data,
        };
        self.phase.send_replace(Phase::Ended);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

mod moves;
#[cfg(test)]
mod tests;
