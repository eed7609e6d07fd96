//! Events on their way to one URL each: leases, results, and the log that merchants see.
//!
//! Taking a lease and recording results work on many rows at once, so that what a delivery costs the database is a
//! part of a batch. Of the two only recording must last; a lease that a crash forgets is one that ran out early.
//!
//! The statements here must cost the same in a database of any age, so two things are kept from the planner, which
//! in a young database, or after a calm night, knows nothing or the wrong thing about the rows:
//!
//! - Looking up the deliveries of one order goes by the primary key. `COALESCE(outcome, '') = ''` says `outcome IS
//!   NULL` without offering `deliveries_open`, which looks short until there is a backlog.
//! - `x = GREATEST(x, 1)` says `x >= 1` and passes for rare, so that a batch is looked up row by row and not by
//!   reading the table.

mod log;

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// How often a delivery that failed is tried again before it is given up.
pub const DELIVERY_RETRIES_MAX: u16 = 9;

/// The longest beginning of an answer's body that is kept, in characters.
pub const DELIVERY_BODY_MAX_CHARS: usize = 512;

/// How many open deliveries are counted at most when the backlog is measured.
const BACKLOG_COUNTED_MAX: i64 = 100_000;

/// Who wants to send how much, and until when the rows are theirs.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    pub owner: Uuid,
    pub now: OffsetDateTime,
    pub until: OffsetDateTime,
    /// At most this many in all.
    pub total: u32,
    /// At most this many of one queue, those of `in_flight` counted in.
    pub per_queue: u32,
    /// What the owner is sending already, by queue.
    pub in_flight: &'a [(String, u32)],
}

/// A delivery that is ours to send until the lease runs out.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    pub delivery: Id<kind::Delivery>,
    pub queue: String,
    pub url: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    pub event: Id<kind::Event>,
    pub event_type: String,
    /// The order document as JSON text.
    pub order_document: String,
    /// When what the event tells happened.
    pub event_created_at: OffsetDateTime,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    RetryAt(OffsetDateTime),
    GivenUp,
    /// Nothing was sent, for a reason of ours: the attempt does not count.
    PostponedTo(OffsetDateTime),
}

/// The end of one attempt.
#[derive(Debug, Clone)]
pub struct AttemptReport {
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    pub delivery: Id<kind::Delivery>,
    /// The number that the lease gave this attempt.
    pub attempt: u32,
    pub verdict: Verdict,
    /// What happened, in a word for the log.
    pub code: &'static str,
    pub http_status: Option<u16>,
    /// The beginning of the answer's body, at most [`DELIVERY_BODY_MAX_CHARS`], fit to be stored.
    pub body: Option<String>,
    pub ended_at: OffsetDateTime,
}

/// What recording a batch of reports found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Reports that counted. The others came from a lease that had run out.
    pub applied: usize,
    /// Whether an order of the batch has another open delivery, which may have been waiting for this one.
    pub more_behind: bool,
}

/// How much is waiting, counted up to 100 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries without an outcome.
    pub open: u64,
    /// Those of them whose next attempt may begin, or has begun.
    pub due: u64,
    /// Since when the longest of those has been due.
    pub oldest_due_at: Option<OffsetDateTime>,
}

