//! Weeks that come and go, on a real database with `now` handed in.

use super::*;
use crate::deliveries::{
    Verdict,
    tests::{ONE, end, event, lease, merchant, order},
};
use crate::events::NewEvent;
use primitives::Id;
use sqlx::PgPool;
use time::macros::datetime;

/// A Wednesday far from the present, of which no migration knows.
const NOW: OffsetDateTime = datetime!(2031-03-05 12:00 UTC);

async fn weeks(pool: &PgPool, parent: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT right(relname, 8) FROM pg_class JOIN pg_inherits ON inhrelid = oid
         WHERE inhparent = $1::regclass AND relname LIKE '%\\_p2031%' ORDER BY 1",
    )
    .bind(parent)
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn tell(store: &Store, number: u128, at: OffsetDateTime) -> Id<primitives::id::kind::Event> {
    let event = NewEvent {
        id: Id::from_uuid(Uuid::from_u128(week::first_id(at).as_u128() + number)),
        created_at: at,
        ..event(order(number), 1, Some("https://shop.example/hook"))
    };
    store.event_insert(&event).await.unwrap();
    event.id
}

/// The table that an event lies in.
async fn place(pool: &PgPool, event: Id<primitives::id::kind::Event>) -> Option<String> {
    sqlx::query_scalar("SELECT tableoid::regclass::text FROM events WHERE id = $1")
        .bind(event.uuid())
        .fetch_optional(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn weeks_are_made_ahead_and_dropped_when_all_of_them_is_old(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let kept = store.webhook_partitions_keep(NOW).await.unwrap();
    assert_eq!((kept.made, kept.put_off), (6, 0));
    let made = ["20310303", "20310310", "20310317"];
    for parent in PARENTS {
        assert_eq!(weeks(&pool, parent).await, made);
    }
    let again = store.webhook_partitions_keep(NOW).await.unwrap();
    assert_eq!((again.made, again.dropped), (0, 0));

    let told = tell(&store, 1, NOW).await;
    let open = tell(&store, 2, NOW).await;
    let late = tell(&store, 3, NOW + Duration::weeks(2)).await;
    for (leased, verdict) in lease(&store, ONE, NOW)
        .await
        .iter()
        .zip([Verdict::Delivered, Verdict::RetryAt(NOW)])
    {
        end(&store, ONE, leased, verdict, NOW).await;
    }
    assert_eq!(place(&pool, told).await.as_deref(), Some("events_p20310303"));
    assert_eq!(place(&pool, late).await.as_deref(), Some("events_p20310317"));
    // The week of the start ends on the 10th, and is old as a whole 30 days later.
    let over = datetime!(2031-04-09 00:00 UTC);
    store
        .webhook_partitions_keep(over - Duration::seconds(1))
        .await
        .unwrap();
    assert!(place(&pool, told).await.is_some());
    let kept = store.webhook_partitions_keep(over).await.unwrap();
    assert_eq!((kept.dropped, kept.put_off), (2, 0));
    assert_eq!(place(&pool, told).await, None);
    assert_eq!(place(&pool, open).await, None);
    assert!(place(&pool, late).await.is_some());
    let attempts: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_attempts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(attempts, 0);
    let left: Vec<Uuid> = sqlx::query_scalar("SELECT event_id FROM deliveries")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, [late.uuid()], "what is open goes with its event");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn nothing_is_refused_for_want_of_a_week(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let early = tell(&store, 1, NOW).await;
    assert_eq!(place(&pool, early).await.as_deref(), Some("events_default"));
    let leased = lease(&store, ONE, NOW).await;
    end(&store, ONE, &leased[0], Verdict::Delivered, NOW).await;

    // A week that has begun in the default partition stays there; those to come are made.
    let kept = store.webhook_partitions_keep(NOW).await.unwrap();
    assert_eq!((kept.made, kept.put_off), (4, 0));
    assert_eq!(weeks(&pool, "events").await, ["20310310", "20310317"]);
    let hooks = store.hooks_of_order(merchant(), order(1)).await.unwrap();
    assert_eq!(hooks[0]["successed"], true);

    let earlier = NOW + WEBHOOK_LOG_KEPT - Duration::seconds(1);
    store.webhook_partitions_keep(earlier).await.unwrap();
    assert!(place(&pool, early).await.is_some());
    let later = NOW + WEBHOOK_LOG_KEPT + Duration::seconds(1);
    let kept = store.webhook_partitions_keep(later).await.unwrap();
    assert_eq!(kept.rows_deleted, 2);
    assert_eq!(place(&pool, early).await, None);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_dead_letter_is_kept_as_long_as_its_event(pool: PgPool) {
    let store = Store::from_pool(pool);
    tell(&store, 1, NOW).await;
    let leased = lease(&store, ONE, NOW).await;
    end(&store, ONE, &leased[0], Verdict::GivenUp, NOW).await;
    let target = crate::deliveries::DeliveryTarget::Own;
    let dead = async || {
        store
            .dead_letters(merchant(), target, None, 9)
            .await
            .unwrap()
            .len()
    };
    store
        .webhook_partitions_keep(NOW + WEBHOOK_LOG_KEPT)
        .await
        .unwrap();
    assert_eq!(dead().await, 1);
    let later = NOW + WEBHOOK_LOG_KEPT + Duration::seconds(1);
    store.webhook_partitions_keep(later).await.unwrap();
    assert_eq!(dead().await, 0);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_lock_that_is_not_to_be_had_puts_off_and_holds_nobody_up(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    store.webhook_partitions_keep(NOW).await.unwrap();
    tell(&store, 1, NOW).await;
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM events")
        .execute(&mut *reader)
        .await
        .unwrap();
    let over = NOW + Duration::days(60);
    let keeping = tokio::spawn({
        let store = store.clone();
        async move { store.webhook_partitions_keep(over).await.unwrap() }
    });
    // Others write and read meanwhile, none of them held up for long.
    let mut waited_most = std::time::Duration::ZERO;
    let mut number = 10;
    while !keeping.is_finished() {
        let begun = std::time::Instant::now();
        tell(&store, number, over).await;
        waited_most = waited_most.max(begun.elapsed());
        number += 1;
    }
    let kept = keeping.await.unwrap();
    assert!(kept.put_off > 0, "{kept:?}");
    assert!(waited_most < std::time::Duration::from_secs(3), "{waited_most:?}");
    assert_eq!(
        weeks(&pool, "events").await.len(),
        3,
        "the old weeks are still there"
    );
    reader.rollback().await.unwrap();
    let kept = store.webhook_partitions_keep(over).await.unwrap();
    assert_eq!((kept.put_off, kept.dropped > 0), (0, true));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn any_number_of_keepers_do_the_work_once(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let mut keepers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = store.clone();
        keepers.spawn(async move { store.webhook_partitions_keep(NOW).await.unwrap() });
    }
    let kept = keepers.join_all().await;
    let made: u32 = kept.iter().map(|kept| kept.made).sum();
    let last = store.webhook_partitions_keep(NOW).await.unwrap();
    assert_eq!(made + last.made, 6);
    for parent in PARENTS {
        assert_eq!(weeks(&pool, parent).await.len(), 3);
    }
}
