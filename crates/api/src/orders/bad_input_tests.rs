//! Bad input of every kind to every operation: a 4xx that names the member, never a 500, and nothing asked of the
//! gateway.

use super::testing::*;
use axum::Router;
use serde_json::{Value, json};
use std::sync::Arc;

/// Sends `body` and expects a refusal that names `field`.
async fn refused(face: &(Router, Arc<FakeOrders>), path: &str, body: String, field: &str) {
    let (status, _, answer) = send(&face.0, request("POST", path, body.clone())).await;
    let error = &answer["error"];
    assert!(
        status.is_client_error(),
        "{path} {field}: {status} {answer} for {body}"
    );
    let description = error["description"].as_str().unwrap_or_default();
    assert!(
        description.contains(&format!("{field}: ")),
        "{path} {field}: {description}"
    );
    assert!(
        error["code"].as_str().is_some_and(|code| code.contains('-')),
        "{answer}"
    );
    assert!(face.1.asked().is_empty(), "{path} {field} reached the gateway");
}

/// `body` with the member at `path` (dotted) replaced; `None` takes it out.
pub(super) fn with(mut body: Value, path: &str, value: Option<Value>) -> String {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = if parent.is_empty() {
        String::new()
    } else {
        format!("/{}", parent.replace('.', "/"))
    };
    let parent = body.pointer_mut(&pointer).and_then(Value::as_object_mut).unwrap();
    match value {
        Some(value) => parent.insert(name.into(), value),
        None => parent.remove(name),
    };
    body.to_string()
}

