//! The words merchants see, as a function of the state (deuna-api.md section 4.1).

use crate::{
    order::{Lifecycle, Order},
    payment::{AuthenticationStage, Authorized, Closed, PaymentState},
    settlement::Standing,
};
use acquiring::ChargeKind;

/// `order.status` and `payment.data.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MerchantStatus {
    pub order: &'static str,
    /// Absent while nobody has tried to pay.
    pub payment: Option<&'static str>,
}

/// What a merchant's server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// `order.pending`, `order.succeeded`, `order.cancelled`, `order.refund`, `order.expired`, or `payment.updated`.
    pub event_type: &'static str,
    /// The payment's word, or `denied` for a refund that came to nothing, after which the payment is what it was before.
    pub payment_status: Option<&'static str>,
}

/// The status words of an order.
pub fn of(order: &Order) -> MerchantStatus {
    let payment = order.payment.as_ref().map(|payment| &payment.state);
    match order.lifecycle {
        Lifecycle::Cancelled => MerchantStatus {
            order: "cancelled",
            payment: payment.map(|_| "cancelled"),
        },
        Lifecycle::Expired => MerchantStatus {
            order: "expired",
            payment: None,
        },
        Lifecycle::Open => match payment {
            None => MerchantStatus {
                order: "pending",
                payment: None,
            },
            Some(state) => of_open_order(state),
        },
    }
}

fn of_open_order(state: &PaymentState) -> MerchantStatus {
    let (order, payment) = match state {
        PaymentState::Authenticating(now) => match now.stage {
            AuthenticationStage::Requesting => ("pending", "processing"),
            AuthenticationStage::WithCardholder | AuthenticationStage::Decoupled(_) => {
                ("pending", "pending_3ds")
            }
        },
        PaymentState::Authorizing(_) => ("pending", "processing"),
        PaymentState::Authorized(paid) => of_paid(paid),
        PaymentState::Closed(Closed::Denied(_)) => ("pending", DENIED),
        PaymentState::Closed(Closed::Cancelled) => ("cancelled", "cancelled"),
    };
    MerchantStatus {
        order,
        payment: Some(payment),
    }
}

/// The word for a payment, or a refund, that was refused.
pub(crate) const DENIED: &str = "denied";

fn of_paid(paid: &Authorized) -> (&'static str, &'static str) {
    let [authorized, _, captured, refunding, refunded] = paid.totals.parts();
    match paid.standing {
        Standing::Voided => return ("cancelled", "voided"),
        // Whatever may become of a capture on its way.
        Standing::Open | Standing::CapturedFinally if captured.is_zero() => {
            return ("succeeded", "authorized");
        }
        Standing::Open | Standing::CapturedFinally => {}
    }
    // While more may be captured, the captured part given back is not the whole.
    let is_whole = captured == authorized || paid.standing == Standing::CapturedFinally;
    match (refunding.is_zero(), refunded.is_zero()) {
        (true, true) => match paid.kind {
            ChargeKind::Sale => ("succeeded", "processed"),
            ChargeKind::Authorization => ("succeeded", "captured"),
        },
        (true, false) if is_whole && refunded == captured => ("cancelled", "refunded"),
        (true, false) => ("succeeded", "partial_refunded"),
        (false, _) if is_whole && refunding.checked_add(refunded) == Ok(captured) => ("refund", "refunding"),
        (false, _) => ("succeeded", "partial_refunding"),
    }
}

/// What to tell when the words changed from one to the other. A charge being on its way is no news of its own: the
/// caller that started it is waiting for its end, and everybody else hears of that.
pub fn announcement(before: MerchantStatus, after: MerchantStatus) -> Option<Announcement> {
    let only_on_its_way = after.order == before.order && after.payment == Some("processing");
    if before == after || only_on_its_way {
        return None;
    }
    let event_type = match after.order {
        order if order == before.order && order != "pending" => "payment.updated",
        "pending" => "order.pending",
        "succeeded" => "order.succeeded",
        "cancelled" => "order.cancelled",
        "refund" => "order.refund",
        "expired" => "order.expired",
        _ => "payment.updated",
    };
    Some(Announcement {
        event_type,
        payment_status: after.payment,
    })
}
