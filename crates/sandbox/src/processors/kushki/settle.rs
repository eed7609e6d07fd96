//! What follows an approved charge: capture, void, refund.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use primitives::Amount;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::book::{Book, Charge, Ending, Misfit, Transaction};
use super::money::AmountBody;
use super::reply::{Details, Refused, TransactionReply, nothing, read_json};
use super::{ACQUIRER, Kushki, NAME, brand_name, merchant, news};
use crate::ledger::{Entry, Operation};
use crate::processors::exact::Exact;

/// The longest `Idempotency-Key`.
const IDEMPOTENCY_KEY_MAX_CHARACTERS: usize = 56;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "metadata is documented; nothing here depends on it")]
struct CaptureBody<'a> {
    ticket_number: String,
    #[serde(borrow)]
    amount: Option<AmountBody<'a>>,
    full_response: Option<String>,
    metadata: Option<Value>,
    external_reference_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "metadata is documented; nothing here depends on it")]
struct TakeBackBody<'a> {
    #[serde(borrow)]
    amount: Option<AmountBody<'a>>,
    full_response: Option<String>,
    metadata: Option<Value>,
    external_reference_id: Option<String>,
}

/// `POST /card/v1/capture`.
pub async fn capture(State(kushki): State<Kushki>, headers: HeaderMap, body: Bytes) -> Response {
    let done = merchant(&headers).and_then(|merchant| {
        let body: CaptureBody<'_> = read_json(&body)?;
        let amount = body.amount.as_ref().map(AmountBody::total).transpose()?;
        let call = Call {
            operation: Operation::Capture,
            merchant,
            ticket: body.ticket_number,
            amount,
            reference: body.external_reference_id,
            idempotency_key: None,
            full_response: body.full_response.is_some(),
        };
        carry_out(&kushki, &call)
    });
    finish(done)
}

/// `DELETE /v1/charges/{ticketNumber}`.
pub async fn void(
    State(kushki): State<Kushki>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    finish(take_back(&kushki, Operation::Void, ticket, &headers, &body))
}

/// `DELETE /v1/refund/{ticketNumber}`.
pub async fn refund(
    State(kushki): State<Kushki>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    finish(take_back(&kushki, Operation::Refund, ticket, &headers, &body))
}

fn finish(done: Result<Bytes, Refused>) -> Response {
    match done {
        Ok(json) => (StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(refused) => refused.into_response(),
    }
}

fn take_back(
    kushki: &Kushki,
    operation: Operation,
    ticket: String,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Bytes, Refused> {
    let merchant = merchant(headers)?;
    let key = headers
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or_default());
    match key {
        Some(key) if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX_CHARACTERS => {
            return Err(Refused::invalid("Idempotency-Key"));
        }
        None if operation == Operation::Void => return Err(Refused::invalid("Idempotency-Key is missing")),
        _ => {}
    }
    let body: TakeBackBody<'_> = if body.is_empty() {
        TakeBackBody::default()
    } else {
        read_json(body)?
    };
    let amount = body.amount.as_ref().map(AmountBody::total).transpose()?;
    let call = Call {
        operation,
        merchant,
        ticket,
        amount,
        reference: body.external_reference_id,
        idempotency_key: key.map(str::to_owned),
        full_response: body.full_response.is_some(),
    };
    carry_out(kushki, &call)
}

/// One call that is in order, to be carried out.
struct Call {
    operation: Operation,
    merchant: String,
    ticket: String,
    amount: Option<Amount>,
    reference: Option<String>,
    idempotency_key: Option<String>,
    full_response: bool,
}

fn carry_out(kushki: &Kushki, call: &Call) -> Result<Bytes, Refused> {
    // One lock over looking the key up, doing it and keeping the answer: two calls with one key do it once.
    let mut book = kushki.book();
    let key = call
        .idempotency_key
        .as_ref()
        .map(|key| (call.merchant.clone(), key.clone()));
    if let Some(answer) = key.as_ref().and_then(|key| book.answers.get(key)) {
        return Ok(answer.clone());
    }
    let Some(charge) = book.charge_of(&call.merchant, &call.ticket) else {
        let refused = Refused::code("K010", "El ticket no existe");
        write_refused(kushki, call, None, &refused);
        return Err(refused);
    };
    let moved = apply(charge, call);
    let charge = charge.clone();
    match moved {
        Ok(amount) => {
            write(kushki, call, Some(&charge), Some(amount), "00");
            let answer = reply(kushki, &mut book, call, &charge, amount)?;
            if let Some(key) = key {
                book.answers.insert(key, answer.clone());
            }
            Ok(answer)
        }
        Err(refused) => {
            write_refused(kushki, call, Some(&charge), &refused);
            Err(refused)
        }
    }
}

