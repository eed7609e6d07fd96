//! Challenges from the beginning to the end, one story a test.

use super::testing::*;
use super::{APP_ASKED_MAX, EARLY_MAX, REPLACED_MAX, Refused};
use crate::challenge::ending::{Ending, Method};
use crate::challenge::event::{AppAnswer, Effect, Event, Judged};
use crate::challenge::state::{Means, State};
use crate::challenge::view::Notice;
use crate::policy::{OverResends, Policy};

const OPENED: (Event, i64) = (Event::Opened, 1);

#[test]
fn a_code_is_right_on_any_try_before_the_last() {
    for wrongs in 0..3_u8 {
        // Given so many wrong entries
        let mut events = vec![OPENED];
        events.extend((0..wrongs).map(|_| (WRONG, 5)));
        // When the next is right
        events.push((RIGHT, 9));
        let step = after(&policy(), awaited(phone()), &events);
        // Then the cardholder has passed, and every entry was counted
        assert_eq!(step.challenge.ending(), Some(Ending::Passed));
        assert_eq!(step.challenge.interactions, u16::from(wrongs) + 1);
        assert_eq!(step.effects, [Effect::Report, Effect::NotifyIssuer]);
    }
}

#[test]
fn the_last_wrong_entry_ends_the_challenge_and_a_right_one_after_it_is_refused() {
    let events = [OPENED, (WRONG, 2), (WRONG, 3), (WRONG, 4)];
    let step = after(&policy(), awaited(phone()), &events);
    assert_eq!(step.challenge.ending(), Some(Ending::AttemptsUsedUp));
    assert_eq!(
        last(&policy(), step.challenge, &[(RIGHT, 5)]),
        Err(Refused::Ended)
    );
}

#[test]
fn a_wrong_entry_says_how_many_are_left() {
    let step = after(&policy(), awaited(phone()), &[OPENED, (WRONG, 2)]);
    assert_eq!(step.challenge.notice, Some(Notice::Wrong { attempts_left: 2 }));
}

#[test]
fn a_card_that_other_challenges_have_locked_passes_with_no_code() {
    let locked = Event::Entered(Judged {
        right: true,
        locked: true,
    });
    let step = after(&policy(), awaited(phone()), &[OPENED, (locked, 2)]);
    assert_eq!(step.challenge.ending(), Some(Ending::AttemptsUsedUp));
}

#[test]
fn a_refreshed_browser_costs_nothing_and_gets_its_time_anew() {
    // Given a code that was sent
    let sent = after(&policy(), awaited(phone()), &[OPENED, (WRONG, 5)]).challenge;
    // When the same CReq comes again
    let step = after(&policy(), sent.clone(), &[(Event::Opened, 200)]);
    // Then nothing is sent or counted, and the screen is the same
    assert_eq!(step.effects, []);
    assert_eq!(step.challenge.until, at(800).now);
    assert_eq!(
        step.challenge,
        crate::challenge::Challenge {
            until: at(800).now,
            ..sent
        }
    );
}

#[test]
fn each_new_code_is_waited_for_longer_and_the_limit_hides_the_button() {
    // Given waits of 30, 60 and 120 seconds, When the cardholder asks at the earliest time for each
    let asked = |seconds| (Event::ResendAsked, seconds);
    let events = [OPENED, asked(31), asked(91), asked(211)];
    let step = after(&policy(), awaited(phone()), &events);
    // Then the third is the last
    assert_eq!((step.challenge.resends, step.challenge.generation), (3, 4));
    let over = after(&policy(), step.challenge, &[asked(400)]);
    assert_eq!(over.effects, []);
    assert_eq!(over.challenge.notice, Some(Notice::NoMoreCodes));
    assert_eq!(over.challenge.interactions, 3);
}

#[test]
fn a_request_inside_the_wait_sends_nothing_and_moves_no_counter() {
    for early in [2, 30] {
        let step = after(
            &policy(),
            awaited(phone()),
            &[OPENED, (Event::ResendAsked, early)],
        );
        assert_eq!(step.effects, []);
        assert_eq!((step.challenge.resends, step.challenge.interactions), (0, 0));
        assert_eq!(step.challenge.notice, Some(Notice::TooSoon));
    }
}

#[test]
fn one_code_too_many_ends_the_challenge_where_the_issuer_says_so() {
    let mut policy = policy();
    policy.otp.resends = 0;
    policy.otp.over_resends = OverResends::End;
    let step = after(&policy, awaited(phone()), &[OPENED, (Event::ResendAsked, 2)]);
    assert_eq!(step.challenge.ending(), Some(Ending::ResendsUsedUp));
}

