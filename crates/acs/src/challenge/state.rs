//! Where a challenge stands.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::ending::{Ending, Method};
use super::view::Notice;

/// One challenge, or one decoupled authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// How the cardholder can be asked; known from the beginning.
    pub means: Means,
    /// What is asked now.
    pub state: State,
    /// When it ends by itself unless something happens before: the browser's time, or the app's where it is decoupled.
    pub until: OffsetDateTime,
    /// What the cardholder has done: entries, presses of buttons, answers in the app. Told as `interactionCounter`.
    pub interactions: u16,
    /// Wrong entries.
    pub wrong: u8,
    /// New codes that the cardholder asked for.
    pub resends: u8,
    /// New codes that took the place of lost ones.
    pub replaced: u8,
    /// How often the app was asked.
    pub app_asked: u8,
    /// The number of the newest code; 0 before the first.
    pub generation: u16,
    /// What the screen says besides its form.
    pub notice: Option<Notice>,
    /// What the screen's forms carry: new with every change that makes the old forms void, so that a form counts once.
    pub screen: Uuid,
}

/// How a cardholder can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Means {
    /// The bank's app is registered.
    pub app: bool,
    /// The card has a static password.
    pub password: bool,
    /// How many phones are known. They are named by their place in the list, from 0.
    pub phones: u8,
    /// The issuer's backend sends, so that a code can be sent without a phone that we know.
    pub backend_sends: bool,
    /// The requestor allows the challenge to be gone on with decoupled.
    pub put_off: bool,
}

/// What is asked, with what is true while it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum State {
    /// The ARes said `C`, and no browser has come yet.
    Awaited {},
    /// Which phone the code shall go to.
    ChoosingPhone {
        /// As in [`State::Code`].
        password: Option<bool>,
    },
    /// Yes or no, in the bank's app.
    AskingApp {
        /// When a code is sent instead; `None` where there is no other way.
        #[serde(with = "time::serde::rfc3339::option")]
        app_until: Option<OffsetDateTime>,
        /// How often the cardholder has said that it is done while it was not.
        early: u8,
        /// The code that was asked for before, still good if not expired.
        code: Option<SentCode>,
    },
    /// The static password.
    Password {
        /// The code that follows, where it was made for an earlier try of both.
        code: Option<SentCode>,
    },
    /// The one-time password.
    Code {
        /// Which.
        code: SentCode,
        /// Whether the static password before it was right; `None` where none was asked for. Judged together, so that nobody
        /// learns which of the two was wrong (RTS (EU) 2018/389, article 4(3)(a)).
        password: Option<bool>,
    },
    /// Decoupled: yes or no in the bank's app, and no browser takes part.
    Decoupled {},
    /// Ended; nothing happens any more.
    Done {
        /// How.
        ending: Ending,
        /// What the cardholder was asked for at the end.
        method: Method,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

/// A one-time password, without its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentCode {
    /// Its number within the challenge, from 1.
    pub generation: u16,
    /// Which of the cardholder's phones; `None` where only the issuer's backend knows.
    pub phone: Option<u8>,
    /// How far it has come.
    pub progress: Progress,
    /// When it is void.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When the cardholder may ask for another.
    #[serde(with = "time::serde::rfc3339")]
    pub resend_at: OffsetDateTime,
}

/// How far a code has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Made and queued; nobody has taken it yet. It may be typed all the same.
    Sending,
    /// Somebody carries it.
    Sent,
    /// Its time is over.
    Expired,
}

impl SentCode {
    /// Whether it may still be typed.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.progress != Progress::Expired && now < self.expires_at
    }

    /// For how many more seconds it may be typed.
    pub fn seconds_to_live(&self, now: OffsetDateTime) -> u32 {
        match self.progress {
            Progress::Expired => 0,
            Progress::Sending | Progress::Sent => seconds_until(self.expires_at, now),
        }
    }

    /// How many seconds the cardholder must wait before asking for another.
    pub fn seconds_to_resend(&self, now: OffsetDateTime) -> u32 {
        seconds_until(self.resend_at, now)
    }
}

/// Whole seconds, counted up.
fn seconds_until(then: OffsetDateTime, now: OffsetDateTime) -> u32 {
    let left = then - now;
    let begun = i64::from(left.subsec_nanoseconds() > 0);
    u32::try_from(left.whole_seconds() + begun).unwrap_or_default()
}

impl State {
    /// The name, as stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Awaited {} => "awaited",
            Self::ChoosingPhone { .. } => "choosing_phone",
            Self::AskingApp { .. } => "asking_app",
            Self::Password { .. } => "password",
            Self::Code { .. } => "code",
            Self::Decoupled {} => "decoupled",
            Self::Done { .. } => "done",
        }
    }

    /// The newest code, while it belongs to the challenge.
    pub fn code(&self) -> Option<&SentCode> {
        match self {
            Self::AskingApp { code, .. } | Self::Password { code } => code.as_ref(),
            Self::Code { code, .. } => Some(code),
            Self::Awaited {} | Self::ChoosingPhone { .. } | Self::Decoupled {} | Self::Done { .. } => None,
        }
    }
}

impl Challenge {
    /// A challenge that waits for its first CReq, which may take `patience`.
    pub fn awaited(means: Means, screen: Uuid, now: OffsetDateTime, patience: Duration) -> Self {
        Self::begun(means, State::Awaited {}, screen, now + patience)
    }

    /// A decoupled authentication: the app has `patience`.
    pub fn decoupled(means: Means, screen: Uuid, now: OffsetDateTime, patience: Duration) -> Self {
        Self::begun(means, State::Decoupled {}, screen, now + patience)
    }

    fn begun(means: Means, state: State, screen: Uuid, until: OffsetDateTime) -> Self {
        Self {
            means,
            state,
            until,
            interactions: 0,
            wrong: 0,
            resends: 0,
            replaced: 0,
            app_asked: 0,
            generation: 0,
            notice: None,
            screen,
        }
    }

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Done { ending, .. } => Some(ending),
            _ => None,
        }
    }

    /// When somebody must look again although nothing has happened: the earliest of its times, or never once it is done.
    pub fn deadline_at(&self) -> Option<OffsetDateTime> {
        let app_until = match self.state {
            State::Done { .. } => return None,
            State::AskingApp { app_until, .. } => app_until,
            _ => None,
        };
        let code = self.state.code();
        let expires_at = code
            .filter(|code| code.progress != Progress::Expired)
            .map(|code| code.expires_at);
        [app_until, expires_at]
            .into_iter()
            .flatten()
            .chain([self.until])
            .min()
    }
}
