//! Cascades and charges whose end is open, followed through.

use super::{AuthenticationPlan, ISSUER_DECLINES_MAX, News, Outgoing, Step, means_wanted, testing::*};
use crate::{
    attempt::{AttemptState, Outcome, ThreeDsUse},
    authentication_policy::{Anew, NotUsed, Reuse},
    connection::ReusePolicy,
    order::Order,
    payment::PaymentState,
    routing::Route,
    status,
    three_ds::NewAuthentication,
};
use acquiring::{Advice, Approval, AuthorizationAnswer, InquiryAnswer, Reason, Recovery, ReversalAnswer};
use mpi::Failure;
use serde_json::Value;

fn words(order: &Order) -> (&'static str, &'static str) {
    let words = status::of(order);
    (words.order, words.payment.unwrap_or("-"))
}

fn data(order: &Order) -> Value {
    let addresses = crate::Addresses {
        public_url: "https://pay.example".into(),
    };
    let document = crate::OrderDocument::of(order, &addresses, Vec::new());
    let mut document: Value = serde_json::from_str(document.as_json()).unwrap();
    document["payment"]["data"].take()
}

fn own_only(number: u128) -> Route {
    Route {
        reuse: ReusePolicy::Never,
        ..route(number)
    }
}

/// Authenticated for the first of these routes, whose charge is on its way.
fn charging(routes: Vec<Route>) -> Order {
    let asking = purchase(AuthenticationPlan::Ask { needs_page: false }, routes);
    after(vec![(asking, 0), (ended(0, Ok(result("Y", "05"))), 2)])
}

fn soft(seconds: i64, means: Option<usize>) -> News {
    News::Answered {
        attempt: attempt(seconds),
        answer: AuthorizationAnswer::Declined(decline(Reason::GenericDecline, Advice::Failover)),
        means: means.map(|route| NewAuthentication {
            route,
            needs_page: false,
            page_token: "01JDEADBEEFDEADBEEFDEADBEE".into(),
        }),
    }
}

fn last_decision(order: &Order) -> Option<Reuse> {
    order
        .payment
        .as_ref()?
        .history
        .reuse
        .last()
        .map(|decision| decision.reuse)
}

