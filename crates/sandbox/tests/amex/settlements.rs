//! What follows a charge, and what the merchant is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::{SECRET, Sandbox, charge, movement, void};

#[tokio::test]
async fn held_money_is_captured_in_parts_and_never_more_than_it() {
    let sandbox = Sandbox::start().await;
    let (status, _) = sandbox.put("c-1", "p-1", &movement("CAPTURE", "1.00")).await;
    assert_eq!(status, 400, "there is no order yet");
    sandbox.put("c-1", "c-1", &charge("AUTHORIZE", "100.00")).await;
    for (transaction, amount, status) in [
        ("p-1", "100.01", 400),
        ("p-2", "60.00", 201),
        ("p-2", "60.00", 200),
        ("p-2", "61.00", 400),
        ("p-3", "40.01", 400),
        ("p-4", "40.00", 201),
    ] {
        let (answered, reply) = sandbox
            .put("c-1", transaction, &movement("CAPTURE", amount))
            .await;
        assert_eq!(answered, status, "{transaction} {amount}: {reply}");
    }
    let (_, captured) = sandbox.get("c-1", "p-4").await;
    assert_eq!(captured["order"]["status"], "CAPTURED");
}

#[tokio::test]
async fn what_was_captured_is_given_back_in_parts_and_never_more_than_it() {
    let sandbox = Sandbox::start().await;
    sandbox.put("c-1", "c-1", &charge("PAY", "100.00")).await;
    for (transaction, amount, status) in [
        ("r-1", "100.01", 400),
        ("r-2", "40.00", 201),
        ("r-2", "40.00", 200),
        ("r-3", "60.01", 400),
        ("r-4", "60.00", 201),
        ("r-5", "0.01", 400),
    ] {
        let (answered, reply) = sandbox.put("c-1", transaction, &movement("REFUND", amount)).await;
        assert_eq!(answered, status, "{transaction} {amount}: {reply}");
    }
    let (status, _) = sandbox.put("c-1", "v-1", &void("c-1")).await;
    assert_eq!(status, 400, "what was given back is not voided");
}

#[tokio::test]
async fn the_charge_is_voided_once_and_then_nothing_more_is_possible() {
    let sandbox = Sandbox::start().await;
    for (order, operation, kind) in [
        ("c-1", "PAY", "VOID_PAYMENT"),
        ("c-2", "AUTHORIZE", "VOID_AUTHORIZATION"),
    ] {
        sandbox.put(order, order, &charge(operation, "100.00")).await;
        let (status, _) = sandbox.put(order, "v-0", &void("other")).await;
        assert_eq!(status, 400, "it names no transaction of the order");
        let (status, reply) = sandbox.put(order, "v-1", &void(order)).await;
        assert_eq!((status, &reply["transaction"]["type"]), (201, &json!(kind)));
        assert_eq!(sandbox.put(order, "v-1", &void(order)).await.0, 200);
        for body in [
            void(order),
            movement("CAPTURE", "1.00"),
            movement("REFUND", "1.00"),
        ] {
            assert_eq!(sandbox.put(order, "x", &body).await.0, 400, "{body}");
        }
    }
}

#[tokio::test]
async fn every_transaction_is_told_with_the_secret_and_some_twice() {
    let sandbox = Sandbox::start().await;
    sandbox.put("c-1", "c-1", &charge("PAY", "100.00")).await;
    sandbox.put("c-2", "c-2", &charge("PAY", "100.05")).await;
    sandbox.put("c-1", "r-1", &movement("REFUND", "40.00")).await;
    sandbox.put("c-1", "r-2", &movement("REFUND", "40.00")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut times: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (headers, body) in sandbox.heard.lock().unwrap().iter() {
        assert_eq!(headers["x-notification-secret"], SECRET);
        assert_eq!(headers["x-notification-attempt"], "1");
        let id = headers["x-notification-id"].to_str().unwrap().to_owned();
        let transaction = body["transaction"]["id"].as_str().unwrap().to_owned();
        *times.entry((transaction, id)).or_default() += 1;
    }
    let told: Vec<_> = times
        .keys()
        .map(|(transaction, _)| transaction.as_str())
        .collect();
    assert_eq!(told, ["c-1", "c-2", "r-1", "r-2"], "one number each");
    let mut times: Vec<_> = times.into_values().collect();
    times.sort_unstable();
    assert_eq!(times, [1, 1, 2, 2], "every second one twice");
}
