//! How often a card may be tried, against a database and a scripted outside.

use super::testing::{World, purchase};
use crate::administration::testing::ACTOR;
use acquiring::Exemption;
use payments::{RefusalCode, ThreeDs};
use primitives::{Id, id::kind};
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

/// Declined, or taken; or why it was refused.
async fn buy(world: &World) -> Result<(Id<kind::Order>, String), RefusalCode> {
    let order = world.order().await;
    let bought = world.purchase(order, None).await;
    bought.map_err(|refusal| refusal.code)?;
    Ok((order, world.words(order).await.1))
}

async fn payment_of(world: &World, order: Id<kind::Order>) -> Id<kind::Payment> {
    let id = sqlx::query_scalar("SELECT id FROM payments WHERE order_id = $1")
        .bind(order.uuid())
        .fetch_one(&world.pool)
        .await
        .unwrap();
    Id::from_uuid(id)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_that_was_given_up_is_not_tried_until_it_is_lifted_or_a_month_is_over(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "given_up";
    let (order, status) = buy(&world).await.unwrap();
    assert_eq!(status, "denied");
    let payment = payment_of(&world, order).await;
    world.script().charge = "approved";
    let asked = || {
        let script = world.script();
        (script.charges.len(), script.areqs.len())
    };
    let before = asked();
    assert_eq!(buy(&world).await.unwrap_err(), RefusalCode::CardForbidden);
    assert_eq!(asked(), before, "nobody was asked");

    let merchant = world.caller.merchant.id;
    let purchase = json!({
        "amount": 10_000, "currency": "MXN", "card_brand": "visa", "payment_id": payment.to_string(),
    });
    let explained = world
        .administration
        .routing_explain(merchant, &purchase)
        .await
        .unwrap();
    assert_eq!(explained.choice.routes, []);
    let told = serde_json::to_value(&explained.choice.explanation).unwrap();
    assert_eq!(told["retry_limits"]["refused"], "given_up");
    assert_eq!(told["retry_limits"]["declined"], 1);
    assert_eq!(told["connections"][0]["left_out"][0]["reason"], "retry_limit");

    let lifted = world
        .administration
        .card_declines_lift(ACTOR, merchant, payment)
        .await;
    assert_eq!(lifted.unwrap(), 1);
    assert_eq!(buy(&world).await.unwrap().1, "processed");

    world.script().charge = "given_up";
    assert_eq!(buy(&world).await.unwrap().1, "denied");
    world.script().charge = "approved";
    assert_eq!(buy(&world).await.unwrap_err(), RefusalCode::CardForbidden);
    world.clock.advance(Duration::days(30));
    assert_eq!(buy(&world).await.unwrap().1, "processed");
    world.gateway.sweep().await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM card_declines")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_is_declined_fifteen_times_and_then_not_asked_about(pool: PgPool) {
    let world = World::new(pool).await;
    world.script().charge = "declined";
    for _ in 0..15 {
        assert_eq!(buy(&world).await.unwrap().1, "denied");
    }
    assert_eq!(buy(&world).await.unwrap_err(), RefusalCode::AttemptsExceeded);
    assert_eq!(world.script().charges.len(), 15);
    let allowed: Vec<i32> =
        sqlx::query_scalar("SELECT (history->>'attempts_allowed')::int FROM payments ORDER BY id")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(
        allowed,
        (1..=15).rev().collect::<Vec<_>>(),
        "what was left is kept with each payment"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_last_try_that_is_left_is_followed_by_no_step_up_and_no_cascade(pool: PgPool) {
    let mut world = World::new(pool).await;
    world.connect("mute", |_| {}).await;
    let exempted = async |world: &World| {
        let order = world.order().await;
        let mut asked = purchase(order);
        asked.three_ds = ThreeDs {
            exemption: Some(Exemption::LowValue),
            ..ThreeDs::default()
        };
        world.gateway.purchase(&world.caller, asked, None).await.unwrap();
        world.words(order).await
    };
    let asked = |world: &World| {
        let script = world.script();
        (script.charges.len(), script.areqs.len())
    };
    let denied = ("pending".into(), "denied".into(), "DP-4500".into());

    world.script().charge = "declined";
    for _ in 0..13 {
        assert_eq!(buy(&world).await.unwrap().1, "denied");
    }
    let before = asked(&world);
    world.script().charge = "vetoed";
    assert_eq!(exempted(&world).await.1, "processed");
    assert_eq!(
        asked(&world),
        (before.0 + 2, before.1 + 1),
        "two were left: a step-up"
    );

    let before = asked(&world);
    assert_eq!(exempted(&world).await, denied);
    assert_eq!(
        asked(&world),
        (before.0 + 1, before.1),
        "one was left: no step-up"
    );
    assert_eq!(buy(&world).await.unwrap_err(), RefusalCode::AttemptsExceeded);

    world.clock.advance(Duration::days(30));
    world.script().charge = "declined";
    for _ in 0..14 {
        assert_eq!(buy(&world).await.unwrap().1, "denied");
    }
    let before = asked(&world);
    world.script().charge = "elsewhere";
    assert_eq!(buy(&world).await.unwrap().1, "denied");
    assert_eq!(
        asked(&world),
        (before.0 + 1, before.1 + 1),
        "one was left: no cascade"
    );
}
