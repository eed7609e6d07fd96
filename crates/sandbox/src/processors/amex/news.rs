//! Notifications: each transaction is posted as a `GET` would show it, with the merchant's secret and a number of its own.

use axum::body::Bytes;
use primitives::Secret;
use uuid::Uuid;

use super::book::Key;
use super::{Amex, NAME};
use crate::processors::news::Notification;

/// Tells a registered merchant of a transaction; of every second one twice, under the same number, as happens in life.
pub fn tell(amex: &Amex, key: &Key, number: u64, body: Bytes) {
    let Some(registered) = amex.processors.connections.find(NAME, &key.merchant) else {
        return;
    };
    let (Some(url), Some(secret)) = (
        registered.notification_url.clone(),
        registered.credential("notification_secret").map(str::to_owned),
    ) else {
        return;
    };
    let id = Uuid::new_v4().to_string();
    let times = if number.is_multiple_of(2) { 2 } else { 1 };
    for _ in 0..times {
        let (id, secret) = (id.clone(), secret.clone());
        let notification = Notification {
            url: url.clone(),
            body: body.to_vec(),
            headers: Box::new(move |attempt| {
                vec![
                    ("x-notification-secret", Secret::new(secret.clone())),
                    ("x-notification-id", Secret::new(id.clone())),
                    ("x-notification-attempt", Secret::new(attempt.to_string())),
                ]
            }),
            receipt: "",
        };
        let after = amex.processors.settings.asynchronous_after;
        amex.processors.postman.post_after(after, notification);
    }
}
