//! `PUT` of a transaction: done once, and answered the same however often it comes.

use aws_lc_rs::digest;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::book::{Key, Transaction};
use super::reply::{self, Made, Refused};
use super::{Address, Amex, NAME, SILENCE, charge, key, news, settle};
use crate::faults;
use crate::ledger::{Entry, Operation};

/// How the caller learns what was done.
pub enum Answer {
    Told(Bytes),
    /// An answer nothing documents.
    UndocumentedError,
    Silence,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    api_operation: String,
}

/// `PUT …/order/{order}/transaction/{transaction}`.
pub async fn make(
    State(amex): State<Amex>,
    Path(address): Path<Address>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // Everything is done before the first wait, so that a caller who hangs up changes nothing.
    match put(&amex, address, &headers, &body) {
        Ok((Answer::Told(json), true)) => reply::made(json),
        Ok((Answer::Told(json), false)) => reply::found(json),
        Ok((Answer::UndocumentedError, _)) => (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
        )
            .into_response(),
        Ok((Answer::Silence, _)) => {
            tokio::time::sleep(SILENCE).await;
            faults::cut_connection()
        }
        Err(refused) => refused.into_response(),
    }
}

/// The answer, and whether something was made for it.
fn put(amex: &Amex, address: Address, headers: &HeaderMap, body: &[u8]) -> Result<(Answer, bool), Refused> {
    let key = key(amex, address, headers)?;
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !json {
        return Err(Refused::invalid("Content-Type", "Must be application/json"));
    }
    let asked = digest_of(body)?;
    let _turn = amex.turn();
    if let Some(known) = amex.book().transaction(&key) {
        return if known.asked == asked {
            Ok((Answer::Told(known.answer.clone()), false))
        } else {
            Err(Refused::state(
                "The transaction exists and was made with other data",
            ))
        };
    }
    let Kind { api_operation } = reply::read_json(body)?;
    let answer = match api_operation.as_str() {
        "PAY" => charge::make(amex, key, Operation::Sale, body, asked)?,
        "AUTHORIZE" => charge::make(amex, key, Operation::Authorization, body, asked)?,
        "CAPTURE" => settle::make(amex, key, Operation::Capture, body, asked)?,
        "VOID" => settle::make(amex, key, Operation::Void, body, asked)?,
        "REFUND" => settle::make(amex, key, Operation::Refund, body, asked)?,
        _ => return Err(Refused::invalid("apiOperation", "Unsupported operation")),
    };
    Ok((answer, true))
}

/// The same JSON has the same digest, whatever its blanks and order; the card in it is not kept.
fn digest_of(body: &[u8]) -> Result<[u8; 32], Refused> {
    let value: Value = reply::read_json(body)?;
    let digest = digest::digest(&digest::SHA256, value.to_string().as_bytes());
    digest.as_ref().try_into().map_err(|_| Refused::failed())
}

/// Keeps a transaction and its answer, and tells the merchant of it.
pub fn keep(amex: &Amex, made: &Made<'_>, asked: [u8; 32]) -> Result<Bytes, Refused> {
    let answer = reply::json(made)?;
    let transaction = Transaction {
        asked,
        answer: answer.clone(),
        is_approved: made.ending.is_approved(),
    };
    amex.book().insert_transaction(made.key.clone(), transaction);
    news::tell(amex, made.key, made.number, answer.clone());
    Ok(answer)
}

/// What became of a transaction.
pub fn find(amex: &Amex, key: &Key) -> Result<Bytes, Refused> {
    let mut book = amex.book();
    let found = book.transaction(key).cloned();
    let order = book.order(key).cloned();
    drop(book);
    amex.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: amex.processors.connections.of(NAME, &key.merchant),
        operation: Operation::Inquiry,
        reference: Some(key.transaction.clone()),
        order_id: order.as_ref().and_then(|order| order.reference.clone()),
        idempotency_key: None,
        amount: None,
        currency: order.as_ref().map(|order| order.currency),
        card_last4: order.map(|order| order.card_last4),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: found.as_ref().is_some_and(|found| found.is_approved),
        response_code: None,
        at: OffsetDateTime::now_utc(),
    });
    found
        .map(|found| found.answer)
        .ok_or(Refused::state("Unable to find the transaction of the order"))
}
