//! Whether a capture, void or refund may be asked for, and for how much.

use crate::{
    order::{Lifecycle, Order},
    payment::{Authorized, Payment, PaymentState},
    refusal::{Refusal, RefusalCode},
    routing::Route,
    settlement::{Settlement, SettlementState, Standing},
};
use acquiring::{CaptureRef, Captures, ChargeKind, Refunds, RefundsOf, SettlementKind, Voids};
use primitives::Amount;

/// How many captures, voids and refunds one payment may have in flight or done.
pub const SETTLEMENTS_MAX: usize = 250;

/// What is to be sent.
pub(super) struct Asked {
    pub kind: SettlementKind,
    pub amount: Amount,
    pub is_final: bool,
    pub reason: Option<String>,
    pub capture: Option<CaptureRef>,
}

/// The payment that has the money, and by which route.
pub(super) struct Paid<'a> {
    pub paid: &'a Authorized,
    pub route: &'a Route,
}

impl<'a> Paid<'a> {
    /// Refuses with `otherwise` where no money was approved.
    pub fn of(order: &'a Order, otherwise: RefusalCode) -> Result<Self, Refusal> {
        let refuse = |code, why: &str| Err(Refusal::new(code, why));
        match order.lifecycle {
            Lifecycle::Cancelled => {
                return refuse(RefusalCode::StatusNotValidForTransition, "the order is cancelled");
            }
            Lifecycle::Expired => return refuse(RefusalCode::OrderExpired, "the order has expired"),
            Lifecycle::Open => {}
        }
        let Some(payment) = &order.payment else {
            return refuse(otherwise, "the order has not been paid");
        };
        match &payment.state {
            PaymentState::Authenticating(_) | PaymentState::Authorizing(_) => refuse(
                RefusalCode::PendingPayment,
                "a payment of this order is on its way: wait for its outcome",
            ),
            PaymentState::Closed(_) => refuse(otherwise, "the order has not been paid"),
            PaymentState::Authorized(paid) => Self::authorized(payment, paid, otherwise),
        }
    }

    fn authorized(
        payment: &'a Payment,
        paid: &'a Authorized,
        otherwise: RefusalCode,
    ) -> Result<Self, Refusal> {
        let refuse = |code, why: &str| Err(Refusal::new(code, why));
        let Some(route) = payment.route_charged(paid) else {
            return refuse(otherwise, "the connection that took the payment is not known");
        };
        if paid.standing == Standing::Voided {
            let why = match paid.expired_at {
                Some(_) => "the money is not held any more: the authorisation has expired",
                None => "the payment was voided: the order is cancelled",
            };
            return refuse(RefusalCode::StatusNotValidForTransition, why);
        }
        let counted = paid
            .settlements
            .iter()
            .filter(|it| !it.state.has_failed())
            .count();
        if counted >= SETTLEMENTS_MAX {
            return refuse(
                RefusalCode::AttemptsExceeded,
                "the payment has seen too many captures and refunds",
            );
        }
        Ok(Self { paid, route })
    }

    pub fn capture(&self, amount: Option<Amount>, is_final: Option<bool>) -> Result<Asked, Refusal> {
        let refuse = |code, why: &str| Err(Refusal::new(code, why));
        let (paid, offered) = (self.paid, self.route.offers.captures);
        if paid.kind == ChargeKind::Sale {
            return refuse(
                RefusalCode::CannotCapture,
                "the payment was captured when it was made",
            );
        }
        self.refuse_while(Settlement::holds_up_captures)?;
        let left = paid.totals.left_to_capture();
        if left.is_zero() {
            // Whether it is captured already, the parts on their way will tell.
            self.refuse_while(is_release)?;
        }
        if paid.standing == Standing::CapturedFinally || left.is_zero() {
            return refuse(RefusalCode::CannotCapture, "the payment is captured already");
        }
        let amount = amount_within(amount, left, "captured")?;
        let is_final = is_final.unwrap_or(true);
        match offered {
            Captures::NotOffered => {
                return refuse(RefusalCode::NotImplemented, "this processor does not capture");
            }
            Captures::FullOnly if amount != paid.totals.authorized() => {
                return refuse(
                    RefusalCode::NotImplemented,
                    "this processor captures all of a payment or nothing",
                );
            }
            Captures::FullOnly | Captures::Once if !is_final => {
                return refuse(RefusalCode::NotImplemented, "this processor captures only once");
            }
            Captures::FullOnly | Captures::Once | Captures::Several => {}
        }
        Ok(Asked {
            kind: SettlementKind::Capture,
            amount,
            is_final,
            reason: None,
            capture: None,
        })
    }

