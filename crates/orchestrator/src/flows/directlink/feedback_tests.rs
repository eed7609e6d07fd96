//! What a shop's server is to be told is written with what came to pass.

use super::{
    Maintenance, Wanted, Which,
    facts::Operation,
    testing::{told, unauthenticated, wanted},
};
use crate::flows::testing::World;
use sqlx::PgPool;

/// Occasion, status and level of everything that is to be told, in its order.
async fn to_be_told(pool: &PgPool) -> Vec<(String, i32, Option<i32>)> {
    sqlx::query_as(
        "SELECT occasion, (telling->>'status')::int, (telling->>'level')::int FROM directlink_feedback ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

fn end(status: i32) -> (String, i32, Option<i32>) {
    ("end".into(), status, None)
}

fn change(status: i32, level: i32) -> (String, i32, Option<i32>) {
    ("change".into(), status, Some(level))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ends_are_told_and_nothing_before_them(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    let cases = [
        ("Y", "approved", Operation::Sale, Some(9)),
        ("Y", "approved", Operation::Authorise, Some(5)),
        ("Y", "?", Operation::Sale, Some(92)),
        ("Y", "?", Operation::Authorise, Some(52)),
        ("Y", "pending", Operation::Sale, None),
        ("N", "approved", Operation::Sale, Some(0)),
        ("C", "approved", Operation::Sale, None),
        ("Y", "declined", Operation::Sale, Some(2)),
    ];
    let mut expected = Vec::new();
    for (number, (ares, charge, operation, status)) in cases.into_iter().enumerate() {
        (world.script().ares, world.script().charge) = (ares, charge);
        let order = Wanted {
            order_id: format!("order-{number}"),
            ..wanted(operation)
        };
        world.tried(&shop, order).await;
        expected.extend(status.map(end));
        assert_eq!(to_be_told(&pool).await, expected, "{ares} {charge} {operation:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_asked_afterwards_is_told_with_its_number(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    let payid = world
        .tried(&shop, unauthenticated(Operation::Authorise))
        .await
        .payment
        .payid;
    for asked in [
        Maintenance::Capture {
            hundredths: Some(4_000),
            closing: true,
        },
        Maintenance::Refund { hundredths: None },
    ] {
        world
            .gateway
            .directlink_maintain(&shop, Which::Number(payid), asked)
            .await
            .unwrap();
    }
    assert_eq!(to_be_told(&pool).await, [end(5), change(9, 1), change(8, 2)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn orders_of_other_faces_tell_nothing_here(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(to_be_told(&pool).await, []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_end_that_cannot_be_told_is_not_recorded_and_is_found_out_again(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    sqlx::query("ALTER TABLE directlink_feedback ADD CONSTRAINT closed CHECK (false)")
        .execute(&pool)
        .await
        .unwrap();

    // The charge is approved, and nothing of that can be written.
    let order = unauthenticated(Operation::Authorise);
    world.gateway.directlink_order(&shop, order).await.unwrap_err();
    let state: String = sqlx::query_scalar("SELECT state FROM payments")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(state, "authorizing");
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(events, 0);

    // Once it can, recovery finds out and says so.
    for statement in [
        "ALTER TABLE directlink_feedback DROP CONSTRAINT closed",
        "UPDATE payments SET look_again_at = '2000-01-01', leased_until = NULL",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    world.gateway.recover_due().await.unwrap();
    let payid: i64 = sqlx::query_scalar("SELECT payid FROM directlink_payments")
        .fetch_one(&pool)
        .await
        .unwrap();
    let (status, _) = told(&world.seen(&shop, payid).await);
    let told = to_be_told(&pool).await;
    assert_eq!(
        told.last().map(|last| last.1),
        Some(i32::from(status)),
        "{told:?}"
    );
    assert_eq!(world.script().charges.len(), 1);
}
