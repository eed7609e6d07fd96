//! Planted bugs about captures, voids and refunds.

use super::{Decided, changed};
use acquiring::{SettlementInquiryAnswer, SettlementKind};
use payments::{
    Limits, News, Order, PaymentState, Totals,
    payment::Authorized,
    settlement::{Settlement, SettlementNews, SettlementState, Standing},
};
use primitives::{Amount, Moment};

/// What a mutant does not see of a paid order while it decides on a wish.
type Blindness = fn(&Settlement) -> bool;

fn paid_of(order: &mut Order) -> Option<&mut Authorized> {
    match order.payment.as_mut().map(|payment| &mut payment.state) {
        Some(PaymentState::Authorized(paid)) => Some(paid),
        Some(PaymentState::Authenticating(_) | PaymentState::Authorizing(_) | PaymentState::Closed(_))
        | None => None,
    }
}

/// Refunds that are on their way are not counted.
pub fn refund_not_reserved(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let asked = matches!(news, News::Settlement(SettlementNews::RefundAsked { .. }));
    blindly(limits, order, news, moment, asked, |it| {
        it.kind == SettlementKind::Refund && it.is_in_flight()
    })
}

/// Captures that are on their way are not counted.
pub fn capture_not_reserved(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let asked = matches!(news, News::Settlement(SettlementNews::CaptureAsked { .. }));
    blindly(limits, order, news, moment, asked, |it| {
        it.kind == SettlementKind::Capture && it.is_in_flight()
    })
}

/// What was captured is voided.
pub fn void_after_capture(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let asked = matches!(news, News::Settlement(SettlementNews::VoidAsked { .. }));
    blindly(limits, order, news, moment, asked, |it| {
        it.kind == SettlementKind::Capture
    })
}

/// Decides as though some settlements were not there, and puts them back.
fn blindly(
    limits: &Limits,
    mut order: Order,
    news: News,
    moment: Moment,
    applies: bool,
    unseen: Blindness,
) -> Decided {
    let Some(paid) = paid_of(&mut order).filter(|_| applies) else {
        return payments::decide(limits, order, news, moment);
    };
    let (totals, standing, settlements) = (paid.totals, paid.standing, paid.settlements.clone());
    paid.settlements.retain(|it| !unseen(it));
    paid.standing = Standing::Open;
    if let Some(without) = without(&totals, settlements.iter().filter(|it| unseen(it))) {
        paid.totals = without;
    }
    let step = payments::decide(limits, order, news, moment)?;
    Ok(changed(step, |step| {
        if let Some(paid) = paid_of(&mut step.order) {
            let asked = paid.settlements.pop();
            paid.settlements = settlements.into_iter().chain(asked).collect();
            (paid.totals, paid.standing) = (totals, standing);
        }
    }))
}

fn without<'a>(totals: &Totals, unseen: impl Iterator<Item = &'a Settlement>) -> Option<Totals> {
    let mut parts = totals.parts();
    for it in unseen {
        let place = match (it.kind, &it.state) {
            (SettlementKind::Capture, SettlementState::Done { .. }) => 2,
            (SettlementKind::Capture, _) if it.is_in_flight() => 1,
            (SettlementKind::Refund, _) if it.is_in_flight() => 3,
            (SettlementKind::Capture | SettlementKind::Void | SettlementKind::Refund, _) => continue,
        };
        parts[place] = parts[place].checked_sub(it.amount).ok()?;
    }
    Totals::from_parts(parts).ok()
}

/// A notification of what is done already is taken once more.
pub fn notification_applied_twice(limits: &Limits, mut order: Order, news: News, moment: Moment) -> Decided {
    if let News::Settlement(SettlementNews::Inquired {
        settlement,
        answer: Some(SettlementInquiryAnswer::Done { .. }),
        ..
    }) = &news
        && let Some(paid) = paid_of(&mut order)
        && let Some(place) = paid.settlements.iter().position(|it| it.id == *settlement)
        && matches!(paid.settlements[place].state, SettlementState::Done { .. })
        && paid.settlements[place].kind == SettlementKind::Refund
    {
        let amount = paid.settlements[place].amount;
        let [authorized, capturing, captured, refunding, refunded] = paid.totals.parts();
        let again = refunding
            .checked_add(amount)
            .unwrap_or(Amount::zero(amount.currency()));
        if let Ok(totals) = Totals::from_parts([authorized, capturing, captured, again, refunded]) {
            paid.totals = totals;
            paid.settlements[place].state = SettlementState::Unknown { inquiries: 0 };
        }
    }
    payments::decide(limits, order, news, moment)
}

/// A request whose answer was lost counts as not sent, and its amount is free again.
pub fn lost_counts_as_unsent(limits: &Limits, order: Order, news: News, moment: Moment) -> Decided {
    let news = match news {
        News::Settlement(SettlementNews::Silence { settlement }) => {
            News::Settlement(SettlementNews::NeverLeft {
                settlement,
                why: "no answer came",
            })
        }
        news => news,
    };
    payments::decide(limits, order, news, moment)
}
