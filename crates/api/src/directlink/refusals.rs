//! The gateway's refusals in the protocol's words.

use super::{answer::NotDone, complaints::Complaint};
use acquiring::SettlementKind;
use orchestrator::flows::directlink::{Maintenance, facts::Operation};
use payments::{Refusal, RefusalCode, directlink::NcError};

/// Why an order came to nothing.
pub(super) fn of_order(refusal: &Refusal, operation: Operation) -> NotDone {
    of(refusal, None, uncertain_order(operation))
}

/// The `STATUS` of an order of which nobody knows whether the card was charged.
pub(super) fn uncertain_order(operation: Operation) -> &'static str {
    match operation {
        Operation::Authorise => "52",
        Operation::Sale => "92",
    }
}

/// Why nothing came of what was asked after a payment.
pub(super) fn of_maintenance(refusal: &Refusal, asked: Maintenance) -> NotDone {
    let kind = match asked {
        Maintenance::Capture { .. } => SettlementKind::Capture,
        Maintenance::Void => SettlementKind::Void,
        Maintenance::Refund { .. } => SettlementKind::Refund,
    };
    of(refusal, Some(kind), uncertain_maintenance(asked))
}

/// The `STATUS` of what was asked after a payment, when nobody knows whether it was done.
pub(super) fn uncertain_maintenance(asked: Maintenance) -> &'static str {
    match asked {
        Maintenance::Capture { .. } => "92",
        Maintenance::Void => "62",
        Maintenance::Refund { .. } => "82",
    }
}

/// A fault of ours leaves open whether anything was done; what it is told with is the id that the log has too.
fn of(refusal: &Refusal, asked: Option<SettlementKind>, uncertain: &'static str) -> NotDone {
    if matches!(refusal.code, RefusalCode::Internal | RefusalCode::ServiceTimeout) {
        return NotDone::uncertain(uncertain, &refusal.description);
    }
    let error = NcError::of_refusal(refusal.code, asked);
    match &refusal.field {
        // Named as the protocol names it: the request's own words are what was wrong.
        Some(field) if field == "AMOUNT" => {
            Complaint::new(error, format!("{field} {}", refusal.description)).into()
        }
        Some(_) | None => Complaint::new(error, explained(error)).into(),
    }
}

fn explained(error: NcError) -> &'static str {
    match error {
        NcError::REFUSED => "CARD REFUSED",
        NcError::TECHNICAL => "temporary problem",
        NcError::CARD_NUMBER => "no brand or invalid card number",
        NcError::OPERATION_NOT_ALLOWED => "OPERATION not offered by the acquirer",
        NcError::CVC_FORMAT => "CVC not valid",
        NcError::CVC_MISSING => "CVC is mandatory for this card",
        NcError::ORDER_PROCESSED => "this order is already processed",
        NcError::CARD_TYPE_INACTIVE => "card type not active for the merchant",
        NcError::CAPTURE_EXCEEDS => "captures exceed the order",
        NcError::WRONG_STATUS => "|this order is not authorized|",
        NcError::REFUND_EXCEEDS => "refunds exceed the payment",
        NcError::UNKNOWN_ORDER => "unknown orderid",
        NcError::DUPLICATE => "this order is being processed",
        NcError::EXPIRED => "ED must be in the future",
        // The reading has named every parameter that it could; what is left has no name in this protocol.
        _ => "Some of the data entered is incorrect. Please retry.",
    }
}
