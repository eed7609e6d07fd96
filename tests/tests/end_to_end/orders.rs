//! Orders and their rules: one step and two, keys, cancelling, expiring, trying again.

use reqwest::Method;
use serde_json::{Value, json};
use tests::cards::Card;
use tests::merchant::{ORDERS, PURCHASE_V1, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;
use uuid::Uuid;

#[tokio::test]
async fn an_order_is_created_as_given_and_paid_in_one_step_or_two() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let body = merchant.order_body(34_900);
    let created = merchant.post(ORDERS, &body).await.json();
    let token = created["token"].as_str().unwrap();
    assert!(Uuid::parse_str(token).is_ok());
    assert_eq!(
        created["order"]["token"], "",
        "the token to use is the one at the root"
    );
    assert_eq!(created["order"]["display_total_amount"], "MXN 349.00");
    let read = merchant.read(token).await;
    assert_eq!((read.statuses(), read.token()), (("pending", ""), token));
    for member in [
        "order_id",
        "currency",
        "total_amount",
        "items",
        "billing_address",
        "webhook_urls",
    ] {
        assert_eq!(read.document()[member], body["order"][member], "{member}");
    }
    assert_eq!(read.document()["hooks"], json!([]));

    let paid = merchant
        .post(PURCHASE_V2, &merchant.purchase_body(token, &Card::visa(0)))
        .await
        .json();
    assert_eq!(paid["order_token"], token);
    assert_eq!(Order::of(&paid).statuses(), ("succeeded", "processed"));

    let body = merchant.one_step_body(35_000, &Card::mastercard(0));
    let paid = merchant.post(PURCHASE_V2, &body).await.json();
    let order = Order::of(&paid);
    assert_eq!(order.statuses(), ("succeeded", "processed"));
    assert_eq!(order.reference(), body["order"]["order_id"].as_str().unwrap());
    assert_eq!(
        merchant
            .read(paid["order_token"].as_str().unwrap())
            .await
            .hash_state(),
        order.hash_state()
    );
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(
        (&charge["operation"], &charge["amount"]),
        (&json!("sale"), &json!(35_000))
    );

    let mut body = merchant.one_step_body(35_100, &Card::visa(0));
    body["capture"] = false.into();
    let order = Order::of(&merchant.post(PURCHASE_V2, &body).await.json());
    assert_eq!(order.statuses(), ("succeeded", "authorized"));
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(charge["operation"], "authorization");
    system.finish().await;
}

/// A payment that asks for no authentication, or brings one along, asks no directory server.
#[tokio::test]
async fn authentication_can_be_left_out_or_brought_along() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let before = system.outside.messages(None).await.len();
    let mut body = merchant.one_step_body(34_900, &Card::visa(5));
    body["three_ds"] = json!({ "mode": "skip" });
    let order = Order::of(&merchant.post(PURCHASE_V2, &body).await.json());
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    assert_eq!(
        system.outside.only_charge(order.reference()).await["eci"],
        Value::Null
    );

    let mut body = merchant.one_step_body(34_900, &Card::visa(5));
    body["secure_authentication"] = json!({
        "version": "2.2.0",
        "eci": "05",
        "cavv": "AAABBBEFGHIJKLMNOPQRSTUVWXY=",
        "ds_transaction_id": Uuid::new_v4(),
        "trans_status": "Y",
    });
    let order = Order::of(&merchant.post(PURCHASE_V2, &body).await.json());
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{order:?}");
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(
        (&charge["eci"], &charge["authentication_value"]),
        (&json!("05"), &json!("AAABBBEFGHIJKLMNOPQRSTUVWXY="))
    );
    assert_eq!(system.outside.messages(None).await.len(), before);
    system.finish().await;
}

#[tokio::test]
async fn each_key_opens_what_it_may_and_no_merchant_sees_another_s_orders() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let order_path = format!("{ORDERS}/{}", placed.token);
    let purchase = merchant.purchase_body(&placed.token, &Card::visa(0));
    let with_key = async |key: &str, method: Method, path: &str, body: Option<&Value>| {
        let answer = merchant
            .try_call(method, path, &[("x-api-key", key)], body)
            .await
            .unwrap();
        (answer.status, answer.error_code())
    };

    let public = merchant.keys.public_key.as_str();
    assert_eq!(with_key(public, Method::GET, &order_path, None).await.0, 200);
    for (path, body) in [
        (ORDERS.to_owned(), Some(merchant.order_body(100))),
        (format!("{order_path}/cancel"), Some(json!({}))),
        (format!("{order_path}/expire"), None),
    ] {
        let refused = with_key(public, Method::POST, &path, body.as_ref()).await;
        assert_eq!(refused, (403, "EMA-5000".to_owned()), "{path}");
    }
    for key in ["sk_sandbox_00000000000000000000000000000000", "nonsense"] {
        let refused = with_key(key, Method::GET, &order_path, None).await;
        assert_eq!(refused, (401, "EMA-5001".to_owned()));
    }
    let refused = with_key("", Method::GET, &order_path, None).await;
    assert!(matches!(refused.0, 400 | 401), "{refused:?}");

    let other = &system.proceeding;
    for key in [&other.keys.private_key, &other.keys.public_key] {
        let refused = with_key(key, Method::GET, &order_path, None).await;
        assert_eq!(refused, (404, "EMA-3001".to_owned()));
        for path in [PURCHASE_V2, PURCHASE_V1] {
            let body = match path {
                PURCHASE_V1 => other.purchase_v1_body(&placed.token, &Card::visa(0)),
                _ => other.purchase_body(&placed.token, &Card::visa(0)),
            };
            let refused = with_key(key, Method::POST, path, Some(&body)).await;
            assert_eq!(refused, (404, "EMA-3001".to_owned()), "{path}");
        }
    }
    for end in ["cancel", "expire"] {
        let path = format!("{order_path}/{end}");
        let refused = with_key(&other.keys.private_key, Method::POST, &path, None).await;
        assert_eq!(refused, (404, "EMA-3001".to_owned()), "{end}");
    }
    assert_eq!(merchant.read(&placed.token).await.statuses(), ("pending", ""));
    let paid = with_key(public, Method::POST, PURCHASE_V2, Some(&purchase)).await;
    assert_eq!(paid.0, 200, "the public key pays");
    system.outside.only_charge(&placed.reference).await;
    system.finish().await;
}

