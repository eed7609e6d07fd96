//! How much is waiting, for the metrics.

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many deliveries of one state are counted at most when the backlog is measured.
const BACKLOG_COUNTED_MAX: i64 = 100_000;

/// How much is waiting, each counted up to 100 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that are due or being sent.
    pub ready: u64,
    /// Deliveries that wait for their time.
    pub waiting: u64,
    /// Since when the longest of the ready ones has been due.
    pub oldest_ready_at: Option<OffsetDateTime>,
}

/// How much is ready in one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueBacklog {
    pub queue: Uuid,
    pub merchant: Id<kind::Merchant>,
    /// `None`: a URL of the merchant's own.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    pub ready: u64,
    pub oldest_ready_at: OffsetDateTime,
}

impl Store {
    /// Measures what is open.
    pub async fn delivery_backlog(&self) -> Result<Backlog, StoreError> {
        let row = sqlx::query!(
            r#"
            SELECT (SELECT count(*) FROM (
                        SELECT FROM deliveries WHERE state = 'waiting' LIMIT $1
                    ) AS waiting) AS "waiting!",
                   count(*) AS "ready!", min(next_at) AS oldest_ready_at
            FROM (SELECT next_at FROM deliveries WHERE state = 'ready' LIMIT $1) AS ready
            "#,
            BACKLOG_COUNTED_MAX,
        )
        .fetch_one(self.pool())
        .await?;
        Ok(Backlog {
            ready: row.ready.unsigned_abs(),
            waiting: row.waiting.unsigned_abs(),
            oldest_ready_at: row.oldest_ready_at,
        })
    }

    /// The queues with the most that is ready, up to `limit`, the longest first. Beyond 100 000 ready deliveries in all,
    /// some are not counted.
    pub async fn queue_backlogs(&self, limit: u32) -> Result<Vec<QueueBacklog>, StoreError> {
        let rows = sqlx::query!(
            r#"
            SELECT queue, merchant_id, endpoint_id, count(*) AS "ready!", min(next_at) AS "oldest_ready_at!"
            FROM (
                SELECT queue, merchant_id, endpoint_id, next_at FROM deliveries WHERE state = 'ready' LIMIT $1
            ) AS ready
            GROUP BY queue, merchant_id, endpoint_id
            ORDER BY count(*) DESC, queue
            LIMIT $2
            "#,
            BACKLOG_COUNTED_MAX,
            i64::from(limit),
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| QueueBacklog {
                queue: row.queue,
                merchant: Id::from_uuid(row.merchant_id),
                endpoint: row.endpoint_id.map(Id::from_uuid),
                ready: row.ready.unsigned_abs(),
                oldest_ready_at: row.oldest_ready_at,
            })
            .collect())
    }
}
