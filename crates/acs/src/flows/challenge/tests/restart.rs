//! Processes that die: the next one finds everything that is to be done.

use super::*;

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
    for rreq in bank.results(all.len()).await {
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

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_step_that_fails_in_the_middle_leaves_nothing_of_itself(pool: PgPool) {
    // Given that codes cannot be queued
    let bank = Bank::open(pool, Policy::default()).await;
    let id = bank.challenged(1, V2_2, phones(1)).await;
    let break_it = "ALTER TABLE acs.sms_deliveries ADD CONSTRAINT broken CHECK (false) NOT VALID";
    sqlx::query(break_it).execute(bank.pool()).await.unwrap();
    // When the browser comes
    let opened = bank.acs.open_challenge(&creq(id, V2_2), None).await;
    // Then nothing has happened
    assert!(opened.is_err());
    let untouched: bool = bank
        .tells(
            "SELECT state = 'awaited' AND creq_hash IS NULL AND version = 1
                 AND NOT EXISTS (SELECT FROM acs.codes) AND NOT EXISTS (SELECT FROM acs.rate_counters)
             FROM acs.challenges WHERE acs_trans_id = $1",
            id,
        )
        .await;
    assert!(untouched);
    // And it happens when they can be queued again
    let mend = "ALTER TABLE acs.sms_deliveries DROP CONSTRAINT broken";
    sqlx::query(mend).execute(bank.pool()).await.unwrap();
    bank.opens(id).await;
    assert_eq!(bank.sent().await.len(), 1);
}
