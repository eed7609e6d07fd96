//! What the simulator tells of its own accord.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use primitives::Secret;
use sandbox::processors::Registered;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{MERCHANT, Sandbox, charge, mxn};

const SECRET: &str = "kushki-webhook-secret";

type Heard = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) {
    heard.lock().unwrap().push((headers, body));
}

/// A merchant that has told where notifications go, and what it hears there.
async fn listening() -> (Sandbox, Heard) {
    let sandbox = Sandbox::start().await;
    let heard = Heard::default();
    let router = axum::Router::new()
        .route("/news", post(hear))
        .with_state(heard.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/news", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let registered = Registered {
        connection_id: "connection-1".into(),
        notification_url: Some(url),
        credentials: [("webhook_secret".to_owned(), Secret::new(SECRET.to_owned()))].into(),
    };
    sandbox
        .processors
        .connections
        .register_whole("kushki", MERCHANT, registered);
    (sandbox, heard)
}

/// What was heard of a reference within two seconds, every signature checked.
async fn of_reference(heard: &Heard, reference: &str, at_least: usize) -> Vec<Value> {
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let all = heard.lock().unwrap().clone();
        let told: Vec<Value> = all
            .iter()
            .map(|(headers, body)| verified(headers, body))
            .filter(|event| event["external_reference_id"] == reference)
            .collect();
        if told.len() >= at_least {
            return told;
        }
    }
    Vec::new()
}

fn verified(headers: &HeaderMap, body: &Bytes) -> Value {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = [body, b".".as_slice(), text("x-kushki-id").as_bytes()].concat();
    let tag = hmac::sign(&key, &signed);
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text("x-kushki-signature"), hex);
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn charges_are_told_of_with_their_end() {
    let (sandbox, heard) = listening().await;
    for (reference, amount, status) in [
        ("ref-told-1", "100.00", "APPROVAL"),
        ("ref-told-2", "100.51", "DECLINED"),
        ("ref-told-3", "100.96", "APPROVAL"),
    ] {
        sandbox.charge(&charge(reference, amount)).await;
        let told = of_reference(&heard, reference, 1).await;
        assert_eq!(told.len(), 1, "{reference}");
        assert_eq!(told[0]["transaction_status"], status);
        assert_eq!(told[0]["transaction_type"], "SALE");
    }
}

#[tokio::test]
async fn a_refund_is_taken_in_and_told_of_when_it_has_settled() {
    let (sandbox, heard) = listening().await;
    let (_, sale) = sandbox.charge(&charge("ref-sale", "100.00")).await;
    let mut times = Vec::new();
    for key in ["refund-a", "refund-b"] {
        let body = json!({ "amount": mxn("40.00"), "fullResponse": "v2", "externalReferenceId": key });
        let (status, taken) = sandbox
            .take_back("refund", &sale["ticketNumber"], key, &body)
            .await;
        assert_eq!(
            (status, &taken["details"]["transactionStatus"]),
            (201, &json!("INITIALIZED"))
        );
        assert!(of_reference(&heard, key, 1).await.iter().all(|event| {
            event["transaction_status"] == "APPROVAL" && event["transaction_type"] == "REFUND"
        }));
        // One that comes twice does so at once.
        tokio::time::sleep(Duration::from_millis(100)).await;
        times.push(of_reference(&heard, key, 1).await.len());
        let listed = sandbox.list(key).await;
        assert_eq!(listed["data"][0]["transaction_status"], "APPROVED");
    }
    times.sort_unstable();
    assert_eq!(times, [1, 2], "every second one comes twice");
}

#[tokio::test]
async fn a_merchant_without_an_address_is_told_nothing() {
    let (sandbox, heard) = listening().await;
    sandbox
        .processors
        .connections
        .register("kushki", MERCHANT, "connection-1");
    sandbox.charge(&charge("ref-quiet", "100.00")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(heard.lock().unwrap().is_empty());
}
