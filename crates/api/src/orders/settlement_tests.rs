//! Captures, voids and refunds over HTTP: what is answered, what the gateway is asked for, and what never reaches it.

use super::testing::*;
use axum::http::StatusCode;
use orchestrator::{AmountAsked, SettlementAsked};
use primitives::Currency;
use serde_json::{Value, json};

const WITH_AMOUNT: [&str; 4] = ["capture", "v2/capture", "refund", "v2/refund"];

async fn ask(operation: &str, body: &str) -> (StatusCode, Value, Vec<Asked>) {
    let (face, orders) = face();
    let (status, _, answer) = send(&face, request("POST", &of_order(operation), body.to_owned())).await;
    (status, answer, orders.asked())
}

fn asked(asked: Vec<Asked>) -> SettlementAsked {
    match asked.into_iter().next() {
        Some(Asked::Settle(asked, None)) => asked,
        other => panic!("{other:?}"),
    }
}

fn minor(minor: i64) -> Option<AmountAsked> {
    Some(AmountAsked {
        minor,
        currency: None,
    })
}

#[tokio::test]
async fn a_capture_says_how_much_and_whether_it_is_the_last() {
    for (body, amount, is_final) in [
        ("", None, None),
        ("{}", None, None),
        (r#"{"amount":null,"order":{"order_id":"A-1"}}"#, None, None),
        (r#"{"amount":1}"#, minor(1), None),
        (r#"{"amount":1000.0,"final":false}"#, minor(1_000), Some(false)),
        (
            r#"{"amount":999999999999,"final":"true"}"#,
            minor(999_999_999_999),
            Some(true),
        ),
    ] {
        let (status, answer, calls) = ask("capture", body).await;
        assert_eq!((status.as_u16(), answer), (204, Value::Null), "{body}");
        assert_eq!(
            asked(calls),
            SettlementAsked::Capture { amount, is_final },
            "{body}"
        );
    }
    let (status, answer, _) = ask("v2/capture", "").await;
    assert_eq!(
        (status.as_u16(), &answer["order"]["token"]),
        (200, &json!(KNOWN_ORDER))
    );
}

#[tokio::test]
async fn a_void_is_of_everything() {
    let (status, _, calls) = ask("void", r#"{"reason":" out of stock "}"#).await;
    let reason = Some("out of stock".to_owned());
    assert_eq!(
        (status.as_u16(), asked(calls)),
        (204, SettlementAsked::Void { reason })
    );
    let (status, answer, calls) = ask("void", r#"{"amount":100}"#).await;
    assert_eq!((status.as_u16(), calls.len()), (400, 0));
    let told = answer["error"]["description"].as_str().unwrap();
    assert!(told.starts_with("amount: a void releases all there is"), "{told}");
}

#[tokio::test]
async fn a_refund_answers_its_amount_or_the_order() {
    let (status, answer, calls) = ask("refund", r#"{"amount":2500,"currency":"MXN","reason":"worn"}"#).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["data"]["refund_amount"],
        json!({ "amount": 2500, "currency": "MXN" })
    );
    let amount = Some(AmountAsked {
        minor: 2_500,
        currency: Some(Currency::MXN),
    });
    let reason = Some("worn".to_owned());
    assert_eq!(asked(calls), SettlementAsked::Refund { amount, reason });
    let (status, answer, _) = ask("v2/refund", "").await;
    assert_eq!(
        (status.as_u16(), &answer["order"]["token"]),
        (200, &json!(KNOWN_ORDER))
    );
}

#[tokio::test]
async fn what_the_processor_refused_is_an_error_with_the_order() {
    for (operation, code) in [
        ("capture", "EMA-6003"),
        ("v2/capture", "EMA-6003"),
        ("refund", "EMA-6000"),
        ("v2/refund", "EMA-6000"),
    ] {
        let (status, answer, _) = ask(operation, &format!(r#"{{"amount":{REFUSED_AMOUNT}}}"#)).await;
        assert_eq!(status, 422, "{operation}");
        assert_eq!(
            answer["error"],
            json!({ "code": code, "description": "not \"today\"" })
        );
        assert_eq!(answer["data"]["token"], json!(KNOWN_ORDER), "{operation}");
    }
}

#[tokio::test]
async fn amounts_that_cannot_be_meant_are_named_and_nothing_is_moved() {
    let range = "must be a whole number from 1 to 999999999999";
    let number = "must be a number that counts minor units";
    for operation in WITH_AMOUNT {
        for (amount, told) in [
            (json!(0), range),
            (json!(-0.0), range),
            (json!(-1), range),
            (json!(10.5), range),
            (json!(1e300), range),
            (json!(1_000_000_000_000_i64), range),
            (json!(u64::MAX), range),
            (json!("100"), number),
            (json!(""), number),
            (json!({}), number),
            (json!([100]), number),
            (json!(true), number),
            (json!({ "amount": 100, "currency": "MXN" }), number),
        ] {
            let (status, answer, calls) = ask(operation, &json!({ "amount": amount }).to_string()).await;
            assert_eq!(
                (status.as_u16(), calls.len()),
                (400, 0),
                "{operation} {amount}: {answer}"
            );
            let error = json!({ "code": "EMA-1002", "description": format!("amount: {told}") });
            assert_eq!(
                answer,
                json!({ "error": error, "data": null }),
                "{operation} {amount}"
            );
        }
    }
}

#[tokio::test]
async fn other_members_that_cannot_be_meant_are_named_and_nothing_is_moved() {
    let long = "x".repeat(256);
    for (operation, body, told) in [
        (
            "capture",
            json!({ "amount": 1, "final": "perhaps" }),
            "final: must be true or false",
        ),
        ("capture", json!({ "final": 1 }), "final: must be true or false"),
        (
            "capture",
            json!({ "amont": 100 }),
            "amont: is not a member of this call, and there is no amount",
        ),
        (
            "v2/refund",
            json!({ "Amount": 100 }),
            "Amount: is not a member of this call, and there is no amount",
        ),
        (
            "refund",
            json!({ "refund_amount": 100, "reason": "x" }),
            "refund_amount: is not a member of this call, and there is no amount",
        ),
        (
            "refund",
            json!({ "amount": 1, "reason": long }),
            "reason: must be at most 255 characters",
        ),
        (
            "refund",
            json!({ "amount": 1, "reason": 7 }),
            "reason: must be a string",
        ),
        (
            "refund",
            json!({ "currency": "MXN" }),
            "amount: is required beside currency",
        ),
        (
            "refund",
            json!({ "amount": 1, "currency": "QQQ" }),
            "currency: is not an ISO 4217 currency code",
        ),
        ("void", json!({ "reason": ["x"] }), "reason: must be a string"),
        (
            "void",
            json!({ "reason": "a\u{1}b" }),
            "reason: must not contain control characters",
        ),
    ] {
        let (status, answer, calls) = ask(operation, &body.to_string()).await;
        assert_eq!(
            (status.as_u16(), calls.len()),
            (400, 0),
            "{operation} {body}: {answer}"
        );
        assert_eq!(answer["error"]["description"], told, "{operation} {body}");
    }
    // Beside an amount, members that other clients send are let be, as everywhere.
    let (status, _, _) = ask("capture", r#"{"amount":1,"metadata":{"a":1}}"#).await;
    assert_eq!(status, 204);
}
