//! The transactions list, the only place where the fate of a charge can be looked up, some time after it.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::book::{Ending, Transaction, TransactionKey};
use super::reply::{Refused, nothing};
use super::{ACQUIRER, ISSUER, Kushki, NAME, brand_name, merchant};
use crate::ledger::{Entry, Operation};
use crate::processors::exact::Exact;

/// Lines of an answer when nothing else is asked for, and at most.
const DEFAULT_LIMIT: usize = 100;
const LIMIT_MAX: usize = 600;
/// Lines looked at for a question without reference or ticket.
const LOOKED_AT_WITHOUT_A_KEY: usize = 5_000;

/// The filters that are served; the vendor has more, and one that is not served must not look as if it were.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    from: String,
    to: String,
    external_reference_id: Option<String>,
    ticket_number: Option<String>,
    transaction_type: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

#[derive(Serialize)]
struct Page<'a> {
    total: usize,
    data: &'a [Row],
}

#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_code: Option<&'static str>,
    acquirer_bank: &'static str,
    approved_transaction_amount: Exact,
    created: String,
    currency_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_reference_id: Option<String>,
    issuing_bank: &'static str,
    last_four_digits: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    payment_brand: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor_code: Option<&'static str>,
    request_amount: Exact,
    response_code: &'static str,
    response_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_ticket_number: Option<String>,
    ticket_number: String,
    transaction_status: &'static str,
    transaction_type: &'static str,
}

#[derive(Serialize)]
struct Metadata {
    order_id: String,
}

/// `GET /analytics/v2/transactions-list`.
pub async fn list(State(kushki): State<Kushki>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    match find(&kushki, &headers, query.as_deref().unwrap_or_default()) {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

fn find(kushki: &Kushki, headers: &HeaderMap, query: &str) -> Result<Response, Refused> {
    let merchant = merchant(headers)?;
    let question: Question =
        serde_urlencoded::from_str(query).map_err(|fault| Refused::invalid(&format!("query: {fault}")))?;
    let from = list_time(&question.from)?;
    let to = list_time(&question.to)?;
    let limit = question.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(Refused::invalid("limit"));
    }
    let now = OffsetDateTime::now_utc();
    let settings = kushki.processors.settings;
    let asked_for = |transaction: &&Transaction| {
        transaction.merchant == merchant
            && transaction.at >= from
            && transaction.at <= to
            && now - transaction.at >= settings.inquiry_visible_after
            && question
                .transaction_type
                .as_ref()
                .is_none_or(|wanted| wanted == transaction.transaction_type)
            && question
                .external_reference_id
                .as_ref()
                .is_none_or(|wanted| transaction.reference.as_ref() == Some(wanted))
    };
    let book = kushki.book();
    let keyed = question
        .external_reference_id
        .clone()
        .map(TransactionKey::Reference)
        .into_iter()
        .chain(question.ticket_number.clone().map(TransactionKey::Ticket))
        .next_back();
    let found: Vec<Transaction> = match keyed {
        Some(key) => book
            .transactions
            .of_key(&key)
            .filter(asked_for)
            .cloned()
            .collect(),
        None => {
            let latest = book.transactions.all().rev().take(LOOKED_AT_WITHOUT_A_KEY);
            latest.filter(asked_for).cloned().collect()
        }
    };
    drop(book);
    let rows: Vec<Row> = found
        .iter()
        .skip(question.offset.unwrap_or_default())
        .take(limit)
        .map(|transaction| row(transaction, now - transaction.at >= settings.asynchronous_after))
        .collect();
    if let Some(reference) = &question.external_reference_id {
        write(kushki, &merchant, reference, &found, now);
    }
    let page = Page {
        total: found.len(),
        data: &rows,
    };
    Ok(Json(page).into_response())
}

fn list_time(text: &str) -> Result<OffsetDateTime, Refused> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Refused::invalid("from, to"))
}

/// `settled` tells whether what was only taken in has come through by now.
fn row(transaction: &Transaction, settled: bool) -> Row {
    let amount = transaction.amount;
    let approved = matches!(transaction.ending, Ending::Approved)
        || (settled && matches!(transaction.ending, Ending::Initialized));
    let (status, response_code, response_text, issuer) = match transaction.ending {
        _ if approved => ("APPROVED", "000", "Transacción aprobada", None),
        Ending::Declined { issuer, vendor, text } => ("DECLINED", vendor, text, issuer),
        Ending::Approved | Ending::Initialized => ("INITIALIZED", "", "", None),
    };
    Row {
        approval_code: approved.then_some("000000"),
        acquirer_bank: ACQUIRER,
        approved_transaction_amount: if approved { Exact(amount) } else { nothing(amount) },
        created: transaction.at.format(&Rfc3339).unwrap_or_default(),
        currency_code: amount.currency().code(),
        external_reference_id: transaction.reference.clone(),
        issuing_bank: ISSUER,
        last_four_digits: transaction.card_last4.clone(),
        metadata: transaction.order_id.clone().map(|order_id| Metadata { order_id }),
        payment_brand: brand_name(transaction.brand),
        processor_code: issuer,
        request_amount: Exact(amount),
        response_code,
        response_text,
        sale_ticket_number: transaction.sale_ticket.clone(),
        ticket_number: transaction.ticket.clone(),
        transaction_status: status,
        transaction_type: transaction.transaction_type,
    }
}

fn write(kushki: &Kushki, merchant: &str, reference: &str, found: &[Transaction], now: OffsetDateTime) {
    let first = found.first();
    kushki.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: kushki.processors.connections.of(NAME, merchant),
        operation: Operation::Inquiry,
        reference: Some(reference.to_owned()),
        order_id: first.and_then(|transaction| transaction.order_id.clone()),
        idempotency_key: None,
        amount: first.map(|transaction| transaction.amount.minor()),
        currency: first.map(|transaction| Amount::currency(transaction.amount)),
        card_last4: first.map(|transaction| transaction.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: found
            .iter()
            .any(|transaction| transaction.ending == Ending::Approved),
        response_code: None,
        at: now,
    });
}
