//! The moves that states have in common.

use primitives::Moment;
use time::{Duration, OffsetDateTime};

use super::{Refused, Rules, Step};
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::{Effect, Event};
use crate::challenge::state::{Challenge, Progress, SentCode, State};
use crate::challenge::view::{Notice, Resend};
use crate::policy::OtpPolicy;

/// How often the cardholder may say too early that the app has been answered, before a code is sent instead.
pub const EARLY_MAX: u8 = 5;
/// How often the app is asked in one challenge: whoever has somebody else's card must not be able to wear them down.
pub const APP_ASKED_MAX: u8 = 3;
/// How many lost codes of a challenge make room for new ones by themselves.
pub const REPLACED_MAX: u8 = 3;

/// What a state's function answers.
pub(super) type Decided = Result<Step, Refused>;

/// A step in the making.
#[derive(Debug)]
pub(super) struct Turn<'r> {
    pub(super) rules: &'r Rules<'r>,
    pub(super) challenge: Challenge,
    pub(super) moment: Moment,
    effects: Vec<Effect>,
}

/// Whether a new code can be had on request.
pub fn resend(otp: &OtpPolicy, challenge: &Challenge, code: &SentCode, now: OffsetDateTime) -> Resend {
    if challenge.resends >= otp.resends {
        return Resend::Never;
    }
    match code.seconds_to_resend(now) {
        0 => Resend::Now,
        seconds => Resend::In(seconds),
    }
}

impl<'r> Turn<'r> {
    pub(super) fn new(rules: &'r Rules<'r>, challenge: &Challenge, moment: Moment) -> Self {
        let mut turn = Self {
            rules,
            challenge: challenge.clone(),
            moment,
            effects: Vec::new(),
        };
        turn.expire_code();
        turn
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.moment.now
    }

    pub(super) fn state(&self) -> State {
        self.challenge.state.clone()
    }

    /// A code whose time is over says so, whatever has happened.
    fn expire_code(&mut self) {
        let now = self.moment.now;
        let on_screen = matches!(self.challenge.state, State::Code { .. });
        let code = match &mut self.challenge.state {
            State::Code { code, .. } => Some(code),
            State::AskingApp { code, .. } | State::Password { code } => code.as_mut(),
            State::Awaited {} | State::ChoosingPhone { .. } | State::Decoupled {} | State::Done { .. } => {
                None
            }
        };
        if let Some(code) = code.filter(|code| code.progress != Progress::Expired && !code.is_live(now)) {
            code.progress = Progress::Expired;
            if on_screen {
                self.challenge.notice = Some(Notice::Expired);
            }
        }
    }

    /// The browser gets a screen: its time begins anew.
    pub(super) fn shown(&mut self) {
        self.challenge.until = self.now() + self.rules.patience;
    }

    /// The cardholder did something that counts. Forms shown before are void.
    pub(super) fn acted(&mut self) {
        self.shown();
        self.challenge.interactions = self.challenge.interactions.saturating_add(1);
        self.new_screen(None);
    }

    /// Forms shown before are void.
    pub(super) fn new_screen(&mut self, notice: Option<Notice>) {
        self.challenge.screen = self.moment.nonce;
        self.challenge.notice = notice;
    }

    /// Ends the turn with the challenge in that state.
    pub(super) fn stay(mut self, state: State) -> Decided {
        self.challenge.state = state;
        self.done()
    }

    /// The same, and the screen says something.
    pub(super) fn stay_saying(mut self, state: State, notice: Notice) -> Decided {
        self.challenge.notice = Some(notice);
        self.stay(state)
    }

    /// Ends the turn with the challenge as it is.
    pub(super) fn done(self) -> Decided {
        Ok(Step {
            challenge: self.challenge,
            effects: self.effects,
        })
    }

    /// Ends the challenge.
    pub(super) fn end(mut self, ending: Ending, method: Method) -> Decided {
        let at = self.now();
        self.new_screen(None);
        self.effects = vec![Effect::Report, Effect::NotifyIssuer];
        self.stay(State::Done { ending, method, at })
    }

    // ---- what is asked ---------------------------------------------------------------------------------------------

    /// Whether a password and a code are both wanted.
    pub(super) fn wants_both(&self) -> bool {
        self.challenge.means.password && self.rules.policy.password_then_code
    }

    /// Whether there is a way besides the app.
    pub(super) fn has_other_way(&self) -> bool {
        let means = self.challenge.means;
        means.password || means.phones > 0 || means.backend_sends
    }

    /// What is asked without the app.
    pub(super) fn other_method(&self) -> Method {
        match (self.challenge.means.password, self.wants_both()) {
            (_, true) => Method::PasswordThenCode,
            (true, false) => Method::Password,
            (false, false) => Method::Code,
        }
    }

    /// What is asked first.
    pub(super) fn first_method(&self) -> Method {
        if self.challenge.means.app {
            Method::App
        } else {
            self.other_method()
        }
    }

    /// Asks for what is asked first.
    pub(super) fn ask_first(self) -> Decided {
        if self.challenge.means.app {
            self.ask_app(None)
        } else {
            self.ask_otherwise(None, None)
        }
    }

    /// Whether the app may be asked (again).
    pub(super) fn may_ask_app(&self) -> bool {
        self.challenge.means.app && self.challenge.app_asked < APP_ASKED_MAX
    }

    /// Asks the app; a code asked for before stays good.
    pub(super) fn ask_app(mut self, code: Option<SentCode>) -> Decided {
        let timeout = Duration::seconds(self.rules.policy.app.timeout_seconds.into());
        let app_until = self.has_other_way().then(|| self.now() + timeout);
        self.challenge.app_asked = self.challenge.app_asked.saturating_add(1);
        self.new_screen(None);
        self.effects.push(Effect::AskApp);
        self.stay(State::AskingApp {
            app_until,
            early: 0,
            code,
        })
    }

