//! Asking for money: a sale (authorise and capture in one) or an authorisation.

use crate::{
    exemption::Exemption,
    response_code::{Advice, Reason},
};
use primitives::{Amount, Brand, Card, Country, Email};
use serde::{Deserialize, Serialize};

/// Whether the money is taken at once or only held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// Authorised and captured in one message (ISO 8583 processing as a purchase).
    Sale,
    /// Held until captured or voided.
    Authorization,
}

/// Who starts the payment: the cardholder (CIT) or the merchant (MIT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    Customer,
    Merchant,
}

/// One request for money, the same for every processor.
#[derive(Debug, Clone)]
pub struct Authorization {
    pub kind: ChargeKind,
    /// Our reference of this attempt, fixed and stored before the first byte leaves, unique per attempt.
    pub reference: String,
    /// The merchant's own order id.
    pub order_id: String,
    pub amount: Amount,
    pub card: Card,
    /// What 3-D Secure gave, when there was one.
    pub authentication: Option<CardholderAuthentication>,
    /// Why it goes without a full authentication, where the processor is to be told. Only ever one that its
    /// [`crate::Capabilities`] list.
    pub exemption: Option<Exemption>,
    /// The merchant's policy takes the charge without liability shift.
    pub accept_no_liability_shift: bool,
    /// Number of monthly instalments; 1 for none.
    pub installments: u8,
    pub initiator: Initiator,
    pub shopper: Shopper,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
}

impl Authorization {
    /// Whether the charge carries a full authentication, which decides what some response codes mean.
    pub fn is_fully_authenticated(&self) -> bool {
        self.authentication
            .as_ref()
            .is_some_and(CardholderAuthentication::is_full)
    }
}

/// The outcome of 3-D Secure in the words every processor takes (processors README, "Neutral 3DS input").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardholderAuthentication {
    pub brand: Brand,
    /// As it came: two characters.
    pub eci: Option<String>,
    /// CAVV, AAV or AEVV, Base64.
    pub authentication_value: Option<String>,
    /// Directory server transaction id, a UUID.
    pub ds_trans_id: Option<String>,
    pub acs_trans_id: Option<String>,
    /// Only ever given by merchants that authenticate elsewhere.
    pub xid: Option<String>,
    /// Protocol version, `2.2.0`.
    pub version: String,
    /// The final transaction status: `Y`, `A`, `U`, …
    pub trans_status: Option<String>,
    /// Whether the issuer carries fraud liability, from ECI and authentication value.
    pub liability_shift: bool,
}

impl CardholderAuthentication {
    /// Whether this is a full authentication: the ECI that says so (02 at Mastercard, 05 elsewhere) together with an
    /// authentication value. An attempt (01, 06) is none, though it may carry the liability shift.
    pub fn is_full(&self) -> bool {
        let full = match self.brand {
            Brand::Mastercard => "02",
            Brand::Visa
            | Brand::Amex
            | Brand::Elo
            | Brand::Jcb
            | Brand::Diners
            | Brand::Discover
            | Brand::Carnet
            | Brand::Other => "05",
        };
        self.eci.as_deref() == Some(full) && self.authentication_value.is_some()
    }
}

/// What is known about who pays. All personal data; every part may be missing.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Shopper {
    pub email: Option<Email>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    pub identity_document: Option<String>,
    pub ip_address: Option<String>,
}

impl std::fmt::Debug for Shopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shopper(…)")
    }
}

/// A postal address as the merchant gave it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    /// Name or code of the state, as given.
    pub state: Option<String>,
    pub zip: Option<String>,
    pub country: Option<Country>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address(…, {:?})", self.country)
    }
}

/// The processor's answer to a sale or an authorisation. An answer that leaves the outcome open is no answer: the
/// reader then gives `Unreadable`, and the attempt becomes unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationAnswer {
    Approved(Approval),
    Declined(Decline),
}

/// Money was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The processor's own id of the transaction: the key for capture, void and refund (Kushki: `ticketNumber`).
    pub processor_reference: String,
    /// The issuer's approval code (ISO 8583 field 38), when given.
    pub approval_code: Option<String>,
    /// The raw response code, when given (ISO 8583 field 39 or the processor's own).
    pub response_code: Option<String>,
    pub amount: Amount,
    /// Issuing bank and country, when the processor tells.
    pub issuer_bank: Option<String>,
    pub issuer_country: Option<Country>,
}

/// The money was refused, and it is certain that nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    pub reason: Reason,
    pub advice: Advice,
    /// The code and text exactly as they came, for people.
    pub raw_code: Option<String>,
    pub raw_message: Option<String>,
    pub processor_reference: Option<String>,
}
