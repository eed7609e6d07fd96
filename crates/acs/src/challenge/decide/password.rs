//! The static password is asked for.

use super::Refused;
use super::moves::{Carried, Decided, Turn};
use crate::challenge::ending::Ending;
use crate::challenge::event::{Event, Judged};
use crate::challenge::state::{SentCode, State};
use crate::challenge::view::Notice;

pub(super) fn decide(mut turn: Turn<'_>, code: Option<SentCode>, event: Event) -> Decided {
    let method = turn.other_method();
    match event {
        Event::Opened => {
            turn.shown();
            turn.done()
        }
        Event::Entered(judged) => entered(turn, code, judged),
        Event::NothingEntered => {
            turn.shown();
            turn.stay_saying(State::Password { code }, Notice::NothingTyped)
        }
        Event::AppInsteadAsked if turn.may_ask_app() => {
            turn.acted();
            turn.ask_app(code)
        }
        Event::TimePassed if turn.is_over() => turn.end(Ending::Abandoned, method),
        Event::TimePassed => turn.done(),
        Event::Cancelled | Event::PutOffAsked | Event::SdkTimedOut | Event::Broken => {
            turn.leave(event, method)
        }
        Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => {
            let code = code.ok_or(Refused::OldCode)?;
            match turn.carried(code, event)? {
                Carried::Still(code) | Carried::Replaced(code) => {
                    turn.stay(State::Password { code: Some(code) })
                }
                Carried::ByNobody => turn.end(Ending::CodeNotSent, method),
            }
        }
        Event::PhoneChosen(_)
        | Event::ResendAsked
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked
        | Event::Continued
        | Event::AppAnswered(_)
        | Event::AppUnreachable => Err(Refused::NotAsked),
    }
}

fn entered(mut turn: Turn<'_>, code: Option<SentCode>, judged: Judged) -> Decided {
    let method = turn.other_method();
    turn.acted();
    if turn.wants_both() {
        // Judged with the code, so that a wrong password is not told from a wrong code.
        return turn.ask_code(code, Some(judged.right), None);
    }
    if judged.right && !judged.locked {
        return turn.end(Ending::Passed, method);
    }
    if turn.wrong(judged.locked) {
        return turn.end(Ending::AttemptsUsedUp, method);
    }
    turn.stay(State::Password { code })
}
