//! Charges whose end stays open: answered later by notification, or taken back since nobody tells what became of them.

use super::testing::World;
use payments::RefusalCode;
use primitives::{Id, id::kind};
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

type Words = (String, String, String);

fn words(order: &str, payment: &str, code: &str) -> Words {
    (order.into(), payment.into(), code.into())
}

fn paid() -> Words {
    words("succeeded", "processed", "-")
}

fn taken_back() -> Words {
    words("pending", "denied", "DP-6003")
}

fn being_found_out() -> Words {
    words("pending", "processing", "DP-6003")
}

/// Buys, and answers the order and the reference of its charge.
async fn buy(world: &World) -> (Id<kind::Order>, String) {
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    let script = world.script();
    let charge = script.charges.last().unwrap();
    (order, charge["reference"].as_str().unwrap().to_owned())
}

/// Whatever is due by then is looked at, and what is sent behind it has ended.
async fn later(world: &World, seconds: i64) {
    world.clock.advance(Duration::seconds(seconds));
    world.gateway.recover_due().await.unwrap();
}

/// Nothing else can happen to the order while the end of its charge is open.
async fn is_blocked(world: &World, order: Id<kind::Order>) {
    let again = world.purchase(order, None).await.unwrap_err();
    assert_eq!(again.code, RefusalCode::TransactionInProcess);
    let cancelled = world.gateway.cancel(&world.caller, order, None, None).await;
    assert_eq!(cancelled.unwrap_err().code, RefusalCode::PendingPayment);
}

async fn attempt_states(world: &World) -> Vec<String> {
    sqlx::query_scalar("SELECT state FROM attempts ORDER BY id")
        .fetch_all(&world.pool)
        .await
        .unwrap()
}

/// A merchant with a second connection, to which nothing may cascade while the first charge is open.
async fn with_another(pool: PgPool) -> World {
    let mut world = World::new(pool).await;
    world.connect("mute", |_| {}).await;
    world
}

