//! How often a card may be tried: a gateway that keeps the card networks' limits.

use reqwest::Method;
use serde_json::{Value, json};
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::system::{PATIENT, System};

const LIMITED: &str = "
[retry_limits]
enabled = true
";

/// A purchase that is refused with this code, before anybody outside hears of it.
async fn refused(system: &System, card: &Card, code: &str) {
    let placed = system.merchant.place(40_000).await;
    let messages = system.outside.messages(None).await.len();
    let body = system.merchant.purchase_body(&placed.token, card);
    let answer = system.merchant.post(PURCHASE_V2, &body).await;
    let status = if code == "DP-4002" { 422 } else { 409 };
    assert_eq!((answer.status, answer.error_code().as_str()), (status, code));
    system.outside.no_charge(&placed.reference).await;
    assert_eq!(
        system.outside.messages(None).await.len(),
        messages,
        "an AReq went out"
    );
}

/// Calls the admin as an operator.
async fn admin(system: &System, method: Method, path: &str, body: Option<&Value>) -> Value {
    let admin = &system.sandbox_json["admin"];
    let address = |path: &str| format!("{}{path}", admin["url"].as_str().unwrap());
    let login = json!({ "email": admin["email"], "password": admin["password"] });
    let session = system.http.post_json(&address("/merchants/login"), &login).await;
    let bearer = format!("Bearer {}", session.json()["token"].as_str().unwrap());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = body.map(Value::to_string);
    let answer = system
        .http
        .send(method, &address(path), &headers, body)
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_card_is_not_tried_more_often_than_its_network_allows() {
    let system = System::start_with(&format!("{PATIENT}{LIMITED}")).await;
    let stolen = Card::visa(0);
    let order = system.merchant.buy(40_043, &stolen).await;
    assert_eq!(order.statuses(), ("pending", "denied"), "{order:?}");
    refused(&system, &stolen, "DP-4002").await;

    let known = system
        .database
        .ask("SELECT merchant_id || ' ' || payment_id FROM card_declines");
    let (merchant, payment) = known.split_once(' ').expect("one decline");
    let explain = json!({ "amount": 40_000, "currency": "MXN", "card_brand": "visa", "payment_id": payment });
    let path = format!("/merchants/{merchant}/routing/explain");
    let told = admin(&system, Method::POST, &path, Some(&explain)).await;
    assert_eq!(told["outcome"], "refused", "{told}");
    assert_eq!(
        told["explanation"]["retry_limits"]["refused"], "given_up",
        "{told}"
    );

    let path = format!("/merchants/{merchant}/card-declines?payment_id={payment}");
    assert_eq!(admin(&system, Method::DELETE, &path, None).await["lifted"], 1);
    let order = system.merchant.buy(40_000, &stolen).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    system.outside.only_charge(order.reference()).await;

    for time in 1..=15 {
        let order = system.merchant.buy(40_005, &stolen).await;
        assert_eq!(order.statuses(), ("pending", "denied"), "{time}: {order:?}");
    }
    refused(&system, &stolen, "EMA-9001").await;
    let other = system.merchant.buy(40_000, &Card::mastercard(0)).await;
    assert_eq!(other.statuses(), ("succeeded", "processed"), "{other:?}");
    system.finish().await;
}
