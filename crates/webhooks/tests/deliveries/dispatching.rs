//! Leases, results and signatures, with dispatchers that come and go.

use crate::world::{
    Keys, PRIVATE_KEY, Reaction, Received, Receiver, Running, WEBHOOK_SECRET, clock, hooks, order, settings,
    tell, until, until_delivered,
};
use aws_lc_rs::{
    hmac,
    signature::{ED25519, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::PgPool;
use std::{collections::HashMap, sync::Arc, time::Duration};
use webhooks::{DispatcherSettings, SigningKeySet};

const OK: Reaction = Reaction::Answer(200, r#"{"status":"succeeded","data":{"order_id":"1"}}"#);

/// What a merchant's verifier does, from the documents and not from our code.
fn verify(key: &[u8], message: &[u8], signature: &str) -> bool {
    let signature = STANDARD.decode(signature).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message, &signature).is_ok()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_arrives_with_both_signatures(pool: PgPool) {
    let receiver = Receiver::start(&[OK]).await;
    let dispatcher = Running::start(&pool, settings());

    let event = tell(&pool, order(1), 4, &receiver.url).await;
    dispatcher.handle.wake();
    until_delivered(&pool, order(1)).await;

    let received = &receiver.received()[0];
    let body = received.body.as_bytes();
    assert!(verify(
        PRIVATE_KEY.as_bytes(),
        body,
        received.header("x-deuna-signature")
    ));
    let timestamp = received.header("webhook-timestamp");
    let signed = [
        received.header("webhook-id").as_bytes(),
        b".",
        timestamp.as_bytes(),
        b".",
        body,
    ]
    .concat();
    let secret = STANDARD
        .decode(WEBHOOK_SECRET.strip_prefix("whsec_").unwrap())
        .unwrap();
    let signature = received.header("webhook-signature").strip_prefix("v1,").unwrap();
    assert!(verify(&secret, &signed, signature));
    assert!(received.header("webhook-id").starts_with("evt_"));
    assert_eq!(received.header("content-type"), "application/json");
    assert!(received.header("user-agent").starts_with("Pasarela-Webhooks/"));

    let document = format!(
        r#"{{"order":{{"token":"{}", "sequence":4}},"event_id":"#,
        order(1)
    );
    assert!(received.body.starts_with(&document), "{}", received.body);
    let json = received.json();
    assert_eq!(json["event_id"], event.to_string());
    assert_eq!(json["event_type"], "payment.updated");
    assert!(json["created_at"].is_string() && json["signed_at"].is_string());

    let hook = &hooks(&pool, order(1)).await[0];
    assert_eq!(hook["retry"], 0);
    assert_eq!(hook["response"]["code"], "delivered");
    assert_eq!(hook["response"]["http_status_code"], 200);
    assert_eq!(
        hook["response"]["raw_response"],
        r#"{"status":"succeeded","data":{"order_id":"1"}}"#
    );
    dispatcher.stop().await;
    assert_eq!(receiver.received().len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_fails_is_sent_again_as_the_same_message_signed_anew(pool: PgPool) {
    let script = [
        Reaction::Answer(500, "no"),
        Reaction::Answer(200, r#"{"status":"failed","error":"busy"}"#),
        Reaction::Delay(Duration::from_secs(2)),
        Reaction::Redirect("/elsewhere"),
        OK,
    ];
    let receiver = Receiver::start(&script).await;
    let dispatcher = Running::start(&pool, settings());
    tell(&pool, order(1), 1, &receiver.url).await;
    dispatcher.handle.wake();
    until_delivered(&pool, order(1)).await;

    let received = receiver.received();
    assert_eq!(received.len(), 5);
    assert!(
        received
            .iter()
            .all(|again| again.header("webhook-id") == received[0].header("webhook-id"))
    );
    for again in &received {
        assert!(verify(
            PRIVATE_KEY.as_bytes(),
            again.body.as_bytes(),
            again.header("x-deuna-signature")
        ));
        let json = again.json();
        let signed_at: time::OffsetDateTime = time::OffsetDateTime::parse(
            json["signed_at"].as_str().unwrap(),
            &time::format_description::well_known::Rfc3339,
        )
        .unwrap();
        assert_eq!(
            again.header("webhook-timestamp"),
            signed_at.unix_timestamp().to_string()
        );
    }
    assert_eq!(hooks(&pool, order(1)).await[0]["retry"], 4);
    dispatcher.stop().await;
}

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
async fn while_keys_are_replaced_a_message_carries_a_signature_of_each(pool: PgPool) {
    const NEWER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const PRIVATE: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const PUBLIC: &str = "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let receiver = Receiver::start(&[OK]).await;
    tell(&pool, order(1), 1, &receiver.url).await;
    let keys = SigningKeySet {
        private_key: PRIVATE_KEY.to_owned().into(),
        v1: vec![NEWER.to_owned().into(), WEBHOOK_SECRET.to_owned().into()],
        v1a: vec![PRIVATE.to_owned().into()],
    };
    let dispatcher = Running::start_with(
        &pool,
        settings(),
        Arc::new(Keys(Some(keys))),
        clock(Duration::ZERO),
    );
    until_delivered(&pool, order(1)).await;
    dispatcher.stop().await;

    let received = &receiver.received()[0];
    let (id, timestamp) = (
        received.header("webhook-id"),
        received.header("webhook-timestamp"),
    );
    let signed = format!("{id}.{timestamp}.{}", received.body);
    let header = received.header("webhook-signature").to_owned();
    let signatures: Vec<_> = header.split(' ').collect();
    let [newer, older, asymmetric] = signatures[..] else {
        panic!("three signatures in {header}");
    };
    for (secret, signature) in [(NEWER, newer), (WEBHOOK_SECRET, older)] {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert!(verify(
            &secret,
            signed.as_bytes(),
            signature.strip_prefix("v1,").unwrap()
        ));
    }
    let signature = STANDARD.decode(asymmetric.strip_prefix("v1a,").unwrap()).unwrap();
    UnparsedPublicKey::new(&ED25519, STANDARD.decode(PUBLIC).unwrap())
        .verify(signed.as_bytes(), &signature)
        .unwrap();
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
