//! Sending again: one message, a range of time, or all that failed; and what there is to be sent again.
//!
//! A message has one row per receiver, so however many replays there are, it is never sent to one receiver twice at once.
//! Of an open delivery a replay only makes that it is due now; a dead letter is opened again from its first attempt; what was
//! delivered gets a new row. Only enabled endpoints are sent anything.

use crate::{
    Store, StoreError,
    deliveries::{DeliveryTarget, count},
    events::{self, Subject},
    signals::DELIVERIES,
    week,
};
use primitives::{Id, id::kind};
use std::{fmt, str::FromStr};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many events or dead letters one statement takes on.
const BATCH: i64 = 1_000;

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub event: Id<kind::Event>,
    pub event_type: String,
    pub event_created_at: OffsetDateTime,
    pub subject: Subject,
    /// `None`: it was to go to a URL of the merchant's own.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    pub queue: Uuid,
    pub url: Option<String>,
    pub attempts: u32,
    /// The last attempt, or why there was none: in a word, the HTTP status if there was an answer, and its body's
    /// beginning.
    pub last_code: Option<String>,
    pub last_http_status: Option<u16>,
    pub last_body: Option<String>,
    pub given_up_at: OffsetDateTime,
}

impl DeadLetter {
    /// The place in the list behind this one.
    pub fn cursor(&self) -> DeadLetterCursor {
        DeadLetterCursor {
            event: self.event,
            queue: self.queue,
        }
    }
}

/// A place in the list of a target's dead letters, oldest event first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterCursor {
    event: Id<kind::Event>,
    queue: Uuid,
}

/// The text is none that a cursor was ever written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a cursor of a list of dead letters")]
pub struct NotADeadLetterCursor;

impl fmt::Display for DeadLetterCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.event.uuid().simple(), self.queue.simple())
    }
}

impl FromStr for DeadLetterCursor {
    type Err = NotADeadLetterCursor;

    fn from_str(text: &str) -> Result<Self, NotADeadLetterCursor> {
        let (event, queue) = text.split_once('-').ok_or(NotADeadLetterCursor)?;
        let uuid = |text| Uuid::try_parse(text).map_err(|_| NotADeadLetterCursor);
        Ok(Self {
            event: Id::from_uuid(uuid(event)?),
            queue: uuid(queue)?,
        })
    }
}

impl Store {
    /// Sends an event again: to one target, or to the own URL it was meant for and every enabled endpoint that wants its
    /// type. Answers how many deliveries are due now that were not; one that is being sent is left to that.
    pub async fn replay_event(
        &self,
        merchant: Id<kind::Merchant>,
        event: Id<kind::Event>,
        target: Option<DeliveryTarget>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let (own, wanted, only) = match target {
            None => (true, true, None),
            Some(DeliveryTarget::Own) => (true, false, None),
            Some(DeliveryTarget::Endpoint(id)) => (false, false, Some(id.uuid())),
        };
        let made = sqlx::query!(
            r#"
            WITH event AS (
                SELECT merchant_id, id, subject_id, sequence, event_type, notify_queue FROM events
                WHERE merchant_id = $1 AND id = $2
            ),
            receiver AS (
                SELECT notify_queue AS queue, NULL::uuid AS endpoint_id FROM event WHERE $3 AND notify_queue IS NOT NULL
                UNION ALL
                SELECT e.id, e.id FROM webhook_endpoints AS e, event
                WHERE $4 AND e.merchant_id = $1 AND e.disabled_at IS NULL
                  AND (e.event_types = '{}' OR event.event_type = ANY (e.event_types))
                UNION ALL
                SELECT id, id FROM webhook_endpoints WHERE id = $5 AND merchant_id = $1 AND disabled_at IS NULL
            )
            INSERT INTO deliveries AS d
                (merchant_id, subject_id, event_id, queue, endpoint_id, sequence, state, next_at, created_at, updated_at)
            SELECT event.merchant_id, event.subject_id, event.id, receiver.queue, receiver.endpoint_id, event.sequence,
                   'ready', $6, $6, $6
            FROM event CROSS JOIN receiver
            ORDER BY receiver.queue
            ON CONFLICT (merchant_id, subject_id, event_id, queue) DO UPDATE
            SET state = 'ready', next_at = excluded.next_at,
                attempts = CASE WHEN d.state = 'given_up' THEN 0 ELSE d.attempts END
            WHERE d.state <> 'ready'
            "#,
            merchant.uuid(),
            event.uuid(),
            own,
            wanted,
            only,
            now,
        )
        .execute(self.pool())
        .await?
        .rows_affected();
        self.deliveries_notify(made).await?;
        Ok(made)
    }

