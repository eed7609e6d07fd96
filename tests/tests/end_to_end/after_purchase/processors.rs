//! The same at the other processors: one that tells the end of everything later, one that captures and refunds later, and
//! one that does all at once.

use serde_json::json;
use tests::cards::{Brand, Card};
use tests::merchant::{Merchant, Placed};
use tests::order::Order;
use tests::system::System;

use super::{call, comes_to, moved, paid_at, told};

/// Each takes several captures and several refunds.
const PROCESSORS: [(&str, Brand); 3] = [
    ("adyen", Brand::Visa),
    ("cybersource", Brand::Mastercard),
    ("amex", Brand::Amex),
];

async fn held(merchant: &Merchant, (processor, brand): (&str, Brand)) -> Placed {
    paid_at(merchant, processor, &Card::of(brand, 0), 10_000, false).await
}

/// Follows the order until so much is captured and refunded.
async fn adds_up_to(merchant: &Merchant, order: &Placed, amounts: (i64, i64)) -> Order {
    merchant
        .follow(&order.token, |order| told(order) == amounts)
        .await
}

#[tokio::test]
async fn each_captures_in_parts_and_gives_back_in_parts() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for at @ (processor, _) in PROCESSORS {
        let order = held(merchant, at).await;
        for (amount, is_final, captured) in [(3_000, false, 3_000), (5_000, true, 8_000)] {
            let too_much = call(merchant, &order, "capture", json!({ "amount": 10_001 })).await;
            assert_eq!(too_much.status, 409, "{processor}: {}", too_much.text);
            let body = json!({ "amount": amount, "final": is_final });
            let answer = call(merchant, &order, "v2/capture", body).await;
            assert_eq!(answer.status, 200, "{processor}: {}", answer.text);
            adds_up_to(merchant, &order, (captured, 0)).await;
        }
        let more = call(merchant, &order, "capture", json!({ "amount": 1 })).await;
        assert_eq!(
            (more.status, more.error_code().as_str()),
            (409, "EMA-6003"),
            "{processor}: {}",
            more.text
        );
        for (amount, refunded, status) in [
            (1_500, 1_500, "partial_refunded"),
            (3_500, 5_000, "partial_refunded"),
            (3_000, 8_000, "refunded"),
        ] {
            let body = json!({ "amount": amount, "reason": "one came back" });
            let answer = call(merchant, &order, "v2/refund", body).await;
            assert_eq!(answer.status, 200, "{processor}: {}", answer.text);
            let read = adds_up_to(merchant, &order, (8_000, refunded)).await;
            assert_eq!(read.payment_status(), status, "{processor}");
        }
        let read = merchant.read(&order.token).await;
        assert_eq!(read.status(), "cancelled");
        let settlements = read.at("/payment/data/settlements").as_array().unwrap().clone();
        assert_eq!(settlements.len(), 5);
        assert!(settlements.iter().all(|it| it["status"] == "succeeded"));
        for operation in ["capture", "refund"] {
            assert_eq!(moved(&system, &order, operation).await, 8_000, "{processor}");
        }
        let webhooks = merchant.webhooks(&order.reference, 6).await;
        let words: Vec<_> = webhooks.iter().map(|webhook| webhook.news().1).collect();
        for word in ["authorized", "captured", "partial_refunded", "refunded"] {
            assert!(words.contains(&word), "{processor}: {words:?}");
        }
    }
    system.finish().await;
}

#[tokio::test]
async fn each_releases_what_is_held() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for at @ (processor, _) in PROCESSORS {
        for operation in ["void", "cancel"] {
            let order = held(merchant, at).await;
            let answer = call(merchant, &order, operation, json!({ "reason": "no stock" })).await;
            assert_eq!(answer.status, 204, "{processor}: {}", answer.text);
            let late = call(merchant, &order, "capture", json!({})).await;
            assert_eq!(late.status, 409, "{processor}: {}", late.text);
            let read = comes_to(merchant, &order, "voided").await;
            assert_eq!((read.status(), told(&read)), ("cancelled", (0, 0)), "{processor}");
            assert_eq!(moved(&system, &order, "void").await, 10_000, "{processor}");
            assert_eq!(moved(&system, &order, "capture").await, 0, "{processor}");
        }
    }
    system.finish().await;
}

#[tokio::test]
async fn each_does_once_what_its_answer_was_lost_of() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for at @ (processor, brand) in PROCESSORS {
        for (operation, amounts) in [
            ("capture", (10_000, 0)),
            ("void", (0, 0)),
            ("refund", (10_000, 10_000)),
        ] {
            let order = match operation {
                "refund" => paid_at(merchant, processor, &Card::of(brand, 0), 10_000, true).await,
                _ => held(merchant, at).await,
            };
            system.outside.fault(processor, "drop_reply", Some(1), None).await;
            let answer = call(merchant, &order, operation, json!({})).await;
            assert!(
                matches!(answer.status, 200 | 204),
                "{processor} {operation}: {}",
                answer.text
            );
            let status = match operation {
                "capture" => "captured",
                "void" => "voided",
                _ => "refunded",
            };
            let read = comes_to(merchant, &order, status).await;
            assert_eq!(told(&read), amounts, "{processor} {operation}");
            assert_eq!(
                moved(&system, &order, operation).await,
                10_000,
                "{processor} {operation}"
            );
        }
    }
    system.finish().await;
}
