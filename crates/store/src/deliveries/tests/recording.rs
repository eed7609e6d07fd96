//! What becomes of a delivery after an attempt.

use super::*;
use serde_json::json;

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_lease_that_ran_out_is_taken_over_and_its_owner_no_longer_heard(pool: PgPool) {
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    let first = lease(&store, ONE, START).await;
    let later = START + Duration::seconds(30);

    assert!(
        lease(&store, OTHER, later - Duration::milliseconds(1))
            .await
            .is_empty()
    );
    let second = lease(&store, OTHER, later).await;
    assert_eq!(ids(&second), ids(&first));
    assert_eq!(second[0].attempt, 2);

    let stale = store
        .delivery_record(ONE, &[report(&first[0], Verdict::Delivered, later)])
        .await
        .unwrap();
    assert_eq!(stale.applied, 0);
    assert!(!delivered(&store, order(1)).await);
    let heard = store
        .delivery_record(OTHER, &[report(&second[0], Verdict::Delivered, later)])
        .await
        .unwrap();
    assert_eq!(heard.applied, 1);
    assert!(delivered(&store, order(1)).await);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_owner_is_not_heard_on_an_earlier_lease_of_its_own(pool: PgPool) {
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    let first = lease(&store, ONE, START).await;
    let later = START + Duration::minutes(1);
    let second = lease(&store, ONE, later).await;

    let stale = store
        .delivery_record(ONE, &[report(&first[0], Verdict::GivenUp, later)])
        .await
        .unwrap();
    assert_eq!(stale.applied, 0);
    let heard = store
        .delivery_record(ONE, &[report(&second[0], Verdict::Delivered, later)])
        .await
        .unwrap();
    assert_eq!(heard.applied, 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_behind_a_failed_delivery_is_put_off_with_it(pool: PgPool) {
    let store = Store::from_pool(pool);
    let hook = "https://shop.example/hook";
    let first = insert(&store, order(1), 1, hook).await;
    let before = insert(&store, order(1), 2, hook).await;
    let leased = lease(&store, ONE, START).await;
    let retry_at = START + Duration::seconds(10);
    store
        .delivery_record(ONE, &[report(&leased[0], Verdict::RetryAt(retry_at), START)])
        .await
        .unwrap();
    let after = insert(&store, order(1), 3, hook).await;

    let backlog = store.delivery_backlog().await.unwrap();
    assert_eq!((backlog.waiting, backlog.ready), (3, 0));
    let promoted = store.deliveries_promote(START, 10).await.unwrap();
    assert_eq!((promoted.count, promoted.next_due_at), (0, Some(retry_at)));
    assert!(lease(&store, ONE, START).await.is_empty());

    for expected in [first, before, after] {
        let leased = lease(&store, ONE, retry_at).await;
        assert_eq!(ids(&leased), [expected]);
        store
            .delivery_record(ONE, &[report(&leased[0], Verdict::Delivered, retry_at)])
            .await
            .unwrap();
    }
    assert_eq!(
        store.delivery_backlog().await.unwrap(),
        Backlog {
            ready: 0,
            waiting: 0,
            oldest_ready_at: None
        }
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn giving_up_lets_the_next_event_go(pool: PgPool) {
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    let second = insert(&store, order(1), 2, "https://shop.example/hook").await;
    let leased = lease(&store, ONE, START).await;
    store
        .delivery_record(ONE, &[report(&leased[0], Verdict::GivenUp, START)])
        .await
        .unwrap();
    assert_eq!(ids(&lease(&store, ONE, START).await), [second]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_postponed_attempt_does_not_count(pool: PgPool) {
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    let leased = lease(&store, ONE, START).await;
    let later = START + Duration::seconds(5);
    store
        .delivery_record(ONE, &[report(&leased[0], Verdict::PostponedTo(later), START)])
        .await
        .unwrap();
    assert!(lease(&store, ONE, START).await.is_empty());
    assert_eq!(lease(&store, ONE, later).await[0].attempt, 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_behind_keeps_the_lease_it_has_when_a_replay_ahead_fails(pool: PgPool) {
    let store = Store::from_pool(pool);
    let hook = "https://shop.example/hook";
    let first = insert(&store, order(1), 1, hook).await;
    let leased = lease(&store, ONE, START).await;
    end(&store, ONE, &leased[0], Verdict::Delivered, START).await;
    let second = insert(&store, order(1), 2, hook).await;
    let sending = lease(&store, ONE, START).await;
    assert_eq!(ids(&sending), [second]);
    store.replay_event(merchant(), first, None, START).await.unwrap();
    let again = lease(&store, OTHER, START).await;
    assert_eq!(ids(&again), [first]);
    let retry_at = START + Duration::seconds(10);
    end(&store, OTHER, &again[0], Verdict::RetryAt(retry_at), START).await;
    end(&store, ONE, &sending[0], Verdict::Delivered, START).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_lease_of_before_a_replay_is_not_heard_on_the_row_of_after_it(pool: PgPool) {
    let store = Store::from_pool(pool);
    let event = insert(&store, order(1), 1, "https://shop.example/hook").await;
    let late = lease(&store, ONE, START).await;
    let later = START + Duration::minutes(1);
    let taken_over = lease(&store, OTHER, later).await;
    end(&store, OTHER, &taken_over[0], Verdict::Delivered, later).await;
    store.replay_event(merchant(), event, None, later).await.unwrap();
    let again = lease(&store, ONE, later).await;
    assert_eq!((again[0].attempt, late[0].attempt), (1, 1));

    let heard = store
        .delivery_record(ONE, &[report(&late[0], Verdict::GivenUp, later)])
        .await
        .unwrap();
    assert_eq!(heard.applied, 0);
    end(&store, ONE, &again[0], Verdict::Delivered, later).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_counted_is_in_the_log_and_nothing_else(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    let leased = lease(&store, ONE, START).await;
    let postponed = report(&leased[0], Verdict::PostponedTo(START), START);
    store
        .delivery_record(ONE, std::slice::from_ref(&postponed))
        .await
        .unwrap();
    let leased = lease(&store, ONE, START).await;
    end(&store, ONE, &leased[0], Verdict::RetryAt(START), START).await;
    let stale = store
        .delivery_record(ONE, &[report(&leased[0], Verdict::Delivered, START), postponed])
        .await
        .unwrap();
    assert_eq!(stale.applied, 0);
    let leased = lease(&store, ONE, START).await;
    end(&store, ONE, &leased[0], Verdict::Delivered, START).await;

    let logged: Vec<(String, i32)> =
        sqlx::query_as("SELECT outcome, attempt FROM webhook_attempts ORDER BY attempt")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(logged, [("retry".to_owned(), 1), ("delivered".to_owned(), 2)]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_log_shows_each_delivery_in_order_and_only_to_its_owner(pool: PgPool) {
    let store = Store::from_pool(pool);
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    insert(&store, order(1), 2, "https://shop.example/hook").await;
    for at in [START, START + Duration::seconds(10)] {
        let leased = lease(&store, ONE, at).await;
        let verdict = if at == START {
            Verdict::RetryAt(at + Duration::seconds(10))
        } else {
            Verdict::Delivered
        };
        store
            .delivery_record(ONE, &[report(&leased[0], verdict, at)])
            .await
            .unwrap();
    }

    let hooks = store.hooks_of_order(merchant(), order(1)).await.unwrap();
    assert_eq!(
        hooks,
        [
            json!({
                "name": "notify", "url": "https://shop.example/hook", "retry": 1, "max_retry": 9,
                "successed": true,
                "response": { "code": "http_status", "http_status_code": 500, "raw_response": "no" },
                "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:10Z",
            }),
            json!({
                "name": "notify", "url": "https://shop.example/hook", "retry": 0, "max_retry": 9,
                "successed": false, "response": null,
                "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z",
            }),
        ]
    );
    let stranger = Id::from_uuid(Uuid::from_u128(78));
    assert!(store.hooks_of_order(stranger, order(1)).await.unwrap().is_empty());
}

async fn delivered(store: &Store, order: Id<kind::Order>) -> bool {
    store.hooks_of_order(merchant(), order).await.unwrap()[0]["successed"] == true
}
