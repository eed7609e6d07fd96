use super::super::{
    testing::{ACTOR, World},
    written,
};
use super::*;
use crate::clock::{Clock, SystemClock};
use sqlx::PgPool;
use std::sync::Arc;
use store::deliveries::{AttemptReport, LeaseRequest, LeasedDelivery, Verdict};
use uuid::Uuid;

const URL: &str = "https://a.example/h";

fn conflict<T: std::fmt::Debug>(result: Result<T, AdministrationError>) {
    assert!(
        matches!(result, Err(AdministrationError::Conflict(_))),
        "{result:?}"
    );
}

/// A world whose clock begins now: the log is read by the times in events' ids, which are real.
fn world(pool: PgPool) -> World {
    let world = World::new(pool);
    world.clock.advance(SystemClock.now() - world.clock.now());
    world
}

/// An event's id of that time, which the clock's nonce is not.
fn event_id_at(now: OffsetDateTime) -> Id<kind::Event> {
    let milliseconds = u128::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap();
    Id::from_uuid(Uuid::from_u128(milliseconds << 80 | 0x7 << 76 | 0x8 << 60 | 1))
}

impl World {
    /// Does what a dispatcher would: everything that is due is attempted once, and comes out so.
    async fn attempt(
        &self,
        verdict: Verdict,
        code: &'static str,
        http_status: u16,
    ) -> Vec<Arc<LeasedDelivery>> {
        let (store, now) = (&self.administration.store, self.administration.clock.now());
        store.deliveries_promote(now, 100).await.unwrap();
        let ready = store.queues_ready(now, None, 100).await.unwrap();
        let rooms: Vec<_> = ready.iter().map(|queue| (queue.queue, 10)).collect();
        let owner = Uuid::from_u128(7);
        let request = LeaseRequest {
            owner,
            now,
            until: now + time::Duration::seconds(30),
            total: 100,
            rooms: &rooms,
        };
        let leased = store.delivery_take_lease(&request).await.unwrap();
        let leased: Vec<_> = leased.into_iter().map(Arc::new).collect();
        let reports: Vec<_> = leased
            .iter()
            .map(|leased| AttemptReport {
                leased: Arc::clone(leased),
                verdict,
                code,
                http_status: Some(http_status),
                body: Some("{}".into()),
                begun_at: now,
                ended_at: now + time::Duration::milliseconds(12),
            })
            .collect();
        store.delivery_record(owner, &reports).await.unwrap();
        leased
    }

    /// Something happens to an order.
    async fn event(&self, merchant: Id<kind::Merchant>) -> Id<kind::Event> {
        let clock: &dyn Clock = &*self.clock;
        let event = NewEvent {
            id: event_id_at(clock.now()),
            merchant,
            subject: Subject::Order(clock.fresh_id()),
            sequence: 1,
            event_type: "order.succeeded",
            payment_status: Some("processed".into()),
            document: "{}".into(),
            notify_url: None,
            recipients: Recipients::Subscribed,
            created_at: clock.now(),
        };
        self.administration.store.event_insert(&event).await.unwrap();
        event.id
    }

