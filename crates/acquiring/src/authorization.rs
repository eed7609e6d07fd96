//! Asking for money: a sale (authorise and capture in one) or an authorisation.

use crate::{
    exemption::Exemption,
    response_code::{Advice, Reason},
};
use primitives::{Amount, Brand, Card, Country, Email};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

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

/// A charge with a card that the cardholder left with the merchant, or leaves now: what the schemes want to be told of
/// it (stored-credential framework).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCredential {
    pub agreement: Agreement,
    /// The cardholder is there and agrees to later charges by this one; every later one points to it.
    pub is_first: bool,
    /// The scheme's id of the first charge ([`Approval::network_transaction_id`]), where it is known.
    pub network_transaction_id: Option<String>,
}

/// What the cardholder agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// To be charged at regular intervals.
    Recurring,
    /// To be charged for one purchase in parts.
    Installments,
    /// To be charged when the need arises, or to have the card kept for purchases to come.
    Unscheduled,
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
    pub stored_credential: Option<StoredCredential>,
    pub shopper: Shopper,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    /// Where a browser would come back to us, for processors that insist on an address though none is sent anywhere.
    pub return_url: String,
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
    /// Why the final status is not `Y`: two digits.
    #[serde(default)]
    pub trans_status_reason: Option<String>,
    /// Who broke the challenge off: two digits.
    #[serde(default)]
    pub challenge_cancel: Option<String>,
    /// How it went, where that is known.
    #[serde(default)]
    pub flow: Option<AuthenticationFlow>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub authenticated_at: Option<OffsetDateTime>,
    /// Whether the issuer carries fraud liability, from ECI and authentication value.
    pub liability_shift: bool,
}

/// How an authentication went, as processors ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationFlow {
    Frictionless,
    Challenge,
    Decoupled,
}

impl CardholderAuthentication {
    /// The transaction status of the ARes: what the directory server said before any challenge.
    pub fn directory_status(&self) -> Option<&str> {
        match self.flow {
            Some(AuthenticationFlow::Challenge) => Some("C"),
            Some(AuthenticationFlow::Decoupled) => Some("D"),
            Some(AuthenticationFlow::Frictionless) | None => self.trans_status.as_deref(),
        }
    }

    /// The transaction status after a challenge, where there was one.
    pub fn challenge_status(&self) -> Option<&str> {
        match self.flow {
            Some(AuthenticationFlow::Challenge | AuthenticationFlow::Decoupled) => {
                self.trans_status.as_deref()
            }
            Some(AuthenticationFlow::Frictionless) | None => None,
        }
    }

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
    /// Taken, and answered later: by notification, or to an inquiry.
    Pending {
        /// The processor's id of the transaction, when given already.
        processor_reference: Option<String>,
    },
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
    /// The scheme's id of the transaction, which later charges with the same stored card point to.
    #[serde(default)]
    pub network_transaction_id: Option<String>,
    /// Issuing bank and country, when the processor tells.
    pub issuer_bank: Option<String>,
    pub issuer_country: Option<Country>,
}

/// The money was refused, and it is certain that nothing is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    pub reason: Reason,
    pub advice: Advice,
    /// The code and text exactly as they came, for people.
    pub raw_code: Option<String>,
    pub raw_message: Option<String>,
    /// The network's own advice as it came (Mastercard merchant advice code).
    #[serde(default)]
    pub network_advice: Option<String>,
    pub processor_reference: Option<String>,
    /// The issuer had approved before somebody else refused, and what it holds of the cardholder's money stays held until
    /// it is released: an authorisation, whatever was asked for, that [`crate::Processor::void`] knows by
    /// `processor_reference`, or else [`crate::Processor::reverse`] by our reference. Only of charges.
    #[serde(default)]
    pub leaves_hold: bool,
}
