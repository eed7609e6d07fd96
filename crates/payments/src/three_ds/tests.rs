use super::{
    approach::{self, cardholder_present, claimed, preference, said_in, stands_in_charge},
    *,
};
use crate::{
    decide::{AuthenticationPlan, testing},
    payment::Payment,
    purchase::Market,
    routing::Route,
};
use acquiring::Initiator;
use emv3ds::Version;
use primitives::Brand;
use serde_json::{Value, json};

fn wish(value: Value) -> ThreeDs {
    serde_json::from_value(value).unwrap()
}

fn codes(indicators: &[RequestorChallengeInd]) -> Vec<&'static str> {
    indicators.iter().map(|indicator| indicator.as_str()).collect()
}

fn payment() -> Payment {
    let start = testing::purchase(AuthenticationPlan::None, vec![testing::route(1)]);
    testing::after(vec![(start, 0)]).payment.unwrap()
}

fn route_wanting(value: Value) -> Route {
    Route {
        three_ds: wish(value),
        ..testing::route(1)
    }
}

#[test]
fn a_wish_is_stored_and_read_back_and_so_is_the_older_word_alone() {
    let whole = json!({"mode": "force", "challenge_indicator": ["09", "04"], "exemption": "low_value", "decoupled_max_minutes": 5});
    assert_eq!(serde_json::to_value(wish(whole.clone())).unwrap(), whole);
    assert_eq!(wish(json!({})), ThreeDs::default());
    assert_eq!(serde_json::to_value(ThreeDs::default()).unwrap(), json!({}));
    for (word, mode) in [
        ("auto", ThreeDsMode::Auto),
        ("force", ThreeDsMode::Force),
        ("skip", ThreeDsMode::Off),
        ("off", ThreeDsMode::Off),
    ] {
        assert_eq!(wish(json!(word)), mode.into(), "{word}");
        assert_eq!(wish(json!({ "mode": word })).mode(), mode, "{word}");
    }
}

#[test]
fn the_particular_goes_before_the_general_unless_both_cannot_be_meant() {
    for (particular, general, merged) in [
        (json!({}), json!({"mode": "force"}), json!({"mode": "force"})),
        (
            json!({"mode": "auto"}),
            json!({"mode": "force"}),
            json!({"mode": "auto"}),
        ),
        // Mode off leaves nothing to say about a challenge, but an exemption still goes with the charge.
        (
            json!({"mode": "off"}),
            json!({"challenge_indicator": ["04"], "exemption": "low_value", "decoupled_max_minutes": 5}),
            json!({"mode": "off", "exemption": "low_value"}),
        ),
        // Indicator and exemption stand for each other.
        (
            json!({"challenge_indicator": ["04"]}),
            json!({"exemption": "low_value"}),
            json!({"challenge_indicator": ["04"]}),
        ),
        (
            json!({"exemption": "trusted_list"}),
            json!({"challenge_indicator": ["02"], "decoupled_max_minutes": 5}),
            json!({"exemption": "trusted_list", "decoupled_max_minutes": 5}),
        ),
        (
            json!({"challenge_indicator": ["04"]}),
            json!({"mode": "data_only"}),
            json!({"challenge_indicator": ["04"]}),
        ),
        (
            json!({"mode": "data_only"}),
            json!({"challenge_indicator": ["03"], "decoupled_max_minutes": 9}),
            json!({"mode": "data_only"}),
        ),
    ] {
        let both = wish(particular.clone()).or(&wish(general));
        assert_eq!(both, wish(merged), "{particular}");
        assert_eq!(both.contradiction(), None);
    }
}

