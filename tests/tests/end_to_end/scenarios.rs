//! What each card's issuer does, and what becomes of the payment.

use futures_util::future::join_all;
use serde_json::Value;
use tests::cardholder::Temper;
use tests::cards::{Brand, Card};
use tests::merchant::PURCHASE_V2;
use tests::order::Order;
use tests::system::System;

/// The 3DS Method is given up soon, so that scenario 13 is not the longest of all.
const SETTINGS: &str = "[three_ds]\nmethod_seconds = 2\n";

/// How a purchase with a card of a scenario goes.
struct Course {
    scenario: u8,
    temper: Temper,
    /// The page's steps, where there is a page.
    steps: &'static [&'static str],
    ends: Ends,
}

#[derive(Clone, Copy)]
enum Ends {
    /// Charged, after this flow, in this version.
    Paid(&'static str, &'static str),
    /// Refused before any charge, with this `DEUNA_3DS` code and page outcome.
    Refused(&'static str, &'static str),
}

const fn at_once(scenario: u8, ends: Ends) -> Course {
    Course {
        scenario,
        temper: Temper::TypesTheCode,
        steps: &[],
        ends,
    }
}

const fn through_page(scenario: u8, temper: Temper, steps: &'static [&'static str], ends: Ends) -> Course {
    Course {
        scenario,
        temper,
        steps,
        ends,
    }
}

const COURSES: [Course; 18] = [
    at_once(0, Ends::Paid("frictionless", "2.2.0")),
    at_once(
        1,
        Ends::Refused("UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION", "rejected"),
    ),
    at_once(
        2,
        Ends::Refused("STAND_IN_FRICTIONLESS_AUTHENTICATION_ATTEMPTED", "rejected"),
    ),
    at_once(
        3,
        Ends::Refused("UNAVAILABLE_FRICTIONLESS_AUTHENTICATION", "rejected"),
    ),
    at_once(
        4,
        Ends::Refused("REJECTED_FRICTIONLESS_AUTHENTICATION", "rejected"),
    ),
    at_once(7, Ends::Refused("ENROLLMENT_CHECK_ERROR", "failed")),
    at_once(8, Ends::Refused("ENROLLMENT_CHECK_TIMEOUT", "failed")),
    at_once(17, Ends::Refused("UNABLE_ISSUER", "failed")),
    through_page(
        5,
        Temper::TypesTheCode,
        &["challenge"],
        Ends::Paid("challenge", "2.2.0"),
    ),
    through_page(
        5,
        Temper::TypesRubbish,
        &["challenge"],
        Ends::Refused("FAILED_CHALLENGE_AUTHENTICATION", "rejected"),
    ),
    through_page(
        5,
        Temper::CancelsAtTheBank,
        &["challenge"],
        Ends::Refused("FAILED_CHALLENGE_AUTHENTICATION", "cancelled"),
    ),
    through_page(
        5,
        Temper::CancelsAtThePage,
        &["challenge"],
        Ends::Refused("FAILED_CHALLENGE_AUTHENTICATION", "cancelled"),
    ),
    through_page(
        6,
        Temper::TypesTheCode,
        &["method"],
        Ends::Paid("semi_frictionless", "2.2.0"),
    ),
    through_page(
        9,
        Temper::TypesTheCode,
        &["method", "challenge"],
        Ends::Paid("challenge", "2.2.0"),
    ),
    through_page(
        12,
        Temper::TypesTheCode,
        &["challenge"],
        Ends::Refused("UNAVAILABLE_CHALLENGE_AUTHENTICATION", "rejected"),
    ),
    through_page(
        13,
        Temper::TypesTheCode,
        &["method"],
        Ends::Paid("semi_frictionless", "2.2.0"),
    ),
    through_page(
        14,
        Temper::TypesTheCode,
        &["challenge"],
        Ends::Paid("challenge", "2.1.0"),
    ),
    through_page(
        18,
        Temper::TypesTheCode,
        &["challenge"],
        Ends::Paid("challenge", "2.2.0"),
    ),
];

#[tokio::test]
async fn every_scenario_of_visa_ends_as_its_issuer_decides() {
    play_all(Brand::Visa).await;
}

#[tokio::test]
async fn every_scenario_of_mastercard_ends_as_its_issuer_decides() {
    play_all(Brand::Mastercard).await;
}