    async fn dead_letters(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
    ) -> Vec<Id<kind::Event>> {
        let shown = self
            .administration
            .webhook_dead_letters(merchant, target, None, 10)
            .await
            .unwrap();
        shown.letters.iter().map(|letter| letter.event).collect()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_test_event_goes_to_its_target_alone_and_its_attempt_is_in_the_log(pool: PgPool) {
    let world = world(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    let id = world.endpoint(merchant, URL).await.shown.endpoint.id;
    world.endpoint(merchant, "https://b.example").await;
    let target = DeliveryTarget::Endpoint(id);

    let sent = administration
        .webhook_test(ACTOR, merchant, target, &json!({}))
        .await
        .unwrap();
    assert_eq!(sent.attempt, None);
    let leased = world.attempt(Verdict::Delivered, "delivered", 200).await;

    assert_eq!(leased.len(), 1);
    assert_eq!((leased[0].url.as_str(), leased[0].event), (URL, sent.event));
    assert_eq!(leased[0].subject.member(), "order");
    let log = administration
        .webhook_attempts(merchant, target, &AttemptFilter::default(), 10)
        .await
        .unwrap()
        .as_written();
    let entry = &log["data"][0];
    assert_eq!(
        (&entry["outcome"], &entry["latency_ms"]),
        (&json!("delivered"), &json!(12)),
        "{log}"
    );
    assert_eq!(entry["request"]["headers"]["webhook-id"], sent.event.prefixed());
    let shown = administration
        .webhook_event(merchant, sent.event)
        .await
        .unwrap()
        .as_written();
    assert_eq!(shown["order"]["order_id"], "webhook-test");
    assert_eq!(shown["attempts"][0]["target"], id.prefixed());
    let audit = administration.audit_list(Some(merchant), None, 1).await.unwrap();
    assert_eq!(audit[0].action, "webhook.test");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn where_nothing_can_go_no_test_is_sent(pool: PgPool) {
    let world = world(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let other = world.merchant("Other").await.merchant.id;
    let administration = &world.administration;
    let id = world.endpoint(merchant, URL).await.shown.endpoint.id;
    let target = DeliveryTarget::Endpoint(id);

    conflict(
        administration
            .webhook_test(ACTOR, merchant, DeliveryTarget::Own, &json!({}))
            .await,
    );
    let not_theirs = administration
        .webhook_test(ACTOR, other, target, &json!({}))
        .await;
    assert!(
        matches!(not_theirs, Err(AdministrationError::NotFound(_))),
        "{not_theirs:?}"
    );
    administration
        .webhook_endpoint_set_enabled(ACTOR, merchant, id, false)
        .await
        .unwrap();
    conflict(
        administration
            .webhook_test(ACTOR, merchant, target, &json!({}))
            .await,
    );
    conflict(
        administration
            .webhook_replay(ACTOR, merchant, target, &json!({"failed": true}))
            .await,
    );

    let change = json!({"notify_url": "https://own.example/h"});
    administration
        .merchant_update(ACTOR, merchant, &change)
        .await
        .unwrap();
    administration
        .webhook_test(ACTOR, merchant, DeliveryTarget::Own, &json!({}))
        .await
        .unwrap();
    let leased = world.attempt(Verdict::Delivered, "delivered", 200).await;
    assert_eq!(leased.len(), 1);
    assert_eq!(
        (leased[0].url.as_str(), leased[0].endpoint),
        ("https://own.example/h", None)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_given_up_is_listed_and_replayed(pool: PgPool) {
    let world = world(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    let id = world.endpoint(merchant, URL).await.shown.endpoint.id;
    let target = DeliveryTarget::Endpoint(id);
    let (began, mut events) = (world.clock.now(), Vec::new());
    for _ in 0..3 {
        events.push(world.event(merchant).await);
        world.clock.advance(time::Duration::minutes(1));
    }
    world.attempt(Verdict::GivenUp, "http_status", 500).await;
    assert_eq!(world.dead_letters(merchant, target).await, events);
    let replay = async |document: Value| {
        administration
            .webhook_replay(ACTOR, merchant, target, &document)
            .await
            .unwrap()
    };

    assert_eq!(replay(json!({"event_id": events[0]})).await, 1);
    assert_eq!(world.dead_letters(merchant, target).await, events[1..]);
    let again = world.attempt(Verdict::Delivered, "delivered", 200).await;
    assert_eq!((again[0].event, again[0].attempt), (events[0], 1));

    assert_eq!(replay(json!({"failed": true})).await, 2);
    assert_eq!(world.attempt(Verdict::Delivered, "delivered", 200).await.len(), 2);
    assert!(world.dead_letters(merchant, target).await.is_empty());

    // Everything of a time again, delivered or not; the end is not part of it.
    let until = began + time::Duration::minutes(2);
    let range = json!({"since": written(began), "until": written(until)});
    assert_eq!(replay(range).await, 2);
    assert_eq!(world.attempt(Verdict::Delivered, "delivered", 200).await.len(), 2);

    let failed = AttemptFilter {
        failed_only: true,
        ..AttemptFilter::default()
    };
    let log = administration
        .webhook_attempts(merchant, target, &failed, 10)
        .await
        .unwrap();
    assert_eq!(log.attempts.len(), 3);
    let of_one = AttemptFilter {
        event: Some(events[0]),
        ..AttemptFilter::default()
    };
    let log = administration
        .webhook_attempts(merchant, target, &of_one, 10)
        .await
        .unwrap();
    assert_eq!(
        log.attempts.len(),
        3,
        "given up, replayed, replayed with the others"
    );
    assert!(log.attempts.iter().all(|attempt| attempt.event == events[0]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_log_and_the_dead_letters_are_paged(pool: PgPool) {
    let world = world(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let administration = &world.administration;
    let id = world.endpoint(merchant, URL).await.shown.endpoint.id;
    let target = DeliveryTarget::Endpoint(id);
    for _ in 0..5 {
        administration
            .webhook_test(ACTOR, merchant, target, &json!({}))
            .await
            .unwrap();
        world.attempt(Verdict::GivenUp, "timed_out", 504).await;
        world.clock.advance(time::Duration::minutes(1));
    }
    let (mut seen, mut filter) = (Vec::new(), AttemptFilter::default());
    loop {
        let page = administration
            .webhook_attempts(merchant, target, &filter, 2)
            .await
            .unwrap();
        seen.extend(page.attempts.iter().map(|attempt| attempt.begun_at));
        match page.next {
            // As a caller would carry it.
            Some(next) => filter.before = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(
        seen.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first, none twice"
    );

    let (mut letters, mut after) = (Vec::new(), None);
    loop {
        let page = administration
            .webhook_dead_letters(merchant, target, after, 2)
            .await
            .unwrap();
        letters.extend(page.letters.iter().map(|letter| letter.event));
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(letters.len(), 5);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_replay_that_makes_no_sense_is_refused(pool: PgPool) {
    let world = world(pool);
    let merchant = world.merchant("Shop").await.merchant.id;
    let id = "01910000-0000-7000-8000-000000000009";
    let (early, late) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
    for (document, field) in [
        (json!({}), ""),
        (json!({"failed": false}), ""),
        (json!({"event_id": id, "failed": true}), ""),
        (json!({"since": early}), ""),
        (json!({"since": early, "until": late, "failed": true}), ""),
        (json!({"since": late, "until": early}), "until"),
        (json!({"since": "yesterday", "until": late}), "since"),
        (json!({"event": id}), "event"),
    ] {
        let refused = world
            .administration
            .webhook_replay(ACTOR, merchant, DeliveryTarget::Own, &document)
            .await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{document}: {refused:?}")
        };
        assert_eq!(problems.0[0].field, field, "{document}");
    }
    let unknown = world
        .administration
        .webhook_replay(ACTOR, merchant, DeliveryTarget::Own, &json!({"event_id": id}))
        .await;
    assert!(
        matches!(unknown, Err(AdministrationError::NotFound("event"))),
        "{unknown:?}"
    );
}
