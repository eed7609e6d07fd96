//! The gateway is killed (SIGKILL) at each step that it records, and started again: every payment comes to its right end,
//! with exactly one charge in the ledger where it is paid.
//!
//! The moment is chosen from outside: the sandbox holds an answer back, and the gateway dies while it waits for it.

mod database;
mod many;
mod threeds_server;
mod webhooks;

use tests::cardholder::Temper;
use tests::cards::Card;
use tests::http::Answer;
use tests::merchant::{PURCHASE_V2, Placed};
use tests::order::Order;
use tests::process::eventually;
use tests::system::System;
use tokio::task::JoinHandle;

/// Whoever was sending counts as dead soon, and webhooks that were on their way are taken up soon.
const SETTINGS: &str = "
[transport]
connect_timeout_ms = 1000
charge_timeout_ms = 4000
[payments]
charge_lease_seconds = 6
authentication_lease_seconds = 9
[webhooks]
attempt_timeout_ms = 2000
lease_seconds = 17
";
/// Longer than any test runs.
const NO_ANSWER: Option<u64> = Some(300_000);
/// The idempotency key of the purchase that is cut off.
const KEY: &str = "the-purchase-that-is-cut-off";

/// A purchase by a caller who does not survive the gateway either.
fn paying(system: &System, order: &Placed, card: &Card) -> JoinHandle<Option<Answer>> {
    let merchant = system.merchant.clone();
    let body = merchant.purchase_body(&order.token, card);
    tokio::spawn(async move {
        let headers = [("x-idempotency-key", KEY)];
        let path = PURCHASE_V2;
        merchant
            .try_call(reqwest::Method::POST, path, &headers, Some(&body))
            .await
            .ok()
    })
}

async fn killed_and_started_again(system: &mut System) {
    system.kill_gateway().await;
    system.start_gateway().await;
}

/// The AReqs of that amount.
async fn areqs(system: &System, amount: i64) -> usize {
    let amount = amount.to_string();
    let messages = system.outside.messages(None).await;
    let asked = messages.iter().filter(|entry| {
        entry["message_type"] == "AReq"
            && entry["from"] == "three_ds_server"
            && entry["message"]["purchaseAmount"].as_str() == Some(&amount)
    });
    asked.count()
}

/// The order is paid, once; and the caller who repeats the purchase that was cut off is told so.
async fn paid_once(system: &System, order: &Placed, card: &Card) {
    let settled = system.merchant.settled(&order.token).await;
    assert_eq!(settled.statuses(), ("succeeded", "processed"), "{settled:?}");
    system.outside.only_charge(&order.reference).await;
    let body = system.merchant.purchase_body(&order.token, card);
    let again = system.merchant.post_with_key(PURCHASE_V2, KEY, &body).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(Order::of(&again.json()).token(), order.token);
    system.outside.only_charge(&order.reference).await;
}

#[tokio::test]
async fn while_an_authentication_request_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    system
        .outside
        .fault("directory", "delay", Some(1), NO_ANSWER)
        .await;
    let (order, card) = (system.merchant.place(46_000).await, Card::visa(0));
    let purchase = paying(&system, &order, &card);
    eventually("an AReq", async || areqs(&system, 46_000).await == 1).await;
    assert_eq!(
        system.merchant.read(&order.token).await.payment_status(),
        "processing"
    );

    killed_and_started_again(&mut system).await;

    assert!(
        purchase.await.unwrap().is_none(),
        "nobody answers a caller any more"
    );
    paid_once(&system, &order, &card).await;
    assert_eq!(
        areqs(&system, 46_000).await,
        2,
        "asked once more, since the first answer went to nobody"
    );
    system.finish().await;
}