#[test]
fn what_cannot_be_meant_together_is_named() {
    for (value, member) in [
        (
            json!({"mode": "off", "challenge_indicator": ["02"]}),
            "challenge_indicator",
        ),
        (
            json!({"mode": "off", "decoupled_max_minutes": 5}),
            "decoupled_max_minutes",
        ),
        (
            json!({"mode": "data_only", "challenge_indicator": ["02"]}),
            "challenge_indicator",
        ),
        (
            json!({"mode": "data_only", "decoupled_max_minutes": 5}),
            "decoupled_max_minutes",
        ),
        (
            json!({"challenge_indicator": ["06"], "decoupled_max_minutes": 5}),
            "decoupled_max_minutes",
        ),
        (
            json!({"exemption": "low_value", "challenge_indicator": ["04"]}),
            "challenge_indicator",
        ),
    ] {
        let found = wish(value.clone()).contradiction().map(|found| found.member);
        assert_eq!(found, Some(member), "{value}");
    }
    for value in [
        json!({"mode": "data_only", "challenge_indicator": ["06"]}),
        json!({"mode": "force", "exemption": "low_value"}),
        json!({"mode": "off", "exemption": "low_value"}),
        json!({"exemption": "trusted_list", "challenge_indicator": ["08"]}),
    ] {
        assert_eq!(wish(value.clone()).contradiction(), None, "{value}");
    }
}

#[test]
fn indicators_are_read_as_digits_numbers_and_pairs_that_agree() {
    for (value, expected) in [
        (json!("04"), vec!["04"]),
        (json!(" 9 "), vec!["09"]),
        (json!(14), vec!["14"]),
        (json!(["05", 10]), vec!["05", "10"]),
        (json!(["09", "12"]), vec!["09", "12"]),
        (json!(["13", "04"]), vec!["13", "04"]),
    ] {
        assert_eq!(codes(&challenge_indicators(&value).unwrap()), expected, "{value}");
    }
    for value in [
        json!("00"),
        json!("15"),
        json!("80"),
        json!(4.5),
        json!(-4),
        json!(true),
        json!([]),
        json!(["04", "04"]),
        json!(["03", "04"]),
        json!(["02", "04"]),
        json!(["01", "02"]),
        json!(["06", "02"]),
        json!(["02", "05", "07"]),
        json!({"a": 1}),
    ] {
        assert!(challenge_indicators(&value).is_err(), "{value}");
    }
}

#[test]
fn the_other_members_are_read_strictly() {
    assert_eq!(mode(&json!("FORCE")), Ok(ThreeDsMode::Force));
    assert_eq!(mode(&json!("skip")), Ok(ThreeDsMode::Off));
    assert_eq!(exemption(&json!("tra_acquirer")), Ok(Exemption::TraAcquirer));
    for value in [json!("always"), json!(1), json!(null), json!({})] {
        assert!(mode(&value).is_err() && exemption(&value).is_err(), "{value}");
    }
    assert_eq!(decoupled_max_minutes(&json!("10080")), Ok(10_080));
    for value in [json!(0), json!(10_081), json!(1.5), json!("x"), json!([5])] {
        assert!(decoupled_max_minutes(&value).is_err(), "{value}");
    }
}

