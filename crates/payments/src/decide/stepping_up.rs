//! Exemptions, the issuer's veto on them, and authentications outside of the browser, followed through.

use super::{AuthenticationPlan, Limits, News, Outgoing, Step, decide, means_wanted, testing::*};
use crate::{
    OrderDocument,
    attempt::AttemptState,
    connection::OnDoubt,
    order::Order,
    payment::{AuthenticationStage, PaymentState},
    routing::Route,
    status,
    three_ds::{ThreeDs, ThreeDsMode},
};
use acquiring::{Advice, AuthorizationAnswer, Exemption, Initiator, InquiryAnswer, Reason};
use mpi::Failure;
use primitives::Id;
use serde_json::Value;
use time::Duration;

fn words(order: &Order) -> (&'static str, &'static str) {
    let words = status::of(order);
    (words.order, words.payment.unwrap_or("-"))
}

fn document(order: &Order) -> Value {
    let addresses = crate::Addresses {
        public_url: "https://pay.example".into(),
    };
    serde_json::from_str(OrderDocument::of(order, &addresses, Vec::new()).as_json()).unwrap()
}

fn charging(route: Route) -> Order {
    after(vec![(purchase(AuthenticationPlan::None, vec![route]), 0)])
}

/// A route whose charge claims an exemption.
fn exempting() -> Route {
    Route {
        three_ds: ThreeDs {
            exemption: Some(Exemption::LowValue),
            ..ThreeDs::default()
        },
        claims: Some(Exemption::LowValue),
        ..route(1)
    }
}

fn authenticating(order: &Order) -> &crate::payment::Authenticating {
    match &order.payment.as_ref().unwrap().state {
        PaymentState::Authenticating(now) => now,
        other => panic!("{other:?}"),
    }
}

/// The authentication that a decline led to is over, with this status and ECI.
fn stepped_up(step: Step, status: &str, eci: &str) -> Step {
    super::testing::step(step.order, ended(10, Ok(result(status, eci))), at(20))
}

fn first_decline(route: Route, needs_page: bool) -> Step {
    step(charging(route), wants_authentication(0, needs_page), at(10))
}

#[test]
fn a_charge_gives_its_exemption_and_the_order_tells_of_it() {
    let order = charging(exempting());
    let Some(PaymentState::Authorizing(attempt)) = order.payment.as_ref().map(|payment| &payment.state)
    else {
        panic!("{order:?}");
    };
    assert_eq!(attempt.exemption, Some(Exemption::LowValue));
    let paid = step(order, approved(0), at(1));
    assert_eq!(
        document(&paid.order)["payment"]["data"]["three_ds"]["exemption"],
        "low_value"
    );
}

#[test]
fn a_decline_that_asks_for_an_authentication_gets_one_and_then_one_charge_by_the_same_route() {
    let declined = first_decline(exempting(), false);
    let run = at(10).fresh_id();
    assert_eq!(
        declined.send,
        Some(Outgoing::Authenticate { authentication: run })
    );
    assert!(matches!(declined.attempts[0].state, AttemptState::Declined(_)));
    assert!(!declined.forget_security_code);
    assert!(
        declined.announce.is_none(),
        "the caller waits for what comes of it"
    );
    let now = authenticating(&declined.order);
    assert!(now.step_up && now.route == 0 && now.stage == AuthenticationStage::Requesting);

    let challenged = step(
        declined.order,
        News::CardholderNeeded { authentication: run },
        at(12),
    );
    assert_eq!(words(&challenged.order), ("pending", "pending_3ds"));
    assert_eq!(
        challenged.announce.and_then(|told| told.payment_status),
        Some("pending_3ds")
    );
    let charged = stepped_up(challenged, "Y", "05");
    assert_eq!(charged.send, Some(Outgoing::Charge { attempt: attempt(20) }));
    let Some(PaymentState::Authorizing(second)) = charged.order.payment.as_ref().map(|it| &it.state) else {
        panic!("{:?}", charged.order);
    };
    assert_eq!(
        (second.route, second.after_step_up, second.exemption),
        (0, true, None)
    );
    let paid = step(charged.order, approved(20), at(21));
    assert_eq!(words(&paid.order), ("succeeded", "processed"));
    assert_eq!(document(&paid.order)["payment"]["data"]["three_ds"]["eci"], "05");
}

