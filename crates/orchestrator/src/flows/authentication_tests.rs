//! Authentications whose messages come late, early, twice, from nowhere or not at all.

use super::{
    page_step::PageError,
    testing::{World, purchase},
};
use crate::administration::testing::ACTOR;
use emv3ds::Version;
use primitives::{Brand, Id, id::kind};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

async fn challenged(world: &World) -> Id<kind::Order> {
    world.script().ares = "C";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await.1, "pending_3ds");
    order
}

/// A purchase whose AReq is out, and the task that waits for it.
async fn asking(world: &Arc<World>, ares: &'static str) -> (Id<kind::Order>, tokio::task::JoinHandle<()>) {
    {
        let mut script = world.script();
        (script.ares, script.ares_held) = (ares, true);
    }
    let order = world.order().await;
    let paying = tokio::spawn({
        let world = Arc::clone(world);
        async move {
            drop(
                world
                    .gateway
                    .purchase(&world.caller, purchase(order), None)
                    .await
                    .unwrap(),
            )
        }
    });
    while world.script().areqs.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    (order, paying)
}

fn erro(answer: &Value) -> (&str, &str) {
    (
        answer["messageType"].as_str().unwrap(),
        answer["errorCode"].as_str().unwrap_or_default(),
    )
}

async fn world(pool: PgPool) -> World {
    World::speaking(pool, &Version::ALL).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_rreq_that_is_faster_than_its_ares_is_not_lost(pool: PgPool) {
    let world = Arc::new(world(pool).await);
    let (order, paying) = asking(&world, "C").await;
    let answer = world.post_results(&world.rreq()).await;
    assert_eq!(
        (&answer["messageType"], &answer["resultsStatus"]),
        (&json!("RRes"), &json!("01"))
    );
    assert_eq!(
        world.script().charges.len(),
        0,
        "nothing is charged before the ARes"
    );
    assert_eq!(world.post_results(&world.rreq()).await["messageType"], "Erro");
    world.script().ares_held = false;
    paying.await.unwrap();
    world.comes_to(order, "processed").await;
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_early_rreq_does_not_stand_in_for_an_ares_that_asks_for_no_challenge(pool: PgPool) {
    let world = Arc::new(world(pool).await);
    let (order, paying) = asking(&world, "N").await;
    world.post_results(&world.rreq()).await;
    world.script().ares_held = false;
    paying.await.unwrap();
    assert_eq!(world.words(order).await.1, "denied");
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_second_rreq_is_answered_with_an_erro_and_charges_nothing(pool: PgPool) {
    let world = world(pool).await;
    for (version, code) in [("2.3.1", "312"), ("2.2.0", "301"), ("2.1.0", "301")] {
        world.script().speaks = Some(version);
        let before = world.script().charges.len();
        let order = challenged(&world).await;
        assert_eq!(world.post_results(&world.rreq()).await["messageType"], "RRes");
        let refused = json!({
            "transStatus": "N", "transStatusReason": "11", "authenticationValue": null, "eci": null,
        });
        for repeat in [world.rreq(), world.rreq_with(refused)] {
            let answer = world.post_results(&repeat).await;
            assert_eq!(erro(&answer), ("Erro", code), "{answer}");
        }
        world.comes_to(order, "processed").await;
        assert_eq!(world.script().charges.len(), before + 1);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_rreq_that_is_not_of_this_challenge_changes_nothing(pool: PgPool) {
    let world = world(pool).await;
    let order = challenged(&world).await;
    let elsewhere = "77777777-7777-4777-8777-777777777777";
    for (said, code) in [
        (json!({ "acsTransID": elsewhere }), "301"),
        (json!({ "dsTransID": elsewhere }), "301"),
        (json!({ "threeDSServerTransID": elsewhere }), "301"),
        (json!({ "messageCategory": "02" }), "203"),
        (json!({ "messageVersion": "2.1.0" }), "203"),
        (json!({ "messageVersion": "9.9.9" }), "102"),
        (json!({ "transStatus": "C" }), "203"),
    ] {
        let answer = world.post_results(&world.rreq_with(said.clone())).await;
        assert_eq!(erro(&answer), ("Erro", code), "{said} {answer}");
        assert_eq!(world.words(order).await.1, "pending_3ds", "{said}");
    }
    assert_eq!(world.post_results(&world.rreq()).await["messageType"], "RRes");
    world.comes_to(order, "processed").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_rreq_where_there_was_no_challenge_changes_nothing(pool: PgPool) {
    let world = world(pool).await;
    world.script().ares = "N";
    for (version, code) in [("2.3.1", "313"), ("2.2.0", "301")] {
        world.script().speaks = Some(version);
        let order = world.order().await;
        world.purchase(order, None).await.unwrap();
        let before = world.words(order).await;
        let answer = world.post_results(&world.rreq()).await;
        assert_eq!(erro(&answer), ("Erro", code), "{answer}");
        assert_eq!(world.words(order).await, before);
    }
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_rreq_after_the_time_is_answered_and_charges_nothing(pool: PgPool) {
    let world = world(pool).await;
    let order = challenged(&world).await;
    world.clock.advance(Duration::minutes(16));
    world.gateway.recover_due().await.unwrap();
    let denied = world.words(order).await;
    assert_eq!(
        (denied.1.as_str(), denied.2.as_str()),
        ("denied", "DEUNA_3DS.TIME_EXPIRED")
    );
    let answer = world.post_results(&world.rreq()).await;
    assert_eq!(
        (&answer["messageType"], &answer["resultsStatus"]),
        (&json!("RRes"), &json!("02"))
    );
    assert_eq!(world.words(order).await, denied);
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_version_is_asked_again_in_a_lower_one_as_a_new_transaction(pool: PgPool) {
    let world = world(pool).await;
    world.script().speaks = Some("2.1.0");
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await.1, "processed");
    let script = world.script();
    let (first, last) = (&script.areqs[0], script.areqs.last().unwrap());
    assert_eq!(
        (script.areqs.len(), &last["messageVersion"]),
        (2, &json!("2.1.0"))
    );
    assert_ne!(first["threeDSServerTransID"], last["threeDSServerTransID"]);
    assert_eq!(script.charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_version_refused_without_another_to_offer_ends_the_authentication(pool: PgPool) {
    let world = world(pool).await;
    world.script().speaks = Some("9.9.9");
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    let (_, status, code) = world.words(order).await;
    assert_eq!(
        (status.as_str(), code.as_str()),
        ("denied", "DEUNA_3DS.ENROLLMENT_CHECK_ERROR")
    );
    assert_eq!(world.script().areqs.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_run_that_cannot_be_read_expires_all_the_same(pool: PgPool) {
    let world = world(pool).await;
    let order = challenged(&world).await;
    sqlx::query("UPDATE authentications SET transaction_data = '{}'")
        .execute(&world.pool)
        .await
        .unwrap();
    world.clock.advance(Duration::minutes(16));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(world.words(order).await.2, "DEUNA_3DS.TIME_EXPIRED");
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_slow_directory_server_is_given_its_time_before_somebody_asks_again(pool: PgPool) {
    let world = Arc::new(world(pool).await);
    let outside: String = sqlx::query_scalar("SELECT url FROM directory_servers")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    let slow = json!({ "url": outside, "connect_timeout_ms": 60_000, "read_timeout_ms": 60_000 });
    world
        .administration
        .directory_server_set(ACTOR, Brand::Visa, &slow)
        .await
        .unwrap();
    world.gateway.load_card_ranges().await.unwrap();
    let now = world.gateway.clock().now();
    let (order, paying) = asking(&world, "Y").await;
    let look_again_at: OffsetDateTime = sqlx::query_scalar("SELECT look_again_at FROM payments")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!(look_again_at >= now + Duration::seconds(180), "{look_again_at}");
    world.clock.advance(Duration::seconds(120));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0);
    world.script().ares_held = false;
    paying.await.unwrap();
    assert_eq!(world.words(order).await.1, "processed");
    assert_eq!(world.script().areqs.len(), 1);
}

/// What comes of a CRes that a browser brings.
async fn brings(world: &World, cres: &str, session: Option<&str>) -> Result<String, PageError> {
    let returned = world.gateway.page_challenge_returned(cres, session).await;
    returned.map(|back| back.token)
}

/// What the page of an order shows.
async fn shown(world: &World, order: Id<kind::Order>) -> &'static str {
    let token = world.page_token(order).await;
    let view = world.gateway.page_progress(&token, None, 0).await.unwrap();
    view.step.name().as_str()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cres_moves_the_browser_on_and_never_makes_a_payment_authenticated(pool: PgPool) {
    let world = world(pool).await;
    let order = challenged(&world).await;
    assert_eq!(shown(&world, order).await, "challenge");
    let back = brings(&world, &world.cres_with(json!({})), None).await;
    assert_eq!(back.unwrap(), world.page_token(order).await);
    assert_eq!(shown(&world, order).await, "working");
    assert_eq!(
        (world.words(order).await.1.as_str(), world.script().charges.len()),
        ("pending_3ds", 0)
    );
    // The RReq that never comes: the time runs out.
    world.clock.advance(Duration::minutes(16));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.2, "DEUNA_3DS.TIME_EXPIRED");
    let late = brings(&world, &world.cres_with(json!({})), None).await;
    assert!(late.is_ok(), "a late one finds its page");
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cres_of_no_challenge_of_ours_is_led_nowhere_and_leaves_the_challenge_open(pool: PgPool) {
    let world = world(pool).await;
    let order = challenged(&world).await;
    let elsewhere = "77777777-7777-4777-8777-777777777777";
    for said in [
        json!({ "acsTransID": elsewhere }),
        json!({ "threeDSServerTransID": elsewhere }),
        json!({ "messageVersion": "2.1.0" }),
    ] {
        let back = brings(&world, &world.cres_with(said.clone()), None).await;
        assert_eq!(back.unwrap_err(), PageError::UnknownToken, "{said}");
        assert_eq!(shown(&world, order).await, "challenge", "{said}");
    }
    // Its own page's session data leads back to the page, where the challenge is still to be done.
    let session = mpi::challenge::session_data(&world.page_token(order).await).unwrap();
    for rubbish in [
        world.cres_with(json!({ "acsTransID": elsewhere })),
        "rubbish".to_owned(),
    ] {
        let back = brings(&world, &rubbish, Some(&session)).await;
        assert!(back.is_ok(), "{rubbish}");
        assert_eq!(shown(&world, order).await, "challenge", "{rubbish}");
    }
    let strange = mpi::challenge::session_data("01JD0000000000000000000000").unwrap();
    let back = brings(&world, &world.cres_with(json!({})), Some(&strange)).await;
    assert_eq!(back.unwrap_err(), PageError::UnknownToken);
    let back = brings(&world, "rubbish", None).await;
    assert_eq!(back.unwrap_err(), PageError::Malformed("cres"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cres_before_the_ares_is_worth_nothing(pool: PgPool) {
    let world = Arc::new(world(pool).await);
    let (order, paying) = asking(&world, "C").await;
    let early = brings(&world, &world.cres_with(json!({})), None).await;
    assert_eq!(early.unwrap_err(), PageError::UnknownToken);
    world.script().ares_held = false;
    paying.await.unwrap();
    assert_eq!(shown(&world, order).await, "challenge");
}
