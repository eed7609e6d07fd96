//! Payments followed through, where a table line does not tell the story.

use super::{AuthenticationPlan, Limits, News, Outgoing, decide, testing::*};
use crate::{
    attempt::AttemptState,
    connection::OnDoubt,
    order::{Order, PAYMENTS_MAX},
    payment::{Closed, DeniedBy, PaymentState},
    refusal::RefusalCode,
    routing::Route,
    status,
};
use acquiring::{Advice, InquiryAnswer};
use mpi::Failure;
use primitives::Id;
use proptest::prelude::*;
use time::Duration;

fn words(order: &Order) -> (&'static str, &'static str) {
    let words = status::of(order);
    (words.order, words.payment.unwrap_or("-"))
}

fn code(order: &Order) -> String {
    let addresses = crate::Addresses {
        public_url: "https://pay.example".into(),
    };
    crate::OrderDocument::of(order, &addresses, Vec::new())
        .code()
        .unwrap_or("-")
        .to_owned()
}

fn asked_and(outcome: super::AuthenticationOutcome, route: Route) -> super::Step {
    let order = after(vec![(
        purchase(AuthenticationPlan::Ask { needs_page: false }, vec![route]),
        0,
    )]);
    step(order, ended(0, outcome), at(2))
}

#[test]
fn a_soft_decline_tries_the_next_route_and_a_hard_one_does_not() {
    let start = || after(vec![(purchase(AuthenticationPlan::None, unauthenticated()), 0)]);
    let soft = step(start(), declined(0, Advice::Failover), at(1));
    assert_eq!(soft.send, Some(Outgoing::Charge { attempt: attempt(1) }));
    assert_eq!(soft.attempts.len(), 2);
    let done = step(soft.order, approved(1), at(2));
    assert_eq!(words(&done.order), ("succeeded", "processed"));

    let hard = step(start(), declined(0, Advice::Never), at(1));
    assert_eq!((hard.send, words(&hard.order)), (None, ("pending", "denied")));
    assert_eq!(code(&hard.order), "DP-4500");
}

fn unauthenticated() -> Vec<Route> {
    [1, 2]
        .map(|number| Route {
            authenticates: false,
            ..route(number)
        })
        .to_vec()
}

#[test]
fn a_route_that_would_authenticate_is_not_tried_without_an_authentication() {
    let routes = vec![
        Route {
            authenticates: false,
            ..route(1)
        },
        route(2),
    ];
    let order = after(vec![(purchase(AuthenticationPlan::None, routes), 0)]);
    let declined = step(order, declined(0, Advice::Failover), at(1));
    assert_eq!(
        (declined.send, words(&declined.order)),
        (None, ("pending", "denied"))
    );
}

#[test]
fn an_authentication_is_carried_to_the_next_route() {
    let order = after(vec![(
        purchase(
            AuthenticationPlan::Ask { needs_page: false },
            vec![route(1), route(2)],
        ),
        0,
    )]);
    let charged = step(order, ended(0, Ok(result("Y", "05"))), at(2));
    let second = step(charged.order, declined(2, Advice::Failover), at(3));
    assert_eq!(second.send, Some(Outgoing::Charge { attempt: attempt(3) }));
    let payment = second.order.payment.unwrap();
    assert_eq!(payment.authentication.unwrap().values.eci.as_deref(), Some("05"));
}

