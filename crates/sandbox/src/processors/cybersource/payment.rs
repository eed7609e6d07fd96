//! Sales and authorisations: `POST /pts/v2/payments`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::authentication::{self, Call, Merchant};
use super::book::{Payment, RISK_DECLINED, Transaction, What};
use super::payment_request::{Asked, check};
use super::reply::{Refused, created, now};
use super::{Cybersource, NAME, news, silence, undocumented_error};
use crate::ledger::{Entry, Operation};
use crate::processors::outcome::{self, Outcome};

/// The approval code of whatever is approved.
const APPROVAL_CODE: &str = "831000";
/// Why the risk rules refuse what they refuse.
pub const RISK_REASON: &str = "SCORE_EXCEEDS_THRESHOLD";
/// The last two digits of the amount, in minor units, of a charge that the issuer approves and the risk rules then refuse.
const REFUSED_BY_RISK: i64 = 59;
/// The scheme's id of whatever is approved.
const NETWORK_TRANSACTION_ID: &str = "016150703802094";

pub async fn pay(
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
    let asked = authentication::check(&cybersource.processors.connections, &call)
        .and_then(|merchant| Ok((merchant, check(&body)?)));
    // Everything is done before the first wait, so that a caller who hangs up changes nothing.
    match asked.and_then(|(merchant, asked)| decide(&cybersource, &merchant, &asked)) {
        Ok(Answer::Created(body)) => created(&body),
        Ok(Answer::Error) => undocumented_error(),
        Ok(Answer::Silence) => silence().await,
        Err(refused) => refused.into_response(),
    }
}

enum Answer {
    Created(Value),
    Error,
    Silence,
}

fn decide(cybersource: &Cybersource, merchant: &Merchant, asked: &Asked) -> Result<Answer, Refused> {
    let charge = outcome::Charge {
        amount: asked.amount,
        brand: asked.brand,
        fully_authenticated: asked.authentication.is_full(),
        order_id: asked.order_id.as_deref(),
        connection: (NAME, &merchant.id),
    };
    // One lock over looking the code up and using it: two requests with one code are paid once.
    let mut book = cybersource.book();
    if book.is_used(&merchant.id, &asked.code, asked.transaction_id.as_deref()) {
        let refused = Refused::reason(
            "DUPLICATE_REQUEST",
            "The code was sent within the last 15 minutes",
        );
        write(cybersource, merchant, asked, false, refused.code());
        return Err(refused);
    }
    let outcome = outcome::of(&charge, &cybersource.processors.cascade);
    let is_refused_by_risk = asked.amount.minor() % 100 == REFUSED_BY_RISK;
    if outcome == Outcome::Silence {
        write(cybersource, merchant, asked, false, None);
        return Ok(Answer::Silence);
    }
    let id = book.fresh_id();
    let (what, body, approved, code) = match outcome {
        Outcome::Declined(issuer) => {
            let (reason, message) = reason(issuer, charge.fully_authenticated);
            let body = declined(&id, asked, issuer, reason, message);
            (What::Declined { reason }, body, false, issuer)
        }
        Outcome::Approved | Outcome::ApprovedThenError | Outcome::ApprovedThenSilence | Outcome::Silence => {
            // The capture of a sale does not come to pass where the risk rules refuse it.
            let is_sale = asked.is_sale && !is_refused_by_risk;
            let payment = Payment {
                is_sale,
                captured: if is_sale { asked.amount.minor() } else { 0 },
                refunded: 0,
                is_closed: is_sale || is_refused_by_risk,
                taken_back: None,
                is_refused_by_risk,
            };
            let status = payment.status();
            let body = if is_refused_by_risk {
                refused_by_risk(approved(&id, asked), status)
            } else {
                approved(&id, asked)
            };
            let code = if is_refused_by_risk { status } else { "00" };
            (What::Payment(payment), body, true, code)
        }
    };
    let transaction = Transaction {
        id,
        merchant: merchant.id.clone(),
        code: asked.code.clone(),
        at: OffsetDateTime::now_utc(),
        amount: asked.amount,
        order_id: asked.order_id.clone(),
        card_last4: asked.pan.last_four().to_owned(),
        what,
    };
    book.insert(transaction.clone(), asked.transaction_id.as_deref());
    drop(book);
    news::tell(&cybersource.processors, merchant, &transaction);
    write(cybersource, merchant, asked, approved, Some(code));
    Ok(match outcome {
        Outcome::ApprovedThenError => Answer::Error,
        Outcome::ApprovedThenSilence => Answer::Silence,
        Outcome::Approved | Outcome::Declined(_) | Outcome::Silence => Answer::Created(body),
    })
}

