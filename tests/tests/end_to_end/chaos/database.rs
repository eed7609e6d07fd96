//! The database goes away under a running gateway.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use tests::cards::Card;
use tests::http::Answer;
use tests::merchant::{Merchant, ORDERS, PURCHASE_V2};
use tests::order::Order;
use tests::process::{LOOK_EVERY, READY_PATIENCE, eventually};
use tests::system::System;

use super::SETTINGS;

/// Every connection is cut while charges are out. Who was just talking to the database may be told that something went
/// wrong (500), and asks again; every payment is recorded once its charge is answered or inquired about.
#[tokio::test]
async fn connections_that_are_cut_lose_nothing() {
    let system = System::start_with(SETTINGS).await;
    let merchant = &system.merchant;
    system.outside.fault("kushki", "delay", None, Some(1_500)).await;
    let placed = join_all((0..8).map(|_| merchant.place(48_000))).await;
    let card = Card::visa(0);
    let purchases = join_all(placed.iter().map(|order| async {
        let body = merchant.purchase_body(&order.token, &card);
        merchant.post_with_key(PURCHASE_V2, &order.reference, &body).await
    }));
    let cutting = async {
        for order in &placed {
            eventually("a charge", async || {
                !system.outside.charges(&order.reference).await.is_empty()
            })
            .await;
        }
        assert!(system.database.cut_connections() > 0);
    };
    let (answers, ()) = tokio::join!(purchases, cutting);
    for answer in answers {
        assert!(matches!(answer.status, 200 | 500), "{}", answer.text);
    }
    for order in &placed {
        let body = merchant.purchase_body(&order.token, &card);
        repeated(merchant, &order.reference, &body).await;
        let settled = read_until_settled(merchant, &order.token).await;
        assert_eq!(settled.payment_status(), "processed");
        system.outside.only_charge(&order.reference).await;
    }
    system.outside.clear_faults().await;

    // Everything works again: purchases, waiting readers, webhooks.
    let order = merchant.place(48_100).await;
    let before = merchant.read(&order.token).await;
    let reader = merchant.read_since(&order.token, before.hash_state(), 60);
    let started = Instant::now();
    let (changed, paid) = tokio::join!(reader, merchant.pay(&order, &card));
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_ne!(changed.hash_state(), before.hash_state());
    assert_eq!(paid.payment_status(), "processed");
    merchant.webhooks(&order.reference, 1).await;
    system.finish().await;
}

/// The purchase under that key, repeated until it is answered.
async fn repeated(merchant: &Merchant, key: &str, body: &Value) -> Answer {
    let deadline = Instant::now() + READY_PATIENCE;
    loop {
        let answer = merchant.post_with_key(PURCHASE_V2, key, body).await;
        match (answer.status, answer.error_code().as_str()) {
            (200, _) => break answer,
            (500, "EMA-9998") | (409, "DP-4019") if Instant::now() < deadline => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            _ => panic!("{} {}", answer.status, answer.text),
        }
    }
}

/// The order once it is settled. A reader who gets one of the connections that were cut is told so, and reads again.
async fn read_until_settled(merchant: &Merchant, token: &str) -> Order {
    let deadline = Instant::now() + READY_PATIENCE;
    loop {
        let path = format!("{ORDERS}/{token}");
        let answer = merchant.try_call(Method::GET, &path, &[], None).await.unwrap();
        assert!(matches!(answer.status, 200 | 500), "{}", answer.text);
        if answer.status == 200 {
            let order = Order::of(&answer.json());
            if order.is_over() {
                break order;
            }
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Cut at any moment, again and again: a caller who repeats the call with its key until it is answered pays once.
#[tokio::test]
async fn callers_who_repeat_themselves_pay_once() {
    let system = System::start_with(SETTINGS).await;
    let merchant = &system.merchant;
    let buying = join_all((0..12).map(|number| async move {
        let order = merchant.order(48_200);
        let mut body = merchant.one_step_body(48_200, &Card::visa(number % 2));
        body["order"] = order.clone();
        let reference = order["order_id"].as_str().unwrap().to_owned();
        let answer = repeated(merchant, &reference, &body).await;
        (reference, Order::of(&answer.json()))
    }));
    let cutting = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            system.database.cut_connections();
        }
    };
    let (bought, ()) = tokio::join!(buying, cutting);
    for (reference, order) in bought {
        let settled = read_until_settled(merchant, order.token()).await;
        let charges = system.outside.charges(&reference).await;
        match settled.payment_status() {
            "processed" => assert_eq!(charges.len(), 1, "{charges:?}"),
            "denied" => assert!(charges.is_empty(), "{settled:?} {charges:?}"),
            other => panic!("{other}"),
        }
    }
    system.finish().await;
}