#[test]
fn the_merchant_hears_of_a_second_challenge_as_of_the_first() {
    let lenient = Route {
        on_attempted: OnDoubt::Proceed,
        ..route(1)
    };
    let asked = after(vec![
        (
            purchase(AuthenticationPlan::Ask { needs_page: true }, vec![lenient]),
            0,
        ),
        (ended(0, Ok(result("A", "06"))), 5),
    ]);
    let News::Answered { answer, means, .. } = wants_authentication(0, true) else {
        panic!("an answer");
    };
    let declined = News::Answered {
        attempt: attempt(5),
        answer,
        means,
    };
    let again = step(asked, declined, at(10));
    assert_eq!(
        again.announce.and_then(|told| told.payment_status),
        Some("pending_3ds")
    );
    let told = document(&again.order);
    assert_eq!(
        told["payment"]["data"]["next_action"]["authorization_3ds"]["url"],
        "https://pay.example/transactions/view_challenge?token=01JDEADBEEFDEADBEEFDEADBEF"
    );
    assert!(
        told["payment"]["data"].get("three_ds").is_none(),
        "the attempt was not enough"
    );
    assert_eq!(again.look_again_at, Some(at(10).now + Duration::seconds(900)));
}

#[test]
fn there_is_one_step_up_and_one_charge_after_it() {
    for (answer, expected) in [
        (wants_authentication(20, false), "DP-4500"),
        (declined(20, Advice::Failover), "DP-4500"),
        (
            News::NeverLeft {
                attempt: attempt(20),
                why: "no connection",
                means: None,
            },
            "DP-4200",
        ),
    ] {
        let two = vec![
            exempting(),
            Route {
                connection: Id::from_uuid(uuid::Uuid::from_u128(2)),
                ..exempting()
            },
        ];
        let start = after(vec![(purchase(AuthenticationPlan::None, two), 0)]);
        let declined = step(start, wants_authentication(0, false), at(10));
        let charged = stepped_up(declined, "Y", "05");
        let over = step(charged.order, answer, at(21));
        assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
        assert_eq!(document(&over.order)["payment"]["error"]["code"], expected);
    }
}

#[test]
fn an_unknown_outcome_leads_to_no_step_up_since_the_security_code_is_gone() {
    let silent = step(
        charging(exempting()),
        News::Silence { attempt: attempt(0) },
        at(30),
    );
    let decline = decline(Reason::AuthenticationRequired, Advice::Reauthenticate);
    let News::Answered { means, .. } = wants_authentication(0, false) else {
        panic!("an answer");
    };
    let late = News::Answered {
        attempt: attempt(0),
        answer: AuthorizationAnswer::Declined(decline),
        means,
    };
    assert_eq!(super::means_wanted(&silent.order, &late, at(40).now), []);
    let over = step(silent.order, late, at(40));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
}

#[test]
fn nobody_is_asked_who_is_not_there_or_not_to_be_asked() {
    let off = Route {
        three_ds: ThreeDsMode::Off.into(),
        ..route(1)
    };
    let without_mpi = Route {
        authenticates: false,
        ..route(1)
    };
    for route in [off, without_mpi] {
        let over = first_decline(route, false);
        assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
    }
    let mut order = charging(route(1));
    order.payment.as_mut().unwrap().terms.initiator = Initiator::Merchant;
    let over = step(order, wants_authentication(0, false), at(10));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
    let elsewhere = crate::authentication_policy::without_authentication(primitives::Brand::Visa, at(0).now);
    let given = purchase(AuthenticationPlan::External(elsewhere.values), vec![route(1)]);
    let over = step(after(vec![(given, 0)]), wants_authentication(0, false), at(10));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
}

#[test]
fn a_charge_that_was_fully_authenticated_is_not_authenticated_again() {
    let asked = after(vec![
        (
            purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route(1)]),
            0,
        ),
        (ended(0, Ok(result("Y", "05"))), 0),
    ]);
    let over = step(asked, wants_authentication(0, false), at(10));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
}

