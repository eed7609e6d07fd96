//! The shop in front of a gateway that a test plays, and the receivers of webhooks.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::seeds::MerchantKeys;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::browser::{self, Page};
use crate::server::{Playground, impatient};

/// A gateway that challenges everybody, and refuses Amex.
#[derive(Clone, Default)]
struct FakeGateway {
    calls: Arc<Mutex<Vec<(String, HeaderMap, Value)>>>,
}

impl FakeGateway {
    async fn open() -> (Self, String) {
        let gateway = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/merchants/orders", post(create))
            .route("/merchants/orders/{token}", get(show))
            .route("/merchants/transactions/v2/purchase", post(purchase))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (gateway, url)
    }

    fn note(&self, call: &str, headers: HeaderMap, body: Value) {
        self.calls.lock().unwrap().push((call.to_owned(), headers, body));
    }

    fn call(&self, index: usize) -> (String, HeaderMap, Value) {
        self.calls.lock().unwrap()[index].clone()
    }
}

const TOKEN: &str = "0190a0a0-0000-7000-8000-000000000001";

fn order(payment_status: &str) -> Value {
    json!({
        "order_id": "SHOP-1",
        "token": TOKEN,
        "status": if payment_status == "processed" { "succeeded" } else { "pending" },
        "display_total_amount": "MXN 349.00",
        "hash_state": format!("hash of {payment_status}"),
        "payment": { "data": { "status": payment_status, "processor": "<script>" } },
    })
}

async fn create(State(gateway): State<FakeGateway>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    gateway.note("create", headers, serde_json::from_slice(&body).unwrap());
    Json(json!({ "token": TOKEN, "order_type": "DEUNA_NOW", "order": { "token": "" } }))
}

async fn purchase(State(gateway): State<FakeGateway>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let card = body["credit_info"]["card_number"].as_str().unwrap().to_owned();
    gateway.note("purchase", headers, body);
    if card.starts_with('3') {
        let error = json!({ "code": "DP-4009", "description": "no connection takes this card" });
        return (
            StatusCode::CONFLICT,
            Json(json!({ "error": error, "data": null })),
        )
            .into_response();
    }
    let mut order = order("pending_3ds");
    order["payment"]["data"]["next_action"] =
        json!({ "authorization_3ds": { "url": "http://127.0.0.1:1/transactions/view_challenge?token=1" } });
    Json(json!({ "order": order, "order_token": TOKEN })).into_response()
}

async fn show(
    State(gateway): State<FakeGateway>,
    Path(token): Path<String>,
    Query(question): Query<Value>,
    headers: HeaderMap,
) -> Json<Value> {
    gateway.note("show", headers, question);
    Json(json!({ "token": token, "order_type": "DEUNA_NOW", "order": order("processed") }))
}

