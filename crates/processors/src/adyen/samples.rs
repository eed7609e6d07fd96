//! Orders that the tests of all operations share.

use acquiring::{
    Account, Address, Agreement, AuthenticationFlow, Authorization, Capture, CardholderAuthentication,
    ChargeKind, Charged, Credentials, Exemption, Initiator, Refund, Reversal, Shopper, StoredCredential,
    Void,
};
use primitives::{
    Amount, Brand, Card, Country, Currency, Email, ExpiryDate, Id, Moment, Pan, Secret, SecurityCode,
};
use time::macros::datetime;

pub const VISA: &str = "4111111111111111";
pub const MASTERCARD: &str = "5555555555554444";
pub const REFERENCE: &str = "0190c0de000070008000000000000001";
pub const PSP_REFERENCE: &str = "NC6HT9CRT65ZGN82";
/// The key of the published vectors.
pub const HMAC_KEY: &str = "B7336B2370B271EDCB2D74332A3668FDAB3C88BF12A1A2359D5EA93DEBDF5BEC";

pub fn moment() -> Moment {
    let nonce = uuid::Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_00ff);
    Moment::new(datetime!(2026-11-22 10:30:15.250 UTC), nonce)
}

pub fn account() -> Account {
    account_at("https://checkout-test.adyen.com/v72")
}

pub fn account_at(base: &str) -> Account {
    let credentials = [
        ("api_key", "AQE1hmfuXNWTK0Qc+iSSzMsL8N3AU8dBFnpoSHNU"),
        ("merchant_account", "ShopMX"),
        ("hmac_key", HMAC_KEY),
    ];
    let credentials = credentials
        .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
        .into();
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
            security_code: Some(SecurityCode::parse("737").unwrap()),
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
        processor_reference: PSP_REFERENCE.into(),
        authorized: mxn(125_050),
    }
}

/// Every shape a payment's request can have, by the name of its file.
pub fn charges() -> Vec<(&'static str, Authorization)> {
    let mut challenged = order(ChargeKind::Authorization, VISA);
    let result = challenged.authentication.as_mut().unwrap();
    result.flow = Some(AuthenticationFlow::Challenge);

    let mut plain = order(ChargeKind::Sale, VISA);
    plain.authentication = None;
    plain.amount = Amount::new(1_990, Currency::CLP).unwrap();

    let mut exempted = order(ChargeKind::Sale, MASTERCARD);
    exempted.authentication = None;
    exempted.exemption = Some(Exemption::TraAcquirer);

    let mut instalments = order(ChargeKind::Sale, VISA);
    instalments.installments = 6;

    let mut renewal = order(ChargeKind::Sale, VISA);
    renewal.authentication = None;
    renewal.card.security_code = None;
    renewal.initiator = Initiator::Merchant;
    renewal.stored_credential = Some(StoredCredential {
        agreement: Agreement::Recurring,
        is_first: false,
        network_transaction_id: Some("483297487231504".into()),
    });

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
        ip_address: Some("203.0.113.10".into()),
    };
    whole.billing = Some(address.clone());
    whole.shipping = Some(address);

    vec![
        ("sale.mastercard", order(ChargeKind::Sale, MASTERCARD)),
        ("sale.visa", order(ChargeKind::Sale, VISA)),
        ("sale.not-authenticated", plain),
        ("sale.exempted", exempted),
        ("sale.instalments", instalments),
        ("sale.renewal", renewal),
        ("sale.shopper-and-addresses", whole),
        ("authorization.challenged", challenged),
    ]
}

pub fn capture() -> Capture {
    Capture {
        of: charged(ChargeKind::Authorization),
        reference: "0190c0de000070008000000000000002".into(),
        amount: mxn(100_000),
        is_final: true,
    }
}

pub fn void(kind: ChargeKind) -> Void {
    Void {
        of: charged(kind),
        reference: "0190c0de000070008000000000000003".into(),
        reason: None,
    }
}

pub fn refund() -> Refund {
    Refund {
        of: charged(ChargeKind::Sale),
        reference: "0190c0de000070008000000000000004".into(),
        captured: mxn(125_050),
        amount: mxn(25_010),
        capture: None,
        reason: Some("customer request".into()),
    }
}

pub fn reversal() -> Reversal {
    Reversal {
        charge_reference: REFERENCE.into(),
        reference: "0190c0de000070008000000000000005".into(),
        order_id: "order-4711".into(),
        kind: ChargeKind::Sale,
        amount: mxn(125_050),
        sent_at: datetime!(2026-11-22 10:28:00 UTC),
    }
}
