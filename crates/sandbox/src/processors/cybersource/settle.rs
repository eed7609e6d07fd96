//! What captures, refunds, voids and reversals have in common: a change of an earlier transaction, done under one lock.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::authentication::{self, Call, Merchant};
use super::book::{Book, Transaction, What};
use super::payment_request::{AmountDetails, ClientReference};
use super::reply::{Refused, created, now};
use super::{Cybersource, NAME, news};
use crate::ledger::{Entry, Operation};

/// `orderInformation` where it holds nothing but an amount.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderInformation {
    pub amount_details: AmountDetails,
}

/// One operation that is in order, to be carried out.
pub struct Order {
    pub operation: Operation,
    /// The transaction it is about.
    pub of: String,
    pub reference: ClientReference,
    pub amount: Option<Amount>,
}

/// What a request came with.
pub struct Arrived {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Checks who calls, then does it under one lock.
pub fn answer(
    cybersource: &Cybersource,
    arrived: &Arrived,
    act: impl FnOnce(&mut Book, &Merchant) -> Result<Value, Refused>,
) -> Response {
    let call = Call {
        method: &Method::POST,
        uri: &arrived.uri,
        headers: &arrived.headers,
        body: &arrived.body,
    };
    let done = authentication::check(&cybersource.processors.connections, &call).and_then(|merchant| {
        let mut book = cybersource.book();
        act(&mut book, &merchant)
    });
    match done {
        Ok(body) => created(&body),
        Err(refused) => refused.into_response(),
    }
}

/// Changes the transaction that an order is about and writes down what was done, or why it was not.
pub fn carry_out(
    cybersource: &Cybersource,
    book: &mut Book,
    merchant: &Merchant,
    order: &Order,
    change: impl FnOnce(&mut Transaction, Amount) -> Result<What, Refused>,
) -> Result<Value, Refused> {
    order.reference.check()?;
    let moves = matches!(order.operation, Operation::Capture | Operation::Refund);
    let is_used = moves
        && book.is_used(
            &merchant.id,
            &order.reference.code,
            order.reference.transaction_id.as_deref(),
        );
    let about = book.of_id(&merchant.id, &order.of);
    let before = about.as_deref().cloned();
    let changed = match about {
        _ if is_used => Err(Refused::reason(
            "DUPLICATE_REQUEST",
            "The code was sent within the last 15 minutes",
        )),
        None => Err(unknown()),
        Some(transaction) => {
            let amount = order.amount.unwrap_or(transaction.amount);
            if amount.currency() == transaction.amount.currency() {
                change(transaction, amount).map(|what| (what, amount))
            } else {
                Err(Refused::invalid("amountDetails.currency"))
            }
        }
    };
    match (changed, before) {
        (Ok((what, amount)), Some(before)) => {
            let done = Transaction {
                id: book.fresh_id(),
                merchant: merchant.id.clone(),
                code: order.reference.code.clone(),
                at: OffsetDateTime::now_utc(),
                amount,
                order_id: before.order_id.clone(),
                card_last4: before.card_last4.clone(),
                what,
            };
            write(cybersource, merchant, order, Some(&before), Some(amount), Ok(()));
            let transaction_id = order.reference.transaction_id.as_deref().filter(|_| moves);
            book.insert(done.clone(), transaction_id);
            news::tell(&cybersource.processors, merchant, &done);
            Ok(body(&done))
        }
        (Ok(_), None) => Err(unknown()),
        (Err(refused), before) => {
            write(
                cybersource,
                merchant,
                order,
                before.as_ref(),
                order.amount,
                Err(&refused),
            );
            Err(refused)
        }
    }
}

fn body(done: &Transaction) -> Value {
    let (status, member, amount_details) = match &done.what {
        What::Refund => (
            "PENDING",
            "refundAmountDetails",
            json!({ "refundAmount": done.amount.to_decimal(), "currency": done.amount.currency().code() }),
        ),
        What::TakenBack {
            service: "ics_auth_reversal",
            status,
        } => (
            *status,
            "reversalAmountDetails",
            json!({ "reversedAmount": done.amount.to_decimal(), "currency": done.amount.currency().code() }),
        ),
        What::TakenBack { status, .. } => (
            *status,
            "voidAmountDetails",
            json!({ "voidAmount": done.amount.to_decimal(), "currency": done.amount.currency().code() }),
        ),
        What::Capture(_) | What::Payment(_) | What::Declined { .. } => (
            "PENDING",
            "orderInformation",
            json!({ "amountDetails": {
                "totalAmount": done.amount.to_decimal(), "currency": done.amount.currency().code(),
            } }),
        ),
    };
    let mut body = json!({
        "id": done.id,
        "submitTimeUtc": now(),
        "status": status,
        "clientReferenceInformation": { "code": done.code },
    });
    if let Some(members) = body.as_object_mut() {
        members.insert(member.to_owned(), amount_details);
    }
    body
}

pub fn unknown() -> Refused {
    Refused::reason(
        "INVALID_PAYMENT_ID",
        "The id does not fit a transaction for this operation",
    )
}

pub fn already_voided() -> Refused {
    Refused::reason("CAPTURE_ALREADY_VOIDED", "It has already been voided")
}

fn write(
    cybersource: &Cybersource,
    merchant: &Merchant,
    order: &Order,
    about: Option<&Transaction>,
    amount: Option<Amount>,
    done: Result<(), &Refused>,
) {
    cybersource.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: Some(merchant.registered.connection_id.clone()),
        operation: order.operation,
        reference: Some(order.reference.code.clone()),
        order_id: about.and_then(|transaction| transaction.order_id.clone()),
        idempotency_key: order.reference.transaction_id.clone(),
        amount: amount.map(Amount::minor),
        currency: amount.map(Amount::currency),
        card_last4: about.map(|transaction| transaction.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: done.is_ok(),
        response_code: match done {
            Ok(()) => Some("00".to_owned()),
            Err(refused) => refused.code().map(str::to_owned),
        },
        at: OffsetDateTime::now_utc(),
    });
}
