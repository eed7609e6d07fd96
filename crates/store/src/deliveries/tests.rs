//! What a lease promises, on a real database with time handed in.

use super::*;
use crate::{
    Store,
    events::{NewEvent, Recipients, queue_of},
};
use primitives::{HttpUrl, UrlPolicy};
use sqlx::PgPool;
use std::collections::HashSet;
use time::{Duration, macros::datetime};

mod carried_over;
mod recording;

pub const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
pub const ONE: Uuid = Uuid::from_u128(1);
pub const OTHER: Uuid = Uuid::from_u128(2);

pub fn merchant() -> Id<kind::Merchant> {
    Id::from_uuid(Uuid::from_u128(77))
}

pub fn order(number: u128) -> Id<kind::Order> {
    Id::from_uuid(Uuid::from_u128(1_000_000 + number))
}

pub fn event(order: Id<kind::Order>, sequence: i64, url: Option<&str>) -> NewEvent {
    let id = Uuid::from_u128((order.uuid().as_u128() << 20) + u128::from(sequence.unsigned_abs()));
    NewEvent {
        id: Id::from_uuid(id),
        merchant: merchant(),
        subject: Subject::Order(order),
        sequence,
        event_type: "payment.updated",
        payment_status: Some("processing".to_owned()),
        document: format!(r#"{{"sequence":{sequence}}}"#),
        notify_url: url.map(|url| HttpUrl::parse(url, UrlPolicy::HttpsOnly).unwrap()),
        recipients: Recipients::Subscribed,
        created_at: START,
    }
}

/// Inserts an event of an order whose version is `sequence`, to be told to `url`.
pub async fn insert(store: &Store, order: Id<kind::Order>, sequence: i64, url: &str) -> Id<kind::Event> {
    let event = event(order, sequence, Some(url));
    store.event_insert(&event).await.unwrap();
    event.id
}

/// Leases up to `total` of everything that is ready, up to `room` of each queue.
pub async fn lease_some(
    store: &Store,
    owner: Uuid,
    now: OffsetDateTime,
    room: u32,
    total: u32,
) -> Vec<LeasedDelivery> {
    store.deliveries_promote(now, 1000).await.unwrap();
    let rooms: Vec<_> = store
        .queues_ready(now, None, 1000)
        .await
        .unwrap()
        .into_iter()
        .map(|ready| (ready.queue, room))
        .collect();
    let request = LeaseRequest {
        owner,
        now,
        until: now + Duration::seconds(30),
        total,
        rooms: &rooms,
    };
    store.delivery_take_lease(&request).await.unwrap()
}

pub async fn lease(store: &Store, owner: Uuid, now: OffsetDateTime) -> Vec<LeasedDelivery> {
    lease_some(store, owner, now, 100, 100).await
}

pub fn ids(leased: &[LeasedDelivery]) -> Vec<Id<kind::Event>> {
    leased.iter().map(|leased| leased.event).collect()
}

pub fn report(leased: &LeasedDelivery, verdict: Verdict, at: OffsetDateTime) -> AttemptReport {
    AttemptReport {
        leased: Arc::new(leased.clone()),
        verdict,
        code: "http_status",
        http_status: Some(500),
        body: Some("no".to_owned()),
        begun_at: at - Duration::milliseconds(40),
        ended_at: at,
    }
}

/// Records one attempt, which must count.
pub async fn end(store: &Store, owner: Uuid, leased: &LeasedDelivery, verdict: Verdict, at: OffsetDateTime) {
    let reports = [report(leased, verdict, at)];
    assert_eq!(store.delivery_record(owner, &reports).await.unwrap().applied, 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_leased_delivery_carries_its_event(pool: PgPool) {
    let store = Store::from_pool(pool);
    let delivery = insert(&store, order(1), 3, "https://shop.example/hook").await;

    let leased = lease(&store, ONE, START).await;

    assert_eq!(ids(&leased), [delivery]);
    assert_eq!(leased[0].merchant, merchant());
    assert_eq!(leased[0].subject, Subject::Order(order(1)));
    assert_eq!(leased[0].attempt, 1);
    let url = "https://shop.example/hook";
    assert_eq!(leased[0].queue, queue_of(merchant(), url));
    assert_eq!((leased[0].endpoint, leased[0].sequence), (None, 3));
    assert_eq!(leased[0].leased_until, START + Duration::seconds(30));
    assert_eq!(leased[0].url, "https://shop.example/hook");
    assert_eq!(leased[0].event_type, "payment.updated");
    assert_eq!(leased[0].document, r#"{"sequence":3}"#);
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
                let leased = lease_some(&store, Uuid::from_u128(owner), START, 100, 7).await;
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
async fn a_long_queue_hides_no_other(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..20 {
        insert(&store, order(number), 1, "https://shop.example/busy").await;
    }
    let quiet = insert(&store, order(50), 1, "https://shop.example/quiet").await;

    let leased = lease_some(&store, ONE, START, 4, 100).await;
    assert_eq!(leased.len(), 5);
    assert!(ids(&leased).contains(&quiet));
    assert_eq!(lease_some(&store, ONE, START, 100, 2).await.len(), 2);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn only_the_queues_that_are_asked_for_are_leased_and_only_so_much_of_each(pool: PgPool) {
    let store = Store::from_pool(pool);
    let urls = [
        "https://shop.example/a",
        "https://shop.example/b",
        "https://shop.example/c",
    ];
    for (number, url) in urls.into_iter().enumerate() {
        for more in 0..5 {
            insert(&store, order((number * 10 + more) as u128), 1, url).await;
        }
    }
    let [a, b, c] = urls.map(|url| queue_of(merchant(), url));
    let request = LeaseRequest {
        owner: ONE,
        now: START,
        until: START + Duration::seconds(30),
        total: 100,
        rooms: &[(a, 2), (b, 0), (Uuid::from_u128(4), 9)],
    };
    let leased = store.delivery_take_lease(&request).await.unwrap();
    let queues: Vec<_> = leased.iter().map(|leased| leased.queue).collect();
    assert_eq!(queues, [a, a]);
    let request = LeaseRequest {
        rooms: &[(c, 9)],
        ..request
    };
    assert_eq!(store.delivery_take_lease(&request).await.unwrap().len(), 5);
    let ready: Vec<_> = store.queues_ready(START, None, 9).await.unwrap();
    assert!(
        ready.iter().all(|ready| ready.queue != c),
        "everything there is being sent"
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn ready_queues_are_told_page_by_page(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..5 {
        let url = format!("https://shop.example/{number}");
        insert(&store, order(number), 1, &url).await;
        insert(&store, order(100 + number), 1, &url).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.queues_ready(START, after, 2).await.unwrap();
        seen.extend(page.iter().map(|ready| ready.queue));
        after = page.last().map(|last| last.queue);
        if page.len() < 2 {
            break;
        }
    }
    let mut expected: Vec<_> = (0..5)
        .map(|number| queue_of(merchant(), &format!("https://shop.example/{number}")))
        .collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    let ready = store.queues_ready(START, None, 1).await.unwrap()[0];
    assert_eq!((ready.merchant, ready.endpoint), (merchant(), None));
    assert_eq!(
        (ready.oldest_due_at, ready.pace, ready.failing_since),
        (START, None, None)
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_waits_falls_due_the_longest_due_first(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..3 {
        insert(&store, order(number), 1, "https://shop.example/hook").await;
    }
    for (leased, seconds) in lease(&store, ONE, START).await.iter().zip([30, 10, 20]) {
        let at = START + Duration::seconds(seconds);
        end(&store, ONE, leased, Verdict::RetryAt(at), START).await;
    }
    let at = |seconds| START + Duration::seconds(seconds);
    let promote = async |now, limit| {
        let promoted = store.deliveries_promote(now, limit).await.unwrap();
        (promoted.count, promoted.next_due_at)
    };
    assert_eq!(promote(at(9), 5).await, (0, Some(at(10))));
    assert_eq!(promote(at(25), 1).await, (1, Some(at(25))), "there may be more");
    assert_eq!(promote(at(25), 5).await, (1, Some(at(30))));
    assert_eq!(promote(at(30), 5).await, (1, None));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_longest_queues_are_told_with_their_lengths(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..6 {
        let url = if number < 4 {
            "https://shop.example/long"
        } else {
            "https://shop.example/short"
        };
        insert(&store, order(number), 1, url).await;
    }
    let queues = store.queue_backlogs(1).await.unwrap();
    assert_eq!(
        queues,
        [QueueBacklog {
            queue: queue_of(merchant(), "https://shop.example/long"),
            merchant: merchant(),
            endpoint: None,
            ready: 4,
            oldest_ready_at: START,
        }]
    );
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_table_itself_refuses_leases_that_mean_nothing(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    insert(&store, order(1), 1, "https://shop.example/hook").await;
    for (change, constraint) in [
        ("lease_owner = queue", "deliveries_lease_has_owner_and_end"),
        (
            "state = 'waiting', lease_owner = queue, lease_until = now()",
            "deliveries_leased_are_ready",
        ),
        ("endpoint_id = merchant_id", "deliveries_endpoint_is_its_queue"),
        ("state = 'lost'", "deliveries_state_check"),
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE deliveries SET {change}")))
            .execute(&pool)
            .await
            .unwrap_err();
        assert_eq!(
            refused.as_database_error().unwrap().constraint(),
            Some(constraint)
        );
    }
}
