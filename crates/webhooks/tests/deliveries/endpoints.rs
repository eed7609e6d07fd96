//! What endpoints answer, and what becomes of them.

use crate::world::{
    Keys, Reaction, Received, Receiver, Running, clock, insert_endpoint, insert_merchant, load_endpoint,
    merchant, order, settings, tell_endpoints, until,
};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgPool;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use store::{
    Store,
    audit::Actor,
    webhook_endpoints::{DisabledReason, EndpointStatus},
};
use webhooks::DispatcherSettings;

const OK: Reaction = Reaction::Answer(200, "");
const FAILS: Reaction = Reaction::Answer(500, "no");
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn disabled_for(pool: &PgPool, endpoint: Id<kind::WebhookEndpoint>) -> Option<DisabledReason> {
    match load_endpoint(pool, endpoint).await.status {
        EndpointStatus::Enabled => None,
        EndpointStatus::Disabled { reason, .. } => Some(reason),
    }
}

fn of_type(receiver: &Receiver, event_type: &str) -> Vec<Value> {
    receiver
        .received()
        .iter()
        .map(Received::json)
        .filter(|json| json["event_type"] == event_type)
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_that_says_it_is_gone_is_disabled_and_its_merchant_told(pool: PgPool) {
    let gone = Receiver::start(&[Reaction::Answer(410, "")]).await;
    let living = Receiver::start(&[OK]).await;
    let default = Receiver::start(&[OK]).await;
    insert_merchant(&pool, Some(&default.url)).await;
    let gone_endpoint = insert_endpoint(&pool, 1, &gone.url, None).await;
    let living_endpoint = insert_endpoint(&pool, 2, &living.url, None).await;
    tell_endpoints(&pool, order(1), 1).await;

    let dispatcher = Running::start(&pool, settings());
    until("both others are told", async || {
        [&living, &default]
            .iter()
            .all(|receiver| of_type(receiver, "webhook.endpoint_disabled").len() == 1)
    })
    .await;

    assert_eq!(
        disabled_for(&pool, gone_endpoint).await,
        Some(DisabledReason::Gone)
    );
    assert_eq!(disabled_for(&pool, living_endpoint).await, None);
    let notice = &of_type(&living, "webhook.endpoint_disabled")[0];
    assert_eq!(notice["endpoint"]["endpoint_id"], gone_endpoint.prefixed());
    assert_eq!(notice["endpoint"]["disabled_reason"], "gone");
    assert_eq!(notice["endpoint"]["url"], gone.url);
    let store = Store::from_pool(pool.clone());
    let audit = store.audit_list(Some(merchant()), None, 1).await.unwrap();
    assert_eq!(audit[0].action, "webhook_endpoint.disable");
    assert!(matches!(audit[0].actor, Actor::Gateway));

    tell_endpoints(&pool, order(2), 1).await;
    dispatcher.handle.wake();
    until("the living one is told on", async || {
        of_type(&living, "payment.updated").len() == 2
    })
    .await;
    dispatcher.stop().await;
    assert_eq!(gone.received().len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_that_fails_for_days_is_disabled_and_one_that_recovers_is_not(pool: PgPool) {
    let failing = Receiver::start(&[FAILS]).await;
    let recovering = Receiver::start(&[FAILS, FAILS, FAILS, OK]).await;
    insert_merchant(&pool, None).await;
    let failing_endpoint = insert_endpoint(&pool, 1, &failing.url, None).await;
    let recovering_endpoint = insert_endpoint(&pool, 2, &recovering.url, None).await;
    tell_endpoints(&pool, order(1), 1).await;
    let first = Running::start(&pool, settings());
    until(
        "the one is written down as failing, the other no longer",
        async || {
            load_endpoint(&pool, failing_endpoint)
                .await
                .failing_since
                .is_some()
                && recovering.received().len() == 4
                && load_endpoint(&pool, recovering_endpoint)
                    .await
                    .failing_since
                    .is_none()
        },
    )
    .await;
    first.stop().await;

    let early = Running::start_with(&pool, settings(), Keys::good(), clock(4 * DAY));
    for number in 10..14 {
        tell_endpoints(&pool, order(number), 1).await;
    }
    early.handle.wake();
    until("it fails again", async || failing.received().len() >= 8).await;
    early.stop().await;
    assert_eq!(disabled_for(&pool, failing_endpoint).await, None);

    let late = Running::start_with(&pool, settings(), Keys::good(), clock(6 * DAY));
    for number in 20..24 {
        tell_endpoints(&pool, order(number), 1).await;
    }
    late.handle.wake();
    until("the other endpoint is told", async || {
        !of_type(&recovering, "webhook.endpoint_disabled").is_empty()
    })
    .await;
    late.stop().await;
    assert_eq!(
        disabled_for(&pool, failing_endpoint).await,
        Some(DisabledReason::Failing)
    );
    assert_eq!(disabled_for(&pool, recovering_endpoint).await, None);
    let notice = &of_type(&recovering, "webhook.endpoint_disabled")[0];
    assert_eq!(notice["endpoint"]["disabled_reason"], "failing");
    assert!(notice["endpoint"]["failing_since"].is_string());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_busy_endpoint_is_left_alone_for_as_long_as_it_asks(pool: PgPool) {
    let busy = Receiver::start(&[OK, Reaction::Busy("2"), OK]).await;
    let other = Receiver::start(&[OK]).await;
    insert_merchant(&pool, None).await;
    insert_endpoint(&pool, 1, &busy.url, None).await;
    insert_endpoint(&pool, 2, &other.url, None).await;
    let dispatcher = Running::start(&pool, settings());
    for number in [0, 1] {
        tell_endpoints(&pool, order(number), 1).await;
        dispatcher.handle.wake();
        until("it has arrived", async || {
            busy.received().len() == number as usize + 1
        })
        .await;
    }
    until("the answer is known", async || {
        let store = Store::from_pool(pool.clone());
        let hooks = store.hooks_of_order(merchant(), order(1)).await.unwrap();
        hooks
            .iter()
            .any(|hook| hook["response"]["http_status_code"] == 503)
    })
    .await;
    for number in 10..20 {
        tell_endpoints(&pool, order(number), 1).await;
        dispatcher.handle.wake();
    }
    until("all has arrived everywhere", async || {
        busy.received().len() == 13 && other.received().len() == 12
    })
    .await;
    dispatcher.stop().await;

    let asked_at = busy.received()[1].at;
    let quiet = busy.received()[2].at - asked_at;
    assert!(quiet >= Duration::from_millis(1_900), "{quiet:?}");
    assert!(
        other
            .received()
            .iter()
            .all(|received| received.at < asked_at + Duration::from_secs(2))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn several_dispatchers_share_an_endpoints_rate(pool: PgPool) {
    const RATE: u32 = 20;
    const EVENTS: u128 = 60;
    let receiver = Receiver::start(&[OK]).await;
    insert_merchant(&pool, None).await;
    insert_endpoint(&pool, 1, &receiver.url, Some(RATE)).await;
    for number in 0..EVENTS {
        tell_endpoints(&pool, order(number), 1).await;
    }
    let begun = Instant::now();
    let dispatchers = [(); 3].map(|()| Running::start(&pool, settings()));
    until("all has arrived", async || {
        receiver.received().len() == EVENTS as usize
    })
    .await;
    for dispatcher in dispatchers {
        dispatcher.stop().await;
    }
    // A second's worth may go out at once, and from then on so many a second.
    let received = receiver.received();
    for (number, received) in received.iter().enumerate() {
        let passed = (received.at - begun).as_secs_f64();
        let allowed = f64::from(RATE) * (1.0 + passed) + 1.0;
        assert!((number as f64) < allowed, "number {number} after {passed} s");
    }
    assert!(begun.elapsed() >= Duration::from_millis(1_800));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_is_told_of_in_order_whatever_fails(pool: PgPool) {
    const ORDERS: u128 = 8;
    const EVENTS: i64 = 4;
    // Every other message is refused at first.
    let script: Vec<_> = (0..200)
        .map(|number| if number % 2 == 0 { FAILS } else { OK })
        .collect();
    let receiver = Receiver::start(&script).await;
    insert_merchant(&pool, None).await;
    insert_endpoint(&pool, 1, &receiver.url, None).await;
    let dispatchers = [(); 2].map(|()| Running::start(&pool, settings()));
    for sequence in 1..=EVENTS {
        for number in 0..ORDERS {
            tell_endpoints(&pool, order(number), sequence).await;
            dispatchers[0].handle.wake();
        }
    }
    let accepted = || {
        receiver
            .received()
            .into_iter()
            .filter(Received::accepted)
            .collect::<Vec<_>>()
    };
    until("all is accepted", async || {
        accepted().len() >= ORDERS as usize * EVENTS as usize
    })
    .await;
    for dispatcher in dispatchers {
        dispatcher.stop().await;
    }
    let mut by_order: HashMap<String, Vec<i64>> = HashMap::new();
    for received in accepted() {
        by_order
            .entry(received.order_token())
            .or_default()
            .push(received.sequence());
    }
    assert_eq!(by_order.len(), ORDERS as usize);
    for (order, sequences) in by_order {
        assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>(), "{order}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn dead_slow_and_failing_endpoints_do_not_delay_a_good_one(pool: PgPool) {
    const EVENTS: u128 = 120;
    let good = Receiver::start(&[OK]).await;
    let slow = Receiver::start(&[Reaction::Delay(Duration::from_millis(400))]).await;
    let hanging = Receiver::start(&[Reaction::Delay(Duration::from_secs(60))]).await;
    let halves: Vec<_> = (0..2_000)
        .map(|number| if number % 2 == 0 { FAILS } else { OK })
        .collect();
    let half = Receiver::start(&halves).await;
    insert_merchant(&pool, None).await;
    insert_endpoint(&pool, 1, &slow.url, None).await;
    insert_endpoint(&pool, 2, &hanging.url, None).await;
    insert_endpoint(&pool, 3, &half.url, None).await;
    // Nobody listens there.
    insert_endpoint(&pool, 4, "http://127.0.0.1:1/hook", None).await;
    insert_endpoint(&pool, 5, &good.url, None).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(1),
        concurrency: 16,
        concurrency_per_endpoint: 4,
        shutdown: Duration::ZERO,
        ..settings()
    };
    let dispatcher = Running::start(&pool, settings);
    for number in 0..EVENTS {
        tell_endpoints(&pool, order(number), 1).await;
        dispatcher.handle.wake();
    }
    until("the good one has it all", async || {
        good.received().len() == EVENTS as usize
    })
    .await;
    // Four at a time, which takes the slow one twelve seconds: the good one did not wait for it, nor for the others.
    assert!(
        slow.received().len() < EVENTS as usize / 2,
        "{}",
        slow.received().len()
    );
    let hung = hanging.received().len();
    assert!(hung < EVENTS as usize / 2, "{hung}");
    until(
        "the slow one and the one that fails at times have it all in the end",
        async || {
            slow.received().len() == EVENTS as usize
                && half
                    .received()
                    .iter()
                    .filter(|received| received.accepted())
                    .count()
                    == EVENTS as usize
        },
    )
    .await;
    dispatcher.stop().await;
}
