//! The cardholder is to choose a phone.

use super::Refused;
use super::moves::{Decided, Turn};
use crate::challenge::ending::Ending;
use crate::challenge::event::Event;

pub(super) fn decide(mut turn: Turn<'_>, password: Option<bool>, event: Event) -> Decided {
    let method = turn.other_method();
    match event {
        Event::Opened => {
            turn.shown();
            turn.done()
        }
        Event::PhoneChosen(phone) if phone < turn.challenge.means.phones => {
            turn.acted();
            turn.make_code(Some(phone), password, None)
        }
        Event::AppInsteadAsked if turn.may_ask_app() => {
            turn.acted();
            turn.ask_app(None)
        }
        Event::TimePassed if turn.is_over() => turn.end(Ending::Abandoned, method),
        Event::TimePassed => turn.done(),
        Event::Cancelled | Event::PutOffAsked | Event::SdkTimedOut | Event::Broken => {
            turn.leave(event, method)
        }
        Event::PhoneChosen(_)
        | Event::Entered(_)
        | Event::NothingEntered
        | Event::ResendAsked
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked
        | Event::Continued
        | Event::AppAnswered(_)
        | Event::AppUnreachable => Err(Refused::NotAsked),
        Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => Err(Refused::OldCode),
    }
}
