//! What had been told as done, or was held, and comes to nothing weeks later: Adyen tells so by notification.

use serde_json::{Value, json};
use tests::cards::Card;
use tests::merchant::{Merchant, Placed};
use tests::order::Order;
use tests::system::System;

use super::{call, comes_to, moved, paid_at, told};

async fn bought(merchant: &Merchant, amount: i64, capture: bool) -> Placed {
    paid_at(merchant, "adyen", &Card::visa(0), amount, capture).await
}

/// Follows the order until its first settlement has failed.
async fn fails(merchant: &Merchant, order: &Placed) -> Order {
    merchant
        .follow(&order.token, |order| first(order)["status"] == "failed")
        .await
}

fn first(order: &Order) -> &Value {
    order.at("/payment/data/settlements/0")
}

/// The last `count` webhooks of the order, once there are `all`.
async fn last_words(merchant: &Merchant, order: &Placed, all: usize, count: usize) -> Vec<(String, String)> {
    let webhooks = merchant.webhooks(&order.reference, all).await;
    webhooks
        .iter()
        .skip(all - count)
        .map(|webhook| webhook.news())
        .map(|(event, status)| (event.to_owned(), status.to_owned()))
        .collect()
}

#[tokio::test]
async fn a_capture_that_fails_later_is_taken_back_and_can_be_made_again() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = bought(merchant, 10_081, false).await;
    let body = json!({ "amount": 6_000, "final": true });
    let answer = call(merchant, &order, "v2/capture", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let captured = comes_to(merchant, &order, "captured").await;
    assert_eq!(told(&captured), (6_000, 0));

    let failed = fails(merchant, &order).await;
    assert_eq!(
        (failed.statuses(), told(&failed)),
        (("succeeded", "authorized"), (0, 0))
    );
    assert_eq!(
        (&first(&failed)["code"], &first(&failed)["reason"]),
        (&json!("EMA-6003"), &json!("Capture Failed"))
    );
    assert_eq!(moved(&system, &order, "capture").await, 0);
    let words = last_words(merchant, &order, 3, 2).await;
    let told_so = [("payment.updated", "captured"), ("payment.updated", "authorized")];
    assert_eq!(
        words,
        told_so.map(|(event, status)| (event.to_owned(), status.to_owned()))
    );
    let refund = call(merchant, &order, "refund", json!({})).await;
    assert_eq!((refund.status, refund.error_code().as_str()), (409, "EMA-6000"));

    let answer = call(merchant, &order, "capture", json!({})).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let again = comes_to(merchant, &order, "captured").await;
    assert_eq!(told(&again), (10_081, 0));
    assert_eq!(moved(&system, &order, "capture").await, 10_081);
    system.finish().await;
}

#[tokio::test]
async fn a_refund_that_fails_later_can_be_made_again() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (amount, reason) in [
        (10_082, "Refund Failed"),
        (10_083, "Refund returned by the cardholder's bank"),
    ] {
        let order = bought(merchant, amount, true).await;
        let answer = call(merchant, &order, "refund", json!({ "reason": "did not fit" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let refunded = comes_to(merchant, &order, "refunded").await;
        assert_eq!(
            (refunded.status(), told(&refunded)),
            ("cancelled", (amount, amount))
        );
        let none_left = call(merchant, &order, "refund", json!({})).await;
        assert_eq!(
            (none_left.status, none_left.error_code().as_str()),
            (409, "DP-6005")
        );

        let failed = fails(merchant, &order).await;
        assert_eq!(
            (failed.statuses(), told(&failed)),
            (("succeeded", "processed"), (amount, 0))
        );
        assert_eq!(first(&failed)["reason"], reason);
        assert_eq!(moved(&system, &order, "refund").await, 0);
        let words = last_words(merchant, &order, 4, 1).await;
        assert_eq!(words, [("payment.updated".to_owned(), "denied".to_owned())]);

        let answer = call(merchant, &order, "v2/refund", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let again = comes_to(merchant, &order, "refunded").await;
        assert_eq!(told(&again), (amount, amount));
        assert_eq!(moved(&system, &order, "refund").await, amount);
    }
    system.finish().await;
}

#[tokio::test]
async fn a_hold_that_runs_out_ends_the_order_or_leaves_what_was_captured() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let part = bought(merchant, 10_084, false).await;
    let body = json!({ "amount": 4_000, "final": false });
    let answer = call(merchant, &part, "v2/capture", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let untouched = bought(merchant, 20_084, false).await;

    let over = comes_to(merchant, &untouched, "voided").await;
    assert_eq!((over.status(), told(&over)), ("cancelled", (0, 0)));
    assert_eq!(over.text("/payment/data/reason"), "the authorisation has expired");
    assert_eq!(moved(&system, &untouched, "void").await, 20_084);
    for operation in ["capture", "void", "refund"] {
        let late = call(merchant, &untouched, operation, json!({})).await;
        assert_eq!(
            (late.status, late.error_code().as_str()),
            (409, "EMA-1005"),
            "{operation}"
        );
    }
    let words = last_words(merchant, &untouched, 2, 1).await;
    assert_eq!(words, [("order.cancelled".to_owned(), "voided".to_owned())]);

    let kept = merchant
        .follow(&part.token, |order| {
            !order.text("/payment/data/reason").is_empty()
        })
        .await;
    assert_eq!(
        (kept.statuses(), told(&kept)),
        (("succeeded", "captured"), (4_000, 0))
    );
    let more = call(merchant, &part, "capture", json!({ "amount": 1 })).await;
    assert_eq!((more.status, more.error_code().as_str()), (409, "EMA-6003"));
    let answer = call(merchant, &part, "refund", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let back = comes_to(merchant, &part, "refunded").await;
    assert_eq!((back.status(), told(&back)), ("cancelled", (4_000, 4_000)));
    system.finish().await;
}