#[tokio::test]
async fn while_a_charge_is_out_that_was_made() {
    let mut system = System::start_with(SETTINGS).await;
    system.outside.fault("kushki", "delay", Some(1), NO_ANSWER).await;
    let (order, card) = (system.merchant.place(46_100).await, Card::visa(0));
    let purchase = paying(&system, &order, &card);
    eventually("a charge", async || {
        !system.outside.charges(&order.reference).await.is_empty()
    })
    .await;

    // However long the gateway takes to start, it learns nothing before the questions below are asked.
    system.outside.clear_faults().await;
    system.outside.fault("kushki", "http_500", None, None).await;
    killed_and_started_again(&mut system).await;

    assert!(purchase.await.unwrap().is_none());
    // Until the processor's list has told, nothing else may be begun.
    let body = system.merchant.purchase_body(&order.token, &card);
    let same = system.merchant.post_with_key(PURCHASE_V2, KEY, &body).await;
    assert_eq!(
        (same.status, same.error_code().as_str()),
        (409, "DP-4019"),
        "{}",
        same.text
    );
    let other = system.merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(
        (other.status, other.error_code().as_str()),
        (409, "DP-4019"),
        "{}",
        other.text
    );
    assert_eq!(system.merchant.cancel(&order.token).await.status, 409);
    system.outside.clear_faults().await;
    paid_once(&system, &order, &card).await;
    system.finish().await;
}

#[tokio::test]
async fn while_a_charge_is_out_that_was_never_made() {
    let mut system = System::start_with(SETTINGS).await;
    let (order, card) = (system.merchant.place(46_269).await, Card::visa(0));
    let purchase = paying(&system, &order, &card);
    eventually("a charge", async || {
        !system.outside.charges(&order.reference).await.is_empty()
    })
    .await;

    killed_and_started_again(&mut system).await;

    assert!(purchase.await.unwrap().is_none());
    let settled = system.merchant.settled(&order.token).await;
    assert_eq!((settled.payment_status(), settled.code()), ("denied", "DP-6003"));
    let charges = system.outside.charges(&order.reference).await;
    assert!(
        charges.iter().all(|charge| charge["approved"] == false),
        "{charges:?}"
    );
    system.finish().await;
}

