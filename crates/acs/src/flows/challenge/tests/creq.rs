//! What a browser brings: the right CReq, the same again, and wrong ones.

use super::*;

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
    for rreq in bank.results(2).await {
        assert!(rreq.challenge_never_started());
    }
    assert_eq!(bank.sent().await, []);
}
