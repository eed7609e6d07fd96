//! From due to leased: what falls due, which queues have something to do, and whose it is.

use super::{LeasedDelivery, count};
use crate::{Store, StoreError, events};
use primitives::{Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// What falling due came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promoted {
    /// How many deliveries no longer wait.
    pub count: u64,
    /// When the next one falls due; now, if there were more than were asked for.
    pub next_due_at: Option<OffsetDateTime>,
}

/// A queue with something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyQueue {
    pub queue: Uuid,
    pub merchant: Id<kind::Merchant>,
    /// `None`: a URL of the merchant's own.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    /// Since when the longest of its deliveries that nobody is sending has been due.
    pub oldest_due_at: OffsetDateTime,
    /// How fast it may be sent to; `None`: as fast as it takes.
    pub pace: Option<Pace>,
    /// Since when nothing has arrived there, as far as it is known.
    pub failing_since: Option<OffsetDateTime>,
}

/// How fast an endpoint may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub rate_per_second: u32,
    /// How many messages may go now. A lease takes as many tokens as it takes deliveries, and no more than there are.
    pub tokens: u32,
}

/// Who wants to send how much, and until when the rows are theirs.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    pub owner: Uuid,
    pub now: OffsetDateTime,
    pub until: OffsetDateTime,
    /// At most this many in all.
    pub total: u32,
    /// The queues that are asked for, and at most how many of each.
    pub rooms: &'a [(Uuid, u32)],
}

impl Store {
    /// Makes ready what waited and is due by now, up to `limit`, the longest due first.
    pub async fn deliveries_promote(&self, now: OffsetDateTime, limit: u32) -> Result<Promoted, StoreError> {
        // The main query sees the rows as they were before, so the next one is the first beyond `now`.
        let row = sqlx::query!(
            r#"
            WITH relaxed AS MATERIALIZED (
                SELECT set_config('synchronous_commit', 'off', true)
            ),
            due AS (
                SELECT merchant_id, subject_id, event_id, queue FROM deliveries
                WHERE state = 'waiting' AND next_at <= $1
                ORDER BY next_at LIMIT $2
                FOR UPDATE SKIP LOCKED
            ),
            promoted AS (
                UPDATE deliveries AS d SET state = 'ready'
                FROM relaxed, due
                WHERE d.merchant_id = due.merchant_id AND d.subject_id = due.subject_id
                  AND d.event_id = due.event_id AND d.queue = due.queue
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM promoted) AS "count!",
                   (SELECT next_at FROM deliveries WHERE state = 'waiting' AND next_at > $1
                    ORDER BY next_at LIMIT 1) AS next_due_at
            "#,
            now,
            i64::from(limit),
        )
        .fetch_one(self.pool())
        .await?;
        let count = row.count.unsigned_abs();
        let next_due_at = if count < u64::from(limit) {
            row.next_due_at
        } else {
            Some(now)
        };
        Ok(Promoted { count, next_due_at })
    }

    /// The queues that have deliveries which are due and which nobody is sending, by their ids, among the next `limit` queues
    /// after `after`. Those of which everything is being sent count and are left out, so that fewer need not be the last.
    ///
    /// Of a queue in which every such delivery waits for one ahead of it, a lease gets nothing.
    pub async fn queues_ready(
        &self,
        now: OffsetDateTime,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ReadyQueue>, StoreError> {
        // `queues` steps from one queue to the next through the index, however long each is.
        let rows = sqlx::query!(
            r#"
            WITH RECURSIVE queues (number, queue) AS (
                SELECT 0::bigint, $2::uuid
                UNION ALL
                SELECT queues.number + 1, next.queue
                FROM queues CROSS JOIN LATERAL (
                    SELECT d.queue FROM deliveries AS d
                    WHERE d.state = 'ready' AND d.queue > queues.queue ORDER BY d.queue LIMIT 1
                ) AS next
                WHERE queues.number < $3
            )
            SELECT front.queue, front.merchant_id, front.endpoint_id, front.next_at, e.rate_per_second AS "rate?",
                   e.failing_since AS "failing_since?",
                   LEAST(p.millitokens + (extract(epoch FROM LEAST(GREATEST($1 - p.refilled_at, '0'), '1 second'))
                                          * 1000 * e.rate_per_second)::bigint,
                         e.rate_per_second * 1000::bigint) AS millitokens
            FROM queues CROSS JOIN LATERAL (
                SELECT d.queue, d.merchant_id, d.endpoint_id, d.next_at FROM deliveries AS d
                WHERE d.state = 'ready' AND d.queue = queues.queue
                  AND (d.lease_until IS NULL OR d.lease_until <= $1)
                ORDER BY d.next_at LIMIT 1
            ) AS front
            LEFT JOIN webhook_endpoints AS e ON e.id = front.endpoint_id
            LEFT JOIN webhook_paces AS p ON p.endpoint_id = e.id
            WHERE queues.number > 0 AND (front.endpoint_id IS NULL OR (e.id IS NOT NULL AND e.disabled_at IS NULL))
            "#,
            now,
            after.unwrap_or(Uuid::nil()),
            i64::from(limit),
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ReadyQueue {
                queue: row.queue,
                merchant: Id::from_uuid(row.merchant_id),
                endpoint: row.endpoint_id.map(Id::from_uuid),
                oldest_due_at: row.next_at,
                // The columns are checked to be above 0; a row of tokens comes and goes with its rate.
                pace: row.rate.map(|rate| Pace {
                    rate_per_second: rate.unsigned_abs(),
                    tokens: u32::try_from(row.millitokens.unwrap_or_default() / 1000).unwrap_or_default(),
                }),
                failing_since: row.failing_since,
            })
            .collect())
    }