impl Store {
    /// Leases deliveries that are due, the longest due first, and counts the attempt that each lease is for.
    ///
    /// Each queue is looked at by itself, so a long one hides no other. A delivery is left alone while an earlier one
    /// of the same order and URL is open, whoever holds that.
    pub async fn delivery_take_lease(
        &self,
        request: &LeaseRequest<'_>,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let (queues, counts): (Vec<_>, Vec<_>) = request
            .in_flight
            .iter()
            .map(|(queue, count)| (queue.clone(), i64::from(*count)))
            .unzip();
        // `relaxed` makes this statement's own commit asynchronous, without the two more round trips that a
        // transaction with SET LOCAL would take. `queues` steps from one queue to the next through the index,
        // however long each is.
        let rows = sqlx::query!(
            r#"
            WITH RECURSIVE relaxed AS MATERIALIZED (
                SELECT set_config('synchronous_commit', 'off', true)
            ),
            queues (queue) AS (
                (SELECT first.queue FROM deliveries AS first
                 WHERE first.outcome IS NULL ORDER BY first.queue LIMIT 1)
                UNION ALL
                SELECT (SELECT next.queue FROM deliveries AS next
                        WHERE next.outcome IS NULL AND next.queue > queues.queue ORDER BY next.queue LIMIT 1)
                FROM queues WHERE queues.queue IS NOT NULL
            ),
            room AS (
                SELECT queues.queue, GREATEST($5::bigint - COALESCE(busy.count, 0), 0) AS free
                FROM queues
                LEFT JOIN unnest($6::text[], $7::bigint[]) AS busy (queue, count) ON busy.queue = queues.queue
                WHERE queues.queue IS NOT NULL
            ),
            picked AS (
                SELECT front.*
                FROM room CROSS JOIN LATERAL (
                    SELECT d.merchant_id, d.order_id, d.id, d.event_id, d.next_at
                    FROM deliveries AS d
                    WHERE d.queue = room.queue
                      AND d.outcome IS NULL
                      AND d.next_at <= $2
                      AND (d.lease_until IS NULL OR d.lease_until <= $2)
                      AND NOT EXISTS (
                          SELECT FROM deliveries AS ahead
                          WHERE ahead.merchant_id = d.merchant_id
                            AND ahead.order_id = d.order_id
                            AND ahead.url = d.url
                            AND COALESCE(ahead.outcome, '') = ''
                            AND (ahead.sequence, ahead.id) < (d.sequence, d.id)
                      )
                    ORDER BY d.next_at
                    LIMIT room.free
                    FOR UPDATE SKIP LOCKED
                ) AS front
                WHERE room.free = GREATEST(room.free, 1)
                ORDER BY front.next_at
                LIMIT $4
            )
            UPDATE deliveries AS d
            SET attempts = d.attempts + 1, lease_owner = $1, lease_until = $3
            FROM relaxed, picked CROSS JOIN LATERAL (
                SELECT event_type, document, created_at FROM events
                WHERE events.merchant_id = picked.merchant_id AND events.id = picked.event_id
                LIMIT 1
            ) AS event
            WHERE d.merchant_id = picked.merchant_id AND d.order_id = picked.order_id AND d.id = picked.id
            RETURNING d.merchant_id, d.order_id, d.id, d.queue, d.url, d.attempts, d.event_id,
                      event.event_type, event.document, event.created_at
            "#,
            request.owner,
            request.now,
            request.until,
            i64::from(request.total),
            i64::from(request.per_queue),
            &queues,
            &counts,
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(LeasedDelivery {
                    merchant: Id::from_uuid(row.merchant_id),
                    order: Id::from_uuid(row.order_id),
                    delivery: Id::from_uuid(row.id),
                    queue: row.queue,
                    url: row.url,
                    attempt: count(row.attempts, row.id)?,
                    event: Id::from_uuid(row.event_id),
                    event_type: row.event_type,
                    order_document: row.document,
                    event_created_at: row.created_at,
                })
            })
            .collect()
    }

    /// Records how attempts of `owner` ended, in one statement and one commit.
    ///
    /// A report counts only while its lease does: the row must still be open, leased by this owner, and at this
    /// attempt. When one is to be retried, those behind it in the same order and URL are put off with it.
    pub async fn delivery_record(
        &self,
        owner: Uuid,
        reports: &[AttemptReport],
    ) -> Result<Recorded, StoreError> {
        let columns = ReportColumns::of(reports);
        let rows = sqlx::query!(
            r#"
            WITH report AS (
                SELECT * FROM unnest(
                    $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::boolean[], $7::text[], $8::timestamptz[],
                    $9::text[], $10::smallint[], $11::text[], $12::timestamptz[]
                ) AS columns (
                    merchant_id, order_id, id, attempt, counts, outcome, next_at,
                    code, http_status, body, ended_at
                )
                WHERE columns.attempt = GREATEST(columns.attempt, 1)
            ),
            recorded AS (
                UPDATE deliveries AS d
                SET outcome = report.outcome,
                    next_at = COALESCE(report.next_at, d.next_at),
                    attempts = CASE WHEN report.counts THEN d.attempts ELSE d.attempts - 1 END,
                    lease_owner = NULL,
                    lease_until = NULL,
                    last_code = report.code,
                    last_http_status = report.http_status,
                    last_body = report.body,
                    updated_at = report.ended_at
                FROM report
                WHERE d.merchant_id = report.merchant_id
                  AND d.order_id = report.order_id
                  AND d.id = report.id
                  AND d.attempts = report.attempt
                  AND d.lease_owner = $1
                  AND COALESCE(d.outcome, '') = ''
                RETURNING d.merchant_id, d.order_id, d.id, d.sequence, d.url, d.outcome, d.next_at
            ),
            put_off AS (
                UPDATE deliveries AS behind
                SET next_at = recorded.next_at
                FROM recorded
                WHERE recorded.outcome IS NULL
                  AND behind.merchant_id = recorded.merchant_id
                  AND behind.order_id = recorded.order_id
                  AND behind.url = recorded.url
                  AND COALESCE(behind.outcome, '') = ''
                  AND (behind.sequence, behind.id) > (recorded.sequence, recorded.id)
                  AND behind.next_at < recorded.next_at
            )
            SELECT EXISTS (
                SELECT FROM deliveries AS other
                WHERE other.merchant_id = recorded.merchant_id
                  AND other.order_id = recorded.order_id
                  AND other.id <> recorded.id
                  AND COALESCE(other.outcome, '') = ''
            ) AS "more_behind!"
            FROM recorded
            "#,
            owner,
            &columns.merchants,
            &columns.orders,
            &columns.deliveries,
            &columns.attempts,
            &columns.counts,
            &columns.outcomes as &[Option<&str>],
            &columns.next_at as &[Option<OffsetDateTime>],
            &columns.codes as &[&str],
            &columns.http_statuses as &[Option<i16>],
            &columns.bodies as &[Option<&str>],
            &columns.ended_at,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(Recorded {
            applied: rows.len(),
            more_behind: rows.iter().any(|row| row.more_behind),
        })
    }

    /// When the next delivery falls due that is not due now.
    pub async fn delivery_next_due_at(
        &self,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let next = sqlx::query_scalar!(
            r#"
            WITH RECURSIVE queues (queue) AS (
                (SELECT first.queue FROM deliveries AS first
                 WHERE first.outcome IS NULL ORDER BY first.queue LIMIT 1)
                UNION ALL
                SELECT (SELECT next.queue FROM deliveries AS next
                        WHERE next.outcome IS NULL AND next.queue > queues.queue ORDER BY next.queue LIMIT 1)
                FROM queues WHERE queues.queue IS NOT NULL
            )
            SELECT min(upcoming.next_at)
            FROM queues CROSS JOIN LATERAL (
                SELECT d.next_at FROM deliveries AS d
                WHERE d.queue = queues.queue AND d.outcome IS NULL AND d.next_at > $1
                ORDER BY d.next_at LIMIT 1
            ) AS upcoming
            "#,
            now,
        )
        .fetch_one(self.pool())
        .await?;
        Ok(next)
    }

    /// Measures what is waiting, for the metrics.
    pub async fn delivery_backlog(&self, now: OffsetDateTime) -> Result<Backlog, StoreError> {
        let row = sqlx::query!(
            r#"
            SELECT count(*) AS "open!",
                   count(*) FILTER (WHERE next_at <= $1) AS "due!",
                   min(next_at) FILTER (WHERE next_at <= $1) AS oldest_due_at
            FROM (SELECT next_at FROM deliveries WHERE outcome IS NULL LIMIT $2) AS open
            "#,
            now,
            BACKLOG_COUNTED_MAX,
        )
        .fetch_one(self.pool())
        .await?;
        Ok(Backlog {
            open: row.open.unsigned_abs(),
            due: row.due.unsigned_abs(),
            oldest_due_at: row.oldest_due_at,
        })
    }
}

