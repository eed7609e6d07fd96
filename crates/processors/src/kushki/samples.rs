//! Orders that the tests of all operations share.

use acquiring::{
    Account, Address, AuthenticationFlow, Authorization, Capture, CardholderAuthentication, ChargeKind,
    Charged, Credentials, Initiator, Inquiry, Refund, SettlementInquiry, SettlementKind, Shopper, Void,
};
use primitives::{
    Amount, Brand, Card, Country, Currency, Email, ExpiryDate, Id, Moment, Pan, Secret, SecurityCode,
};
use time::macros::datetime;

pub const VISA: &str = "4000100011112224";
pub const MASTERCARD: &str = "5451951574925480";
pub const REFERENCE: &str = "0190c0de-0000-7000-8000-000000000001";
const TICKET: &str = "182343532700123456";

pub fn moment() -> Moment {
    let nonce = uuid::Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_00ff);
    Moment::new(datetime!(2026-11-22 10:30:15.250 UTC), nonce)
}

pub fn account() -> Account {
    account_with(&[])
}

/// The account with more settings.
pub fn account_with(more: &[(&str, &str)]) -> Account {
    account_at("https://api-uat.kushkipagos.com", more)
}

pub fn account_at(base: &str, more: &[(&str, &str)]) -> Account {
    let credentials = [("private_merchant_id", "sandbox-private-merchant-id")]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())))
        .collect();
    Account {
        connection: Id::from_uuid(uuid::Uuid::from_u128(1)),
        base_url: base.parse().unwrap(),
        credentials: Credentials::new(credentials),
        inquiry_visible_after: None,
        inquiry_final_after: None,
    }
}

fn mxn(minor: i64) -> Amount {
    Amount::new(minor, Currency::MXN).unwrap()
}

fn authentication(brand: Brand) -> CardholderAuthentication {
    let (eci, value) = match brand {
        Brand::Mastercard => ("02", "kEP6n7HiTM/4h4ZhSEFIOB6iQTpv"),
        _ => ("05", "AAABBoVBaZKAR3BkdkFpELpWIiE="),
    };
    CardholderAuthentication {
        brand,
        eci: Some(eci.into()),
        authentication_value: Some(value.into()),
        ds_trans_id: Some("f639774c-8e7c-4966-8eba-b8bae060a6ce".into()),
        acs_trans_id: None,
        xid: None,
        version: "2.2.0".into(),
        trans_status: Some("Y".into()),
        trans_status_reason: None,
        challenge_cancel: None,
        flow: Some(AuthenticationFlow::Frictionless),
        authenticated_at: None,
        liability_shift: true,
    }
}

/// A fully authenticated charge of 1250.50 Mexican pesos.
pub fn order(kind: ChargeKind, pan: &str) -> Authorization {
    let pan = Pan::parse(pan).unwrap();
    Authorization {
        kind,
        reference: REFERENCE.into(),
        order_id: "order-4711".into(),
        amount: mxn(125_050),
        authentication: Some(authentication(pan.brand())),
        card: Card {
            pan,
            expiry: ExpiryDate::parse("03", "30").unwrap(),
            security_code: Some(SecurityCode::parse("123").unwrap()),
            holder: "ANA PÉREZ".into(),
        },
        exemption: None,
        accept_no_liability_shift: false,
        installments: 1,
        initiator: Initiator::Customer,
        stored_credential: None,
        shopper: Shopper::default(),
        billing: None,
        shipping: None,
        return_url: "https://pasarela.example/return".into(),
    }
}

fn charged(kind: ChargeKind) -> Charged {
    Charged {
        payment: Id::from_uuid(uuid::Uuid::from_u128(2)),
        order_id: "order-4711".into(),
        kind,
        reference: REFERENCE.into(),
        processor_reference: TICKET.into(),
        authorized: mxn(125_050),
    }
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let mut risk = order(ChargeKind::Sale, VISA);
    risk.accept_no_liability_shift = true;
    risk.authentication.as_mut().unwrap().eci = Some("07".into());

    let mut plain = order(ChargeKind::Sale, VISA);
    plain.authentication = None;
    plain.amount = Amount::new(1_990, Currency::CLP).unwrap();

    let mut deferred = order(ChargeKind::Sale, MASTERCARD);
    deferred.installments = 6;

    let mut whole = order(ChargeKind::Sale, VISA);
    let address = Address {
        line1: Some("Av. Reforma 1".into()),
        line2: Some("Piso 2".into()),
        city: Some("Ciudad de México".into()),
        state: Some("CMX".into()),
        zip: Some("06600".into()),
        country: Country::parse("MX").ok(),
    };
    whole.shopper = Shopper {
        email: Email::parse("ana@example.com").ok(),
        first_name: Some("Ana".into()),
        last_name: Some("Pérez".into()),
        phone: Some("+525512345678".into()),
        identity_document: Some("PEPA800101XX0".into()),
        ip_address: None,
    };
    whole.billing = Some(address.clone());
    whole.shipping = Some(Address {
        line2: None,
        zip: None,
        ..address
    });

    vec![
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.visa", order(ChargeKind::Sale, VISA)),
        ("sale.accepted-risk", risk),
        ("sale.not-authenticated", plain),
        ("sale.deferred", deferred),
        ("sale.shopper-and-addresses", whole),
        ("authorization.visa", order(ChargeKind::Authorization, VISA)),
    ]
}

pub fn capture() -> Capture {
    Capture {
        reference: "0190c0de-0000-7000-8000-000000000002".into(),
        of: charged(ChargeKind::Authorization),
        amount: mxn(100_000),
        is_final: true,
    }
}

pub fn void() -> Void {
    Void {
        reference: "0190c0de-0000-7000-8000-000000000003".into(),
        of: charged(ChargeKind::Authorization),
        reason: None,
    }
}

pub fn refund() -> Refund {
    Refund {
        reference: "0190c0de-0000-7000-8000-000000000004".into(),
        of: charged(ChargeKind::Sale),
        captured: mxn(125_050),
        amount: mxn(25_010),
        capture: None,
        reason: None,
    }
}

pub fn inquiry() -> Inquiry {
    Inquiry {
        reference: REFERENCE.into(),
        processor_reference: None,
        order_id: "order-4711".into(),
        amount: mxn(125_050),
        kind: ChargeKind::Sale,
        sent_at: datetime!(2026-11-22 10:28:00 UTC),
    }
}

pub fn settlement_inquiry() -> SettlementInquiry {
    let refund = refund();
    SettlementInquiry {
        kind: SettlementKind::Refund,
        of: refund.of,
        reference: refund.reference,
        processor_reference: None,
        amount: refund.amount,
        sent_at: datetime!(2026-11-22 10:28:00 UTC),
    }
}
