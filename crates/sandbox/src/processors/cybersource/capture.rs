//! Captures: `POST /pts/v2/payments/{id}/captures`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use primitives::Amount;
use serde::Deserialize;

use super::Cybersource;
use super::book::{Capture, Transaction, What};
use super::payment_request::ClientReference;
use super::reply::{Refused, read_json};
use super::settle::{Arrived, Order, OrderInformation, answer, carry_out, unknown};
use crate::ledger::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaptureBody {
    client_reference_information: ClientReference,
    order_information: OrderInformation,
    processing_information: Option<ProcessingInformation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProcessingInformation {
    capture_options: Option<CaptureOptions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaptureOptions {
    is_final: Option<String>,
}

pub async fn capture(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    answer(&cybersource, &arrived, |book, merchant| {
        let body: CaptureBody = read_json(&arrived.body)?;
        let is_final = body
            .processing_information
            .and_then(|processing| processing.capture_options)
            .and_then(|options| options.is_final);
        let is_final = match is_final.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refused::invalid("processingInformation.captureOptions.isFinal")),
        };
        let order = Order {
            operation: Operation::Capture,
            of: id,
            reference: body.client_reference_information,
            amount: Some(body.order_information.amount_details.amount()?),
        };
        carry_out(&cybersource, book, merchant, &order, |transaction, amount| {
            take(transaction, amount, is_final)
        })
    })
}

/// Takes held money, as often as there is any left.
fn take(transaction: &mut Transaction, amount: Amount, is_final: bool) -> Result<What, Refused> {
    let held = transaction.amount.minor();
    let What::Payment(payment) = &mut transaction.what else {
        return Err(unknown());
    };
    if payment.taken_back.is_some() || payment.is_closed {
        return Err(Refused::reason(
            "AUTH_ALREADY_REVERSED",
            "The authorization is not open any more",
        ));
    }
    if amount.minor() > held - payment.captured {
        return Err(Refused::reason(
            "EXCEEDS_AUTH_AMOUNT",
            "The requested amount exceeds the originally authorized amount",
        ));
    }
    payment.captured += amount.minor();
    payment.is_closed = is_final || payment.captured == held;
    Ok(What::Capture(Capture { refunded: 0 }))
}
