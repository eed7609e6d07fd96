//! What the processors' ledger says was done with money.

use serde_json::Value;

/// What a ledger adds up to: only what was done counts.
#[derive(Debug, Default)]
pub struct Money {
    sales: i64,
    holds: i64,
    captured: i64,
    refunded: i64,
    taken_back: i64,
    /// Charges that were approved, less those taken back.
    pub alive: i64,
}

impl Money {
    pub fn of(entries: &[Value]) -> Self {
        let mut money = Self::default();
        for entry in entries.iter().filter(|entry| entry["approved"] == true) {
            let amount = entry["amount"].as_i64().unwrap_or_default();
            match entry["operation"].as_str().unwrap_or_default() {
                "sale" => {
                    money.sales += amount;
                    money.alive += 1;
                }
                "authorization" => {
                    money.holds += amount;
                    money.alive += 1;
                }
                "capture" => money.captured += amount,
                "refund" => money.refunded += amount,
                "void" | "reversal" => {
                    money.taken_back += amount;
                    money.alive -= 1;
                }
                _ => {}
            }
        }
        money
    }

    /// What is left with the merchant.
    pub fn net(&self) -> i64 {
        let taken_back = if self.sales > 0 { self.taken_back } else { 0 };
        self.sales + self.captured - self.refunded - taken_back
    }
}
