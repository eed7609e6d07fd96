//! What the simulated processors really did: the judge of double charges.
//!
//! `GET /ledger?reference=…` or `?order_id=…` answers a bare JSON array, oldest first. Without either, the latest
//! [`SHOWN_WITHOUT_A_QUESTION`] entries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use primitives::Currency;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::recent::Recent;

/// Entries kept; the oldest is forgotten first.
const ENTRIES_KEPT: usize = 200_000;
/// Entries shown when neither a reference nor an order is asked for.
const SHOWN_WITHOUT_A_QUESTION: usize = 1_000;

/// What a processor was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Authorised and captured in one.
    Sale,
    /// Held.
    Authorization,
    /// Held money taken.
    Capture,
    /// Released, or taken back before it settled.
    Void,
    /// Given back.
    Refund,
    /// An earlier message taken back because its answer was lost.
    Reversal,
    /// Asked what became of a charge.
    Inquiry,
}

/// One thing a simulated processor did.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// `kushki`, …
    pub processor: &'static str,
    /// The gateway's connection, where its credential has been registered.
    pub connection_id: Option<String>,
    /// What was asked.
    pub operation: Operation,
    /// The gateway's reference of the operation, as the processor got it.
    pub reference: Option<String>,
    /// The merchant's order id, as the processor got it with the charge.
    pub order_id: Option<String>,
    /// The key that makes a repeated request harmless, where the processor has one.
    pub idempotency_key: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// ISO 4217.
    pub currency: Option<Currency>,
    /// The last four digits of the card.
    pub card_last4: Option<String>,
    /// As received.
    pub eci: Option<String>,
    /// As received: CAVV, AAV or AEVV.
    pub authentication_value: Option<String>,
    /// As received.
    pub ds_trans_id: Option<String>,
    /// What a charge said of a card that the merchant keeps; left out where it said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_file: Option<OnFile>,
    /// Whether it was done. For an inquiry: whether an approval was found.
    pub approved: bool,
    /// ISO 8583 field 39, or the processor's own code; none where no answer was ever decided.
    pub response_code: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// A charge with a card that the merchant keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnFile {
    /// Who starts it.
    pub initiator: Starter,
    /// The cardholder leaves the card with it; otherwise it was left before.
    pub is_first: bool,
    /// The scheme's id of the first charge, as received.
    pub network_transaction_id: Option<String>,
}

/// Who starts a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starter {
    Cardholder,
    Merchant,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Reference(Arc<str>),
    Order(Arc<str>),
}

/// The ledger of all simulated processors. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<Recent<Key, Entry>>>);

impl Default for Ledger {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Recent::new(ENTRIES_KEPT))))
    }
}

impl Ledger {
    /// Writes down what was done.
    pub fn record(&self, entry: Entry) {
        let keys = [
            entry.reference.as_deref().map(|text| Key::Reference(text.into())),
            entry.order_id.as_deref().map(|text| Key::Order(text.into())),
        ];
        self.entries().push(keys.into_iter().flatten().collect(), entry);
    }

    /// What was done under a reference, oldest first.
    pub fn of_reference(&self, reference: &str) -> Vec<Entry> {
        self.of_key(&Key::Reference(reference.into()))
    }

    /// What was done for a merchant's order, oldest first.
    pub fn of_order(&self, order_id: &str) -> Vec<Entry> {
        self.of_key(&Key::Order(order_id.into()))
    }

    fn of_key(&self, key: &Key) -> Vec<Entry> {
        self.entries().of_key(key).cloned().collect()
    }

    fn latest(&self) -> Vec<Entry> {
        let mut latest: Vec<Entry> = self
            .entries()
            .all()
            .rev()
            .take(SHOWN_WITHOUT_A_QUESTION)
            .cloned()
            .collect();
        latest.reverse();
        latest
    }

    fn entries(&self) -> MutexGuard<'_, Recent<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /ledger`.
pub fn router(ledger: Ledger) -> Router {
    Router::new().route("/ledger", get(show)).with_state(ledger)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    reference: Option<String>,
    order_id: Option<String>,
}

async fn show(State(ledger): State<Ledger>, Query(question): Query<Question>) -> Response {
    let entries = match (&question.reference, &question.order_id) {
        (None, None) => ledger.latest(),
        (Some(reference), None) => ledger.of_reference(reference),
        (None, Some(order_id)) => ledger.of_order(order_id),
        (Some(reference), Some(order_id)) => {
            let mut entries = ledger.of_reference(reference);
            entries.retain(|entry| entry.order_id.as_ref() == Some(order_id));
            entries
        }
    };
    Json(entries).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_exactly_the_documented_members() {
        let entry = Entry {
            processor: "kushki",
            connection_id: None,
            operation: Operation::Sale,
            reference: Some("att-1".into()),
            order_id: Some("order-1".into()),
            idempotency_key: None,
            amount: Some(125_050),
            currency: Some(Currency::MXN),
            card_last4: Some("1000".into()),
            eci: Some("05".into()),
            authentication_value: None,
            ds_trans_id: None,
            on_file: None,
            approved: true,
            response_code: Some("00".into()),
            at: OffsetDateTime::UNIX_EPOCH,
        };
        assert_eq!(
            serde_json::to_string(&entry).unwrap(),
            concat!(
                r#"{"processor":"kushki","connection_id":null,"operation":"sale","reference":"att-1","#,
                r#""order_id":"order-1","idempotency_key":null,"amount":125050,"currency":"MXN","#,
                r#""card_last4":"1000","eci":"05","authentication_value":null,"ds_trans_id":null,"#,
                r#""approved":true,"response_code":"00","at":"1970-01-01T00:00:00Z"}"#
            )
        );
    }
}
