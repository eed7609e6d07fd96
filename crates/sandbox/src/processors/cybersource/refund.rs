//! Refunds: of a sale (`POST /pts/v2/payments/{id}/refunds`) or of a capture (`POST /pts/v2/captures/{id}/refunds`).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use primitives::Amount;
use serde::Deserialize;
use serde_json::Value;

use super::Cybersource;
use super::authentication::Merchant;
use super::book::{Book, Transaction, What};
use super::payment_request::ClientReference;
use super::reply::{Refused, read_json};
use super::settle::{Arrived, Order, OrderInformation, already_voided, answer, carry_out, unknown};
use crate::ledger::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RefundBody {
    client_reference_information: ClientReference,
    order_information: OrderInformation,
}

pub async fn refund_payment(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    answer(&cybersource, &arrived, |book, merchant| {
        refund(
            &cybersource,
            book,
            merchant,
            id,
            &arrived,
            |transaction, amount| match &mut transaction.what {
                What::Payment(payment) if payment.is_sale && payment.taken_back.is_none() => {
                    let left = payment.captured - payment.refunded;
                    give_back(&mut payment.refunded, left, amount)
                }
                What::Payment(payment) if payment.taken_back.is_some() => Err(already_voided()),
                _ => Err(unknown()),
            },
        )
    })
}

pub async fn refund_capture(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let arrived = Arrived { uri, headers, body };
    answer(&cybersource, &arrived, |book, merchant| {
        refund(
            &cybersource,
            book,
            merchant,
            id,
            &arrived,
            |transaction, amount| {
                let whole = transaction.amount.minor();
                match &mut transaction.what {
                    What::Capture(capture) => {
                        let left = whole - capture.refunded;
                        give_back(&mut capture.refunded, left, amount)
                    }
                    _ => Err(unknown()),
                }
            },
        )
    })
}

fn refund(
    cybersource: &Cybersource,
    book: &mut Book,
    merchant: &Merchant,
    of: String,
    arrived: &Arrived,
    change: impl FnOnce(&mut Transaction, Amount) -> Result<What, Refused>,
) -> Result<Value, Refused> {
    let body: RefundBody = read_json(&arrived.body)?;
    let order = Order {
        operation: Operation::Refund,
        of,
        reference: body.client_reference_information,
        amount: Some(body.order_information.amount_details.amount()?),
    };
    carry_out(cybersource, book, merchant, &order, change)
}

fn give_back(refunded: &mut i64, left: i64, amount: Amount) -> Result<What, Refused> {
    if amount.minor() > left {
        return Err(Refused::reason(
            "EXCEEDS_AUTH_AMOUNT",
            "The requested amount exceeds what was captured",
        ));
    }
    *refunded += amount.minor();
    Ok(What::Refund)
}