#[test]
fn each_exemption_means_what_the_decision_says() {
    use Exemption::*;
    let mut table = String::new();
    for ground in Exemption::ALL {
        let wanting = |claims: bool, mode: &str| Route {
            claims: (claims && stands_in_charge(*ground)).then_some(*ground),
            ..route_wanting(json!({"mode": mode, "exemption": ground.as_str()}))
        };
        let mut terms = payment().terms;
        match ground {
            Moto => terms.market = Market::Moto,
            MerchantInitiated => terms.initiator = Initiator::Merchant,
            _ => {}
        }
        let asks = |claims, mode| approach::authenticates(&terms, &wanting(claims, mode));
        let ask = preference(&wanting(false, "auto"), Brand::Visa, false).challenge;
        let said = |version| codes(&said_in(version, &ask)).join("+");
        table.push_str(&format!(
            "{:<19} told to the processor: {:<5}  otherwise: {:<5}  forced: {:<5}  AReq 2.1.0 {} 2.2.0 {} 2.3.1 {}\n",
            ground.as_str(),
            asks(true, "auto"),
            asks(false, "auto"),
            asks(true, "force"),
            said(Version::V2_1_0),
            said(Version::V2_2_0),
            said(Version::V2_3_1),
        ));
        assert!(!asks(false, "off") && !asks(true, "off"), "{ground}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nobody_is_authenticated_who_is_not_at_a_browser() {
    for (initiator, market, present) in [
        (Initiator::Customer, Market::Ecommerce, true),
        (Initiator::Customer, Market::Moto, false),
        (Initiator::Merchant, Market::Ecommerce, false),
        (Initiator::Merchant, Market::Moto, false),
    ] {
        assert_eq!(cardholder_present(initiator, market), present);
        for mode in ["auto", "force", "data_only"] {
            let mut terms = payment().terms;
            (terms.initiator, terms.market) = (initiator, market);
            let route = route_wanting(json!({ "mode": mode }));
            assert_eq!(approach::authenticates(&terms, &route), present, "{mode}");
        }
    }
}

#[test]
fn a_connection_without_our_mpi_authenticates_only_when_told_to() {
    let asks = |mode: &str| {
        let route = Route {
            authenticates: false,
            ..route_wanting(json!({ "mode": mode }))
        };
        approach::authenticates(&payment().terms, &route)
    };
    assert_eq!(
        ["off", "auto", "force", "data_only"].map(asks),
        [false, false, true, true]
    );
}

#[test]
fn the_issuer_is_asked_as_the_wish_says() {
    let asked = |value: Value, brand, step_up| {
        let ask = preference(&route_wanting(value), brand, step_up);
        (codes(&ask.challenge).join("+"), ask.insights_only)
    };
    let (visa, mastercard) = (Brand::Visa, Brand::Mastercard);
    assert_eq!(asked(json!({}), visa, false), (String::new(), false));
    assert_eq!(asked(json!({"mode": "force"}), visa, false), ("03".into(), false));
    assert_eq!(
        asked(
            json!({"mode": "force", "challenge_indicator": ["02"]}),
            visa,
            false
        ),
        ("02".into(), false)
    );
    assert_eq!(
        asked(json!({"mode": "data_only"}), visa, false),
        ("06".into(), false)
    );
    assert_eq!(
        asked(json!({"mode": "data_only"}), mastercard, false),
        (String::new(), true)
    );
    assert_eq!(
        asked(json!({"challenge_indicator": ["06"]}), mastercard, false),
        ("06".into(), false)
    );
    for value in [
        json!({}),
        json!({"mode": "data_only"}),
        json!({"exemption": "low_value"}),
    ] {
        assert_eq!(asked(value, mastercard, true), ("13".into(), false));
    }
}

#[test]
fn an_older_version_says_what_it_can() {
    use Version::{V2_1_0, V2_2_0, V2_3_1};
    let said = |version, texts: &[&str]| {
        let given: Vec<_> = texts
            .iter()
            .map(|text| RequestorChallengeInd::parse(text).unwrap())
            .collect();
        codes(&said_in(version, &given)).join("+")
    };
    for (given, in_2_1_0, in_2_2_0, in_2_3_1) in [
        (&["01"][..], "01", "01", "01"),
        (&["04"], "04", "04", "04"),
        (&["05"], "02", "05", "05"),
        (&["09"], "03", "09", "09"),
        (&["10"], "02", "02", "10"),
        (&["12"], "03", "03", "12"),
        (&["13"], "04", "04", "13"),
        (&["14"], "04", "04", "14"),
        (&["10", "05"], "02", "05", "10+05"),
        (&["12", "09"], "03", "09", "12+09"),
        (&["13", "14"], "04", "04", "13+14"),
    ] {
        let got = [V2_1_0, V2_2_0, V2_3_1].map(|version| said(version, given));
        assert_eq!(got, [in_2_1_0, in_2_2_0, in_2_3_1], "{given:?}");
    }
}

#[test]
fn a_claim_is_made_only_without_a_full_authentication_and_not_after_the_issuers_veto() {
    let route = Route {
        claims: Some(Exemption::LowValue),
        ..testing::route(1)
    };
    let mut payment = payment();
    assert_eq!(claimed(&payment, &route, false), Some(Exemption::LowValue));
    assert_eq!(claimed(&payment, &route, true), None);
    let told = |status, eci| {
        crate::authentication_policy::told_by(
            &testing::result(status, eci),
            testing::mxn(10_000),
            false,
            None,
        )
    };
    payment.authentication = Some(told("A", "06"));
    assert_eq!(claimed(&payment, &route, false), Some(Exemption::LowValue));
    payment.authentication = Some(told("Y", "05"));
    assert_eq!(claimed(&payment, &route, false), None);
}
