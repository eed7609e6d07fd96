//! The log of attempts to deliver webhooks, for whoever looks after an endpoint.

use crate::{
    Store, StoreError,
    deliveries::{DeliveryTarget, count},
    events::{self, Subject},
    week,
};
use primitives::{Id, id::kind};
use std::{fmt, str::FromStr, time::Duration};
use thiserror::Error;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// Later than anything that is logged.
const NEVER: OffsetDateTime = datetime!(9999-01-01 00:00 UTC);

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    Delivered,
    /// It failed, and was to be tried again.
    Retry,
    /// It failed, and was the last.
    GivenUp,
}

impl AttemptOutcome {
    const ALL: [Self; 3] = [Self::Delivered, Self::Retry, Self::GivenUp];

    /// The word for it in the database and on our faces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::GivenUp => "given_up",
        }
    }
}

/// One attempt as it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    pub merchant: Id<kind::Merchant>,
    pub subject: Subject,
    pub event: Id<kind::Event>,
    pub event_type: String,
    pub event_created_at: OffsetDateTime,
    /// `None`: it went to a URL of the merchant's own.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    pub url: String,
    /// Which attempt it was, from 1; a replay of what was over counts anew.
    pub attempt: u32,
    pub begun_at: OffsetDateTime,
    /// To the millisecond.
    pub latency: Duration,
    /// What happened, in a word.
    pub code: String,
    pub http_status: Option<u16>,
    /// The beginning of the answer's body, with anything that looks like a card number masked.
    pub body: Option<String>,
    pub outcome: AttemptOutcome,
}

impl AttemptRecord {
    /// The place in a log behind this attempt.
    pub fn cursor(&self) -> AttemptCursor {
        AttemptCursor {
            begun_at: self.begun_at,
            event: self.event,
        }
    }
}

/// A place in the log of a target, newest first: behind the attempt for this event that began then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptCursor {
    pub begun_at: OffsetDateTime,
    pub event: Id<kind::Event>,
}

/// The text is none that a cursor was ever written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a cursor of a log of attempts")]
pub struct NotAnAttemptCursor;

impl fmt::Display for AttemptCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.begun_at.unix_timestamp_nanos() / 1000;
        write!(f, "{microseconds}-{}", self.event.uuid().simple())
    }
}

impl FromStr for AttemptCursor {
    type Err = NotAnAttemptCursor;

    fn from_str(text: &str) -> Result<Self, NotAnAttemptCursor> {
        let (microseconds, event) = text.split_once('-').ok_or(NotAnAttemptCursor)?;
        let microseconds: i64 = microseconds.parse().map_err(|_| NotAnAttemptCursor)?;
        Ok(Self {
            begun_at: OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1000)
                .map_err(|_| NotAnAttemptCursor)?,
            event: Id::from_uuid(Uuid::try_parse(event).map_err(|_| NotAnAttemptCursor)?),
        })
    }
}

struct Row {
    merchant_id: Uuid,
    subject: String,
    subject_id: Uuid,
    event_id: Uuid,
    event_type: String,
    event_created_at: OffsetDateTime,
    endpoint_id: Option<Uuid>,
    url: String,
    attempt: i32,
    begun_at: OffsetDateTime,
    latency_ms: i32,
    code: String,
    http_status: Option<i16>,
    body: Option<String>,
    outcome: String,
}

impl TryFrom<Row> for AttemptRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let outcome = AttemptOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == row.outcome);
        Ok(Self {
            merchant: Id::from_uuid(row.merchant_id),
            subject: events::subject(&row.subject, row.subject_id, row.event_id)?,
            event: Id::from_uuid(row.event_id),
            event_type: row.event_type,
            event_created_at: row.event_created_at,
            endpoint: row.endpoint_id.map(Id::from_uuid),
            url: row.url,
            attempt: count(row.attempt, row.event_id)?,
            begun_at: row.begun_at,
            latency: Duration::from_millis(row.latency_ms.unsigned_abs().into()),
            code: row.code,
            http_status: row.http_status.and_then(|status| u16::try_from(status).ok()),
            body: row.body,
            outcome: outcome.ok_or_else(|| StoreError::Corrupt {
                table: "webhook_attempts",
                column: "outcome",
                key: row.event_id.to_string(),
            })?,
        })
    }
}

impl Store {
    /// What was attempted at a target, newest first: up to `limit` behind `before`, all of it or only what failed.
    pub async fn attempts_of_target(
        &self,
        merchant: Id<kind::Merchant>,
        target: DeliveryTarget,
        failed_only: bool,
        before: Option<AttemptCursor>,
        limit: i64,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        let (begun_at, event) = before.map_or((NEVER, Uuid::max()), |at| (at.begun_at, at.event.uuid()));
        // Two statements, so that what failed is found by an index of its own, among however many that did not. Each names
        // its bound on `begun_at` apart, by which later weeks are left out; else the time is named as the indexes name it,
        // which are offered for nothing else.
        let rows = if failed_only {
            sqlx::query_as!(
                Row,
                "SELECT merchant_id, subject, subject_id, event_id, event_type, event_created_at, endpoint_id, url, attempt,
                     begun_at, latency_ms, code, http_status, body, outcome
                 FROM webhook_attempts
                 WHERE COALESCE(endpoint_id, merchant_id) = $1 AND merchant_id = $2 AND outcome <> 'delivered'
                   AND begun_at <= $3 AND (COALESCE(begun_at, event_created_at), event_id) < ($3, $4)
                 ORDER BY COALESCE(begun_at, event_created_at) DESC, event_id DESC LIMIT $5",
                target.key(merchant),
                merchant.uuid(),
                begun_at,
                event,
                limit,
            )
            .fetch_all(self.pool())
            .await?
        } else {
            sqlx::query_as!(
                Row,
                "SELECT merchant_id, subject, subject_id, event_id, event_type, event_created_at, endpoint_id, url, attempt,
                     begun_at, latency_ms, code, http_status, body, outcome
                 FROM webhook_attempts
                 WHERE COALESCE(endpoint_id, merchant_id) = $1 AND merchant_id = $2
                   AND begun_at <= $3 AND (COALESCE(begun_at, event_created_at), event_id) < ($3, $4)
                 ORDER BY COALESCE(begun_at, event_created_at) DESC, event_id DESC LIMIT $5",
                target.key(merchant),
                merchant.uuid(),
                begun_at,
                event,
                limit,
            )
            .fetch_all(self.pool())
            .await?
        };
        rows.into_iter().map(AttemptRecord::try_from).collect()
    }

    /// What was attempted for one event, wherever it went, oldest first.
    pub async fn attempts_of_event(
        &self,
        merchant: Id<kind::Merchant>,
        event: Id<kind::Event>,
        limit: i64,
    ) -> Result<Vec<AttemptRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT log.merchant_id, log.subject, log.subject_id, log.event_id, log.event_type, log.event_created_at,
                 log.endpoint_id, log.url, log.attempt, log.begun_at, log.latency_ms, log.code, log.http_status, log.body,
                 log.outcome
             FROM events JOIN webhook_attempts AS log
                 ON log.merchant_id = events.merchant_id AND log.subject_id = events.subject_id
                    AND log.event_id = events.id
             WHERE events.merchant_id = $1 AND events.id = $2 AND log.begun_at >= $3
             ORDER BY log.begun_at, log.queue LIMIT $4",
            merchant.uuid(),
            event.uuid(),
            week::made_before(event.uuid()),
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(AttemptRecord::try_from)
        .collect()
    }
}

#[cfg(test)]
mod tests;