/// The vendor's reason and text for an issuer's response code.
fn reason(issuer: &str, fully_authenticated: bool) -> (&'static str, &'static str) {
    match issuer {
        "14" => ("INVALID_ACCOUNT", "Invalid account number."),
        "41" | "43" => ("STOLEN_LOST_CARD", "Stolen or lost card."),
        "51" => ("INSUFFICIENT_FUND", "Insufficient funds in the account."),
        "54" => ("EXPIRED_CARD", "Expired card."),
        "1A" | "65" if !fully_authenticated => (
            "CONSUMER_AUTHENTICATION_REQUIRED",
            "The issuer asks for an authentication of the cardholder.",
        ),
        "1A" | "65" => ("EXCEEDS_CREDIT_LIMIT", "The card has reached its limit."),
        "91" => ("ISSUER_UNAVAILABLE", "The issuing bank is not available."),
        _ => ("PROCESSOR_DECLINED", "General decline of the card."),
    }
}

fn approved(id: &str, asked: &Asked) -> Value {
    json!({
        "_links": { "self": { "href": format!("/pts/v2/payments/{id}"), "method": "GET" } },
        "id": id,
        "submitTimeUtc": now(),
        "status": "AUTHORIZED",
        "reconciliationId": id,
        "clientReferenceInformation": { "code": asked.code },
        "processorInformation": {
            "approvalCode": APPROVAL_CODE,
            "responseCode": "00",
            "transactionId": NETWORK_TRANSACTION_ID,
            "networkTransactionId": NETWORK_TRANSACTION_ID,
        },
        "orderInformation": { "amountDetails": {
            "authorizedAmount": asked.amount.to_decimal(),
            "currency": asked.amount.currency().code(),
        } },
    })
}

fn refused_by_risk(mut approved: Value, status: &str) -> Value {
    approved["status"] = status.into();
    approved["errorInformation"] = json!({
        "reason": RISK_REASON,
        "message": "The fraud score exceeds your threshold.",
    });
    approved
}

fn declined(id: &str, asked: &Asked, issuer: &str, reason: &str, message: &str) -> Value {
    json!({
        "_links": { "self": { "href": format!("/pts/v2/payments/{id}"), "method": "GET" } },
        "id": id,
        "submitTimeUtc": now(),
        "status": "DECLINED",
        "errorInformation": { "reason": reason, "message": format!("Decline - {message}") },
        "clientReferenceInformation": { "code": asked.code },
        "processorInformation": { "responseCode": issuer },
    })
}

fn write(
    cybersource: &Cybersource,
    merchant: &Merchant,
    asked: &Asked,
    approved: bool,
    response_code: Option<&str>,
) {
    let authentication = &asked.authentication;
    let is_only_held = response_code == Some(RISK_DECLINED);
    let operation = match asked.is_sale && !is_only_held {
        true => Operation::Sale,
        false => Operation::Authorization,
    };
    cybersource.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: Some(merchant.registered.connection_id.clone()),
        operation,
        reference: Some(asked.code.clone()),
        order_id: asked.order_id.clone(),
        idempotency_key: asked.transaction_id.clone(),
        amount: Some(asked.amount.minor()),
        currency: Some(asked.amount.currency()),
        card_last4: Some(asked.pan.last_four().to_owned()),
        eci: authentication.eci_raw.clone(),
        authentication_value: authentication.value().map(str::to_owned),
        ds_trans_id: authentication.directory_server_transaction_id.clone(),
        on_file: asked.on_file.clone(),
        approved,
        response_code: response_code.map(str::to_owned),
        at: OffsetDateTime::now_utc(),
    });
}
