//! What a declined charge left held is released, whoever dies and however often nobody answers.

use crate::flows::testing::World;
use sqlx::PgPool;
use time::Duration;

async fn hold(world: &World) -> (String, bool) {
    sqlx::query_as("SELECT state, look_again_at IS NULL FROM holds")
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

/// A purchase that is declined, with what it holds still held.
async fn refused_by_risk(pool: PgPool) -> World {
    let world = World::new(pool).await;
    world.script().charge = "risky";
    let order = world.order().await;
    world.purchase(order, None).await.unwrap();
    assert_eq!(world.words(order).await.1, "denied");
    assert!(world.script().voids.is_empty(), "nobody waits for the release");
    assert_eq!(hold(&world).await, ("held".into(), false));
    world
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_hold_is_released_by_whoever_looks_first_and_once(pool: PgPool) {
    let world = refused_by_risk(pool).await;
    let (one, other) = tokio::join!(world.gateway.recover_due(), world.gateway.recover_due());
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(hold(&world).await, ("released".into(), true));
    {
        let script = world.script();
        assert_eq!(script.voids.len(), 1);
        assert_eq!(script.voids[0]["of"], "held-1");
        assert_ne!(script.voids[0]["reference"], script.charges[0]["reference"]);
    }
    world.clock.advance(Duration::days(1));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_release_without_an_answer_is_sent_again_under_the_same_reference(pool: PgPool) {
    let world = refused_by_risk(pool).await;
    world.script().settle = "?";
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(hold(&world).await, ("held".into(), false));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0, "not at once");
    // The first one got through.
    world.script().settle = "refused";
    world.clock.advance(Duration::minutes(1));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(hold(&world).await, ("released".into(), true));
    let script = world.script();
    assert_eq!(script.voids.len(), 2);
    assert_eq!(script.voids[0], script.voids[1]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_hold_in_the_hand_of_a_process_that_died_is_taken_up_again(pool: PgPool) {
    let world = refused_by_risk(pool).await;
    let now = world.gateway.clock().now();
    let store = world.gateway.store();
    let taken = store
        .holds_take_due(now, now + Duration::seconds(90), 10)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(world.gateway.recover_due().await.unwrap(), 0);
    assert_eq!(store.holds_next_due_at(now).await.unwrap(), None);
    world.clock.advance(Duration::seconds(91));
    assert_eq!(world.gateway.recover_due().await.unwrap(), 1);
    assert_eq!(hold(&world).await, ("released".into(), true));
}
