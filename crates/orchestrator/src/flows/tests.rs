//! Flows against a database and a scripted outside, above all where two things happen at once.

use super::{
    advance::is_race,
    authenticate::authenticating,
    charge::attempt_of,
    in_hand::InHand,
    run::StoredRun,
    sender::Sender,
    testing::{World, purchase},
};
use crate::flows::page_step::{PageOutcome, PageStep};
use payments::{PaymentState, RefusalCode};
use primitives::{Brand, Id, id::kind};
use serde_json::Value;
use sqlx::{PgPool, Postgres, Transaction};
use time::Duration;
use tokio::task::JoinSet;

fn paid() -> (String, String, String) {
    ("succeeded".into(), "processed".into(), "-".into())
}

/// Somebody writes the run while a flow has it read: the row stays locked until the answer is committed.
async fn writing_the_run(world: &World, id: &str) -> Transaction<'static, Postgres> {
    let mut other = world.pool.begin().await.unwrap();
    sqlx::query("UPDATE authentications SET version = version + 1 WHERE id = $1::uuid")
        .bind(id)
        .execute(&mut *other)
        .await
        .unwrap();
    other
}

/// Waits until a statement of another connection to this database waits for a lock.
async fn somebody_waits(pool: &PgPool) {
    for _ in 0..500 {
        let waiting: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        if waiting {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody waits for a lock");
}

async fn challenged(world: &World) -> Id<kind::Order> {
    world.script().ares = "C";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await.1, "pending_3ds");
    order
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_frictionless_purchase_is_charged_once(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await, paid());
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_result_is_not_lost_when_somebody_else_writes_its_run_meanwhile(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    let other = writing_the_run(&world, &world.asked()).await;
    let (gateway, rreq) = (world.gateway.clone(), world.rreq());
    let receiving = tokio::spawn(async move { gateway.results_received(&Sender::Unchecked, &rreq).await });
    somebody_waits(&world.pool).await;
    other.commit().await.unwrap();
    let answer: Value = serde_json::from_slice(&receiving.await.unwrap().unwrap()).unwrap();
    assert_eq!(answer["messageType"], "RRes");
    world.comes_to(order, "processed").await;
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_step_whose_run_somebody_else_wrote_leaves_no_trace(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    let (gateway, merchant) = (&world.gateway, world.caller.merchant.id);
    let read = gateway.order(merchant, order).await.unwrap();
    let (_, current) = authenticating(&read).unwrap();
    let record = gateway
        .store()
        .authentication_load(current.authentication)
        .await
        .unwrap();
    let mut stored = StoredRun::read(record.unwrap()).unwrap();
    let other = writing_the_run(&world, &world.asked()).await;
    other.commit().await.unwrap();
    let version = read.version;
    assert!(stored.apply(mpi::transaction::News::DeadlinePassed, gateway.clock().now()));
    let stopped = gateway.conclude(read, stored).await.unwrap_err();
    assert!(is_race(&stopped), "{stopped}");
    let found = gateway.order(merchant, order).await.unwrap();
    assert_eq!(
        (found.version, world.words(order).await.1.as_str()),
        (version, "pending_3ds")
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn twins_with_one_key_get_one_answer_or_are_told_to_wait(pool: PgPool) {
    let world = std::sync::Arc::new(World::new(pool).await);
    let order = world.order().await;
    let mut twins = JoinSet::new();
    for _ in 0..16 {
        let world = world.clone();
        twins.spawn(async move { world.purchase(order, Some("key-1")).await });
    }
    while let Some(ended) = twins.join_next().await {
        match ended.unwrap() {
            Ok(answer) => assert_eq!(answer.document.payment_status(), Some("processed")),
            Err(refusal) => {
                assert_eq!(refusal.code, RefusalCode::TransactionInProcess, "{refusal}");
                assert_eq!(refusal.field.as_deref(), Some("x-idempotency-key"), "{refusal}");
            }
        }
    }
    assert!(world.purchase(order, Some("key-1")).await.unwrap().replayed);
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unknown_outcome_is_settled_by_inquiry_with_one_charge(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "?";
    let order = world.order().await;
    world.purchase(order, Some("key-1")).await.unwrap();
    let unknown = ("pending".into(), "processing".into(), "DP-6003".into());
    assert_eq!(world.words(order).await, unknown);
    let again = world.gateway.purchase(&world.caller, purchase(order), None).await;
    assert_eq!(again.unwrap_err().code, RefusalCode::TransactionInProcess);
    let cancelled = world.gateway.cancel(&world.caller, order, None, None).await;
    assert_eq!(cancelled.unwrap_err().code, RefusalCode::PendingPayment);

    world.clock.advance(Duration::seconds(90));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(world.words(order).await, unknown, "not found yet says nothing");
    world.script().inquiry = "approved";
    world.clock.advance(Duration::seconds(300));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(world.words(order).await, paid());
    assert_eq!(world.script().charges.len(), 1);
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sender_that_stood_still_sends_nothing_and_an_answer_after_that_counts(pool: PgPool) {
    let world = std::sync::Arc::new(World::new(pool).await);
    world.script().charge = "held";
    let order = world.order().await;
    let paying = tokio::spawn({
        let world = world.clone();
        async move { world.purchase(order, None).await }
    });
    while world.script().charges.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let sending = world
        .gateway
        .order(world.caller.merchant.id, order)
        .await
        .unwrap();
    let Some(PaymentState::Authorizing(attempt)) = sending.payment.as_ref().map(|payment| &payment.state)
    else {
        panic!("{:?}", sending.payment);
    };
    let attempt = attempt.id;
    world.clock.advance(Duration::seconds(60));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.2, "DP-6003");
    world.script().charge = "approved";
    paying.await.unwrap().unwrap();
    assert_eq!(world.words(order).await, paid());
    let mut nothing = InHand::default();
    world
        .gateway
        .charge(sending, attempt, &mut nothing)
        .await
        .unwrap();
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_charge_that_might_leave_only_after_its_lease_is_not_sent(pool: PgPool) {
    let transport = crate::transport::TransportSettings::default();
    let begins_within = 2 * transport.connect_timeout;
    let lease = std::time::Duration::from_secs(payments::Limits::default().charge_lease_seconds.into());
    for (after, sent) in [(lease - begins_within, false), (lease - begins_within * 2, true)] {
        let world = std::sync::Arc::new(World::new(pool.clone()).await);
        world.script().charge = "held";
        let order = world.order().await;
        let paying = tokio::spawn({
            let world = world.clone();
            async move { world.purchase(order, None).await }
        });
        while world.script().charges.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let merchant = world.caller.merchant.id;
        let sending = world.gateway.order(merchant, order).await.unwrap();
        let (_, attempt) = attempt_of(&sending).unwrap();
        let attempt = attempt.id;
        // Another process with the same step to take, which stood still until now.
        world.clock.advance(Duration::try_from(after).unwrap());
        world.script().charge = "approved";
        let mut nothing = InHand::default();
        drop(world.gateway.charge(sending, attempt, &mut nothing).await);
        paying.await.unwrap().unwrap();
        assert_eq!(world.script().charges.len(), 1 + usize::from(sent), "{after:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_late_approval_is_voided_and_the_next_payment_stands(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "?";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    world.clock.advance(Duration::seconds(1_845));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(
        world.words(order).await,
        ("pending".into(), "denied".into(), "DP-6003".into())
    );
    world.script().charge = "approved";
    world.purchase(order, None).await.unwrap();
    world.script().inquiry = "approved";
    world.clock.advance(Duration::seconds(1_800));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(world.words(order).await, paid());
    let script = world.script();
    assert_eq!((script.charges.len(), script.voids.len()), (2, 1));
    // The charge's own would be answered as the charge was where it is the idempotency key.
    assert_ne!(script.voids[0]["reference"], script.charges[0]["reference"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn giving_up_on_the_page_does_not_deny_a_payment_whose_result_came_first(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    let token = world.page_token(order).await;
    let rreq = world.rreq();
    let (result, given_up) = tokio::join!(
        world.gateway.results_received(&Sender::Unchecked, &rreq),
        world.gateway.page_cancelled(&token)
    );
    result.unwrap();
    given_up.unwrap();
    let charged = world.words(order).await.1 != "denied";
    if charged {
        world.comes_to(order, "processed").await;
    }
    assert_eq!(world.script().charges.len(), usize::from(charged));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_result_after_cancelling_is_answered_and_never_charges(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    world
        .gateway
        .cancel(&world.caller, order, None, None)
        .await
        .unwrap();
    let answer = world
        .gateway
        .results_received(&Sender::Unchecked, &world.rreq())
        .await
        .unwrap();
    assert!(String::from_utf8(answer).unwrap().contains("RRes"));
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(world.words(order).await.0, "cancelled");
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_result_from_another_brand_s_directory_server_is_refused_and_changes_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    let of = |brand| Sender::Certified {
        subject: "CN=ds".into(),
        brands: vec![brand],
    };
    let answer = async |brand| {
        let answer = world.gateway.results_received(&of(brand), &world.rreq()).await;
        serde_json::from_slice::<Value>(&answer.unwrap()).unwrap()
    };
    let refused = answer(Brand::Mastercard).await;
    assert_eq!(
        (&refused["messageType"], &refused["errorCode"]),
        (&"Erro".into(), &"303".into())
    );
    assert_eq!(world.words(order).await.1, "pending_3ds");
    assert_eq!(answer(Brand::Visa).await["messageType"], "RRes");
    world.comes_to(order, "processed").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn looks_at_one_page_that_meet_all_get_a_step(pool: PgPool) {
    let world = World::new(pool).await;
    let order = challenged(&world).await;
    let first = world.asked();
    world
        .gateway
        .results_received(&Sender::Unchecked, &world.rreq_never_started())
        .await
        .unwrap();
    let token = world.page_token(order).await;
    let mut looks = JoinSet::new();
    for _ in 0..8 {
        let (gateway, token) = (world.gateway.clone(), token.clone());
        looks.spawn(async move { gateway.page_opened(&token).await });
    }
    while let Some(ended) = looks.join_next().await {
        ended.unwrap().unwrap();
    }
    for _ in 0..500 {
        let view = world.gateway.page_opened(&token).await.unwrap();
        if matches!(view.step, PageStep::Challenge { .. }) {
            assert_ne!(
                world.asked(),
                first,
                "opening the page starts a new authentication"
            );
            world
                .gateway
                .results_received(&Sender::Unchecked, &world.rreq())
                .await
                .unwrap();
            world.comes_to(order, "processed").await;
            let view = world.gateway.page_opened(&token).await.unwrap();
            assert!(matches!(
                view.step,
                PageStep::Done {
                    outcome: PageOutcome::Succeeded,
                    ..
                }
            ));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the page came to no challenge");
}
