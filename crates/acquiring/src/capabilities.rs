//! What a processor offers, declared once, so that callers ask the declaration and never the name.

use crate::{Exemption, SettlementKind};
use primitives::{Brand, Currency};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often an authorisation can be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Captures {
    NotOffered,
    FullOnly,
    /// One capture of all or part; the rest is released.
    Once,
    Several,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voids {
    NotOffered,
    Full,
    Partial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refunds {
    NotOffered,
    FullOnly,
    Several,
}

/// What tells what became of an operation whose answer was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// An inquiry ([`crate::Processor::inquire`], [`crate::Processor::inquire_settlement`]).
    #[default]
    Inquire,
    /// The very same request again: the processor answers a reference or idempotency key that it knows as it did before,
    /// and does nothing a second time. Only for captures, voids and refunds: a charge's security code is gone by then.
    Repeat,
    /// Nothing can be asked. What a notification has not told in time is taken back by our reference
    /// ([`crate::Processor::reverse`]). Only for charges.
    Reverse,
}

/// What a refund gives back to the processor's mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundsOf {
    /// The charge as a whole, however often it was captured.
    Charge,
    /// One capture, by its own id; no refund may exceed its capture.
    Capture,
}

/// What one processor can do.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    pub brands: &'static [Brand],
    pub currencies: &'static [Currency],
    /// Brands whose external 3DS values it takes.
    pub external_authentication: &'static [Brand],
    /// What a charge can give as the reason for going without authentication.
    pub exemptions: &'static [Exemption],
    /// Cards can only be charged with their security code.
    pub needs_security_code: bool,
    pub authorizations: bool,
    pub captures: Captures,
    pub voids: Voids,
    pub refunds: Refunds,
    pub refunds_of: RefundsOf,
    /// Whether an attempt can be taken back by our own reference, without knowing whether it arrived.
    pub reversals: bool,
    /// What tells what became of a charge, a capture, a void, a refund whose answer was lost.
    pub lost_charge: Recovery,
    pub lost_capture: Recovery,
    pub lost_void: Recovery,
    pub lost_refund: Recovery,
    /// How long after sending an inquiry can first find a charge or what was done with it; where nothing can be asked, how
    /// long a notification may take before the charge is taken back.
    pub inquiry_visible_after: Duration,
    /// How long after sending "not found" means that nothing was charged.
    pub inquiry_final_after: Duration,
    /// Largest number of monthly instalments.
    pub installments_max: u8,
}

impl Capabilities {
    /// What tells what became of a capture, void or refund whose answer was lost.
    pub fn lost_settlement(&self, kind: SettlementKind) -> Recovery {
        match kind {
            SettlementKind::Capture => self.lost_capture,
            SettlementKind::Void => self.lost_void,
            SettlementKind::Refund => self.lost_refund,
        }
    }

    pub fn takes(&self, brand: Brand, currency: Currency) -> bool {
        self.brands.contains(&brand) && self.currencies.contains(&currency)
    }
}
