//! Taking back what its sender got no answer to, by the transaction id it was sent with.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::Cybersource;
use super::payment_request::ClientReference;
use super::reply::{Refused, read_json};
use super::settle::{self, Arrived, Order};
use super::void::{ReversalInformation, release, void_sale};
use crate::ledger::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReversalBody {
    client_reference_information: ClientReference,
    reversal_information: ReversalInformation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VoidBody {
    client_reference_information: ClientReference,
}

/// `POST /pts/v2/reversals`: of an authorisation.
pub async fn reverse(
    State(cybersource): State<Cybersource>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    settle::answer(&cybersource, &arrived, |book, merchant| {
        let body: ReversalBody = read_json(&arrived.body)?;
        let reference = body.client_reference_information;
        let order = Order {
            operation: Operation::Reversal,
            of: named(&reference, |id| book.of_transaction_id(&merchant.id, id))?,
            amount: Some(body.reversal_information.amount_details.amount()?),
            reference,
        };
        settle::carry_out(&cybersource, book, merchant, &order, release)
    })
}

/// `POST /pts/v2/voids`: of a sale.
pub async fn void(
    State(cybersource): State<Cybersource>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    settle::answer(&cybersource, &arrived, |book, merchant| {
        let body: VoidBody = read_json(&arrived.body)?;
        let reference = body.client_reference_information;
        let order = Order {
            operation: Operation::Reversal,
            of: named(&reference, |id| book.of_transaction_id(&merchant.id, id))?,
            amount: None,
            reference,
        };
        settle::carry_out(&cybersource, book, merchant, &order, void_sale)
    })
}

/// The transaction that was sent with the transaction id.
fn named(reference: &ClientReference, find: impl FnOnce(&str) -> Option<String>) -> Result<String, Refused> {
    let transaction_id = reference
        .transaction_id
        .as_deref()
        .ok_or_else(|| Refused::missing("clientReferenceInformation.transactionId"))?;
    find(transaction_id)
        .ok_or_else(|| Refused::reason("MISSING_AUTH", "Nothing was sent with this transaction id"))
}