#[test]
fn a_step_up_without_an_authentication_ends_the_payment_whatever_the_policy() {
    let lenient = || Route {
        on_attempted: OnDoubt::Proceed,
        on_unavailable: OnDoubt::Proceed,
        ..exempting()
    };
    for (status, eci, goes_on) in [
        ("Y", "05", true),
        ("A", "06", true),
        ("U", "07", false),
        ("N", "07", false),
        ("R", "07", false),
        ("I", "07", false),
    ] {
        let over = stepped_up(first_decline(lenient(), false), status, eci);
        assert_eq!(over.send.is_some(), goes_on, "{status}");
    }
    let silent = step(
        first_decline(lenient(), false).order,
        ended(10, Err(Failure::DirectoryTimeout)),
        at(20),
    );
    assert_eq!(words(&silent.order), ("pending", "denied"));
}

#[test]
fn a_step_up_that_is_restarted_stays_one() {
    let restarted = step(
        first_decline(exempting(), true).order,
        News::AuthenticationRestarted {
            stage: AuthenticationStage::WithCardholder,
        },
        at(60),
    );
    let now = authenticating(&restarted.order);
    assert!(now.step_up && now.authentication == at(60).fresh_id());
    let late = decide(
        &Limits::default(),
        restarted.order.clone(),
        ended(10, Ok(result("Y", "05"))),
        at(61),
    );
    assert!(late.unwrap().is_none(), "the first run's result decides nothing");
    let charged = step(restarted.order, ended(60, Ok(result("Y", "05"))), at(62));
    assert!(matches!(charged.send, Some(Outgoing::Charge { .. })));
}

#[test]
fn without_the_means_a_decline_that_asks_for_an_authentication_is_a_decline() {
    let over = step(charging(exempting()), declined(0, Advice::Reauthenticate), at(10));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
    assert!(over.forget_security_code);
}

#[test]
fn a_decoupled_authentication_is_waited_for_without_an_address_and_told_of() {
    let asking = || purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route(1)]);
    let agreed = step(after(vec![(asking(), 0)]), decoupled(0), at(2));
    assert_eq!(words(&agreed.order), ("pending", "pending_3ds"));
    assert!(agreed.announce.is_some());
    assert_eq!(agreed.look_again_at, Some(at(360).now), "until and grace");
    let told = document(&agreed.order);
    let data = &told["payment"]["data"];
    assert!(data.get("next_action").is_none() && data.get("authorization_3ds").is_none());
    assert_eq!(data["three_ds"]["cardholder_info"], "Open your bank's app");
    assert_eq!(data["three_ds"]["decoupled_until"], "2026-11-22T12:05:00Z");
    assert_eq!(data["metadata"]["code"], "DP-7028");

    let charged = step(agreed.order.clone(), ended(0, Ok(result("Y", "05"))), at(100));
    assert!(matches!(charged.send, Some(Outgoing::Charge { .. })));
    let data = document(&charged.order);
    assert_eq!(data["payment"]["data"]["three_ds"]["flow"], "decoupled");
    let cancelled = step(agreed.order.clone(), News::Cancel, at(100));
    assert_eq!(words(&cancelled.order), ("cancelled", "cancelled"));
    let late = decide(
        &Limits::default(),
        cancelled.order,
        ended(0, Ok(result("Y", "05"))),
        at(101),
    );
    assert!(late.unwrap().is_none());
    let over = step(agreed.order, News::TimeExpired, at(360));
    assert_eq!(
        document(&over.order)["payment"]["error"]["code"],
        "DEUNA_3DS.TIME_EXPIRED"
    );
}

#[test]
fn a_merchant_that_was_given_a_page_hears_that_the_issuer_goes_without_it() {
    let asking = purchase(AuthenticationPlan::Ask { needs_page: true }, vec![route(1)]);
    let agreed = step(after(vec![(asking, 0)]), decoupled(0), at(2));
    assert_eq!(
        agreed.announce.and_then(|told| told.payment_status),
        Some("pending_3ds")
    );
}