#[tokio::test]
async fn missing_members_are_named() {
    let face = face();
    let of = |path: &'static str, body: Value, fields: &'static [&'static str]| (path, body, fields);
    let required = [
        of(
            "/merchants/orders",
            order_body(),
            &[
                "order",
                "order.currency",
                "order.store_code",
                "order.total_amount",
                "order.sub_total",
                "order.items_total_amount",
            ],
        ),
        of(
            "/merchants/transactions/purchase",
            purchase_v1_body(),
            &[
                "token",
                "email",
                "method_type",
                "store_code",
                "credit_card",
                "credit_card.card_number",
                "credit_card.card_cvv",
                "credit_card.card_holder",
                "credit_card.expiry_month",
                "credit_card.expiry_year",
            ],
        ),
        of(
            "/merchants/transactions/v2/purchase",
            purchase_v2_body(),
            &[
                "order_token",
                "method_type",
                "credit_info",
                "credit_info.card_number",
                "credit_info.expiry_year",
            ],
        ),
        of(
            "/merchants/transactions/v2/purchase",
            one_step_body(),
            &[
                "order.currency",
                "order.total_amount",
                "payer_info.email",
                "credit_info.card_cvv",
            ],
        ),
    ];
    for (path, body, fields) in required {
        for field in fields {
            for absent in [None, Some(Value::Null), Some(json!("")), Some(json!({}))] {
                refused(&face, path, with(body.clone(), field, absent), field).await;
            }
        }
    }
}

#[tokio::test]
async fn wrong_types_and_values_are_named() {
    let face = face();
    let long = "x".repeat(5000);
    let values = [
        json!(true),
        json!([]),
        json!([[1]]),
        json!({ "a": 1 }),
        json!(-1.5),
        json!(1e300),
        json!(long),
    ];
    let create = [
        "order_type",
        "order",
        "order.currency",
        "order.store_code",
        "order.total_amount",
        "order.sub_total",
    ];
    let v1 = [
        "token",
        "email",
        "method_type",
        "credit_card.card_number",
        "credit_card.expiry_month",
        "credit_card.card_cvv",
    ];
    let v2 = [
        "order_token",
        "method_type",
        "credit_info.card_number",
        "credit_info.card_holder",
        "payer_info.email",
    ];
    let strings_only = [
        "store_code",
        "processor_name",
        "billing_address",
        "browser_details",
        "secure_authentication",
        "metadata",
    ];
    for value in values {
        for field in create
            .into_iter()
            .filter(|field| *field != "order" || !value.is_object())
        {
            refused(
                &face,
                "/merchants/orders",
                with(order_body(), field, Some(value.clone())),
                field,
            )
            .await;
        }
        for field in v1 {
            let body = with(purchase_v1_body(), field, Some(value.clone()));
            refused(&face, "/merchants/transactions/purchase", body, field).await;
        }
        for field in v2 {
            let body = with(purchase_v2_body(), field, Some(value.clone()));
            refused(&face, "/merchants/transactions/v2/purchase", body, field).await;
        }
        if !value.is_object() {
            for field in strings_only {
                let body = with(purchase_v1_body(), field, Some(value.clone()));
                refused(&face, "/merchants/transactions/purchase", body, field).await;
            }
            let path = format!("/merchants/orders/{KNOWN_ORDER}/cancel");
            refused(&face, &path, with(json!({}), "reason", Some(value)), "reason").await;
        }
    }
}

#[tokio::test]
async fn wishes_of_3_d_secure_that_cannot_be_meant_are_named() {
    let face = face();
    let members = [
        "mode",
        "challenge_indicator",
        "exemption",
        "decoupled_max_minutes",
    ];
    let values = [
        json!(true),
        json!(-1),
        json!(1.5),
        json!("?"),
        json!([]),
        json!([[1]]),
        json!({ "a": 1 }),
    ];
    for (path, body) in [
        ("/merchants/transactions/purchase", purchase_v1_body()),
        ("/merchants/transactions/v2/purchase", purchase_v2_body()),
    ] {
        for member in members {
            for value in &values {
                let wish = json!({ member: value });
                let field = format!("three_ds.{member}");
                refused(&face, path, with(body.clone(), "three_ds", Some(wish)), &field).await;
            }
        }
        let both = json!({ "exemption": "corporate", "challenge_indicator": ["03"] });
        let body = with(body.clone(), "three_ds", Some(both));
        refused(&face, path, body, "three_ds.challenge_indicator").await;
    }
}

#[tokio::test]
async fn bodies_that_are_no_object_are_refused() {
    let face = face();
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let deep_member = format!(r#"{{"reason":{deep}}}"#);
    for (path, _, _) in posts() {
        for body in [
            "[]",
            "null",
            "1",
            "\"x\"",
            "{",
            "{\"a\":}",
            "{\"a\":1e999}",
            "nul",
            "\u{0}",
            "{}{}",
            &deep,
        ] {
            refused(&face, &path, body.to_owned(), "body").await;
        }
        refused(&face, &path, r#"{"order":{"a":1,"a":2}}"#.into(), "order.a").await;
        refused(
            &face,
            &path,
            r#"{"order":{"note":"\u0000"}}"#.into(),
            "order.note",
        )
        .await;
        refused(&face, &path, deep_member.clone(), "body").await;
        let (status, _, answer) = send(
            &face.0,
            request("POST", &path, vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}']),
        )
        .await;
        assert_eq!(status, 400, "{path} {answer}");
    }
    let expire = format!("/merchants/orders/{KNOWN_ORDER}/expire");
    refused(&face, &expire, "[]".into(), "body").await;
}

#[tokio::test]
async fn orders_that_are_not_the_callers_are_not_there() {
    let face = face();
    let foreign = FOREIGN_ORDER.to_string();
    for token in [
        foreign.as_str(),
        "x",
        "%ff%fe",
        "%00",
        "..%2f",
        "00000000-0000-0000-0000-00000000000g",
        "pay_1",
    ] {
        for (method, operation) in [
            ("GET", ""),
            ("POST", "/cancel"),
            ("POST", "/expire"),
            ("POST", "/capture"),
            ("POST", "/v2/capture"),
            ("POST", "/void"),
            ("POST", "/refund"),
            ("POST", "/v2/refund"),
        ] {
            let path = format!("/merchants/orders/{token}{operation}");
            let (status, _, answer) = send(&face.0, request(method, &path, "")).await;
            assert_eq!(status, 404, "{method} {path}");
            assert_eq!(answer["error"]["code"], "EMA-3001", "{method} {path}");
            assert_eq!(answer["error"]["description"], "order not found");
        }
    }
    let body = with(purchase_v1_body(), "token", Some(json!(foreign)));
    let (status, _, answer) = send(&face.0, request("POST", "/merchants/transactions/purchase", body)).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (404, &json!("EMA-3001"))
    );
    assert!(face.1.asked().is_empty());
}

#[tokio::test]
async fn waits_that_make_no_sense_are_refused() {
    let face = face();
    for (query, field) in [
        ("wait=61", "wait"),
        ("wait=x", "wait"),
        ("wait=1&wait=2", "wait"),
        ("since=abc", "since"),
    ] {
        let path = format!("/merchants/orders/{KNOWN_ORDER}?{query}");
        let (status, _, answer) = send(&face.0, request("GET", &path, "")).await;
        assert_eq!(status, 400);
        assert!(
            answer["error"]["description"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{field}: ")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn card_data_is_in_no_refusal_and_in_no_order() {
    let face = face();
    let number = "4000000000001000";
    let mut order = order_body();
    order["order"]["credit_info"] = json!({ "card_number": number, "card_cvv": "737" });
    order["order"]["metadata"] = json!({ "cardNumber": number });
    let (status, _, answer) = send(&face.0, request("POST", "/merchants/orders", order.to_string())).await;
    assert_eq!(status, 200);
    assert!(
        !answer.to_string().contains(number) && !answer.to_string().contains("737"),
        "{answer}"
    );
    let asked = format!("{:?}", face.1.asked());
    assert!(!asked.contains(number) && !asked.contains("737"), "{asked}");
    for path in [
        "/merchants/transactions/purchase",
        "/merchants/transactions/v2/purchase",
        "/merchants/orders",
    ] {
        for name in [
            "card_number",
            "card_cvv",
            "email",
            "token",
            "order_type",
            "processor_name",
            "method_type",
            number,
        ] {
            let body =
                json!({ name: number, "credit_card": { name: number }, "credit_info": { name: number } });
            let (status, _, answer) = send(&face.0, request("POST", path, body.to_string())).await;
            assert!(status.is_client_error());
            assert!(!answer.to_string().contains("40000000"), "{answer}");
        }
        let cut = format!("{{\"credit_card\":{{\"card_number\":\"{number}\"");
        let (_, _, answer) = send(&face.0, request("POST", path, cut)).await;
        assert!(!answer.to_string().contains("40000000"), "{answer}");
    }
}
