//! The order that the tests of all adapters are about, and everything that can be asked of it: one set, so that what two
//! processors are sent for the same order can be laid side by side. What is a processor's own (its account, its test cards,
//! the shapes that its requests can have) is in the `samples` of its folder.

use acquiring::{
    Account, Address, Agreement, AuthenticationFlow, Authorization, Capture, CardholderAuthentication,
    ChargeKind, Charged, Credentials, Initiator, Inquiry, Refund, Reversal, SettlementInquiry,
    SettlementKind, Shopper, StoredCredential, Void,
};
use primitives::{
    Amount, Brand, Card, Country, Currency, Email, ExpiryDate, Id, Moment, Pan, Secret, SecurityCode,
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// The references of the charge and of what follows it.
pub const REFERENCE: &str = "0190c0de000070008000000000000001";
pub const CAPTURE: &str = "0190c0de000070008000000000000002";
const VOID: &str = "0190c0de000070008000000000000003";
const REFUND: &str = "0190c0de000070008000000000000004";
const REVERSAL: &str = "0190c0de000070008000000000000005";

const ORDER_ID: &str = "order-4711";
/// When the charge, or what followed it, was sent.
const SENT_AT: OffsetDateTime = datetime!(2026-11-22 10:28:00 UTC);

pub fn moment() -> Moment {
    let nonce = Uuid::from_u128(0x0190_c0de_0000_7000_8000_0000_0000_00ff);
    Moment::new(datetime!(2026-11-22 10:30:15.250 UTC), nonce)
}

/// An account with these credentials; of two by one name the latter counts.
pub fn account(base: &str, credentials: &[(&str, &str)], more: &[(&str, &str)]) -> Account {
    let credentials = credentials
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())))
        .collect();
    Account {
        connection: Id::from_uuid(Uuid::from_u128(1)),
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
    let security_code = if pan.brand() == Brand::Amex { "1234" } else { "123" };
    Authorization {
        kind,
        reference: REFERENCE.into(),
        order_id: ORDER_ID.into(),
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

/// The order, not authenticated, and of 1990 Chilean pesos, which have no minor unit.
pub fn not_authenticated(order: Authorization) -> Authorization {
    Authorization {
        authentication: None,
        amount: Amount::new(1_990, Currency::CLP).unwrap(),
        ..order
    }
}

/// The order with all that can be known of the shopper.
pub fn with_shopper(order: Authorization) -> Authorization {
    let address = Address {
        line1: Some("Av. Reforma 1".into()),
        line2: Some("Piso 2".into()),
        city: Some("Ciudad de México".into()),
        state: Some("CMX".into()),
        zip: Some("06600".into()),
        country: Country::parse("MX").ok(),
    };
    Authorization {
        shopper: Shopper {
            email: Email::parse("ana@example.com").ok(),
            first_name: Some("Ana".into()),
            last_name: Some("Pérez".into()),
            phone: Some("+525512345678".into()),
            identity_document: Some("PEPA800101XX0".into()),
            ip_address: Some("203.0.113.7".into()),
        },
        billing: Some(address.clone()),
        shipping: Some(Address {
            line2: None,
            zip: None,
            ..address
        }),
        ..order
    }
}

/// The order that leaves the card for later ones.
pub fn leaving_the_card(order: Authorization, agreement: Agreement) -> Authorization {
    Authorization {
        stored_credential: Some(StoredCredential {
            agreement,
            is_first: true,
            network_transaction_id: None,
        }),
        ..order
    }
}

/// The order with a card that an earlier one left.
pub fn with_card_left(order: Authorization, agreement: Agreement) -> Authorization {
    Authorization {
        stored_credential: Some(StoredCredential {
            agreement,
            is_first: false,
            network_transaction_id: Some("016150703802094".into()),
        }),
        ..order
    }
}

/// The same without the cardholder.
pub fn by_the_merchant(order: Authorization, agreement: Agreement) -> Authorization {
    let mut order = with_card_left(order, agreement);
    order.authentication = None;
    order.card.security_code = None;
    order.initiator = Initiator::Merchant;
    order
}

/// The order as it was charged, by the processor's id.
pub fn charged(kind: ChargeKind, processor_reference: &str) -> Charged {
    Charged {
        payment: Id::from_uuid(Uuid::from_u128(2)),
        order_id: ORDER_ID.into(),
        kind,
        reference: REFERENCE.into(),
        processor_reference: processor_reference.into(),
        authorized: mxn(125_050),
    }
}

/// The last capture, of 1000.00 pesos.
pub fn capture(of: Charged) -> Capture {
    Capture {
        reference: CAPTURE.into(),
        of,
        amount: mxn(100_000),
        is_final: true,
    }
}

pub fn void(of: Charged) -> Void {
    Void {
        reference: VOID.into(),
        of,
        reason: None,
    }
}

/// A refund of 250.10 pesos of all that was charged.
pub fn refund(of: Charged) -> Refund {
    Refund {
        reference: REFUND.into(),
        of,
        captured: mxn(125_050),
        amount: mxn(25_010),
        capture: None,
        reason: None,
    }
}

pub fn reversal(kind: ChargeKind) -> Reversal {
    Reversal {
        charge_reference: REFERENCE.into(),
        reference: REVERSAL.into(),
        order_id: ORDER_ID.into(),
        kind,
        amount: mxn(125_050),
        sent_at: SENT_AT,
    }
}

pub fn inquiry() -> Inquiry {
    Inquiry {
        reference: REFERENCE.into(),
        processor_reference: None,
        order_id: ORDER_ID.into(),
        amount: mxn(125_050),
        kind: ChargeKind::Sale,
        sent_at: SENT_AT,
    }
}

/// What became of [`refund`].
pub fn refund_inquiry(of: Charged) -> SettlementInquiry {
    let refund = refund(of);
    SettlementInquiry {
        kind: SettlementKind::Refund,
        of: refund.of,
        reference: refund.reference,
        processor_reference: None,
        amount: refund.amount,
        sent_at: SENT_AT,
    }
}