    /// Leases deliveries of the queues that are asked for, the longest due first, and counts the attempt that each lease is
    /// for.
    ///
    /// A delivery is left alone while an earlier one of the same subject and queue is open, whoever holds that. Of a
    /// rate-limited endpoint no more are leased than it has tokens, which are spent in the same statement; while another
    /// process is spending them, none.
    pub async fn delivery_take_lease(
        &self,
        request: &LeaseRequest<'_>,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let (queues, rooms): (Vec<_>, Vec<_>) = request
            .rooms
            .iter()
            .map(|(queue, room)| (*queue, i64::from(*room)))
            .unzip();
        // `relaxed` makes this statement's own commit asynchronous, without the two more round trips that a
        // transaction with SET LOCAL would take. `room` locks tokens, and so sees what the last one to have them left.
        let rows = sqlx::query!(
            r#"
            WITH relaxed AS MATERIALIZED (
                SELECT set_config('synchronous_commit', 'off', true)
            ),
            asked AS (
                SELECT asked.queue, asked.room, e.id AS endpoint_id, e.url, e.rate_per_second
                FROM unnest($5::uuid[], $6::bigint[]) AS asked (queue, room)
                LEFT JOIN webhook_endpoints AS e ON e.id = asked.queue AND e.disabled_at IS NULL
                WHERE asked.room = GREATEST(asked.room, 1)
            ),
            room AS MATERIALIZED (
                SELECT asked.queue, asked.endpoint_id, asked.url, pace.millitokens,
                       CASE WHEN asked.rate_per_second IS NULL THEN asked.room
                            ELSE LEAST(asked.room, COALESCE(pace.millitokens / 1000, 0)) END AS free
                FROM asked LEFT JOIN LATERAL (
                    SELECT LEAST(p.millitokens
                                 + (extract(epoch FROM LEAST(GREATEST($2 - p.refilled_at, '0'), '1 second'))
                                    * 1000 * asked.rate_per_second)::bigint,
                                 asked.rate_per_second * 1000::bigint) AS millitokens
                    FROM webhook_paces AS p
                    WHERE p.endpoint_id = asked.endpoint_id AND asked.rate_per_second IS NOT NULL
                    FOR UPDATE SKIP LOCKED
                ) AS pace ON true
            ),
            picked AS MATERIALIZED (
                SELECT front.*, room.url, room.millitokens
                FROM room CROSS JOIN LATERAL (
                    SELECT d.merchant_id, d.subject_id, d.event_id, d.queue, d.next_at
                    FROM deliveries AS d
                    WHERE d.queue = room.queue
                      AND d.state = 'ready'
                      AND (d.lease_until IS NULL OR d.lease_until <= $2)
                      AND d.endpoint_id IS NOT DISTINCT FROM room.endpoint_id
                      AND NOT EXISTS (
                          SELECT FROM deliveries AS ahead
                          WHERE ahead.merchant_id = d.merchant_id
                            AND ahead.subject_id = d.subject_id
                            AND ahead.queue = d.queue
                            AND COALESCE(ahead.state, '') <> 'given_up'
                            AND (ahead.sequence, ahead.event_id) < (d.sequence, d.event_id)
                      )
                    ORDER BY d.next_at
                    LIMIT room.free
                    FOR UPDATE SKIP LOCKED
                ) AS front
                WHERE room.free = GREATEST(room.free, 1)
                ORDER BY front.next_at
                LIMIT $4
            ),
            spent AS (
                UPDATE webhook_paces AS p
                SET millitokens = taken.left_over, refilled_at = GREATEST($2, p.refilled_at)
                FROM (
                    SELECT queue, min(millitokens) - 1000 * count(*) AS left_over FROM picked
                    WHERE millitokens IS NOT NULL GROUP BY queue
                ) AS taken
                WHERE p.endpoint_id = taken.queue
            )
            UPDATE deliveries AS d
            SET attempts = d.attempts + 1, lease_owner = $1, lease_until = $3
            FROM relaxed, picked CROSS JOIN LATERAL (
                SELECT subject, event_type, document, notify_url, created_at FROM events
                WHERE events.merchant_id = picked.merchant_id AND events.id = picked.event_id
                LIMIT 1
            ) AS event
            WHERE d.merchant_id = picked.merchant_id AND d.subject_id = picked.subject_id
              AND d.event_id = picked.event_id AND d.queue = picked.queue
            RETURNING d.merchant_id, d.subject_id, d.event_id, d.queue, d.endpoint_id, d.sequence, d.attempts,
                      d.lease_until AS "lease_until!", COALESCE(picked.url, event.notify_url) AS "url!",
                      event.subject, event.event_type, event.document, event.created_at
            "#,
            request.owner,
            request.now,
            request.until,
            i64::from(request.total),
            &queues,
            &rooms,
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(LeasedDelivery {
                    merchant: Id::from_uuid(row.merchant_id),
                    subject: events::subject(&row.subject, row.subject_id, row.event_id)?,
                    event: Id::from_uuid(row.event_id),
                    queue: row.queue,
                    endpoint: row.endpoint_id.map(Id::from_uuid),
                    url: row.url,
                    attempt: count(row.attempts, row.event_id)?,
                    leased_until: row.lease_until,
                    sequence: row.sequence,
                    event_type: row.event_type,
                    document: row.document,
                    event_created_at: row.created_at,
                })
            })
            .collect()
    }
}