#[tokio::test]
async fn while_nobody_knows_what_became_of_a_charge() {
    let mut system = System::start_with(SETTINGS).await;
    for (amount, fault) in [
        (46_300, Some("drop_reply")),
        (46_396, None),
        (46_400, Some("garbage")),
    ] {
        if let Some(fault) = fault {
            system.outside.fault("kushki", fault, Some(1), None).await;
        }
        let order = system.merchant.place(amount).await;
        let answer = system.merchant.pay(&order, &Card::mastercard(0)).await;
        assert_eq!(
            (answer.payment_status(), answer.code()),
            ("processing", "DP-6003")
        );

        killed_and_started_again(&mut system).await;

        let settled = system.merchant.settled(&order.token).await;
        assert_eq!(settled.statuses(), ("succeeded", "processed"), "{amount}");
        system.outside.only_charge(&order.reference).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn while_the_cardholder_is_awaited() {
    let mut system = System::start_with(SETTINGS).await;
    for (card, amount) in [(Card::visa(5), 46_500), (Card::mastercard(9), 46_600)] {
        let order = system.merchant.place(amount).await;
        let waiting = system.merchant.pay(&order, &card).await;
        assert_eq!(waiting.payment_status(), "pending_3ds");

        killed_and_started_again(&mut system).await;

        let url = waiting.page_url().unwrap();
        let end = system.cardholder.authenticates(url, Temper::TypesTheCode).await;
        assert_eq!(end.outcome, "succeeded");
        let settled = system.merchant.settled(&order.token).await;
        assert_eq!(settled.statuses(), ("succeeded", "processed"));
        system.outside.only_charge(&order.reference).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn while_the_3ds_method_runs() {
    let mut system = System::start_with(SETTINGS).await;
    let order = system.merchant.place(46_700).await;
    let waiting = system.merchant.pay(&order, &Card::visa(6)).await;
    let mut page = system.cardholder.open(waiting.page_url().unwrap()).await;
    assert_eq!(page.next(), "method");

    killed_and_started_again(&mut system).await;

    system.cardholder.runs_method(&page).await;
    while page.next() != "done" {
        page.step = system.cardholder.next_after(&page).await;
    }
    assert_eq!(page.step["outcome"], "succeeded");
    system.merchant.settled(&order.token).await;
    system.outside.only_charge(&order.reference).await;
    system.finish().await;
}

/// The directory server's answer goes to nobody; the page, opened again, starts over.
#[tokio::test]
async fn while_the_page_s_authentication_request_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    let order = system.merchant.place(46_800).await;
    let waiting = system.merchant.pay(&order, &Card::visa(6)).await;
    let url = waiting.page_url().unwrap();
    let page = system.cardholder.open(url).await;
    system
        .outside
        .fault("directory", "delay", Some(1), NO_ANSWER)
        .await;
    system.cardholder.runs_method(&page).await;
    eventually("an AReq", async || areqs(&system, 46_800).await == 1).await;

    killed_and_started_again(&mut system).await;

    let end = system.cardholder.authenticates(url, Temper::TypesTheCode).await;
    assert_eq!(end.outcome, "succeeded");
    let settled = system.merchant.settled(&order.token).await;
    assert_eq!(settled.statuses(), ("succeeded", "processed"));
    system.outside.only_charge(&order.reference).await;
    system.finish().await;
}

/// The cardholder is at the bank, whose result finds nobody at first.
#[tokio::test]
async fn while_the_cardholder_is_at_the_bank() {
    let mut system = System::start_with(SETTINGS).await;
    let order = system.merchant.place(46_900).await;
    let waiting = system.merchant.pay(&order, &Card::visa(5)).await;
    let page = system.cardholder.open(waiting.page_url().unwrap()).await;
    let challenge = system.cardholder.goes_to_the_bank(&page).await;

    system.kill_gateway().await;
    let returning = system.cardholder.answers(challenge, Temper::TypesTheCode).await;
    system.start_gateway().await;

    system.cardholder.returns(&returning).await;
    let settled = system.merchant.settled(&order.token).await;
    assert_eq!(settled.statuses(), ("succeeded", "processed"));
    system.outside.only_charge(&order.reference).await;
    let end = system
        .cardholder
        .authenticates(waiting.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    assert_eq!(end.outcome, "succeeded");
    system.finish().await;
}

/// The result was answered, which is a promise; the charge that follows from it is out.
#[tokio::test]
async fn while_the_charge_after_a_challenge_is_out() {
    let mut system = System::start_with(SETTINGS).await;
    let order = system.merchant.place(47_000).await;
    let waiting = system.merchant.pay(&order, &Card::mastercard(5)).await;
    let page = system.cardholder.open(waiting.page_url().unwrap()).await;
    let challenge = system.cardholder.goes_to_the_bank(&page).await;
    system.outside.fault("kushki", "delay", Some(1), NO_ANSWER).await;
    let returning = system.cardholder.answers(challenge, Temper::TypesTheCode).await;
    eventually("a charge", async || {
        !system.outside.charges(&order.reference).await.is_empty()
    })
    .await;

    killed_and_started_again(&mut system).await;

    system.cardholder.returns(&returning).await;
    let settled = system.merchant.settled(&order.token).await;
    assert_eq!(settled.statuses(), ("succeeded", "processed"));
    assert_eq!(settled.three_ds("flow"), "challenge");
    let charge = system.outside.only_charge(&order.reference).await;
    assert_eq!(charge["eci"], "02");
    system.finish().await;
}

/// Directory servers that are down at the start: the ranges of last time serve, and purchases are refused with a reason.
#[tokio::test]
async fn and_started_again_without_any_directory_server() {
    let mut system = System::start_with(SETTINGS).await;
    system.outside.fault("directory", "refuse", None, None).await;
    killed_and_started_again(&mut system).await;
    let order = system.merchant.place(47_100).await;
    let refused = system.merchant.pay(&order, &Card::visa(0)).await;
    assert_eq!(refused.code(), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR");
    // The range of this card says 2.1.0 and a 3DS Method: only the stored ranges can know that.
    let waiting = system.merchant.buy(47_200, &Card::visa(6)).await;
    assert_eq!(waiting.payment_status(), "pending_3ds");
    system.outside.clear_faults().await;
    let paid = system.merchant.pay(&order, &Card::visa(0)).await;
    assert_eq!(paid.payment_status(), "processed");
    let end = system
        .cardholder
        .authenticates(waiting.page_url().unwrap(), Temper::TypesTheCode)
        .await;
    assert_eq!(end.outcome, "succeeded");
    system.outside.only_charge(&order.reference).await;
    system.finish().await;
}
