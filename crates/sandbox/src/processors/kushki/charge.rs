//! Sales and authorisations with the card itself.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use uuid::Uuid;

use super::book::{Charge, ChargeType, Ending, Transaction};
use super::charge_request::{Asked, check};
use super::reply::{BinInfo, Details, MessageFields, Refused, TransactionReply, nothing, vendor_code};
use super::test_cards::{self, TestCard};
use super::three_domain_secure::ThreeDomainSecure;
use super::{ACQUIRER, ISSUER, Kushki, NAME, brand_name, news, silence, undocumented_error};
use crate::ledger::{Entry, Operation};
use crate::processors::exact::Exact;
use crate::processors::outcome::{self, Outcome};

/// The approval code of whatever is approved.
const APPROVAL_CODE: &str = "000000";

/// `POST /card/v2/charges`.
pub async fn sale(State(kushki): State<Kushki>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&kushki, Operation::Sale, &headers, &body).await
}

/// `POST /card/v2/preAuthorization`.
pub async fn authorization(State(kushki): State<Kushki>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&kushki, Operation::Authorization, &headers, &body).await
}

async fn answer(kushki: &Kushki, operation: Operation, headers: &HeaderMap, body: &[u8]) -> Response {
    // Everything is done before the first wait, so that a caller who hangs up changes nothing.
    let asked = match check(operation, headers, body) {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let outcome = match test_cards::of(asked.pan.reveal()) {
        Some(TestCard::Refused(code, message)) => {
            write(kushki, &asked, false, Some(code));
            return Refused::code(code, message).into_response();
        }
        Some(TestCard::Declined) => Outcome::Declined("05"),
        None => outcome::of(
            &outcome::Charge {
                amount: asked.amount,
                brand: asked.brand,
                fully_authenticated: asked
                    .authentication
                    .as_ref()
                    .is_some_and(ThreeDomainSecure::is_full),
                order_id: asked.order_id.as_deref(),
                connection: (NAME, &asked.merchant),
            },
            &kushki.processors.cascade,
        ),
    };
    match outcome {
        Outcome::Approved => approve(kushki, &asked).with_status(StatusCode::CREATED),
        Outcome::Declined(code) => decline(kushki, &asked, code).with_status(StatusCode::BAD_REQUEST),
        Outcome::ApprovedThenError => {
            approve(kushki, &asked);
            undocumented_error()
        }
        Outcome::ApprovedThenSilence => {
            approve(kushki, &asked);
            silence().await
        }
        Outcome::Silence => {
            write(kushki, &asked, false, None);
            silence().await
        }
    }
}

fn approve(kushki: &Kushki, asked: &Asked) -> TransactionReply {
    write(kushki, asked, true, Some("00"));
    let mut book = kushki.book();
    let ticket = book.fresh_ticket();
    let captured = match asked.charge_type {
        ChargeType::PreAuthorization => 0,
        ChargeType::Sale | ChargeType::Deferred => asked.amount.minor(),
    };
    book.insert_charge(Charge {
        merchant: asked.merchant.clone(),
        charge_type: asked.charge_type,
        ticket: ticket.clone(),
        order_id: asked.order_id.clone(),
        brand: asked.brand,
        card_last4: asked.pan.last_four().to_owned(),
        authorized: asked.amount,
        captured,
        voided: 0,
        refunded: 0,
    });
    let transaction = transaction(asked, ticket.clone(), Ending::Approved);
    book.insert_transaction(transaction.clone());
    drop(book);
    news::tell(kushki, &transaction);
    let mut details = details(asked, &ticket);
    details.approval_code = Some(APPROVAL_CODE.to_owned());
    details.approved_transaction_amount = Exact(asked.amount);
    details.message_fields = Some(MessageFields {
        f38: Some(APPROVAL_CODE.to_owned()),
        f39: "00",
    });
    details.response_code = "000";
    details.response_text = "Transacción aprobada";
    details.transaction_status = "APPROVAL";
    TransactionReply {
        ticket_number: Some(ticket),
        transaction_reference: Uuid::new_v4().to_string(),
        details: asked.full_response.then_some(details),
        ..TransactionReply::default()
    }
}

fn decline(kushki: &Kushki, asked: &Asked, issuer_code: &'static str) -> TransactionReply {
    write(kushki, asked, false, Some(issuer_code));
    let (vendor, text) = vendor_code(issuer_code);
    let mut book = kushki.book();
    let ticket = book.fresh_ticket();
    let ending = Ending::Declined {
        issuer: Some(issuer_code),
        vendor,
        text,
    };
    let transaction = transaction(asked, ticket.clone(), ending);
    book.insert_transaction(transaction.clone());
    drop(book);
    news::tell(kushki, &transaction);
    let mut details = details(asked, &ticket);
    details.external_reference_id = None;
    details.iso_error_code = Some(issuer_code);
    details.message_fields = Some(MessageFields {
        f38: None,
        f39: issuer_code,
    });
    details.response_code = vendor;
    details.response_text = text;
    TransactionReply {
        code: Some(vendor),
        message: Some(text),
        ticket_number: None,
        transaction_reference: Uuid::new_v4().to_string(),
        external_reference_id: asked.reference.clone(),
        details: asked.full_response.then_some(details),
    }
}

fn transaction(asked: &Asked, ticket: String, ending: Ending) -> Transaction {
    Transaction {
        merchant: asked.merchant.clone(),
        at: OffsetDateTime::now_utc(),
        transaction_type: asked.charge_type.as_str(),
        ending,
        ticket,
        sale_ticket: None,
        reference: asked.reference.clone(),
        order_id: asked.order_id.clone(),
        amount: asked.amount,
        brand: asked.brand,
        card_last4: asked.pan.last_four().to_owned(),
    }
}

/// The details of a decline, which an approval fills further.
fn details(asked: &Asked, ticket: &str) -> Details {
    Details {
        amount: asked.amount.into(),
        approval_code: None,
        approved_transaction_amount: nothing(asked.amount),
        bin_info: Some(BinInfo {
            bank: ISSUER,
            bin_card: asked.pan.first_six().to_owned(),
            card_country: "Mexico",
            last_four_digits: asked.pan.last_four().to_owned(),
            kind: "credit",
        }),
        created: OffsetDateTime::now_utc().unix_timestamp() * 1_000,
        external_reference_id: asked.reference.clone(),
        iso_error_code: None,
        merchant_id: asked.merchant.clone(),
        message_fields: None,
        payment_brand: brand_name(asked.brand),
        processor_bank_name: ACQUIRER,
        request_amount: Exact(asked.amount),
        response_code: "006",
        response_text: "Transacción rechazada",
        sale_ticket_number: None,
        transaction_id: ticket.to_owned(),
        transaction_status: "DECLINED",
        transaction_type: asked.charge_type.as_str(),
    }
}

fn write(kushki: &Kushki, asked: &Asked, approved: bool, response_code: Option<&str>) {
    let authentication = asked.authentication.as_ref();
    kushki.processors.ledger.record(Entry {
        processor: NAME,
        connection_id: kushki.processors.connections.of(NAME, &asked.merchant),
        operation: asked.operation,
        reference: asked.reference.clone(),
        order_id: asked.order_id.clone(),
        idempotency_key: None,
        amount: Some(asked.amount.minor()),
        currency: Some(asked.amount.currency()),
        card_last4: Some(asked.pan.last_four().to_owned()),
        eci: authentication.map(|result| result.eci.clone()),
        authentication_value: authentication.and_then(|result| result.value().map(str::to_owned)),
        ds_trans_id: authentication.and_then(|result| result.directory_server_transaction_id.clone()),
        on_file: None,
        approved,
        response_code: response_code.map(str::to_owned),
        at: OffsetDateTime::now_utc(),
    });
}
