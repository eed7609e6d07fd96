//! What a lease promises, on a real database with time handed in.

use super::*;
use crate::events::{NewEvent, events_insert_in};
use primitives::{HttpUrl, UrlPolicy};
use serde_json::json;
use sqlx::PgPool;
use std::collections::HashSet;
use time::{Duration, macros::datetime};

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn merchant() -> Id<kind::Merchant> {
    Id::from_uuid(Uuid::from_u128(77))
}

fn order(number: u128) -> Id<kind::Order> {
    Id::from_uuid(Uuid::from_u128(1_000_000 + number))
}

/// Inserts an event of an order whose version is `sequence`, to be told to `url`.
async fn insert(store: &Store, order: Id<kind::Order>, sequence: i64, url: &str) -> Id<kind::Delivery> {
    let id = Uuid::from_u128((order.uuid().as_u128() << 20) + u128::from(sequence.unsigned_abs()));
    let event = NewEvent {
        id: Id::from_uuid(id),
        merchant: merchant(),
        order,
        sequence,
        event_type: "payment.updated",
        payment_status: "processing".to_owned(),
        order_document: format!(r#"{{"sequence":{sequence}}}"#),
        target: Some(HttpUrl::parse(url, UrlPolicy::HttpsOnly).unwrap()),
        created_at: START,
    };
    let mut conn = store.pool().acquire().await.unwrap();
    events_insert_in(&mut conn, &event).await.unwrap();
    Id::from_uuid(id)
}

fn request(owner: Uuid, now: OffsetDateTime) -> LeaseRequest<'static> {
    LeaseRequest {
        owner,
        now,
        until: now + Duration::seconds(30),
        total: 100,
        per_queue: 100,
        in_flight: &[],
    }
}

async fn lease(store: &Store, owner: Uuid, now: OffsetDateTime) -> Vec<LeasedDelivery> {
    store.delivery_take_lease(&request(owner, now)).await.unwrap()
}

fn ids(leased: &[LeasedDelivery]) -> Vec<Id<kind::Delivery>> {
    leased.iter().map(|leased| leased.delivery).collect()
}

fn report(leased: &LeasedDelivery, verdict: Verdict, at: OffsetDateTime) -> AttemptReport {
    AttemptReport {
        merchant: leased.merchant,
        order: leased.order,
        delivery: leased.delivery,
        attempt: leased.attempt,
        verdict,
        code: "http_status",
        http_status: Some(500),
        body: Some("no".to_owned()),
        ended_at: at,
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_leased_delivery_carries_its_event(pool: PgPool) {
    let store = Store::from_pool(pool);
    let delivery = insert(&store, order(1), 3, "https://shop.example/hook").await;

    let leased = lease(&store, ONE, START).await;

    assert_eq!(ids(&leased), [delivery]);
    assert_eq!(leased[0].merchant, merchant());
    assert_eq!(leased[0].order, order(1));
    assert_eq!(leased[0].attempt, 1);
    assert_eq!(leased[0].queue, "shop.example");
    assert_eq!(leased[0].url, "https://shop.example/hook");
    assert_eq!(leased[0].event.uuid(), delivery.uuid());
    assert_eq!(leased[0].event_type, "payment.updated");
    assert_eq!(leased[0].order_document, r#"{"sequence":3}"#);
    assert_eq!(leased[0].event_created_at, START);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn two_owners_never_hold_the_same_delivery(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..60 {
        insert(&store, order(number), 1, "https://shop.example/hook").await;
    }

    let mut takers = tokio::task::JoinSet::new();
    for owner in 1..=6 {
        let store = store.clone();
        takers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let request = LeaseRequest {
                    total: 7,
                    ..request(Uuid::from_u128(owner), START)
                };
                let leased = store.delivery_take_lease(&request).await.unwrap();
                if leased.is_empty() {
                    return mine;
                }
                mine.extend(ids(&leased));
            }
        });
    }
    let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();

    // A taker may go home early, seeing only rows that another holds locked: what it leaves, nobody has twice.
    let left = lease(&store, ONE, START).await.len();
    assert_eq!(taken.len() + left, 60);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), taken.len());
}

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
async fn a_later_event_of_an_order_waits_for_the_earlier_one_of_the_same_url(pool: PgPool) {
    let store = Store::from_pool(pool);
    let second = insert(&store, order(1), 2, "https://shop.example/hook").await;
    let first = insert(&store, order(1), 1, "https://shop.example/hook").await;
    let other_url = insert(&store, order(1), 3, "https://shop.example/other").await;
    let other_order = insert(&store, order(2), 9, "https://shop.example/hook").await;

    let leased = lease(&store, ONE, START).await;
    let expected = HashSet::from([first, other_url, other_order]);
    assert_eq!(ids(&leased).into_iter().collect::<HashSet<_>>(), expected);
    assert!(lease(&store, OTHER, START).await.is_empty());

    let done: Vec<_> = leased
        .iter()
        .map(|leased| report(leased, Verdict::Delivered, START))
        .collect();
    let recorded = store.delivery_record(ONE, &done).await.unwrap();
    assert_eq!(
        recorded,
        Recorded {
            applied: 3,
            more_behind: true
        }
    );
    assert_eq!(ids(&lease(&store, OTHER, START).await), [second]);
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

    let backlog = store.delivery_backlog(START).await.unwrap();
    assert_eq!((backlog.open, backlog.due), (3, 0));
    assert_eq!(store.delivery_next_due_at(START).await.unwrap(), Some(retry_at));
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
        store.delivery_backlog(retry_at).await.unwrap(),
        Backlog {
            open: 0,
            due: 0,
            oldest_due_at: None
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
async fn a_long_queue_hides_no_other(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..20 {
        insert(&store, order(number), 1, "https://busy.example/hook").await;
    }
    let quiet = insert(&store, order(50), 1, "https://quiet.example/hook").await;

    let request = LeaseRequest {
        per_queue: 4,
        ..request(ONE, START)
    };
    let leased = store.delivery_take_lease(&request).await.unwrap();
    assert_eq!(leased.len(), 5);
    assert!(ids(&leased).contains(&quiet));

    let in_flight = [("busy.example".to_owned(), 3), ("quiet.example".to_owned(), 9)];
    let request = LeaseRequest {
        in_flight: &in_flight,
        ..request
    };
    let leased = store.delivery_take_lease(&request).await.unwrap();
    assert_eq!(
        leased
            .iter()
            .map(|leased| leased.queue.as_str())
            .collect::<Vec<_>>(),
        ["busy.example"]
    );

    let request = LeaseRequest {
        total: 2,
        ..self::request(ONE, START)
    };
    assert_eq!(store.delivery_take_lease(&request).await.unwrap().len(), 2);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_without_a_target_is_kept_and_not_delivered(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let event = NewEvent {
        id: Id::from_uuid(Uuid::from_u128(5)),
        merchant: merchant(),
        order: order(1),
        sequence: 1,
        event_type: "order.pending",
        payment_status: String::new(),
        order_document: "{}".to_owned(),
        target: None,
        created_at: START,
    };
    let mut conn = pool.acquire().await.unwrap();
    events_insert_in(&mut conn, &event).await.unwrap();

    assert!(lease(&store, ONE, START).await.is_empty());
    assert!(
        store
            .hooks_of_order(merchant(), order(1))
            .await
            .unwrap()
            .is_empty()
    );
    let again = events_insert_in(&mut conn, &event).await;
    assert!(matches!(again, Err(StoreError::Taken(constraint)) if constraint == "events_pkey"));
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
