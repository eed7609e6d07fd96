//! What is the Amex gateway's own of the order that all tests are about.

pub use crate::samples::{REFERENCE, inquiry, moment, mxn};

use crate::samples;
use acquiring::{
    Account, Agreement, Authorization, Capture, ChargeKind, Charged, Exemption, Refund, SettlementInquiry,
    Void,
};

pub const CARD: &str = "345678901234564";

pub fn account() -> Account {
    account_at("https://gateway-na.americanexpress.com", &[])
}

/// The account with more settings, or others.
pub fn account_at(base: &str, more: &[(&str, &str)]) -> Account {
    let credentials = [
        ("merchant_id", "TESTPASARELA"),
        ("api_password", "sandbox-password"),
    ];
    samples::account(base, &credentials, more)
}

pub fn order(kind: ChargeKind) -> Authorization {
    samples::order(kind, CARD)
}

/// This processor gives a charge no id of its own: ours is its.
fn charged(kind: ChargeKind) -> Charged {
    samples::charged(kind, REFERENCE)
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let sale = || order(ChargeKind::Sale);
    let plain = || samples::not_authenticated(sale());
    let mut risk = sale();
    risk.accept_no_liability_shift = true;
    let result = risk.authentication.as_mut().unwrap();
    result.eci = Some("07".into());
    result.trans_status = Some("U".into());
    result.trans_status_reason = Some("21".into());

    let mut plan = sale();
    plan.installments = 6;

    let mut telephone = plain();
    telephone.exemption = Some(Exemption::Moto);

    let first = samples::leaving_the_card(sale(), Agreement::Recurring);
    let later = samples::with_card_left(sale(), Agreement::Unscheduled);
    let merchants = samples::by_the_merchant(plain(), Agreement::Installments);

    let mut whole = samples::with_shopper(sale());
    whole.shipping = None;

    vec![
        ("sale.authenticated", sale()),
        ("sale.accepted-risk", risk),
        ("sale.not-authenticated", plain()),
        ("sale.payment-plan", plan),
        ("sale.telephone-order", telephone),
        ("sale.stored-first", first),
        ("sale.stored-later", later),
        ("sale.merchant-initiated", merchants),
        ("sale.shopper-and-address", whole),
        ("authorization.authenticated", order(ChargeKind::Authorization)),
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
