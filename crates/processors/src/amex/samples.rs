//! Orders that the tests of all operations share.

use acquiring::{
    Account, Address, Agreement, AuthenticationFlow, Authorization, Capture, CardholderAuthentication,
    ChargeKind, Charged, Credentials, Exemption, Initiator, Inquiry, Refund, SettlementInquiry,
    SettlementKind, Shopper, StoredCredential, Void,
};
use primitives::{
    Amount, Brand, Card, Country, Currency, Email, ExpiryDate, Id, Moment, Pan, Secret, SecurityCode,
};
use time::macros::datetime;

pub const CARD: &str = "345678901234564";
pub const REFERENCE: &str = "0190c0de000070008000000000000001";

pub fn moment() -> Moment {
    let nonce = uuid::Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_00ff);
    Moment::new(datetime!(2026-11-22 10:30:15.250 UTC), nonce)
}

pub fn account() -> Account {
    account_at("https://gateway-na.americanexpress.com", &[])
}

/// The account with more settings, or others.
pub fn account_at(base: &str, more: &[(&str, &str)]) -> Account {
    let credentials = [
        ("merchant_id", "TESTPASARELA"),
        ("api_password", "sandbox-password"),
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

/// A fully authenticated charge of 1250.50 Mexican pesos.
pub fn order(kind: ChargeKind) -> Authorization {
    Authorization {
        kind,
        reference: REFERENCE.into(),
        order_id: "order-4711".into(),
        amount: mxn(125_050),
        authentication: Some(CardholderAuthentication {
            brand: Brand::Amex,
            eci: Some("05".into()),
            authentication_value: Some("AAABBoVBaZKAR3BkdkFpELpWIiE=".into()),
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
        }),
        card: Card {
            pan: Pan::parse(CARD).unwrap(),
            expiry: ExpiryDate::parse("03", "30").unwrap(),
            security_code: Some(SecurityCode::parse("1234").unwrap()),
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
        processor_reference: REFERENCE.into(),
        authorized: mxn(125_050),
    }
}

/// Every shape a charge's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let sale = || order(ChargeKind::Sale);
    let mut risk = sale();
    risk.accept_no_liability_shift = true;
    let result = risk.authentication.as_mut().unwrap();
    result.eci = Some("07".into());
    result.trans_status = Some("U".into());
    result.trans_status_reason = Some("21".into());

    let mut plain = sale();
    plain.authentication = None;
    plain.amount = Amount::new(1_990, Currency::CLP).unwrap();

    let mut plan = sale();
    plan.installments = 6;

    let mut telephone = plain.clone();
    telephone.exemption = Some(Exemption::Moto);

    let stored = |agreement, is_first| {
        Some(StoredCredential {
            agreement,
            is_first,
            network_transaction_id: (!is_first).then(|| "123456789012345".into()),
        })
    };
    let mut first = sale();
    first.stored_credential = stored(Agreement::Recurring, true);
    let mut later = sale();
    later.stored_credential = stored(Agreement::Unscheduled, false);
    let mut merchants = plain.clone();
    merchants.initiator = Initiator::Merchant;
    merchants.card.security_code = None;
    merchants.stored_credential = stored(Agreement::Installments, false);

    let mut whole = sale();
    whole.shopper = Shopper {
        email: Email::parse("ana@example.com").ok(),
        first_name: Some("Ana".into()),
        last_name: Some("Pérez".into()),
        phone: Some("+525512345678".into()),
        identity_document: Some("PEPA800101XX0".into()),
        ip_address: Some("203.0.113.7".into()),
    };
    whole.billing = Some(Address {
        line1: Some("Av. Reforma 1".into()),
        line2: Some("Piso 2".into()),
        city: Some("Ciudad de México".into()),
        state: Some("CMX".into()),
        zip: Some("06600".into()),
        country: Country::parse("MX").ok(),
    });

    vec![
        ("sale.authenticated", sale()),
        ("sale.accepted-risk", risk),
        ("sale.not-authenticated", plain),
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
    Capture {
        reference: "0190c0de000070008000000000000002".into(),
        of: charged(ChargeKind::Authorization),
        amount: mxn(100_000),
        is_final: true,
    }
}

pub fn void() -> Void {
    Void {
        reference: "0190c0de000070008000000000000003".into(),
        of: charged(ChargeKind::Authorization),
        reason: None,
    }
}

pub fn refund() -> Refund {
    Refund {
        reference: "0190c0de000070008000000000000004".into(),
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
