mod candidates;

use super::{
    document,
    explanation::{Breaker, LeftOut, RankedBy, RuleOutcome},
    facts::Operand,
    rule::{Action, Settings},
    *,
};
use crate::{
    bins::{Bin, CardType},
    connection::{ConnectionStatus, OnDoubt, ThreeDsSettings},
    three_ds::ThreeDsMode,
};
use acquiring::{Captures, Recovery, Refunds, RefundsOf, Voids};
use primitives::{Amount, Brand, Country, Currency};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const CAN: Capabilities = Capabilities {
    brands: &[Brand::Visa],
    currencies: &[Currency::MXN],
    external_authentication: &[Brand::Visa],
    exemptions: &[],
    needs_security_code: false,
    authorizations: false,
    captures: Captures::NotOffered,
    voids: Voids::NotOffered,
    refunds: Refunds::NotOffered,
    refunds_of: RefundsOf::Charge,
    reversals: false,
    lost_charge: Recovery::Inquire,
    lost_capture: Recovery::Inquire,
    lost_void: Recovery::Inquire,
    lost_refund: Recovery::Inquire,
    inquiry_visible_after: Duration::from_secs(90),
    inquiry_final_after: Duration::from_secs(1_800),
    installments_max: 1,
};

fn id<K: primitives::Kind>(number: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(number))
}

fn connection(number: u128, name: &str, processor: &str) -> Connection {
    Connection {
        id: id(number),
        merchant: id(1),
        name: name.to_owned(),
        processor_name: processor.to_owned(),
        status: ConnectionStatus::Active,
        operation: ChargeKind::Sale,
        currencies: vec![Currency::MXN],
        countries: vec![],
        base_url: None,
        inquiry_visible_after_seconds: None,
        inquiry_final_after_seconds: None,
        preference: i32::try_from(number).unwrap() * 10,
        three_ds: ThreeDsSettings {
            reuse: crate::connection::ReusePolicy::Allow,
            provider: ThreeDsProvider::None,
            on_attempted: OnDoubt::Reject,
            on_unavailable: OnDoubt::Reject,
            defaults: ThreeDs::default(),
            remote: None,
            mpi: None,
            brands: BTreeMap::new(),
        },
    }
}

fn three() -> Vec<Connection> {
    vec![
        connection(1, "One", "kushki"),
        connection(2, "Two", "adyen"),
        connection(3, "Three", "kushki"),
    ]
}

fn candidates(connections: &[Connection]) -> Vec<Candidate<'_>> {
    let candidate = |connection| Candidate {
        connection,
        can: &CAN,
        breaker: Breaker::Closed,
        retry_limit: None,
    };
    connections.iter().map(candidate).collect()
}

fn rule(number: u128, document: &Value) -> Rule {
    Rule {
        id: id(number),
        settings: Settings::read(document).unwrap(),
    }
}

/// One that always holds.
fn then(step: Value) -> Rule {
    rule(9, &json!({"name": "Always", "priority": 1, "then": step}))
}

struct Purchase {
    bin: Bin,
    metadata: Value,
    wish: ThreeDs,
}

impl Default for Purchase {
    fn default() -> Self {
        Self {
            bin: Bin {
                prefix: "400000".into(),
                brand: Brand::Visa,
                card_type: Some(CardType::Debit),
                issuer_bank: Some("Banco Uno".into()),
                issuer_country: Country::parse("MX").ok(),
                currency: None,
            },
            metadata: json!({"channel": "app", "visits": "12", "secret": "not asked for"}),
            wish: ThreeDs::default(),
        }
    }
}

impl Purchase {
    fn demand(&self) -> Demand<'_> {
        Demand {
            facts: Facts {
                order: id(77),
                amount: Amount::new(1_500, Currency::MXN).unwrap(),
                brand: Brand::Visa,
                bin: Some("40000010"),
                known: Some(&self.bin),
                card_type: None,
                country: Country::parse("MX").ok(),
                store_code: "all",
                metadata: Some(&self.metadata),
                order_metadata: None,
            },
            installments: 1,
            processor_name: None,
            capture: None,
            three_ds: &self.wish,
            initiator: Initiator::Customer,
            market: Market::Ecommerce,
        }
    }
}

