//! What is Cybersource's own of the order that all tests are about.

pub use crate::samples::{CAPTURE, REFERENCE, inquiry, moment, mxn, reversal};

use crate::samples;
use acquiring::{
    Account, Agreement, Authorization, Capture, CaptureRef, ChargeKind, Charged, Exemption, Refund,
    SettlementInquiry, SettlementKind, Void,
};
use time::macros::datetime;

pub const VISA: &str = "4111111111111111";
pub const MASTERCARD: &str = "5555555555554444";
pub const AMEX: &str = "378282246310005";
const PAYMENT_ID: &str = "7012345678901234567890";

pub fn account() -> Account {
    account_with(&[])
}

/// The account with other or more settings.
pub fn account_with(more: &[(&str, &str)]) -> Account {
    account_at("https://apitest.cybersource.com", more)
}

pub fn account_at(base: &str, more: &[(&str, &str)]) -> Account {
    let credentials = [
        ("merchant_id", "testmid"),
        ("key_id", "00000000-1111-4222-8333-444444444444"),
        ("shared_secret", "P6ZCIb+M9+nz9c9Yl+8F95+sjycEPqoWqF7Gq7HQXoU="),
    ];
    samples::account(base, &credentials, more)
}

/// The order with all that Cybersource takes of an authentication.
pub fn order(kind: ChargeKind, pan: &str) -> Authorization {
    let mut order = samples::order(kind, pan);
    if let Some(result) = &mut order.authentication {
        result.acs_trans_id = Some("13c701a3-5a88-4c45-89e9-ef65e50a8bf9".into());
        result.authenticated_at = Some(datetime!(2026-11-22 10:27:00 UTC));
    }
    order
}

fn charged(kind: ChargeKind) -> Charged {
    samples::charged(kind, PAYMENT_ID)
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let sale = || order(ChargeKind::Sale, VISA);
    let mut unavailable = sale();
    unavailable.accept_no_liability_shift = true;
    let result = unavailable.authentication.as_mut().unwrap();
    result.eci = Some("07".into());
    result.authentication_value = None;
    result.trans_status = Some("U".into());

    let mut exempted = sale();
    exempted.authentication = None;
    exempted.exemption = Some(Exemption::LowValue);

    let mut installments = order(ChargeKind::Sale, MASTERCARD);
    installments.installments = 6;

    let first = samples::leaving_the_card(sale(), Agreement::Recurring);
    let later = samples::by_the_merchant(sale(), Agreement::Recurring);

    vec![
        ("sale.visa", sale()),
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.authentication-unavailable", unavailable),
        ("sale.not-authenticated", samples::not_authenticated(sale())),
        ("sale.exempted", exempted),
        ("sale.instalments", installments),
        ("sale.card-left", first),
        ("sale.by-the-merchant", later),
        ("sale.shopper-and-addresses", samples::with_shopper(sale())),
        ("authorization.visa", order(ChargeKind::Authorization, VISA)),
        ("authorization.amex", order(ChargeKind::Authorization, AMEX)),
    ]
}

pub fn capture() -> Capture {
    samples::capture(charged(ChargeKind::Authorization))
}

pub fn void(kind: ChargeKind) -> Void {
    samples::void(charged(kind))
}

/// A refund, of the capture where the charge was held first.
pub fn refund(kind: ChargeKind) -> Refund {
    Refund {
        captured: mxn(100_000),
        capture: (kind == ChargeKind::Authorization).then(|| CaptureRef {
            reference: CAPTURE.into(),
            processor_reference: Some("7012345678901234567892".into()),
            amount: mxn(100_000),
        }),
        ..samples::refund(charged(kind))
    }
}

/// What became of the capture, or of something of another kind with its reference and amount.
pub fn settlement_inquiry(kind: SettlementKind) -> SettlementInquiry {
    let capture = capture();
    SettlementInquiry {
        kind,
        reference: capture.reference,
        amount: capture.amount,
        ..samples::refund_inquiry(capture.of)
    }
}
