use super::*;
use crate::three_ds::ThreeDsMode;
use proptest::prelude::*;

fn written() -> Value {
    json!({
        "name": "Debit of one bank", "priority": 10,
        "when": {"all": [
            {"field": "amount", "op": "between", "value": [1_000, 500_000]},
            {"field": "bin", "op": "in", "value": ["400000", "41111111"]},
            {"field": "bin", "op": "between", "value": ["400000", "400999"]},
            {"field": "card_brand", "op": "in", "value": ["visa", "Mastercard"]},
            {"field": "card_type", "op": "eq", "value": "debit"},
            {"field": "issuer_country", "op": "eq", "value": "mex"},
            {"field": "issuer_bank", "op": "prefix", "value": "Banco"},
            {"field": "currency", "op": "eq", "value": "MXN"},
            {"field": "country", "op": "in", "value": ["MX", "US"]},
            {"field": "store_code", "op": "eq", "value": "all"},
            {"field": "metadata.channel", "op": "eq", "value": "app"},
            {"field": "metadata.visits", "op": "gte", "value": 3}
        ]},
        "then": {
            "action": "process",
            "three_ds": {"mode": "auto", "exemption": "low_value", "decoupled_max_minutes": 10},
            "processors": ["Adyen MX"],
            "split": [{"processors": ["kushki", "cybersource"], "weight": 70}, {"processors": ["adyen"], "weight": 30}],
            "cascade": {"max_attempts": 2},
            "charge_after_failed_authentication": true
        }
    })
}