fn names(choice: &Choice) -> Vec<&str> {
    let taken = choice.explanation.connections.iter();
    taken
        .filter(|seen| seen.position.is_some())
        .map(|seen| seen.name.as_str())
        .collect()
}

fn chosen(rules: &[Rule], connections: &[Connection]) -> Choice {
    choose(Purchase::default().demand(), rules, &candidates(connections))
}

fn left_out<'c>(choice: &'c Choice, name: &str) -> &'c [LeftOut] {
    let mut connections = choice.explanation.connections.iter();
    &connections.find(|seen| seen.name == name).unwrap().left_out
}

#[test]
fn without_rules_connections_are_taken_by_preference() {
    let choice = chosen(&[], &three());
    assert_eq!(names(&choice), ["One", "Two", "Three"]);
    assert_eq!(
        (choice.explanation.rule, &choice.explanation.split),
        (None, &None)
    );
    let taken: Vec<_> = choice.routes.iter().map(|route| route.connection).collect();
    assert_eq!(taken, [id(1), id(2), id(3)]);
}

#[test]
fn the_first_rule_by_priority_decides_and_those_before_it_say_why_they_do_not() {
    let always = json!({"action": "process", "processors": ["Two"]});
    let rules = [
        rule(
            4,
            &json!({"name": "Later", "priority": 9, "then": {"action": "reject"}}),
        ),
        rule(
            3,
            &json!({"name": "Debit", "priority": 7, "then": always.clone(),
            "when": {"all": [{"field": "card_type", "op": "eq", "value": "debit"},
                {"field": "bin", "op": "prefix", "value": "4000"}]}}),
        ),
        rule(
            2,
            &json!({"name": "Large", "priority": 5, "then": always.clone(),
            "when": {"all": [{"field": "currency", "op": "eq", "value": "MXN"},
                {"field": "amount", "op": "gte", "value": 2_000}]}}),
        ),
        rule(
            1,
            &json!({"name": "Off", "priority": 1, "enabled": false, "then": always}),
        ),
    ];
    let choice = chosen(&rules, &three());
    assert_eq!(names(&choice), ["Two"]);
    let explanation = &choice.explanation;
    assert_eq!(explanation.rule, Some(id(3)));
    let seen: Vec<_> = explanation
        .rules
        .iter()
        .map(|rule| (rule.name.as_str(), &rule.outcome))
        .collect();
    assert_eq!(seen[0], ("Off", &RuleOutcome::Disabled));
    let RuleOutcome::NotMatched { failed } = seen[1].1 else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (failed.field.as_str(), &failed.seen),
        ("amount", &Some(Operand::Number(1_500)))
    );
    assert_eq!(seen[2], ("Debit", &RuleOutcome::Chosen));
    assert_eq!(
        seen.len(),
        3,
        "those behind the one that decides are not looked at"
    );
    assert_eq!(left_out(&choice, "One"), [LeftOut::Rule]);
}

#[test]
fn every_field_and_op_compares_as_it_says() {
    for (field, op, value, holds) in [
        ("amount", "eq", json!(1_500), true),
        ("amount", "in", json!([1, 1_500]), true),
        ("amount", "lte", json!(1_499), false),
        ("amount", "between", json!([1_500, 1_500]), true),
        ("bin", "eq", json!("400000"), true),
        ("bin", "eq", json!("40000011"), false),
        ("bin", "in", json!(["510510", "40000010"]), true),
        ("bin", "gte", json!("400001"), false),
        ("bin", "between", json!(["40000000", "40000099"]), true),
        ("bin", "prefix", json!("5"), false),
        ("card_brand", "in", json!(["amex", "visa"]), true),
        ("card_type", "eq", json!("credit"), false),
        ("issuer_country", "eq", json!("MEX"), true),
        ("issuer_bank", "eq", json!("BANCO UNO"), true),
        ("issuer_bank", "prefix", json!("banco"), true),
        ("currency", "eq", json!("USD"), false),
        ("country", "eq", json!("MX"), true),
        ("store_code", "prefix", json!("al"), true),
        ("metadata.channel", "eq", json!("app"), true),
        ("metadata.channel", "prefix", json!("w"), false),
        ("metadata.visits", "eq", json!(12), true),
        ("metadata.visits", "gte", json!(12), true),
        ("metadata.visits", "between", json!([1, 11]), false),
        ("metadata.channel", "gte", json!(1), false),
        ("metadata.absent", "eq", json!("app"), false),
    ] {
        let when = json!({"all": [{"field": field, "op": op, "value": value}]});
        let rule = rule(
            1,
            &json!({"name": "x", "priority": 1, "when": when, "then": {"action": "reject"}}),
        );
        let choice = chosen(std::slice::from_ref(&rule), &three());
        assert_eq!(choice.explanation.rule.is_some(), holds, "{when}");
        assert_eq!(choice.routes.is_empty(), holds, "{when}");
    }
}

