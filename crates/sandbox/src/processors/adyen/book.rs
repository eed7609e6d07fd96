//! What the simulator remembers: payments and what became of their money, and answers by idempotency key.

use primitives::{Amount, Brand};
use uuid::Uuid;

use super::afterwards::Afterwards;
use super::idempotency::Given;
use super::notify::Item;
use crate::recent::RecentMap;

/// Payments and answers kept; the oldest are forgotten first.
const KEPT: usize = 100_000;

/// A payment that was asked for, and what became of its money, in minor units.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The API key that asked for it.
    pub api_key: String,
    pub psp_reference: String,
    pub reference: String,
    pub order_id: Option<String>,
    pub brand: Brand,
    pub card_last4: String,
    pub authorized: Amount,
    /// Whether the issuer approved it.
    pub approved: bool,
    pub captured: i64,
    pub refunded: i64,
    pub cancelled: bool,
    /// What was held and not captured is not held any more.
    pub expired: bool,
    /// What is to become of its money later on.
    pub afterwards: Option<Afterwards>,
    /// What was told of it.
    pub told: Item,
}

/// What keeps a modification from being done, in the vendor's words.
pub type Misfit = &'static str;

const NOT_AUTHORISED: Misfit = "Transaction hasn't been authorised";
const CANCELLED: Misfit = "Transaction has already been cancelled";
const NOT_CAPTURED: Misfit = "Transaction hasn't been captured, refund not possible";
const CAPTURED: Misfit = "Transaction has already been captured";
const EXPIRED: Misfit = "Authorisation has expired";
const TOO_MUCH: Misfit = "Insufficient balance on payment";

impl Payment {
    fn is_open(&self) -> Result<(), Misfit> {
        match (self.approved, self.cancelled) {
            (false, _) => Err(NOT_AUTHORISED),
            (true, true) => Err(CANCELLED),
            (true, false) => Ok(()),
        }
    }

    /// Takes held money, as often as there is some left.
    pub fn capture(&mut self, minor: i64) -> Result<(), Misfit> {
        self.is_open()?;
        if self.expired {
            return Err(EXPIRED);
        }
        if self.captured + minor > self.authorized.minor() {
            return Err(TOO_MUCH);
        }
        self.captured += minor;
        Ok(())
    }

    /// Releases held money of which none was taken.
    pub fn cancel(&mut self) -> Result<(), Misfit> {
        self.is_open()?;
        if self.captured > 0 {
            return Err(CAPTURED);
        }
        if self.expired {
            return Err(EXPIRED);
        }
        self.cancelled = true;
        Ok(())
    }

    /// Releases what is held, or gives back all that was taken.
    pub fn reverse(&mut self) -> Result<(), Misfit> {
        self.is_open()?;
        if self.refunded > 0 {
            return Err(TOO_MUCH);
        }
        self.refunded = self.captured;
        self.cancelled = true;
        Ok(())
    }

    /// Gives back what was taken.
    pub fn refund(&mut self, minor: i64) -> Result<(), Misfit> {
        self.is_open()?;
        if self.captured == 0 {
            return Err(NOT_CAPTURED);
        }
        if self.refunded + minor > self.captured {
            return Err(TOO_MUCH);
        }
        self.refunded += minor;
        Ok(())
    }

    /// A capture comes to nothing after all, unless its money was given back meanwhile. Says whether it does.
    pub fn uncapture(&mut self, minor: i64) -> bool {
        let fails = self.captured - minor >= self.refunded;
        if fails {
            self.captured -= minor;
        }
        fails
    }

    /// A refund comes to nothing after all.
    pub fn unrefund(&mut self, minor: i64) -> bool {
        self.refunded -= minor;
        true
    }

    /// What is held and not captured runs out. Says whether there was something.
    pub fn expire(&mut self) -> bool {
        let held = self.is_open().is_ok() && self.captured < self.authorized.minor();
        self.expired |= held;
        held
    }
}

/// The simulator's memory.
#[derive(Debug)]
pub struct Book {
    payments: RecentMap<String, Payment>,
    /// The latest payment of a merchant's reference.
    by_reference: RecentMap<(String, String), String>,
    /// Answers by API key and idempotency key.
    pub answers: RecentMap<(String, String), Given>,
}

impl Book {
    pub fn new() -> Self {
        Self {
            payments: RecentMap::new(KEPT),
            by_reference: RecentMap::new(KEPT),
            answers: RecentMap::new(KEPT),
        }
    }