    /// Sends the events of a time again, `since` included and `until` not: to the endpoint those that it wants, or to the own
    /// URLs those that were meant for one. Tests are passed over: each was for one target. Answers how many deliveries are due now that were not. What was done when it
    /// fails stays done.
    pub async fn replay_range(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        since: OffsetDateTime,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let endpoint = match target {
            DeliveryTarget::Own => None,
            DeliveryTarget::Endpoint(id) => Some(id.uuid()),
        };
        let end = week::first_id(until);
        let mut from = week::first_id(since);
        let mut total = 0;
        loop {
            // `batch` is what is looked at, of which not everything need be meant for the target.
            let row = sqlx::query!(
                r#"
                WITH batch AS MATERIALIZED (
                    SELECT merchant_id, id, subject_id, sequence, event_type, notify_queue FROM events
                    WHERE merchant_id = $1 AND id >= $2 AND id < $3 AND event_type <> 'webhook.test'
                    ORDER BY id LIMIT $4
                ),
                meant AS (
                    SELECT batch.*, batch.notify_queue AS queue, NULL::uuid AS endpoint_id FROM batch
                    WHERE $5::uuid IS NULL AND batch.notify_queue IS NOT NULL
                    UNION ALL
                    SELECT batch.*, e.id, e.id FROM batch, webhook_endpoints AS e
                    WHERE e.id = $5 AND e.merchant_id = $1 AND e.disabled_at IS NULL
                      AND (e.event_types = '{}' OR batch.event_type = ANY (e.event_types))
                ),
                made AS (
                    INSERT INTO deliveries AS d
                        (merchant_id, subject_id, event_id, queue, endpoint_id, sequence, state, next_at, created_at,
                         updated_at)
                    SELECT merchant_id, subject_id, id, queue, endpoint_id, sequence, 'ready', $6, $6, $6 FROM meant
                    ORDER BY id
                    ON CONFLICT (merchant_id, subject_id, event_id, queue) DO UPDATE
                    SET state = 'ready', next_at = excluded.next_at,
                        attempts = CASE WHEN d.state = 'given_up' THEN 0 ELSE d.attempts END
                    WHERE d.state <> 'ready'
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM made) AS "made!", (SELECT count(*) FROM batch) AS "looked_at!",
                       (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS last
                "#,
                merchant.uuid(),
                from,
                end,
                BATCH,
                endpoint,
                now,
            )
            .fetch_one(self.pool())
            .await?;
            let made = row.made.unsigned_abs();
            self.deliveries_notify(made).await?;
            total += made;
            match row.last {
                Some(last) if row.looked_at == BATCH => from = following(last),
                Some(_) | None => return Ok(total),
            }
        }
    }

    /// Opens all dead letters of a target again. Answers how many there were. What was done when it fails stays done.
    pub async fn replay_failed(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let endpoint = match target {
            DeliveryTarget::Own => None,
            DeliveryTarget::Endpoint(id) => Some(id.uuid()),
        };
        // Goes through the list once: what dies again meanwhile stays dead.
        let (mut event, mut queue) = (Uuid::nil(), Uuid::nil());
        let mut total = 0;
        loop {
            let opened = sqlx::query!(
                r#"
                WITH dead AS (
                    SELECT merchant_id, subject_id, event_id, queue FROM deliveries
                    WHERE state = 'given_up' AND COALESCE(endpoint_id, merchant_id) = $1 AND merchant_id = $2
                      AND (event_id, queue) > ($3, $4)
                    ORDER BY event_id, queue LIMIT $5
                    FOR UPDATE
                )
                UPDATE deliveries AS d SET state = 'ready', next_at = $6, attempts = 0
                FROM dead
                WHERE d.merchant_id = dead.merchant_id AND d.subject_id = dead.subject_id
                  AND d.event_id = dead.event_id AND d.queue = dead.queue
                  AND ($7::uuid IS NULL OR EXISTS (
                      SELECT FROM webhook_endpoints WHERE id = $7 AND disabled_at IS NULL))
                RETURNING d.event_id, d.queue
                "#,
                target.key(merchant),
                merchant.uuid(),
                event,
                queue,
                BATCH,
                now,
                endpoint,
            )
            .fetch_all(self.pool())
            .await?;
            let made = u64::try_from(opened.len()).unwrap_or(u64::MAX);
            self.deliveries_notify(made).await?;
            total += made;
            match opened.iter().map(|row| (row.event_id, row.queue)).max() {
                Some(last) => (event, queue) = last,
                None => return Ok(total),
            }
        }
    }

    /// The dead letters of a target, the oldest event first: up to `limit` behind `after`.
    pub async fn dead_letters(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        after: Option<DeadLetterCursor>,
        limit: i64,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let (event, queue) = after.map_or((Uuid::nil(), Uuid::nil()), |at| (at.event.uuid(), at.queue));
        let rows = sqlx::query!(
            r#"
            SELECT d.event_id, d.subject_id, d.endpoint_id, d.queue, d.attempts, d.last_code, d.last_http_status,
                   d.last_body, d.updated_at, COALESCE(e.url, event.notify_url) AS url, event.subject,
                   event.event_type, event.created_at
            FROM (
                SELECT * FROM deliveries
                WHERE state = 'given_up' AND COALESCE(endpoint_id, merchant_id) = $1 AND merchant_id = $2
                  AND (event_id, queue) > ($3, $4)
                ORDER BY event_id, queue LIMIT $5
            ) AS d
            LEFT JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
            CROSS JOIN LATERAL (
                SELECT subject, event_type, notify_url, created_at FROM events
                WHERE events.merchant_id = d.merchant_id AND events.id = d.event_id
                LIMIT 1
            ) AS event
            ORDER BY d.event_id, d.queue
            "#,
            target.key(merchant),
            merchant.uuid(),
            event,
            queue,
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(DeadLetter {
                    event: Id::from_uuid(row.event_id),
                    event_type: row.event_type,
                    event_created_at: row.created_at,
                    subject: events::subject(&row.subject, row.subject_id, row.event_id)?,
                    endpoint: row.endpoint_id.map(Id::from_uuid),
                    queue: row.queue,
                    url: row.url,
                    attempts: count(row.attempts, row.event_id)?,
                    last_code: row.last_code,
                    last_http_status: row.last_http_status.and_then(|status| u16::try_from(status).ok()),
                    last_body: row.last_body,
                    given_up_at: row.updated_at,
                })
            })
            .collect()
    }

    /// Tells every process that deliveries have fallen due, if any have.
    pub(crate) async fn deliveries_notify(&self, made: u64) -> Result<(), StoreError> {
        if made > 0 {
            sqlx::query!(
                "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')",
                DELIVERIES,
            )
            .fetch_one(self.pool())
            .await?;
        }
        Ok(())
    }
}

/// The next UUID.
fn following(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

#[cfg(test)]
mod tests;