#[test]
fn a_rule_names_connections_by_id_name_or_processor() {
    let by_id = id::<kind::Connection>(3).to_string();
    let choice = chosen(
        &[then(json!({"action": "process", "processors": [by_id, "adyen"]}))],
        &three(),
    );
    assert_eq!(names(&choice), ["Three", "Two"]);
    let choice = chosen(
        &[then(
            json!({"action": "process", "processors": ["Two", "kushki"]}),
        )],
        &three(),
    );
    assert_eq!(names(&choice), ["Two", "One", "Three"]);
    let first = &choice.explanation.connections[0];
    assert_eq!((first.by, first.position), (RankedBy::Rule(1), Some(1)));
}

#[test]
fn a_cascade_ends_where_the_rule_says() {
    for (cascade, expected) in [
        (json!(true), vec!["One", "Two", "Three"]),
        (json!({"max_attempts": 2}), vec!["One", "Two"]),
        (json!(false), vec!["One"]),
    ] {
        let choice = chosen(
            &[then(json!({"action": "process", "cascade": cascade}))],
            &three(),
        );
        assert_eq!(names(&choice), expected);
        if expected.len() < 3 {
            assert_eq!(left_out(&choice, "Three"), [LeftOut::AttemptsMax]);
        }
    }
}

#[test]
fn a_rejecting_rule_leaves_nothing_and_naming_a_processor_does_not_get_around_it() {
    let purchase = Purchase::default();
    let connections = three();
    for processor_name in [None, Some("adyen")] {
        let demand = Demand {
            processor_name,
            ..purchase.demand()
        };
        let choice = choose(
            demand,
            &[then(json!({"action": "reject"}))],
            &candidates(&connections),
        );
        assert!(choice.routes.is_empty());
        assert_eq!(choice.explanation.action, Action::Reject);
    }
}

#[test]
fn a_processor_that_the_purchase_asks_for_goes_before_the_rule_s() {
    let connections = three();
    let purchase = Purchase::default();
    let demand = Demand {
        processor_name: Some("adyen"),
        ..purchase.demand()
    };
    let rules = [then(
        json!({"action": "process", "processors": ["One"], "three_ds": "off"}),
    )];
    let choice = choose(demand, &rules, &candidates(&connections));
    assert_eq!(names(&choice), ["Two"]);
    assert_eq!(left_out(&choice, "One"), [LeftOut::ProcessorName]);
    assert_eq!(choice.routes[0].three_ds.mode, Some(ThreeDsMode::Off));
}

#[test]
fn a_rule_s_wish_stands_between_the_purchase_s_and_the_connection_s() {
    let mut connections = three();
    connections[0].three_ds.defaults = ThreeDsMode::Force.into();
    let rules = [then(json!({"action": "process", "three_ds": "off"}))];
    let choice = chosen(&rules, &connections);
    assert_eq!(choice.routes[0].three_ds.mode, Some(ThreeDsMode::Off));
    let purchase = Purchase {
        wish: ThreeDsMode::DataOnly.into(),
        ..Purchase::default()
    };
    let choice = choose(purchase.demand(), &rules, &candidates(&connections));
    assert_eq!(choice.routes[0].three_ds.mode, Some(ThreeDsMode::DataOnly));
    assert_eq!(choice.explanation.three_ds.mode, Some(ThreeDsMode::Off));
}