#[test]
fn a_code_is_good_up_to_its_last_moment_and_an_entry_after_it_costs_no_attempt() {
    let in_time = after(&policy(), awaited(phone()), &[OPENED, (RIGHT, 300)]);
    assert_eq!(in_time.challenge.ending(), Some(Ending::Passed));
    let late = after(&policy(), awaited(phone()), &[OPENED, (RIGHT, 301)]);
    assert_eq!(late.challenge.ending(), None);
    assert_eq!((late.challenge.wrong, late.challenge.interactions), (0, 1));
    assert_eq!(late.challenge.notice, Some(Notice::Expired));
}

#[test]
fn the_first_creq_and_every_answer_after_it_have_their_time() {
    let never = after(&policy(), awaited(phone()), &[(Event::TimePassed, 30)]);
    assert_eq!(never.challenge.ending(), Some(Ending::NeverOpened));
    let late = after(&policy(), awaited(phone()), &[(Event::Opened, 30)]);
    assert_eq!(late.challenge.ending(), Some(Ending::NeverOpened));
    let left = after(&policy(), awaited(phone()), &[OPENED, (Event::TimePassed, 601)]);
    assert_eq!(left.challenge.ending(), Some(Ending::Abandoned));
}

#[test]
fn who_has_several_phones_chooses_one_and_new_codes_go_there_too() {
    let several = Means { phones: 3, ..phone() };
    let events = [OPENED, (Event::PhoneChosen(1), 5)];
    let step = after(&policy(), awaited(several), &events);
    let to = |generation| Effect::MakeCode {
        generation,
        phone: Some(1),
    };
    assert_eq!(step.effects, [to(1)]);
    let again = after(&policy(), step.challenge, &[(Event::ResendAsked, 40)]);
    assert_eq!(again.effects, [to(2)]);
}

#[test]
fn where_the_issuers_backend_sends_nobody_chooses_a_phone_and_none_is_needed() {
    for (phones, phone) in [(0, None), (3, Some(0))] {
        let means = Means {
            phones,
            backend_sends: true,
            ..super::testing::phone()
        };
        let step = after(&policy(), awaited(means), &[OPENED]);
        assert_eq!(step.effects, [Effect::MakeCode { generation: 1, phone }]);
    }
}

#[test]
fn nobody_can_be_asked_who_has_no_phone_and_no_app() {
    let nothing = Means { phones: 0, ..phone() };
    let step = after(&policy(), awaited(nothing), &[OPENED]);
    assert_eq!(step.challenge.ending(), Some(Ending::NoPhone));
}

#[test]
fn the_app_is_asked_first_and_a_code_sent_when_it_is_silent() {
    let asked = after(&policy(), awaited(app_and_phone()), &[OPENED]);
    assert_eq!(asked.effects, [Effect::AskApp]);
    let silent = after(&policy(), asked.challenge, &[(Event::TimePassed, 61)]);
    assert_eq!(
        silent.effects,
        [Effect::MakeCode {
            generation: 1,
            phone: Some(0)
        }]
    );
    assert_eq!(silent.challenge.notice, Some(Notice::AppSilent));
    // What the app says afterwards comes too late.
    assert_eq!(
        last(&policy(), silent.challenge, &[(APPROVED, 62)]),
        Err(Refused::NotAsked)
    );
}

#[test]
fn what_the_app_says_ends_the_challenge() {
    for (answer, ending) in [
        (AppAnswer::Approved, Ending::Passed),
        (AppAnswer::Denied, Ending::Denied),
        (AppAnswer::NotMe, Ending::NotMe),
    ] {
        let events = [OPENED, (Event::AppAnswered(answer), 20)];
        let step = after(&policy(), awaited(app_and_phone()), &events);
        assert!(matches!(
            step.challenge.state,
            State::Done { ending: e, method: Method::App, .. } if e == ending
        ));
        assert_eq!(step.challenge.interactions, 1);
    }
}

#[test]
fn an_app_without_another_way_is_awaited_as_long_as_the_browser() {
    let app = Means {
        phones: 0,
        ..app_and_phone()
    };
    let events = [OPENED, (Event::TimePassed, 300), (APPROVED, 500)];
    let step = after(&policy(), awaited(app), &events);
    assert_eq!(step.challenge.ending(), Some(Ending::Passed));
}

#[test]
fn saying_that_the_app_was_answered_proves_nothing_and_leads_to_a_code_in_the_end() {
    let mut events = vec![OPENED];
    events.extend((1..i64::from(EARLY_MAX)).map(|second| (Event::Continued, second + 1)));
    let waiting = after(&policy(), awaited(app_and_phone()), &events).challenge;
    assert_eq!(waiting.notice, Some(Notice::NotConfirmedYet));
    let step = after(&policy(), waiting, &[(Event::Continued, 20)]);
    assert_eq!(step.challenge.state.name(), "code");
}

