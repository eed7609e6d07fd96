//! Many at once: one order is charged once, however many try.

use futures_util::future::join_all;
use serde_json::json;
use tests::cards::Card;
use tests::merchant::{ORDERS, PURCHASE_V1, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;

#[tokio::test]
async fn fifty_purchases_of_one_order_make_one_charge() {
    let system = System::start().await;
    let merchant = &system.merchant;
    for (card, amount) in [(Card::visa(0), 34_900), (Card::mastercard(0), 34_996)] {
        let placed = merchant.place(amount).await;
        let answers = join_all((0..50).map(|number| {
            let (path, body) = match number % 2 {
                0 => (PURCHASE_V1, merchant.purchase_v1_body(&placed.token, &card)),
                _ => (PURCHASE_V2, merchant.purchase_body(&placed.token, &card)),
            };
            async move { merchant.post(path, &body).await }
        }))
        .await;
        let accepted = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(accepted, 1, "purchases of which one may be taken");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.status, 409, "{}", refused.text);
            let code = refused.error_code();
            assert!(
                matches!(code.as_str(), "DP-4019" | "EMA-1004"),
                "{}",
                refused.text
            );
        }
        assert_eq!(
            merchant.settled(&placed.token).await.payment_status(),
            "processed"
        );
        system.outside.only_charge(&placed.reference).await;
    }
    system.finish().await;
}

/// A shop that places its cart anew at every click: ten orders with one reference, five purchases of each at once.
#[tokio::test]
async fn fifty_purchases_of_ten_orders_with_one_reference_make_one_charge() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let card = Card::visa(0);
    let cart = merchant.order_body(34_900);
    let reference = cart["order"]["order_id"].as_str().unwrap();
    let mut tokens = Vec::new();
    for _ in 0..10 {
        let placed = merchant.post(ORDERS, &cart).await;
        assert_eq!(placed.status, 200, "{}", placed.text);
        tokens.push(placed.json()["token"].as_str().unwrap().to_owned());
    }
    let answers = join_all((0..50).map(|number| {
        let token = &tokens[number % tokens.len()];
        let (path, body) = match number % 3 {
            0 => (PURCHASE_V1, merchant.purchase_v1_body(token, &card)),
            1 => (PURCHASE_V2, merchant.purchase_body(token, &card)),
            _ => {
                let mut body = merchant.one_step_body(34_900, &card);
                body["order"] = cart["order"].clone();
                (PURCHASE_V2, body)
            }
        };
        async move { merchant.post(path, &body).await }
    }))
    .await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(taken.len(), 1, "purchases of which one may be taken");
    for refused in refused {
        assert_eq!(refused.status, 409, "{}", refused.text);
        let code = refused.error_code();
        assert!(
            matches!(code.as_str(), "DP-4019" | "EMA-1004" | "EMA-6004"),
            "{}",
            refused.text
        );
    }
    let paid = Order::of(&taken[0].json());
    let paid = merchant.settled(paid.token()).await;
    assert_eq!(paid.payment_status(), "processed");
    system.outside.only_charge(reference).await;

    // The next cart with that number is another purchase once this one is undone.
    let again = merchant.post(ORDERS, &cart).await;
    assert_eq!(
        (again.status, again.error_code().as_str()),
        (409, "EMA-6004"),
        "{}",
        again.text
    );
    let refund = format!("{ORDERS}/{}/refund", paid.token());
    assert_eq!(
        merchant.post(&refund, &json!({ "reason": "worn" })).await.status,
        200
    );
    merchant
        .follow(paid.token(), |order| order.payment_status() == "refunded")
        .await;
    let again = merchant.post(ORDERS, &cart).await;
    assert_eq!(again.status, 200, "{}", again.text);
    let token = again.json()["token"].as_str().unwrap().to_owned();
    let answer = merchant
        .post(PURCHASE_V2, &merchant.purchase_body(&token, &card))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(merchant.settled(&token).await.payment_status(), "processed");
    assert_eq!(system.outside.charges(reference).await.len(), 2);
    system.finish().await;
}

/// Paying and cancelling at the same moment: the order is paid or cancelled, never both. A cancellation that comes once the
/// order is paid gives all of the money back.
#[tokio::test]
async fn a_purchase_and_a_cancellation_do_not_both_win() {
    let system = System::start().await;
    let merchant = &system.merchant;
    join_all((0..20).map(|_| async {
        let placed = merchant.place(34_900).await;
        let body = merchant.purchase_body(&placed.token, &Card::visa(0));
        let (purchase, cancellation) =
            tokio::join!(merchant.post(PURCHASE_V2, &body), merchant.cancel(&placed.token));
        let order = merchant
            .follow(&placed.token, |order| {
                order.is_over() && order.status() != "refund"
            })
            .await;
        let moved = system.outside.moved(&placed.reference).await;
        let moved: Vec<_> = moved
            .iter()
            .map(|(operation, amount)| (operation.as_str(), *amount))
            .collect();
        match order.status() {
            "succeeded" => {
                assert_eq!((purchase.status, cancellation.status), (200, 409));
                assert_eq!(moved, [("sale", 34_900)]);
            }
            "cancelled" if moved.is_empty() => assert_eq!(cancellation.status, 204),
            "cancelled" => {
                assert_eq!((purchase.status, cancellation.status), (200, 204));
                assert_eq!(order.payment_status(), "refunded");
                assert_eq!(moved, [("sale", 34_900), ("refund", 34_900)]);
            }
            other => panic!("{other}"),
        }
    }))
    .await;
    system.finish().await;
}
