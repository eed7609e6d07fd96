//! What holds of every challenge, whatever happens to it.

use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

use super::testing::{START, at, rules};
use super::{REPLACED_MAX, decide};
use crate::challenge::event::{AppAnswer, Effect, Event, Judged};
use crate::challenge::state::{Challenge, Means};
use crate::policy::{OverResends, Policy};

fn events() -> impl Strategy<Value = Event> {
    let generation = || 0..6_u16;
    prop_oneof![
        3 => Just(Event::Opened),
        1 => (0..4_u8).prop_map(Event::PhoneChosen),
        4 => (any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(right, locked)| Event::Entered(Judged { right, locked })),
        1 => Just(Event::NothingEntered),
        3 => Just(Event::ResendAsked),
        2 => Just(Event::CodeInsteadAsked),
        2 => Just(Event::AppInsteadAsked),
        1 => Just(Event::Continued),
        1 => Just(Event::Cancelled),
        1 => Just(Event::PutOffAsked),
        1 => Just(Event::SdkTimedOut),
        1 => prop_oneof![
            Just(AppAnswer::Approved),
            Just(AppAnswer::Denied),
            Just(AppAnswer::NotMe)
        ]
        .prop_map(Event::AppAnswered),
        1 => Just(Event::AppUnreachable),
        2 => generation().prop_map(|generation| Event::CodeHandedOver { generation }),
        1 => generation().prop_map(|generation| Event::CodeNotSent { generation }),
        2 => generation().prop_map(|generation| Event::CodeMaybeLost { generation }),
        2 => generation().prop_map(|generation| Event::CodeUndelivered { generation }),
        2 => Just(Event::TimePassed),
        1 => Just(Event::Broken),
    ]
}

prop_compose! {
    fn means()(
        app in any::<bool>(),
        password in prop::bool::weighted(0.3),
        phones in 0..4_u8,
        backend_sends in prop::bool::weighted(0.2),
        put_off in any::<bool>(),
    ) -> Means {
        Means { app, password, phones, backend_sends, put_off }
    }
}

prop_compose! {
    fn policies()(
        attempts in 1..=5_u8,
        resends in 0..=5_u8,
        end in any::<bool>(),
        password_then_code in any::<bool>(),
        waits in prop::collection::vec(0..100_u32, 0..4),
    ) -> Policy {
        let mut policy = Policy { password_then_code, ..Policy::default() };
        policy.otp.attempts = attempts;
        policy.otp.resends = resends;
        policy.otp.resend_waits_seconds = waits;
        policy.otp.over_resends = if end { OverResends::End } else { OverResends::Hide };
        policy
    }
}

/// What happened, each so many seconds after the one before.
fn histories() -> impl Strategy<Value = Vec<(Event, i64)>> {
    prop::collection::vec((events(), 0..90_i64), 0..40)
}

proptest! {
    #[test]
    fn counters_keep_their_limits_and_a_result_never_changes(
        means in means(),
        policy in policies(),
        decoupled in prop::bool::weighted(0.1),
        history in histories(),
    ) {
        let begin = if decoupled { Challenge::decoupled } else { Challenge::awaited };
        let mut challenge = begin(means, Uuid::from_u128(1), START, Duration::seconds(30));
        let (mut seconds, mut reports, mut made) = (0, 0, Vec::new());
        for (event, pause) in history {
            seconds += pause;
            let Ok(step) = decide(&rules(&policy), &challenge, event, at(seconds)) else { continue };
            let next = step.challenge;
            // An ended challenge does nothing more.
            prop_assert!(challenge.ending().is_none());
            // Counters only grow, and keep their limits.
            prop_assert!(next.interactions >= challenge.interactions);
            prop_assert!(next.interactions <= challenge.interactions + 1);
            prop_assert!(next.wrong >= challenge.wrong && next.wrong <= policy.otp.attempts);
            prop_assert!(next.resends >= challenge.resends && next.resends <= policy.otp.resends);
            prop_assert!(next.generation >= challenge.generation);
            prop_assert!(next.replaced <= REPLACED_MAX);
            // Who may still enter something has attempts left.
            prop_assert!(next.ending().is_some() || next.wrong < policy.otp.attempts);
            for effect in step.effects {
                match effect {
                    Effect::MakeCode { generation, phone } => {
                        made.push(generation);
                        prop_assert!(phone.is_some_and(|phone| phone < means.phones) || means.backend_sends);
                        prop_assert_eq!(next.state.code().map(|code| code.generation), Some(generation));
                    }
                    Effect::AskApp => prop_assert!(means.app),
                    Effect::Report => reports += 1,
                    Effect::NotifyIssuer => {}
                }
            }
            prop_assert_eq!(reports, u32::from(next.ending().is_some()));
            prop_assert_eq!(next.deadline_at().is_some(), next.ending().is_none());
            challenge = next;
        }
        // Every code was made once, in its order.
        prop_assert_eq!(made, (1..=challenge.generation).collect::<Vec<_>>());
    }

    #[test]
    fn a_challenge_that_nobody_touches_any_more_ends_by_itself(
        means in means(),
        policy in policies(),
        history in histories(),
    ) {
        let mut challenge = Challenge::awaited(means, Uuid::from_u128(1), START, Duration::seconds(30));
        let mut seconds = 0;
        for (event, pause) in history {
            seconds += pause;
            if let Ok(step) = decide(&rules(&policy), &challenge, event, at(seconds)) {
                challenge = step.challenge;
            }
        }
        // When only the clock goes on, looked at whenever a time is over
        for _ in 0..20 {
            let Some(deadline) = challenge.deadline_at() else { break };
            let moment = primitives::Moment::new(deadline, Uuid::from_u128(2));
            challenge = decide(&rules(&policy), &challenge, Event::TimePassed, moment).unwrap().challenge;
        }
        prop_assert!(challenge.ending().is_some());
    }
}
