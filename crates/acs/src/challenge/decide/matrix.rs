//! Every state against every event, as a table to be read; and how every ending is told.

use time::Duration;
use uuid::Uuid;

use super::decide;
use super::testing::*;
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::{AppAnswer, Effect, Event, Judged};
use crate::challenge::state::{Challenge, Means, State};
use crate::policy::Policy;
use emv3ds::Version;

fn both() -> Policy {
    Policy {
        password_then_code: true,
        ..policy()
    }
}

fn states() -> Vec<(&'static str, Policy, Challenge)> {
    let (one, two) = (policy(), both());
    let state = |name, policy: &Policy, begun, events: &[(Event, i64)]| {
        (name, policy.clone(), after(policy, begun, events).challenge)
    };
    let opened = (Event::Opened, 1);
    let several = Means {
        phones: 3,
        ..app_and_phone()
    };
    let app_only = Means {
        phones: 0,
        ..app_and_phone()
    };
    let handed_over = (Event::CodeHandedOver { generation: 1 }, 2);
    vec![
        state("awaited", &one, awaited(phone()), &[]),
        state(
            "choosing_phone",
            &one,
            awaited(several),
            &[opened, (Event::CodeInsteadAsked, 2)],
        ),
        state("asking_app", &one, awaited(app_and_phone()), &[opened]),
        state("asking_app, no other way", &one, awaited(app_only), &[opened]),
        state(
            "asking_app, a code sent before",
            &one,
            awaited(app_and_phone()),
            &[opened, (Event::CodeInsteadAsked, 2), (Event::AppInsteadAsked, 3)],
        ),
        state("password", &one, awaited(password()), &[opened]),
        state("password, a code follows", &two, awaited(password()), &[opened]),
        state(
            "password again, with a code sent before",
            &two,
            awaited(password()),
            &[opened, (RIGHT, 2), (WRONG, 3)],
        ),
        state("code, sending", &one, awaited(phone()), &[opened]),
        state("code, sent", &one, awaited(phone()), &[opened, handed_over]),
        state(
            "code, after a right password",
            &two,
            awaited(password()),
            &[opened, (RIGHT, 2)],
        ),
        state(
            "code, after a wrong password",
            &two,
            awaited(password()),
            &[opened, (WRONG, 2)],
        ),
        state(
            "code, with one attempt left",
            &one,
            awaited(app_and_phone()),
            &[opened, (Event::CodeInsteadAsked, 2), (WRONG, 3), (WRONG, 4)],
        ),
        state(
            "code, expired",
            &one,
            awaited(phone()),
            &[opened, handed_over, (Event::TimePassed, 302)],
        ),
        (
            "decoupled",
            one.clone(),
            Challenge::decoupled(
                app_and_phone(),
                Uuid::from_u128(1),
                START,
                Duration::seconds(3_600),
            ),
        ),
        state("done", &one, awaited(phone()), &[opened, (RIGHT, 2)]),
    ]
}

fn events() -> Vec<(&'static str, Event, i64)> {
    let entered = |right, locked| Event::Entered(Judged { right, locked });
    let soon = 10;
    vec![
        ("opened", Event::Opened, soon),
        ("phone chosen", Event::PhoneChosen(2), soon),
        ("phone chosen that is none", Event::PhoneChosen(3), soon),
        ("right", entered(true, false), soon),
        ("right, card locked", entered(true, true), soon),
        ("wrong", entered(false, false), soon),
        ("wrong, card locked", entered(false, true), soon),
        ("nothing entered", Event::NothingEntered, soon),
        ("resend asked too soon", Event::ResendAsked, soon),
        ("resend asked", Event::ResendAsked, 100),
        ("code instead asked", Event::CodeInsteadAsked, soon),
        ("app instead asked", Event::AppInsteadAsked, soon),
        ("continued", Event::Continued, soon),
        ("cancelled", Event::Cancelled, soon),
        ("put off, not allowed", Event::PutOffAsked, soon),
        ("sdk timed out", Event::SdkTimedOut, soon),
        ("app approved", Event::AppAnswered(AppAnswer::Approved), soon),
        ("app denied", Event::AppAnswered(AppAnswer::Denied), soon),
        ("app: not me", Event::AppAnswered(AppAnswer::NotMe), soon),
        ("app unreachable", Event::AppUnreachable, soon),
        ("code handed over", Event::CodeHandedOver { generation: 1 }, soon),
        ("code not sent", Event::CodeNotSent { generation: 1 }, soon),
        ("code maybe lost", Event::CodeMaybeLost { generation: 1 }, soon),
        ("code undelivered", Event::CodeUndelivered { generation: 1 }, soon),
        ("other code not sent", Event::CodeNotSent { generation: 9 }, soon),
        ("time passed, none over", Event::TimePassed, soon),
        ("time passed, the app's", Event::TimePassed, 63),
        ("time passed, the code's", Event::TimePassed, 320),
        ("time passed, the challenge's", Event::TimePassed, 4_000),
        ("right, too late", entered(true, false), 4_000),
        ("broken", Event::Broken, soon),
    ]
}

