//! Rules, wishes and means, as tables.

use emv3ds::Version;
use emv3ds::code::{DeviceChannel, MessageCategory, RequestorChallengeInd, TransStatus, TransStatusReason};
use primitives::{Amount, Currency};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::*;
use crate::identifiers::ProductId;
use crate::store::transactions::{Earlier, MerchantFacts};

/// A request for a payment at a shop, to be varied.
#[derive(Clone)]
struct Request {
    version: Version,
    channel: DeviceChannel,
    category: MessageCategory,
    amount: Option<Amount>,
    merchant: MerchantFacts,
    product: ProductId,
    wishes: Wishes,
    device: Option<Vec<u8>>,
    earlier: Vec<Earlier>,
    means: Means,
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_760_000_000).unwrap()
}

fn amount(minor: i64, currency: &str) -> Option<Amount> {
    Amount::new(minor, Currency::parse(currency).unwrap()).ok()
}

fn request() -> Request {
    Request {
        version: Version::V2_2_0,
        channel: DeviceChannel::Browser,
        category: MessageCategory::Payment,
        amount: amount(1_050, "MXN"),
        merchant: MerchantFacts {
            name: "Trusted Store".to_owned(),
            id: Some("9876543210001".to_owned()),
            country: Some("484".to_owned()),
            mcc: Some("5411".to_owned()),
        },
        product: ProductId::parse("visa-gold").unwrap(),
        wishes: Wishes::default(),
        device: Some(vec![7; 32]),
        earlier: Vec::new(),
        means: Means {
            app: true,
            phone: true,
            password: false,
        },
    }
}

