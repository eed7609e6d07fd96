use super::*;
use crate::{
    decide::{AuthenticationPlan, News, settling_testing::*, testing::*},
    directlink::ncerror::NcError,
    order::Order,
};
use acquiring::{Advice, AuthorizationAnswer};

/// The order as if a DirectLink shop had begun it.
fn by_directlink(mut order: Order) -> Order {
    order.payment.as_mut().unwrap().terms.api = PurchaseApi::DirectLink;
    order
}

/// What is told: occasion, status, number and level.
type Heard = (Occasion, u8, u32, Option<u32>);

/// Decides, and says what is told.
fn told(order: Order, news: News, seconds: i64) -> (Order, Vec<Heard>) {
    let before = Before::of(&order);
    let step = step(order, news, at(seconds));
    let changes = before.changes(&step.order, &step.settlements);
    let told = changes.into_iter().map(|change| {
        let telling = change.telling;
        (change.occasion, telling.status, telling.error.0, telling.level)
    });
    (step.order, told.collect())
}

/// All that is told of these steps, one after the other.
fn all_told(order: Order, steps: Vec<(News, i64)>) -> Vec<Heard> {
    let mut heard = Vec::new();
    steps.into_iter().fold(order, |order, (news, seconds)| {
        let (order, told) = told(order, news, seconds);
        heard.extend(told);
        order
    });
    heard
}

/// A charge on its way.
fn charging(charge: ChargeKind) -> Order {
    let route = crate::routing::Route {
        charge,
        offers: offers(),
        ..route(1)
    };
    by_directlink(after(vec![(purchase(AuthenticationPlan::None, vec![route]), 0)]))
}

fn silent(seconds: i64) -> News {
    News::Silence {
        attempt: attempt(seconds),
    }
}

#[test]
fn the_end_of_a_charge_is_told_once() {
    for (charge, status) in [(ChargeKind::Authorization, 5), (ChargeKind::Sale, 9)] {
        let (paid, heard) = told(charging(charge), approved(0), 1);
        assert_eq!(heard, [(Occasion::End, status, 0, None)]);
        assert_eq!(Before::of(&paid).changes(&paid, &[]), [], "nothing changed since");
    }
    let refused = all_told(charging(ChargeKind::Sale), vec![(declined(0, Advice::Never), 1)]);
    assert_eq!(refused, [(Occasion::End, 2, NcError::REFUSED.0, None)]);
}

#[test]
fn nothing_is_told_before_the_end() {
    let bought = Before::default().changes(&charging(ChargeKind::Sale), &[]);
    assert_eq!(bought, [], "a charge on its way is not uncertain yet");
    let waiting = by_directlink(after(vec![(
        purchase(AuthenticationPlan::Ask { needs_page: true }, vec![route(1)]),
        0,
    )]));
    assert_eq!(Before::default().changes(&waiting, &[]), []);
    let (_, heard) = told(waiting, decoupled(0), 5);
    assert_eq!(heard, [], "51");
}

#[test]
fn orders_of_other_faces_tell_nothing() {
    let order = sold();
    assert_eq!(Before::default().changes(&order, &[]), []);
    let before = Before::of(&order);
    let step = step(order, refund(None), at(10));
    assert_eq!(before.changes(&step.order, &step.settlements), []);
}

#[test]
fn an_uncertain_charge_is_told_and_so_is_what_it_comes_to() {
    for (charge, uncertain, status) in [(ChargeKind::Authorization, 52, 5), (ChargeKind::Sale, 92, 9)] {
        let heard = all_told(charging(charge), vec![(silent(0), 5), (approved(0), 60)]);
        assert_eq!(
            heard,
            [
                (Occasion::End, uncertain, 20_001_001, None),
                (Occasion::Change, status, 0, None)
            ]
        );
    }
}

