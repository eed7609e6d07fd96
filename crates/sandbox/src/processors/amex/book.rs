//! What the simulator remembers: orders with their money, and every transaction's answer.

use aws_lc_rs::constant_time;
use axum::body::Bytes;
use primitives::Currency;
use std::collections::HashMap;
use time::OffsetDateTime;

use crate::recent::RecentMap;

/// Orders and transactions kept; the oldest are forgotten first.
const KEPT: usize = 100_000;

/// A transaction: whose, of which order, which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub merchant: String,
    pub order: String,
    pub transaction: String,
}

impl Key {
    fn of_order(&self) -> (String, String) {
        (self.merchant.clone(), self.order.clone())
    }
}

/// What became of an order's money, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub is_voided: bool,
}

impl Money {
    /// The vendor's word for the state.
    pub fn status(self) -> &'static str {
        match self {
            Self { authorized: 0, .. } => "FAILED",
            Self { is_voided: true, .. } => "CANCELLED",
            Self { captured: 0, .. } => "AUTHORIZED",
            Self {
                captured, refunded, ..
            } if refunded > 0 && refunded == captured => "REFUNDED",
            Self { refunded: 1.., .. } => "PARTIALLY_REFUNDED",
            Self {
                authorized, captured, ..
            } if captured < authorized => "PARTIALLY_CAPTURED",
            Self { .. } => "CAPTURED",
        }
    }
}

/// An order whose charge was approved.
#[derive(Clone, Debug)]
pub struct Order {
    /// The merchant's own id of it.
    pub reference: Option<String>,
    pub currency: Currency,
    pub card_last4: String,
    pub money: Money,
    /// Whether the charge took the money at once.
    pub is_sale: bool,
    /// The charge's transaction id, which a void names.
    pub charge: String,
    /// Captures that were not voided, the last one last: transaction id and minor units.
    pub captures: Vec<(String, i64)>,
}

/// Why an operation does not fit an order's state, in the vendor's words.
pub type Misfit = &'static str;

impl Order {
    /// Takes held money, any number of times, never more than was held in all.
    pub fn capture(&mut self, transaction: &str, minor: i64) -> Result<(), Misfit> {
        if self.is_sale || self.money.is_voided {
            return Err("The order has no authorization that can be captured");
        }
        if minor > self.money.authorized - self.money.captured {
            return Err("Requested capture amount exceeds outstanding authorized amount");
        }
        self.money.captured += minor;
        self.captures.push((transaction.to_owned(), minor));
        Ok(())
    }

    /// Gives back what was taken, never more than that in all.
    pub fn refund(&mut self, minor: i64) -> Result<(), Misfit> {
        if self.money.captured == 0 || self.money.is_voided {
            return Err("The order has nothing that can be refunded");
        }
        if minor > self.money.captured - self.money.refunded {
            return Err("Requested refund amount exceeds the captured amount of the order");
        }
        self.money.refunded += minor;
        Ok(())
    }

    /// Voids the last thing done: the charge, or the last capture of it. Answers the kind of void and how much it took
    /// back.
    pub fn void(&mut self, target: &str) -> Result<(&'static str, i64), Misfit> {
        if self.money.is_voided || self.money.refunded > 0 {
            return Err("The transaction can no longer be voided");
        }
        if target == self.charge && self.is_sale {
            self.money.is_voided = true;
            return Ok(("VOID_PAYMENT", std::mem::take(&mut self.money.captured)));
        }
        if target == self.charge && self.captures.is_empty() {
            self.money.is_voided = true;
            return Ok(("VOID_AUTHORIZATION", self.money.authorized));
        }
        match self.captures.pop_if(|(id, _)| id == target) {
            Some((_, minor)) => {
                self.money.captured -= minor;
                Ok(("VOID_CAPTURE", minor))
            }
            None => Err("Only the last transaction of the order can be voided"),
        }
    }
}

