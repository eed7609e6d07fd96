use super::*;
use crate::{
    decide::{AuthenticationPlan, News, Step, testing::*},
    payment::{Closed, PaymentState},
    routing::Route,
    settlement::Offers,
};
use acquiring::{Advice, AuthorizationAnswer, InquiryAnswer};

fn refused_by_risk(advice: Advice) -> Decline {
    Decline {
        processor_reference: Some("risky".into()),
        leaves_hold: true,
        ..decline(Reason::ProcessorRiskBlock, advice)
    }
}

fn answer(decline: Decline) -> News {
    News::Answered {
        attempt: attempt(0),
        answer: AuthorizationAnswer::Declined(decline),
        means: None,
    }
}

fn inquired(seconds: i64, answer: InquiryAnswer) -> News {
    News::Inquired {
        attempt: attempt(0),
        asked_at: at(seconds).now,
        answer: Some(answer),
    }
}

fn charging(first: Route) -> Order {
    let second = Route {
        authenticates: false,
        ..route(2)
    };
    after(vec![(purchase(AuthenticationPlan::None, vec![first, second]), 0)])
}

fn left(step: &Step) -> &Hold {
    let [hold] = step.holds.as_slice() else {
        panic!("one hold: {:?}", step.holds);
    };
    hold
}

#[test]
fn a_decline_leaves_its_hold_beside_the_payment_that_is_denied() {
    let denied = step(charging(route(1)), answer(refused_by_risk(Advice::Never)), at(3));
    assert!(matches!(
        denied.order.payment.as_ref().unwrap().state,
        PaymentState::Closed(Closed::Denied(_))
    ));
    assert_eq!((denied.send.as_ref(), denied.look_again_at), (None, None));
    let hold = left(&denied);
    assert_eq!(
        (hold.attempt, hold.amount, hold.look_at()),
        (attempt(0), mxn(10_000), Some(at(3).now))
    );
    assert_eq!(
        hold.released_by,
        ReleasedBy::Void {
            processor_reference: "risky".into()
        }
    );
    let as_usual = step(charging(route(1)), declined(0, Advice::Never), at(3));
    assert!(as_usual.holds.is_empty());
}

#[test]
fn the_next_route_does_not_wait_for_it() {
    let onward = step(
        charging(route(1)),
        answer(refused_by_risk(Advice::Failover)),
        at(3),
    );
    assert!(matches!(
        onward.send,
        Some(crate::decide::Outgoing::Charge { .. })
    ));
    assert_eq!(left(&onward).attempt, attempt(0));
}

#[test]
fn it_is_released_however_the_decline_came_to_be_known() {
    let risky = || InquiryAnswer::Declined(refused_by_risk(Advice::Never));
    let silent = step(charging(route(1)), News::Silence { attempt: attempt(0) }, at(30)).order;
    let found = step(silent.clone(), inquired(60, risky()), at(60));
    assert_eq!(left(&found).left_at, at(60).now);

    let lost = step(silent, inquired(1_800, InquiryAnswer::NotFound), at(1_800)).order;
    let late = step(lost, inquired(3_600, risky()), at(3_600));
    assert_eq!(left(&late).left_at, at(3_600).now);
    assert_eq!(late.look_again_at, None);
}

#[test]
fn what_releases_it_is_what_the_processor_offers() {
    let offering = |voids, reversals| Route {
        offers: Offers {
            voids,
            ..Offers::default()
        },
        reversals,
        ..route(1)
    };
    let unnamed = Decline {
        processor_reference: None,
        ..refused_by_risk(Advice::Never)
    };
    for (route, decline, by) in [
        (
            offering(Voids::NotOffered, true),
            refused_by_risk(Advice::Never),
            ReleasedBy::Reversal,
        ),
        (offering(Voids::Full, true), unnamed.clone(), ReleasedBy::Reversal),
        (offering(Voids::Full, false), unnamed, ReleasedBy::Nothing),
    ] {
        let denied = step(charging(route), answer(decline), at(3));
        assert_eq!(left(&denied).released_by, by);
        let given_up = by == ReleasedBy::Nothing;
        assert_eq!(left(&denied).state == HoldState::GivenUp, given_up);
    }
}

#[test]
fn a_release_is_tried_until_it_is_done_or_the_hold_has_run_out() {
    let denied = step(charging(route(1)), answer(refused_by_risk(Advice::Never)), at(3));
    let limits = Limits::default();
    let refused = ReversalAnswer::Refused(decline(Reason::InvalidState, Advice::Never));
    let hold = || left(&denied).clone();
    let said = |answer: &ReversalAnswer| hold().answered(&limits, Some(answer), at(4).now);
    assert_eq!(said(&ReversalAnswer::Reversed).state, HoldState::Released);
    assert_eq!(said(&ReversalAnswer::Accepted).look_at(), None);

    let once = said(&refused);
    assert_eq!(once.look_at(), Some(at(49).now), "it was never tried before");
    let twice = once.answered(&limits, Some(&refused), at(49).now);
    assert_eq!(twice.state, HoldState::Released, "the first try got through");

    let (mut hold, mut tries) = (hold(), 0);
    while let Some(look_at) = hold.look_at() {
        let answer = (tries % 2 == 0).then_some(&ReversalAnswer::NotFound);
        hold = hold.answered(&limits, answer, look_at);
        tries += 1;
    }
    assert_eq!(hold.state, HoldState::GivenUp);
    assert!((40..100).contains(&tries), "{tries}");
    let late = hold
        .clone()
        .answered(&limits, Some(&ReversalAnswer::Reversed), at(9).now);
    assert_eq!(late, hold);
}