fn in_flight(order: &Order) -> &crate::attempt::AttemptInFlight {
    match &order.payment.as_ref().unwrap().state {
        PaymentState::Authorizing(attempt) => attempt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_carried_is_told_with_each_attempt_and_its_reason() {
    let second = step(charging(vec![route(1), route(2)]), soft(2, None), at(3));
    assert_eq!(in_flight(&second.order).three_ds, ThreeDsUse::Carried);
    let paid = step(second.order, approved(3), at(4));
    let told = data(&paid.order);
    assert_eq!(told["attempts"][0]["status"], "declined");
    assert_eq!(told["attempts"][0]["code"], "05");
    assert_eq!(told["attempts"][0]["reason"], "generic_decline");
    assert_eq!(told["attempts"][0]["latency_ms"], 1_000);
    assert_eq!(told["attempts"][0]["three_ds_reuse"], "own");
    assert_eq!(told["attempts"][1]["processor"], "processor_2");
    assert_eq!(told["attempts"][1]["external_transaction_id"], "ticket-1");
    assert_eq!(told["attempts"][1]["three_ds_reuse"], "carried");
    assert_eq!(told["three_ds_reuse"][0]["decision"], "carried");
    assert_eq!(told["three_ds"]["eci"], "05");
}

#[test]
fn a_connection_that_wants_its_own_gets_one_new_authentication_and_then_the_charge() {
    let order = charging(vec![route(1), own_only(2), own_only(3)]);
    let wanted: Vec<_> = means_wanted(&order, &soft(2, None), at(3).now)
        .iter()
        .map(|wanted| wanted.route)
        .collect();
    assert_eq!(wanted, [1, 2]);
    let asked = step(order, soft(2, Some(1)), at(3));
    let run = at(3).fresh_id();
    assert_eq!(asked.send, Some(Outgoing::Authenticate { authentication: run }));
    assert!(!asked.forget_security_code);
    assert_eq!(
        last_decision(&asked.order),
        Some(Reuse::Anew(Anew::ConnectionWantsItsOwn))
    );
    let charged = step(asked.order, ended(3, Ok(result("Y", "05"))), at(4));
    assert_eq!(in_flight(&charged.order).three_ds, ThreeDsUse::Anew);
    assert_eq!(in_flight(&charged.order).route, 1);

    // The third route would need another one: there is one by cascade, and no more.
    let unreached = News::NeverLeft {
        attempt: attempt(4),
        why: "no connection",
        means: None,
    };
    assert_eq!(means_wanted(&charged.order, &unreached, at(5).now), []);
    let over = step(charged.order, unreached, at(5));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
    assert_eq!(
        last_decision(&over.order),
        Some(Reuse::NotUsed(NotUsed::AuthenticatedAnewBefore))
    );
}

#[test]
fn without_the_means_the_route_is_passed_over_for_one_that_takes_what_there_is() {
    let order = charging(vec![route(1), own_only(2), route(3)]);
    let third = step(order, soft(2, None), at(3));
    assert_eq!(in_flight(&third.order).route, 2);
    let decisions = &third.order.payment.as_ref().unwrap().history.reuse;
    let reuse: Vec<_> = decisions.iter().map(|decision| decision.reuse).collect();
    assert_eq!(reuse, [Reuse::NotUsed(NotUsed::NoMeans), Reuse::Carried]);
}

#[test]
fn an_authentication_of_another_amount_or_too_old_is_not_carried() {
    let carried_to = |order: &Order, seconds| {
        let payment = order.payment.as_ref().unwrap();
        crate::authentication_policy::reuse(payment, &payment.routes[1], at(seconds).now)
    };
    let mut order = charging(vec![route(1), route(2)]);
    assert_eq!(carried_to(&order, 3), Reuse::Carried);
    assert_eq!(carried_to(&order, 3_602), Reuse::Anew(Anew::TooOld));
    let payment = order.payment.as_mut().unwrap();
    payment.authentication.as_mut().unwrap().amount = Some(mxn(9_999));
    assert_eq!(carried_to(&order, 3), Reuse::Anew(Anew::OtherPurchase));
    order.payment.as_mut().unwrap().routes[1].needs_security_code = true;
    assert_eq!(
        carried_to(&order, 29 * 60),
        Reuse::NotUsed(NotUsed::SecurityCodeGone)
    );
}

#[test]
fn a_failed_authentication_leads_to_no_charge_without_one_unless_a_rule_says_so() {
    let waiving = Route {
        charges_after_failed_authentication: true,
        ..route(2)
    };
    let after_failure = |second: Route, outcome| -> Step {
        let asking = purchase(
            AuthenticationPlan::Ask { needs_page: false },
            vec![route(1), second],
        );
        step(after(vec![(asking, 0)]), ended(0, outcome), at(2))
    };
    let unreachable = || Err(Failure::DirectoryTimeout);
    assert_eq!(after_failure(route(2), unreachable()).send, None);
    let charged = after_failure(waiving.clone(), unreachable());
    assert!(matches!(charged.send, Some(Outgoing::Charge { .. })));
    assert_eq!(in_flight(&charged.order).three_ds, ThreeDsUse::Waived);
    assert!(charged.order.payment.as_ref().unwrap().authentication.is_none());
    for (status, goes_on) in [("N", false), ("R", false), ("U", true), ("A", true)] {
        let over = after_failure(waiving.clone(), Ok(result(status, "07")));
        assert_eq!(over.send.is_some(), goes_on, "{status}");
    }
}

#[test]
fn issuers_are_asked_once_more_and_not_again_but_processors_that_fail_do_not_count() {
    let routes = || (1..=7).map(route).collect::<Vec<_>>();
    let second = step(charging(routes()), soft(2, None), at(3));
    let over = step(second.order, soft(3, None), at(4));
    assert_eq!((over.send, words(&over.order)), (None, ("pending", "denied")));
    assert_eq!(ISSUER_DECLINES_MAX, 2);

    let mut now = step(charging(routes()), unreached(2), at(3));
    for seconds in 3..6 {
        now = step(now.order, unreached(seconds), at(seconds + 1));
        assert!(matches!(now.send, Some(Outgoing::Charge { .. })), "{seconds}");
    }
    let over = step(now.order, unreached(6), at(7));
    assert_eq!(over.send, None, "five attempts are all that a payment makes");
}

fn unreached(seconds: i64) -> News {
    News::NeverLeft {
        attempt: attempt(seconds),
        why: "no connection",
        means: None,
    }
}

#[test]
fn a_charge_that_the_processor_answers_later_is_waited_for_and_asked_about_by_its_id() {
    let pending = News::Answered {
        attempt: attempt(2),
        answer: AuthorizationAnswer::Pending {
            processor_reference: Some("their-1".into()),
        },
        means: None,
    };
    let awaited = step(charging(vec![route(1), route(2)]), pending, at(3));
    assert_eq!(words(&awaited.order), ("pending", "processing"));
    assert!(awaited.forget_security_code && awaited.look_again_at.is_some());
    assert_eq!(in_flight(&awaited.order).processor_reference(), Some("their-1"));
    assert_eq!(data(&awaited.order)["external_transaction_id"], "their-1");
    let told = |answer| News::Inquired {
        attempt: attempt(2),
        asked_at: at(10).now,
        answer: Some(answer),
    };
    let declined = InquiryAnswer::Declined(decline(Reason::GenericDecline, Advice::Failover));
    let over = step(awaited.order.clone(), told(declined), at(10));
    assert_eq!(over.send, None, "no other route: the security code is gone");
    let paid = step(awaited.order, told(InquiryAnswer::Approved(approval())), at(10));
    assert_eq!(words(&paid.order), ("succeeded", "processed"));
}

/// The answer is lost, and nobody can be asked.
fn taking_back() -> Step {
    let only_reversed = Route {
        lost_charge: Recovery::Reverse,
        reversals: true,
        ..route(1)
    };
    let silent = step(
        charging(vec![only_reversed, route(2)]),
        News::Silence { attempt: attempt(2) },
        at(30),
    );
    step(silent.order, News::Overdue { attempt: attempt(2) }, at(92))
}

fn reversal(answer: Option<ReversalAnswer>) -> News {
    reversal_asked_at(94, answer)
}

fn reversal_asked_at(seconds: i64, answer: Option<ReversalAnswer>) -> News {
    News::ReversalAnswered {
        attempt: attempt(2),
        asked_at: at(seconds).now,
        answer,
    }
}

#[test]
fn a_charge_that_nobody_can_be_asked_about_is_taken_back_and_denied() {
    let back = taking_back();
    assert_eq!(
        back.send,
        Some(Outgoing::Reverse {
            attempt: attempt(2),
            approval: None
        })
    );
    let accepted = step(back.order, reversal(Some(ReversalAnswer::Accepted)), at(93));
    assert!(accepted.send.is_none() && accepted.look_again_at.is_some());
    let done = step(accepted.order, reversal(Some(ReversalAnswer::Reversed)), at(95));
    assert_eq!(words(&done.order), ("pending", "denied"));
    assert_eq!(done.attempts[0].state, AttemptState::Reversed);
    assert_eq!(data(&done.order)["metadata"]["code"], "DP-6003");
}

#[test]
fn an_approval_of_another_amount_than_was_asked_is_voided_and_pays_nothing() {
    let partial = Approval {
        amount: mxn(1),
        ..approval()
    };
    let answered = News::Answered {
        attempt: attempt(2),
        answer: AuthorizationAnswer::Approved(partial.clone()),
        means: None,
    };
    let told = News::Inquired {
        attempt: attempt(2),
        asked_at: at(5).now,
        answer: Some(InquiryAnswer::Approved(partial.clone())),
    };
    for news in [answered, told] {
        let voided = step(charging(vec![route(1), route(2)]), news, at(5));
        assert_eq!(words(&voided.order), ("pending", "processing"));
        assert_eq!(
            voided.send,
            Some(Outgoing::Reverse {
                attempt: attempt(2),
                approval: Some(partial.clone())
            })
        );
        let done = step(voided.order, reversal(Some(ReversalAnswer::Reversed)), at(6));
        assert_eq!(words(&done.order), ("pending", "denied"));
        assert_eq!(done.attempts[0].state, AttemptState::Reversed);
    }
}

#[test]
fn an_approval_that_comes_while_its_charge_is_taken_back_is_voided_and_pays_nothing() {
    let back = taking_back();
    let late = News::Inquired {
        attempt: attempt(2),
        asked_at: at(94).now,
        answer: Some(InquiryAnswer::Approved(approval())),
    };
    let voided = step(back.order, late, at(94));
    assert_eq!(words(&voided.order), ("pending", "processing"));
    assert!(matches!(
        in_flight(&voided.order).outcome,
        Outcome::Reversing {
            approval: Some(_),
            ..
        }
    ));
    assert_eq!(
        voided.send,
        Some(Outgoing::Reverse {
            attempt: attempt(2),
            approval: Some(approval())
        })
    );
    let looks_declined = News::Inquired {
        attempt: attempt(2),
        asked_at: at(95).now,
        answer: Some(InquiryAnswer::Declined(decline(Reason::Cancelled, Advice::Never))),
    };
    let says = crate::decide(
        &crate::Limits::default(),
        voided.order.clone(),
        looks_declined,
        at(95),
    );
    assert!(says.unwrap().is_none(), "it is being voided");
    let given_up = step(voided.order, reversal(None), at(1_900));
    assert_eq!(words(&given_up.order), ("pending", "denied"));
    assert!(given_up.look_again_at.is_some(), "the void goes on");
    let done = step(
        given_up.order,
        reversal(Some(ReversalAnswer::Reversed)),
        at(2_000),
    );
    assert_eq!(done.look_again_at, None);
}

#[test]
fn not_found_is_judged_by_when_it_was_asked() {
    let silent = step(
        charging(vec![route(1)]),
        News::Silence { attempt: attempt(2) },
        at(30),
    );
    let early = News::Inquired {
        attempt: attempt(2),
        asked_at: at(100).now,
        answer: Some(InquiryAnswer::NotFound),
    };
    let told_late = step(silent.order, early, at(2_000));
    assert_eq!(words(&told_late.order), ("pending", "processing"));
    assert!(told_late.look_again_at.is_some());
}

#[test]
fn nothing_to_take_back_is_judged_by_when_it_was_asked() {
    let early = reversal_asked_at(100, Some(ReversalAnswer::NotFound));
    let told_late = step(taking_back().order, early.clone(), at(2_000));
    assert_eq!(words(&told_late.order), ("pending", "processing"));
    let given_up = step(
        told_late.order,
        reversal_asked_at(1_900, Some(ReversalAnswer::NotFound)),
        at(2_001),
    );
    assert_eq!(words(&given_up.order), ("pending", "denied"));
    let look_at = given_up.look_again_at;
    assert!(look_at.is_some(), "the charge may yet arrive");
    assert!(
        crate::decide(&crate::Limits::default(), given_up.order, early, at(2_002))
            .unwrap()
            .is_none(),
        "the look is still to be taken"
    );
}

#[test]
fn a_charge_whose_taking_back_is_not_known_to_have_ended_blocks_its_order_until_it_is_given_up() {
    for answer in [Some(ReversalAnswer::Accepted), None] {
        let waits = step(
            taking_back().order,
            reversal_asked_at(1_900, answer.clone()),
            at(1_901),
        );
        assert_eq!(words(&waits.order), ("pending", "processing"), "{answer:?}");
        let given_up = step(waits.order, reversal_asked_at(90_000, answer), at(90_001));
        assert_eq!(words(&given_up.order), ("pending", "denied"));
        assert!(given_up.look_again_at.is_some());
    }
}

#[test]
fn a_charge_that_is_taken_back_after_it_was_given_up_is_asked_about_again_where_that_can_be() {
    for (lost_charge, asks) in [(Recovery::Inquire, true), (Recovery::Reverse, false)] {
        let mut order = taking_back().order;
        for route in order.payment.iter_mut().flat_map(|payment| &mut payment.routes) {
            route.lost_charge = lost_charge;
        }
        let given_up = step(order, reversal_asked_at(90_000, None), at(90_001));
        let accepted = reversal_asked_at(90_002, Some(ReversalAnswer::Accepted));
        let told_again = step(given_up.order, accepted, at(90_003));
        assert_eq!(told_again.look_again_at.is_some(), asks, "{lost_charge:?}");
    }
}
