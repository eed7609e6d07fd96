//! The receivers of webhooks, the shop's and those with a tag.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::seeds::MerchantKeys;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::server::Playground;

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
