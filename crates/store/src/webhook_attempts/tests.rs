//! Reading the log of attempts, on a real database.

use super::*;
use crate::{
    deliveries::{
        Verdict,
        tests::{ONE, START, end, event, insert, lease, merchant, order},
    },
    events::NewEvent,
    merchants::tests::{id, insert as insert_merchant},
    plans::{assert_entered_by, plan_of},
    webhook_endpoints::tests::{add, endpoint},
};
use sqlx::PgPool;

const HOOK: &str = "https://shop.example/hook";

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_targets_attempts_are_told_newest_first_page_by_page(pool: PgPool) {
    let store = Store::from_pool(pool);
    for number in 0..3 {
        insert(&store, order(number), 1, HOOK).await;
    }
    insert(&store, order(9), 1, "https://shop.example/other").await;
    for (verdict, seconds) in [(Verdict::RetryAt(START), 0), (Verdict::Delivered, 60)] {
        let at = START + time::Duration::seconds(seconds);
        for leased in lease(&store, ONE, at).await {
            end(&store, ONE, &leased, verdict, at).await;
        }
    }
    let list = async |failed_only, before, limit| {
        store
            .attempts_of_target(merchant(), DeliveryTarget::Own, failed_only, before, limit)
            .await
            .unwrap()
    };
    let all = list(false, None, 100).await;
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted_by(|a, b| (a.begun_at, a.event.uuid()) > (b.begun_at, b.event.uuid())));
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = list(false, before, 3).await;
        let Some(last) = page.last() else { break };
        before = Some(last.cursor().to_string().parse().unwrap());
        paged.extend(page);
    }
    assert_eq!(
        paged, all,
        "pages end between attempts of one moment and lose none"
    );
    let failed = list(true, None, 100).await;
    assert_eq!(failed, all[4..]);
    assert_eq!(list(true, Some(failed[0].cursor()), 100).await, failed[1..]);

    let stranger = Id::from_uuid(Uuid::from_u128(5));
    let strangers = store
        .attempts_of_target(stranger, DeliveryTarget::Own, false, None, 9)
        .await;
    assert_eq!(strangers.unwrap(), []);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_events_attempts_are_told_wherever_they_went(pool: PgPool) {
    let store = Store::from_pool(pool);
    let owner = insert_merchant(&store, 1).await.id;
    add(&store, &endpoint(owner, 10)).await;
    let told = NewEvent {
        merchant: owner,
        event_type: "order.succeeded",
        ..event(order(1), 1, Some(HOOK))
    };
    store.event_insert(&told).await.unwrap();
    for leased in lease(&store, ONE, START).await {
        let verdict = match leased.endpoint {
            Some(_) => Verdict::GivenUp,
            None => Verdict::Delivered,
        };
        end(&store, ONE, &leased, verdict, START).await;
    }

    let mut attempts = store.attempts_of_event(owner, told.id, 9).await.unwrap();
    attempts.sort_by_key(|attempt| attempt.endpoint.is_some());
    let expected = AttemptRecord {
        merchant: owner,
        subject: Subject::Order(order(1)),
        event: told.id,
        event_type: "order.succeeded".into(),
        event_created_at: START,
        endpoint: None,
        url: HOOK.into(),
        attempt: 1,
        begun_at: START - Duration::from_millis(40),
        latency: Duration::from_millis(40),
        code: "http_status".into(),
        http_status: Some(500),
        body: Some("no".into()),
        outcome: AttemptOutcome::Delivered,
    };
    let to_endpoint = AttemptRecord {
        endpoint: Some(id(10)),
        url: "https://shop.example/hooks/10".into(),
        outcome: AttemptOutcome::GivenUp,
        ..expected.clone()
    };
    assert_eq!(attempts, [expected, to_endpoint.clone()]);
    let target = DeliveryTarget::Endpoint(id(10));
    let of_endpoint = store.attempts_of_target(owner, target, false, None, 9).await;
    assert_eq!(of_endpoint.unwrap(), [to_endpoint]);
    assert_eq!(store.attempts_of_event(id(2), told.id, 9).await.unwrap(), []);
}

#[test]
fn a_place_in_the_log_survives_being_written() {
    let cursor = AttemptCursor {
        begun_at: START + Duration::from_micros(123_456),
        event: id(7),
    };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    for wrong in [
        "",
        "1",
        "1-",
        "x-00000000000000000000000000000007",
        "999999999999999999-00000000000000000000000000000007",
    ] {
        assert_eq!(wrong.parse::<AttemptCursor>(), Err(NotAnAttemptCursor), "{wrong}");
    }
}

/// Orders are read all the time, and their log with them: not by way of everybody's attempts of the week.
#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_index_of_targets_is_no_way_to_the_attempts_of_an_order(pool: PgPool) {
    let plan = plan_of(
        &pool,
        "PREPARE look (uuid, uuid, timestamptz) AS SELECT code FROM webhook_attempts
         WHERE merchant_id = $1 AND subject_id = $2 AND begun_at >= $3 AND outcome = 'delivered'",
        "EXPLAIN EXECUTE look (gen_random_uuid(), gen_random_uuid(), now())",
    )
    .await;
    assert_entered_by("(merchant_id = $1) AND (subject_id = $2)", &plan);
}