    pub fn insert(&mut self, payment: Payment) {
        let owned = (payment.api_key.clone(), payment.reference.clone());
        self.by_reference.insert(owned, payment.psp_reference.clone());
        self.payments.insert(payment.psp_reference.clone(), payment);
    }

    /// The caller's payment of that id.
    pub fn payment(&mut self, api_key: &str, psp_reference: &str) -> Option<&mut Payment> {
        self.payments
            .get_mut(&psp_reference.to_owned())
            .filter(|payment| payment.api_key == api_key)
    }

    /// The caller's payment of that reference.
    pub fn payment_of_reference(&mut self, api_key: &str, reference: &str) -> Option<&mut Payment> {
        let owned = (api_key.to_owned(), reference.to_owned());
        let psp_reference = self.by_reference.get(&owned)?.clone();
        self.payment(api_key, &psp_reference)
    }
}

/// An id as the vendor makes them: sixteen capital letters and digits.
pub fn fresh_psp_reference() -> String {
    const DIGITS: &[u8; 32] = b"23456789ABCDEFGHIJKLMNPQRSTUVWXZ";
    Uuid::new_v4()
        .into_bytes()
        .into_iter()
        .filter_map(|byte| DIGITS.get(usize::from(byte % 32)).copied().map(char::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    fn payment(captured: i64) -> Payment {
        Payment {
            api_key: "key".into(),
            psp_reference: fresh_psp_reference(),
            reference: "att-1".into(),
            order_id: None,
            brand: Brand::Visa,
            card_last4: "1000".into(),
            authorized: Amount::new(1_000, Currency::MXN).unwrap(),
            approved: true,
            captured,
            refunded: 0,
            cancelled: false,
            expired: false,
            afterwards: None,
            told: Item::default(),
        }
    }

    #[test]
    fn held_money_is_taken_in_parts_and_never_more_than_there_is() {
        let mut held = payment(0);
        assert_eq!(held.refund(1), Err(NOT_CAPTURED));
        assert_eq!(held.capture(600), Ok(()));
        assert_eq!(held.capture(401), Err(TOO_MUCH));
        assert_eq!(held.capture(400), Ok(()));
        assert_eq!(held.cancel(), Err(CAPTURED));
    }

    #[test]
    fn no_more_is_given_back_than_was_taken() {
        let mut sale = payment(1_000);
        assert_eq!(sale.refund(400), Ok(()));
        assert_eq!(sale.refund(601), Err(TOO_MUCH));
        assert_eq!(sale.reverse(), Err(TOO_MUCH));
        assert_eq!(sale.refund(600), Ok(()));

        let mut reversed = payment(1_000);
        assert_eq!(reversed.reverse(), Ok(()));
        assert_eq!(reversed.reverse(), Err(CANCELLED));
        assert_eq!(reversed.refund(1), Err(CANCELLED));
    }

    #[test]
    fn nothing_follows_a_cancellation_or_a_refusal() {
        let mut held = payment(0);
        assert_eq!(held.cancel(), Ok(()));
        assert_eq!(held.capture(1), Err(CANCELLED));
        let mut refused = payment(0);
        refused.approved = false;
        assert_eq!(refused.cancel(), Err(NOT_AUTHORISED));
    }

    #[test]
    fn what_failed_afterwards_can_be_done_again() {
        let mut held = payment(0);
        assert_eq!(held.capture(1_000), Ok(()));
        assert!(held.uncapture(1_000));
        assert_eq!(held.capture(1_000), Ok(()));
        assert_eq!(held.refund(600), Ok(()));
        assert!(!held.uncapture(1_000), "its money is not here any more");
        assert!(held.unrefund(600));
        assert_eq!(held.refund(1_000), Ok(()));
    }

    #[test]
    fn only_what_is_held_runs_out() {
        let mut held = payment(400);
        assert!(held.expire());
        assert_eq!(held.capture(1), Err(EXPIRED));
        assert_eq!(held.refund(400), Ok(()));
        assert!(!payment(1_000).expire());
        let mut nothing = payment(0);
        assert!(nothing.expire());
        assert_eq!(nothing.cancel(), Err(EXPIRED));
    }

    #[test]
    fn a_payment_is_its_owners_only() {
        let mut book = Book::new();
        let payment = payment(0);
        let id = payment.psp_reference.clone();
        book.insert(payment);
        assert!(book.payment("key", &id).is_some());
        assert!(book.payment("other", &id).is_none());
        assert!(book.payment_of_reference("key", "att-1").is_some());
        assert!(book.payment_of_reference("other", "att-1").is_none());
        assert_eq!(id.len(), 16);
    }
}
