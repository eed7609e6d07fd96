//! Challenges in every state, for the tests of the rules.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use primitives::Moment;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{Refused, Rules, Step, decide};
use crate::challenge::event::{AppAnswer, Event, Judged};
use crate::challenge::state::{Challenge, Means};
use crate::policy::Policy;

pub const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

/// A moment so many seconds after the start; its nonce is told by the number.
pub fn at(seconds: i64) -> Moment {
    Moment::new(
        START + Duration::seconds(seconds),
        Uuid::from_u128(1_000 + u128::try_from(seconds).unwrap()),
    )
}

pub fn policy() -> Policy {
    Policy::default()
}

pub fn rules(policy: &Policy) -> Rules<'_> {
    Rules {
        policy,
        patience: Duration::seconds(600),
    }
}

/// One phone, and nothing else.
pub fn phone() -> Means {
    Means {
        app: false,
        password: false,
        phones: 1,
        backend_sends: false,
        put_off: false,
    }
}

pub fn app_and_phone() -> Means {
    Means { app: true, ..phone() }
}

pub fn password() -> Means {
    Means {
        password: true,
        ..phone()
    }
}

/// What the ARes left behind at the start.
pub fn awaited(means: Means) -> Challenge {
    Challenge::awaited(means, Uuid::from_u128(1), START, Duration::seconds(30))
}

pub const RIGHT: Event = Event::Entered(Judged {
    right: true,
    locked: false,
});
pub const WRONG: Event = Event::Entered(Judged {
    right: false,
    locked: false,
});
pub const APPROVED: Event = Event::AppAnswered(AppAnswer::Approved);

/// Lets things happen one after the other, each so many seconds after the start.
pub fn after(policy: &Policy, begun: Challenge, events: &[(Event, i64)]) -> Step {
    let begun = Step {
        challenge: begun,
        effects: Vec::new(),
    };
    events.iter().fold(begun, |step, (event, seconds)| {
        decide(&rules(policy), &step.challenge, *event, at(*seconds))
            .unwrap_or_else(|refused| panic!("{event:?} in {:?}: {refused}", step.challenge.state))
    })
}

/// The same up to the last, whose answer it is.
pub fn last(policy: &Policy, begun: Challenge, events: &[(Event, i64)]) -> Result<Step, Refused> {
    let ((event, seconds), before) = events.split_last().unwrap();
    let challenge = after(policy, begun, before).challenge;
    decide(&rules(policy), &challenge, *event, at(*seconds))
}
