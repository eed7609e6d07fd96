//! Transactions looked up some time after them: by our code of them, or by their id.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::authentication::{self, Call, Merchant};
use super::book::{Transaction, What};
use super::payment::RISK_REASON;
use super::reply::{Refused, created, now, read_json, time_text};
use super::{Cybersource, NAME};
use crate::ledger::{Entry, Operation};

/// Summaries of an answer at most.
const LIMIT_MAX: usize = 2_500;

/// The only query that is served; the vendor has more, and one that is not served must not look as if it were.
const BY_CODE: &str = "clientReferenceInformation.code:";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documented members are taken even where nothing here depends on them"
)]
struct Question {
    save: Option<bool>,
    name: Option<String>,
    timezone: Option<String>,
    query: String,
    offset: Option<usize>,
    limit: Option<usize>,
    sort: Option<String>,
}

/// `POST /tss/v2/searches`.
pub async fn search(
    State(cybersource): State<Cybersource>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = Call {
        method: &Method::POST,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let found = authentication::check(&cybersource.processors.connections, &call)
        .and_then(|merchant| find(&cybersource, &merchant, &body));
    match found {
        Ok(page) => created(&page),
        Err(refused) => refused.into_response(),
    }
}

fn find(cybersource: &Cybersource, merchant: &Merchant, body: &[u8]) -> Result<Value, Refused> {
    let question: Question = read_json(body)?;
    let code = question
        .query
        .strip_prefix(BY_CODE)
        .filter(|code| !code.is_empty() && !code.contains(char::is_whitespace))
        .ok_or_else(|| Refused::invalid("query"))?;
    let limit = question.limit.unwrap_or(LIMIT_MAX);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(Refused::invalid("limit"));
    }
    let now_at = OffsetDateTime::now_utc();
    let settings = cybersource.processors.settings;
    let book = cybersource.book();
    let found: Vec<Transaction> = book
        .of_code(&merchant.id, code)
        .filter(|transaction| now_at - transaction.at >= settings.inquiry_visible_after)
        .cloned()
        .collect();
    drop(book);
    let summaries: Vec<Value> = found
        .iter()
        .skip(question.offset.unwrap_or_default())
        .take(limit)
        .map(|transaction| {
            summary(
                transaction,
                transaction.status(now_at, settings.asynchronous_after),
            )
        })
        .collect();
    write(cybersource, merchant, code, &found);
    let mut page = json!({
        "searchId": uuid::Uuid::new_v4(),
        "query": question.query,
        "count": summaries.len(),
        "totalCount": found.len(),
        "submitTimeUtc": now(),
    });
    if !summaries.is_empty()
        && let Some(members) = page.as_object_mut()
    {
        members.insert(
            "_embedded".to_owned(),
            json!({ "transactionSummaries": summaries }),
        );
    }
    Ok(page)
}

/// `GET /tss/v2/transactions/{id}`.
pub async fn details(
    State(cybersource): State<Cybersource>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
        body: &[],
    };
    let merchant = match authentication::check(&cybersource.processors.connections, &call) {
        Ok(merchant) => merchant,
        Err(refused) => return refused.into_response(),
    };
    let settings = cybersource.processors.settings;
    let now_at = OffsetDateTime::now_utc();
    let mut book = cybersource.book();
    let found = book
        .of_id(&merchant.id, &id)
        .filter(|transaction| now_at - transaction.at >= settings.inquiry_visible_after);
    match found {
        Some(transaction) => {
            let status = transaction.status(now_at, settings.asynchronous_after);
            axum::Json(summary(transaction, status)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn summary(transaction: &Transaction, status: &str) -> Value {
    let applications: Vec<Value> = transaction
        .services()
        .iter()
        .map(|name| json!({ "name": name }))
        .collect();
    let mut summary = json!({
        "id": transaction.id,
        "submitTimeUtc": time_text(transaction.at),
        "merchantId": transaction.merchant,
        "status": status,
        "applicationInformation": { "applications": applications },
        "clientReferenceInformation": { "code": transaction.code },
        "orderInformation": { "amountDetails": {
            "totalAmount": transaction.amount.to_decimal(),
            "currency": transaction.amount.currency().code(),
        } },
    });
    let more = match transaction.what {
        What::Declined { reason } => Some(("errorInformation", json!({ "reason": reason }))),
        What::Payment(ref payment) if payment.is_refused_by_risk => {
            Some(("errorInformation", json!({ "reason": RISK_REASON })))
        }
        What::Payment(_) => Some(("processorInformation", json!({ "approvalCode": "831000" }))),
        What::Capture(_) | What::Refund | What::TakenBack { .. } => None,
    };
    if let (Some((name, value)), Some(members)) = (more, summary.as_object_mut()) {
        members.insert(name.to_owned(), value);
    }
    summary
}

fn write(cybersource: &Cybersource, merchant: &Merchant, code: &str, found: &[Transaction]) {
    let first = found.first();
    cybersource.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: Some(merchant.registered.connection_id.clone()),
        operation: Operation::Inquiry,
        reference: Some(code.to_owned()),
        order_id: first.and_then(|transaction| transaction.order_id.clone()),
        idempotency_key: None,
        amount: first.map(|transaction| transaction.amount.minor()),
        currency: first.map(|transaction| Amount::currency(transaction.amount)),
        card_last4: first.map(|transaction| transaction.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: found.iter().any(
            |transaction| matches!(&transaction.what, What::Payment(payment) if !payment.is_refused_by_risk),
        ),
        response_code: None,
        at: OffsetDateTime::now_utc(),
    });
}
