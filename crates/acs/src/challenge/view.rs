//! What a screen shows: all of it as data, in no markup.

use emv3ds::AcsTransId;
use emv3ds::code::ChallengeWindowSize;
use primitives::{Brand, Secret};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::language::Language;
use crate::phone::Phone;
use crate::purchase::Purchase;

/// What the cardholder gets to see next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    /// The challenge goes on.
    Challenge(Box<ChallengeView>),
    /// The browser goes back to the 3DS Server, by itself or by the press of a button.
    Return(Return),
    /// There is nothing to show and nowhere to go back to.
    Problem {
        /// The number of the error, as in an Erro.
        code: u16,
        /// What is wrong, for whoever debugs it: names of elements, nothing of the cardholder's.
        detail: String,
    },
}

/// A form that takes the browser back to the 3DS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// `notificationURL` of the AReq.
    pub url: String,
    /// The field's name: `cres` or `erro`.
    pub field: &'static str,
    /// The field's value: the message, base64url.
    pub value: String,
    /// `threeDSSessionData`, as it came.
    pub session_data: Option<String>,
}

/// An open challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeView {
    /// Goes into every form as `acsTransID`.
    pub acs_trans_id: AcsTransId,
    /// Goes into every form as `token`: an old one redraws the screen and does nothing.
    pub token: Uuid,
    /// What the texts are written in.
    pub language: Language,
    /// What is asked.
    pub kind: ViewKind,
    /// For whom and how much.
    pub purchase: Purchase,
    /// The last digits of the card.
    pub last_four: String,
    /// `•••• 4729`, where a code goes to a phone that is known here.
    pub masked_phone: Option<String>,
    /// The same phone whole, for a sandbox's links to its inbox; no page shows it.
    pub phone: Option<Phone>,
    /// What happened since the cardholder looked last.
    pub notice: Option<Notice>,
    /// Whether the cardholder may go on later, decoupled.
    pub may_put_off: bool,
    /// How the bank calls itself.
    pub bank_name: String,
    /// The bank's logo.
    pub logo_url: Option<String>,
    /// The card scheme.
    pub brand: Brand,
    /// The room there is.
    pub window_size: ChallengeWindowSize,
}

/// What the cardholder pressed on a screen.
#[derive(Debug, Clone)]
pub enum Pressed {
    /// What was typed, code or password as the screen asked.
    Submit(Secret<String>),
    /// A new code, please.
    Resend,
    /// That phone, by its place in the list.
    ChoosePhone(u8),
    /// A code instead of the app.
    CodeInstead,
    /// The app instead of a code.
    AppInstead,
    /// The app has been answered.
    Continue,
    /// Later, decoupled.
    PutOff,
    /// Enough.
    Cancel,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewKind {
    /// Which phone the code shall go to. The form's `phone` is the place in the list, from 0.
    ChoosePhone {
        /// The phones, masked.
        phones: Vec<String>,
        /// Whether the app can be asked instead.
        app_instead: bool,
    },
    /// To answer in the bank's app. The page asks for itself again meanwhile.
    App {
        /// Whether a code can be had instead.
        code_instead: bool,
    },
    /// The code that was sent.
    Code {
        /// How many digits.
        digits: u8,
        /// The code's own reference, which the message shows too.
        reference: Option<String>,
        /// For how many more seconds the code is good; 0 when it has expired.
        good_for_seconds: u32,
        /// Whether a new code can be had.
        resend: Resend,
        /// Whether the app can be asked instead.
        app_instead: bool,
    },
    /// The card's static password.
    Password,
}

/// Whether a new code can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// Now.
    Now,
    /// In so many seconds.
    In(u32),
    /// Not in this challenge.
    Never,
}

/// What happened since the cardholder looked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// What was typed is not right. With one attempt left the text says what comes next.
    Wrong {
        /// Entries that are left.
        attempts_left: u8,
    },
    /// Nothing was typed.
    NothingTyped,
    /// The code has expired.
    Expired,
    /// A new code is on its way, as the cardholder asked; the old one is void.
    NewCode,
    /// The old code seems lost, so that a new one is on its way.
    Replaced,
    /// It is too soon for a new code.
    TooSoon,
    /// There are no more codes in this challenge.
    NoMoreCodes,
    /// The app has not answered yet.
    NotConfirmedYet,
    /// The app did not answer, so that a code was sent.
    AppSilent,
}
