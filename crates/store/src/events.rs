//! The outbox: what merchants are told, written with what happened.

use crate::{Store, StoreError};
use aws_lc_rs::digest;
use primitives::{HttpUrl, Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a message says when somebody only wants to see whether one arrives.
pub const EVENT_TEST: &str = "webhook.test";

/// What a merchant is told when one of its endpoints was disabled by the gateway.
pub const EVENT_ENDPOINT_DISABLED: &str = "webhook.endpoint_disabled";

/// Everything that there are events of.
pub const EVENT_TYPES: [&str; 8] = [
    "order.pending",
    "order.succeeded",
    "order.cancelled",
    "order.refund",
    "order.expired",
    "payment.updated",
    EVENT_TEST,
    EVENT_ENDPOINT_DISABLED,
];

/// What an event tells about. Events of one subject reach one receiver in the order of their sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Order(Id<kind::Order>),
    Endpoint(Id<kind::WebhookEndpoint>),
}

impl Subject {
    /// The member of the message that holds the document.
    pub fn member(self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Endpoint(_) => "endpoint",
        }
    }

    pub fn uuid(self) -> Uuid {
        match self {
            Self::Order(id) => id.uuid(),
            Self::Endpoint(id) => id.uuid(),
        }
    }

    /// The subject that a row's two columns say.
    pub(crate) fn of(member: &str, id: Uuid) -> Option<Self> {
        match member {
            "order" => Some(Self::Order(Id::from_uuid(id))),
            "endpoint" => Some(Self::Endpoint(Id::from_uuid(id))),
            _ => None,
        }
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipients {
    /// The event's own URL, and every enabled endpoint of the merchant that wants events of this type.
    Subscribed,
    /// The event's own URL.
    Own,
    /// This endpoint of the merchant whatever it wants, if it is enabled.
    Only(Id<kind::WebhookEndpoint>),
}

/// Something a merchant is to be told, with its subject as it was at that point.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// A UUIDv7 of about now.
    pub id: Id<kind::Event>,
    pub merchant: Id<kind::Merchant>,
    pub subject: Subject,
    /// The subject's version. Events of one subject reach one receiver in this order, those of one version in that of
    /// their ids.
    pub sequence: i64,
    /// One of [`EVENT_TYPES`].
    pub event_type: &'static str,
    /// The payment's status, of events about orders.
    pub payment_status: Option<String>,
    /// The subject's document as JSON text. It is sent byte for byte.
    pub document: String,
    /// The order's own URL, or else the merchant's default one.
    pub notify_url: Option<HttpUrl>,
    pub recipients: Recipients,
    pub created_at: OffsetDateTime,
}

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    pub id: Id<kind::Event>,
    pub merchant: Id<kind::Merchant>,
    pub subject: Subject,
    pub sequence: i64,
    pub event_type: String,
    pub payment_status: Option<String>,
    /// The subject's document as JSON text.
    pub document: String,
    pub notify_url: Option<String>,
    pub created_at: OffsetDateTime,
}