#[test]
fn a_refused_authentication_is_shown_in_the_order() {
    let asking = purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route(1)]);
    let ended = News::AuthenticationEnded {
        authentication: Id::from_uuid(at(0).nonce),
        outcome: Ok(result("N", "07")),
        cardholder_info: Some("Call us".into()),
    };
    let refused = step(after(vec![(asking, 0)]), ended, at(2));
    assert_eq!(words(&refused.order), ("pending", "denied"));
    let told = document(&refused.order);
    let block = &told["payment"]["data"]["three_ds"];
    assert_eq!(
        (&block["trans_status"], &block["eci"]),
        (&"N".into(), &"07".into())
    );
    assert_eq!(
        (&block["liability_shift"], &block["cavv"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(block["cardholder_info"], "Call us");
}

#[test]
fn whoever_shares_data_alone_goes_on_when_the_issuer_takes_note_of_it() {
    let sharing = |on_unavailable| Route {
        on_unavailable,
        three_ds: ThreeDsMode::DataOnly.into(),
        ..route(1)
    };
    for (status, policy, goes_on) in [
        ("I", OnDoubt::Proceed, true),
        ("I", OnDoubt::Reject, true),
        ("U", OnDoubt::Proceed, true),
        // Not what was asked for, but a fault.
        ("U", OnDoubt::Reject, false),
    ] {
        let asking = purchase(
            AuthenticationPlan::Ask { needs_page: false },
            vec![sharing(policy)],
        );
        let noted = step(
            after(vec![(asking, 0)]),
            ended(0, Ok(result(status, "07"))),
            at(2),
        );
        assert_eq!(noted.send.is_some(), goes_on, "{status} {policy:?}");
        let block = &document(&noted.order)["payment"]["data"]["three_ds"];
        assert_eq!(block["liability_shift"], false);
    }
    // An exemption that the issuer takes note of is what the merchant asked for.
    let exempted = Route {
        claims: None,
        ..exempting()
    };
    let asking = purchase(AuthenticationPlan::Ask { needs_page: false }, vec![exempted]);
    let noted = step(after(vec![(asking, 0)]), ended(0, Ok(result("I", "07"))), at(2));
    assert!(noted.send.is_some());
}

#[test]
fn a_payment_without_authentication_goes_to_another_route_only_if_that_one_asks_for_none_either() {
    let second = |route: Route| Route {
        connection: Id::from_uuid(uuid::Uuid::from_u128(102)),
        ..route
    };
    let cases = [
        (second(exempting()), true),
        (second(route(2)), false),
        (
            second(Route {
                three_ds: ThreeDsMode::Off.into(),
                ..route(2)
            }),
            true,
        ),
    ];
    for (other, goes_on) in cases {
        let start = purchase(AuthenticationPlan::None, vec![exempting(), other]);
        let declined = step(after(vec![(start, 0)]), declined(0, Advice::Failover), at(1));
        assert_eq!(declined.send.is_some(), goes_on);
    }
}

#[test]
fn where_the_scheme_s_limits_leave_no_other_attempt_there_is_no_step_up_and_no_other_route() {
    let second = || Route {
        connection: Id::from_uuid(uuid::Uuid::from_u128(2)),
        ..exempting()
    };
    let charging_with = |allowed: u16| {
        let News::Purchased(mut asked) = purchase(AuthenticationPlan::None, vec![exempting(), second()])
        else {
            panic!("a purchase");
        };
        asked.attempts_allowed = Some(allowed);
        after(vec![(News::Purchased(asked), 0)])
    };
    let wanted = |order: &Order| means_wanted(order, &wants_authentication(0, false), at(10).now).len();
    for (allowed, goes_on) in [(1, false), (2, true)] {
        let order = charging_with(allowed);
        assert_eq!(wanted(&order), usize::from(goes_on), "{allowed}");
        let declined_for_want = step(order.clone(), wants_authentication(0, false), at(10));
        assert_eq!(declined_for_want.send.is_some(), goes_on, "{allowed}");
        let declined_elsewhere = step(order, declined(0, Advice::Transient), at(10));
        assert_eq!(declined_elsewhere.send.is_some(), goes_on, "{allowed}");
    }
}

#[test]
fn a_decline_that_is_told_before_it_is_answered_leaves_the_step_up_to_whoever_waits() {
    let told = |advice, reason| News::Inquired {
        attempt: attempt(0),
        asked_at: at(5).now,
        answer: Some(InquiryAnswer::Declined(decline(reason, advice))),
    };
    let limits = Limits::default();
    let for_want = told(Advice::Reauthenticate, Reason::AuthenticationRequired);
    let nothing = decide(&limits, charging(exempting()), for_want, at(5));
    assert!(nothing.unwrap().is_none());
    let for_good = told(Advice::Never, Reason::GenericDecline);
    let denied = step(charging(exempting()), for_good, at(5));
    assert_eq!(words(&denied.order), ("pending", "denied"));
}
