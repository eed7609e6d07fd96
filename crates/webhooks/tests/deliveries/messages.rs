//! What receivers get: the body, and signatures by every key.

use crate::world::{
    Keys, PRIVATE_KEY, Reaction, Receiver, Running, WEBHOOK_SECRET, clock, hooks, order, settings, tell,
    until_delivered,
};
use aws_lc_rs::{
    hmac,
    signature::{ED25519, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
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
        Reaction::Delay(Duration::from_secs(60)),
        Reaction::Redirect("/elsewhere"),
        OK,
    ];
    let receiver = Receiver::start(&script).await;
    let settings = DispatcherSettings {
        attempt_timeout: Duration::from_secs(2),
        ..settings()
    };
    let dispatcher = Running::start(&pool, settings);
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
