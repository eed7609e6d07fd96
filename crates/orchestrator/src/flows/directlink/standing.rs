//! What is under a reference already, and what that means for another order with it.

use payments::{
    Order, PaymentState,
    payment::{AuthenticationStage, Closed},
    settlement::Standing,
};

/// Where the payment that counts under a reference stands, for whoever would pay the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing was taken, or all that was held is released: it may be tried anew.
    Over,
    /// Its shopper has to come to the hosted page, and may have pressed Back instead.
    AwaitsShopper,
    /// Its end comes without the shopper.
    InFlight,
    /// Money was taken or is held; be it that it was given back since.
    Paid,
}

/// Where an order stands for whoever would pay another with its reference.
pub(super) fn before(order: &Order) -> Before {
    let Some(payment) = &order.payment else {
        return Before::Over;
    };
    match &payment.state {
        PaymentState::Authenticating(now) => match now.stage {
            AuthenticationStage::WithCardholder => Before::AwaitsShopper,
            AuthenticationStage::Requesting | AuthenticationStage::Decoupled(_) => Before::InFlight,
        },
        PaymentState::Authorizing(_) => Before::InFlight,
        PaymentState::Authorized(paid) => match paid.standing {
            Standing::Voided => Before::Over,
            Standing::Open | Standing::CapturedFinally => Before::Paid,
        },
        PaymentState::Closed(Closed::Denied(_) | Closed::Cancelled) => Before::Over,
    }
}
