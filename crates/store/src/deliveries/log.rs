//! What merchants see of an order's deliveries.

use super::{DELIVERY_RETRIES_MAX, corrupt, count};
use crate::{Store, StoreError, week};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// How many deliveries of one order its log shows, from the first.
const HOOKS_SHOWN_MAX: i64 = 100;

impl Store {
    /// The delivery log of an order, `hooks[]` of its document: one entry per event and receiver, in the order of the
    /// events. What was delivered is there as long as the log is kept.
    pub async fn hooks_of_order(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
    ) -> Result<Vec<Value>, StoreError> {
        // No attempt was begun before the order was there.
        let rows = sqlx::query!(
            r#"
            WITH open AS (
                SELECT d.event_id, d.queue, d.sequence, COALESCE(e.url, own.notify_url) AS url, d.attempts, d.last_code,
                       d.last_http_status, d.last_body, false AS delivered, d.created_at, d.updated_at
                FROM deliveries AS d
                LEFT JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
                CROSS JOIN LATERAL (
                    SELECT notify_url FROM events
                    WHERE events.merchant_id = d.merchant_id AND events.id = d.event_id
                    LIMIT 1
                ) AS own
                WHERE d.merchant_id = $1 AND d.subject_id = $2
            ),
            over AS (
                SELECT DISTINCT ON (event_id, queue)
                       event_id, queue, sequence, url, attempt, code, http_status, body, true, event_created_at,
                       begun_at + latency_ms * interval '1 millisecond'
                FROM webhook_attempts AS log
                WHERE merchant_id = $1 AND subject_id = $2 AND begun_at >= $3 AND outcome = 'delivered'
                  AND NOT EXISTS (SELECT FROM open WHERE open.event_id = log.event_id AND open.queue = log.queue)
                ORDER BY event_id, queue, begun_at DESC
            )
            SELECT event_id AS "event_id!", url, attempts AS "attempts!", last_code, last_http_status, last_body,
                   delivered AS "delivered!", created_at AS "created_at!", updated_at AS "updated_at!"
            FROM (SELECT * FROM open UNION ALL SELECT * FROM over) AS hooks
            ORDER BY sequence, event_id, queue
            LIMIT $4
            "#,
            merchant.uuid(),
            order.uuid(),
            week::made_before(order.uuid()),
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
                    "retry": count(row.attempts, row.event_id)?.saturating_sub(1),
                    "max_retry": DELIVERY_RETRIES_MAX,
                    // Their spelling.
                    "successed": row.delivered,
                    "response": response,
                    "created_at": timestamp(row.created_at, row.event_id)?,
                    "updated_at": timestamp(row.updated_at, row.event_id)?,
                }))
            })
            .collect()
    }
}

fn timestamp(stored: OffsetDateTime, key: Uuid) -> Result<String, StoreError> {
    stored.format(&Rfc3339).map_err(|_| corrupt("created_at", key))
}
