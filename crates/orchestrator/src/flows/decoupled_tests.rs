//! Issuers that go their own way to the cardholder, at once or where a challenge does not get there.

use super::testing::{World, purchase};
use emv3ds::Version;
use payments::ThreeDs;
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

const MINUTES: u16 = 10;

/// A purchase that lets the issuer take ten minutes.
async fn bought(world: &World) -> Id<kind::Order> {
    let order = world.order().await;
    let mut purchase = purchase(order);
    purchase.three_ds = ThreeDs {
        decoupled_max_minutes: Some(MINUTES),
        ..ThreeDs::default()
    };
    let bought = world.gateway.purchase(&world.caller, purchase, None).await;
    bought.unwrap();
    order
}

async fn shown(world: &World, order: Id<kind::Order>) -> &'static str {
    let token = world.page_token(order).await;
    let view = world.gateway.page_progress(&token, None, 0).await.unwrap();
    view.step.name().as_str()
}

/// The challenge ends with the ACS going on by itself.
fn follows() -> Value {
    json!({
        "transStatus": "D", "transStatusReason": "29", "authenticationValue": null, "eci": null,
    })
}

async fn asked_times(world: &World, times: usize) {
    for _ in 0..500 {
        if world.script().areqs.len() >= times {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the directory server was not asked {times} times");
}

async fn world(pool: PgPool) -> World {
    World::speaking(pool, &Version::ALL).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_authentication_waits_without_a_browser_and_its_result_charges_once(pool: PgPool) {
    let world = world(pool).await;
    world.script().ares = "D";
    for speaks in ["2.2.0", "2.3.1"] {
        world.script().speaks = Some(speaks);
        let before = world.script().charges.len();
        let order = bought(&world).await;
        let areq = world.areq();
        let indicator = if speaks == "2.3.1" { "B" } else { "Y" };
        assert_eq!(areq["threeDSRequestorDecReqInd"], indicator, "{areq}");
        assert_eq!(areq["threeDSRequestorDecMaxTime"], "00010");
        assert_eq!(world.words(order).await.1, "pending_3ds");
        assert_eq!(shown(&world, order).await, "decoupled");
        // Long after a page's time, and still within the issuer's.
        world.clock.advance(Duration::minutes(9));
        world.gateway.recover_due().await.unwrap();
        assert_eq!(world.words(order).await.1, "pending_3ds");
        let rreq = world.rreq_with(json!({ "authenticationType": "04", "interactionCounter": null }));
        assert_eq!(world.post_results(&rreq).await["resultsStatus"], "01");
        world.comes_to(order, "processed").await;
        assert_eq!(world.script().charges.len(), before + 1);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_decoupled_authentication_without_a_result_ends_after_its_time_and_grace(pool: PgPool) {
    let world = world(pool).await;
    world.script().ares = "D";
    let order = bought(&world).await;
    world
        .clock
        .advance(Duration::minutes(10) + Duration::seconds(3_629));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.1, "pending_3ds", "the grace is not over");
    world.clock.advance(Duration::seconds(2));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.2, "DEUNA_3DS.TIME_EXPIRED");
    let late = world.post_results(&world.rreq()).await;
    assert_eq!(
        (&late["messageType"], &late["resultsStatus"]),
        (&json!("RRes"), &json!("01"))
    );
    assert_eq!(world.script().charges.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_that_goes_on_decoupled_is_asked_for_at_once_and_charged_once(pool: PgPool) {
    let world = world(pool).await;
    world.script().ares = "C";
    let order = bought(&world).await;
    let challenge = world.areq();
    assert_eq!(challenge["messageVersion"], "2.3.1");
    let first = world.rreq_with(follows());
    assert_eq!(world.post_results(&first).await["resultsStatus"], "04");
    asked_times(&world, 2).await;
    let areq = world.areq();
    assert_ne!(areq["threeDSServerTransID"], challenge["threeDSServerTransID"]);
    let prior = &areq["threeDSRequestorPriorAuthenticationInfo"][0];
    for (name, value) in [
        (&areq["deviceChannel"], "03"),
        (&areq["messageVersion"], "2.3.1"),
        (&areq["threeRIInd"], "19"),
        (&areq["threeDSRequestorDecReqInd"], "Y"),
        (&areq["threeDSRequestorDecMaxTime"], "00010"),
        (&prior["threeDSReqPriorRef"], super::testing::ACS_TRANS_ID),
        (&prior["threeDSReqPriorAuthMethod"], "02"),
        (&prior["threeDSReqPriorAuthTimestamp"], "202611221000"),
    ] {
        assert_eq!(name, value, "{areq}");
    }
    let again = world.post_results(&first).await;
    assert_eq!(again["errorCode"], "312", "{again}");
    world.comes_to(order, "pending_3ds").await;
    assert_eq!(world.script().charges.len(), 0);
    for _ in 0..500 {
        if shown(&world, order).await == "decoupled" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let result = world.rreq_with(json!({ "interactionCounter": null }));
    assert_eq!(world.post_results(&result).await["resultsStatus"], "01");
    world.comes_to(order, "processed").await;
    let script = world.script();
    assert_eq!((script.charges.len(), script.areqs.len()), (1, 2));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_goes_on_decoupled_only_where_that_was_offered(pool: PgPool) {
    let world = world(pool).await;
    world.script().ares = "C";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    let answer = world.post_results(&world.rreq_with(follows())).await;
    assert_eq!(answer["errorCode"], "203", "{answer}");
    assert_eq!(world.words(order).await.1, "pending_3ds");
    assert_eq!(world.script().areqs.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_finds_a_decoupled_follow_up_unasked_asks_again_within_the_minute_and_not_after(
    pool: PgPool,
) {
    let world = world(pool).await;
    world.script().ares = "C";
    let order = bought(&world).await;
    let rreq = world.rreq_with(follows());
    // Its sender hangs, as one that died would.
    world.script().ares_held = true;
    assert_eq!(world.post_results(&rreq).await["resultsStatus"], "04");
    asked_times(&world, 2).await;
    world.clock.advance(Duration::seconds(31));
    let recovering = tokio::spawn({
        let gateway = world.gateway.clone();
        async move { gateway.recover_due().await.unwrap() }
    });
    asked_times(&world, 3).await;
    assert_eq!(world.areq()["threeRIInd"], "19");
    world.clock.advance(Duration::seconds(31));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(order).await.2, "DEUNA_3DS.TIME_EXPIRED");
    world.script().ares_held = false;
    assert_eq!(recovering.await.unwrap(), 1);
    assert_eq!(world.words(order).await.2, "DEUNA_3DS.TIME_EXPIRED");
    let script = world.script();
    assert_eq!((script.areqs.len(), script.charges.len()), (3, 0));
}
