//! What every adapter must hold to, as checks that run over any of them.
//!
//! [`paper`] needs no network: it looks at requests and hands replies to the readers. [`wire`] plays whole charges against
//! a simulator that answers as the sandbox does, through whatever transport it is given. Both answer the rules that were
//! broken; a test asserts that there are none.

use crate::{
    Account, Approval, AuthenticationFlow, Authorization, CardholderAuthentication, ChargeKind, Charged,
    Initiator, Inquiry, Processor, Shopper,
};
use primitives::{Amount, Brand, Card, Currency, Email, ExpiryDate, Id, Moment, Pan, SecurityCode, id::kind};
use std::fmt;
use time::OffsetDateTime;

pub mod paper;
mod request;
pub mod wire;

/// A rule an adapter broke, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What should hold.
    pub rule: &'static str,
    /// Where it did not, without any card data.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

/// What one run over a simulator found.
#[derive(Debug, Default)]
pub struct Report {
    /// Operation by operation, in the order they were tried.
    pub rows: Vec<Row>,
    /// The rules that were broken.
    pub breaches: Vec<Breach>,
}

impl Report {
    /// What was found of an operation.
    pub fn of(&self, operation: &str) -> Option<&'static str> {
        let row = self.rows.iter().find(|row| row.operation == operation)?;
        Some(row.result)
    }
}

/// One operation and how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// `partial capture`, …
    pub operation: &'static str,
    /// How it was answered; [`NOT_OFFERED`]; [`BROKEN`].
    pub result: &'static str,
}

/// The result of what a processor declares not to offer, and indeed does not build.
pub const NOT_OFFERED: &str = "not offered";
/// The result of an operation that broke a rule.
pub const BROKEN: &str = "BROKEN";

/// The breaches found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Breach>);

impl Findings {
    fn breach(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.0.push(Breach {
            rule,
            detail: detail.into(),
        });
    }

    fn expect(&mut self, holds: bool, rule: &'static str, detail: impl FnOnce() -> String) {
        if !holds {
            self.breach(rule, detail());
        }
    }
}

/// An adapter and an account to try it with.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The adapter.
    pub processor: &'a dyn Processor,
    /// With every credential the adapter requires.
    pub account: &'a Account,
}

/// A card number that stands in every piece of junk handed to a reader, so that a fault that quotes it is found.
const MARKER: &str = "4000000000001000";

/// A security code that occurs nowhere else, so that it can be searched for.
const SECURITY_CODE: &str = "737";
const LONG_SECURITY_CODE: &str = "7373";

impl Subject<'_> {
    /// Brands the adapter takes and the suite has a card of.
    fn brands(&self) -> impl Iterator<Item = Brand> {
        let taken = self.processor.capabilities().brands;
        taken.iter().copied().filter(|brand| card(*brand).is_some())
    }

    /// Mexican pesos where the adapter takes them, else its first currency.
    fn currency(&self) -> Currency {
        let taken = self.processor.capabilities().currencies;
        match taken.first() {
            Some(first) if !taken.contains(&Currency::MXN) => *first,
            _ => Currency::MXN,
        }
    }

    fn amount(&self, minor: i64) -> Amount {
        Amount::new(minor, self.currency()).unwrap_or(Amount::zero(self.currency()))
    }

    /// A charge with a full authentication where the brand's can be carried; `None` without a card of the brand.
    fn order(&self, kind: ChargeKind, brand: Brand, minor: i64, moment: Moment) -> Option<Authorization> {
        let carried = self.processor.capabilities().external_authentication;
        Some(Authorization {
            kind,
            reference: moment.nonce.to_string(),
            order_id: format!("order-{}", moment.nonce.simple()),
            amount: self.amount(minor),
            card: card(brand)?,
            authentication: carried.contains(&brand).then(|| full_authentication(brand)),
            exemption: None,
            accept_no_liability_shift: false,
            installments: 1,
            initiator: Initiator::Customer,
            stored_credential: None,
            shopper: Shopper {
                email: Email::parse("ana@example.com").ok(),
                first_name: Some("Ana".into()),
                last_name: Some("Pérez".into()),
                ..Shopper::default()
            },
            billing: None,
            shipping: None,
            return_url: "https://shop.example/return".into(),
        })
    }

    /// The charge as what follows it knows it.
    fn charged(&self, order: &Authorization, approval: &Approval, payment: Id<kind::Payment>) -> Charged {
        Charged {
            payment,
            order_id: order.order_id.clone(),
            kind: order.kind,
            reference: order.reference.clone(),
            processor_reference: approval.processor_reference.clone(),
            authorized: approval.amount,
        }
    }

    fn inquiry(&self, order: &Authorization, sent_at: OffsetDateTime) -> Inquiry {
        Inquiry {
            reference: order.reference.clone(),
            processor_reference: None,
            order_id: order.order_id.clone(),
            amount: order.amount,
            kind: order.kind,
            sent_at,
        }
    }
}

/// The sandbox's frictionless card of a brand.
fn card(brand: Brand) -> Option<Card> {
    let (number, code) = match brand {
        Brand::Visa => (MARKER, SECURITY_CODE),
        Brand::Mastercard => ("5200000000001005", SECURITY_CODE),
        Brand::Amex => ("370000000010001", LONG_SECURITY_CODE),
        Brand::Elo | Brand::Jcb | Brand::Diners | Brand::Discover | Brand::Carnet | Brand::Other => {
            return None;
        }
    };
    Some(Card {
        pan: Pan::parse(number).ok()?,
        expiry: ExpiryDate::parse("11", "39").ok()?,
        security_code: Some(SecurityCode::parse(code).ok()?),
        holder: "ANA PEREZ".into(),
    })
}

fn full_authentication(brand: Brand) -> CardholderAuthentication {
    CardholderAuthentication {
        brand,
        eci: Some(if brand == Brand::Mastercard { "02" } else { "05" }.into()),
        authentication_value: Some("AAABBoVBaZKAR3BkdkFpELpWIiE=".into()),
        ds_trans_id: Some("f639774c-8e7c-4966-8eba-b8bae060a6ce".into()),
        acs_trans_id: Some("13c701a3-5a88-4c45-89e9-ef65e50a8bf9".into()),
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

/// An attempt: liability shift, but no full authentication, so that an issuer may still ask for one.
fn attempted_authentication(brand: Brand) -> CardholderAuthentication {
    CardholderAuthentication {
        eci: Some(if brand == Brand::Mastercard { "01" } else { "06" }.into()),
        trans_status: Some("A".into()),
        ..full_authentication(brand)
    }
}
