//! Leases and results, with dispatchers that come and go.

use crate::world::{
    Keys, Reaction, Received, Receiver, Running, clock, hooks, order, settings, tell, until, until_delivered,
};
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc, time::Duration};
use webhooks::DispatcherSettings;

const OK: Reaction = Reaction::Answer(200, r#"{"status":"succeeded","data":{"order_id":"1"}}"#);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_attempt_that_fails_for_good_is_given_up_and_lets_the_next_event_go(pool: PgPool) {
    let mut script = vec![Reaction::Answer(500, "4111111111111111"); 10];
    script.push(OK);
    let receiver = Receiver::start(&script).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    tell(&pool, order(1), 2, &receiver.url).await;
    let dispatcher = Running::start(&pool, settings());
    until("the second event is delivered", async || {
        hooks(&pool, order(1)).await[1]["successed"] == true
    })
    .await;

    let hook = &hooks(&pool, order(1)).await[0];
    assert_eq!(hook["successed"], false);
    assert_eq!(hook["retry"], 9);
    assert_eq!(hook["response"]["code"], "http_status");
    assert_eq!(hook["response"]["raw_response"], "****************");
    let sequences: Vec<_> = receiver.received().iter().map(Received::sequence).collect();
    assert_eq!(sequences, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    dispatcher.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_own_url_that_is_gone_is_not_tried_again_with_what_it_did_not_take(pool: PgPool) {
    let receiver = Receiver::start(&[Reaction::Answer(410, "moved away"), OK]).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    tell(&pool, order(1), 2, &receiver.url).await;
    let dispatcher = Running::start(&pool, settings());
    until("the second event is delivered", async || {
        hooks(&pool, order(1)).await[1]["successed"] == true
    })
    .await;
    dispatcher.stop().await;

    let hook = &hooks(&pool, order(1)).await[0];
    assert_eq!(hook["successed"], false);
    assert_eq!(hook["retry"], 0);
    assert_eq!(hook["response"]["code"], "gone");
    assert_eq!(hook["response"]["http_status_code"], 410);
    assert_eq!(receiver.received().len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_receiver_that_never_answers_delays_only_itself(pool: PgPool) {
    let slow = Receiver::start(&[Reaction::Delay(Duration::from_secs(60))]).await;
    let fast = Receiver::start(&[OK]).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(15),
        concurrency: 8,
        concurrency_per_endpoint: 2,
        shutdown: Duration::ZERO,
        ..settings()
    };
    for number in 0..20 {
        tell(&pool, order(number), 1, &slow.url).await;
    }
    let dispatcher = Running::start(&pool, settings);
    until("the slow receiver has all that may go to it", async || {
        slow.received().len() == 2
    })
    .await;
    for number in 100..120 {
        tell(&pool, order(number), 1, &fast.url).await;
        dispatcher.handle.wake();
    }
    for number in 100..120 {
        until_delivered(&pool, order(number)).await;
    }
    assert_eq!(slow.received().len(), 2);
    dispatcher.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_delivery_whose_process_died_is_taken_over_when_its_lease_ends(pool: PgPool) {
    let receiver = Receiver::start(&[Reaction::Delay(Duration::from_secs(60)), OK]).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(15),
        ..settings()
    };
    let dying = Running::start(&pool, settings.clone());
    until("the first attempt is under way", async || {
        receiver.received().len() == 1
    })
    .await;
    dying.kill().await;

    let early = Running::start(&pool, settings.clone());
    early.handle.wake();
    tokio::time::sleep(Duration::from_millis(300)).await;
    early.stop().await;
    assert_eq!(receiver.received().len(), 1);

    let lease = settings.lease;
    let heir = Running::start_with(&pool, settings, Keys::good(), clock(lease));
    until_delivered(&pool, order(1)).await;
    heir.stop().await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(hooks(&pool, order(1)).await[0]["retry"], 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn stopping_waits_for_what_is_nearly_done_and_hands_back_the_rest(pool: PgPool) {
    let nearly = Receiver::start(&[Reaction::Delay(Duration::from_millis(200))]).await;
    let stuck = Receiver::start(&[Reaction::Delay(Duration::from_secs(60)), OK]).await;
    tell(&pool, order(1), 1, &nearly.url).await;
    tell(&pool, order(2), 1, &stuck.url).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(15),
        ..settings()
    };
    let dispatcher = Running::start(&pool, settings.clone());
    until("both are under way", async || {
        nearly.received().len() + stuck.received().len() == 2
    })
    .await;
    dispatcher.stop().await;

    assert_eq!(hooks(&pool, order(1)).await[0]["successed"], true);
    assert_eq!(hooks(&pool, order(2)).await[0]["response"]["code"], "interrupted");
    let next = Running::start(&pool, settings);
    until_delivered(&pool, order(2)).await;
    next.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_keys_a_delivery_waits_and_nothing_is_sent(pool: PgPool) {
    let receiver = Receiver::start(&[OK]).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    let keyless = Running::start_with(&pool, settings(), Arc::new(Keys(None)), clock(Duration::ZERO));
    until("it is put off", async || {
        hooks(&pool, order(1)).await[0]["response"]["code"] == "not_signed"
    })
    .await;
    keyless.stop().await;
    assert!(receiver.received().is_empty());

    let later = Running::start_with(&pool, settings(), Keys::good(), clock(Duration::from_secs(60)));
    until_delivered(&pool, order(1)).await;
    later.stop().await;
    assert_eq!(hooks(&pool, order(1)).await[0]["retry"], 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn several_dispatchers_deliver_everything_once_and_each_order_in_order(pool: PgPool) {
    const ORDERS: u128 = 60;
    const EVENTS: i64 = 5;
    let receiver = Receiver::start(&[OK]).await;
    let dispatchers: Vec<_> = (0..3).map(|_| Running::start(&pool, settings())).collect();
    for sequence in 1..=EVENTS {
        for number in 0..ORDERS {
            tell(&pool, order(number), sequence, &receiver.url).await;
            dispatchers[usize::try_from(number).unwrap() % 3].handle.wake();
        }
    }
    for number in 0..ORDERS {
        until_delivered(&pool, order(number)).await;
    }
    for dispatcher in dispatchers {
        dispatcher.stop().await;
    }

    let mut by_order: HashMap<String, Vec<i64>> = HashMap::new();
    for received in receiver.received() {
        by_order
            .entry(received.order_token())
            .or_default()
            .push(received.sequence());
    }
    assert_eq!(by_order.len(), usize::try_from(ORDERS).unwrap());
    for (order, sequences) in by_order {
        assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>(), "{order}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_on_its_way_is_not_sent_beside_itself_when_the_database_forgets_the_lease(pool: PgPool) {
    let receiver = Receiver::start(&[Reaction::Delay(Duration::from_millis(800)), OK]).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(5),
        ..settings()
    };
    let dispatcher = Running::start(&pool, settings);
    until("the attempt is under way", async || {
        receiver.received().len() == 1
    })
    .await;
    // Leases need not outlast a crash of the database.
    sqlx::query("UPDATE deliveries SET attempts = 0, lease_owner = NULL, lease_until = NULL")
        .execute(&pool)
        .await
        .unwrap();
    dispatcher.handle.wake();
    until_delivered(&pool, order(1)).await;
    dispatcher.stop().await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(hooks(&pool, order(1)).await[0]["retry"], 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn where_receivers_are_more_than_room_each_has_its_turn(pool: PgPool) {
    const URLS: u128 = 60;
    const EVENTS: u128 = 5;
    let receiver = Receiver::start(&[OK]).await;
    for number in 0..URLS * EVENTS {
        let url = format!("{}/{}", receiver.url, number % URLS);
        tell(&pool, order(number), 1, &url).await;
    }
    let settings = DispatcherSettings {
        concurrency: 8,
        concurrency_per_endpoint: 4,
        ..settings()
    };
    let dispatcher = Running::start(&pool, settings);
    until("everything has arrived", async || {
        receiver.received().len() == (URLS * EVENTS) as usize
    })
    .await;
    dispatcher.stop().await;

    let mut first_at: HashMap<u128, usize> = HashMap::new();
    for (place, received) in receiver.received().iter().enumerate() {
        let number = (0..URLS * EVENTS)
            .find(|number| received.order_token() == order(*number).to_string())
            .unwrap();
        first_at.entry(number % URLS).or_insert(place);
    }
    // Nobody had its second turn twice before somebody else had its first.
    let latest = first_at.values().max().unwrap();
    assert!(
        *latest < 3 * URLS as usize,
        "the last to be served first was at {latest}"
    );
}
