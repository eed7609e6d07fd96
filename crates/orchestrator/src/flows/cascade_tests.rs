//! Cascades to a connection that takes only authentications made for it, against a database and a scripted outside.

use super::{page_step::PageStep, testing::World};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;

const ACQUIRER_OF_MUTE: &str = "777001";

/// A merchant whose second connection is known to directory servers by another acquirer, and lets authentications of
/// others be used as that says.
async fn world(pool: PgPool, reuse: &str) -> World {
    let mut world = World::new(pool).await;
    world
        .connect("mute", |document| {
            document["three_ds"]["reuse"] = json!(reuse);
            document["three_ds"]["mpi"]["acquirer_bin"] = json!(ACQUIRER_OF_MUTE);
        })
        .await;
    world.script().charge = "elsewhere";
    world
}

fn paid() -> (String, String, String) {
    ("succeeded".into(), "processed".into(), "-".into())
}

/// Each charge: by which processor, and with which ECI.
fn charges(world: &World) -> Vec<(Value, Value)> {
    let script = world.script();
    let each = script.charges.iter();
    each.map(|charge| (charge["processor"].clone(), charge["eci"].clone()))
        .collect()
}

/// The acquirers that directory servers were asked for.
fn acquirers(world: &World) -> Vec<Value> {
    let script = world.script();
    let each = script.areqs.iter();
    each.map(|areq| areq["acquirerBIN"].clone()).collect()
}

