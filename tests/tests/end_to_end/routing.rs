//! Where charges go: by rules, by a split of the volume, by 3-D Secure's own part of a rule, and around a processor that fails.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::cards::{Brand, Card};
use tests::merchant::{Merchant, PURCHASE_V2};
use tests::operator::Operator;
use tests::order::Order;
use tests::process::eventually;
use tests::system::{PATIENT, System};

/// A breaker that closes again while a test waits.
const SHORT_PAUSE: &str = "
[health]
window_seconds = 20
samples_min = 6
failures_percent = 30
pause_seconds = 2
probes = 2
";

async fn started() -> (System, Operator) {
    let system = System::start_with(&format!("{PATIENT}{SHORT_PAUSE}")).await;
    let operator = Operator::log_in(system.http.clone(), &system.sandbox_json).await;
    (system, operator)
}

/// Buys with these members besides.
async fn buy(merchant: &Merchant, amount: i64, card: &Card, more: Value) -> Order {
    let mut body = merchant.one_step_body(amount, card);
    body["processor_name"] = Value::Null;
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let answer = merchant.post(PURCHASE_V2, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Order::of(&serde_json::from_str(&answer.text).unwrap())
}

fn processor(order: &Order) -> &str {
    order.text("/payment/data/processor")
}

#[tokio::test]
async fn rules_send_purchases_by_first_digits_and_metadata_and_say_so() {
    let (system, operator) = started().await;
    let merchant = &system.merchant;
    for rule in [
        json!({"name": "Visa of the bank", "priority": 20,
            "when": {"all": [{"field": "bin", "op": "eq", "value": "40000000"},
                {"field": "issuer_bank", "op": "prefix", "value": "banco"}]},
            "then": {"action": "process", "processors": ["adyen"]}}),
        json!({"name": "The app", "priority": 10,
            "when": {"all": [{"field": "metadata.channel", "op": "eq", "value": "app"}]},
            "then": {"action": "process", "processors": ["kushki", "adyen"]}}),
        json!({"name": "The shop", "priority": 11,
            "when": {"all": [{"field": "metadata.channel", "op": "eq", "value": "shop"}]},
            "then": {"action": "process", "processors": ["adyen"], "cascade": false}}),
        json!({"name": "Nothing large", "priority": 5,
            "when": {"all": [{"field": "amount", "op": "gte", "value": 9_000_000}]},
            "then": {"action": "reject"}}),
    ] {
        operator.rules(merchant, &rule).await;
    }
    let from = |channel: &str| json!({"metadata": {"channel": channel}});
    for (card, more, expected) in [
        (Card::visa(0), json!({}), "adyen"),
        (Card::visa(0), from("app"), "kushki"),
        (Card::mastercard(0), from("shop"), "adyen"),
        (Card::mastercard(0), json!({}), "kushki"),
    ] {
        let bought = buy(merchant, 34_900, &card, more.clone()).await;
        assert_eq!(processor(&bought), expected, "{}", bought.document());
        let kept = operator.routing_of(merchant, bought.token()).await;
        let kept = &kept[0]["explanation"];
        let imagined = json!({"order_token": bought.token(), "amount": 34_900, "currency": "MXN",
            "bin": card.number[..8], "country": "MX", "metadata": more["metadata"]});
        let explained = operator.explain(merchant, &imagined).await;
        assert_eq!(&explained["explanation"], kept, "explained and kept agree");
        assert_eq!(explained["routes"][0]["processor_name"], expected);
        assert_eq!(kept["connections"][0]["position"], 1);
    }
    let rejected = buy(merchant, 9_000_000, &Card::visa(0), json!({})).await;
    assert_eq!(
        (rejected.statuses(), rejected.code()),
        (("pending", "denied"), "DP-4026")
    );
    system.outside.no_charge(rejected.reference()).await;
    let kept = operator.routing_of(merchant, rejected.token()).await;
    assert_eq!(kept[0]["explanation"]["action"], "reject");
    system.finish().await;
}

#[tokio::test]
async fn a_split_of_the_volume_comes_out_by_weight() {
    let (system, operator) = started().await;
    let merchant = &system.merchant;
    let limits = json!({"writes_per_second": 10_000, "reads_per_second": 10_000});
    let path = format!("/merchants/{}", merchant.keys.id);
    operator.call(reqwest::Method::PATCH, &path, Some(&limits)).await;
    let split = json!([{"processors": ["kushki"], "weight": 70}, {"processors": ["adyen"], "weight": 30}]);
    let rule = json!({"name": "Split", "priority": 1,
        "then": {"action": "process", "three_ds": "off", "split": split}});
    operator.rules(merchant, &rule).await;
    let card = Card::visa(0);
    let mut counts = BTreeMap::<String, usize>::new();
    for _ in 0..20 {
        let bought = join_all((0..10).map(|_| buy(merchant, 12_300, &card, json!({})))).await;
        for order in bought {
            assert_eq!(order.statuses(), ("succeeded", "processed"));
            *counts.entry(processor(&order).to_owned()).or_default() += 1;
        }
    }
    // 200 draws of 0.7: five standard deviations are 33.
    let kushki = counts["kushki"];
    assert!((107..=173).contains(&kushki), "{counts:?}");
    assert_eq!(kushki + counts["adyen"], 200);
    system.finish().await;
}

#[tokio::test]
async fn a_rule_s_own_3ds_is_kept_to_unless_the_purchase_wants_otherwise() {
    let (system, operator) = started().await;
    let merchant = &system.merchant;
    for (name, three_ds) in [
        ("off", json!("off")),
        ("force", json!("force")),
        ("exempt", json!({"mode": "auto", "exemption": "low_value"})),
    ] {
        let rule = json!({"name": name, "priority": 1,
            "when": {"all": [{"field": "metadata.rule", "op": "eq", "value": name}]},
            "then": {"action": "process", "three_ds": three_ds, "processors": ["adyen"]}});
        operator.rules(merchant, &rule).await;
    }
    let of = |name: &str| json!({"metadata": {"rule": name}});
    let off = buy(merchant, 23_400, &Card::visa(0), of("off")).await;
    assert_eq!(off.statuses(), ("succeeded", "processed"));
    let charge = system.outside.only_charge(off.reference()).await;
    assert_eq!(charge["eci"], Value::Null, "{charge}");

    let forced = buy(merchant, 23_400, &Card::visa(0), of("force")).await;
    assert_ne!(
        forced.three_ds("trans_status"),
        &Value::Null,
        "{}",
        forced.document()
    );

    let exempt = buy(merchant, 23_400, &Card::visa(0), of("exempt")).await;
    let kept = operator.routing_of(merchant, exempt.token()).await;
    assert_eq!(kept[0]["explanation"]["three_ds"]["exemption"], "low_value");
    assert_eq!(exempt.statuses(), ("succeeded", "processed"));

    let mut own = of("off");
    own["three_ds"] = json!({"mode": "force"});
    let own = buy(merchant, 23_400, &Card::visa(0), own).await;
    assert_ne!(
        own.three_ds("trans_status"),
        &Value::Null,
        "the purchase's wish goes first"
    );
    system.finish().await;
}

#[tokio::test]
async fn a_processor_that_fails_half_the_time_is_gone_around_and_taken_back() {
    let (system, operator) = started().await;
    let merchant = &system.merchant;
    let limits = json!({"writes_per_second": 10_000, "reads_per_second": 10_000});
    let path = format!("/merchants/{}", merchant.keys.id);
    operator.call(reqwest::Method::PATCH, &path, Some(&limits)).await;
    let connections = operator.get(&format!("{path}/connections")).await;
    let names: Vec<String> = connections["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|connection| connection["processor_name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.len() > 2, "{names:?}");
    let id_of = |name: &str| -> String {
        let mut all = connections["data"].as_array().unwrap().iter();
        let found = all.find(|connection| connection["processor_name"] == name);
        found.unwrap_or_else(|| panic!("no connection to {name}"))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (kushki, path_of_health) = (id_of("kushki"), |id: &str| {
        format!("/merchants/{}/connections/{id}/health", merchant.keys.id)
    });
    let shares: Vec<_> = names
        .iter()
        .map(|name| json!({"processors": [name], "weight": 1}))
        .collect();
    let rule = json!({"name": "Everybody", "priority": 1,
        "then": {"action": "process", "three_ds": "off", "split": shares}});
    operator.rules(merchant, &rule).await;

    let card_for = |number: usize| match number % 4 {
        3 => Card::of(Brand::Amex, 0),
        2 => Card::mastercard(0),
        _ => Card::visa(0),
    };
    let mut opened = false;
    let (mut others, mut approved, mut slowest) = (0usize, 0usize, Duration::ZERO);
    for _ in 0..4 {
        // About every second of its charges fails.
        system.outside.fault("kushki", "http_500", Some(10), None).await;
        let bought = join_all((0..50).map(|number| async move {
            let began = Instant::now();
            let order = buy(merchant, 15_000, &card_for(number), json!({})).await;
            (order, began.elapsed())
        }))
        .await;
        system.outside.clear_faults().await;
        for (order, took) in bought.iter().filter(|(order, _)| processor(order) != "kushki") {
            others += 1;
            approved += usize::from(order.payment_status() == "processed");
            slowest = slowest.max(*took);
        }
        let health = operator.get(&path_of_health(&kushki)).await;
        if health["breaker"] != "closed" {
            opened = true;
            let imagined = json!({"amount": 15_000, "currency": "MXN", "card_brand": "visa"});
            let explained = operator.explain(merchant, &imagined).await;
            let shares = explained["explanation"]["split"]["shares"].as_array().unwrap();
            let of_kushki = shares
                .iter()
                .find(|share| share["processors"][0] == "kushki")
                .unwrap();
            assert_eq!(
                explained["explanation"]["connections"].as_array().unwrap().len(),
                4
            );
            if health["breaker"] == "open" {
                assert_eq!(of_kushki["drawn"], false, "{explained}");
            }
            break;
        }
    }
    assert!(
        opened,
        "the breaker opens: {}",
        operator.get(&path_of_health(&kushki)).await
    );
    assert!(others > 0);
    assert_eq!(approved, others, "nobody else is touched");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    for name in names.iter().filter(|name| *name != "kushki") {
        let health = operator.get(&path_of_health(&id_of(name))).await;
        assert_eq!(health["breaker"], "closed", "{name}: {health}");
    }
    // It answers again: after the pause a few probe, and the breaker closes.
    let card = Card::visa(0);
    let healed = async || {
        join_all((0..10).map(|_| buy(merchant, 15_000, &card, json!({})))).await;
        operator.get(&path_of_health(&kushki)).await["breaker"] == "closed"
    };
    eventually("the breaker closes", healed).await;
    system.finish().await;
}

/// The issuer's server is out of order, the directory server too, or the card takes no part: charged where a rule says so.
/// The issuer that refused is taken at its word whatever any rule says.
#[tokio::test]
async fn a_failed_authentication_is_charged_only_by_a_rule_and_a_refused_one_never() {
    let (system, operator) = started().await;
    let merchant = &system.merchant;
    let rule = json!({"name": "Known shoppers", "priority": 1,
        "when": {"all": [{"field": "metadata.known", "op": "eq", "value": true}]},
        "then": {"action": "process", "processors": ["adyen"], "charge_after_failed_authentication": true}});
    operator.rules(merchant, &rule).await;
    let known = json!({"metadata": {"known": true}});
    let at_adyen = json!({"processor_name": "adyen"});
    for (card, code) in [
        (Card::visa(3), "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION"),
        (Card::visa(7), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR"),
        (
            Card::not_enrolled(),
            "DEUNA_3DS.AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT",
        ),
    ] {
        let denied = buy(merchant, 34_900, &card, at_adyen.clone()).await;
        assert_eq!((denied.payment_status(), denied.code()), ("denied", code));
        system.outside.no_charge(denied.reference()).await;

        let charged = buy(merchant, 34_900, &card, known.clone()).await;
        assert_eq!(
            charged.statuses(),
            ("succeeded", "processed"),
            "{}",
            charged.document()
        );
        let told = charged.at("/payment/data/three_ds_reuse/0");
        assert_eq!(
            (&told["decision"], &told["failed"]["code"]),
            (&json!("waived"), &json!(code))
        );
        assert_eq!(charged.at("/payment/data/attempts/0/three_ds_reuse"), "waived");
        let charge = system.outside.only_charge(charged.reference()).await;
        assert!(
            charge["eci"].is_null() && charge["authentication_value"].is_null(),
            "{charge}"
        );
        let kept = operator.routing_of(merchant, charged.token()).await;
        assert_eq!(kept[0]["explanation"]["charge_after_failed_authentication"], true);
    }
    for card in [Card::visa(1), Card::visa(4)] {
        let refused = buy(merchant, 34_900, &card, known.clone()).await;
        assert_eq!(refused.payment_status(), "denied", "{}", refused.document());
        system.outside.no_charge(refused.reference()).await;
    }
    let mut forced = known;
    forced["three_ds"] = json!({"mode": "force"});
    let denied = buy(merchant, 34_900, &Card::visa(7), forced).await;
    assert_eq!(
        denied.payment_status(),
        "denied",
        "the purchase's own wish goes before the rule's"
    );
    system.outside.no_charge(denied.reference()).await;
    system.finish().await;
}
