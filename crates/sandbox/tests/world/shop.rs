//! The shop in front of a gateway that a test plays.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
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
