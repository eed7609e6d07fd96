//! The result of a challenge on its way from the issuer while that way fails: the order and the issuer's record end alike, and
//! the card is charged once.

use tests::bank::Bank;
use tests::cardholder::Temper;
use tests::cards::Card;
use tests::order::Order;
use tests::system::System;

type Wrong = (&'static str, u32, Option<u64>);

/// What goes wrong where the access control server posts its results, how often in a row, and milliseconds where it is a wait.
///
/// The server gives an answer five seconds. What is refused it tries twice at once, so it takes two to lose an attempt.
const FAULTS: [Wrong; 7] = [
    ("refuse", 2, None),
    ("http_500", 1, None),
    ("http_500", 3, None),
    ("drop_reply", 1, None),
    ("garbage", 1, None),
    ("delay", 1, Some(6_000)),
    ("duplicate", 1, None),
];

#[tokio::test]
async fn a_result_that_is_lost_on_its_way_is_sent_until_it_counts_and_counts_once() {
    let system = System::start().await;
    let bank = Bank::signs_in(&system.http, &system.sandbox_json).await;
    for (wrong, amount) in FAULTS.into_iter().zip((60_000..).step_by(100)) {
        let order = challenged(&system, &bank, amount, wrong, Temper::TypesTheCode, ("Y", "")).await;
        assert_eq!(order.statuses(), ("succeeded", "processed"), "{wrong:?}");
        system.outside.only_charge(order.reference()).await;
    }
    system.finish().await;
}

#[tokio::test]
async fn a_failure_that_is_lost_on_its_way_denies_the_payment_all_the_same() {
    let system = System::start().await;
    let bank = Bank::signs_in(&system.http, &system.sandbox_json).await;
    for (wrong, amount) in [FAULTS[1], FAULTS[3]].into_iter().zip((61_000..).step_by(100)) {
        let order = challenged(&system, &bank, amount, wrong, Temper::TypesRubbish, ("N", "19")).await;
        assert_eq!(order.statuses(), ("pending", "denied"), "{wrong:?}");
        system.outside.no_charge(order.reference()).await;
    }
    system.finish().await;
}

/// A payment whose challenge ends with that result on the issuer's side while its way is as wrong as that.
async fn challenged(
    system: &System,
    bank: &Bank,
    amount: i64,
    (fault, times, milliseconds): Wrong,
    temper: Temper,
    result: (&str, &str),
) -> Order {
    let card = Card::visa(5);
    let bought = system.merchant.buy(amount, &card).await;
    let page = system.cardholder.open(bought.page_url().unwrap()).await;
    let challenge = system.cardholder.goes_to_the_bank(&page).await;
    system
        .outside
        .fault("results", fault, Some(times), milliseconds)
        .await;
    let returning = system.cardholder.answers(challenge, temper).await;
    system.cardholder.returns(&returning).await;
    let order = system.merchant.settled(bought.token()).await;
    let record = bank.ending_of(&card).await;
    assert_eq!(record.result(), result, "{fault}: {:?}", record.0);
    system.outside.clear_faults().await;
    order
}
