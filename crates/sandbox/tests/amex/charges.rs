//! Sales and authorisations.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{MERCHANT, PASSWORD, Sandbox, charge, path};

#[tokio::test]
async fn a_sale_is_made_once_and_answered_the_same_ever_after() {
    let sandbox = Sandbox::start().await;
    let (status, made) = sandbox.put("c-1", "c-1", &charge("PAY", "100.00")).await;
    assert_eq!((status, &made["result"]), (201, &json!("SUCCESS")));
    assert_eq!(made["transaction"]["type"], "PAYMENT");
    let (status, again) = sandbox.put("c-1", "c-1", &charge("PAY", "100.00")).await;
    assert_eq!((status, &again), (200, &made), "the same again changes nothing");
    assert_eq!(sandbox.get("c-1", "c-1").await, (200, made));

    let (status, other) = sandbox.put("c-1", "c-1", &charge("PAY", "100.01")).await;
    assert_eq!((status, &other["result"]), (400, &json!("ERROR")), "other data");
    let (status, _) = sandbox.put("c-1", "c-2", &charge("PAY", "100.00")).await;
    assert_eq!(status, 400, "the order is paid");
    assert_eq!(
        sandbox
            .processors
            .ledger
            .of_order("order-4711")
            .iter()
            .filter(|entry| entry.approved && entry.response_code.is_some())
            .count(),
        1
    );
}

#[tokio::test]
async fn the_same_sale_twice_at_once_is_made_once() {
    let sandbox = Sandbox::start().await;
    let body = charge("PAY", "100.00");
    let calls = (0..10).map(|_| sandbox.put("c-1", "c-1", &body));
    let answers = futures_util::future::join_all(calls).await;
    let made = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    assert_eq!(sandbox.processors.ledger.of_reference("c-1").len(), 1);
}

#[tokio::test]
async fn amounts_choose_the_gateways_codes() {
    let sandbox = Sandbox::start().await;
    for (amount, code, acquirer) in [
        ("100.05", "DECLINED", json!("100")),
        ("100.14", "DECLINED", json!("111")),
        ("100.41", "DECLINED", json!("200")),
        ("100.51", "INSUFFICIENT_FUNDS", json!("116")),
        ("100.54", "EXPIRED_CARD", json!("101")),
        ("100.65", "DECLINED", json!("65")),
        ("100.91", "ACQUIRER_SYSTEM_ERROR", json!("912")),
    ] {
        let (status, reply) = sandbox.put(amount, amount, &charge("PAY", amount)).await;
        assert_eq!((status, &reply["result"]), (201, &json!("FAILURE")), "{amount}");
        assert_eq!(reply["response"]["gatewayCode"], code, "{amount}");
        assert_eq!(reply["response"]["acquirerCode"], acquirer, "{amount}");
    }
    let mut bare = charge("PAY", "100.65");
    bare.as_object_mut().unwrap().remove("authentication");
    let (_, reply) = sandbox.put("bare", "bare", &bare).await;
    assert_eq!(reply["response"]["gatewayCode"], "NOT_ENROLLED_3D_SECURE");
}

#[tokio::test]
async fn lost_answers_are_found_and_what_never_came_is_not() {
    let sandbox = Sandbox::start().await;
    for (amount, status, found) in [("100.96", 500, 200), ("100.68", 0, 200), ("100.69", 0, 400)] {
        let (answered, _) = sandbox.put(amount, amount, &charge("PAY", amount)).await;
        assert_eq!(answered, status, "{amount}");
        let (known, reply) = sandbox.get(amount, amount).await;
        assert_eq!(known, found, "{amount}");
        let expected = if found == 200 { "SUCCESS" } else { "ERROR" };
        assert_eq!(reply["result"], expected, "{amount}");
    }
}

#[tokio::test]
async fn only_the_merchant_itself_may_call() {
    let sandbox = Sandbox::start().await;
    for login in [
        format!("merchant.{MERCHANT}:wrong"),
        format!("merchant.{MERCHANT}:"),
        format!("{MERCHANT}:{PASSWORD}"),
        format!("merchant.TEST0002:{PASSWORD}"),
    ] {
        let body = charge("PAY", "100.00");
        let (status, reply) = sandbox
            .call(Method::PUT, &path("c-1", "c-1"), &login, Some(&body))
            .await;
        assert_eq!(
            (status, &reply["error"]["cause"]),
            (401, &json!("INVALID_REQUEST"))
        );
    }
}

#[tokio::test]
async fn what_the_reference_does_not_know_is_refused() {
    type Change = fn(&mut Value);
    let sandbox = Sandbox::start().await;
    let changes: [(&str, Change); 8] = [
        ("an unknown member", |body| {
            body["order"]["ammount"] = json!("1.00")
        }),
        ("an authentication of the gateway's own", |body| {
            body["authentication"]["transactionId"] = json!("x");
        }),
        ("a failed authentication", |body| {
            body["authentication"]["3ds2"]["transactionStatus"] = json!("N");
        }),
        ("too many decimals", |body| {
            body["order"]["amount"] = json!("100.001")
        }),
        ("nothing", |body| body["order"]["amount"] = json!("0.00")),
        ("an unknown currency", |body| {
            body["order"]["currency"] = json!("mxn")
        }),
        ("a short code", |body| {
            body["sourceOfFunds"]["provided"]["card"]["securityCode"] = json!("737");
        }),
        ("an unknown operation", |body| {
            body["apiOperation"] = json!("SELL")
        }),
    ];
    for (what, change) in changes {
        let mut body = charge("PAY", "100.00");
        change(&mut body);
        let (status, reply) = sandbox.put("c-1", "c-1", &body).await;
        assert_eq!((status, &reply["result"]), (400, &json!("ERROR")), "{what}");
        assert!(!reply.to_string().contains("370000000010001"));
    }
    let mut visa = charge("PAY", "100.00");
    visa["sourceOfFunds"]["provided"]["card"]["number"] = json!("4000000000001000");
    visa["sourceOfFunds"]["provided"]["card"]["securityCode"] = json!("737");
    let (_, reply) = sandbox.put("visa", "visa", &visa).await;
    assert_eq!(reply["response"]["gatewayCode"], "NOT_SUPPORTED");
}