    /// Asks without the app. The notice is for the case that it comes to a code.
    pub(super) fn ask_otherwise(mut self, code: Option<SentCode>, notice: Option<Notice>) -> Decided {
        if self.challenge.means.password {
            self.new_screen(None);
            self.stay(State::Password { code })
        } else {
            self.ask_code(code, None, notice)
        }
    }

    /// Asks for a code: the one that is still good, else a new one.
    pub(super) fn ask_code(
        mut self,
        held: Option<SentCode>,
        password: Option<bool>,
        notice: Option<Notice>,
    ) -> Decided {
        let now = self.now();
        let Some(code) = held else {
            return self.first_code(password, notice);
        };
        self.new_screen(notice);
        if code.is_live(now) {
            return self.stay(State::Code { code, password });
        }
        // Its place is taken by a code that the cardholder may ask for; else it is the expired one that is shown.
        match resend(&self.rules.policy.otp, &self.challenge, &code, now) {
            Resend::Now => {
                self.challenge.resends += 1;
                self.make_code(code.phone, password, notice.or(Some(Notice::NewCode)))
            }
            Resend::In(_) | Resend::Never => {
                self.stay_saying(State::Code { code, password }, Notice::Expired)
            }
        }
    }

    fn first_code(mut self, password: Option<bool>, notice: Option<Notice>) -> Decided {
        let means = self.challenge.means;
        match (means.phones, means.backend_sends) {
            (0, false) => {
                let method = self.other_method();
                self.end(Ending::NoPhone, method)
            }
            (0, true) => self.make_code(None, password, notice),
            // The backend sends to the phone that it knows; ours is for when it does not take the code.
            (1, _) | (_, true) => self.make_code(Some(0), password, notice),
            (_, false) => {
                self.new_screen(None);
                self.stay(State::ChoosingPhone { password })
            }
        }
    }

    /// Asks for a new code.
    pub(super) fn make_code(
        mut self,
        phone: Option<u8>,
        password: Option<bool>,
        notice: Option<Notice>,
    ) -> Decided {
        let code = self.new_code(phone);
        self.new_screen(notice);
        self.stay(State::Code { code, password })
    }

    fn new_code(&mut self, phone: Option<u8>) -> SentCode {
        let otp = &self.rules.policy.otp;
        let waits = &otp.resend_waits_seconds;
        let wait = waits
            .get(usize::from(self.challenge.resends))
            .or(waits.last())
            .copied()
            .unwrap_or_default();
        self.challenge.generation = self.challenge.generation.saturating_add(1);
        let generation = self.challenge.generation;
        self.effects.push(Effect::MakeCode { generation, phone });
        SentCode {
            generation,
            phone,
            progress: Progress::Sending,
            expires_at: self.now() + Duration::seconds(otp.ttl_seconds.into()),
            resend_at: self.now() + Duration::seconds(wait.into()),
        }
    }

    // ---- what may happen on every screen ---------------------------------------------------------------------------

    /// What comes of a wrong entry: `true` where it was the last.
    pub(super) fn wrong(&mut self, locked: bool) -> bool {
        self.challenge.wrong = self.challenge.wrong.saturating_add(1);
        let left = self.attempts_left();
        self.challenge.notice = Some(Notice::Wrong { attempts_left: left });
        left == 0 || locked
    }

    fn attempts_left(&self) -> u8 {
        self.rules
            .policy
            .otp
            .attempts
            .saturating_sub(self.challenge.wrong)
    }

    /// The cardholder leaves the screen, by giving up or by going on decoupled.
    pub(super) fn leave(mut self, event: Event, method: Method) -> Decided {
        let ending = match event {
            Event::Cancelled => Ending::Cancelled,
            Event::SdkTimedOut => Ending::SdkTimedOut,
            Event::PutOffAsked if self.challenge.means.put_off => Ending::PutOff,
            Event::Broken => Ending::Faulty,
            _ => return Err(Refused::NotAsked),
        };
        if matches!(ending, Ending::Cancelled | Ending::PutOff) {
            self.acted();
        }
        self.end(ending, method)
    }

    /// Whether the browser's time, or that of a decoupled authentication, is over.
    pub(super) fn is_over(&self) -> bool {
        self.now() >= self.challenge.until
    }

    /// What a carrier says of a code that the challenge has.
    pub(super) fn carried(&mut self, mut code: SentCode, event: Event) -> Result<Carried, Refused> {
        let (Event::CodeHandedOver { generation }
        | Event::CodeNotSent { generation }
        | Event::CodeMaybeLost { generation }
        | Event::CodeUndelivered { generation }) = event
        else {
            return Err(Refused::NotAsked);
        };
        if generation != code.generation || code.progress == Progress::Expired {
            return Err(Refused::OldCode);
        }
        match event {
            Event::CodeNotSent { .. } => Ok(Carried::ByNobody),
            Event::CodeMaybeLost { .. } | Event::CodeUndelivered { .. }
                if self.challenge.replaced < REPLACED_MAX =>
            {
                self.challenge.replaced += 1;
                Ok(Carried::Replaced(self.new_code(code.phone)))
            }
            _ => {
                code.progress = Progress::Sent;
                Ok(Carried::Still(code))
            }
        }
    }
}

/// Who carries a code.
#[derive(Debug)]
pub(super) enum Carried {
    /// Somebody, or at least it may still arrive: the code as it is now.
    Still(SentCode),
    /// It is lost, and this one takes its place.
    Replaced(SentCode),
    /// Nobody, and nobody will.
    ByNobody,
}