async fn play_all(brand: Brand) {
    let system = System::start_with(SETTINGS).await;
    // Each with an amount of its own, which the code in the text message is told apart by.
    let courses = COURSES.iter().zip((20_000..).step_by(100));
    join_all(courses.map(|(course, amount)| play(&system, brand, course, amount))).await;
    system.finish().await;
}

async fn play(system: &System, brand: Brand, course: &Course, amount: i64) {
    let label = format!("{brand:?} {:02} {:?}", course.scenario, course.temper);
    let bought = system
        .merchant
        .buy(amount, &Card::of(brand, course.scenario))
        .await;
    let order = match course.steps {
        [] => {
            assert!(
                bought.is_over() && bought.page_url().is_none(),
                "{label}: {bought:?}"
            );
            bought
        }
        steps => {
            assert_eq!(bought.statuses(), ("pending", "pending_3ds"), "{label}");
            assert_eq!(bought.code(), "DP-7028", "{label}");
            assert_eq!(
                bought.page_url(),
                bought
                    .at("/payment/data/authorization_3ds/url_challenge")
                    .as_str(),
                "{label}"
            );
            let page = bought.page_url().unwrap();
            let end = system.cardholder.authenticates(page, course.temper).await;
            let asked: Vec<&str> = end
                .steps
                .iter()
                .map(String::as_str)
                .filter(|step| !matches!(*step, "working" | "done"))
                .collect();
            assert_eq!(asked, steps, "{label}");
            let order = system.merchant.settled(bought.token()).await;
            let (outcome, callback) = match course.ends {
                Ends::Paid(..) => ("succeeded", "gracias"),
                Ends::Refused(_, "cancelled") => ("cancelled", "cancelado"),
                Ends::Refused(_, "failed") => ("failed", "error"),
                Ends::Refused(_, outcome) => (outcome, "rechazado"),
            };
            assert_eq!(end.outcome, outcome, "{label}");
            assert_eq!(
                end.redirect,
                Some(format!(
                    "https://tienda-demo.example/{callback}?order_token={}&order_id={}&status={}",
                    order.token(),
                    order.reference(),
                    order.payment_status()
                )),
                "{label}"
            );
            order
        }
    };
    assert_eq!(order.page_url(), None, "{label}");
    match course.ends {
        Ends::Paid(flow, version) => paid(system, brand, &label, &order, (flow, version)).await,
        Ends::Refused(code, _) => {
            assert_eq!(order.statuses(), ("pending", "denied"), "{label}");
            assert_eq!(order.code(), format!("DEUNA_3DS.{code}"), "{label}");
            assert_eq!(order.text("/payment/error/code"), order.code(), "{label}");
            assert!(!order.text("/payment/data/reason").is_empty(), "{label}");
            system.outside.no_charge(order.reference()).await;
        }
    }
}

/// The order is paid, by one charge that carries what 3-D Secure gave.
async fn paid(system: &System, brand: Brand, label: &str, order: &Order, (flow, version): (&str, &str)) {
    assert_eq!(order.statuses(), ("succeeded", "processed"), "{label}");
    assert_eq!(
        (order.code(), order.text("/payment/data/processor")),
        ("", "kushki"),
        "{label}"
    );
    assert_eq!(
        order.text("/payment/data/authentication_method"),
        "3DS2",
        "{label}"
    );
    assert_eq!(order.three_ds("flow"), flow, "{label}");
    assert_eq!(order.three_ds("version"), version, "{label}");
    assert_eq!(order.three_ds("eci"), brand.authenticated_eci(), "{label}");
    assert_eq!(order.three_ds("trans_status"), "Y", "{label}");
    assert_eq!(order.three_ds("liability_shift"), true, "{label}");
    let charge = system.outside.only_charge(order.reference()).await;
    assert_eq!(charge["eci"], *order.three_ds("eci"), "{label}");
    assert_eq!(charge["authentication_value"], *order.three_ds("cavv"), "{label}");
    // Kushki takes the directory server's id with Mastercard only.
    if brand == Brand::Mastercard {
        assert_eq!(charge["ds_trans_id"], *order.three_ds("ds_trans_id"), "{label}");
    }
    assert_eq!(charge["amount"], *order.at("/total_amount"), "{label}");
    assert_eq!(charge["currency"], "MXN", "{label}");
}

