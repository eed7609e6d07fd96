//! Several processes of one gateway, on one database.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::merchant::PURCHASE_V2;
use tests::process::eventually;
use tests::system::System;

const SETTINGS: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 4000
[payments]
charge_lease_seconds = 6
";

/// A payment goes through both: bought here, authenticated there, watched from the other side.
#[tokio::test]
async fn a_reader_is_woken_by_what_another_process_does() {
    let system = System::start().await;
    let another = system.start_another_gateway().await;
    let (here, there) = (&system.merchant, system.merchant.at(&another.url));
    let placed = here.place(47_500).await;
    let before = there.read(&placed.token).await;
    let started = Instant::now();
    let card = Card::visa(5);
    let (woken, waiting) = tokio::join!(
        there.read_since(&placed.token, before.hash_state(), 60),
        here.pay(&placed, &card),
    );
    assert_ne!(woken.hash_state(), before.hash_state());

    // The page and the results are here; the merchant reads there.
    let (settled, end) = tokio::join!(
        there.settled(&placed.token),
        system
            .cardholder
            .authenticates(waiting.page_url().unwrap(), Temper::TypesTheCode),
    );
    assert_eq!(end.outcome, "succeeded");
    assert_eq!(settled.statuses(), ("succeeded", "processed"));
    assert!(
        started.elapsed() < Duration::from_secs(40),
        "woken by chance: {:?}",
        started.elapsed()
    );
    system.outside.only_charge(&placed.reference).await;
    here.webhooks(&placed.reference, 2).await;
    system.finish().await;
}

#[tokio::test]
async fn one_order_is_charged_once_however_many_processes_are_asked() {
    let system = System::start().await;
    let another = system.start_another_gateway().await;
    let merchants = [system.merchant.clone(), system.merchant.at(&another.url)];
    let placed = system.merchant.place(47_600).await;
    let body = system.merchant.purchase_body(&placed.token, &Card::visa(0));
    let answers = join_all((0..30).map(|number| {
        let (merchant, body) = (&merchants[number % 2], &body);
        async move { merchant.post(PURCHASE_V2, body).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)));
    system.outside.only_charge(&placed.reference).await;
    system.merchant.webhooks(&placed.reference, 1).await;
    system.finish().await;
}

/// What a process that died had in hand is taken up by the one that lives.
#[tokio::test]
async fn the_living_finish_what_the_dead_began() {
    let system = System::start_with(SETTINGS).await;
    let another = system.start_another_gateway().await;
    let there = system.merchant.at(&another.url);
    system
        .outside
        .fault("kushki", "delay", Some(1), Some(300_000))
        .await;
    let placed = system.merchant.place(47_700).await;
    let body = system.merchant.purchase_body(&placed.token, &Card::visa(0));
    let purchase = tokio::spawn(async move {
        there
            .try_call(reqwest::Method::POST, PURCHASE_V2, &[], Some(&body))
            .await
            .is_ok()
    });
    eventually("a charge", async || {
        !system.outside.charges(&placed.reference).await.is_empty()
    })
    .await;
    another.process.kill().await;
    assert!(!purchase.await.unwrap(), "nobody answers a caller any more");

    let settled = system.merchant.settled(&placed.token).await;
    assert_eq!(settled.statuses(), ("succeeded", "processed"));
    system.outside.only_charge(&placed.reference).await;
    let told = system.merchant.webhooks(&placed.reference, 1).await;
    assert_eq!(told[0].news(), ("order.succeeded", "processed"));
    system.finish().await;
}
