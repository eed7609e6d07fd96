//! What merchants see of their deliveries.

use super::{DELIVERY_RETRIES_MAX, corrupt, count};
use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// How many deliveries of one order its log shows, from the first.
const HOOKS_SHOWN_MAX: i64 = 100;

impl Store {
    /// The delivery log of an order, `hooks[]` of its document: one entry per delivery, in the order of the events.
    pub async fn hooks_of_order(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
    ) -> Result<Vec<Value>, StoreError> {
        let rows = sqlx::query!(
            r#"
            SELECT id, url, attempts, outcome, last_code, last_http_status, last_body, created_at, updated_at
            FROM deliveries
            WHERE merchant_id = $1 AND order_id = $2
            ORDER BY sequence, id
            LIMIT $3
            "#,
            merchant.uuid(),
            order.uuid(),
            HOOKS_SHOWN_MAX,
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                let response = row.last_code.map(|code| {
                    json!({
                        "code": code,
                        "http_status_code": row.last_http_status,
                        "raw_response": row.last_body.unwrap_or_default(),
                    })
                });
                Ok(json!({
                    "name": "notify",
                    "url": row.url,
                    "retry": count(row.attempts, row.id)?.saturating_sub(1),
                    "max_retry": DELIVERY_RETRIES_MAX,
                    // Their spelling.
                    "successed": row.outcome.as_deref() == Some("delivered"),
                    "response": response,
                    "created_at": timestamp(row.created_at, row.id)?,
                    "updated_at": timestamp(row.updated_at, row.id)?,
                }))
            })
            .collect()
    }
}

fn timestamp(stored: OffsetDateTime, key: Uuid) -> Result<String, StoreError> {
    stored.format(&Rfc3339).map_err(|_| corrupt("created_at", key))
}