#[test]
fn an_explanation_is_kept_as_it_was_and_shows_no_more_than_was_asked_for() {
    let choice = chosen(
        &[then(json!({"action": "process", "three_ds": "force",
            "split": [{"processors": ["One"], "weight": 1}]}))],
        &three(),
    );
    let kept = serde_json::to_value(&choice.explanation).unwrap();
    assert!(!kept.to_string().contains("not asked for"));
    assert_eq!(kept["facts"]["bin"], "40000010");
    let back: Explanation = serde_json::from_value(kept).unwrap();
    assert_eq!(back, choice.explanation);
}

proptest! {
    #[test]
    fn explanation_and_routes_agree_whatever_the_rules(
        documents in prop::collection::vec(document::tests::rules(), 0..6),
        breakers in prop::collection::vec(0..3u8, 3),
        statuses in prop::collection::vec(0..4u8, 3),
        asked in prop::option::of(prop::sample::select(vec!["kushki", "adyen", "nobody"])),
        order in any::<u128>(),
    ) {
        let rules: Vec<_> = documents.iter().zip(1..).map(|(document, number)| rule(number, document)).collect();
        let mut connections = three();
        for (connection, status) in connections.iter_mut().zip(statuses) {
            connection.status = if status == 0 { ConnectionStatus::Inactive } else { ConnectionStatus::Active };
        }
        let mut candidates = candidates(&connections);
        for (candidate, breaker) in candidates.iter_mut().zip(breakers) {
            candidate.breaker = [Breaker::Closed, Breaker::HalfOpen, Breaker::Open][usize::from(breaker)];
        }
        let purchase = Purchase::default();
        let mut demand = purchase.demand();
        demand.facts.order = id(order);
        demand.processor_name = asked;
        let choice = choose(demand, &rules, &candidates);
        let explanation = &choice.explanation;
        prop_assert_eq!(explanation.connections.len(), 3);
        let taken: Vec<_> = explanation.connections.iter().filter(|seen| seen.position.is_some()).collect();
        prop_assert_eq!(taken.len(), choice.routes.len());
        for (index, (seen, route)) in taken.iter().zip(&choice.routes).enumerate() {
            prop_assert_eq!((seen.id, seen.position), (route.connection, Some(index + 1)));
            prop_assert!(seen.left_out.is_empty());
        }
        for seen in explanation.connections.iter().filter(|seen| seen.position.is_none()) {
            prop_assert!(!seen.left_out.is_empty(), "left out without a reason");
        }
        let chosen = explanation.rules.iter().find(|seen| seen.outcome == RuleOutcome::Chosen);
        prop_assert_eq!(chosen.map(|seen| seen.id), explanation.rule);
        prop_assert!(explanation.action == Action::Process || choice.routes.is_empty());
        prop_assert!(explanation.attempts_max.is_none_or(|max| choice.routes.len() <= usize::from(max)));
        let kept: Explanation = serde_json::from_value(serde_json::to_value(explanation).unwrap()).unwrap();
        prop_assert_eq!(&kept, explanation);
        let again = choose(demand, &rules, &candidates);
        prop_assert_eq!(&again.explanation, explanation);
    }
}

#[test]
fn a_rule_lets_its_purchases_go_without_a_failed_authentication_unless_they_force_one() {
    let step = json!({"action": "process", "charge_after_failed_authentication": true});
    let chosen_for = |wish: ThreeDs, rules: &[Rule]| {
        let purchase = Purchase {
            wish,
            ..Purchase::default()
        };
        let choice = choose(purchase.demand(), rules, &candidates(&three()));
        let told = choice.explanation.charge_after_failed_authentication;
        assert!(
            choice
                .routes
                .iter()
                .all(|route| route.charges_after_failed_authentication == told)
        );
        assert_eq!(choice.routes.len(), 3);
        told
    };
    assert!(chosen_for(ThreeDs::default(), &[then(step.clone())]));
    assert!(!chosen_for(ThreeDsMode::Force.into(), &[then(step)]));
    assert!(!chosen_for(
        ThreeDs::default(),
        &[then(json!({"action": "process"}))]
    ));
    assert!(!chosen_for(ThreeDs::default(), &[]));
}
