//! Which calls are let in, and what stands in front of all of them.

use super::testing::*;
use crate::request_id::REQUEST_ID;
use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

#[tokio::test]
async fn each_key_may_do_what_it_is_for() {
    let (face, orders) = face();
    let ask = async |method: &str, path: &str, body: &Value, key: Option<&str>| {
        let mut request = request(method, path, body.to_string());
        match key {
            Some(key) => request.headers_mut().insert("x-api-key", key.parse().unwrap()),
            None => request.headers_mut().remove("x-api-key"),
        };
        let (status, _, body) = send(&face, request).await;
        (
            status.as_u16(),
            body["error"]["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let own = format!("/merchants/orders/{KNOWN_ORDER}");
    for (method, path, body, with_public) in [
        ("POST", "/merchants/orders".to_owned(), order_body(), 403),
        ("GET", own.clone(), Value::Null, 200),
        ("POST", format!("{own}/cancel"), json!({}), 403),
        ("POST", format!("{own}/expire"), json!({}), 403),
        ("POST", format!("{own}/capture"), json!({}), 403),
        ("POST", format!("{own}/v2/capture"), json!({}), 403),
        ("POST", format!("{own}/void"), json!({}), 403),
        ("POST", format!("{own}/refund"), json!({}), 403),
        ("POST", format!("{own}/v2/refund"), json!({}), 403),
        (
            "POST",
            "/merchants/transactions/purchase".to_owned(),
            purchase_v1_body(),
            200,
        ),
        (
            "POST",
            "/merchants/transactions/v2/purchase".to_owned(),
            purchase_v2_body(),
            200,
        ),
    ] {
        assert_eq!(
            ask(method, &path, &body, None).await,
            (400, "EMA-1000".into()),
            "{path}"
        );
        assert_eq!(
            ask(method, &path, &body, Some("sk_test_unknown")).await,
            (401, "EMA-5001".into()),
            "{path}"
        );
        assert_eq!(
            ask(method, &path, &body, Some(&"x".repeat(500))).await.0,
            401,
            "{path}"
        );
        let public = ask(method, &path, &body, Some(PUBLIC_KEY)).await;
        assert_eq!(public.0, with_public, "{path}");
        assert!(public.0 != 403 || public.1 == "EMA-5000", "{path}");
        assert!(
            ask(method, &path, &body, Some(PRIVATE_KEY)).await.0 < 300,
            "{path}"
        );
    }
    drop(orders.asked());
    let mut missing = request("POST", "/merchants/orders", "");
    missing.headers_mut().remove("x-api-key");
    let (_, _, body) = send(&face, missing).await;
    assert_eq!(body["error"]["description"], "x-api-key");
    let mut twice = request("POST", "/merchants/orders", order_body().to_string());
    twice
        .headers_mut()
        .append("x-api-key", PUBLIC_KEY.parse().unwrap());
    assert_eq!(send(&face, twice).await.0, 400);
    assert!(orders.asked().is_empty());
}

#[tokio::test]
async fn idempotency_keys_reach_the_gateway_and_replays_are_marked() {
    let (face, orders) = face();
    for (path, body, _) in posts() {
        for (key, replayed) in [("first", None), ("replay", Some("true"))] {
            let mut request = request("POST", &path, body.to_string());
            request
                .headers_mut()
                .insert("x-idempotency-key", key.parse().unwrap());
            let (status, headers, _) = send(&face, request).await;
            assert!(status.is_success(), "{path}");
            let mark = headers
                .get("idempotency-replayed")
                .map(|value| value.to_str().unwrap());
            assert_eq!(mark, replayed, "{path}");
        }
    }
    let Some(Asked::Create(_, Some(key))) = orders.asked().into_iter().next() else {
        panic!("no key came through")
    };
    assert_eq!(
        (key.key.as_str(), key.method, key.path.as_str()),
        ("first", "POST", "/merchants/orders")
    );
    let mut long = request("POST", "/merchants/orders", order_body().to_string());
    long.headers_mut()
        .insert("x-idempotency-key", "x".repeat(256).parse().unwrap());
    let (status, _, body) = send(&face, long).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["error"]["description"],
        "x-idempotency-key: must be 1 to 255 visible ASCII characters"
    );
}

#[tokio::test]
async fn a_merchant_beyond_its_rate_is_told_when_to_come_back() {
    let (face, orders) = face();
    let slow = || {
        let mut request = request("POST", "/merchants/orders", order_body().to_string());
        request
            .headers_mut()
            .insert("x-api-key", SLOW_KEY.parse().unwrap());
        request
    };
    assert_eq!(send(&face, slow()).await.0, 200);
    let (status, headers, body) = send(&face, slow()).await;
    assert_eq!(status, 429);
    assert_eq!(headers[header::RETRY_AFTER], "1");
    assert_eq!(
        body,
        json!({ "error": { "code": "EMA-4290", "description": "rate limit exceeded" }, "data": null })
    );
    assert_eq!(orders.asked().len(), 1);
    let mut read = request("GET", &format!("/merchants/orders/{KNOWN_ORDER}"), "");
    read.headers_mut().insert("x-api-key", SLOW_KEY.parse().unwrap());
    assert_eq!(send(&face, read).await.0, 200);
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let (face, _) = face();
    let mut named = request("GET", "/nowhere", "");
    named.headers_mut().insert(REQUEST_ID, "shop-7".parse().unwrap());
    assert_eq!(send(&face, named).await.1[REQUEST_ID], "shop-7");
    let (_, headers, _) = send(&face, request("GET", "/nowhere", "")).await;
    assert_eq!(headers[REQUEST_ID].len(), 36);
}

#[tokio::test]
async fn a_panic_is_answered_with_the_requests_id() {
    let (face, _) = face();
    let mut body = order_body();
    body["order"]["store_code"] = json!(PANICKING_STORE);
    let mut request = request("POST", "/merchants/orders", body.to_string());
    request
        .headers_mut()
        .insert(REQUEST_ID, "shop-8".parse().unwrap());
    let (status, _, body) = send(&face, request).await;
    assert_eq!(status, 500);
    assert_eq!(
        body,
        json!({ "error": { "code": "EMA-9998", "description": "shop-8" }, "data": null })
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_in_deunas_shape() {
    let (face, _) = face();
    for (method, path, expected) in [
        ("GET", "/", 404),
        ("POST", "/merchants/orders/a/b/c", 404),
        ("DELETE", "/merchants/orders", 405),
        ("GET", "/merchants/transactions/purchase", 405),
        ("PUT", "/merchants/orders/x/cancel", 405),
        ("BREW", "/merchants/orders", 405),
    ] {
        let (status, headers, body) = send(&face, request(method, path, "")).await;
        assert_eq!(status, expected, "{method} {path}");
        assert!(
            body["error"]["code"].is_string() && body["data"].is_null(),
            "{body}"
        );
        assert_eq!(
            headers.contains_key(header::ALLOW),
            expected == 405,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_json_are_refused_as_such() {
    let (face, orders) = face();
    for (path, _, _) in posts() {
        let (status, _, body) = send(
            &face,
            request("POST", &path, " ".repeat(crate::BODY_MAX_BYTES + 1)),
        )
        .await;
        assert_eq!(status, 413, "{path}");
        assert_eq!(body["error"]["description"], "body: must be at most 262144 bytes");
        for media_type in [
            "application/x-www-form-urlencoded",
            "text/plain",
            "\u{e9}",
            "application/jsonx",
        ] {
            let mut request = request("POST", &path, "{}");
            let value = header::HeaderValue::from_bytes(media_type.as_bytes()).unwrap();
            request.headers_mut().insert(header::CONTENT_TYPE, value);
            let (status, _, body) = send(&face, request).await;
            assert_eq!(status, 415, "{path} {media_type}");
            assert_eq!(
                body["error"]["description"],
                "content-type: must be application/json"
            );
        }
    }
    assert!(orders.asked().is_empty());
    for media_type in [
        None,
        Some("application/json; charset=utf-8"),
        Some("application/vnd.shop+json"),
    ] {
        let mut builder = Request::post("/merchants/orders").header("X-API-KEY", PRIVATE_KEY);
        if let Some(media_type) = media_type {
            builder = builder.header(header::CONTENT_TYPE, media_type);
        }
        let request = builder.body(Body::from(order_body().to_string())).unwrap();
        assert_eq!(send(&face, request).await.0, 200, "{media_type:?}");
    }
}
