//! Challenges on a real database: what is saved, sent and shown.

use emv3ds::Version;
use emv3ds::code::{AuthenticationType, ChallengeCancel, ErrorCode, TransStatus, TransStatusReason};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::task::JoinSet;

use super::testing::*;
use crate::challenge::{AppAnswer, Event, Notice, Pressed, Refused, Resend, Screen, ViewKind};
use crate::flows::challenge::FlowError;
use crate::policy::{Limit, Policy};
use crate::store::challenges::{NewMeans, Way};

const V2_2: Version = Version::V2_2_0;

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_right_code_takes_the_browser_back_and_the_result_to_the_directory_server(pool: PgPool) {
    // Given a challenge with a code on its way
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let shown = bank.opens(id).await;
    assert_eq!(shown.masked_phone.as_deref(), Some("•••• 5670"));
    let code = bank.code().await;
    // When the cardholder types it, with a blank as some do
    let (head, tail) = code.split_at(3);
    let screen = bank.types(id, &format!("{head} {tail}")).await;
    // Then the browser goes back with Y, and the RReq says the same with its proof
    assert_eq!(status_of_cres(screen), TransStatus::Authenticated);
    let [rreq] = &bank.directory.received()[..] else {
        panic!("one RReq")
    };
    assert_eq!(rreq.trans_status, Some(TransStatus::Authenticated));
    assert_eq!(rreq.eci.map(|eci| eci.as_str().to_owned()).as_deref(), Some("05"));
    let value = rreq.authentication_value.as_ref().map(|value| value.as_str());
    assert_eq!(value, Some(PROOF));
    assert_eq!(rreq.interaction_counter.as_deref(), Some("01"));
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::Dynamic));
    assert_eq!((rreq.trans_status_reason, rreq.challenge_cancel), (None, None));
    // And nothing is kept that is not needed any more
    let kept: bool = bank
        .tells(
            "SELECT c.phones IS NULL AND t.proof IS NULL AND t.outcome = 'Y' AND o.mac IS NULL AND o.state = 'used'
                 AND d.sealed IS NULL AND r.acknowledged_at IS NOT NULL
             FROM acs.challenges c JOIN acs.transactions t USING (acs_trans_id) JOIN acs.codes o USING (acs_trans_id)
                 JOIN acs.sms_deliveries d USING (acs_trans_id) JOIN acs.results r USING (acs_trans_id)
             WHERE acs_trans_id = $1",
            id,
        )
        .await;
    assert!(kept);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn three_wrong_codes_end_the_challenge_with_reason_19(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.opens(id).await;
    let code = bank.code().await;
    let wrong = other_than(&code);
    for left in [2, 1] {
        let shown = view(bank.types(id, &wrong).await);
        assert_eq!(shown.notice, Some(Notice::Wrong { attempts_left: left }));
    }
    assert_eq!(
        status_of_cres(bank.types(id, "no code at all").await),
        TransStatus::NotAuthenticated
    );
    // Then the right one comes too late, and changes nothing
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::NotAuthenticated
    );
    let [rreq] = &bank.directory.received()[..] else {
        panic!("one RReq")
    };
    assert_eq!(
        rreq.trans_status_reason,
        Some(TransStatusReason::ExceedsMaximumChallenges)
    );
    assert_eq!(rreq.interaction_counter.as_deref(), Some("03"));
    assert_eq!(rreq.authentication_value, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_form_counts_once(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let token = bank.opens(id).await.token.to_string();
    let wrong = other_than(&bank.code().await);
    for _ in 0..3 {
        let entry = Pressed::Submit(wrong.clone().into());
        let shown = view(bank.acs.press(&id.to_string(), &token, entry).await.unwrap());
        assert_eq!(shown.notice, Some(Notice::Wrong { attempts_left: 2 }));
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn of_fifty_entries_at_once_no_more_are_compared_than_there_are_attempts(pool: PgPool) {
    // Given fifty guessers, each with the newest form
    let bank = Arc::new(Bank::open(pool, Policy::default()).await);
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.opens(id).await;
    let wrong = other_than(&bank.code().await);
    // When they guess at once
    let mut guessers = JoinSet::new();
    for _ in 0..50 {
        let (bank, wrong) = (Arc::clone(&bank), wrong.clone());
        guessers.spawn(async move { bank.types(id, &wrong).await });
    }
    while let Some(done) = guessers.join_next().await {
        done.unwrap();
    }
    // Then three were compared at most
    let attempts: i32 = bank
        .tells("SELECT attempts FROM acs.codes WHERE acs_trans_id = $1", id)
        .await;
    let wrong: i32 = bank
        .tells("SELECT wrong FROM acs.challenges WHERE acs_trans_id = $1", id)
        .await;
    assert!(attempts <= 3, "{attempts}");
    assert_eq!(attempts, wrong);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_is_good_for_its_own_challenge_and_generation_only(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let (one, other) = (
        bank.challenged(1, V2_2, phones(1)).await,
        bank.challenged(2, V2_2, phones(2)).await,
    );
    bank.opens(one).await;
    let of_one = bank.code().await;
    bank.opens(other).await;
    bank.presses(other, Pressed::ChoosePhone(1)).await;
    let [(1, first, Some(phone))] = &bank.sent().await[..] else {
        panic!("one code")
    };
    assert_eq!(phone, "+525512345671");
    // When a new one is sent
    bank.pass(30);
    let shown = view(bank.presses(other, Pressed::Resend).await);
    assert_eq!(shown.notice, Some(Notice::NewCode));
    let second = bank.code().await;
    // Then neither the old one nor another challenge's will do
    for strange in [first, &of_one] {
        if *strange != second {
            let shown = view(bank.types(other, strange).await);
            assert!(matches!(shown.notice, Some(Notice::Wrong { .. })), "{strange}");
        }
    }
    assert_eq!(
        status_of_cres(bank.types(other, &second).await),
        TransStatus::Authenticated
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn no_code_is_good_for_another_amount(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.opens(id).await;
    let code = bank.code().await;
    sqlx::query("UPDATE acs.transactions SET amount_minor = amount_minor + 1")
        .execute(bank.pool())
        .await
        .unwrap();
    let shown = view(bank.types(id, &code).await);
    assert_eq!(shown.notice, Some(Notice::Wrong { attempts_left: 2 }));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_refreshed_browser_sees_the_same_screen_and_no_new_code_is_sent(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let first = bank.opens(id).await;
    bank.code().await;
    for _ in 0..5 {
        assert_eq!(bank.opens(id).await, first);
    }
    assert_eq!(bank.sent().await, []);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_creq_that_contradicts_is_answered_with_the_code_that_fits(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let problem = |screen| match screen {
        Screen::Problem { code, .. } => code,
        other => panic!("{other:?}"),
    };
    let opens = async |field: String, session_data: Option<&str>| {
        bank.acs.open_challenge(&field, session_data).await.unwrap()
    };
    // Nobody's, or nothing that can be read
    assert_eq!(problem(opens("%%%".into(), None).await), 101);
    let strangers = emv3ds::AcsTransId(uuid::Uuid::from_u128(77));
    assert_eq!(problem(opens(creq(strangers, V2_2), None).await), 301);
    let mut other = creq_message(id, V2_2);
    other.three_ds_server_trans_id.0 = uuid::Uuid::from_u128(78);
    assert_eq!(problem(opens(form(&other), None).await), 301);
    // Ours, and wrong
    assert_eq!(
        code_of_erro(bank.brings(id, Version::V2_3_1).await),
        ErrorCode::FormatInvalid
    );
    let long = "a".repeat(1_025);
    assert_eq!(
        code_of_erro(opens(creq(id, V2_2), Some(&long)).await),
        ErrorCode::FormatInvalid
    );
    // Another than the one that opened it
    bank.opens(id).await;
    assert_eq!(
        code_of_erro(opens(creq(id, V2_2), Some("other")).await),
        ErrorCode::TransactionDataInvalid
    );
    assert_eq!(bank.sent().await.len(), 1);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_creq_for_an_ended_challenge_is_an_error_and_no_new_code(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    for (number, version, expected) in [
        (1, V2_2, ErrorCode::TransactionDataInvalid),
        (2, Version::V2_3_1, ErrorCode::CreqAfterResults),
    ] {
        let id = bank.challenged(number, version, phones(1)).await;
        bank.brings(id, version).await;
        let code = bank.code().await;
        bank.types(id, &code).await;
        assert_eq!(code_of_erro(bank.brings(id, version).await), expected);
        assert_eq!(bank.sent().await, []);
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_first_creq_that_comes_too_late_finds_the_challenge_ended(pool: PgPool) {
    // Given one that the timers have not looked at yet, and one that they have
    let bank = Bank::open(pool, Policy::default()).await;
    let (one, other) = (
        bank.challenged(1, V2_2, phones(1)).await,
        bank.challenged(2, V2_2, phones(1)).await,
    );
    bank.pass(30);
    // When the browsers come
    assert_eq!(code_of_erro(bank.brings(one, V2_2).await), ErrorCode::TimedOut);
    bank.acs.let_time_pass().await.unwrap();
    assert_eq!(code_of_erro(bank.brings(other, V2_2).await), ErrorCode::TimedOut);
    // Then both results say that nobody came
    bank.acs.send_due_results().await.unwrap();
    while bank.directory.bodies().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for rreq in bank.directory.received() {
        assert!(rreq.challenge_never_started());
    }
    assert_eq!(bank.sent().await, []);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_over_a_limit_is_not_sent_and_nobody_is_told(pool: PgPool) {
    // Given one message a card
    let mut policy = Policy::default();
    policy.limits.sends_per_card = vec![Limit {
        count: 1,
        seconds: 600,
    }];
    let bank = Bank::open(pool, policy).await;
    let (one, other) = (
        bank.challenged(1, V2_2, phones(1)).await,
        bank.challenged(2, V2_2, phones(1)).await,
    );
    let first = bank.opens(one).await;
    assert_eq!(bank.sent().await.len(), 1);
    // When another challenge wants one
    let second = bank.opens(other).await;
    // Then nothing is sent, the screen is the same, and the record knows why
    assert_eq!(bank.sent().await, []);
    assert_eq!((first.kind, first.notice), (second.kind, second.notice));
    let limit: String = bank
        .tells("SELECT withheld_by FROM acs.codes WHERE acs_trans_id = $1", other)
        .await;
    assert_eq!(limit, "card");
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn failures_lock_the_card_in_the_middle_of_a_challenge(pool: PgPool) {
    let mut policy = Policy::default();
    policy.limits.failures_to_lock = 2;
    let bank = Bank::open(pool, policy).await;
    let (one, other) = (
        bank.challenged(1, V2_2, phones(1)).await,
        bank.challenged(2, V2_2, phones(1)).await,
    );
    bank.opens(one).await;
    let of_one = bank.code().await;
    bank.opens(other).await;
    let of_other = bank.code().await;
    // When the second failure in a row is another challenge's
    view(bank.types(one, &other_than(&of_one)).await);
    assert_eq!(
        status_of_cres(bank.types(other, &other_than(&of_other)).await),
        TransStatus::NotAuthenticated
    );
    // Then the right code of the first will not do either
    assert_eq!(
        status_of_cres(bank.types(one, &of_one).await),
        TransStatus::NotAuthenticated
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_apps_answer_takes_the_waiting_browser_back(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, app_and_phone()).await;
    let shown = bank.opens(id).await;
    assert_eq!(shown.kind, ViewKind::App { code_instead: true });
    // While the app has not answered, pressing the button proves nothing
    let shown = view(bank.presses(id, Pressed::Continue).await);
    assert_eq!(shown.notice, Some(Notice::NotConfirmedYet));
    bank.acs.app_answered(id, AppAnswer::Approved).await.unwrap();
    assert_eq!(status_of_cres(bank.looks(id).await), TransStatus::Authenticated);
    let [rreq] = &bank.directory.received()[..] else {
        panic!("one RReq")
    };
    assert_eq!(rreq.authentication_type, Some(AuthenticationType::OutOfBand));
    // A second answer is none.
    let again = bank.acs.app_answered(id, AppAnswer::Denied).await;
    assert!(matches!(again, Err(FlowError::Refused(Refused::Ended))));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_follows_when_the_app_is_silent(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, app_and_phone()).await;
    bank.opens(id).await;
    bank.pass(60);
    assert_eq!(bank.acs.let_time_pass().await.unwrap(), 1);
    let shown = view(bank.looks(id).await);
    assert_eq!(shown.notice, Some(Notice::AppSilent));
    assert!(matches!(
        shown.kind,
        ViewKind::Code {
            digits: 6,
            good_for_seconds: 300,
            resend: Resend::In(30),
            app_instead: true,
            ..
        }
    ));
    let code = bank.code().await;
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::Authenticated
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn giving_up_is_told_as_giving_up(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    for (number, version, counted) in [(1, V2_2, "01"), (2, Version::V2_1_0, "00")] {
        let id = bank.challenged(number, version, phones(1)).await;
        bank.brings(id, version).await;
        assert_eq!(
            status_of_cres(bank.presses(id, Pressed::Cancel).await),
            TransStatus::NotAuthenticated
        );
        let rreq = bank.directory.received().pop().unwrap();
        assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::Cardholder));
        assert_eq!(rreq.interaction_counter.as_deref(), Some(counted));
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_that_nobody_carries_ends_the_challenge_and_the_browser_goes_back(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    for (number, version, reason) in [
        (1, V2_2, TransStatusReason::AcsTechnicalIssue),
        (2, Version::V2_1_0, TransStatusReason::CardAuthenticationFailed),
    ] {
        let id = bank.challenged(number, version, phones(1)).await;
        bank.brings(id, version).await;
        bank.acs
            .challenge_event(id, Event::CodeNotSent { generation: 1 })
            .await
            .unwrap();
        assert_eq!(
            status_of_cres(bank.looks(id).await),
            TransStatus::NotAuthenticated
        );
        let rreq = bank.directory.received().pop().unwrap();
        assert_eq!(rreq.trans_status, Some(TransStatus::Unavailable));
        assert_eq!(rreq.trans_status_reason, Some(reason));
        // What is told twice counts once.
        bank.acs
            .challenge_event(id, Event::CodeNotSent { generation: 1 })
            .await
            .unwrap();
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_lost_code_is_replaced_and_a_form_for_the_old_one_costs_nothing(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let token = bank.opens(id).await.token.to_string();
    let lost = bank.code().await;
    bank.acs
        .challenge_event(id, Event::CodeMaybeLost { generation: 1 })
        .await
        .unwrap();
    // When the old code arrives after all and is typed into the old form
    let entry = Pressed::Submit(lost.into());
    let shown = view(bank.acs.press(&id.to_string(), &token, entry).await.unwrap());
    // Then the screen says that there is a new one, and that one is good
    assert_eq!(shown.notice, Some(Notice::Replaced));
    let code = bank.code().await;
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::Authenticated
    );
    assert_eq!(
        bank.directory.received()[0].interaction_counter.as_deref(),
        Some("01")
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_fault_of_ours_is_told_as_one_and_does_not_hang(pool: PgPool) {
    // Given phones that cannot be opened
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    sqlx::query("UPDATE acs.challenges SET phones = '\\x00'")
        .execute(bank.pool())
        .await
        .unwrap();
    // When a code is to be sent to one
    assert_eq!(
        status_of_cres(bank.brings(id, V2_2).await),
        TransStatus::NotAuthenticated
    );
    let rreq = bank.directory.received().pop().unwrap();
    assert_eq!(rreq.trans_status, Some(TransStatus::Unavailable));
    assert_eq!(rreq.challenge_cancel, Some(ChallengeCancel::TransactionError));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_decoupled_authentication_ends_by_the_app_or_by_its_time(pool: PgPool) {
    let bank = Bank::open(pool, Policy::default()).await;
    let patience = time::Duration::minutes(5);
    let way = Way::Decoupled { patience };
    let answered = bank.begun(1, V2_2, app_and_phone(), way).await;
    let ignored = bank.begun(2, V2_2, app_and_phone(), way).await;
    // No browser has a part in it.
    assert_eq!(
        code_of_erro(bank.brings(answered, V2_2).await),
        ErrorCode::TransactionDataInvalid
    );
    assert!(matches!(
        bank.looks(answered).await,
        Screen::Problem { code: 301, .. }
    ));
    bank.acs.app_answered(answered, AppAnswer::NotMe).await.unwrap();
    bank.pass(300);
    bank.acs.let_time_pass().await.unwrap();
    while bank.directory.bodies().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for rreq in bank.directory.received() {
        assert_eq!(rreq.interaction_counter, None);
        let told = (rreq.trans_status_reason, rreq.challenge_cancel);
        if rreq.acs_trans_id == answered {
            assert_eq!(told, (Some(TransStatusReason::SuspectedFraud), None));
        } else {
            assert_eq!(rreq.acs_trans_id, ignored);
            let timed_out = ChallengeCancel::DecoupledTimedOut;
            assert_eq!(
                told,
                (Some(TransStatusReason::DecoupledTimeExceeded), Some(timed_out))
            );
        }
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn neither_codes_nor_phones_are_kept_in_clear(pool: PgPool) {
    let mut policy = Policy::default();
    policy.otp.reference_code = true;
    let bank = Bank::open(pool, policy).await;
    let id = bank.challenged(1, V2_2, phones(2)).await;
    bank.opens(id).await;
    let shown = view(bank.presses(id, Pressed::ChoosePhone(0)).await);
    let ViewKind::Code {
        reference: Some(reference),
        ..
    } = shown.kind
    else {
        panic!("a code with a reference")
    };
    let code = bank.code().await;
    let rows: String = bank
        .tells(
            "SELECT concat((SELECT row_to_json(c)::text FROM acs.challenges c WHERE acs_trans_id = $1),
                           (SELECT row_to_json(o)::text FROM acs.codes o WHERE acs_trans_id = $1))",
            id,
        )
        .await;
    assert!(rows.contains(&reference));
    for secret in [code.as_str(), "5512345670", "5512345671"] {
        assert!(!rows.contains(secret), "{secret}");
    }
}

/// What a challenge with every means comes to in each state, and what ends it when nobody touches it any more.
async fn in_every_state(bank: &Bank) -> Vec<(emv3ds::AcsTransId, &'static str)> {
    let several = NewMeans {
        phones: phones(2).phones,
        ..NewMeans::default()
    };
    let password = NewMeans {
        password: true,
        ..phones(1)
    };
    let patience = time::Duration::minutes(3);
    let mut all = vec![
        (bank.challenged(1, V2_2, phones(1)).await, "awaited"),
        (bank.challenged(2, V2_2, several).await, "choosing_phone"),
        (bank.challenged(3, V2_2, app_and_phone()).await, "asking_app"),
        (bank.challenged(4, V2_2, password).await, "password"),
        (bank.challenged(5, V2_2, phones(1)).await, "code"),
    ];
    for (id, state) in &all {
        if *state != "awaited" {
            bank.opens(*id).await;
        }
    }
    let way = Way::Decoupled { patience };
    all.push((bank.begun(6, V2_2, app_and_phone(), way).await, "decoupled"));
    all
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_starts_again_finds_every_time_that_is_over(pool: PgPool) {
    // Given a challenge in every state, when the process dies
    let mut bank = Bank::open(pool, Policy::default()).await;
    let all = in_every_state(&bank).await;
    for (id, state) in &all {
        let name: String = bank
            .tells("SELECT state FROM acs.challenges WHERE acs_trans_id = $1", *id)
            .await;
        assert_eq!(name, *state);
    }
    bank.restart();
    // When only the clock goes on
    for _ in 0..5 {
        bank.pass(300);
        bank.acs.let_time_pass().await.unwrap();
        bank.restart();
    }
    // Then every one of them has ended, each in its own way, and every result arrives
    let tell = |reason, cancel| (Some(reason), Some(cancel));
    let abandoned = tell(TransStatusReason::TimedOutAtAcs, ChallengeCancel::TimedOutAtAcs);
    bank.pass(60);
    bank.acs.send_due_results().await.unwrap();
    while bank.directory.bodies().len() < all.len() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for rreq in bank.directory.received() {
        let (_, state) = all.iter().find(|(id, _)| *id == rreq.acs_trans_id).unwrap();
        let told = (rreq.trans_status_reason, rreq.challenge_cancel);
        let expected = match *state {
            "awaited" => tell(
                TransStatusReason::TimedOutAtAcs,
                ChallengeCancel::FirstCreqNotReceived,
            ),
            "decoupled" => tell(
                TransStatusReason::DecoupledTimeExceeded,
                ChallengeCancel::DecoupledTimedOut,
            ),
            _ => abandoned,
        };
        assert_eq!(told, expected, "{state}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_goes_on_after_the_process_has_started_again(pool: PgPool) {
    let mut bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.restart();
    bank.opens(id).await;
    bank.restart();
    let code = bank.code().await;
    view(bank.types(id, &other_than(&code)).await);
    bank.restart();
    assert_eq!(
        status_of_cres(bank.types(id, &code).await),
        TransStatus::Authenticated
    );
    assert_eq!(
        bank.directory.received()[0].interaction_counter.as_deref(),
        Some("02")
    );
}
