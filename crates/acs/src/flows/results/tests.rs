//! Results that do not arrive at once.

use emv3ds::Version;
use emv3ds::code::{ErrorCode, TransStatus};
use sqlx::PgPool;
use std::time::Duration as Wait;

use crate::challenge::Pressed;
use crate::clock::Clock as _;
use crate::flows::challenge::testing::*;
use crate::policy::Policy;
use crate::store::results::{self, Settled};

const V2_2: Version = Version::V2_2_0;

/// The cardholder has given up while the directory server answers so.
async fn ended(bank: &Bank, answers: &[Answer]) -> emv3ds::AcsTransId {
    challenged_and_ended(bank, 1, answers).await
}

async fn challenged_and_ended(bank: &Bank, number: u128, answers: &[Answer]) -> emv3ds::AcsTransId {
    let id = bank.challenged(number, V2_2, phones(1)).await;
    bank.opens(id).await;
    bank.directory.answers(answers);
    assert_eq!(
        status_of_cres(bank.presses(id, Pressed::Cancel).await),
        TransStatus::NotAuthenticated
    );
    id
}

async fn patient(pool: PgPool) -> Bank {
    let mut bank = Bank::open(pool, Policy::default()).await;
    bank.settings().timers.results_wait = Wait::from_millis(300);
    bank.restart();
    bank
}

async fn answer(bank: &Bank, id: emv3ds::AcsTransId) -> (i32, Option<String>, bool, bool) {
    sqlx::query_as(
        "SELECT attempts, answer, acknowledged_at IS NOT NULL, given_up_at IS NOT NULL
         FROM acs.results WHERE acs_trans_id = $1",
    )
    .bind(id.0)
    .fetch_one(bank.pool())
    .await
    .unwrap()
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_result_is_sent_again_with_growing_pauses_the_same_byte_for_byte(pool: PgPool) {
    // Given a directory server in trouble
    let bank = patient(pool).await;
    let trouble = [
        Answer::Status(503),
        Answer::Erro(ErrorCode::ConnectionFailure),
        Answer::Erro(ErrorCode::TimedOut),
    ];
    let id = ended(&bank, &trouble).await;
    // When the pauses of 2, 4 and 8 seconds pass
    for (pause, attempts) in [(2, 2), (4, 3), (8, 4)] {
        bank.pass(pause - 1);
        assert_eq!(bank.acs.send_due_results().await.unwrap(), 0);
        bank.pass(1);
        assert_eq!(bank.acs.send_due_results().await.unwrap(), 1);
        assert_eq!(answer(&bank, id).await.0, attempts);
    }
    // Then the last has arrived, and nothing more is sent
    assert_eq!(answer(&bank, id).await, (4, Some("RRes 01".into()), true, false));
    let bodies = bank.directory.bodies();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    bank.pass(3_600);
    assert_eq!(bank.acs.send_due_results().await.unwrap(), 0);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_repeat_that_is_known_already_has_arrived(pool: PgPool) {
    let bank = patient(pool).await;
    for (number, code) in [
        (1, ErrorCode::TransactionNotRecognised),
        (2, ErrorCode::DuplicateMessage),
    ] {
        let answers = [Answer::Status(502), Answer::Erro(code)];
        let id = challenged_and_ended(&bank, number, &answers).await;
        bank.pass(2);
        bank.acs.send_due_results().await.unwrap();
        let (attempts, _, acknowledged, _) = answer(&bank, id).await;
        assert_eq!((attempts, acknowledged), (2, true));
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_result_that_is_refused_is_given_up_and_its_proof_forgotten(pool: PgPool) {
    let bank = patient(pool).await;
    let id = ended(&bank, &[Answer::Erro(ErrorCode::FormatInvalid)]).await;
    assert_eq!(answer(&bank, id).await, (1, Some("Erro 203".into()), false, true));
    let forgotten: bool = bank
        .tells(
            "SELECT proof IS NULL FROM acs.transactions WHERE acs_trans_id = $1",
            id,
        )
        .await;
    assert!(forgotten);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_result_that_nobody_takes_for_an_hour_is_given_up(pool: PgPool) {
    let bank = patient(pool).await;
    let id = ended(&bank, &[Answer::Status(500); 2]).await;
    bank.pass(3_600);
    bank.acs.send_due_results().await.unwrap();
    assert_eq!(answer(&bank, id).await, (2, Some("HTTP 500".into()), false, true));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_browser_is_not_kept_waiting_for_a_directory_server_that_says_nothing(pool: PgPool) {
    let bank = patient(pool).await;
    let begun = std::time::Instant::now();
    ended(&bank, &[Answer::Silence]).await;
    assert!(begun.elapsed() < Wait::from_secs(3));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_dies_before_sending_leaves_the_result_to_the_next(pool: PgPool) {
    // Given a result whose sender died as soon as it was written down
    let mut bank = patient(pool).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.opens(id).await;
    bank.acs.dies_after(id, crate::challenge::Event::Cancelled).await;
    bank.restart();
    assert_eq!(bank.directory.bodies().len(), 0);
    // When its lease is over
    assert_eq!(bank.acs.send_due_results().await.unwrap(), 0);
    bank.pass(20);
    assert_eq!(bank.acs.send_due_results().await.unwrap(), 1);
    // Then it has arrived
    assert_eq!(answer(&bank, id).await, (2, Some("RRes 01".into()), true, false));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_dies_after_sending_leaves_a_repeat_to_the_next_which_says_that_it_arrived(
    pool: PgPool,
) {
    // Given a result that arrived while its sender died before it could write that down
    let mut bank = patient(pool).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    bank.opens(id).await;
    bank.acs.dies_after(id, crate::challenge::Event::Cancelled).await;
    bank.pass(20);
    let (now, lease) = (bank.clock.now(), super::LEASE);
    let taken = results::take_due(bank.store(), now, lease)
        .await
        .unwrap()
        .unwrap();
    bank.acs.send_result(&taken).await.unwrap();
    bank.restart();
    // When the next sends it again, and the other side knows it
    bank.directory
        .answers(&[Answer::Erro(ErrorCode::TransactionNotRecognised)]);
    bank.pass(20);
    assert_eq!(bank.acs.send_due_results().await.unwrap(), 1);
    // Then it has arrived, by two messages that are the same
    assert_eq!(answer(&bank, id).await, (3, Some("Erro 301".into()), true, false));
    let bodies = bank.directory.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    // And what the dead one would have written down counts no more
    let mut open = bank.pool().begin().await.unwrap();
    let late = results::settle_in(&mut open, &taken, Settled::GivenUp, "late", now).await;
    assert!(!late.unwrap());
}
