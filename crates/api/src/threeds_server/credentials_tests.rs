//! Who is let in, to which transactions, and what is answered to everybody else.

use super::{
    fields::Leniency,
    signature::tests::{jwt, key, public},
    testing::{CARD, Fake, NOW, STRANGE_CARD, TOKEN, World, error, everything, request},
};
use axum::{body::Body, http::Request};
use orchestrator::flows::threeds_server::Status;
use primitives::Brand;
use serde_json::{Value, json};

fn creation() -> Value {
    json!({"brand_id": "1", "cardholder": {"acct": {"number": CARD}}})
}

fn with_headers(method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const ID: (&str, &str) = ("merchant_id", "SHOP1");
const KEY: (&str, &str) = ("merchant_key", "key-1");

#[tokio::test]
async fn wrong_missing_doubled_and_endless_credentials_are_error_1() {
    let world = World::new(Leniency::Strict);
    let long = "k".repeat(81);
    for headers in [
        &[JSON, ID][..],
        &[JSON, KEY],
        &[JSON, ID, ("merchant_key", "")],
        &[JSON, ID, ("merchant_key", "wrong")],
        &[JSON, ("merchant_id", "SHOP2"), KEY],
        &[JSON, ID, KEY, KEY],
        &[JSON, ID, ("merchant_key", &long)],
        &[JSON, ("merchant_id", "SHOP1SHOP1SHOP1S"), KEY],
    ] {
        for (method, path) in [
            ("POST", "/v2/authentication"),
            ("PUT", "/v2/authentication/0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a11"),
            ("GET", "/v2/transaction/0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a11"),
        ] {
            let (status, _, body) = world.send(with_headers(method, path, headers, &creation())).await;
            assert_eq!(
                (status.as_u16(), error(&body).0),
                (401, "1"),
                "{method} {headers:?}"
            );
            assert_eq!(body["error"]["component"], "S");
            assert!(body.get("three_ds_server").is_none());
        }
    }
}

#[tokio::test]
async fn every_service_is_there_with_and_without_the_prefix() {
    let world = World::new(Leniency::Strict);
    for prefix in ["", "/3ds-server"] {
        let (status, created) = world
            .call(
                "POST",
                &format!("{prefix}/v2/authentication"),
                creation().to_string(),
            )
            .await;
        assert_eq!(status, 200);
        let id = created["three_ds_server"]["trans_id"].as_str().unwrap();
        assert_eq!(created["three_ds_server"]["status"], "NEW");
        let path = format!("{prefix}/v2/authentication/{id}");
        assert_eq!(world.call("PUT", &path, everything().to_string()).await.0, 200);
        let path = format!("{prefix}/v2/transaction/{id}");
        let (status, queried) = world.call("GET", &path, "").await;
        assert_eq!(
            (status, &queried["three_ds_server"]["status"]),
            (200, &json!("AUY"))
        );
    }
}

#[tokio::test]
async fn another_shop_s_transaction_is_not_found_and_a_strange_id_is_not_valid() {
    let world = World::new(Leniency::Strict);
    let id = world.transaction(Brand::Visa);
    world.fake.put(id, 2, Brand::Visa, Status::New);
    let unknown = "0190c5a2-1df0-4cc4-a3a2-6d0f5e9c1a11".to_owned();
    for (id, expected) in [
        (id.to_string(), (404, "2")),
        (unknown, (404, "2")),
        ("x".to_owned(), (400, "301")),
        ("0190c5a21df04cc4a3a26d0f5e9c1a11".to_owned(), (400, "301")),
    ] {
        for (method, path) in [("PUT", "authentication"), ("GET", "transaction")] {
            let path = format!("/v2/{path}/{id}");
            let (status, body) = world.call(method, &path, everything().to_string()).await;
            assert_eq!((status, error(&body).0), expected, "{method} {id}");
        }
    }
    assert_eq!(world.fake.status(id), Status::New, "nobody touched it");
}

#[tokio::test]
async fn a_transaction_that_is_no_longer_new_is_error_3_with_its_status() {
    let world = World::new(Leniency::Strict);
    for status in Status::ALL.into_iter().filter(|status| *status != Status::New) {
        let id = world.transaction(Brand::Visa);
        world.fake.put(id, 1, Brand::Visa, status);
        let path = format!("/v2/authentication/{id}");
        for body in [everything().to_string(), "{".to_owned()] {
            let (code, body) = world.call("PUT", &path, body).await;
            assert_eq!((code, error(&body).0), (409, "3"));
            assert_eq!(body["three_ds_server"]["status"], status.as_str());
        }
        assert_eq!(world.fake.status(id), status);
    }
}

#[tokio::test]
async fn a_card_in_no_range_is_error_305() {
    let world = World::new(Leniency::Strict);
    for number in [STRANGE_CARD, "123412341234"] {
        let mut document = creation();
        document["cardholder"]["acct"]["number"] = json!(number);
        let (status, body) = world
            .call("POST", "/v2/authentication", document.to_string())
            .await;
        assert_eq!((status, error(&body).0), (422, "305"), "{number}");
    }
}

#[tokio::test]
async fn a_token_wants_the_shop_s_keys_of_the_card_vault() {
    let world = World::new(Leniency::Strict);
    let document = |token: &str| json!({"brand_id": "1", "cardholder": {"acct": {"token": token}}});
    let ask = async |headers: &[(&str, &str)], token: &str| {
        let headers = [&[JSON, ID, KEY][..], headers].concat();
        let request = with_headers("POST", "/v2/authentication", &headers, &document(token));
        let (status, _, body) = world.send(request).await;
        (
            status.as_u16(),
            error(&body).0.to_owned(),
            error(&body).1.to_owned(),
        )
    };
    let (vault, key) = (
        ("carat_merchant_id", "VAULT1"),
        ("carat_merchant_key", "vault-key-1"),
    );
    assert_eq!(ask(&[vault, key], TOKEN).await.0, 200);
    assert_eq!(
        ask(&[vault, key], "another").await,
        (400, "203".into(), "cardholder.acct.token".into())
    );
    assert_eq!(
        ask(&[], TOKEN).await,
        (400, "201".into(), "carat_merchant_id".into())
    );
    assert_eq!(
        ask(&[vault], TOKEN).await,
        (400, "201".into(), "carat_merchant_key".into())
    );
    for wrong in [
        [vault, ("carat_merchant_key", "wrong")],
        [("carat_merchant_id", "VAULT2"), key],
    ] {
        assert_eq!(ask(&wrong, TOKEN).await.0, 401);
    }
}

#[tokio::test]
async fn a_shop_with_a_public_key_signs_what_it_creates() {
    let (key, other) = (key(), key());
    let fake = Fake {
        public_key: public(&key),
        ..Fake::default()
    };
    let world = World::of(fake, Leniency::Strict);
    let milliseconds = |offset: i64| (NOW.unix_timestamp() * 1000 + offset).to_string();
    let payload = |offset: i64| {
        json!({
            "merchant_id": "SIGNED", "merchant_key": "key-3", "cartao": CARD, "timestamp": milliseconds(offset)
        })
    };
    let header = json!({"alg": "RS256", "typ": "JWT"});
    let ask = async |signature: Option<String>| {
        let mut headers = vec![JSON, ("merchant_id", "SIGNED"), ("merchant_key", "key-3")];
        if let Some(signature) = &signature {
            headers.push(("authorization", signature));
        }
        let request = with_headers("POST", "/v2/authentication", &headers, &creation());
        let (status, _, body) = world.send(request).await;
        (status.as_u16(), error(&body).0.to_owned())
    };
    assert_eq!(ask(Some(jwt(&key, &header, &payload(0)))).await.0, 200);
    for (what, bad) in [
        ("none", None),
        ("another key", Some(jwt(&other, &header, &payload(0)))),
        ("too old", Some(jwt(&key, &header, &payload(-301_000)))),
        ("from the future", Some(jwt(&key, &header, &payload(301_000)))),
        (
            "another algorithm",
            Some(jwt(&key, &json!({"alg": "HS256"}), &payload(0))),
        ),
        ("rubbish", Some("Bearer x".to_owned())),
    ] {
        assert_eq!(ask(bad).await, (401, "1".into()), "{what}");
    }
}

#[tokio::test]
async fn a_shop_without_a_public_key_may_send_any_signature() {
    let world = World::new(Leniency::Strict);
    let mut signed = request("POST", "/v2/authentication", creation().to_string());
    signed
        .headers_mut()
        .insert("authorization", "Bearer x.y.z".parse().unwrap());
    assert_eq!(world.send(signed).await.0, 200);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_told_so() {
    let world = World::new(Leniency::Strict);
    let path = "/v2/authentication";
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let mut request = request("POST", path, creation().to_string());
        request
            .headers_mut()
            .insert("content-type", content_type.parse().unwrap());
        let (status, _, body) = world.send(request).await;
        assert_eq!((status.as_u16(), error(&body)), (415, ("203", "Content-Type")));
    }
    for body in ["", "{", "[]", "7", "{\"a\":1,}", "{\"brand_id\":\"\u{0}\"}"] {
        let (status, answer) = world.call("POST", path, body).await;
        assert_eq!((status, error(&answer).0), (400, "203"), "{body}");
    }
    let id = world.transaction(Brand::Visa);
    let (status, body) = world.call("PUT", &format!("{path}/{id}"), "{").await;
    assert_eq!((status, error(&body)), (400, ("203", "body")));
    assert_eq!(body["three_ds_server"]["status"], "INV");
}

#[tokio::test]
async fn a_shop_beyond_its_rate_is_told_when_to_come_back() {
    let fake = Fake {
        writes_per_second: Some(1),
        ..Fake::default()
    };
    let world = World::of(fake, Leniency::Strict);
    let ask = async || {
        world
            .send(request("POST", "/v2/authentication", creation().to_string()))
            .await
    };
    assert_eq!(ask().await.0, 200);
    let (status, headers, body) = ask().await;
    assert_eq!((status.as_u16(), error(&body).0), (429, "404"));
    assert_eq!(headers["retry-after"], "1");
}
