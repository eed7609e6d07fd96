//! Challenges on a real database: what is saved, sent and shown.

mod app;
mod creq;
mod password;
mod restart;
mod telling_nothing;

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
