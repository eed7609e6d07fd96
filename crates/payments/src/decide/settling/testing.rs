//! Paid orders and what happens to their settlements, for the tests of the rules.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use crate::{
    decide::{AuthenticationPlan, Limits, News, Step, decide, testing::*},
    order::Order,
    payment::{Authorized, PaymentState},
    refusal::RefusalCode,
    routing::Route,
    settlement::{Offers, Settlement, SettlementNews},
    status,
};
use acquiring::{Advice, Captures, ChargeKind, Reason, Recovery, SettlementAnswer, SettlementInquiryAnswer};
use primitives::{Id, id::kind};

/// A processor that offers all there is, and can be asked.
pub fn offers() -> Offers {
    Offers {
        captures: Captures::Several,
        lost_capture: Recovery::Inquire,
        lost_void: Recovery::Inquire,
        lost_refund: Recovery::Inquire,
        ..Offers::default()
    }
}

pub fn paid_by(charge: ChargeKind, offers: Offers) -> Order {
    let route = Route {
        charge,
        offers,
        ..route(1)
    };
    after(vec![
        (purchase(AuthenticationPlan::None, vec![route]), 0),
        (approved(0), 1),
    ])
}

/// 100.00 held.
pub fn held() -> Order {
    paid_by(ChargeKind::Authorization, offers())
}

/// 100.00 taken.
pub fn sold() -> Order {
    paid_by(ChargeKind::Sale, offers())
}

pub fn capture(minor: impl Into<Option<i64>>, is_final: impl Into<Option<bool>>) -> News {
    News::Settlement(SettlementNews::CaptureAsked {
        amount: minor.into().map(mxn),
        is_final: is_final.into(),
    })
}

pub fn void() -> News {
    News::Settlement(SettlementNews::VoidAsked {
        reason: Some("out of stock".into()),
    })
}

pub fn refund(minor: impl Into<Option<i64>>) -> News {
    News::Settlement(SettlementNews::RefundAsked {
        amount: minor.into().map(mxn),
        reason: None,
    })
}

/// The settlement that was asked for at that second.
pub fn settlement(seconds: i64) -> Id<kind::Settlement> {
    at(seconds).fresh_id()
}

fn answered(seconds: i64, answer: SettlementAnswer) -> News {
    let settlement = settlement(seconds);
    News::Settlement(SettlementNews::Answered { settlement, answer })
}

pub fn done(seconds: i64) -> News {
    let processor_reference = Some(format!("done-{seconds}"));
    answered(seconds, SettlementAnswer::Done { processor_reference })
}

pub fn accepted(seconds: i64) -> News {
    let processor_reference = Some(format!("accepted-{seconds}"));
    answered(seconds, SettlementAnswer::Accepted { processor_reference })
}

pub fn refused(seconds: i64) -> News {
    let decline = decline(Reason::InvalidState, Advice::Never);
    answered(seconds, SettlementAnswer::Refused(decline))
}

pub fn never_left(seconds: i64) -> News {
    News::Settlement(SettlementNews::NeverLeft {
        settlement: settlement(seconds),
        why: "no connection",
    })
}

pub fn silence(seconds: i64) -> News {
    let settlement = settlement(seconds);
    News::Settlement(SettlementNews::Silence { settlement })
}

/// Inquired about long after every window.
pub fn inquired(seconds: i64, answer: Option<SettlementInquiryAnswer>) -> News {
    inquired_at(5_000, seconds, answer)
}

pub fn inquired_at(asked: i64, seconds: i64, answer: Option<SettlementInquiryAnswer>) -> News {
    News::Settlement(SettlementNews::Inquired {
        settlement: settlement(seconds),
        asked_at: at(asked).now,
        answer,
    })
}

pub fn found_done(seconds: i64) -> News {
    let processor_reference = Some(format!("found-{seconds}"));
    inquired(
        seconds,
        Some(SettlementInquiryAnswer::Done { processor_reference }),
    )
}

pub fn found_refused(seconds: i64) -> News {
    let decline = decline(Reason::GenericDecline, Advice::Never);
    inquired(seconds, Some(SettlementInquiryAnswer::Refused(decline)))
}

pub fn not_found(seconds: i64) -> News {
    inquired(seconds, Some(SettlementInquiryAnswer::NotFound))
}

pub fn not_found_at(asked: i64, seconds: i64) -> News {
    inquired_at(asked, seconds, Some(SettlementInquiryAnswer::NotFound))
}

pub fn pending(seconds: i64) -> News {
    inquired(seconds, Some(SettlementInquiryAnswer::Pending))
}

/// What was held is not any more.
pub fn expired() -> News {
    News::Settlement(SettlementNews::Expired { attempt: attempt(0) })
}

/// Decides step by step from an order.
pub fn then(order: Order, steps: Vec<(News, i64)>) -> Order {
    steps.into_iter().fold(order, |order, (news, seconds)| {
        step(order, news, at(seconds)).order
    })
}

pub fn refusal(order: &Order, news: News) -> RefusalCode {
    decide(&Limits::default(), order.clone(), news, at(60))
        .unwrap_err()
        .code
}

pub fn says_nothing(order: &Order, news: News, seconds: i64) -> bool {
    decide(&Limits::default(), order.clone(), news, at(seconds))
        .unwrap()
        .is_none()
}

pub fn paid(order: &Order) -> &Authorized {
    match &order.payment.as_ref().unwrap().state {
        PaymentState::Authorized(paid) => paid,
        other => panic!("{other:?}"),
    }
}

pub fn the(order: &Order, seconds: i64) -> &Settlement {
    let id = settlement(seconds);
    paid(order).settlements.iter().find(|it| it.id == id).unwrap()
}

/// Capturing, captured, refunding, refunded.
pub fn totals(order: &Order) -> [i64; 4] {
    let [_, rest @ ..] = paid(order).totals.parts().map(primitives::Amount::minor);
    rest
}

pub fn words(order: &Order) -> (&'static str, &'static str) {
    let words = status::of(order);
    (words.order, words.payment.unwrap_or("-"))
}

/// Event type and the payment's status in it.
pub fn told(step: &Step) -> Option<(&'static str, &'static str)> {
    step.announce
        .map(|told| (told.event_type, told.payment_status.unwrap_or("-")))
}
