//! How a capture, void or refund stood when its call was answered. Kept with the answer, so that a repeated call is told the
//! same, whatever became of it since.

use super::settle::settlement_of;
use acquiring::SettlementKind;
use payments::{
    Order,
    settlement::{Settlement, SettlementState},
};
use primitives::{Amount, Id, id::kind};
use serde::{Deserialize, Serialize};

/// A capture, void or refund as its call is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub kind: SettlementKind,
    /// What it was about; `None` where it is told of only that it failed.
    pub amount: Option<Amount>,
    pub end: SettledEnd,
}

/// What a call is told of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum SettledEnd {
    Done,
    /// The processor has only accepted it, or nobody knows yet what became of it. The order's webhook tells.
    Pending,
    /// Nothing moved. Why, in words.
    Failed {
        reason: String,
    },
}

impl Settled {
    /// How that settlement of the order stands.
    pub(crate) fn of(order: &Order, id: Id<kind::Settlement>) -> Self {
        match settlement_of(order, id) {
            Some((_, _, settlement)) => Self::from(settlement),
            // Of those that failed, the order remembers the latest only.
            None => Self {
                kind: SettlementKind::Refund,
                amount: None,
                end: SettledEnd::Failed {
                    reason: "the processor refused it".to_owned(),
                },
            },
        }
    }
}

impl From<&Settlement> for Settled {
    fn from(settlement: &Settlement) -> Self {
        let end = match &settlement.state {
            SettlementState::Sending | SettlementState::Unknown { .. } | SettlementState::Accepted { .. } => {
                SettledEnd::Pending
            }
            SettlementState::Done { .. } => SettledEnd::Done,
            SettlementState::Refused { decline } => SettledEnd::Failed {
                reason: decline
                    .raw_message
                    .clone()
                    .unwrap_or_else(|| decline.reason.as_str().replace('_', " ")),
            },
            SettlementState::NotSent { .. } => SettledEnd::Failed {
                reason: "the processor could not be reached; nothing was sent".to_owned(),
            },
            SettlementState::Lost => SettledEnd::Failed {
                reason: "the processor has no record of it".to_owned(),
            },
        };
        Self {
            kind: settlement.kind,
            amount: Some(settlement.amount),
            end,
        }
    }
}
