//! A challenge's code on its way through the phone network while something goes wrong there: whatever it is, the challenge
//! ends as it should on the issuer's and on the merchant's side, and no code ever arrives by two providers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::page::Page;
use tests::secrets::code_in;
use tests::system::System;
use tokio::time::{Instant, sleep};

/// How long all messages of a challenge may take: two providers, each asked twice, each as long as it may take.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What goes wrong at a provider: target, fault, and milliseconds where it is a wait.
type Wrong = (&'static str, &'static str, Option<u64>);

/// What goes wrong at the first provider, and the providers of the messages that arrive, oldest first.
///
/// A provider that says that it did not send leaves the same code to the next one. If nobody can say, a new code goes by the
/// next one.
const OVER_HTTP: [(Wrong, &[&str]); 14] = [
    (("sms-norte", "busy", None), &["sur"]),
    (("sms-norte", "no_route", None), &["sur"]),
    (("sms", "busy", None), &["centro"]),
    (("sms-norte", "delay", Some(500)), &["norte"]),
    (("sms-norte", "duplicate", None), &["norte"]),
    (("sms-norte", "refuse", None), &["sur"]),
    (("sms-norte", "http_500", None), &["sur"]),
    (("sms-norte", "drop_reply", None), &["norte", "sur"]),
    (("sms-norte", "garbage", None), &["norte", "sur"]),
    (("sms-norte", "delay", Some(5_000)), &["norte", "sur"]),
    (("sms-norte", "receipts_missing", None), &["norte"]),
    (("sms-norte", "receipts_reversed", None), &["norte"]),
    (("sms-norte", "receipts_forged", None), &["norte"]),
    (("sms-norte", "receipts_undelivered", None), &["norte", "sur"]),
];

/// The same at the short message centre, once, while the others are busy.
const OVER_SMPP: [(Wrong, &[&str]); 7] = [
    (("smpp", "busy", None), &["centro"]),
    (("smpp", "delay", Some(300)), &["centro"]),
    (("smpp", "refuse", None), &["centro"]),
    (("smpp", "http_500", None), &["centro"]),
    (("smpp", "drop_reply", None), &["centro", "centro"]),
    (("smpp", "garbage", None), &["centro", "centro"]),
    (("smpp", "receipts_repeated", None), &["centro"]),
];

#[tokio::test]
async fn whatever_goes_wrong_at_a_provider_the_newest_code_is_the_right_one() {
    let system = System::start().await;
    for ((wrong, arrive), amount) in OVER_HTTP.into_iter().zip((40_000..).step_by(200)) {
        let (target, fault, milliseconds) = wrong;
        system.outside.fault(target, fault, None, milliseconds).await;
        pays_with_the_code(&system, amount, wrong, arrive).await;
        system.outside.clear_faults().await;
        // The next one is carried again, by the first provider.
        pays_with_the_code(&system, amount + 100, wrong, &["norte"]).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn whatever_goes_wrong_at_the_short_message_centre_the_newest_code_is_the_right_one() {
    let system = System::start().await;
    for ((wrong, arrive), amount) in OVER_SMPP.into_iter().zip((50_000..).step_by(200)) {
        let (target, fault, milliseconds) = wrong;
        system.outside.fault("sms", "busy", None, None).await;
        system.outside.fault(target, fault, Some(1), milliseconds).await;
        pays_with_the_code(&system, amount, wrong, arrive).await;
        system.outside.clear_faults().await;
        pays_with_the_code(&system, amount + 100, wrong, &["norte"]).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn when_nobody_carries_messages_the_challenge_ends_without_a_result() {
    let system = System::start().await;
    for target in ["sms", "smpp"] {
        system.outside.fault(target, "busy", None, None).await;
    }
    let bought = system.merchant.buy(34_900, &Card::visa(5)).await;
    let page = system.cardholder.open(bought.page_url().unwrap()).await;
    system.cardholder.goes_to_the_bank(&page).await;
    let order = system.merchant.settled(bought.token()).await;
    assert_eq!(order.statuses(), ("pending", "denied"));
    assert_eq!(order.code(), "DEUNA_3DS.UNAVAILABLE_CHALLENGE_AUTHENTICATION");
    system.outside.no_charge(order.reference()).await;
    assert!(system.outside.all_sms().await.is_empty());
    system.finish().await;
}

/// Buys, waits for the messages that are to arrive, types the newest code, and has paid.
async fn pays_with_the_code(system: &System, amount: i64, wrong: Wrong, arrive: &[&str]) {
    let bought = system.merchant.buy(amount, &Card::visa(5)).await;
    let page = system.cardholder.open(bought.page_url().unwrap()).await;
    let before = system.outside.all_sms().await.len();
    let challenge = system.cardholder.goes_to_the_bank(&page).await;
    let messages = arrived(system, &challenge, before, wrong, arrive.len()).await;
    let carried: Vec<&str> = messages
        .iter()
        .filter_map(|message| message["provider"].as_str())
        .collect();
    assert_eq!(carried, arrive, "{wrong:?}: {messages:?}");
    never_twice(&messages);
    let returning = system.cardholder.answers(challenge, Temper::TypesTheCode).await;
    system.cardholder.returns(&returning).await;
    let order = system.merchant.settled(bought.token()).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{wrong:?}");
    assert_eq!(order.three_ds("trans_status"), "Y");
    system.outside.only_charge(order.reference()).await;
    let after = system.outside.all_sms().await.len();
    assert_eq!(after - before, arrive.len(), "{wrong:?}: no message came later");
}

/// The messages of this challenge, oldest first, once there are so many.
async fn arrived(system: &System, challenge: &Page, before: usize, wrong: Wrong, count: usize) -> Vec<Value> {
    assert!(challenge.has_form(), "{}", challenge.html);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut messages = system.outside.all_sms().await;
        let newer = messages.len().saturating_sub(before);
        messages.truncate(newer);
        messages.reverse();
        if newer >= count {
            return messages;
        }
        assert!(
            Instant::now() < deadline,
            "{wrong:?}: of {count} messages only {messages:?}"
        );
        sleep(LOOK_EVERY).await;
    }
}

/// No code came by two providers.
fn never_twice(messages: &[Value]) {
    let mut by_code: BTreeMap<&str, &Value> = BTreeMap::new();
    for message in messages {
        let code = message["text"].as_str().and_then(code_in).unwrap();
        let other = by_code.insert(code, &message["provider"]);
        assert!(other.is_none(), "{messages:?}");
    }
}