/// Reports as the arrays that the statement takes.
#[derive(Default)]
struct ReportColumns<'a> {
    merchants: Vec<Uuid>,
    orders: Vec<Uuid>,
    deliveries: Vec<Uuid>,
    attempts: Vec<i64>,
    counts: Vec<bool>,
    outcomes: Vec<Option<&'static str>>,
    next_at: Vec<Option<OffsetDateTime>>,
    codes: Vec<&'static str>,
    http_statuses: Vec<Option<i16>>,
    bodies: Vec<Option<&'a str>>,
    ended_at: Vec<OffsetDateTime>,
}

impl<'a> ReportColumns<'a> {
    fn of(reports: &'a [AttemptReport]) -> Self {
        let mut columns = Self::default();
        for report in reports {
            let (counts, outcome, next_at) = match report.verdict {
                Verdict::Delivered => (true, Some("delivered"), None),
                Verdict::GivenUp => (true, Some("given_up"), None),
                Verdict::RetryAt(at) => (true, None, Some(at)),
                Verdict::PostponedTo(at) => (false, None, Some(at)),
            };
            columns.merchants.push(report.merchant.uuid());
            columns.orders.push(report.order.uuid());
            columns.deliveries.push(report.delivery.uuid());
            columns.attempts.push(i64::from(report.attempt));
            columns.counts.push(counts);
            columns.outcomes.push(outcome);
            columns.next_at.push(next_at);
            columns.codes.push(report.code);
            columns
                .http_statuses
                .push(report.http_status.and_then(|status| i16::try_from(status).ok()));
            columns.bodies.push(report.body.as_deref());
            columns.ended_at.push(report.ended_at);
        }
        columns
    }
}

fn count(stored: i32, key: Uuid) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| corrupt("attempts", key))
}

fn corrupt(column: &'static str, key: Uuid) -> StoreError {
    StoreError::Corrupt {
        table: "deliveries",
        column,
        key: key.to_string(),
    }
}

#[cfg(test)]
mod tests;
