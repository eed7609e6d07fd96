//! The face over HTTP: what is answered, and what the gateway is asked for.

use super::testing::*;
use axum::http::header;
use payments::{Market, PurchaseTarget, ThreeDsMode};
use primitives::{Brand, Country};
use serde_json::{Value, json};

#[tokio::test]
async fn a_created_order_has_its_token_at_the_root() {
    let (face, orders) = face();
    let (status, headers, body) = send(
        &face,
        request("POST", "/merchants/orders", order_body().to_string()),
    )
    .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(body["token"], json!(KNOWN_ORDER));
    assert_eq!(body["order"]["token"], "");
    assert_eq!(body["order_type"], "DEUNA_NOW");
    assert_eq!(body["order"]["status"], "pending");
    assert_eq!(body["order"]["display_total_amount"], "MXN 150.00");
    assert_eq!(body["order"]["shipping_amount"], 0);
    let Some(Asked::Create(order, None)) = orders.asked().pop() else {
        panic!("nothing was created")
    };
    assert_eq!(
        (order.reference.as_deref(), order.amount.minor()),
        (Some("A-1"), 15000)
    );
}

#[tokio::test]
async fn an_order_is_found_in_deunas_wrapper() {
    let (face, orders) = face();
    let path = format!("/merchants/orders/{KNOWN_ORDER}?wait=5&since=0123456789abcdef0123456789abcdef");
    let (status, headers, body) = send(&face, request("GET", &path, "")).await;
    assert_eq!(status, 200);
    assert!(!headers.contains_key("preference-applied"));
    assert_eq!(body["token"], json!(KNOWN_ORDER));
    assert_eq!(body["order"]["token"], json!(KNOWN_ORDER));
    assert_eq!(
        (&body["checkout_modules"], &body["custom_fields"]),
        (&json!([]), &json!([]))
    );
    let Some(Asked::Get(order, wait)) = orders.asked().pop() else {
        panic!("nothing was read")
    };
    assert_eq!(order.uuid(), KNOWN_ORDER);
    assert_eq!(
        (wait.seconds, wait.since.as_deref()),
        (5, Some("0123456789abcdef0123456789abcdef"))
    );
}

#[tokio::test]
async fn a_preferred_wait_is_acknowledged() {
    let (face, orders) = face();
    let mut read = request("GET", &format!("/merchants/orders/{KNOWN_ORDER}"), "");
    read.headers_mut().insert("prefer", "wait=90".parse().unwrap());
    let (status, headers, _) = send(&face, read).await;
    assert_eq!(status, 200);
    assert_eq!(headers["preference-applied"], "wait=60");
    assert!(matches!(orders.asked()[..], [Asked::Get(_, ref wait)] if wait.seconds == 60));
}

#[tokio::test]
async fn a_two_step_purchase_reads_everything_it_is_given() {
    let (face, orders) = face();
    let mut body = purchase_v2_body();
    for (name, value) in [
        (
            "billing_address",
            json!({ "first_name": "Ana", "address1": "Reforma 1", "country": "México" }),
        ),
        (
            "browser_details",
            json!({ "user_agent": "Test", "color_depth": "24", "ip_address": "203.0.113.7" }),
        ),
        (
            "callback_urls",
            json!({ "on_success": "https://shop.example/ok" }),
        ),
        ("callback_url", json!("http://127.0.0.1:8090/any")),
        ("anti_fraud_info", json!({ "session_id": "s-1" })),
        ("three_ds", json!({ "mode": "force" })),
        ("market_type", json!("moto")),
        ("installments", json!("3")),
        ("capture", json!(false)),
        (
            "webhook_urls",
            json!({ "notify_order": "https://shop.example/hook" }),
        ),
        ("metadata", json!({ "cart": 7, "cvv": "123" })),
    ] {
        body[name] = value;
    }
    let mut purchase = request("POST", "/merchants/transactions/v2/purchase", body.to_string());
    purchase
        .headers_mut()
        .insert("x-device-id", "d-1".parse().unwrap());
    let (status, _, answer) = send(&face, purchase).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["order_token"], json!(KNOWN_ORDER));
    let Some(Asked::Purchase(purchase, None)) = orders.asked().pop() else {
        panic!("nothing was bought")
    };
    assert!(matches!(purchase.target, PurchaseTarget::Existing(order) if order.uuid() == KNOWN_ORDER));
    assert_eq!(purchase.card.pan.brand(), Brand::Visa);
    assert_eq!(purchase.shopper.first_name.as_deref(), Some("Ana"));
    assert_eq!(purchase.billing.unwrap().country, Country::parse("MX").ok());
    assert_eq!(purchase.browser.unwrap().color_depth, Some(24));
    assert_eq!(
        purchase.callbacks.on_success.unwrap().as_str(),
        "https://shop.example/ok"
    );
    assert_eq!(
        purchase.callbacks.any.unwrap().as_str(),
        "http://127.0.0.1:8090/any"
    );
    assert_eq!(
        (purchase.session_id.as_deref(), purchase.device_id.as_deref()),
        (Some("s-1"), Some("d-1"))
    );
    assert_eq!(
        (purchase.three_ds.mode(), purchase.market),
        (ThreeDsMode::Force, Market::Moto)
    );
    assert_eq!((purchase.installments, purchase.capture), (3, Some(false)));
    assert_eq!(purchase.notify_url.unwrap().as_str(), "https://shop.example/hook");
    assert_eq!(purchase.metadata, Some(json!({ "cart": 7 })));
}

