//! `X-Idempotency-Key`: the same call twice is the same call.

use futures_util::future::join_all;
use tests::cards::Card;
use tests::merchant::{ORDERS, PURCHASE_V1, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;
use uuid::Uuid;

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_does_nothing() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let key = Uuid::new_v4().to_string();

    let body = merchant.order_body(34_900);
    let first = merchant.post_with_key(ORDERS, &key, &body).await;
    let again = merchant.post_with_key(ORDERS, &key, &body).await;
    assert_eq!((first.status, again.status), (200, 200), "{}", again.text);
    assert_eq!(first.text, again.text);
    let placed = tests::merchant::Placed {
        token: first.json()["token"].as_str().unwrap().to_owned(),
        reference: body["order"]["order_id"].as_str().unwrap().to_owned(),
    };

    // A key belongs to a path: the same one starts another call elsewhere.
    for (path, card, status) in [
        (PURCHASE_V2, Card::visa(1), 200),
        (PURCHASE_V1, Card::mastercard(1), 422),
    ] {
        let body = match path {
            PURCHASE_V1 => merchant.purchase_v1_body(&placed.token, &card),
            _ => merchant.purchase_body(&placed.token, &card),
        };
        let first = merchant.post_with_key(path, &key, &body).await;
        let again = merchant.post_with_key(path, &key, &body).await;
        assert_eq!((first.status, again.status), (status, status), "{}", again.text);
        assert_eq!(first.text, again.text, "{path}");
        assert_ne!(
            first.header("idempotency-replayed"),
            again.header("idempotency-replayed")
        );
    }
    system.outside.no_charge(&placed.reference).await;

    let body = merchant.one_step_body(35_000, &Card::visa(0));
    let first = merchant.post_with_key(PURCHASE_V2, "one-step", &body).await;
    let again = merchant.post_with_key(PURCHASE_V2, "one-step", &body).await;
    assert_eq!(first.text, again.text);
    assert_eq!(Order::of(&first.json()).payment_status(), "processed");
    system
        .outside
        .only_charge(Order::of(&first.json()).reference())
        .await;

    // Another merchant's key of the same name is another key.
    let body = system.proceeding.one_step_body(35_000, &Card::visa(0));
    let other = system
        .proceeding
        .post_with_key(PURCHASE_V2, "one-step", &body)
        .await;
    assert_eq!(other.status, 200);
    assert_ne!(other.json()["order_token"], first.json()["order_token"]);

    let waiting = merchant.place(35_100).await;
    for end in ["cancel", "expire"] {
        let placed = merchant.place(35_100).await;
        let path = format!("{ORDERS}/{}/{end}", placed.token);
        let body = serde_json::json!({});
        assert_eq!(
            merchant.post_with_key(&path, &key, &body).await.status,
            204,
            "{end}"
        );
        assert_eq!(
            merchant.post_with_key(&path, &key, &body).await.status,
            204,
            "{end}"
        );
        assert_eq!(
            merchant.post_with_key(&path, "another", &body).await.status,
            409,
            "{end}"
        );
    }
    assert_eq!(merchant.read(&waiting.token).await.status(), "pending");
    system.finish().await;
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_mistake() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let body = merchant.purchase_body(&placed.token, &Card::visa(1));
    assert_eq!(merchant.post_with_key(PURCHASE_V2, "k", &body).await.status, 200);
    let other = merchant.purchase_body(&placed.token, &Card::visa(0));
    let refused = merchant.post_with_key(PURCHASE_V2, "k", &other).await;
    assert_eq!(
        (refused.status, refused.error_code().as_str()),
        (409, "EMA-1002"),
        "{}",
        refused.text
    );
    system.outside.no_charge(&placed.reference).await;

    // What was refused before anything was done leaves the key free.
    let mut wrong = merchant.purchase_body(&placed.token, &Card::visa(0));
    wrong["credit_info"]["card_number"] = "4000000000001001".into();
    assert_eq!(
        merchant.post_with_key(PURCHASE_V2, "k2", &wrong).await.status,
        422
    );
    let right = merchant.purchase_body(&placed.token, &Card::visa(0));
    let paid = merchant.post_with_key(PURCHASE_V2, "k2", &right).await;
    assert_eq!(Order::of(&paid.json()).payment_status(), "processed");
    system.outside.only_charge(&placed.reference).await;
    system.finish().await;
}

#[tokio::test]
async fn a_call_that_is_still_running_is_not_started_again() {
    let system = System::start().await;
    let merchant = &system.merchant;
    system
        .outside
        .fault("kushki", "delay", Some(1), Some(2_000))
        .await;
    let placed = merchant.place(34_900).await;
    let body = merchant.purchase_body(&placed.token, &Card::visa(0));
    let first = merchant.post_with_key(PURCHASE_V2, "k", &body);
    let meanwhile = async {
        // The charge is in the ledger, so the first call is under way.
        while system.outside.charges(&placed.reference).await.is_empty() {
            tokio::time::sleep(tests::process::LOOK_EVERY).await;
        }
        merchant.post_with_key(PURCHASE_V2, "k", &body).await
    };
    let (first, meanwhile) = tokio::join!(first, meanwhile);
    assert_eq!(
        (meanwhile.status, meanwhile.error_code().as_str()),
        (409, "DP-4019"),
        "{}",
        meanwhile.text
    );
    assert_eq!(Order::of(&first.json()).payment_status(), "processed");
    let again = merchant.post_with_key(PURCHASE_V2, "k", &body).await;
    assert_eq!(again.text, first.text);
    system.outside.only_charge(&placed.reference).await;

    // Fifty at the same moment: one works, the others wait for it or are told to.
    let body = merchant.one_step_body(35_000, &Card::mastercard(0));
    let answers = join_all((0..50).map(|_| merchant.post_with_key(PURCHASE_V2, "fifty", &body))).await;
    for answer in &answers {
        let in_flight = answer.status == 409 && answer.error_code() == "DP-4019";
        assert!(
            answer.status == 200 || in_flight,
            "{} {}",
            answer.status,
            answer.text
        );
    }
    let tokens: std::collections::BTreeSet<String> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .map(|answer| answer.json()["order_token"].to_string())
        .collect();
    assert_eq!(tokens.len(), 1, "one order");
    system
        .outside
        .only_charge(body["order"]["order_id"].as_str().unwrap())
        .await;
    system.finish().await;
}

/// An unknown outcome is answered as it is while it is, and as it was settled afterwards.
#[tokio::test]
async fn the_key_of_an_unknown_outcome_is_answered_once_it_is_settled() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let body = merchant.one_step_body(35_096, &Card::visa(0));
    let first = merchant.post_with_key(PURCHASE_V2, "k", &body).await;
    let order = Order::of(&first.json());
    assert_eq!((first.status, order.payment_status()), (200, "processing"));
    let settled = merchant.settled(order.token()).await;
    assert_eq!(settled.payment_status(), "processed");
    let again = merchant.post_with_key(PURCHASE_V2, "k", &body).await;
    assert_eq!(again.status, 200, "{}", again.text);
    system.outside.only_charge(order.reference()).await;
    system.finish().await;
}
