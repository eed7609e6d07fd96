//! What a processor offers, declared once, so that callers ask the declaration and never the name.

use crate::Exemption;
use primitives::{Brand, Currency};
use std::time::Duration;

/// How often an authorisation can be captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captures {
    NotOffered,
    FullOnly,
    /// One capture of all or part; the rest is released.
    Once,
    Several,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voids {
    NotOffered,
    Full,
    Partial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refunds {
    NotOffered,
    FullOnly,
    Several,
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
    /// How long after sending an inquiry can first find a charge.
    pub inquiry_visible_after: Duration,
    /// How long after sending "not found" means that nothing was charged.
    pub inquiry_final_after: Duration,
    /// Largest number of monthly instalments.
    pub installments_max: u8,
}

impl Capabilities {
    pub fn takes(&self, brand: Brand, currency: Currency) -> bool {
        self.brands.contains(&brand) && self.currencies.contains(&currency)
    }
}