#[test]
fn a_doubtful_authentication_is_carried_only_where_the_policy_takes_it() {
    let proceeds = Route {
        on_attempted: OnDoubt::Proceed,
        on_unavailable: OnDoubt::Proceed,
        ..route(1)
    };
    for (status, eci) in [("A", "06"), ("U", "07")] {
        for (second, goes_on) in [(route(2), false), (proceeds.clone(), true)] {
            let plan = AuthenticationPlan::Ask { needs_page: false };
            let order = after(vec![(purchase(plan, vec![proceeds.clone(), second]), 0)]);
            let charged = step(order, ended(0, Ok(result(status, eci))), at(2));
            let next = step(charged.order, declined(2, Advice::Failover), at(3));
            assert_eq!(next.send.is_some(), goes_on, "{status}");
        }
    }
    for (second, goes_on) in [(route(2), false), (proceeds.clone(), true)] {
        let order = after(vec![(
            purchase(AuthenticationPlan::NotAvailable, vec![proceeds.clone(), second]),
            0,
        )]);
        let next = step(order, declined(0, Advice::Failover), at(1));
        assert_eq!(next.send.is_some(), goes_on, "takes no part");
    }
}

#[test]
fn a_second_payment_that_is_denied_at_once_is_told_as_well() {
    let denied = || purchase(AuthenticationPlan::NotAvailable, vec![route(1)]);
    let first = step(new_order(), denied(), at(0));
    let told = first.announce;
    assert_eq!(told.and_then(|told| told.payment_status), Some("denied"));
    let second = match denied() {
        News::Purchased(mut purchased) => {
            purchased.payment = Id::from_uuid(uuid::Uuid::from_u128(4));
            step(first.order, News::Purchased(purchased), at(1))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(second.announce, told);
}

#[test]
fn a_purchase_that_a_rule_rejects_is_denied_without_any_route() {
    let denied = step(new_order(), purchase(AuthenticationPlan::Rejected, vec![]), at(0));
    assert!(denied.send.is_none() && denied.attempts.is_empty());
    assert_eq!(
        denied.announce.and_then(|told| told.payment_status),
        Some("denied")
    );
    let payment = denied.order.payment.unwrap();
    let PaymentState::Closed(Closed::Denied(denial)) = &payment.state else {
        panic!("{:?}", payment.state)
    };
    assert_eq!((denial.code.as_str(), denial.by), ("DP-4026", DeniedBy::System));
}

#[test]
fn an_unknown_outcome_is_settled_by_inquiry_and_the_code_is_gone_by_then() {
    let order = after(vec![(purchase(AuthenticationPlan::None, vec![route(1)]), 0)]);
    let silent = step(order, News::Silence { attempt: attempt(0) }, at(30));
    assert!(silent.forget_security_code);
    assert_eq!(silent.look_again_at, Some(START + Duration::seconds(90)));
    assert_eq!(
        (words(&silent.order), code(&silent.order)),
        (("pending", "processing"), "DP-6003".into())
    );
    for refused in [purchase(AuthenticationPlan::None, vec![route(1)]), News::Cancel] {
        assert!(decide(&Limits::default(), silent.order.clone(), refused, at(40)).is_err());
    }
    let found = InquiryAnswer::Approved(approval());
    let settled = step(
        silent.order,
        News::Inquired {
            attempt: attempt(0),
            asked_at: at(91).now,
            answer: Some(found),
        },
        at(91),
    );
    assert_eq!(words(&settled.order), ("succeeded", "processed"));
}

#[test]
fn not_found_counts_only_after_the_final_window_and_a_late_approval_is_voided() {
    let mut order = after(vec![
        (purchase(AuthenticationPlan::None, vec![route(1)]), 0),
        (News::Silence { attempt: attempt(0) }, 30),
    ]);
    let nothing = |seconds| News::Inquired {
        attempt: attempt(0),
        asked_at: at(seconds).now,
        answer: Some(InquiryAnswer::NotFound),
    };
    for seconds in [90, 270, 1_844] {
        let asked = step(order, nothing(seconds), at(seconds));
        assert!(
            asked.look_again_at.unwrap() <= START + Duration::seconds(1_845),
            "never past the last word"
        );
        order = asked.order;
    }
    let given_up = step(order, nothing(1_845), at(1_845));
    assert_eq!(
        (words(&given_up.order), code(&given_up.order)),
        (("pending", "denied"), "DP-6003".into())
    );
    assert_eq!(given_up.look_again_at, Some(START + Duration::seconds(3_645)));

    let found = InquiryAnswer::Approved(approval());
    let late = step(
        given_up.order,
        News::Inquired {
            attempt: attempt(0),
            asked_at: at(3_645).now,
            answer: Some(found),
        },
        at(3_645),
    );
    assert_eq!(
        late.send,
        Some(Outgoing::Reverse {
            attempt: attempt(0),
            approval: Some(approval())
        })
    );
    assert!(late.announce.is_none(), "the merchant was told already");
    let done = step(
        late.order,
        News::ReversalAnswered {
            attempt: attempt(0),
            asked_at: at(3_600).now,
            answer: Some(acquiring::ReversalAnswer::Reversed),
        },
        at(3_646),
    );
    assert_eq!(done.attempts[0].state, AttemptState::Reversed);
    assert_eq!(done.look_again_at, None);
}

#[test]
fn a_result_of_a_run_that_was_replaced_decides_nothing() {
    let order = after(vec![
        (
            purchase(AuthenticationPlan::Ask { needs_page: true }, vec![route(1)]),
            0,
        ),
        (
            News::AuthenticationRestarted {
                stage: crate::payment::AuthenticationStage::WithCardholder,
            },
            60,
        ),
    ]);
    let old = ended(0, Ok(result("Y", "05")));
    assert!(
        decide(&Limits::default(), order.clone(), old, at(61))
            .unwrap()
            .is_none()
    );
    let new = ended(60, Ok(result("Y", "05")));
    assert!(matches!(
        step(order, new, at(61)).send,
        Some(Outgoing::Charge { .. })
    ));
}

#[test]
fn a_late_result_after_cancel_or_expiry_never_charges() {
    for end in [News::Cancel, News::TimeExpired, News::CardholderGaveUp] {
        let asked = after(vec![
            (
                purchase(AuthenticationPlan::Ask { needs_page: true }, vec![route(1)]),
                0,
            ),
            (end, 60),
        ]);
        let late = ended(0, Ok(result("Y", "05")));
        assert!(decide(&Limits::default(), asked, late, at(61)).unwrap().is_none());
    }
}

#[test]
fn each_failure_of_an_authentication_has_its_code() {
    use Failure::*;
    for (outcome, expected) in [
        (
            Ok(result("N", "07")),
            "DEUNA_3DS.UNSUCCESSFUL_FRICTIONLESS_AUTHENTICATION",
        ),
        (
            Ok(result("A", "06")),
            "DEUNA_3DS.STAND_IN_FRICTIONLESS_AUTHENTICATION_ATTEMPTED",
        ),
        (
            Ok(result("U", "07")),
            "DEUNA_3DS.UNAVAILABLE_FRICTIONLESS_AUTHENTICATION",
        ),
        (
            Ok(result("R", "07")),
            "DEUNA_3DS.REJECTED_FRICTIONLESS_AUTHENTICATION",
        ),
        (
            Err(DirectoryErro { code: 303 }),
            "DEUNA_3DS.ENROLLMENT_CHECK_ERROR",
        ),
        (Err(DirectoryUnreachable), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR"),
        (Err(CannotRequest), "DEUNA_3DS.ENROLLMENT_CHECK_ERROR"),
        (Err(DirectoryTimeout), "DEUNA_3DS.ENROLLMENT_CHECK_TIMEOUT"),
        (Err(UnusableAnswer), "DEUNA_3DS.UNABLE_ISSUER"),
        (Err(AcsErro { code: 402 }), "DEUNA_3DS.UNABLE_ISSUER"),
        (Err(TimeExpired), "DEUNA_3DS.TIME_EXPIRED"),
    ] {
        let denied = asked_and(outcome, route(1));
        assert_eq!(
            (words(&denied.order), code(&denied.order).as_str()),
            (("pending", "denied"), expected)
        );
        assert!(denied.send.is_none());
    }
}

#[test]
fn policy_decides_on_attempted_and_unavailable_and_on_nothing_else() {
    let lenient = || Route {
        on_attempted: OnDoubt::Proceed,
        on_unavailable: OnDoubt::Proceed,
        ..route(1)
    };
    for (status, eci, goes_on) in [
        ("A", "06", true),
        ("U", "07", true),
        ("N", "07", false),
        ("R", "07", false),
    ] {
        let ended = asked_and(Ok(result(status, eci)), lenient());
        assert_eq!(ended.send.is_some(), goes_on, "{status}");
    }
    assert!(
        asked_and(Err(Failure::DirectoryTimeout), lenient())
            .send
            .is_none()
    );
    let not_enrolled = |route| after(vec![(purchase(AuthenticationPlan::NotAvailable, vec![route]), 0)]);
    assert_eq!(words(&not_enrolled(lenient())), ("pending", "processing"));
    let refused = not_enrolled(route(1));
    assert_eq!(
        code(&refused),
        "DEUNA_3DS.AUTHENTICATION_NOT_AVAILABLE_WHEN_CHECKING_ENROLLMENT"
    );
}

#[test]
fn a_denied_order_takes_ten_payments_and_no_eleventh() {
    let mut order = new_order();
    for number in 1..=PAYMENTS_MAX {
        let seconds = i64::from(number) * 10;
        order = step(
            order,
            purchase(AuthenticationPlan::None, vec![route(1)]),
            at(seconds),
        )
        .order;
        order = step(order, declined(seconds, Advice::Never), at(seconds + 1)).order;
    }
    let eleventh = purchase(AuthenticationPlan::None, vec![route(1)]);
    let refused = decide(&Limits::default(), order, eleventh, at(500)).unwrap_err();
    assert_eq!(refused.code, RefusalCode::AttemptsExceeded);
}

proptest! {
    /// Whatever happens in whatever order: one approval is enough, and at most one charge is on its way.
    #[test]
    fn no_order_of_events_charges_again_after_an_approval(choices in proptest::collection::vec((0..8usize, 1..200i64), 1..24)) {
        let mut order = new_order();
        let mut seconds = 0;
        let mut on_its_way: Vec<Id<primitives::id::kind::Attempt>> = Vec::new();
        let mut approvals = 0;
        for (choice, pause) in choices {
            seconds += pause;
            let about = match order.payment.as_ref().map(|payment| &payment.state) {
                Some(PaymentState::Authorizing(attempt)) => attempt.id,
                _ => attempt(0),
            };
            let news = match choice {
                0 => purchase(AuthenticationPlan::None, unauthenticated()),
                1 => News::Answered { attempt: about, answer: acquiring::AuthorizationAnswer::Approved(approval()), means: None },
                2 => News::Answered { attempt: about, answer: acquiring::AuthorizationAnswer::Declined(
                    decline(acquiring::Reason::GenericDecline, Advice::Failover)), means: None },
                3 => News::Silence { attempt: about },
                4 => News::NeverLeft { attempt: about, why: "no connection", means: None },
                5 => News::Inquired { attempt: about, asked_at: at(seconds).now, answer: Some(InquiryAnswer::NotFound) },
                6 => News::Inquired { attempt: about, asked_at: at(seconds).now, answer: Some(InquiryAnswer::Approved(approval())) },
                _ => News::Cancel,
            };
            let Ok(Some(step)) = decide(&Limits::default(), order.clone(), news, at(seconds)) else { continue };
            for row in &step.attempts {
                match row.state {
                    AttemptState::Sending => on_its_way.push(row.id),
                    AttemptState::Unknown => {}
                    AttemptState::Approved(_) => { approvals += 1; on_its_way.retain(|id| *id != row.id); }
                    _ => on_its_way.retain(|id| *id != row.id),
                }
            }
            prop_assert!(on_its_way.len() <= 1);
            prop_assert!(approvals <= 1);
            prop_assert!(approvals == 0 || on_its_way.is_empty());
            order = step.order;
        }
    }
}
