//! After the purchase: captures, voids and refunds over HTTP, mostly with one processor that answers at once what it captures
//! and voids, and later what it gives back. What the order says, what the database holds and what the processor did must agree.

mod failures;
mod many;
mod mistakes;
mod processors;
mod silence;

use serde_json::{Value, json};
use tests::cards::Card;
use tests::http::Answer;
use tests::merchant::{Merchant, ORDERS, PURCHASE_V2, Placed};
use tests::order::Order;
use tests::system::System;

/// The processor that is meant.
const PROCESSOR: &str = "kushki";

/// An order whose money is held.
async fn held(merchant: &Merchant, amount: i64) -> Placed {
    paid(merchant, amount, false).await
}

/// An order whose money is taken.
async fn taken(merchant: &Merchant, amount: i64) -> Placed {
    paid(merchant, amount, true).await
}

async fn paid(merchant: &Merchant, amount: i64, capture: bool) -> Placed {
    paid_at(merchant, PROCESSOR, &Card::visa(0), amount, capture).await
}

async fn paid_at(merchant: &Merchant, processor: &str, card: &Card, amount: i64, capture: bool) -> Placed {
    let placed = merchant.place(amount).await;
    let mut body = merchant.purchase_body(&placed.token, card);
    body["capture"] = capture.into();
    body["processor_name"] = processor.into();
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let status = if capture { "processed" } else { "authorized" };
    assert_eq!(Order::of(&answer.json()).statuses(), ("succeeded", status));
    placed
}

async fn call(merchant: &Merchant, order: &Placed, operation: &str, body: Value) -> Answer {
    let path = format!("{ORDERS}/{}/{operation}", order.token);
    merchant.post(&path, &body).await
}

/// Follows the order until its payment has that status.
async fn comes_to(merchant: &Merchant, order: &Placed, status: &str) -> Order {
    merchant
        .follow(&order.token, |order| order.payment_status() == status)
        .await
}

/// What the processor did of that kind for the order, refusals aside, in all. Repeats that it recognised are not in it.
async fn moved(system: &System, order: &Placed, operation: &str) -> i64 {
    let entries = system.outside.ledger(&order.reference).await;
    entries
        .iter()
        .filter(|entry| entry["operation"] == operation && entry["approved"] == true)
        .filter_map(|entry| entry["amount"].as_i64())
        .sum()
}

/// Captured and refunded, as the order tells.
fn told(order: &Order) -> (i64, i64) {
    let minor = |member: &str| order.at(&format!("/payment/data/{member}")).as_i64().unwrap();
    (minor("captured_amount"), minor("refunded_amount"))
}

#[tokio::test]
async fn held_money_is_captured_whole_or_in_part_or_released() {
    let system = System::start().await;
    let merchant = &system.merchant;

    let whole = held(merchant, 10_000).await;
    let answer = call(merchant, &whole, "capture", json!({})).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let order = merchant.read(&whole.token).await;
    assert_eq!(
        (order.statuses(), told(&order)),
        (("succeeded", "captured"), (10_000, 0))
    );
    assert_eq!(moved(&system, &whole, "capture").await, 10_000);

    let part = held(merchant, 10_000).await;
    let answer = call(
        merchant,
        &part,
        "v2/capture",
        json!({ "amount": 6_000, "final": true }),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let order = Order::of(&answer.json());
    assert_eq!(
        (order.statuses(), told(&order)),
        (("succeeded", "captured"), (6_000, 0))
    );
    let settlement = order.at("/payment/data/settlements/0");
    assert_eq!(settlement["type"], "capture");
    assert_eq!(
        settlement["amount"],
        json!({ "amount": 6_000, "currency": "MXN" })
    );
    assert_eq!(settlement["status"], "succeeded");
    assert_eq!(moved(&system, &part, "capture").await, 6_000);
    let again = call(merchant, &part, "capture", json!({ "amount": 1 })).await;
    assert_eq!(
        (again.status, again.error_code().as_str()),
        (409, "EMA-6003"),
        "{}",
        again.text
    );

    for operation in ["void", "cancel"] {
        let released = held(merchant, 10_000).await;
        let answer = call(
            merchant,
            &released,
            operation,
            json!({ "reason": "out of stock" }),
        )
        .await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        let order = comes_to(merchant, &released, "voided").await;
        assert_eq!((order.status(), told(&order)), ("cancelled", (0, 0)));
        assert_eq!(moved(&system, &released, "void").await, 10_000);
        let late = call(merchant, &released, "capture", json!({})).await;
        assert_eq!(late.status, 409, "{}", late.text);
    }
    system.finish().await;
}

#[tokio::test]
async fn taken_money_is_given_back_whole_or_in_parts_and_each_end_is_told() {
    let system = System::start().await;
    let merchant = &system.merchant;

    let whole = taken(merchant, 10_000).await;
    let answer = call(merchant, &whole, "refund", json!({ "reason": "did not fit" })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let data = &answer.json()["data"];
    assert_eq!(
        data["refund_amount"],
        json!({ "amount": 10_000, "currency": "MXN" })
    );
    assert!(
        ["refunding", "refunded"].contains(&data["status"].as_str().unwrap()),
        "{data}"
    );
    let order = comes_to(merchant, &whole, "refunded").await;
    assert_eq!((order.status(), told(&order)), ("cancelled", (10_000, 10_000)));
    assert_eq!(moved(&system, &whole, "refund").await, 10_000);
    let again = call(merchant, &whole, "refund", json!({})).await;
    assert_eq!(
        (again.status, again.error_code().as_str()),
        (409, "DP-6005"),
        "{}",
        again.text
    );

    let parts = taken(merchant, 10_000).await;
    for (amount, status) in [
        (2_500, "partial_refunded"),
        (2_500, "partial_refunded"),
        (5_000, "refunded"),
    ] {
        let body = json!({ "amount": amount, "reason": "one came back" });
        let answer = call(merchant, &parts, "v2/refund", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        comes_to(merchant, &parts, status).await;
        if status != "refunded" {
            let too_much = call(merchant, &parts, "refund", json!({ "amount": 9_000 })).await;
            assert_eq!(
                (too_much.status, too_much.error_code().as_str()),
                (409, "DP-4018"),
                "{}",
                too_much.text
            );
        }
    }
    assert_eq!(moved(&system, &parts, "refund").await, 10_000);
    let webhooks = merchant.webhooks(&parts.reference, 4).await;
    assert_eq!(webhooks[0].news(), ("order.succeeded", "processed"));
    let ends: Vec<_> = webhooks.iter().map(|webhook| webhook.news().1).collect();
    assert!(ends.contains(&"partial_refunded"), "{ends:?}");

    let cancelled = taken(merchant, 10_000).await;
    let answer = merchant.cancel(&cancelled.token).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let order = comes_to(merchant, &cancelled, "refunded").await;
    assert_eq!((order.status(), told(&order)), ("cancelled", (10_000, 10_000)));
    system.finish().await;
}