impl Request {
    fn answered(&self, rules: &Rules) -> Decision {
        decide(
            rules,
            &Facts {
                version: self.version,
                channel: self.channel,
                category: self.category,
                amount: self.amount,
                merchant: &self.merchant,
                product: &self.product,
                wishes: &self.wishes,
                device_hash: self.device.as_deref(),
                earlier: &self.earlier,
                now: now(),
                means: self.means,
            },
        )
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Whether one rule with this `when` matches.
fn matches(when: &Value, request: &Request) -> bool {
    let rules = json!({"rules": [{"name": "it", "when": when, "then": {"answer": "Y"}}]});
    let decision = request.answered(&Rules::read(&rules).unwrap());
    let by_it = decision.explanation.rule.as_deref() == Some("it");
    assert_eq!(by_it, decision.status == TransStatus::Authenticated, "{when}");
    by_it
}

fn earlier(ago: Duration, device: Option<u8>, authenticated: bool) -> Earlier {
    Earlier {
        at: now() - ago,
        device_hash: device.map(|byte| vec![byte; 32]),
        authenticated,
    }
}

#[test]
fn each_condition_holds_for_what_it_names_and_nothing_else() {
    let plain = request();
    for (when, expected) in [
        (json!({}), true),
        (json!({"amount": {"currency": "MXN"}}), true),
        (json!({"amount": {"currency": "USD"}}), false),
        (
            json!({"amount": {"currency": "MXN", "from": 1050, "to": 1050}}),
            true,
        ),
        (json!({"amount": {"currency": "MXN", "from": 1051}}), false),
        (json!({"amount": {"currency": "MXN", "to": 1049}}), false),
        (json!({"merchant_name": "trusted store "}), true),
        (json!({"merchant_name": ["Another", "TRUSTED STORE"]}), true),
        (json!({"merchant_name": "Trusted"}), false),
        (json!({"merchant_id": "9876543210001"}), true),
        (json!({"merchant_id": "9876543210002"}), false),
        (json!({"mcc": ["5411", "5812"]}), true),
        (json!({"mcc": "5812"}), false),
        (json!({"merchant_country": "MX"}), true),
        (json!({"merchant_country": ["US", "CA"]}), false),
        (json!({"channel": "browser"}), true),
        (json!({"channel": "requestor_initiated"}), false),
        (json!({"category": "payment"}), true),
        (json!({"category": "non_payment"}), false),
        (json!({"product": "visa-gold"}), true),
        (json!({"product": "visa-black"}), false),
        (json!({"requestor_challenge_ind": "02"}), false),
        (json!({"known_device": {"days": 90}}), false),
        (json!({"known_device": {"days": 90, "known": false}}), true),
        (json!({"transactions": {"seconds": 60, "at_most": 0}}), true),
        (json!({"transactions": {"seconds": 60, "at_least": 1}}), false),
        // All of a rule must hold.
        (json!({"mcc": "5411", "merchant_country": "MX"}), true),
        (json!({"mcc": "5411", "merchant_country": "US"}), false),
    ] {
        assert_eq!(matches(&when, &plain), expected, "{when}");
    }
}

#[test]
fn what_a_request_does_not_say_fulfils_no_condition() {
    let silent = request().with(|request| {
        request.amount = None;
        request.merchant = MerchantFacts::default();
        request.device = None;
        request.earlier = vec![earlier(Duration::DAY, None, true)];
    });
    for when in [
        json!({"amount": {"currency": "MXN"}}),
        json!({"merchant_name": "Trusted Store"}),
        json!({"merchant_id": "9876543210001"}),
        json!({"mcc": "5411"}),
        json!({"merchant_country": "MX"}),
        json!({"known_device": {"days": 90}}),
    ] {
        assert!(!matches(&when, &silent), "{when}");
    }
}

#[test]
fn a_device_is_known_once_the_card_was_authenticated_on_it_within_the_window() {
    let known = json!({"known_device": {"days": 30}});
    for (before, expected) in [
        (earlier(Duration::days(29), Some(7), true), true),
        (earlier(Duration::days(31), Some(7), true), false),
        (earlier(Duration::days(1), Some(8), true), false),
        (earlier(Duration::days(1), Some(7), false), false),
        (earlier(Duration::days(1), None, true), false),
    ] {
        let request = request().with(|request| request.earlier = vec![before.clone()]);
        assert_eq!(matches(&known, &request), expected, "{before:?}");
    }
}

#[test]
fn transactions_are_counted_within_their_window() {
    let ages = [10, 50, 70].map(|seconds| earlier(Duration::seconds(seconds), None, false));
    let busy = request().with(|request| request.earlier = ages.to_vec());
    for (when, expected) in [
        (json!({"transactions": {"seconds": 60, "at_least": 2}}), true),
        (json!({"transactions": {"seconds": 60, "at_least": 3}}), false),
        (json!({"transactions": {"seconds": 80, "at_least": 3}}), true),
        (
            json!({"transactions": {"seconds": 60, "at_least": 1, "at_most": 1}}),
            false,
        ),
    ] {
        assert_eq!(matches(&when, &busy), expected, "{when}");
    }
    let rules = json!({"rules": [
        {"when": {"transactions": {"seconds": 60, "at_least": 2}}, "then": {"answer": "R"}},
        {"when": {"known_device": {"days": 2}}, "then": {"answer": "Y"}},
    ]});
    assert_eq!(Rules::read(&rules).unwrap().looks_back(), Some(Duration::days(2)));
    assert_eq!(Rules::default().looks_back(), None);
}

#[test]
fn the_first_rule_that_matches_answers_and_says_so() {
    let rules = Rules::read(&json!({
        "rules": [
            {"when": {"mcc": "7995"}, "then": {"answer": "R", "reason": "12"}},
            {"name": "small", "when": {"amount": {"currency": "MXN", "to": 5000}}, "then": {"answer": "Y"}},
            {"when": {"mcc": "5411"}, "then": {"answer": "N"}},
        ],
        "otherwise": {"answer": "A"},
    }))
    .unwrap();
    let decision = request().answered(&rules);
    assert_eq!(
        serde_json::to_value(&decision.explanation).unwrap(),
        json!({"rule": "small", "answer": "Y", "facts": {"amount": "MXN 10.50"}})
    );
    let gambling = request().with(|request| request.merchant.mcc = Some("7995".to_owned()));
    let decision = gambling.answered(&rules);
    assert_eq!(decision.status, TransStatus::Rejected);
    assert_eq!(decision.reason, Some(TransStatusReason::NotPermittedToCardholder));
    assert_eq!(decision.explanation.rule.as_deref(), Some("rule 1"));
    let large = request().with(|request| request.amount = amount(5_001, "MXN"));
    assert_eq!(
        large.answered(&rules).reason,
        Some(TransStatusReason::CardAuthenticationFailed)
    );
    let foreign = large.with(|request| request.merchant.mcc = None);
    assert_eq!(foreign.answered(&rules).status, TransStatus::Attempted);
}

#[test]
fn wishes_and_means_change_what_a_rule_says() {
    use RequestorChallengeInd::{ChallengeMandated, NoChallengeDataOnly};
    let wants = |wish| move |request: &mut Request| request.wishes.challenge = vec![wish];
    let nobody_there = |request: &mut Request| {
        request.channel = DeviceChannel::RequestorInitiated;
        request.wishes.requestor_initiated = true;
    };
    let decoupled = |request: &mut Request| request.wishes.decoupled = true;
    let old = |request: &mut Request| request.version = Version::V2_1_0;
    let no_app = |request: &mut Request| request.means.app = false;
    let unreachable = |request: &mut Request| request.means = Means::default();
    let reason = |code: &str| TransStatusReason::parse(code);
    let table: [(&str, Request, &str, Option<TransStatusReason>); 16] = [
        ("C", request(), "C", None),
        ("Y", request(), "Y", None),
        ("Y", request().with(wants(ChallengeMandated)), "C", None),
        ("A", request().with(wants(ChallengeMandated)), "C", None),
        ("R", request().with(wants(ChallengeMandated)), "R", reason("11")),
        ("C", request().with(wants(NoChallengeDataOnly)), "I", None),
        ("Y", request().with(wants(NoChallengeDataOnly)), "Y", None),
        ("C", request().with(nobody_there), "N", reason("23")),
        ("C", request().with(nobody_there).with(old), "U", reason("21")),
        ("C", request().with(nobody_there).with(decoupled), "D", None),
        ("D", request(), "N", reason("23")),
        ("D", request().with(old), "N", reason("01")),
        ("D", request().with(decoupled), "D", None),
        ("D", request().with(decoupled).with(no_app), "U", reason("22")),
        ("C", request().with(unreachable), "U", reason("22")),
        ("C", request().with(unreachable).with(old), "U", reason("01")),
    ];
    for (answer, request, status, reason) in table {
        let rules = Rules::read(&json!({"otherwise": {"answer": answer}})).unwrap();
        let decision = request.answered(&rules);
        let wishes = &request.wishes;
        assert_eq!(
            (decision.status.as_str(), decision.reason),
            (status, reason),
            "{answer} {wishes:?}"
        );
        let changed = !decision.explanation.changed_by.is_empty();
        assert_eq!(changed, answer != status, "{:?}", decision.explanation);
    }
}

#[test]
fn an_earlier_authentication_of_another_card_gets_nobody_through() {
    let rules = Rules::read(&json!({"otherwise": {"answer": "Y"}})).unwrap();
    let with = |prior, goes_on| {
        request().with(|request| {
            request.channel = DeviceChannel::RequestorInitiated;
            request.wishes.requestor_initiated = true;
            request.wishes.decoupled = true;
            request.wishes.goes_on_decoupled = goes_on;
            request.wishes.prior = prior;
        })
    };
    for (prior, goes_on, status) in [
        (Prior::Unknown, false, "Y"),
        (Prior::SameCard, false, "Y"),
        (Prior::OtherCard, false, "N"),
        (Prior::Unknown, true, "N"),
        (Prior::SameCard, true, "D"),
        (Prior::OtherCard, true, "N"),
    ] {
        let decision = with(prior, goes_on).answered(&rules);
        assert_eq!(decision.status.as_str(), status, "{prior:?} {goes_on}");
    }
}

#[test]
fn a_refusal_speaks_the_words_of_the_version_and_keeps_the_rule() {
    let decision = request().answered(&Rules::default());
    let locked = refuse(
        Refusal::LockedForAWhile,
        Version::V2_2_0,
        Some(decision.explanation),
    );
    assert_eq!(locked.status, TransStatus::NotAuthenticated);
    assert_eq!(locked.reason, Some(TransStatusReason::FrequencyExceeded));
    assert_eq!(locked.explanation.rule.as_deref(), Some("otherwise"));
    assert_eq!(locked.explanation.changed_by, ["the card is locked for a while"]);
    let unreadable = refuse(Refusal::RulesUnreadable, Version::V2_1_0, None);
    assert_eq!(
        unreadable.reason,
        Some(TransStatusReason::CardAuthenticationFailed)
    );
}

#[test]
fn a_wrong_document_names_its_member() {
    for (document, complaint) in [
        (json!([]), "rules: must be an object"),
        (json!({"rule": []}), "rules.rule: means nothing here"),
        (json!({"rules": {}}), "rules.rules: must be a list"),
        (json!({"rules": [{}]}), "rules.rules[0].then: must be there"),
        (
            json!({"rules": [{"then": {"answer": "X"}}]}),
            "rules.rules[0].then.answer: must be one of Y N R A U D C",
        ),
        (
            json!({"rules": [{"then": {"answer": "Y", "reason": "01"}}]}),
            "rules.rules[0].then.reason: goes with N, R and U only",
        ),
        (
            json!({"rules": [{"then": {"answer": "N", "reason": "one"}}]}),
            "rules.rules[0].then.reason: must be a transStatusReason, such as \"11\"",
        ),
        (
            json!({"rules": [{"when": {"amount": {"to": 3}}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.amount.currency: must be there",
        ),
        (
            json!({"rules": [{"when": {"amount": {"currency": "EUR", "to": "3"}}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.amount.to: must be minor units, a whole number from 0 on",
        ),
        (
            json!({"rules": [{"when": {"mcc": []}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.mcc: must be 1 to 1000 values",
        ),
        (
            json!({"rules": [{"when": {"mcc": ["54110"]}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.mcc: must be category codes of four digits",
        ),
        (
            json!({"rules": [{"when": {"known_device": {"days": 0}}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.known_device.days: must be 1 to 365 days",
        ),
        (
            json!({"rules": [{"when": {"transactions": {"seconds": 60}}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.transactions: needs at_least or at_most",
        ),
        (
            json!({"rules": [{"when": {"weather": "fine"}, "then": {"answer": "Y"}}]}),
            "rules.rules[0].when.weather: means nothing here",
        ),
        (json!({"otherwise": "C"}), "rules.otherwise: must be an object"),
    ] {
        assert_eq!(Rules::read(&document).unwrap_err().to_string(), complaint);
    }
    assert_eq!(Rules::read(&Value::Null), Ok(Rules::default()));
}