/// A transaction that was made: what was asked, as a digest, and what was answered.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub asked: [u8; 32],
    pub answer: Bytes,
    pub is_approved: bool,
}

/// The simulator's memory.
#[derive(Debug)]
pub struct Book {
    orders: RecentMap<(String, String), Order>,
    transactions: RecentMap<Key, Transaction>,
    passwords: HashMap<String, String>,
    next_number: u64,
}

impl Book {
    pub fn new() -> Self {
        // Receipts differ from those of an earlier run: the clock's seconds with three more digits.
        let seconds = OffsetDateTime::now_utc().unix_timestamp();
        Self {
            orders: RecentMap::new(KEPT),
            transactions: RecentMap::new(KEPT),
            passwords: HashMap::new(),
            next_number: u64::try_from(seconds).unwrap_or_default() % 1_000_000_000 * 1_000,
        }
    }

    pub fn fresh_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Whether this is an unregistered merchant's password: the one it came with first.
    pub fn is_password(&mut self, merchant: &str, password: &str) -> bool {
        let known = self
            .passwords
            .entry(merchant.to_owned())
            .or_insert_with(|| password.to_owned());
        constant_time::verify_slices_are_equal(known.as_bytes(), password.as_bytes()).is_ok()
    }

    pub fn order(&mut self, key: &Key) -> Option<&mut Order> {
        self.orders.get_mut(&key.of_order())
    }

    pub fn insert_order(&mut self, key: &Key, order: Order) {
        self.orders.insert(key.of_order(), order);
    }

    pub fn transaction(&self, key: &Key) -> Option<&Transaction> {
        self.transactions.get(key)
    }

    pub fn insert_transaction(&mut self, key: Key, transaction: Transaction) {
        self.transactions.insert(key, transaction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(is_sale: bool) -> Order {
        Order {
            reference: None,
            currency: Currency::MXN,
            card_last4: "0001".into(),
            money: Money {
                authorized: 100,
                captured: if is_sale { 100 } else { 0 },
                ..Money::default()
            },
            is_sale,
            charge: "charge".into(),
            captures: Vec::new(),
        }
    }

    #[test]
    fn held_money_is_taken_in_parts_and_never_more_than_it() {
        let mut held = order(false);
        assert!(held.capture("c1", 101).is_err());
        assert_eq!(held.capture("c1", 60), Ok(()));
        assert!(held.capture("c2", 41).is_err());
        assert_eq!(held.capture("c2", 40), Ok(()));
        assert!(order(true).capture("c1", 1).is_err());
    }

    #[test]
    fn what_was_taken_is_given_back_once() {
        let mut sale = order(true);
        assert_eq!(sale.refund(40), Ok(()));
        assert!(sale.refund(61).is_err());
        assert_eq!(sale.refund(60), Ok(()));
        assert_eq!(sale.money.status(), "REFUNDED");
        assert!(order(false).refund(1).is_err());
    }

    #[test]
    fn only_the_last_transaction_can_be_voided_and_only_before_a_refund() {
        let mut sale = order(true);
        assert_eq!(sale.void("charge"), Ok(("VOID_PAYMENT", 100)));
        assert!(sale.void("charge").is_err());
        let mut held = order(false);
        held.capture("c1", 60).unwrap();
        assert!(held.void("charge").is_err());
        assert_eq!(held.void("c1"), Ok(("VOID_CAPTURE", 60)));
        assert_eq!(held.void("charge"), Ok(("VOID_AUTHORIZATION", 100)));
        assert!(held.capture("c2", 1).is_err());
        let mut refunded = order(true);
        refunded.refund(1).unwrap();
        assert!(refunded.void("charge").is_err());
    }

    #[test]
    fn an_unregistered_merchant_keeps_its_first_password() {
        let mut book = Book::new();
        assert!(book.is_password("TEST1", "one"));
        assert!(!book.is_password("TEST1", "two"));
        assert!(book.is_password("TEST2", "two"));
    }
}
