//! Answers that are lost and processes that die while a capture, void or refund is out: each is done once, and its end found
//! out.

use serde_json::json;
use tests::merchant::ORDERS;
use tests::process::eventually;
use tests::system::System;

use super::{call, comes_to, held, moved, taken, told};

/// Whoever was sending counts as dead soon.
const SETTINGS: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 4000
[payments]
charge_lease_seconds = 6
";
/// Longer than any test runs.
const NO_ANSWER: Option<u64> = Some(300_000);

#[tokio::test]
async fn what_was_done_though_its_answer_was_lost_is_done_once() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (fault, operation, status, amounts) in [
        ("drop_reply", "capture", "captured", (10_000, 0)),
        ("drop_reply", "void", "voided", (0, 0)),
        ("drop_reply", "refund", "refunded", (10_000, 10_000)),
        ("garbage", "refund", "refunded", (10_000, 10_000)),
        ("duplicate", "capture", "captured", (10_000, 0)),
        ("duplicate", "refund", "refunded", (10_000, 10_000)),
    ] {
        let order = match operation {
            "refund" => taken(merchant, 10_000).await,
            _ => held(merchant, 10_000).await,
        };
        system.outside.fault("kushki", fault, Some(1), None).await;
        let answer = call(merchant, &order, operation, json!({})).await;
        assert!(
            matches!(answer.status, 200 | 204),
            "{fault} {operation}: {}",
            answer.text
        );
        let read = comes_to(merchant, &order, status).await;
        assert_eq!(told(&read), amounts, "{fault} {operation}");
        assert_eq!(
            moved(&system, &order, operation).await,
            10_000,
            "{fault} {operation}"
        );
    }
    system.finish().await;
}

#[tokio::test]
async fn what_never_left_can_be_asked_again() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = taken(merchant, 10_000).await;
    system.outside.fault("kushki", "http_500", Some(1), None).await;
    // A 500 that nothing documents says nothing of what was done: the amount stays reserved until that is known.
    let answer = call(merchant, &order, "refund", json!({ "amount": 6_000 })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let more = call(merchant, &order, "refund", json!({ "amount": 6_000 })).await;
    assert_eq!(
        (more.status, more.error_code().as_str()),
        (409, "DP-4018"),
        "{}",
        more.text
    );
    comes_to(merchant, &order, "partial_refunded").await;
    assert_eq!(moved(&system, &order, "refund").await, 6_000);
    system.finish().await;
}

#[tokio::test]
async fn while_a_refund_or_a_capture_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    let merchant = system.merchant.clone();
    for (operation, status) in [("refund", "refunded"), ("capture", "captured")] {
        let order = match operation {
            "refund" => taken(&merchant, 10_000).await,
            _ => held(&merchant, 10_000).await,
        };
        system.outside.fault("kushki", "delay", Some(1), NO_ANSWER).await;
        let path = format!("{ORDERS}/{}/{operation}", order.token);
        let calling = tokio::spawn({
            let (merchant, path) = (merchant.clone(), path.clone());
            async move {
                let headers = [("x-idempotency-key", "the-call-that-is-cut-off")];
                let body = json!({ "amount": 10_000 });
                merchant
                    .try_call(reqwest::Method::POST, &path, &headers, Some(&body))
                    .await
                    .ok()
            }
        });
        eventually("the processor to be asked", async || {
            moved(&system, &order, operation).await == 10_000
        })
        .await;

        system.kill_gateway().await;
        system.start_gateway().await;

        assert!(
            calling.await.unwrap().is_none(),
            "nobody answers a caller any more"
        );
        comes_to(&merchant, &order, status).await;
        assert_eq!(moved(&system, &order, operation).await, 10_000, "{operation}");
        // The caller who repeats itself is told how it began, and moves nothing more.
        let body = json!({ "amount": 10_000 });
        let again = merchant
            .post_with_key(&path, "the-call-that-is-cut-off", &body)
            .await;
        assert!(matches!(again.status, 200 | 204), "{}", again.text);
        assert_eq!(moved(&system, &order, operation).await, 10_000, "{operation}");
        system.outside.clear_faults().await;
    }
    system.finish().await;
}