async fn pay(playground: &Playground, card: &str, more: &[(&str, &str)]) -> reqwest::Response {
    let checkout = Uuid::new_v4().to_string();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs([
        ("card", card),
        ("amount", "349,00"),
        ("currency", "MXN"),
        ("checkout", &checkout),
    ]);
    body.extend_pairs(more);
    let request = playground
        .client
        .post(format!("{}/shop/pay", playground.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("user-agent", "Mozilla/5.0 (test)")
        .header("accept", "text/html")
        .body(body.finish());
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_purchase_leads_to_the_gateway_s_page() {
    let (gateway, url) = FakeGateway::open().await;
    let playground = Playground::open_with(impatient(), &url).await;
    let scripted = [
        ("color_depth", "24"),
        ("java_enabled", "false"),
        ("language", "es-MX"),
        ("screen_height", "800"),
        ("screen_width", "360"),
        ("time_zone", "360"),
    ];
    let response = pay(&playground, "4000000000001059", &scripted).await;
    assert_eq!(response.status(), 303);
    assert_eq!(
        response.headers()["location"],
        "http://127.0.0.1:1/transactions/view_challenge?token=1"
    );

    let (_, headers, created) = gateway.call(0);
    assert_eq!(
        headers["x-api-key"].to_str().unwrap(),
        playground.merchants[0].private_key.reveal()
    );
    assert_eq!(created["order"]["total_amount"], 34_900);
    let webhooks = format!("{}/shop/webhooks", playground.url);
    assert_eq!(
        created["order"]["webhook_urls"]["notify_order"],
        webhooks.as_str()
    );
    let (_, again, purchased) = gateway.call(1);
    assert_eq!(headers["x-idempotency-key"], again["x-idempotency-key"]);
    assert_eq!(purchased["order_token"], TOKEN);
    assert_eq!(purchased["credit_info"]["card_number"], "4000000000001059");
    let browser = &purchased["browser_details"];
    assert_eq!(
        (&browser["color_depth"], &browser["ip_address"]),
        (&json!("24"), &json!("127.0.0.1"))
    );
    assert_eq!(browser["user_agent"], "Mozilla/5.0 (test)");
}

#[tokio::test]
async fn without_script_the_gateway_s_page_looks_at_the_browser() {
    let (gateway, url) = FakeGateway::open().await;
    let playground = Playground::open_with(impatient(), &url).await;
    assert_eq!(pay(&playground, "5200000000001054", &[]).await.status(), 303);
    assert!(gateway.call(1).2.get("browser_details").is_none());
}

#[tokio::test]
async fn what_cannot_be_bought_is_said_so() {
    let (_, url) = FakeGateway::open().await;
    let playground = Playground::open_with(impatient(), &url).await;
    let refused = pay(&playground, "370000000010001", &[]).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("DP-4009"));
    assert_eq!(pay(&playground, "4000000000001050", &[]).await.status(), 422);
    let nobody = Playground::open().await;
    let silent = pay(&nobody, "4000000000001059", &[]).await;
    assert_eq!(silent.status(), 502);
    assert!(!silent.text().await.unwrap().contains("4000000000001059"));
}

#[tokio::test]
async fn the_shopper_comes_back_to_the_order_as_the_gateway_has_it() {
    let (gateway, url) = FakeGateway::open().await;
    let playground = Playground::open_with(impatient(), &url).await;
    let back = format!(
        "{}/shop/return?result=reject&order_token={TOKEN}&status=denied",
        playground.url
    );
    let page = playground
        .client
        .get(back)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("Pago aprobado"),
        "the query says otherwise and is not believed"
    );
    assert!(!page.contains("<script>"), "texts are escaped");
    let view = playground
        .get(&format!("/shop/orders/{TOKEN}?wait=5&since=abc"))
        .await;
    assert_eq!(
        (&view["mood"], &view["amount"]),
        (&json!("good"), &json!("MXN 349.00"))
    );
    assert_eq!(gateway.call(1).2, json!({ "wait": "5", "since": "abc" }));
    for token in ["../../admin", ""] {
        let url = format!("{}/shop/return?order_token={token}", playground.url);
        assert_eq!(playground.client.get(url).send().await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn the_shop_s_pages_offer_every_card() {
    let playground = Playground::open().await;
    let page = playground
        .client
        .get(format!("{}/shop", playground.url))
        .send()
        .await
        .unwrap();
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("script-src 'self'")
    );
    let page = page.text().await.unwrap();
    let cards = playground.get("/shop/cards").await;
    for card in cards.as_array().unwrap() {
        assert!(page.contains(card["number"].as_str().unwrap()));
        assert!(card["phone"].as_str().unwrap().starts_with("+52"));
    }
    for asset in ["sandbox.css", "shop.js", "submit.js"] {
        let url = format!("{}/assets/{asset}", playground.url);
        assert!(
            playground
                .client
                .get(url)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
    let inbox = format!("{}/sms/inbox", playground.url);
    assert!(
        playground
            .client
            .get(inbox)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
}

/// A webhook's headers, signed by a merchant's keys.
fn signed(keys: &MerchantKeys, body: &str) -> Vec<(&'static str, String)> {
    let hmac = |key: &[u8], message: &[u8]| {
        STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message))
    };
    let timestamp = OffsetDateTime::now_utc().unix_timestamp().to_string();
    let secret = STANDARD
        .decode(keys.webhook_secret.reveal().strip_prefix("whsec_").unwrap())
        .unwrap();
    let standard = hmac(&secret, format!("msg_1.{timestamp}.{body}").as_bytes());
    vec![
        (
            "x-deuna-signature",
            hmac(keys.private_key.reveal().as_bytes(), body.as_bytes()),
        ),
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-signature", format!("v1,{standard}")),
        ("webhook-timestamp", timestamp),
    ]
}

async fn deliver(
    playground: &Playground,
    path: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> (u16, Value) {
    let mut request = playground
        .client
        .post(format!("{}{path}", playground.url))
        .header("content-type", "application/json")
        .body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

const BODY: &str =
    r#"{"order":{"order_id":"SHOP-7","token":"t-7","status":"succeeded"},"event_type":"order.succeeded"}"#;

#[tokio::test]
async fn the_shop_takes_webhooks_signed_both_ways_and_answers_as_expected() {
    let playground = Playground::open().await;
    let headers = signed(&playground.merchants[0], BODY);
    let (status, answer) = deliver(&playground, "/shop/webhooks", &headers, BODY).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({ "status": "succeeded", "data": { "order_id": "SHOP-7" } })
    );
    for name in ["SHOP-7", "t-7"] {
        let list = playground.get(&format!("/shop/webhooks?order_id={name}")).await;
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!(list[0]["deuna_signature_valid"], true);
        assert_eq!(list[0]["standard_signature_valid"], true);
        assert_eq!(list[0]["body"]["event_type"], "order.succeeded");
        assert_eq!(list[0]["headers"]["webhook-id"], "msg_1");
        assert_eq!(list[0]["raw_body"], BODY);
    }
    let (status, _) = deliver(&playground, "/shop/webhooks", &headers[1..], BODY).await;
    assert_eq!(status, 401, "one signature is not enough");
    let list = playground.get("/shop/webhooks?order_id=SHOP-7").await;
    assert_eq!(list[1]["deuna_signature_valid"], false);
}

#[tokio::test]
async fn receivers_with_a_tag_take_anything_and_keep_it_apart() {
    let playground = Playground::open().await;
    let (status, answer) = deliver(&playground, "/merchant/hooks/mine", &[], BODY).await;
    assert_eq!((status, &answer["data"]["order_id"]), (200, &json!("SHOP-7")));
    let (status, _) = deliver(&playground, "/merchant/hooks/mine", &[], "no JSON").await;
    assert_eq!(status, 200);
    let list = playground.get("/merchant/hooks/mine").await;
    assert_eq!(list[0]["deuna_signature_valid"], false);
    assert_eq!(list[1]["body"], "no JSON");
    assert_eq!(playground.get("/merchant/hooks/other").await, json!([]));
    assert_eq!(playground.get("/shop/webhooks").await, json!([]));
}

#[tokio::test]
async fn a_list_may_wait_for_what_comes() {
    let playground = Playground::open().await;
    let waiting = playground.get("/merchant/hooks/later?wait=20&known=0");
    let sending = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        deliver(&playground, "/merchant/hooks/later", &[], BODY).await;
    };
    let (list, ()) = tokio::join!(waiting, sending);
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_merchant_can_be_out_of_order_while_its_list_is_not() {
    let playground = Playground::open().await;
    playground.set_fault("merchant", "http_500", 1).await;
    let url = format!("{}/merchant/hooks/down", playground.url);
    assert_eq!(
        playground
            .client
            .post(&url)
            .body(BODY)
            .send()
            .await
            .unwrap()
            .status(),
        500
    );
    assert_eq!(playground.get("/merchant/hooks/down").await, json!([]));
    assert_eq!(
        playground
            .client
            .post(&url)
            .body(BODY)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_browser_comes_from_the_shop_s_page_to_the_gateway_s() {
    let (_, url) = FakeGateway::open().await;
    let playground = Playground::open_with(impatient(), &url).await;
    let html = playground
        .client
        .get(format!("{}/shop", playground.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let checkout = html
        .split("name=\"checkout\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let fields = [
        ("card", "4000000000001059"),
        ("amount", "10"),
        ("currency", "COP"),
        ("checkout", checkout),
    ];
    let page: Page = browser::post(&playground, &format!("{}/shop/pay", playground.url), &fields).await;
    assert_eq!(page.status, 303);
}
