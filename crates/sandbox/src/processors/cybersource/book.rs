//! What the simulator remembers: every transaction by its id, by our code of it, and by the id it can be taken back by.

use std::time::Duration;

use primitives::Amount;
use time::OffsetDateTime;

use crate::recent::RecentMap;

/// Transactions kept; the oldest are forgotten first.
const KEPT: usize = 100_000;
/// For how long a code counts as used.
const CODE_USED_FOR: Duration = Duration::from_secs(15 * 60);

/// The status of what the issuer approved and the risk rules refused.
pub const RISK_DECLINED: &str = "AUTHORIZED_RISK_DECLINED";

/// One transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub id: String,
    pub merchant: String,
    /// `clientReferenceInformation.code`.
    pub code: String,
    pub at: OffsetDateTime,
    pub amount: Amount,
    pub order_id: Option<String>,
    pub card_last4: String,
    pub what: What,
}

/// What it did.
#[derive(Clone, Debug)]
pub enum What {
    /// Approved.
    Payment(Payment),
    Capture(Capture),
    Refund,
    /// Took back another: the service's name and the status it answered.
    TakenBack {
        service: &'static str,
        status: &'static str,
    },
    /// A payment that was refused, by the issuer or by the vendor itself, and why.
    Declined {
        reason: &'static str,
    },
}

/// An approved payment and what became of its money, in minor units.
#[derive(Clone, Debug)]
pub struct Payment {
    pub is_sale: bool,
    pub captured: i64,
    pub refunded: i64,
    /// No more is captured: all of it was, or the rest was released.
    pub is_closed: bool,
    pub taken_back: Option<&'static str>,
    /// The issuer approved it, and the risk rules then refused it: it is held and cannot be captured.
    pub is_refused_by_risk: bool,
}

impl Payment {
    /// `status`.
    pub fn status(&self) -> &'static str {
        match self.taken_back {
            Some(status) => status,
            None if self.is_refused_by_risk => RISK_DECLINED,
            None => "AUTHORIZED",
        }
    }
}

/// A capture and what became of it.
#[derive(Clone, Debug)]
pub struct Capture {
    pub refunded: i64,
}

/// The simulator's memory.
#[derive(Debug)]
pub struct Book {
    transactions: RecentMap<String, Transaction>,
    by_code: RecentMap<(String, String), Vec<String>>,
    by_transaction_id: RecentMap<(String, String), String>,
    next_id: u64,
}

impl Book {
    pub fn new() -> Self {
        // Ids differ from those of an earlier run: the clock's milliseconds with five more digits.
        let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        Self {
            transactions: RecentMap::new(KEPT),
            by_code: RecentMap::new(KEPT),
            by_transaction_id: RecentMap::new(KEPT),
            next_id: u64::try_from(milliseconds).unwrap_or_default() * 100_000,
        }
    }

    /// An id of 22 digits.
    pub fn fresh_id(&mut self) -> String {
        self.next_id += 1;
        format!("7{:021}", self.next_id)
    }

    /// Whether the code, or the transaction id, was used by this merchant already.
    pub fn is_used(&self, merchant: &str, code: &str, transaction_id: Option<&str>) -> bool {
        let now = OffsetDateTime::now_utc();
        let lately = self
            .of_code(merchant, code)
            .any(|transaction| now - transaction.at < CODE_USED_FOR);
        lately
            || transaction_id.is_some_and(|id| {
                let key = (merchant.to_owned(), id.to_owned());
                self.by_transaction_id.get(&key).is_some()
            })
    }

    pub fn insert(&mut self, transaction: Transaction, transaction_id: Option<&str>) {
        let merchant = &transaction.merchant;
        if let Some(transaction_id) = transaction_id {
            let key = (merchant.clone(), transaction_id.to_owned());
            self.by_transaction_id.insert(key, transaction.id.clone());
        }
        let key = (merchant.clone(), transaction.code.clone());
        match self.by_code.get_mut(&key) {
            Some(ids) => ids.push(transaction.id.clone()),
            None => self.by_code.insert(key, vec![transaction.id.clone()]),
        }
        self.transactions.insert(transaction.id.clone(), transaction);
    }

    /// The merchant's transaction of that id.
    pub fn of_id(&mut self, merchant: &str, id: &str) -> Option<&mut Transaction> {
        self.transactions
            .get_mut(&id.to_owned())
            .filter(|transaction| transaction.merchant == merchant)
    }

    /// The id of the merchant's transaction that was sent with this transaction id.
    pub fn of_transaction_id(&self, merchant: &str, transaction_id: &str) -> Option<String> {
        let key = (merchant.to_owned(), transaction_id.to_owned());
        self.by_transaction_id.get(&key).cloned()
    }

    /// The merchant's transactions under a code, oldest first.
    pub fn of_code(&self, merchant: &str, code: &str) -> impl Iterator<Item = &Transaction> {
        let key = (merchant.to_owned(), code.to_owned());
        let ids = self.by_code.get(&key).into_iter().flatten();
        ids.filter_map(|id| self.transactions.get(id))
    }
}

impl Transaction {
    /// `status` as searches tell it. `batch_after` is how long the batch takes to go out.
    pub fn status(&self, now: OffsetDateTime, batch_after: Duration) -> &'static str {
        let in_the_batch = if now - self.at >= batch_after {
            "TRANSMITTED"
        } else {
            "PENDING"
        };
        match &self.what {
            What::Payment(payment) => payment.status(),
            What::Capture(_) | What::Refund => in_the_batch,
            What::TakenBack { status, .. } => status,
            What::Declined { .. } => "DECLINED",
        }
    }

    /// The services that worked on it.
    pub fn services(&self) -> &'static [&'static str] {
        match &self.what {
            What::Payment(payment) if payment.is_sale => &["ics_auth", "ics_bill"],
            What::Payment(_) | What::Declined { .. } => &["ics_auth"],
            What::Capture(_) => &["ics_bill"],
            What::Refund => &["ics_credit"],
            What::TakenBack {
                service: "ics_auth_reversal",
                ..
            } => &["ics_auth_reversal"],
            What::TakenBack { .. } => &["ics_void"],
        }
    }
}