/// A purchase whose charge the first processor has not answered, and the task that waits for it.
async fn charging(world: &Arc<World>) -> (Id<kind::Order>, tokio::task::JoinHandle<()>) {
    world.script().charge = "held";
    let order = world.order().await;
    let paying = tokio::spawn({
        let world = Arc::clone(world);
        async move { drop(world.purchase(order, None).await.unwrap()) }
    });
    until(|| world.script().charges.len() == 1).await;
    (order, paying)
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it did not come to pass");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_that_takes_the_authentication_is_charged_with_it_and_nobody_is_asked_again(
    pool: PgPool,
) {
    let world = world(pool, "allow").await;
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await, paid());
    assert_eq!(world.script().areqs.len(), 1);
    assert_eq!(
        charges(&world),
        [(json!("plain"), json!("05")), (json!("mute"), json!("05"))]
    );
    let told = world.document(order).await;
    assert_eq!(
        told["payment"]["data"]["three_ds_reuse"][0]["decision"],
        "carried"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_that_wants_its_own_is_charged_after_a_new_authentication_for_its_acquirer(
    pool: PgPool,
) {
    let world = world(pool, "never").await;
    let order = world.order().await;
    let answer = world.purchase(order, None).await.unwrap();
    assert_eq!(
        answer.document.payment_status(),
        Some("processed"),
        "the caller gets what the cascade came to"
    );
    assert_eq!(acquirers(&world), [json!("400551"), json!(ACQUIRER_OF_MUTE)]);
    assert_eq!(
        charges(&world),
        [(json!("plain"), json!("05")), (json!("mute"), json!("05"))]
    );
    {
        let script = world.script();
        assert_ne!(script.charges[0]["reference"], script.charges[1]["reference"]);
        assert_ne!(
            script.areqs[0]["threeDSServerTransID"],
            script.areqs[1]["threeDSServerTransID"]
        );
    }
    let told = world.document(order).await;
    let data = &told["payment"]["data"];
    assert_eq!(data["three_ds_reuse"].as_array().unwrap().len(), 1);
    assert_eq!(data["three_ds_reuse"][0]["processor"], "mute");
    assert_eq!(data["three_ds_reuse"][0]["decision"], "anew");
    assert_eq!(
        data["three_ds_reuse"][0]["reason"],
        "the connection takes only authentications made for it"
    );
    let used: Vec<_> = data["attempts"].as_array().unwrap().iter().collect();
    assert_eq!(
        [&used[0]["three_ds_reuse"], &used[1]["three_ds_reuse"]],
        [&json!("own"), &json!("anew")]
    );
    assert_eq!(
        data["three_ds"]["three_ds_server_trans_id"],
        world.areq()["threeDSServerTransID"]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_of_the_new_authentication_is_shown_and_the_charge_waits_for_its_result(pool: PgPool) {
    let world = Arc::new(world(pool, "never").await);
    let (order, paying) = charging(&world).await;
    {
        let mut script = world.script();
        (script.ares, script.charge) = ("C", "elsewhere");
    }
    paying.await.unwrap();
    assert_eq!(world.words(order).await.1, "pending_3ds");
    assert_eq!(charges(&world).len(), 1);
    let view = world.gateway.page_opened(&world.page_token(order).await).await;
    let step = view.unwrap().step;
    assert!(matches!(step, PageStep::Challenge { .. }), "{step:?}");

    world.post_results(&world.rreq()).await;
    world.comes_to(order, "processed").await;
    assert_eq!(
        charges(&world),
        [(json!("plain"), json!("05")), (json!("mute"), json!("05"))]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_authentication_that_fails_leads_to_no_charge_without_one(pool: PgPool) {
    for (status, code) in [
        ("N", "DEUNA_3DS.UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION"),
        ("U", "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION"),
        ("R", "DEUNA_3DS.REJECTED_FRICTIONLESS_AUTHENTICATION"),
    ] {
        let world = Arc::new(world(pool.clone(), "never").await);
        let (order, paying) = charging(&world).await;
        {
            let mut script = world.script();
            (script.ares, script.charge) = (status, "elsewhere");
        }
        paying.await.unwrap();
        let (order_status, payment_status, told) = world.words(order).await;
        assert_eq!(
            (&*order_status, &*payment_status),
            ("pending", "denied"),
            "{status}"
        );
        assert_eq!(told, code, "{status}");
        assert_eq!(charges(&world).len(), 1, "{status}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_that_wants_its_own_and_gets_none_is_not_charged(pool: PgPool) {
    let mut world = World::new(pool).await;
    world
        .connect("mute", |document| {
            document["three_ds"] = json!({"provider": "none", "reuse": "never"});
        })
        .await;
    world.script().charge = "elsewhere";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(
        world.words(order).await,
        ("pending".into(), "denied".into(), "DP-4500".into())
    );
    assert_eq!((charges(&world).len(), acquirers(&world).len()), (1, 1));
    let told = world.document(order).await;
    let decision = &told["payment"]["data"]["three_ds_reuse"][0];
    assert_eq!(decision["decision"], "not_used");
    assert_eq!(decision["reason"], "nobody authenticates for the connection");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_authentication_whose_process_died_is_taken_up_and_charged_once(pool: PgPool) {
    let world = Arc::new(world(pool, "never").await);
    let (order, paying) = charging(&world).await;
    {
        let mut script = world.script();
        (script.ares_held, script.charge) = (true, "elsewhere");
    }
    until(|| world.script().areqs.len() == 2).await;
    assert_eq!(world.words(order).await.1, "processing");

    // Whoever asked is as good as dead: its answer comes when another has long asked in its place.
    world.clock.advance(Duration::seconds(120));
    let recovering = tokio::spawn({
        let gateway = world.gateway.clone();
        async move { gateway.recover_due().await }
    });
    until(|| world.script().areqs.len() == 3).await;
    world.script().ares_held = false;
    recovering.await.unwrap().unwrap();
    paying.await.unwrap();
    world.comes_to(order, "processed").await;
    assert_eq!(
        acquirers(&world),
        [json!("400551"), json!(ACQUIRER_OF_MUTE), json!(ACQUIRER_OF_MUTE)]
    );
    assert_eq!(
        charges(&world),
        [(json!("plain"), json!("05")), (json!("mute"), json!("05"))]
    );
}