/// Changes the charge; answers the amount that was moved.
fn apply(charge: &mut Charge, call: &Call) -> Result<Amount, Refused> {
    let currency = charge.authorized.currency();
    if call.amount.is_some_and(|amount| amount.currency() != currency) {
        return Err(Refused::code("205", "Moneda no soportada"));
    }
    let asked = call.amount.map(Amount::minor);
    let moved = match call.operation {
        Operation::Capture => {
            let minor = asked.unwrap_or(charge.authorized.minor());
            charge.capture(minor).map(|()| minor)
        }
        Operation::Refund => charge.refund(asked),
        _ => charge.void(asked),
    };
    let minor = moved.map_err(|misfit| match misfit {
        Misfit::State => Refused::code("K023", "Operación no permitida para esta transacción"),
        Misfit::TooMuch if call.operation == Operation::Refund => {
            Refused::code("019", "El monto es mayor al de la venta")
        }
        Misfit::TooMuch => Refused::code("220", "Monto inválido"),
    })?;
    Amount::new(minor, currency).map_err(|_| Refused::code("220", "Monto inválido"))
}

fn reply(
    kushki: &Kushki,
    book: &mut Book,
    call: &Call,
    charge: &Charge,
    amount: Amount,
) -> Result<Bytes, Refused> {
    let ticket = book.fresh_ticket();
    let (transaction_type, ending) = match call.operation {
        Operation::Capture => ("CAPTURE", Ending::Approved),
        Operation::Refund => ("REFUND", Ending::Initialized),
        _ => ("VOID", Ending::Approved),
    };
    if call.operation == Operation::Capture {
        book.insert_capture(ticket.clone(), charge.ticket.clone());
    }
    let transaction = Transaction {
        merchant: call.merchant.clone(),
        at: OffsetDateTime::now_utc(),
        transaction_type,
        ending,
        ticket: ticket.clone(),
        sale_ticket: Some(charge.ticket.clone()),
        reference: call.reference.clone(),
        order_id: charge.order_id.clone(),
        amount,
        brand: charge.brand,
        card_last4: charge.card_last4.clone(),
    };
    news::tell(kushki, &transaction);
    book.insert_transaction(transaction);
    let settled = ending == Ending::Approved;
    let details = Details {
        amount: amount.into(),
        approval_code: settled.then(|| "000000".to_owned()),
        approved_transaction_amount: if settled { Exact(amount) } else { nothing(amount) },
        bin_info: None,
        created: OffsetDateTime::now_utc().unix_timestamp() * 1_000,
        external_reference_id: None,
        iso_error_code: None,
        merchant_id: call.merchant.clone(),
        message_fields: None,
        payment_brand: brand_name(charge.brand),
        processor_bank_name: ACQUIRER,
        request_amount: Exact(amount),
        response_code: "000",
        response_text: if settled {
            "Transacción aprobada"
        } else {
            "Transacción inicializada"
        },
        sale_ticket_number: Some(charge.ticket.clone()),
        transaction_id: ticket.clone(),
        transaction_status: if settled { "APPROVAL" } else { "INITIALIZED" },
        transaction_type,
    };
    let reply = TransactionReply {
        ticket_number: Some(ticket),
        transaction_reference: Uuid::new_v4().to_string(),
        external_reference_id: call.reference.clone(),
        details: call.full_response.then_some(details),
        ..TransactionReply::default()
    };
    serde_json::to_vec(&reply)
        .map(Bytes::from)
        .map_err(|_| Refused::code("K002", "Ha ocurrido un error"))
}

fn write(kushki: &Kushki, call: &Call, charge: Option<&Charge>, amount: Option<Amount>, response_code: &str) {
    kushki.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: kushki.processors.connections.of(NAME, &call.merchant),
        operation: call.operation,
        reference: call.reference.clone().or_else(|| call.idempotency_key.clone()),
        order_id: charge.and_then(|charge| charge.order_id.clone()),
        idempotency_key: call.idempotency_key.clone(),
        amount: amount.map(Amount::minor),
        currency: amount.map(Amount::currency),
        card_last4: charge.map(|charge| charge.card_last4.clone()),
        eci: None,
        authentication_value: None,
        ds_trans_id: None,
        on_file: None,
        approved: response_code == "00",
        response_code: Some(response_code.to_owned()),
        at: OffsetDateTime::now_utc(),
    });
}

fn write_refused(kushki: &Kushki, call: &Call, charge: Option<&Charge>, refused: &Refused) {
    let code = refused.response_code().unwrap_or_default();
    write(kushki, call, charge, call.amount, code);
}
