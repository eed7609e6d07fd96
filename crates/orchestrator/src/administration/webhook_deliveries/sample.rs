//! The order in a test event.

use super::super::written;
use primitives::Currency;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// An order in the members that receivers read, and clearly none of anybody's: it has no token, and costs nothing.
pub(super) fn order(currency: Option<Currency>, now: OffsetDateTime) -> Value {
    json!({
        "order_id": "webhook-test",
        "token": null,
        "currency": currency,
        "status": "pending",
        "payment_status": null,
        "payment_method": "credit_card",
        "total_amount": 0,
        "sub_total": 0,
        "shipping_amount": 0,
        "items": [],
        "payment": { "data": { "status": null, "updated_at": written(now) } },
    })
}
