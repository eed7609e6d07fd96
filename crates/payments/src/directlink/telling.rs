//! What is told of a payment or of what was asked after it, wherever it is told: in answers, on the way back to the shop, and
//! in feedback.

use super::{
    ncerror::NcError,
    spelling,
    status::{self, Told},
};
use crate::{Market, Order, PaymentState, payment::Payment, settlement::SettlementState};
use acquiring::{Initiator, SettlementKind};
use primitives::{Amount, Brand};
use serde::{Deserialize, Serialize};

/// `ACCEPTANCE` of an approval whose processor gave no code.
const ACCEPTANCE_WITHOUT_CODE: &str = "000000";

/// What is told. Holds no card number but the masked one, so it may be stored and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// `STATUS`.
    pub status: u8,
    /// `NCERROR`.
    pub error: NcError,
    /// `amount`: of the order, or of what was asked after it.
    pub amount: Amount,
    /// `ACCEPTANCE`: the issuer's approval code; absent unless approved.
    pub acceptance: Option<String>,
    /// `ECI`; absent while nobody tried to pay.
    pub eci: Option<String>,
    /// `BRAND`.
    pub brand: Option<Brand>,
    /// `CARDNO`: all but the last four digits are `X`.
    pub card_number: Option<String>,
    /// `PAYIDSUB`: which of the things asked after the payment this is, from 1.
    pub level: Option<u32>,
}

impl Telling {
    /// An order as a whole. `sale`: its money was to be taken at once.
    pub fn of(order: &Order, sale: bool) -> Self {
        Self::new(order, status::of(order, sale), order.amount, None)
    }

    /// A capture, void or refund of `amount`: the `level`th that was asked, from 1.
    pub fn of_settlement(
        order: &Order,
        (kind, amount): (SettlementKind, Amount),
        state: &SettlementState,
        level: u32,
    ) -> Self {
        Self::new(order, status::of_settlement(kind, state), amount, Some(level))
    }

    /// Whether it is the issuer, or want of an authentication, that nothing was paid for: another card may be.
    pub fn is_refusal(&self) -> bool {
        matches!(self.status, 0 | 2)
    }

    fn new(order: &Order, told: Told, amount: Amount, level: Option<u32>) -> Self {
        let payment = order.payment.as_ref();
        Self {
            status: told.status,
            error: told.error,
            amount,
            acceptance: payment.and_then(acceptance),
            eci: payment.map(eci),
            brand: payment.map(|payment| payment.card.brand),
            card_number: payment.map(masked),
            level,
        }
    }

    /// As the table has it.
    pub fn told(&self) -> Told {
        Told {
            status: self.status,
            error: self.error,
        }
    }
}

fn acceptance(payment: &Payment) -> Option<String> {
    match &payment.state {
        PaymentState::Authorized(paid) => Some(
            paid.approval
                .approval_code
                .clone()
                .unwrap_or_else(|| ACCEPTANCE_WITHOUT_CODE.to_owned()),
        ),
        _ => None,
    }
}

/// Without leading zeros: 5 where the cardholder was authenticated, 6 where that was tried, whatever the network's own numbers;
/// else how the order came, which is in most cases over a page with TLS.
fn eci(payment: &Payment) -> String {
    let of_network = payment
        .authentication
        .as_ref()
        .and_then(|it| it.values.eci.as_deref());
    match of_network {
        Some("05" | "02") => "5",
        Some("06" | "01") => "6",
        Some(_) | None => match (payment.terms.market, payment.terms.initiator) {
            (Market::Ecommerce, Initiator::Customer) => "7",
            (Market::Ecommerce, Initiator::Merchant) => "9",
            (Market::Moto, Initiator::Customer) => "1",
            (Market::Moto, Initiator::Merchant) => "2",
        },
    }
    .to_owned()
}

fn masked(payment: &Payment) -> String {
    spelling::masked_number(payment.card.brand, &payment.card.last_four)
}
