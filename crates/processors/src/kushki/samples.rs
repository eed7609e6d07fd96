//! What is Kushki's own of the order that all tests are about.

pub use crate::samples::{REFERENCE, inquiry, moment, order};

use crate::samples;
use acquiring::{Account, Authorization, Capture, ChargeKind, Charged, Refund, SettlementInquiry, Void};

pub const VISA: &str = "4000100011112224";
pub const MASTERCARD: &str = "5451951574925480";
const TICKET: &str = "182343532700123456";

pub fn account() -> Account {
    account_with(&[])
}

/// The account with more settings.
pub fn account_with(more: &[(&str, &str)]) -> Account {
    account_at("https://api-uat.kushkipagos.com", more)
}

pub fn account_at(base: &str, more: &[(&str, &str)]) -> Account {
    let credentials = [("private_merchant_id", "sandbox-private-merchant-id")];
    samples::account(base, &credentials, more)
}

fn charged(kind: ChargeKind) -> Charged {
    samples::charged(kind, TICKET)
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let sale = || order(ChargeKind::Sale, VISA);
    let mut risk = sale();
    risk.accept_no_liability_shift = true;
    risk.authentication.as_mut().unwrap().eci = Some("07".into());

    let mut deferred = order(ChargeKind::Sale, MASTERCARD);
    deferred.installments = 6;

    vec![
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.visa", sale()),
        ("sale.accepted-risk", risk),
        ("sale.not-authenticated", samples::not_authenticated(sale())),
        ("sale.deferred", deferred),
        ("sale.shopper-and-addresses", samples::with_shopper(sale())),
        ("authorization.visa", order(ChargeKind::Authorization, VISA)),
    ]
}

pub fn capture() -> Capture {
    samples::capture(charged(ChargeKind::Authorization))
}

pub fn void() -> Void {
    samples::void(charged(ChargeKind::Authorization))
}

pub fn refund() -> Refund {
    samples::refund(charged(ChargeKind::Sale))
}

pub fn settlement_inquiry() -> SettlementInquiry {
    samples::refund_inquiry(charged(ChargeKind::Sale))
}