#[tokio::test]
async fn a_one_step_purchase_brings_its_order() {
    let (face, orders) = face();
    let mut body = one_step_body();
    body["order"]["billing_address"] = json!({ "city": "Guadalajara", "country_code": "MX" });
    let (status, _, answer) = send(
        &face,
        request("POST", "/merchants/transactions/v2/purchase", body.to_string()),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    let Some(Asked::Purchase(purchase, None)) = orders.asked().pop() else {
        panic!("nothing was bought")
    };
    let PurchaseTarget::New(order) = purchase.target else {
        panic!("no order came with the purchase")
    };
    assert_eq!(order.payer_email.unwrap().as_str(), "ana@example.com");
    assert_eq!(purchase.billing.unwrap().city.as_deref(), Some("Guadalajara"));
}

#[tokio::test]
async fn v2_takes_the_spellings_of_v1() {
    let (face, _) = face();
    let body = purchase_v1_body().to_string();
    let (status, _, answer) = send(
        &face,
        request("POST", "/merchants/transactions/v2/purchase", body),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_refused_payment_is_an_error_in_v1_and_an_answer_in_v2() {
    let (face, _) = face();
    let mut body = purchase_v1_body();
    body["credit_card"]["card_number"] = json!(REFUSED_CARD);
    let (status, _, v1) = send(
        &face,
        request("POST", "/merchants/transactions/purchase", body.to_string()),
    )
    .await;
    assert_eq!(status, 422);
    assert_eq!(
        v1["error"],
        json!({ "code": "DP-4500", "description": "rejected by \"the bank\"" })
    );
    assert_eq!(v1["data"]["payment"]["data"]["status"], "denied");
    let (status, _, v2) = send(
        &face,
        request("POST", "/merchants/transactions/v2/purchase", body.to_string()),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(v2["order"]["payment"]["data"]["status"], "denied");
}

#[tokio::test]
async fn cancelling_and_expiring_answer_nothing() {
    let (face, orders) = face();
    for (operation, body) in [
        ("cancel", r#"{"reason":"x"}"#),
        ("cancel", ""),
        ("expire", ""),
        ("expire", "{}"),
        ("expire", " \n"),
    ] {
        let path = format!("/merchants/orders/{KNOWN_ORDER}/{operation}");
        let (status, _, answer) = send(&face, request("POST", &path, body)).await;
        assert_eq!(
            (status.as_u16(), &answer),
            (204, &Value::Null),
            "{operation} {body}"
        );
    }
    let asked = orders.asked();
    assert!(matches!(&asked[0], Asked::Cancel(Some(reason)) if reason == "x"));
    assert!(matches!(&asked[1], Asked::Cancel(None)));
    assert!(matches!(&asked[2], Asked::Expire));
}
