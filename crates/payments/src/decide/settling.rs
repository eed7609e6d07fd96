//! After the approval: captures, voids and refunds.

use super::{Limits, Outgoing, Step};
use crate::{
    order::Order,
    payment::PaymentState,
    refusal::{Refusal, RefusalCode},
    settlement::{SettlementNews, SettlementState},
};
use acquiring::Recovery;
use primitives::{Id, Moment, id::kind};
use time::OffsetDateTime;

/// What somebody who looks at a payment is to do about one of its settlements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementDue {
    /// Its sender is dead or hangs: [`SettlementNews::Silence`] is to be told.
    Silent { settlement: Id<kind::Settlement> },
    /// This is to be sent, and what comes of it told.
    Send(Outgoing),
}

/// What is to be done about the settlement whose time came first, if any has. Telling what came of it puts it off.
pub fn settlement_due(order: &Order, now: OffsetDateTime) -> Option<SettlementDue> {
    let payment = order.payment.as_ref()?;
    let PaymentState::Authorized(paid) = &payment.state else {
        return None;
    };
    let due = paid
        .settlements
        .iter()
        .filter(|it| it.look_at.is_some_and(|at| at <= now))
        .min_by_key(|it| it.look_at)?;
    let settlement = due.id;
    let lost = payment.route_charged(paid)?.offers.lost(due.kind);
    Some(match (&due.state, lost) {
        (SettlementState::Sending, _) => SettlementDue::Silent { settlement },
        (SettlementState::Unknown { .. }, Recovery::Repeat) => {
            SettlementDue::Send(Outgoing::Settle { settlement })
        }
        (
            SettlementState::Unknown { .. }
            | SettlementState::Accepted { .. }
            | SettlementState::Done { .. }
            | SettlementState::Refused { .. }
            | SettlementState::NotSent { .. }
            | SettlementState::Lost,
            _,
        ) => SettlementDue::Send(Outgoing::InquireSettlement { settlement }),
    })
}

pub(super) fn next(
    _limits: &Limits,
    _order: Order,
    news: SettlementNews,
    _moment: Moment,
) -> Result<Option<Step>, Refusal> {
    match news {
        SettlementNews::CaptureAsked { .. }
        | SettlementNews::VoidAsked { .. }
        | SettlementNews::RefundAsked { .. } => Err(Refusal::new(
            RefusalCode::NotImplemented,
            "captures, voids and refunds are not offered yet",
        )),
        SettlementNews::Answered { .. }
        | SettlementNews::NeverLeft { .. }
        | SettlementNews::Silence { .. }
        | SettlementNews::Inquired { .. } => Ok(None),
    }
}
