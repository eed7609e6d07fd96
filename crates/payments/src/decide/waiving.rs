//! A rule that lets charges go without an authentication that could not be had, and what it never lets go.

use super::{AuthenticationPlan, News, Outgoing, Step, testing::*};
use crate::{
    attempt::ThreeDsUse,
    authentication_policy::Reuse,
    order::Order,
    payment::{AuthenticationStage, PaymentState},
    routing::Route,
    status,
};
use acquiring::Advice;
use mpi::Failure;
use primitives::Id;
use serde_json::{Value, json};

fn waiving(number: u128) -> Route {
    Route {
        charges_after_failed_authentication: true,
        ..route(number)
    }
}

fn asking(routes: Vec<Route>) -> News {
    purchase(AuthenticationPlan::Ask { needs_page: false }, routes)
}

fn charges(step: &Step) -> bool {
    matches!(step.send, Some(Outgoing::Charge { .. }))
}

fn sending_by(order: &Order) -> (usize, ThreeDsUse) {
    match &order.payment.as_ref().unwrap().state {
        PaymentState::Authorizing(attempt) => (attempt.route, attempt.three_ds),
        other => panic!("{other:?}"),
    }
}

fn is_denied(step: &Step) -> bool {
    step.send.is_none() && status::of(&step.order).payment == Some("denied")
}

fn reuse_told(order: &Order) -> Value {
    let addresses = crate::Addresses {
        public_url: "https://pay.example".into(),
    };
    let document = crate::OrderDocument::of(order, &addresses, Vec::new());
    let mut document: Value = serde_json::from_str(document.as_json()).unwrap();
    document["payment"]["data"]["three_ds_reuse"].take()
}

const NO_VERDICT: [Failure; 4] = [
    Failure::DirectoryTimeout,
    Failure::DirectoryUnreachable,
    Failure::UnusableAnswer,
    Failure::AcsErro { code: 403 },
];

#[test]
fn without_the_rule_no_failure_of_3ds_is_charged() {
    for outcome in NO_VERDICT
        .map(Err)
        .into_iter()
        .chain(["N", "R", "U", "A"].map(|it| Ok(result(it, "07"))))
    {
        let order = after(vec![(asking(vec![route(1), route(2)]), 0)]);
        assert!(is_denied(&step(order, ended(0, outcome), at(2))));
    }
    let none = purchase(AuthenticationPlan::NotAvailable, vec![route(1), route(2)]);
    assert!(is_denied(&step(new_order(), none, at(0))));
}

#[test]
fn with_the_rule_a_failure_without_a_verdict_is_charged_by_the_same_route_and_the_order_says_why() {
    for outcome in NO_VERDICT
        .map(Err)
        .into_iter()
        .chain(["U", "A"].map(|it| Ok(result(it, "07"))))
    {
        let order = after(vec![(asking(vec![waiving(1), waiving(2)]), 0)]);
        let charged = step(order, ended(0, outcome), at(2));
        assert!(charges(&charged));
        assert_eq!(sending_by(&charged.order), (0, ThreeDsUse::Waived));
        assert!(charged.order.payment.unwrap().authentication.is_none());
    }
    let order = after(vec![(asking(vec![waiving(1)]), 0)]);
    let charged = step(order, ended(0, Err(Failure::DirectoryTimeout)), at(2));
    assert_eq!(
        reuse_told(&charged.order),
        json!([{
            "connection_id": waiving(1).connection,
            "processor": "processor_1",
            "decision": "waived",
            "reason": Reuse::Waived.reason(),
            "failed": {
                "code": "DEUNA_3DS.ENROLLMENT_CHECK_TIMEOUT",
                "reason": "the directory server did not answer in time",
            },
        }])
    );
}

#[test]
fn with_the_rule_a_card_that_takes_no_part_is_charged() {
    let none = purchase(AuthenticationPlan::NotAvailable, vec![waiving(1)]);
    let charged = step(new_order(), none, at(0));
    assert!(charges(&charged));
    assert_eq!(
        reuse_told(&charged.order)[0]["failed"]["code"],
        "DEUNA_3DS.AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT"
    );
}

#[test]
fn no_rule_charges_whom_the_issuer_refused_or_asked_for_a_challenge() {
    let asked = || after(vec![(asking(vec![waiving(1), waiving(2)]), 0)]);
    for status in ["R", "N"] {
        assert!(
            is_denied(&step(asked(), ended(0, Ok(result(status, "07"))), at(2))),
            "{status}"
        );
    }
    assert!(is_denied(&step(
        asked(),
        ended(0, Err(Failure::TimeExpired)),
        at(2)
    )));
    assert!(is_denied(&step(asked(), News::TimeExpired, at(2_000))));
    assert!(is_denied(&step(asked(), News::CardholderGaveUp, at(2))));
    // On the page it is not told apart whether the result of a challenge is what cannot be used.
    let challenged = || {
        let needed = News::CardholderNeeded {
            authentication: Id::from_uuid(at(0).nonce),
        };
        let order = step(asked(), needed, at(1)).order;
        let PaymentState::Authenticating(now) = &order.payment.as_ref().unwrap().state else {
            panic!("{order:?}");
        };
        assert_eq!(now.stage, AuthenticationStage::WithCardholder);
        order
    };
    for failure in [Failure::UnusableAnswer, Failure::AcsErro { code: 403 }] {
        assert!(
            is_denied(&step(challenged(), ended(0, Err(failure)), at(2))),
            "{failure:?}"
        );
    }
    let out_of_the_browser = step(asked(), decoupled(0), at(1)).order;
    let missed = ended(0, Err(Failure::TimeExpired));
    assert!(is_denied(&step(out_of_the_browser, missed, at(400))));
}

#[test]
fn after_a_decline_the_next_route_is_charged_likewise() {
    let order = after(vec![(asking(vec![waiving(1), waiving(2)]), 0)]);
    let first = step(order, ended(0, Err(Failure::DirectoryTimeout)), at(2));
    let second = step(first.order, declined(2, Advice::Failover), at(3));
    assert!(charges(&second));
    assert_eq!(sending_by(&second.order), (1, ThreeDsUse::Waived));
}

#[test]
fn an_issuer_that_declines_for_want_of_an_authentication_is_not_charged_without() {
    let order = after(vec![(asking(vec![waiving(1), waiving(2)]), 0)]);
    let first = step(order, ended(0, Err(Failure::DirectoryTimeout)), at(2));
    let stepped_up = step(first.order, wants_authentication(2, false), at(3));
    assert!(matches!(stepped_up.send, Some(Outgoing::Authenticate { .. })));
    let failed = step(stepped_up.order, ended(3, Err(Failure::DirectoryTimeout)), at(4));
    assert!(is_denied(&failed));
}
