//! Sending again, on a real database.

use super::*;
use crate::{
    deliveries::{
        LeasedDelivery, Verdict,
        tests::{ONE, OTHER, START, end, event, ids, insert, lease, merchant, order},
    },
    events::NewEvent,
    merchants::tests::{audit, id, insert as insert_merchant},
    webhook_endpoints::{
        DisabledReason, WebhookEndpoint,
        tests::{add, endpoint},
    },
};
use sqlx::PgPool;
use time::Duration;

const HOOK: &str = "https://shop.example/hook";

/// The first UUIDv7 so many minutes after the start.
fn minute(minutes: i64) -> Uuid {
    week::first_id(START + Duration::minutes(minutes))
}

/// Events at minutes 0 to 9 of a merchant, for its own URL and an endpoint that wants every other one.
async fn world(pool: &PgPool) -> (Store, Id<kind::Merchant>) {
    let store = Store::from_pool(pool.clone());
    let owner = insert_merchant(&store, 1).await.id;
    let wanted = WebhookEndpoint {
        event_types: vec!["order.succeeded".into()],
        rate_per_second: None,
        ..endpoint(owner, 10)
    };
    add(&store, &wanted).await;
    for minutes in 0..10 {
        let event_type = if minutes % 2 == 0 {
            "order.succeeded"
        } else {
            "order.pending"
        };
        let event = NewEvent {
            id: Id::from_uuid(minute(minutes)),
            merchant: owner,
            event_type,
            ..event(order(minutes.unsigned_abs().into()), 1, Some(HOOK))
        };
        store.event_insert(&event).await.unwrap();
    }
    (store, owner)
}

async fn end_all(store: &Store, verdict: Verdict) -> Vec<LeasedDelivery> {
    let leased = lease(store, ONE, START).await;
    for leased in &leased {
        end(store, ONE, leased, verdict, START).await;
    }
    leased
}