#[tokio::test]
async fn an_order_is_cancelled_or_expired_only_before_money_moves() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let code = |answer: tests::http::Answer| (answer.status, answer.error_code());
    let is = |status: u16, code: &str| (status, code.to_owned());

    let untouched = merchant.place(34_900).await;
    assert_eq!(code(merchant.expire(&untouched.token).await), is(204, ""));
    assert_eq!(merchant.read(&untouched.token).await.statuses(), ("expired", ""));
    assert_eq!(code(merchant.expire(&untouched.token).await), is(409, "EMA-6020"));
    assert_eq!(code(merchant.cancel(&untouched.token).await), is(409, "EMA-6019"));
    let purchase = merchant.purchase_body(&untouched.token, &Card::visa(0));
    assert_eq!(
        code(merchant.post(PURCHASE_V2, &purchase).await),
        is(409, "EMA-6019")
    );

    let cancelled = merchant.place(34_900).await;
    assert_eq!(code(merchant.cancel(&cancelled.token).await), is(204, ""));
    assert_eq!(merchant.read(&cancelled.token).await.status(), "cancelled");
    assert_eq!(code(merchant.cancel(&cancelled.token).await), is(409, "EMA-1005"));
    assert_eq!(code(merchant.expire(&cancelled.token).await), is(409, "EMA-6020"));
    let purchase = merchant.purchase_body(&cancelled.token, &Card::visa(0));
    let (status, refused) = code(merchant.post(PURCHASE_V2, &purchase).await);
    assert_eq!(status, 409, "{refused}");

    let denied = merchant.buy(34_951, &Card::visa(0)).await;
    assert_eq!(code(merchant.expire(denied.token()).await), is(409, "EMA-6020"));
    assert_eq!(code(merchant.cancel(denied.token()).await), is(204, ""));
    assert_eq!(
        merchant.read(denied.token()).await.statuses(),
        ("cancelled", "cancelled")
    );

    let waiting = merchant.buy(34_900, &Card::visa(5)).await;
    assert_eq!(code(merchant.expire(waiting.token()).await), is(409, "EMA-6020"));
    assert_eq!(code(merchant.cancel(waiting.token()).await), is(204, ""));

    let paid = merchant.buy(34_900, &Card::visa(0)).await;
    assert_eq!(code(merchant.expire(paid.token()).await), is(409, "EMA-6020"));
    assert_eq!(
        merchant.read(paid.token()).await.statuses(),
        ("succeeded", "processed")
    );

    for order in [&untouched.reference, &cancelled.reference] {
        system.outside.no_charge(order).await;
    }
    system.outside.no_charge(waiting.reference()).await;
    system.finish().await;
}

#[tokio::test]
async fn a_denied_order_can_be_paid_again_and_a_paid_one_cannot() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    for card in [Card::visa(1), Card::visa(7), Card::mastercard(4)] {
        assert_eq!(merchant.pay(&placed, &card).await.payment_status(), "denied");
    }
    let order = merchant.pay(&placed, &Card::mastercard(0)).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"));
    assert_eq!(order.text("/payment/data/from_card/card_brand"), "mastercard");
    let again = merchant
        .post(
            PURCHASE_V2,
            &merchant.purchase_body(&placed.token, &Card::visa(0)),
        )
        .await;
    assert_eq!(
        (again.status, again.error_code().as_str()),
        (409, "EMA-1004"),
        "{}",
        again.text
    );
    system.outside.only_charge(&placed.reference).await;

    // The merchant's own id of a paid order is used up; that of an unpaid one is not.
    let mut body = merchant.order_body(34_900);
    body["order"]["order_id"] = placed.reference.as_str().into();
    let refused = merchant.post(ORDERS, &body).await;
    assert_eq!(
        (refused.status, refused.error_code().as_str()),
        (409, "EMA-6004"),
        "{}",
        refused.text
    );
    let body = merchant.order_body(34_900);
    let tokens = [
        merchant.post(ORDERS, &body).await.json()["token"].clone(),
        merchant.post(ORDERS, &body).await.json()["token"].clone(),
    ];
    assert_ne!(tokens[0], tokens[1]);

    // Ten attempts are enough for anybody.
    let placed = merchant.place(34_900).await;
    for _ in 0..10 {
        assert_eq!(
            merchant.pay(&placed, &Card::visa(1)).await.payment_status(),
            "denied"
        );
    }
    let refused = merchant
        .post(
            PURCHASE_V2,
            &merchant.purchase_body(&placed.token, &Card::visa(0)),
        )
        .await;
    assert_eq!(
        (refused.status, refused.error_code().as_str()),
        (409, "EMA-9001"),
        "{}",
        refused.text
    );
    system.outside.no_charge(&placed.reference).await;
    system.finish().await;
}
