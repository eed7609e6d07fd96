//! Orders that the tests of all operations share.

use acquiring::{
    Account, Address, Agreement, AuthenticationFlow, Authorization, Capture, CaptureRef,
    CardholderAuthentication, ChargeKind, Charged, Credentials, Exemption, Initiator, Inquiry, Refund,
    Reversal, SettlementInquiry, SettlementKind, Shopper, StoredCredential, Void,
};
use primitives::{
    Amount, Brand, Card, Country, Currency, Email, ExpiryDate, Id, Moment, Pan, Secret, SecurityCode,
};
use time::macros::datetime;

pub const VISA: &str = "4111111111111111";
pub const MASTERCARD: &str = "5555555555554444";
pub const AMEX: &str = "378282246310005";
pub const REFERENCE: &str = "0190c0de000070008000000000000001";
pub const CAPTURE: &str = "0190c0de000070008000000000000002";
const VOID: &str = "0190c0de000070008000000000000003";
const REFUND: &str = "0190c0de000070008000000000000004";
const REVERSAL: &str = "0190c0de000070008000000000000005";
const PAYMENT_ID: &str = "7012345678901234567890";

pub fn moment() -> Moment {
    let nonce = uuid::Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_00ff);
    Moment::new(datetime!(2026-11-22 10:30:15.250 UTC), nonce)
}

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
    ]
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

pub fn mxn(minor: i64) -> Amount {
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
        acs_trans_id: Some("13c701a3-5a88-4c45-89e9-ef65e50a8bf9".into()),
        xid: None,
        version: "2.2.0".into(),
        trans_status: Some("Y".into()),
        trans_status_reason: None,
        challenge_cancel: None,
        flow: Some(AuthenticationFlow::Frictionless),
        authenticated_at: Some(datetime!(2026-11-22 10:27:00 UTC)),
        liability_shift: true,
    }
}

/// A fully authenticated charge of 1250.50 Mexican pesos.
pub fn order(kind: ChargeKind, pan: &str) -> Authorization {
    let pan = Pan::parse(pan).unwrap();
    let security_code = if pan.brand() == Brand::Amex { "1234" } else { "123" };
    Authorization {
        kind,
        reference: REFERENCE.into(),
        order_id: "order-4711".into(),
        amount: mxn(125_050),
        authentication: Some(authentication(pan.brand())),
        card: Card {
            pan,
            expiry: ExpiryDate::parse("03", "30").unwrap(),
            security_code: Some(SecurityCode::parse(security_code).unwrap()),
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
        processor_reference: PAYMENT_ID.into(),
        authorized: mxn(125_050),
    }
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let mut unavailable = order(ChargeKind::Sale, VISA);
    unavailable.accept_no_liability_shift = true;
    let result = unavailable.authentication.as_mut().unwrap();
    result.eci = Some("07".into());
    result.authentication_value = None;
    result.trans_status = Some("U".into());

    let mut plain = order(ChargeKind::Sale, VISA);
    plain.authentication = None;
    plain.amount = Amount::new(1_990, Currency::CLP).unwrap();

    let mut exempted = order(ChargeKind::Sale, VISA);
    exempted.authentication = None;
    exempted.exemption = Some(Exemption::LowValue);

    let mut installments = order(ChargeKind::Sale, MASTERCARD);
    installments.installments = 6;

    let mut first = order(ChargeKind::Sale, VISA);
    first.stored_credential = Some(StoredCredential {
        agreement: Agreement::Recurring,
        is_first: true,
        network_transaction_id: None,
    });

    let mut later = order(ChargeKind::Sale, VISA);
    later.authentication = None;
    later.card.security_code = None;
    later.initiator = Initiator::Merchant;
    later.stored_credential = Some(StoredCredential {
        agreement: Agreement::Recurring,
        is_first: false,
        network_transaction_id: Some("016150703802094".into()),
    });

    vec![
        ("sale.visa", order(ChargeKind::Sale, VISA)),
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.authentication-unavailable", unavailable),
        ("sale.not-authenticated", plain),
        ("sale.exempted", exempted),
        ("sale.instalments", installments),
        ("sale.card-left", first),
        ("sale.by-the-merchant", later),
        ("sale.shopper-and-addresses", with_shopper()),
        ("authorization.visa", order(ChargeKind::Authorization, VISA)),
        ("authorization.amex", order(ChargeKind::Authorization, AMEX)),
    ]
}

fn with_shopper() -> Authorization {
    let address = Address {
        line1: Some("Av. Reforma 1".into()),
        line2: Some("Piso 2".into()),
        city: Some("Ciudad de México".into()),
        state: Some("CMX".into()),
        zip: Some("06600".into()),
        country: Country::parse("MX").ok(),
    };
    let mut order = order(ChargeKind::Sale, VISA);
    order.shopper = Shopper {
        email: Email::parse("ana@example.com").ok(),
        first_name: Some("Ana".into()),
        last_name: Some("Pérez".into()),
        phone: Some("+525512345678".into()),
        identity_document: Some("PEPA800101XX0".into()),
        ip_address: Some("203.0.113.7".into()),
    };
    order.billing = Some(address.clone());
    order.shipping = Some(Address {
        line2: None,
        zip: None,
        ..address
    });
    order
}

pub fn capture() -> Capture {
    Capture {
        reference: CAPTURE.into(),
        of: charged(ChargeKind::Authorization),
        amount: mxn(100_000),
        is_final: true,
    }
}

pub fn void(kind: ChargeKind) -> Void {
    Void {
        reference: VOID.into(),
        of: charged(kind),
        reason: None,
    }
}

pub fn refund(kind: ChargeKind) -> Refund {
    Refund {
        reference: REFUND.into(),
        of: charged(kind),
        captured: mxn(100_000),
        amount: mxn(25_010),
        capture: (kind == ChargeKind::Authorization).then(|| CaptureRef {
            reference: CAPTURE.into(),
            processor_reference: Some("7012345678901234567892".into()),
            amount: mxn(100_000),
        }),
        reason: None,
    }
}

pub fn reversal(kind: ChargeKind) -> Reversal {
    Reversal {
        charge_reference: REFERENCE.into(),
        reference: REVERSAL.into(),
        order_id: "order-4711".into(),
        kind,
        amount: mxn(125_050),
        sent_at: datetime!(2026-11-22 10:28:00 UTC),
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

pub fn settlement_inquiry(kind: SettlementKind) -> SettlementInquiry {
    SettlementInquiry {
        kind,
        of: charged(ChargeKind::Authorization),
        reference: CAPTURE.into(),
        processor_reference: None,
        amount: mxn(100_000),
        sent_at: datetime!(2026-11-22 10:28:00 UTC),
    }
}
