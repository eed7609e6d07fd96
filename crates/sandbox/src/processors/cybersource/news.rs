//! Signed notifications of payments, captures, refunds and what was taken back.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Secret;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::authentication::Merchant;
use super::book::{RISK_DECLINED, Transaction, What};
use crate::processors::Processors;
use crate::processors::news::Notification;

/// How long after the first a duplicate is posted.
const DUPLICATE_AFTER: Duration = Duration::from_millis(200);

/// Posts what there is to tell of a transaction: at once that it was accepted, where it waits for the batch, and when the
/// batch went out that it did. Every second transaction's news come twice, and of every third its acceptance is told last.
pub fn tell(processors: &Processors, merchant: &Merchant, done: &Transaction) {
    let batch_after = processors.settings.asynchronous_after;
    let told: &[(&str, &str, Duration)] = match &done.what {
        What::Capture(_) => &[
            ("payments.capture.status.accepted", "PENDING", Duration::ZERO),
            ("payments.capture.status.updated", "TRANSMITTED", batch_after),
        ],
        What::Refund => &[
            ("payments.refunds.accept", "PENDING", Duration::ZERO),
            ("payments.refunds.accept", "TRANSMITTED", batch_after),
        ],
        What::TakenBack { status, .. } => &[("payments.reversals.accept", status, Duration::ZERO)],
        What::Payment(payment) if payment.is_refused_by_risk => {
            &[("payments.payments.reject", RISK_DECLINED, Duration::ZERO)]
        }
        What::Payment(_) => &[("payments.payments.accept", "AUTHORIZED", Duration::ZERO)],
        What::Declined { .. } => &[("payments.payments.reject", "DECLINED", Duration::ZERO)],
    };
    let number = done
        .id
        .bytes()
        .fold(0_u32, |number, digit| (number * 10 + u32::from(digit % 16)) % 6);
    let comes_late = number.is_multiple_of(3);
    for (event, status, after) in told {
        let is_acceptance = *status == "PENDING";
        let after = if is_acceptance && comes_late {
            batch_after + DUPLICATE_AFTER
        } else {
            *after
        };
        post(processors, merchant, after, event, done, status);
        if number.is_multiple_of(2) {
            post(processors, merchant, after + DUPLICATE_AFTER, event, done, status);
        }
    }
}

fn post(
    processors: &Processors,
    merchant: &Merchant,
    after: Duration,
    event: &str,
    done: &Transaction,
    status: &str,
) {
    let registered = &merchant.registered;
    let (Some(url), Some(key_id), Some(key)) = (
        registered.notification_url.clone(),
        registered.credential("webhook_key_id").map(str::to_owned),
        registered
            .credential("webhook_key")
            .and_then(|key| STANDARD.decode(key).ok()),
    ) else {
        return;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let body = body(event, done, status).to_string().into_bytes();
    let signed = body.clone();
    let headers = move |_| {
        let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        let time = milliseconds.to_string();
        let tag = hmac::sign(&key, &[time.as_bytes(), b".", &signed].concat());
        let signature = format!("t={time};keyId={key_id};sig={}", STANDARD.encode(tag));
        vec![("v-c-signature", Secret::new(signature))]
    };
    let notification = Notification {
        url,
        body,
        headers: Box::new(headers),
        receipt: "",
    };
    processors.postman.post_after(after, notification);
}

fn body(event: &str, done: &Transaction, status: &str) -> Value {
    json!({
        "notificationId": uuid::Uuid::new_v4(),
        "eventType": event,
        "payload": {
            "id": done.id,
            "status": status,
            "clientReferenceInformation": { "code": done.code },
        },
    })
}
