//! The one-time password is asked for.

use super::Refused;
use super::moves::{Carried, Decided, Turn, resend};
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::{Event, Judged};
use crate::challenge::state::{Progress, SentCode, State};
use crate::challenge::view::{Notice, Resend};
use crate::policy::OverResends;

pub(super) fn decide(mut turn: Turn<'_>, code: SentCode, password: Option<bool>, event: Event) -> Decided {
    let method = method(password);
    match event {
        Event::Opened => {
            turn.shown();
            turn.done()
        }
        Event::Entered(judged) => entered(turn, code, password, judged),
        Event::NothingEntered => {
            turn.shown();
            turn.stay_saying(State::Code { code, password }, Notice::NothingTyped)
        }
        Event::ResendAsked => resend_asked(turn, code, password),
        Event::AppInsteadAsked if turn.may_ask_app() => {
            turn.acted();
            turn.ask_app(Some(code))
        }
        Event::TimePassed if turn.is_over() => turn.end(Ending::Abandoned, method),
        Event::TimePassed => turn.done(),
        Event::Cancelled | Event::PutOffAsked | Event::SdkTimedOut | Event::Broken => {
            turn.leave(event, method)
        }
        Event::CodeHandedOver { .. }
        | Event::CodeNotSent { .. }
        | Event::CodeMaybeLost { .. }
        | Event::CodeUndelivered { .. } => match turn.carried(code, event)? {
            Carried::Still(code) => turn.stay(State::Code { code, password }),
            Carried::Replaced(code) => {
                turn.new_screen(Some(Notice::Replaced));
                turn.stay(State::Code { code, password })
            }
            Carried::ByNobody => turn.end(Ending::CodeNotSent, method),
        },
        Event::PhoneChosen(_)
        | Event::CodeInsteadAsked
        | Event::AppInsteadAsked
        | Event::Continued
        | Event::AppAnswered(_)
        | Event::AppUnreachable => Err(Refused::NotAsked),
    }
}

fn method(password: Option<bool>) -> Method {
    match password {
        Some(_) => Method::PasswordThenCode,
        None => Method::Code,
    }
}

fn entered(mut turn: Turn<'_>, code: SentCode, password: Option<bool>, judged: Judged) -> Decided {
    turn.acted();
    // An expired code was compared with nothing, and costs no attempt.
    if code.progress == Progress::Expired {
        return turn.stay_saying(State::Code { code, password }, Notice::Expired);
    }
    if judged.right && password != Some(false) && !judged.locked {
        return turn.end(Ending::Passed, method(password));
    }
    if turn.wrong(judged.locked) {
        return turn.end(Ending::AttemptsUsedUp, method(password));
    }
    match password {
        // Either of the two was wrong: both are asked for again, and the code is still good.
        Some(_) => turn.stay(State::Password { code: Some(code) }),
        None => turn.stay(State::Code { code, password }),
    }
}

fn resend_asked(mut turn: Turn<'_>, code: SentCode, password: Option<bool>) -> Decided {
    let otp = &turn.rules.policy.otp;
    match (resend(otp, &turn.challenge, &code, turn.now()), otp.over_resends) {
        (Resend::Now, _) => {
            turn.acted();
            turn.challenge.resends += 1;
            turn.make_code(code.phone, password, Some(Notice::NewCode))
        }
        (Resend::In(_), _) => {
            turn.shown();
            turn.stay_saying(State::Code { code, password }, Notice::TooSoon)
        }
        (Resend::Never, OverResends::Hide) => {
            turn.shown();
            turn.stay_saying(State::Code { code, password }, Notice::NoMoreCodes)
        }
        (Resend::Never, OverResends::End) => {
            turn.acted();
            turn.end(Ending::ResendsUsedUp, method(password))
        }
    }
}
