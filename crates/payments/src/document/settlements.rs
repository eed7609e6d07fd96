//! `payment.data.settlements[]`: the captures, voids and refunds of a payment.

use super::rfc3339;
use crate::{
    payment::{Authorized, Payment, PaymentState},
    settlement::{Settlement, SettlementState},
};
use acquiring::SettlementKind;
use serde_json::{Value, json};

/// What merchants are told besides a settlement's status: why it came to nothing, or is in doubt.
pub(super) struct Remark {
    pub code: &'static str,
    pub reason: String,
}

pub(super) fn of(paid: &Authorized) -> Value {
    paid.settlements.iter().map(entry).collect()
}

/// The times are no part of an order's state, so they come after its fingerprint was taken.
pub(super) fn add_times(payment: &Payment, data: &mut Value) {
    let PaymentState::Authorized(paid) = &payment.state else {
        return;
    };
    let entries = data.get_mut("settlements").and_then(Value::as_array_mut);
    for (entry, settlement) in entries.into_iter().flatten().zip(&paid.settlements) {
        entry["created_at"] = rfc3339(settlement.requested_at);
        entry["updated_at"] = rfc3339(settlement.updated_at);
    }
}

/// The failure that came to be known last.
pub(super) fn latest_failure(payment: &Payment) -> Option<Remark> {
    let PaymentState::Authorized(paid) = &payment.state else {
        return None;
    };
    paid.settlements
        .iter()
        .filter(|it| it.state.has_failed())
        .filter_map(|it| Some((it.updated_at, remark(it)?)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, remark)| remark)
}

fn entry(settlement: &Settlement) -> Value {
    let remark = remark(settlement);
    json!({
        "id": settlement.id,
        "type": settlement.kind.as_str(),
        "amount": { "amount": settlement.amount.minor(), "currency": settlement.amount.currency() },
        "status": match &settlement.state {
            SettlementState::Sending | SettlementState::Unknown { .. } | SettlementState::Accepted { .. } => "pending",
            SettlementState::Done { .. } => "succeeded",
            SettlementState::Refused { .. } | SettlementState::NotSent { .. } | SettlementState::Lost => "failed",
        },
        "code": remark.as_ref().map_or("", |remark| remark.code),
        "reason": match &remark {
            Some(remark) => remark.reason.as_str(),
            None => settlement.reason.as_deref().unwrap_or_default(),
        },
    })
}

fn remark(settlement: &Settlement) -> Option<Remark> {
    let refused = match settlement.kind {
        SettlementKind::Capture => "EMA-6003",
        SettlementKind::Void => "EMA-6001",
        SettlementKind::Refund => "EMA-6000",
    };
    let (code, reason) = match &settlement.state {
        SettlementState::Refused { decline } => (
            refused,
            decline
                .raw_message
                .clone()
                .unwrap_or_else(|| decline.reason.as_str().replace('_', " ")),
        ),
        SettlementState::NotSent { .. } => ("DP-4200", "the processor could not be reached".to_owned()),
        SettlementState::Lost => ("DP-6003", "the processor has no record of it".to_owned()),
        SettlementState::Unknown { .. } => ("DP-6003", "the processor's answer is not known yet".to_owned()),
        _ if settlement.contradicted_at.is_some() => (
            refused,
            "the processor reported the opposite later: to be looked into".to_owned(),
        ),
        SettlementState::Sending | SettlementState::Accepted { .. } | SettlementState::Done { .. } => {
            return None;
        }
    };
    Some(Remark { code, reason })
}