fn fields(document: &Value) -> Vec<String> {
    let problems = Settings::read(document).unwrap_err();
    problems.0.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn what_is_written_back_reads_as_the_same_rule() {
    let rule = Settings::read(&written()).unwrap();
    assert_eq!(rule.when.len(), 12);
    assert_eq!(rule.when[5].values, [Operand::Text("MX".into())]);
    assert!(rule.enabled);
    assert_eq!(rule.then.cascade.attempts_max(), Some(2));
    assert!(rule.then.charge_after_failed_authentication);
    let again = rule.as_written();
    assert_eq!(Settings::read(&again).unwrap(), rule);
    assert_eq!(Settings::read(&again).unwrap().as_written(), again);
}

#[test]
fn a_wish_is_a_word_or_an_object_and_a_cascade_a_flag_or_an_object() {
    let mut document = json!({"name": "x", "priority": 0, "then": {"action": "process", "three_ds": "force", "cascade": false}});
    let rule = Settings::read(&document).unwrap();
    assert_eq!(rule.then.three_ds.mode, Some(ThreeDsMode::Force));
    assert_eq!(rule.then.cascade.attempts_max(), Some(1));
    document["then"]["three_ds"] = json!("sometimes");
    assert_eq!(fields(&document), ["then.three_ds"]);
    document["then"]["three_ds"] = json!({"mode": "off", "challenge_indicator": "04", "exemption": "moto"});
    assert_eq!(
        fields(&document),
        ["then.three_ds.exemption", "then.three_ds.challenge_indicator"]
    );
}

#[test]
fn charging_after_a_failed_authentication_is_said_by_a_flag_and_only_where_there_is_a_charge() {
    let mut document = json!({"name": "x", "priority": 0, "then": {"action": "process"}});
    let rule = Settings::read(&document).unwrap();
    assert!(!rule.then.charge_after_failed_authentication);
    assert_eq!(
        rule.as_written()["then"].get("charge_after_failed_authentication"),
        None
    );
    let field = "then.charge_after_failed_authentication";
    document["then"]["charge_after_failed_authentication"] = json!("yes");
    assert_eq!(fields(&document), [field]);
    document["then"] = json!({"action": "reject", "charge_after_failed_authentication": true});
    assert_eq!(fields(&document), [field]);
    document["then"]["charge_after_failed_authentication"] = json!(false);
    assert!(Settings::read(&document).is_ok());
}

#[test]
fn what_the_reference_has_and_we_have_not_is_refused_by_its_name() {
    let mut document = json!({"name": "x", "priority": 0, "then": {"action": "manual_review"}});
    assert_eq!(fields(&document), ["then.action"]);
    document["then"] =
        json!({"action": "process", "fraud": {"provider": "SIFT", "high": {"action": "reject"}}});
    let problems = Settings::read(&document).unwrap_err();
    assert!(
        problems.to_string().starts_with("then.fraud is not offered"),
        "{problems}"
    );
}

#[test]
fn every_problem_is_told_with_its_path() {
    let document = json!({
        "name": "", "priority": -1, "enabled": "yes", "wen": {},
        "when": {"all": [
            {"field": "pan", "op": "eq", "value": "4"},
            {"field": "amount", "op": "prefix", "value": "4"},
            {"field": "amount", "op": "gte", "value": 10.5},
            {"field": "bin", "op": "eq", "value": "4111"},
            {"field": "bin", "op": "between", "value": ["400000", "40000000"]},
            {"field": "amount", "op": "between", "value": [5, 1]},
            {"field": "card_type", "op": "in", "value": ["gold"]},
            {"field": "metadata.", "op": "eq", "value": 1},
            {"field": "metadata.a", "op": "eq", "value": {"b": 1}},
            {"field": "currency", "op": "eq"},
            7
        ], "any": []},
        "then": {"action": "reject", "processors": ["a"], "split": [{"processors": [], "weight": -1}], "cascade": 3}
    });
    assert_eq!(
        fields(&document),
        [
            "wen",
            "name",
            "priority",
            "enabled",
            "when.any",
            "when.all[0].field",
            "when.all[1].op",
            "when.all[2].value",
            "when.all[3].value",
            "when.all[4].value",
            "when.all[5].value",
            "when.all[6].value",
            "when.all[7].field",
            "when.all[8].value",
            "when.all[9].value",
            "when.all[10]",
            "then.split[0].processors",
            "then.split[0].weight",
            "then.cascade",
            "then.processors",
            "then.split",
        ]
    );
    assert_eq!(fields(&json!({})), ["name", "priority", "then"]);
    assert_eq!(fields(&json!([])), [""]);
    let nothing = json!({"name": "x", "priority": 1, "then": {"action": "process", "split": [{"processors": ["a"], "weight": 0}]}});
    assert_eq!(fields(&nothing), ["then.split"]);
}

#[test]
fn a_change_replaces_what_it_has() {
    let rule = Settings::read(&written()).unwrap();
    let changed = rule
        .read_change(&json!({"enabled": false, "then": {"action": "reject"}}))
        .unwrap();
    assert_eq!((changed.enabled, changed.then.action), (false, Action::Reject));
    assert_eq!(changed.when, rule.when);
    assert!(rule.read_change(&json!(7)).is_err());
}

/// Documents of every shape, some of them near a rule's.
pub(in crate::routing) fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            "process",
            "reject",
            "amount",
            "bin",
            "metadata.a",
            "eq",
            "in",
            "between",
            "prefix",
            "400000",
            "visa",
            "a",
            "",
            "force",
            "kushki",
            "\u{0}",
        ])
        .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let member = prop::sample::select(vec![
        "name",
        "priority",
        "enabled",
        "when",
        "then",
        "all",
        "field",
        "op",
        "value",
        "action",
        "three_ds",
        "mode",
        "processors",
        "split",
        "weight",
        "cascade",
        "max_attempts",
        "fraud",
        "exemption",
        "charge_after_failed_authentication",
        "x",
    ]);
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(member.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Rules as they may be written: every field with the ops and values it takes.
pub(in crate::routing) fn rules() -> impl Strategy<Value = Value> {
    let condition = prop_oneof![
        (0..3_000i64, prop::sample::select(vec!["eq", "gte", "lte"]))
            .prop_map(|(value, op)| json!({"field": "amount", "op": op, "value": value})),
        (400_000..400_004u32).prop_map(|bin| json!({"field": "bin", "op": "eq", "value": bin.to_string()})),
        prop::sample::select(vec!["4", "40", "41", "5"])
            .prop_map(|head| json!({"field": "bin", "op": "prefix", "value": head})),
        prop::sample::select(vec!["visa", "amex"])
            .prop_map(|brand| json!({"field": "card_brand", "op": "in", "value": [brand]})),
        prop::sample::select(vec!["app", "web"])
            .prop_map(|value| json!({"field": "metadata.channel", "op": "eq", "value": value})),
        Just(json!({"field": "issuer_bank", "op": "prefix", "value": "banco"})),
    ];
    let names = || {
        prop::collection::btree_set(
            prop::sample::select(vec!["One", "Two", "kushki", "adyen", "Gone"]),
            0..4,
        )
    };
    let share = (names(), 0..5u32).prop_map(|(names, weight)| {
        let names: Vec<_> = if names.is_empty() {
            vec!["One"]
        } else {
            names.into_iter().collect()
        };
        json!({"processors": names, "weight": weight})
    });
    let step = (names(), prop::collection::vec(share, 0..4), prop::option::of(1..4u8), any::<bool>(), 0..5u8).prop_map(
        |(names, split, attempts, cascade, rejects)| {
            if rejects == 0 {
                return json!({"action": "reject"});
            }
            let drawable = split.iter().any(|share| share["weight"] != 0);
            json!({
                "action": "process", "processors": names, "split": if drawable { json!(split) } else { json!([]) },
                "cascade": {"enabled": cascade, "max_attempts": attempts},
            })
        },
    );
    (prop::collection::vec(condition, 0..3), step, 0..4i32, 0..4u8).prop_map(|(all, then, priority, enabled)| {
        json!({"name": "r", "priority": priority, "enabled": enabled > 0, "when": {"all": all}, "then": then})
    })
}

proptest! {
    #[test]
    fn no_document_makes_the_reader_panic_and_what_it_reads_is_written_back(document in documents()) {
        if let Ok(rule) = Settings::read(&document) {
            prop_assert_eq!(Settings::read(&rule.as_written()).unwrap(), rule);
        }
    }

    #[test]
    fn every_rule_that_can_be_written_is_read_and_written_back(document in rules()) {
        let rule = Settings::read(&document).unwrap();
        prop_assert_eq!(Settings::read(&rule.as_written()).unwrap(), rule);
    }
}
