//! Get Order that waits for a change.

use std::time::{Duration, Instant};

use reqwest::Method;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::{ORDERS, PURCHASE_V2};
use tests::order::Order;
use tests::system::System;

/// Much less than what was waited for, much more than an answer takes.
const AT_ONCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_waiting_reader_is_woken_by_the_change() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let path = format!("{ORDERS}/{}", placed.token);
    let started = Instant::now();
    let waiting = [format!("{path}?wait=60"), path.clone()].map(|path| {
        let merchant = merchant.clone();
        let prefer: Vec<(&'static str, &'static str)> = match path.contains('?') {
            true => Vec::new(),
            false => vec![("prefer", "wait=60")],
        };
        tokio::spawn(async move {
            merchant
                .try_call(Method::GET, &path, &prefer, None)
                .await
                .unwrap()
        })
    });
    // Nothing tells from outside that a reader waits; if one of them came late, it would see the change at once or wait
    // for the next, which is the same to it. What counts is that neither sits out its 60 s.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let paid = merchant.pay(&placed, &Card::visa(5)).await;
    for reader in waiting {
        let answer = reader.await.unwrap();
        assert_eq!(answer.status, 200);
        assert_ne!(Order::of(&answer.json()).payment_status(), "");
    }
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(paid.payment_status(), "pending_3ds");
    system.finish().await;
}

#[tokio::test]
async fn since_leaves_no_gap_for_a_change_to_slip_through() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let before = merchant.read(&placed.token).await;
    let paid = merchant.pay(&placed, &Card::visa(0)).await;
    // The change was before the question.
    let started = Instant::now();
    let after = merchant.read_since(&placed.token, before.hash_state(), 60).await;
    assert!(started.elapsed() < AT_ONCE);
    assert_eq!(after.payment_status(), "processed");
    assert_eq!(after.hash_state(), paid.hash_state());
    // And where there is none, the time is waited for and the same state answered.
    let started = Instant::now();
    let same = merchant.read_since(&placed.token, after.hash_state(), 1).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(same.hash_state(), after.hash_state());

    // A state that is none of this order's is another state: answered at once.
    let unknown = "0123456789abcdef0123456789abcdef";
    let started = Instant::now();
    merchant.read_since(&placed.token, unknown, 60).await;
    assert!(started.elapsed() < AT_ONCE);
    system.finish().await;
}

/// The delivery log is shown and counts neither for the fingerprint nor for waking.
#[tokio::test]
async fn deliveries_neither_change_the_state_nor_wake_anybody() {
    let system = System::start().await;
    let merchant = &system.merchant;
    system
        .outside
        .fault("merchant", "delay", Some(1), Some(700))
        .await;
    let order = merchant.buy(34_900, &Card::visa(0)).await;
    let waiting = merchant.read_since(order.token(), order.hash_state(), 4);
    let started = Instant::now();
    let (after, webhooks) = tokio::join!(waiting, merchant.webhooks(order.reference(), 1));
    assert!(
        started.elapsed() >= Duration::from_secs(4),
        "a delivery woke the reader"
    );
    assert_eq!(webhooks[0].news(), ("order.succeeded", "processed"));
    assert_eq!(after.hash_state(), order.hash_state());
    let hooks = after.document()["hooks"].as_array().unwrap();
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    assert_eq!(hooks[0]["successed"], true);
    assert_eq!(hooks[0]["response"]["http_status_code"], 200);
    system.finish().await;
}

/// A whole flow followed by Get Order alone shows every state on its way.
#[tokio::test]
async fn a_reader_who_follows_sees_each_state_in_its_order() {
    let system = System::start().await;
    let merchant = &system.merchant;
    let placed = merchant.place(34_900).await;
    let mut seen = vec![merchant.read(&placed.token).await];
    let body = merchant.purchase_body(&placed.token, &Card::visa(5));
    // A reader sees the states that there are when it asks, so what is to be seen lasts until it has been.
    let follow = async |seen: &mut Vec<Order>, until: &dyn Fn(&Order) -> bool| {
        while !until(seen.last().unwrap()) {
            let hash = seen.last().unwrap().hash_state().to_owned();
            seen.push(merchant.read_since(&placed.token, &hash, 30).await);
        }
    };
    let (paid, ()) = tokio::join!(
        merchant.post(PURCHASE_V2, &body),
        follow(&mut seen, &|order| order.payment_status() == "pending_3ds"),
    );
    let order = Order::of(&paid.json());
    let page = order.page_url().unwrap();
    tokio::join!(
        system.cardholder.authenticates(page, Temper::TypesTheCode),
        follow(&mut seen, &Order::is_over),
    );
    let mut hashes: Vec<&str> = seen.iter().map(Order::hash_state).collect();
    hashes.dedup();
    assert_eq!(hashes.len(), seen.len(), "woken for nothing");
    let statuses: Vec<&str> = seen.iter().map(Order::payment_status).collect();
    assert_eq!(
        (statuses.first(), statuses.last()),
        (Some(&""), Some(&"processed"))
    );
    assert!(statuses.contains(&"pending_3ds"), "{statuses:?}");
    system.finish().await;
}