#[test]
fn going_to_and_fro_between_app_and_code_sends_one_code_and_asks_the_app_three_times_at_most() {
    let mut challenge = after(&policy(), awaited(app_and_phone()), &[OPENED]).challenge;
    let mut second = 1;
    for _ in 1..APP_ASKED_MAX {
        second += 2;
        let there = [
            (Event::CodeInsteadAsked, second),
            (Event::AppInsteadAsked, second + 1),
        ];
        challenge = after(&policy(), challenge, &there).challenge;
    }
    let code = after(&policy(), challenge, &[(Event::CodeInsteadAsked, 50)]);
    assert_eq!((code.challenge.generation, code.challenge.resends), (1, 0));
    assert_eq!(
        last(&policy(), code.challenge, &[(Event::AppInsteadAsked, 51)]),
        Err(Refused::NotAsked)
    );
}

#[test]
fn a_lost_code_makes_room_for_a_new_one_that_nobody_has_to_ask_for() {
    let lost = (Event::CodeMaybeLost { generation: 1 }, 3);
    let step = after(&policy(), awaited(phone()), &[OPENED, lost]);
    assert_eq!(
        step.effects,
        [Effect::MakeCode {
            generation: 2,
            phone: Some(0)
        }]
    );
    assert_eq!((step.challenge.resends, step.challenge.interactions), (0, 0));
    assert_eq!(step.challenge.notice, Some(Notice::Replaced));
    // What is told of the old code afterwards counts no more.
    assert_eq!(
        last(
            &policy(),
            step.challenge,
            &[(Event::CodeNotSent { generation: 1 }, 4)]
        ),
        Err(Refused::OldCode)
    );
}

#[test]
fn codes_are_not_replaced_for_ever() {
    let mut challenge = after(&policy(), awaited(phone()), &[OPENED]).challenge;
    for _ in 0..REPLACED_MAX + 2 {
        let generation = challenge.generation;
        challenge = after(
            &policy(),
            challenge,
            &[(Event::CodeUndelivered { generation }, 3)],
        )
        .challenge;
    }
    assert_eq!(challenge.generation, u16::from(REPLACED_MAX) + 1);
    assert_eq!(challenge.ending(), None);
}

#[test]
fn a_code_that_nobody_carries_ends_the_challenge() {
    let events = [OPENED, (Event::CodeNotSent { generation: 1 }, 3)];
    let step = after(&policy(), awaited(phone()), &events);
    assert_eq!(step.challenge.ending(), Some(Ending::CodeNotSent));
}

#[test]
fn a_static_password_stands_for_the_code() {
    let step = after(&policy(), awaited(password()), &[OPENED, (RIGHT, 3)]);
    assert!(matches!(
        step.challenge.state,
        State::Done {
            ending: Ending::Passed,
            method: Method::Password,
            ..
        }
    ));
    assert_eq!(step.challenge.generation, 0);
}

#[test]
fn of_password_and_code_nobody_learns_which_was_wrong() {
    let policy = Policy {
        password_then_code: true,
        ..policy()
    };
    for (first, second) in [(WRONG, RIGHT), (RIGHT, WRONG), (WRONG, WRONG)] {
        // Given a password and a code of which one at least is wrong
        let entered = after(&policy, awaited(password()), &[OPENED, (first, 3)]);
        assert_eq!(entered.challenge.state.name(), "code");
        let step = after(&policy, entered.challenge, &[(second, 4)]);
        // Then both are asked for again, one attempt is gone, and the code is still good
        assert_eq!(step.challenge.state.name(), "password");
        assert_eq!(step.challenge.notice, Some(Notice::Wrong { attempts_left: 2 }));
        let both = [(RIGHT, 5), (RIGHT, 6)];
        let step = after(&policy, step.challenge, &both);
        assert_eq!(step.challenge.ending(), Some(Ending::Passed));
        assert_eq!(step.challenge.generation, 1);
        assert_eq!(step.challenge.interactions, 4);
    }
}

#[test]
fn going_on_later_needs_a_requestor_who_allows_it() {
    let events = [OPENED, (Event::PutOffAsked, 3)];
    assert_eq!(last(&policy(), awaited(phone()), &events), Err(Refused::NotAsked));
    let allowed = Means {
        put_off: true,
        ..phone()
    };
    let step = after(&policy(), awaited(allowed), &events);
    assert_eq!(step.challenge.ending(), Some(Ending::PutOff));
}