async fn rows(pool: &PgPool) -> Vec<(String, i32)> {
    sqlx::query_as("SELECT state, attempts FROM deliveries ORDER BY event_id, queue")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_replay_of_what_is_open_only_makes_it_due(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let event = insert(&store, order(1), 1, HOOK).await;
    let replay = async || store.replay_event(merchant(), event, None, START).await.unwrap();
    assert_eq!(replay().await, 0, "it is due already");
    let leased = lease(&store, ONE, START).await;
    assert_eq!(replay().await, 0, "it is being sent");
    assert!(lease(&store, OTHER, START).await.is_empty());

    end(
        &store,
        ONE,
        &leased[0],
        Verdict::RetryAt(START + Duration::hours(1)),
        START,
    )
    .await;
    assert_eq!(replay().await, 1);
    let again = lease(&store, OTHER, START).await;
    assert_eq!((ids(&again), again[0].attempt), (vec![event], 2));
    assert_eq!(rows(&pool).await.len(), 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_replay_of_a_dead_letter_begins_anew(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let event = insert(&store, order(1), 1, HOOK).await;
    end_all(&store, Verdict::GivenUp).await;
    assert_eq!(rows(&pool).await, [("given_up".to_owned(), 1)]);
    assert_eq!(
        store.replay_event(merchant(), event, None, START).await.unwrap(),
        1
    );
    let again = lease(&store, ONE, START).await;
    assert_eq!((ids(&again), again[0].attempt), (vec![event], 1));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_was_delivered_is_sent_again_once_however_many_ask_for_it(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    let event = insert(&store, order(1), 1, HOOK).await;
    end_all(&store, Verdict::Delivered).await;
    let mut asking = tokio::task::JoinSet::new();
    for owner in 0..8 {
        let store = store.clone();
        asking.spawn(async move {
            let made = store.replay_event(merchant(), event, None, START).await.unwrap();
            (
                made,
                lease(&store, Uuid::from_u128(100 + owner), START).await.len(),
            )
        });
    }
    let asked = asking.join_all().await;
    assert_eq!(asked.iter().map(|(made, _)| made).sum::<u64>(), 1);
    let leased: usize = asked.iter().map(|(_, leased)| leased).sum();
    assert_eq!(leased + lease(&store, ONE, START).await.len(), 1);

    let stranger = Id::from_uuid(Uuid::from_u128(5));
    assert_eq!(store.replay_event(stranger, event, None, START).await.unwrap(), 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_replay_goes_where_it_is_asked_to_go_if_that_is_enabled(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    end_all(&store, Verdict::Delivered).await;
    let replay = async |minutes, target| {
        let event = Id::from_uuid(minute(minutes));
        store.replay_event(owner, event, target, START).await.unwrap()
    };
    let endpoint = Some(DeliveryTarget::Endpoint(id(10)));
    assert_eq!(replay(0, None).await, 2);
    assert_eq!(replay(1, None).await, 1, "the endpoint does not want it");
    assert_eq!(replay(3, endpoint).await, 1, "unless it is named");
    assert_eq!(replay(4, Some(DeliveryTarget::Own)).await, 1);
    assert_eq!(replay(4, Some(DeliveryTarget::Endpoint(id(11)))).await, 0);
    let disabled = store
        .endpoint_disable(owner, id(10), DisabledReason::Operator, START, None, &audit("x"))
        .await;
    assert!(disabled.unwrap());
    assert_eq!(replay(5, endpoint).await, 0);
    assert_eq!(replay(6, None).await, 1);
    let target = DeliveryTarget::Endpoint(id(10));
    assert_eq!(store.replay_failed(owner, target, START).await.unwrap(), 0);
    let range = store
        .replay_range(owner, target, START, START + Duration::hours(1), START)
        .await;
    assert_eq!(range.unwrap(), 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_range_of_time_is_sent_again_as_far_as_it_was_meant_for_the_target(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    end_all(&store, Verdict::Delivered).await;
    let at = |minutes| START + Duration::minutes(minutes);
    let own = store
        .replay_range(owner, DeliveryTarget::Own, at(2), at(5), START)
        .await
        .unwrap();
    assert_eq!(own, 3);
    let to_endpoint = store
        .replay_range(owner, DeliveryTarget::Endpoint(id(10)), at(0), at(9), START)
        .await
        .unwrap();
    assert_eq!(to_endpoint, 5);
    let mut again: Vec<_> = lease(&store, ONE, START)
        .await
        .iter()
        .filter(|leased| leased.endpoint.is_none())
        .map(|leased| leased.event.uuid())
        .collect();
    again.sort_unstable();
    assert_eq!(again, [2, 3, 4].map(minute));
    let strangers = store
        .replay_range(id(2), DeliveryTarget::Own, at(0), at(9), START)
        .await;
    assert_eq!(strangers.unwrap(), 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_long_range_is_sent_again_batch_by_batch(pool: PgPool) {
    let store = Store::from_pool(pool.clone());
    sqlx::query(
        "INSERT INTO events (merchant_id, id, subject, subject_id, sequence, event_type, document, notify_url,
             notify_queue, created_at)
         SELECT $1, webhook_id_at($2 + number * interval '1 second'), 'order', gen_random_uuid(), 1, 'order.pending', '{}',
                'https://shop.example/hook', $1, $2
         FROM generate_series(0, 2499) AS number",
    )
    .bind(merchant().uuid())
    .bind(START)
    .execute(&pool)
    .await
    .unwrap();
    let end = START + Duration::hours(1);
    let range = async || {
        store
            .replay_range(merchant(), DeliveryTarget::Own, START, end, START)
            .await
            .unwrap()
    };
    assert_eq!(range().await, 2_500);
    assert_eq!(range().await, 0, "all of it is due already");
    sqlx::query("UPDATE deliveries SET state = 'given_up'")
        .execute(&pool)
        .await
        .unwrap();
    let failed = async || {
        store
            .replay_failed(merchant(), DeliveryTarget::Own, START)
            .await
            .unwrap()
    };
    assert_eq!(failed().await, 2_500);
    assert_eq!(failed().await, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn all_dead_letters_of_a_target_are_told_and_opened_again(pool: PgPool) {
    let (store, owner) = world(&pool).await;
    end_all(&store, Verdict::GivenUp).await;
    let endpoint = DeliveryTarget::Endpoint(id(10));
    let list = async |target, after, limit| store.dead_letters(owner, target, after, limit).await.unwrap();

    let first = list(DeliveryTarget::Own, None, 4).await;
    let rest = list(DeliveryTarget::Own, Some(first[3].cursor()), 100).await;
    let events: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|letter| letter.event.uuid())
        .collect();
    assert_eq!(events, (0..10).map(minute).collect::<Vec<_>>());
    let letter = &list(endpoint, None, 1).await[0];
    assert_eq!(
        *letter,
        DeadLetter {
            event: Id::from_uuid(minute(0)),
            event_type: "order.succeeded".into(),
            event_created_at: START,
            subject: Subject::Order(order(0)),
            endpoint: Some(id(10)),
            queue: Uuid::from_u128(10),
            url: Some("https://shop.example/hooks/10".into()),
            attempts: 1,
            last_code: Some("http_status".into()),
            last_http_status: Some(500),
            last_body: Some("no".into()),
            given_up_at: START,
        }
    );
    assert_eq!(letter.cursor().to_string().parse(), Ok(letter.cursor()));
    assert_eq!("x-y".parse::<DeadLetterCursor>(), Err(NotADeadLetterCursor));

    assert_eq!(store.replay_failed(id(2), endpoint, START).await.unwrap(), 0);
    assert_eq!(store.replay_failed(owner, endpoint, START).await.unwrap(), 5);
    assert_eq!(list(endpoint, None, 100).await, []);
    assert_eq!(list(DeliveryTarget::Own, None, 100).await.len(), 10);
    assert_eq!(lease(&store, ONE, START).await.len(), 5);
}
