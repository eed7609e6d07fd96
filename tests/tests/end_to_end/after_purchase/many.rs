//! Many at once: no more is given back than was taken, and money is taken once.

use futures_util::future::join_all;
use serde_json::json;
use tests::merchant::ORDERS;
use tests::system::System;

use super::{call, comes_to, held, moved, taken, told};

#[tokio::test]
async fn two_hundred_refunds_at_once_never_exceed_the_order() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = taken(merchant, 10_000).await;
    let answers =
        join_all((0..200).map(|_| call(merchant, &order, "refund", json!({ "amount": 300 })))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 33, "refunds that fit into the order");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(
            (refused.status, refused.error_code().as_str()),
            (409, "DP-4018"),
            "{}",
            refused.text
        );
    }
    let last = call(merchant, &order, "refund", json!({ "amount": 100 })).await;
    assert_eq!(last.status, 200, "{}", last.text);
    let read = comes_to(merchant, &order, "refunded").await;
    assert_eq!(told(&read), (10_000, 10_000));
    assert_eq!(moved(&system, &order, "refund").await, 10_000);
    system.finish().await;
}

#[tokio::test]
async fn fifty_captures_at_once_capture_once() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = held(merchant, 10_000).await;
    let answers = join_all((0..50).map(|number| {
        let operation = if number % 2 == 0 { "capture" } else { "v2/capture" };
        call(merchant, &order, operation, json!({ "amount": 10_000 }))
    }))
    .await;
    let done = answers.iter().filter(|answer| answer.status < 300).count();
    assert_eq!(done, 1, "captures of which one may be taken");
    for refused in answers.iter().filter(|answer| answer.status >= 300) {
        let code = refused.error_code();
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert!(
            ["EMA-6003", "DP-4019", "EMA-6002"].contains(&code.as_str()),
            "{}",
            refused.text
        );
    }
    assert_eq!(told(&merchant.read(&order.token).await), (10_000, 0));
    assert_eq!(moved(&system, &order, "capture").await, 10_000);
    let captures = system.outside.ledger(&order.reference).await;
    let sent = captures
        .iter()
        .filter(|entry| entry["operation"] == "capture")
        .count();
    assert_eq!(sent, 1, "{captures:?}");
    system.finish().await;
}

/// The same through two processes of the gateway, which know of each other through the database only.
#[tokio::test]
async fn refunds_through_two_gateways_never_exceed_the_order() {
    let system = System::start().await;
    let second = system.start_another_gateway().await;
    let merchants = [system.merchant.clone(), system.merchant.at(&second.url)];
    let order = taken(&system.merchant, 10_000).await;
    let answers = join_all((0..60).map(|number: usize| {
        let merchant = &merchants[number % 2];
        call(merchant, &order, "refund", json!({ "amount": 500 }))
    }))
    .await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((done, refused), (20, 40));
    let read = comes_to(&system.merchant, &order, "refunded").await;
    assert_eq!(told(&read), (10_000, 10_000));
    assert_eq!(moved(&system, &order, "refund").await, 10_000);
    system.finish().await;
}

/// Calls with one key are one call; calls with keys of their own are told apart, though all are of one order.
#[tokio::test]
async fn each_key_has_its_own_refund_and_its_own_answer() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let order = taken(merchant, 10_000).await;
    let path = format!("{ORDERS}/{}/refund", order.token);
    let refund = async |number: i64| {
        let body = json!({ "amount": 100 * (number % 5 + 1) });
        let answer = merchant
            .post_with_key(&path, &format!("key-{}", number % 5), &body)
            .await;
        (number % 5, answer)
    };
    for (_, answer) in join_all((0..25).map(&refund)).await {
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
        if answer.status == 409 {
            assert_eq!(answer.error_code(), "DP-4019", "{}", answer.text);
        }
    }
    for (number, answer) in join_all((0..5).map(&refund)).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("idempotency-replayed"), "true");
        assert_eq!(
            answer.json()["data"]["refund_amount"]["amount"],
            100 * (number + 1)
        );
    }
    let other_body = merchant
        .post_with_key(&path, "key-0", &json!({ "amount": 999 }))
        .await;
    assert_eq!(
        (other_body.status, other_body.error_code().as_str()),
        (409, "EMA-1002")
    );
    assert_eq!(moved(&system, &order, "refund").await, 1_500);
    comes_to(merchant, &order, "partial_refunded").await;
    system.finish().await;
}
