//! Notifications of transactions, signed with the merchant's secret.

use std::time::Duration;

use aws_lc_rs::hmac;
use primitives::Secret;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::book::{Ending, Transaction};
use super::reply::nothing;
use super::{Kushki, NAME, brand_name};
use crate::processors::exact::Exact;
use crate::processors::news::Notification;

/// The body, in the vendor's order.
#[derive(Serialize)]
struct Event<'a> {
    ticket_number: &'a str,
    transaction_reference: String,
    transaction_id: &'a str,
    transaction_status: &'static str,
    transaction_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_code: Option<&'static str>,
    response_code: &'static str,
    response_text: &'static str,
    request_amount: Exact,
    approved_transaction_amount: Exact,
    currency_code: &'static str,
    last_four_digits: &'a str,
    card_type: &'static str,
    merchant_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_reference_id: Option<&'a str>,
    created: i64,
}

/// Tells a registered merchant how a transaction ended; of what was only taken in, how it settles. Of every second
/// transaction that follows a charge it tells twice, as happens in life.
pub fn tell(kushki: &Kushki, transaction: &Transaction) {
    let Some(registered) = kushki.processors.connections.find(NAME, &transaction.merchant) else {
        return;
    };
    let (Some(url), Some(secret)) = (
        registered.notification_url.clone(),
        registered.credential("webhook_secret"),
    ) else {
        return;
    };
    let Ok(body) = serde_json::to_vec(&event(transaction, &registered.connection_id)) else {
        return;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let is_even = transaction
        .ticket
        .bytes()
        .last()
        .is_some_and(|digit| digit % 2 == 0);
    let times = if transaction.sale_ticket.is_some() && is_even {
        2
    } else {
        1
    };
    for _ in 0..times {
        let (signed, key) = (body.clone(), key.clone());
        let notification = Notification {
            url: url.clone(),
            body: body.clone(),
            headers: Box::new(move |_| signature(&key, &signed)),
            receipt: "",
        };
        let after: Duration = kushki.processors.settings.asynchronous_after;
        kushki.processors.postman.post_after(after, notification);
    }
}

/// The merchant is named by its connection: its private id is its key.
fn event<'a>(transaction: &'a Transaction, merchant_id: &'a str) -> Event<'a> {
    let (transaction_status, response_code, response_text) = match transaction.ending {
        Ending::Declined { vendor, text, .. } => ("DECLINED", vendor, text),
        Ending::Approved | Ending::Initialized => ("APPROVAL", "000", "Transacción aprobada"),
    };
    let is_approved = transaction_status == "APPROVAL";
    let amount = transaction.amount;
    Event {
        ticket_number: &transaction.ticket,
        transaction_reference: Uuid::new_v4().to_string(),
        transaction_id: &transaction.ticket,
        transaction_status,
        transaction_type: transaction.transaction_type,
        approval_code: is_approved.then_some("000000"),
        response_code,
        response_text,
        request_amount: Exact(amount),
        approved_transaction_amount: if is_approved {
            Exact(amount)
        } else {
            nothing(amount)
        },
        currency_code: amount.currency().code(),
        last_four_digits: &transaction.card_last4,
        card_type: brand_name(transaction.brand),
        merchant_id,
        external_reference_id: transaction.reference.as_deref(),
        created: transaction.at.unix_timestamp() * 1_000,
    }
}

/// The time of the attempt, and the signatures over it and the body.
fn signature(key: &hmac::Key, body: &[u8]) -> Vec<(&'static str, Secret<String>)> {
    let id = OffsetDateTime::now_utc().unix_timestamp().to_string();
    let hex = |text: &[u8]| -> String {
        let tag = hmac::sign(key, text);
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let full = hex(&[body, b".", id.as_bytes()].concat());
    let simple = hex(id.as_bytes());
    vec![
        ("x-kushki-id", Secret::new(id)),
        ("x-kushki-signature", Secret::new(full)),
        ("x-kushki-simplesignature", Secret::new(simple)),
    ]
}