/// Writes an event and its deliveries, and answers how many these are: one statement in the transaction that made it
/// happen.
///
/// # Errors
/// [`StoreError::Taken`] when an event of this id exists.
pub async fn events_insert_in(conn: &mut PgConnection, event: &NewEvent) -> Result<u64, StoreError> {
    let url = event.notify_url.as_ref().map(HttpUrl::as_str);
    let (own, subscribed, only) = match event.recipients {
        Recipients::Subscribed => (true, true, None),
        Recipients::Own => (true, false, None),
        Recipients::Only(endpoint) => (false, false, Some(endpoint.uuid())),
    };
    // A delivery is due at once, or with the last one ahead of it in the same subject and queue that waits. One that is
    // being sent has been due already, so nothing is ever put off beyond the end of what it waits for. (Why COALESCE:
    // see `deliveries`.)
    let made = sqlx::query!(
        r#"
        WITH event AS (
            INSERT INTO events
                (merchant_id, id, subject, subject_id, sequence, event_type, payment_status, document, notify_url,
                 notify_queue, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            RETURNING merchant_id, id, subject_id, sequence, created_at
        ),
        receiver AS (
            SELECT $10::uuid AS queue, NULL::uuid AS endpoint_id WHERE $12 AND $10 IS NOT NULL
            UNION ALL
            SELECT id, id FROM webhook_endpoints
            WHERE $13 AND merchant_id = $1 AND disabled_at IS NULL
                  AND (event_types = '{}' OR $6 = ANY (event_types))
            UNION ALL
            SELECT id, id FROM webhook_endpoints
            WHERE id = $14 AND merchant_id = $1 AND disabled_at IS NULL
        )
        INSERT INTO deliveries
            (merchant_id, subject_id, event_id, queue, endpoint_id, sequence, state, next_at, created_at, updated_at)
        SELECT event.merchant_id, event.subject_id, event.id, receiver.queue, receiver.endpoint_id, event.sequence,
               CASE WHEN ahead.next_at > event.created_at THEN 'waiting' ELSE 'ready' END,
               GREATEST(event.created_at, ahead.next_at), event.created_at, event.created_at
        FROM event CROSS JOIN receiver CROSS JOIN LATERAL (
            SELECT max(next_at) AS next_at FROM deliveries
            WHERE merchant_id = event.merchant_id
              AND subject_id = event.subject_id
              AND queue = receiver.queue
              AND COALESCE(state, '') = 'waiting'
        ) AS ahead
        "#,
        event.merchant.uuid(),
        event.id.uuid(),
        event.subject.member(),
        event.subject.uuid(),
        event.sequence,
        event.event_type,
        event.payment_status,
        event.document,
        url,
        url.map(|url| queue_of(event.merchant, url)),
        event.created_at,
        own,
        subscribed,
        only,
    )
    .execute(conn)
    .await?;
    Ok(made.rows_affected())
}

impl Store {
    /// Writes an event that nothing else happens with, and answers how many deliveries it makes. Whoever delivers is told.
    pub async fn event_insert(&self, event: &NewEvent) -> Result<u64, StoreError> {
        let mut connection = self.pool().acquire().await?;
        let made = events_insert_in(&mut connection, event).await?;
        drop(connection);
        self.deliveries_notify(made).await?;
        Ok(made)
    }

    /// One event of a merchant.
    pub async fn event_load(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Event>,
    ) -> Result<Option<EventRecord>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT merchant_id, id, subject, subject_id, sequence, event_type, payment_status, document, notify_url,
                 created_at
             FROM events WHERE merchant_id = $1 AND id = $2",
            merchant.uuid(),
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(EventRecord::try_from)
        .transpose()
    }
}

/// A row of `events`.
pub(crate) struct Row {
    pub merchant_id: Uuid,
    pub id: Uuid,
    pub subject: String,
    pub subject_id: Uuid,
    pub sequence: i64,
    pub event_type: String,
    pub payment_status: Option<String>,
    pub document: String,
    pub notify_url: Option<String>,
    pub created_at: OffsetDateTime,
}

impl TryFrom<Row> for EventRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: Id::from_uuid(row.id),
            merchant: Id::from_uuid(row.merchant_id),
            subject: subject(&row.subject, row.subject_id, row.id)?,
            sequence: row.sequence,
            event_type: row.event_type,
            payment_status: row.payment_status,
            document: row.document,
            notify_url: row.notify_url,
            created_at: row.created_at,
        })
    }
}

/// The subject that the columns of an event say.
pub(crate) fn subject(member: &str, id: Uuid, event: Uuid) -> Result<Subject, StoreError> {
    Subject::of(member, id).ok_or_else(|| StoreError::Corrupt {
        table: "events",
        column: "subject",
        key: event.to_string(),
    })
}

/// The queue of a merchant's own URL: the first 16 bytes of the SHA-256 of the merchant's id and the URL as written.
/// Two merchants who name one URL have a queue each: they sign with different keys, and only one of them may be at fault.
pub(crate) fn queue_of(merchant: Id<kind::Merchant>, url: &str) -> Uuid {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(merchant.uuid().as_bytes());
    context.update(url.as_bytes());
    let mut queue = [0; 16];
    for (to, from) in queue.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Uuid::from_bytes(queue)
}

#[cfg(test)]
mod tests;