/// A merchant whose only connection is to the processor that cannot be asked.
async fn mute(pool: PgPool) -> World {
    let mut world = World::new(pool).await;
    world
        .connect("mute", |document| document["preference"] = json!(0))
        .await;
    world
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_charge_that_is_answered_later_is_told_by_notification_and_blocks_everything_until_then(
    pool: PgPool,
) {
    let world = with_another(pool).await;
    for (said, end) in [
        ("approved", paid()),
        ("elsewhere", words("pending", "denied", "DP-4500")),
    ] {
        world.script().charge = "pending";
        let before = world.script().charges.len();
        let (order, reference) = buy(&world).await;
        assert_eq!(world.words(order).await, words("pending", "processing", "-"));
        let told = world.document(order).await;
        assert_eq!(told["payment"]["data"]["external_transaction_id"], "ticket-1");
        is_blocked(&world, order).await;

        let news = format!("id-{said} charge {reference} {said}");
        world.tell(&news).await.unwrap();
        assert_eq!(world.words(order).await, end);
        assert_eq!(
            world.script().charges.len(),
            before + 1,
            "nobody else was charged"
        );
    }
    assert_eq!(world.script().inquiries.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_charge_that_is_answered_later_is_asked_about_by_the_processor_s_id_if_nothing_is_told(
    pool: PgPool,
) {
    let world = with_another(pool).await;
    world.script().charge = "pending";
    let (order, _) = buy(&world).await;
    world.script().inquiry = "pending";
    later(&world, 90).await;
    assert_eq!(world.words(order).await, words("pending", "processing", "-"));
    world.script().inquiry = "approved";
    later(&world, 300).await;
    assert_eq!(world.words(order).await, paid());
    let script = world.script();
    assert_eq!((script.charges.len(), script.inquiries.len()), (1, 2));
    assert_eq!(script.inquiries[0]["processor_reference"], "ticket-1");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_charge_that_nobody_can_be_asked_about_is_taken_back_by_our_reference(pool: PgPool) {
    let world = mute(pool).await;
    world.script().charge_of_mute = "?";
    let (order, charged) = buy(&world).await;
    assert_eq!(world.words(order).await, being_found_out());
    world.script().reversal = "?";
    later(&world, 90).await;
    assert_eq!(
        world.words(order).await,
        being_found_out(),
        "its reversal was lost too"
    );
    is_blocked(&world, order).await;
    world.script().reversal = "reversed";
    later(&world, 300).await;
    assert_eq!(world.words(order).await, taken_back());
    assert_eq!(attempt_states(&world).await, ["reversed"]);
    {
        let script = world.script();
        assert_eq!((script.charges.len(), script.inquiries.len()), (1, 0));
        let [first, second] = script.reversals.as_slice() else {
            panic!("{:?}", script.reversals);
        };
        assert_eq!(first, second, "a repeat is the very same request");
        assert_eq!(first["of"], charged);
        assert_ne!(first["reference"], charged);
    }

    world.script().charge_of_mute = "approved";
    world.purchase(order, None).await.unwrap();
    assert_eq!(
        world.words(order).await,
        paid(),
        "the order can be paid otherwise now"
    );
    later(&world, 86_400).await;
    assert_eq!(
        world.script().reversals.len(),
        2,
        "nothing is taken back any more"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_reversal_that_is_only_accepted_ends_by_its_notification(pool: PgPool) {
    let world = mute(pool).await;
    world.script().charge_of_mute = "?";
    let (order, charged) = buy(&world).await;
    world.script().reversal = "accepted";
    later(&world, 90).await;
    assert_eq!(world.words(order).await, being_found_out());
    world
        .tell_as("mute", &format!("id-1 reversal {charged} failed"))
        .await
        .unwrap();
    assert_eq!(world.words(order).await, being_found_out());
    world
        .tell_as("mute", &format!("id-2 reversal {charged} done"))
        .await
        .unwrap();
    assert_eq!(world.words(order).await, taken_back());
    assert_eq!(attempt_states(&world).await, ["reversed"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lost_charge_that_is_told_of_in_time_is_not_taken_back(pool: PgPool) {
    let world = mute(pool).await;
    world.script().charge_of_mute = "?";
    let (order, charged) = buy(&world).await;
    world
        .tell_as("mute", &format!("id-1 charge {charged} approved"))
        .await
        .unwrap();
    assert_eq!(world.words(order).await, paid());
    later(&world, 86_400).await;
    assert_eq!(world.script().reversals.len(), 0);
    assert_eq!(world.words(order).await, paid());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_approval_that_is_told_while_its_charge_is_taken_back_is_voided_and_pays_nothing(pool: PgPool) {
    let world = mute(pool).await;
    world.script().charge_of_mute = "?";
    let (order, charged) = buy(&world).await;
    world.script().reversal = "not_found";
    later(&world, 90).await;
    world
        .tell_as("mute", &format!("id-1 charge {charged} approved"))
        .await
        .unwrap();
    world.comes_to(order, "denied").await;
    assert_eq!(world.words(order).await, taken_back());
    assert_eq!(attempt_states(&world).await, ["reversed"]);
    let script = world.script();
    assert_eq!((script.reversals.len(), script.voids.len()), (1, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_approval_for_less_than_was_asked_is_voided_and_pays_nothing(pool: PgPool) {
    let world = with_another(pool).await;
    {
        let mut script = world.script();
        (script.charge, script.settle) = ("partly", "?");
    }
    let (order, charged) = buy(&world).await;
    assert_eq!(world.words(order).await, being_found_out(), "its void was lost");
    is_blocked(&world, order).await;
    world.script().settle = "done";
    later(&world, 300).await;
    assert_eq!(world.words(order).await, taken_back());
    assert_eq!(attempt_states(&world).await, ["reversed"]);
    let script = world.script();
    assert_eq!(script.charges.len(), 1, "no other connection is charged instead");
    let [first, second] = script.voids.as_slice() else {
        panic!("{:?}", script.voids);
    };
    assert_eq!(first, second, "a repeat is the very same request");
    assert_ne!(first["reference"], charged);
}
