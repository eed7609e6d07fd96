//! What the simulator remembers: charges by ticket, transactions for the list, answers by idempotency key.

use axum::body::Bytes;
use primitives::{Amount, Brand};
use time::OffsetDateTime;

use crate::recent::{Recent, RecentMap};

/// Charges, transactions and answers kept; the oldest are forgotten first.
const KEPT: usize = 100_000;

/// How a charge was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeType {
    /// Charged at once.
    Sale,
    /// Charged at once, paid by the shopper in instalments.
    Deferred,
    /// Held.
    PreAuthorization,
}

impl ChargeType {
    pub fn as_str(self) -> &'static str {
        match self {
            ChargeType::Sale => "SALE",
            ChargeType::Deferred => "DEFERRED",
            ChargeType::PreAuthorization => "PREAUTHORIZATION",
        }
    }
}

/// An approved charge and what became of its money, in minor units.
#[derive(Clone, Debug)]
pub struct Charge {
    pub merchant: String,
    pub charge_type: ChargeType,
    pub ticket: String,
    pub order_id: Option<String>,
    pub brand: Brand,
    pub card_last4: String,
    pub authorized: Amount,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
}

/// Why an operation does not fit a charge's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Not possible in this state at all.
    State,
    /// More than there is.
    TooMuch,
}

impl Charge {
    /// Takes held money, once, at most a tenth more than was held.
    pub fn capture(&mut self, minor: i64) -> Result<(), Misfit> {
        let held = self.authorized.minor() - self.voided;
        if self.charge_type != ChargeType::PreAuthorization || self.captured > 0 || held <= 0 {
            return Err(Misfit::State);
        }
        if minor.saturating_mul(10) > held.saturating_mul(11) {
            return Err(Misfit::TooMuch);
        }
        self.captured = minor;
        Ok(())
    }

    /// Releases what is held, or takes back what was taken; `None` is all of it. Answers what it took back.
    pub fn void(&mut self, minor: Option<i64>) -> Result<i64, Misfit> {
        let there = match self.captured {
            0 => self.authorized.minor() - self.voided,
            captured => captured - self.voided - self.refunded,
        };
        let taken = Self::part_of(there, minor)?;
        self.voided += taken;
        Ok(taken)
    }

    /// Gives back what was taken; `None` is all of it. Answers what it gave back.
    pub fn refund(&mut self, minor: Option<i64>) -> Result<i64, Misfit> {
        if self.captured == 0 {
            return Err(Misfit::State);
        }
        let given = Self::part_of(self.captured - self.voided - self.refunded, minor)?;
        self.refunded += given;
        Ok(given)
    }

    fn part_of(there: i64, asked: Option<i64>) -> Result<i64, Misfit> {
        match asked.unwrap_or(there) {
            _ if there <= 0 => Err(Misfit::State),
            minor if minor > there => Err(Misfit::TooMuch),
            minor => Ok(minor),
        }
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Approved,
    /// Refused, with the issuer's response code where an issuer was asked.
    Declined {
        issuer: Option<&'static str>,
        vendor: &'static str,
        text: &'static str,
    },
    /// Taken in, and settled some time later.
    Initialized,
}

/// One line of the transactions list.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub merchant: String,
    pub at: OffsetDateTime,
    pub transaction_type: &'static str,
    pub ending: Ending,
    pub ticket: String,
    pub sale_ticket: Option<String>,
    pub reference: Option<String>,
    pub order_id: Option<String>,
    pub amount: Amount,
    pub brand: Brand,
    pub card_last4: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionKey {
    Reference(String),
    Ticket(String),
}

/// The simulator's memory.
#[derive(Debug)]
pub struct Book {
    charges: RecentMap<String, Charge>,
    /// Charges by the tickets of their captures, which later operations may name instead.
    captures: RecentMap<String, String>,
    pub transactions: Recent<TransactionKey, Transaction>,
    /// Answers to voids and refunds, by merchant and idempotency key.
    pub answers: RecentMap<(String, String), Bytes>,
    next_ticket: u64,
}

impl Book {
    pub fn new() -> Self {
        // Tickets are eighteen digits and differ from those of an earlier run: the clock's milliseconds with five more.
        let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        Self {
            charges: RecentMap::new(KEPT),
            captures: RecentMap::new(KEPT),
            transactions: Recent::new(KEPT),
            answers: RecentMap::new(KEPT),
            next_ticket: u64::try_from(milliseconds).unwrap_or_default() * 100_000,
        }
    }

    pub fn fresh_ticket(&mut self) -> String {
        self.next_ticket += 1;
        format!("{:018}", self.next_ticket)
    }

    pub fn insert_charge(&mut self, charge: Charge) {
        self.charges.insert(charge.ticket.clone(), charge);
    }

    pub fn insert_capture(&mut self, ticket: String, charge: String) {
        self.captures.insert(ticket, charge);
    }

    pub fn insert_transaction(&mut self, transaction: Transaction) {
        let mut keys = vec![TransactionKey::Ticket(transaction.ticket.clone())];
        keys.extend(transaction.reference.clone().map(TransactionKey::Reference));
        self.transactions.push(keys, transaction);
    }

    /// The merchant's charge behind a ticket, its own or that of its capture.
    pub fn charge_of(&mut self, merchant: &str, ticket: &str) -> Option<&mut Charge> {
        let ticket = ticket.to_owned();
        let charge = self.captures.get(&ticket).cloned().unwrap_or(ticket);
        self.charges
            .get_mut(&charge)
            .filter(|charge| charge.merchant == merchant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    fn charge(charge_type: ChargeType) -> Charge {
        let authorized = Amount::new(1_000, Currency::MXN).unwrap();
        Charge {
            merchant: "m".into(),
            charge_type,
            ticket: "1".into(),
            order_id: None,
            brand: Brand::Visa,
            card_last4: "1000".into(),
            authorized,
            captured: if charge_type == ChargeType::PreAuthorization {
                0
            } else {
                1_000
            },
            voided: 0,
            refunded: 0,
        }
    }

    #[test]
    fn a_capture_happens_once_and_takes_at_most_a_tenth_more() {
        let mut held = charge(ChargeType::PreAuthorization);
        assert_eq!(held.capture(1_101), Err(Misfit::TooMuch));
        assert_eq!(held.capture(1_100), Ok(()));
        assert_eq!(held.capture(1), Err(Misfit::State));
        assert_eq!(charge(ChargeType::Sale).capture(1), Err(Misfit::State));
    }

    #[test]
    fn no_more_is_taken_back_than_was_taken() {
        let mut sale = charge(ChargeType::Sale);
        assert_eq!(sale.refund(Some(400)), Ok(400));
        assert_eq!(sale.void(Some(601)), Err(Misfit::TooMuch));
        assert_eq!(sale.void(Some(100)), Ok(100));
        assert_eq!(sale.refund(None), Ok(500));
        assert_eq!(sale.refund(Some(1)), Err(Misfit::State));

        let mut held = charge(ChargeType::PreAuthorization);
        assert_eq!(held.refund(None), Err(Misfit::State));
        assert_eq!(held.void(None), Ok(1_000));
        assert_eq!(held.capture(1), Err(Misfit::State));
    }
}
