//! How our states are told as `STATUS` and `NCERROR` (ogone-directlink.md, section 6): the one table.

use super::ncerror::NcError;
use crate::{
    Order,
    attempt::{AttemptInFlight, Outcome},
    authentication_policy::ThreeDsCode,
    order::Lifecycle,
    payment::{Authorized, Closed, Denial, DeniedBy, Payment, PaymentState},
    settlement::{SettlementState, Standing},
};
use acquiring::SettlementKind;

/// A state as the protocol tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// `STATUS`.
    pub status: u8,
    /// `NCERROR`.
    pub error: NcError,
}

impl Told {
    const fn fine(status: u8) -> Self {
        Self {
            status,
            error: NcError::NONE,
        }
    }

    /// Whether the browser goes to `ACCEPTURL`: it is paid, or will be.
    pub fn is_accepted(self) -> bool {
        matches!(self.status, 4 | 5 | 9 | 41 | 51 | 91)
    }

    /// Whether nobody knows.
    pub fn is_uncertain(self) -> bool {
        matches!(self.status, 52 | 92)
    }
}

/// Stored, and nobody has tried to pay yet.
pub const STORED: Told = Told::fine(4);
/// Waiting for the shopper's authentication.
pub const WAITING_FOR_AUTHENTICATION: Told = Told::fine(46);
/// An end comes without anybody's doing.
pub const AUTHORISATION_WAITING: Told = Told::fine(51);
/// The same of a payment that takes the money at once.
pub const PAYMENT_WAITING: Told = Told::fine(91);
/// Money is held.
pub const AUTHORISED: Told = Told::fine(5);
/// Money is taken.
pub const CAPTURED: Told = Told::fine(9);
/// What was held is not any more.
pub const VOIDED: Told = Told::fine(6);
/// The shopper cancelled.
pub const CANCELLED_BY_SHOPPER: Told = Told::fine(1);

/// An order as a whole. `sale`: the money was to be taken at once, so that an unknown outcome is the payment's (92) and not the
/// authorisation's (52).
pub fn of(order: &Order, sale: bool) -> Told {
    let Some(payment) = &order.payment else {
        return match order.lifecycle {
            Lifecycle::Open => STORED,
            Lifecycle::Cancelled | Lifecycle::Expired => CANCELLED_BY_SHOPPER,
        };
    };
    match &payment.state {
        // No page of ours leads there: the issuer reaches the cardholder by a way of its own.
        PaymentState::Authenticating(now) if now.is_decoupled() => AUTHORISATION_WAITING,
        PaymentState::Authenticating(_) => WAITING_FOR_AUTHENTICATION,
        PaymentState::Authorizing(attempt) => of_charge(attempt, sale),
        PaymentState::Authorized(paid) => of_paid(paid),
        PaymentState::Closed(Closed::Cancelled) => CANCELLED_BY_SHOPPER,
        PaymentState::Closed(Closed::Denied(denial)) => of_denial(denial, payment),
    }
}

/// A charge whose end is still to come: either it will without anybody's doing, or nobody knows.
fn of_charge(attempt: &AttemptInFlight, sale: bool) -> Told {
    match (&attempt.outcome, sale) {
        (Outcome::Awaited { .. }, false) => AUTHORISATION_WAITING,
        (Outcome::Awaited { .. }, true) => PAYMENT_WAITING,
        (Outcome::Sending | Outcome::Unknown { .. } | Outcome::Reversing { .. }, false) => uncertain(52),
        (Outcome::Sending | Outcome::Unknown { .. } | Outcome::Reversing { .. }, true) => uncertain(92),
    }
}

/// What became of one capture, void or refund.
pub fn of_settlement(kind: SettlementKind, state: &SettlementState) -> Told {
    let [pending, uncertain_status, refused, done] = match kind {
        SettlementKind::Capture => [91, 92, 93, 9],
        SettlementKind::Void => [61, 62, 63, 6],
        SettlementKind::Refund => [81, 82, 83, 8],
    };
    match state {
        SettlementState::Sending | SettlementState::Accepted { .. } => Told::fine(pending),
        SettlementState::Unknown { .. } => uncertain(uncertain_status),
        SettlementState::Done { .. } => Told::fine(done),
        SettlementState::Refused { decline } => Told {
            status: refused,
            error: NcError::of_reason(decline.reason),
        },
        SettlementState::NotSent { .. } | SettlementState::Lost => Told {
            status: refused,
            error: NcError::REFUSED,
        },
    }
}

fn uncertain(status: u8) -> Told {
    Told {
        status,
        error: NcError::UNCERTAIN,
    }
}

/// What is held or taken; what is on its way goes before what is done.
fn of_paid(paid: &Authorized) -> Told {
    let in_flight = paid.settlements.iter().rev().find(|it| it.is_in_flight());
    if let Some(settlement) = in_flight {
        return of_settlement(settlement.kind, &settlement.state);
    }
    let [_, _, captured, _, refunded] = paid.totals.parts();
    if paid.standing == Standing::Voided {
        return VOIDED;
    }
    match (captured.is_zero(), refunded.is_zero()) {
        (true, _) => AUTHORISED,
        (false, true) => CAPTURED,
        (false, false) => Told::fine(8),
    }
}

fn of_denial(denial: &Denial, payment: &Payment) -> Told {
    if denial.by == DeniedBy::Cardholder {
        return CANCELLED_BY_SHOPPER;
    }
    let of_authentication = ThreeDsCode::ALL
        .into_iter()
        .find(|code| code.as_str() == denial.code);
    if let Some(code) = of_authentication {
        return not_identified(of_authentication_denied(code, payment));
    }
    let error = match payment.history.attempts.last() {
        Some(tried) if tried.not_sent.is_some() => NcError::ACQUIRER_UNAVAILABLE,
        Some(tried) => tried.declined.map_or(NcError::REFUSED, NcError::of_reason),
        None => NcError::REFUSED,
    };
    if error == NcError::AUTHENTICATION_FAILED {
        return not_identified(error);
    }
    Told { status: 2, error }
}

fn not_identified(error: NcError) -> Told {
    Told { status: 0, error }
}

/// Whether the cardholder failed, or nobody could tell.
fn of_authentication_denied(code: ThreeDsCode, payment: &Payment) -> NcError {
    /// The final status of a challenge that the issuer ended with a no.
    const REJECTED: &str = "R";
    match code {
        ThreeDsCode::FailedChallengeAuthentication
        | ThreeDsCode::UnsuccessfulFrictionlessAuthentication
        | ThreeDsCode::RejectedFrictionlessAuthentication => NcError::AUTHENTICATION_FAILED,
        ThreeDsCode::UnavailableChallengeAuthentication => {
            let last = payment.authentication.as_ref();
            match last.and_then(|it| it.values.trans_status.as_deref()) {
                Some(REJECTED) => NcError::AUTHENTICATION_FAILED,
                Some(_) | None => NcError::AUTHENTICATION_UNAVAILABLE,
            }
        }
        ThreeDsCode::UnableIssuer
        | ThreeDsCode::EnrollmentCheckError
        | ThreeDsCode::AuthenticationNotAvailableWhenCheckingEnrollment
        | ThreeDsCode::EnrollmentCheckTimeout
        | ThreeDsCode::StandInFrictionlessAuthenticationAttempted
        | ThreeDsCode::UnavailableFrictionlessAuthentication
        | ThreeDsCode::TimeExpired => NcError::AUTHENTICATION_UNAVAILABLE,
    }
}