    pub fn void(&self, reason: Option<String>) -> Result<Asked, Refusal> {
        let refuse = |code, why: &str| Err(Refusal::new(code, why));
        let paid = self.paid;
        if !paid.totals.captured().is_zero() {
            return refuse(
                RefusalCode::CannotVoid,
                "the payment is captured: it can only be refunded",
            );
        }
        self.refuse_while(is_release)?;
        match self.route.offers.voids {
            Voids::NotOffered => refuse(RefusalCode::NotImplemented, "this processor does not void"),
            Voids::Full | Voids::Partial => Ok(Asked {
                kind: SettlementKind::Void,
                amount: paid.totals.authorized(),
                is_final: true,
                reason,
                capture: None,
            }),
        }
    }

    pub fn refund(&self, amount: Option<Amount>, reason: Option<String>) -> Result<Asked, Refusal> {
        let refuse = |code, why: &str| Err(Refusal::new(code, why));
        let totals = &self.paid.totals;
        let [_, _, captured, refunding, _] = totals.parts();
        let left = totals.left_to_refund();
        if captured.is_zero() {
            return refuse(RefusalCode::CannotRefund, "nothing of the payment is captured");
        }
        if left.is_zero() && refunding.is_zero() {
            return refuse(RefusalCode::AlreadyRefunded, "all of the payment was given back");
        }
        if left.is_zero() {
            return refuse(
                RefusalCode::PendingPayment,
                "all that is left of the payment is on its way back",
            );
        }
        let amount = amount_within(amount, left, "refunded")?;
        match self.route.offers.refunds {
            Refunds::NotOffered => {
                return refuse(RefusalCode::NotImplemented, "this processor does not refund");
            }
            Refunds::FullOnly if amount != captured => {
                return refuse(
                    RefusalCode::NotImplemented,
                    "this processor gives back all of a payment or nothing",
                );
            }
            Refunds::FullOnly | Refunds::Several => {}
        }
        let capture = fullest_capture(&self.paid.settlements);
        match (self.route.offers.refunds_of, &capture) {
            (RefundsOf::Capture, Some((_, left))) if amount.minor() > left.minor() => {
                return refuse(
                    RefusalCode::AmountExceeded,
                    &format!("this processor gives back one capture at a time: at most {left} now"),
                );
            }
            (RefundsOf::Capture | RefundsOf::Charge, _) => {}
        }
        Ok(Asked {
            kind: SettlementKind::Refund,
            amount,
            is_final: false,
            reason,
            capture: capture.map(|(capture, _)| capture),
        })
    }

    /// Refuses while one of the payment's captures and voids is like that.
    fn refuse_while(&self, is_so: fn(&Settlement) -> bool) -> Result<(), Refusal> {
        let busy = self.paid.settlements.iter().find(|it| is_so(it));
        match busy {
            Some(other) => Err(Refusal::new(
                RefusalCode::PendingPayment,
                format!(
                    "a {} of this payment is on its way: wait for its outcome",
                    other.kind.as_str()
                ),
            )),
            None => Ok(()),
        }
    }
}

/// A capture or void whose end is still to come.
fn is_release(settlement: &Settlement) -> bool {
    settlement.is_in_flight() && settlement.kind != SettlementKind::Refund
}

/// The amount that is asked for, or all that is left.
fn amount_within(asked: Option<Amount>, left: Amount, done: &str) -> Result<Amount, Refusal> {
    let refuse = |code, why: String| Err(Refusal::of_field(code, "amount", why));
    let Some(amount) = asked else { return Ok(left) };
    if amount.currency() != left.currency() {
        return refuse(
            RefusalCode::PayloadError,
            format!("must be in {}", left.currency().code()),
        );
    }
    if amount.is_zero() {
        return refuse(RefusalCode::PayloadError, "must be more than zero".to_owned());
    }
    if amount.minor() > left.minor() {
        return refuse(
            RefusalCode::AmountExceeded,
            format!("at most {left} can be {done}"),
        );
    }
    Ok(amount)
}

/// The capture with the most left to give back, and how much that is.
fn fullest_capture(settlements: &[Settlement]) -> Option<(CaptureRef, Amount)> {
    settlements
        .iter()
        .filter_map(|capture| match (&capture.kind, &capture.state) {
            (SettlementKind::Capture, SettlementState::Done { processor_reference }) => {
                let made = CaptureRef {
                    reference: capture.reference.clone(),
                    processor_reference: processor_reference.clone(),
                    amount: capture.amount,
                };
                let left = left_of(&made, settlements)?;
                Some((made, left))
            }
            (SettlementKind::Capture | SettlementKind::Void | SettlementKind::Refund, _) => None,
        })
        .max_by_key(|(_, left)| left.minor())
}

fn left_of(capture: &CaptureRef, settlements: &[Settlement]) -> Option<Amount> {
    settlements
        .iter()
        .filter(|it| it.kind == SettlementKind::Refund && !it.state.has_failed())
        .filter(|it| {
            it.capture
                .as_ref()
                .is_some_and(|of| of.reference == capture.reference)
        })
        .try_fold(capture.amount, |left, refund| {
            left.checked_sub(refund.amount).ok()
        })
}
