//! No browser takes part: it has not come yet, or it never will.

use super::Refused;
use super::moves::{Decided, Turn};
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::{AppAnswer, Event};

/// The first CReq is awaited.
pub(super) fn awaited(mut turn: Turn<'_>, event: Event) -> Decided {
    let method = turn.first_method();
    match event {
        Event::Opened => {
            turn.shown();
            turn.ask_first()
        }
        Event::TimePassed if turn.is_over() => turn.end(Ending::NeverOpened, method),
        Event::TimePassed => turn.done(),
        Event::Broken => turn.end(Ending::Faulty, method),
        Event::PhoneChosen(_)
        | Event::Entered(_)
        | Event::NothingEntered
        | Event::ResendAsked
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked
        | Event::Continued
        | Event::Cancelled
        | Event::PutOffAsked
        | Event::SdkTimedOut
        | Event::AppAnswered(_)
        | Event::AppUnreachable
        | Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => Err(Refused::NotOpen),
    }
}

/// Only the app has a say.
pub(super) fn decoupled(turn: Turn<'_>, event: Event) -> Decided {
    match event {
        Event::AppAnswered(answer) => turn.end(said(answer), Method::Decoupled),
        Event::TimePassed if turn.is_over() => turn.end(Ending::DecoupledTimedOut, Method::Decoupled),
        // Who is not reached by the app's push may still open the app.
        Event::TimePassed | Event::AppUnreachable => turn.done(),
        Event::Broken => turn.end(Ending::Faulty, Method::Decoupled),
        Event::Opened
        | Event::PhoneChosen(_)
        | Event::Entered(_)
        | Event::NothingEntered
        | Event::ResendAsked
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked
        | Event::Continued
        | Event::Cancelled
        | Event::PutOffAsked
        | Event::SdkTimedOut
        | Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => Err(Refused::NotOpen),
    }
}

/// How a challenge ends that the app has answered.
pub(super) fn said(answer: AppAnswer) -> Ending {
    match answer {
        AppAnswer::Approved => Ending::Passed,
        AppAnswer::Denied => Ending::Denied,
        AppAnswer::NotMe => Ending::NotMe,
    }
}