/// One line: what comes of the event.
fn line(policy: &Policy, challenge: &Challenge, event: Event, seconds: i64) -> String {
    let step = match decide(&rules(policy), challenge, event, at(seconds)) {
        Err(refused) => return format!("refused: {refused}"),
        Ok(step) => step,
    };
    let next = step.challenge;
    let mut said = vec![match next.state {
        State::Done { ending, method, .. } => format!("done {} by {}", ending.name(), method.name()),
        _ => next.state.name().to_owned(),
    }];
    if let State::Code { code, password } = next.state {
        said.push(format!("#{} {:?} {password:?}", code.generation, code.progress));
    }
    if let Some(notice) = next.notice {
        said.push(format!("says {notice:?}"));
    }
    for effect in step.effects {
        said.push(match effect {
            Effect::MakeCode { generation, phone } => format!("make:#{generation} for {phone:?}"),
            Effect::AskApp => "ask-app".to_owned(),
            Effect::Report => "report".to_owned(),
            Effect::NotifyIssuer => "notify".to_owned(),
        });
    }
    if next.interactions > challenge.interactions {
        said.push("counts".to_owned());
    }
    said.join(", ")
}

#[test]
fn every_state_says_what_every_event_means() {
    let mut table = String::new();
    for (name, policy, challenge) in states() {
        table.push_str(&format!("{name}\n"));
        for (event_name, event, seconds) in events() {
            let line = line(&policy, &challenge, event, seconds);
            table.push_str(&format!("    {event_name:<29} {line}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_step_leaves_an_open_challenge_that_nobody_looks_at_again() {
    for (name, policy, challenge) in states() {
        for (event_name, event, seconds) in events() {
            if let Ok(step) = decide(&rules(&policy), &challenge, event, at(seconds)) {
                let next = step.challenge;
                assert_eq!(
                    next.ending().is_none(),
                    next.deadline_at().is_some(),
                    "{name} {event_name}"
                );
                // Whoever looks when the time comes finds something to do, so that nobody looks in vain for ever.
                let Some(deadline) = next.deadline_at() else {
                    continue;
                };
                assert!(deadline > at(seconds).now, "{name} {event_name}");
            }
        }
    }
}

#[test]
fn every_ending_says_how_it_is_told() {
    let mut table = String::new();
    for ending in Ending::ALL {
        let reason = |version| {
            ending
                .reason(version)
                .map_or("-".to_owned(), |reason| reason.as_str().to_owned())
        };
        let cancel = ending
            .challenge_cancel()
            .map_or("-".to_owned(), |cancel| cancel.as_str().to_owned());
        table.push_str(&format!(
            "{:<20} {} reason {} (2.1.0: {}) cancel {cancel}\n",
            ending.name(),
            ending.status().as_str(),
            reason(Version::V2_3_1),
            reason(Version::V2_1_0),
        ));
    }
    for method in [
        Method::Code,
        Method::Password,
        Method::PasswordThenCode,
        Method::App,
        Method::Decoupled,
    ] {
        let methods = |version| {
            let methods = method.authentication_methods(version).unwrap_or_default();
            methods
                .iter()
                .map(|method| method.as_str().to_owned())
                .collect::<Vec<_>>()
                .join("+")
        };
        table.push_str(&format!(
            "by {:<18} type {} method {} (2.2.0: {})\n",
            method.name(),
            method.authentication_type().as_str(),
            methods(Version::V2_3_1),
            methods(Version::V2_2_0),
        ));
    }
    insta::assert_snapshot!(table);
}