/// Under the policy to proceed, what is in doubt is charged: with liability shift where an attempt is proven.
#[tokio::test]
async fn what_is_in_doubt_is_charged_where_the_connection_proceeds() {
    let system = System::start().await;
    let merchant = &system.proceeding;
    for brand in [Brand::Visa, Brand::Mastercard] {
        let attempted = merchant.buy(34_900, &Card::of(brand, 2)).await;
        assert_eq!(attempted.statuses(), ("succeeded", "processed"));
        assert_eq!(attempted.three_ds("trans_status"), "A");
        assert_eq!(attempted.three_ds("liability_shift"), true);
        let charge = system.outside.only_charge(attempted.reference()).await;
        assert_eq!(charge["eci"], brand.attempted_eci());
        assert_eq!(charge["authentication_value"], *attempted.three_ds("cavv"));

        let unavailable = merchant.buy(34_900, &Card::of(brand, 3)).await;
        assert_eq!(unavailable.statuses(), ("succeeded", "processed"));
        assert_eq!(unavailable.three_ds("trans_status"), "U");
        assert_eq!(unavailable.three_ds("eci"), brand.unauthenticated_eci());
        assert_eq!(unavailable.three_ds("liability_shift"), false);
        // Without a value there is nothing of it that Kushki would take.
        let charge = system.outside.only_charge(unavailable.reference()).await;
        assert_eq!(
            (&charge["eci"], &charge["authentication_value"]),
            (&Value::Null, &Value::Null)
        );

        let bought = merchant.buy(35_100, &Card::of(brand, 12)).await;
        let page = bought.page_url().unwrap();
        let end = system.cardholder.authenticates(page, Temper::TypesTheCode).await;
        assert_eq!(end.outcome, "succeeded", "a challenge without result");
        let order = merchant.settled(bought.token()).await;
        assert_eq!(order.three_ds("liability_shift"), false);
        system.outside.only_charge(order.reference()).await;
    }
    // A refusal is no doubt.
    for scenario in [1, 4] {
        let order = merchant.buy(34_900, &Card::visa(scenario)).await;
        assert_eq!(order.payment_status(), "denied");
        system.outside.no_charge(order.reference()).await;
    }
    let order = merchant.buy(34_900, &Card::not_enrolled()).await;
    assert_eq!(order.statuses(), ("succeeded", "processed"));
    assert_eq!(
        system.outside.only_charge(order.reference()).await["authentication_value"],
        Value::Null
    );
    system.finish().await;
}

#[tokio::test]
async fn a_card_that_cannot_be_authenticated_or_charged_is_refused() {
    let system = System::start().await;
    let order = system.merchant.buy(34_900, &Card::not_enrolled()).await;
    assert_eq!(order.statuses(), ("pending", "denied"));
    assert_eq!(
        order.code(),
        "DEUNA_3DS.AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT"
    );
    system.outside.no_charge(order.reference()).await;

    // No connection takes Amex: nobody is asked anything.
    let before = system.outside.messages(None).await.len();
    for scenario in [0, 5] {
        let placed = system.merchant.place(34_900).await;
        let body = system
            .merchant
            .purchase_body(&placed.token, &Card::of(Brand::Amex, scenario));
        let answer = system.merchant.post(PURCHASE_V2, &body).await;
        assert_eq!(
            (answer.status, answer.error_code().as_str()),
            (409, "DP-4009"),
            "{}",
            answer.text
        );
        assert_eq!(system.merchant.read(&placed.token).await.payment_status(), "");
        system.outside.no_charge(&placed.reference).await;
    }
    assert_eq!(system.outside.messages(None).await.len(), before);
    system.finish().await;
}

/// The cards that users of other systems know keep their meaning.
#[tokio::test]
async fn cards_known_from_elsewhere_mean_what_they_always_meant() {
    let system = System::start().await;
    for number in ["4186455175836497", "5137009801943438", "4111111111111111"] {
        let order = system.merchant.buy(34_900, &Card::numbered(number, "123")).await;
        assert_eq!(order.three_ds("flow"), "frictionless", "{number}");
    }
    for (number, amount) in [("4874970686672022", 35_000), ("5130257474533310", 35_100)] {
        let order = system.merchant.buy(amount, &Card::numbered(number, "123")).await;
        let page = order.page_url().unwrap();
        let end = system.cardholder.authenticates(page, Temper::TypesTheCode).await;
        assert_eq!(end.outcome, "succeeded", "{number}");
    }
    system.finish().await;
}