#[test]
fn captures_and_refunds_are_told_with_their_numbers_once_they_have_ended() {
    let heard = all_told(
        by_directlink(held()),
        vec![
            (capture(6_000, false), 10),
            (accepted(10), 11),
            (found_done(10), 12),
            (capture(4_000, true), 20),
            (done(20), 21),
            (refund(1_000), 30),
            (done(30), 31),
        ],
    );
    assert_eq!(
        heard,
        [
            (Occasion::Change, 9, 0, Some(1)),
            (Occasion::Change, 9, 0, Some(2)),
            (Occasion::Change, 8, 0, Some(3)),
        ]
    );
}

#[test]
fn a_void_is_told_as_the_void_and_not_as_the_payment_too() {
    let heard = all_told(by_directlink(held()), vec![(void(), 10), (done(10), 11)]);
    assert_eq!(heard, [(Occasion::Change, 6, 0, Some(1))]);
}

#[test]
fn what_fails_is_told_as_refused() {
    let heard = all_told(
        by_directlink(held()),
        vec![(capture(None, None), 10), (refused(10), 11)],
    );
    assert_eq!(heard, [(Occasion::Change, 93, NcError::REFUSED.0, Some(1))]);
    let heard = all_told(
        by_directlink(sold()),
        vec![(refund(None), 10), (never_left(10), 11)],
    );
    assert_eq!(heard, [(Occasion::Change, 83, NcError::REFUSED.0, Some(1))]);
}

#[test]
fn a_refund_that_is_taken_back_weeks_later_is_told_again() {
    let weeks = 3 * 7 * 86_400;
    let heard = all_told(
        by_directlink(sold()),
        vec![(refund(2_500), 10), (done(10), 11), (found_refused(10), weeks)],
    );
    assert_eq!(
        heard,
        [
            (Occasion::Change, 8, 0, Some(1)),
            (Occasion::Change, 83, NcError::REFUSED.0, Some(1)),
        ]
    );
}

#[test]
fn however_often_one_asks_in_vain_an_uncertain_refund_is_told_once() {
    let heard = all_told(
        by_directlink(sold()),
        vec![
            (refund(2_500), 10),
            (silence(10), 11),
            (inquired_at(20, 10, None), 21),
            (inquired_at(30, 10, None), 31),
            (found_done(10), 6_000),
        ],
    );
    assert_eq!(
        heard,
        [
            (Occasion::Change, 82, 20_001_001, Some(1)),
            (Occasion::Change, 8, 0, Some(1)),
        ]
    );
}

#[test]
fn a_hold_that_runs_out_is_told_without_a_number() {
    let heard = all_told(by_directlink(held()), vec![(expired(), 10)]);
    assert_eq!(heard, [(Occasion::Change, 6, 0, None)]);
}

#[test]
fn numbers_are_never_given_twice_however_many_failures_are_forgotten() {
    let mut order = by_directlink(sold());
    for number in 1..=30 {
        let seconds = i64::from(number) * 100;
        let (asked, _) = told(order, refund(100), seconds);
        let (failed, heard) = told(asked, refused(seconds), seconds + 1);
        assert_eq!(heard, [(Occasion::Change, 83, NcError::REFUSED.0, Some(number))]);
        order = failed;
    }
}

#[test]
fn a_shopper_who_gives_up_has_cancelled() {
    let waiting = by_directlink(after(vec![(
        purchase(AuthenticationPlan::Ask { needs_page: true }, vec![route(1)]),
        0,
    )]));
    let heard = all_told(waiting, vec![(News::CardholderGaveUp, 5)]);
    assert_eq!(heard, [(Occasion::End, 1, 0, None)]);
}

#[test]
fn a_charge_whose_end_the_processor_tells_later_is_told_by_then() {
    let pending = News::Answered {
        attempt: attempt(0),
        answer: AuthorizationAnswer::Pending {
            processor_reference: None,
        },
        means: None,
    };
    let heard = all_told(charging(ChargeKind::Sale), vec![(pending, 5), (approved(0), 600)]);
    assert_eq!(heard, [(Occasion::End, 9, 0, None)]);
}
