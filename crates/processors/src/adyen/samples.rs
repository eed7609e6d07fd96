//! What is Adyen's own of the order that all tests are about.

pub use crate::samples::{REFERENCE, moment};

use crate::samples;
use acquiring::{
    Account, Agreement, AuthenticationFlow, Authorization, Capture, ChargeKind, Charged, Exemption, Refund,
    Reversal, Void,
};
use primitives::SecurityCode;

pub const VISA: &str = "4111111111111111";
pub const MASTERCARD: &str = "5555555555554444";
pub const PSP_REFERENCE: &str = "NC6HT9CRT65ZGN82";
/// The key of the published vectors.
pub const HMAC_KEY: &str = "B7336B2370B271EDCB2D74332A3668FDAB3C88BF12A1A2359D5EA93DEBDF5BEC";

pub fn account() -> Account {
    account_at("https://checkout-test.adyen.com/v72")
}

pub fn account_at(base: &str) -> Account {
    let credentials = [
        ("api_key", "AQE1hmfuXNWTK0Qc+iSSzMsL8N3AU8dBFnpoSHNU"),
        ("merchant_account", "ShopMX"),
        ("hmac_key", HMAC_KEY),
    ];
    samples::account(base, &credentials, &[])
}

/// The order with the security code of Adyen's test cards.
pub fn order(kind: ChargeKind, pan: &str) -> Authorization {
    let mut order = samples::order(kind, pan);
    order.card.security_code = Some(SecurityCode::parse("737").unwrap());
    order
}

fn charged(kind: ChargeKind) -> Charged {
    samples::charged(kind, PSP_REFERENCE)
}

/// Every shape a payment's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let sale = || order(ChargeKind::Sale, VISA);
    let mut challenged = order(ChargeKind::Authorization, VISA);
    let result = challenged.authentication.as_mut().unwrap();
    result.flow = Some(AuthenticationFlow::Challenge);

    let mut exempted = order(ChargeKind::Sale, MASTERCARD);
    exempted.authentication = None;
    exempted.exemption = Some(Exemption::TraAcquirer);

    let mut instalments = sale();
    instalments.installments = 6;

    let renewal = samples::by_the_merchant(sale(), Agreement::Recurring);

    let mut whole = samples::with_shopper(sale());
    whole.shipping.clone_from(&whole.billing);

    vec![
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.visa", sale()),
        ("sale.not-authenticated", samples::not_authenticated(sale())),
        ("sale.exempted", exempted),
        ("sale.instalments", instalments),
        ("sale.renewal", renewal),
        ("sale.shopper-and-addresses", whole),
        ("authorization.challenged", challenged),
    ]
}

pub fn capture() -> Capture {
    samples::capture(charged(ChargeKind::Authorization))
}

pub fn void(kind: ChargeKind) -> Void {
    samples::void(charged(kind))
}

pub fn refund() -> Refund {
    Refund {
        reason: Some("customer request".into()),
        ..samples::refund(charged(ChargeKind::Sale))
    }
}

pub fn reversal() -> Reversal {
    samples::reversal(ChargeKind::Sale)
}
