//! Taking back by id: an authorisation (`POST /pts/v2/payments/{id}/reversals`) or a sale (`POST /pts/v2/payments/{id}/voids`).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use primitives::Amount;
use serde::Deserialize;

use super::Cybersource;
use super::book::{Transaction, What};
use super::payment_request::{AmountDetails, ClientReference};
use super::reply::{Refused, read_json};
use super::settle::{Arrived, Order, already_voided, answer, carry_out, unknown};
use crate::ledger::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReversalBody {
    client_reference_information: ClientReference,
    reversal_information: ReversalInformation,
}

/// `reversalInformation`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReversalInformation {
    pub amount_details: AmountDetails,
    #[expect(dead_code, reason = "documented, and nothing here depends on it")]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VoidBody {
    client_reference_information: ClientReference,
}

pub async fn reverse(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    answer(&cybersource, &arrived, |book, merchant| {
        let body: ReversalBody = read_json(&arrived.body)?;
        let order = Order {
            operation: Operation::Void,
            of: id,
            reference: body.client_reference_information,
            amount: Some(body.reversal_information.amount_details.amount()?),
        };
        carry_out(&cybersource, book, merchant, &order, release)
    })
}

pub async fn void_payment(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    answer(&cybersource, &arrived, |book, merchant| {
        let body: VoidBody = read_json(&arrived.body)?;
        let order = Order {
            operation: Operation::Void,
            of: id,
            reference: body.client_reference_information,
            amount: None,
        };
        carry_out(&cybersource, book, merchant, &order, void_sale)
    })
}

/// Releases all that is held.
pub fn release(transaction: &mut Transaction, amount: Amount) -> Result<What, Refused> {
    let whole = transaction.amount;
    let What::Payment(payment) = &mut transaction.what else {
        return Err(unknown());
    };
    if payment.taken_back.is_some() {
        return Err(Refused::reason(
            "AUTH_ALREADY_REVERSED",
            "The authorization has already been reversed",
        ));
    }
    if payment.captured > 0 {
        return Err(Refused::reason(
            "TRANSACTION_ALREADY_REVERSED_OR_SETTLED",
            "The transaction has already been settled or reversed",
        ));
    }
    let what = taken_back("ics_auth_reversal", "REVERSED", amount, whole)?;
    payment.taken_back = Some("REVERSED");
    Ok(what)
}

/// Takes a sale back before the batch. The vendor's day is longer than anybody waits here.
pub fn void_sale(transaction: &mut Transaction, amount: Amount) -> Result<What, Refused> {
    let whole = transaction.amount;
    let What::Payment(payment) = &mut transaction.what else {
        return Err(unknown());
    };
    if payment.taken_back.is_some() {
        return Err(already_voided());
    }
    if !payment.is_sale || payment.refunded > 0 {
        return Err(not_voidable());
    }
    let what = taken_back("ics_void", "VOIDED", amount, whole)?;
    payment.taken_back = Some("VOIDED");
    Ok(what)
}

fn taken_back(
    service: &'static str,
    status: &'static str,
    amount: Amount,
    whole: Amount,
) -> Result<What, Refused> {
    if amount == whole {
        Ok(What::TakenBack { service, status })
    } else {
        Err(Refused::reason(
            "INVALID_AMOUNT",
            "Only the whole amount is taken back",
        ))
    }
}

fn not_voidable() -> Refused {
    Refused::reason("NOT_VOIDABLE", "It cannot be voided any more")
}
