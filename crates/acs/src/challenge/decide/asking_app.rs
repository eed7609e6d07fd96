//! The bank's app is asked, while the browser waits.

use time::OffsetDateTime;

use super::Refused;
use super::moves::{Carried, Decided, EARLY_MAX, Turn};
use super::unattended::said;
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::Event;
use crate::challenge::state::{SentCode, State};
use crate::challenge::view::Notice;

/// What is known while the app is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) app_until: Option<OffsetDateTime>,
    pub(super) early: u8,
    pub(super) code: Option<SentCode>,
}

impl From<Asked> for State {
    fn from(asked: Asked) -> Self {
        Self::AskingApp {
            app_until: asked.app_until,
            early: asked.early,
            code: asked.code,
        }
    }
}

pub(super) fn decide(mut turn: Turn<'_>, asked: Asked, event: Event) -> Decided {
    match event {
        Event::Opened => {
            turn.shown();
            turn.done()
        }
        Event::AppAnswered(answer) => {
            turn.acted();
            turn.end(said(answer), Method::App)
        }
        Event::Continued => continued(turn, asked),
        Event::CodeInsteadAsked if turn.rules.policy.app.code_instead && turn.has_other_way() => {
            turn.acted();
            turn.ask_otherwise(asked.code, None)
        }
        Event::AppUnreachable => {
            if turn.has_other_way() {
                turn.shown();
                turn.ask_otherwise(asked.code, None)
            } else {
                turn.end(Ending::NoPhone, Method::App)
            }
        }
        Event::TimePassed if turn.is_over() => turn.end(Ending::Abandoned, Method::App),
        Event::TimePassed if asked.app_until.is_some_and(|until| turn.now() >= until) => {
            turn.shown();
            turn.ask_otherwise(asked.code, Some(Notice::AppSilent))
        }
        Event::TimePassed => turn.done(),
        Event::Cancelled | Event::PutOffAsked | Event::SdkTimedOut | Event::Broken => {
            turn.leave(event, Method::App)
        }
        Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => carried(turn, asked, event),
        Event::PhoneChosen(_)
        | Event::Entered(_)
        | Event::NothingEntered
        | Event::ResendAsked
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked => Err(Refused::NotAsked),
    }
}

/// The cardholder says that the app was answered, and we have not heard of it.
fn continued(mut turn: Turn<'_>, asked: Asked) -> Decided {
    turn.shown();
    let early = asked.early.saturating_add(1);
    if early >= EARLY_MAX && turn.has_other_way() {
        turn.ask_otherwise(asked.code, Some(Notice::AppSilent))
    } else {
        turn.stay_saying(Asked { early, ..asked }.into(), Notice::NotConfirmedYet)
    }
}

/// The app has its turn whatever becomes of a code from before: one that nobody carries is forgotten, and none is made in
/// its place.
fn carried(mut turn: Turn<'_>, asked: Asked, event: Event) -> Decided {
    let code = asked.code.ok_or(Refused::OldCode)?;
    let code = match event {
        Event::CodeHandedOver { .. } => match turn.carried(code, event)? {
            Carried::Still(code) | Carried::Replaced(code) => Some(code),
            Carried::ByNobody => None,
        },
        Event::CodeNotSent { generation }
        | Event::CodeMaybeLost { generation }
        | Event::CodeUndelivered { generation }
            if generation == code.generation =>
        {
            None
        }
        _ => return Err(Refused::OldCode),
    };
    turn.stay(Asked { code, ..asked }.into())
}
