//! The events of a merchant as a log to be read from a cursor.
//!
//! Ids are made before their transactions commit, and transactions do not commit in the order of the ids, so a reader that
//! went by ids could pass an event that was about to appear. The log goes by the number of the transaction that wrote an
//! event, and shows only what was written by transactions below the lowest that is still running: nothing can show up
//! behind that any more. One long transaction, of anybody in the same database cluster, therefore holds the log's end back;
//! it never makes it skip.
//!
//! Transaction numbers mean something in one cluster only. A dump that is restored into another cluster brings events with
//! numbers from there; [`webhook_partitions_keep`](Store::webhook_partitions_keep) notices by the cluster's identifier, gives
//! all of them the number of its own transaction, and begins a new era. Who restores the cluster itself to an earlier point
//! in time calls `SELECT event_log_begin_era()`, since numbers are then handed out a second time. A cursor of an earlier era
//! is continued an hour before the id of the event it stands behind, so some events are read twice and none is skipped that
//! the restored database has.

use crate::{
    Store, StoreError,
    events::{EventRecord, Row},
};
use primitives::{Id, id::kind};
use std::{fmt, str::FromStr};
use thiserror::Error;
use time::Duration;
use uuid::Uuid;

/// How far before its event a cursor of an earlier era is continued.
const READ_AGAIN: Duration = Duration::hours(1);

/// How many events are looked at for one page, however few of them are of the types that are asked for.
const EXAMINED_MAX: i64 = 2_000;

/// A place in a merchant's log, behind an event. Its text is for whoever hands it back, and means nothing to anybody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    era: u32,
    recorded_in: u64,
    event: Uuid,
}

/// The text is none that a cursor was ever written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a cursor of the event log")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{}", self.era, self.recorded_in, self.event.simple())
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(NotACursor);
        let cursor = Self {
            era: u32::from_str_radix(part()?, 16).map_err(|_| NotACursor)?,
            recorded_in: u64::from_str_radix(part()?, 16).map_err(|_| NotACursor)?,
            event: Uuid::try_parse(part()?).map_err(|_| NotACursor)?,
        };
        // The only way of writing it, so that one place has one text.
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(NotACursor)
        }
    }
}

/// A part of a merchant's log.
#[derive(Debug, Clone)]
pub struct EventPage {
    pub events: Vec<EventRecord>,
    /// Where to go on: behind the last event that was looked at, or where this page began if there was none.
    pub next: Option<Cursor>,
    /// Whether there may be more already.
    pub more: bool,
}

impl Store {
    /// The events of a merchant behind a cursor, or from the oldest that is kept: up to `limit` of these types, or of any if
    /// none is named. A page may be empty although there is more.
    pub async fn event_log(
        &self,
        merchant: Id<kind::Merchant>,
        after: Option<Cursor>,
        types: &[String],
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let (era, recorded_in, event) = after.map_or((None, 0, Uuid::nil()), |cursor| {
            (Some(cursor.era.cast_signed()), cursor.recorded_in, cursor.event)
        });
        let examined = if types.is_empty() {
            i64::from(limit)
        } else {
            EXAMINED_MAX.max(limit.into())
        };
        // The documents of what is only looked at stay where they are: `page` reads the narrow columns. Merchant and id are
        // named as the log's index names them, which is offered for nothing else.
        let rows = sqlx::query!(
            r#"
            WITH start AS (
                SELECT era,
                       CASE WHEN era = $2 THEN $3::text::xid8 ELSE '0'::xid8 END AS recorded_in,
                       CASE WHEN era = $2 THEN $4::uuid ELSE '00000000-0000-0000-0000-000000000000' END AS id,
                       CASE WHEN era = $2 THEN '00000000-0000-0000-0000-000000000000' ELSE $5::uuid END AS lowest
                FROM event_log
            ),
            examined AS MATERIALIZED (
                SELECT start.era, log.*, row_number() OVER (ORDER BY log.recorded_in, log.id) AS number
                FROM start CROSS JOIN LATERAL (
                    SELECT e.id, e.recorded_in, e.event_type FROM events AS e
                    WHERE COALESCE(e.merchant_id, e.id) = $1
                      AND (e.recorded_in, COALESCE(e.id, e.merchant_id)) > (start.recorded_in, start.id)
                      AND e.recorded_in < pg_snapshot_xmin(pg_current_snapshot())
                      AND e.id >= start.lowest
                    ORDER BY e.recorded_in, COALESCE(e.id, e.merchant_id)
                    LIMIT $7
                ) AS log
            ),
            page AS MATERIALIZED (
                SELECT * FROM examined WHERE $6 = '{}'::text[] OR event_type = ANY ($6) ORDER BY number LIMIT $8
            ),
            ends AS (
                SELECT era, recorded_in, id, number, (SELECT count(*) FROM examined) AS examined FROM examined
                WHERE number = CASE WHEN (SELECT count(*) FROM page) < $8 THEN (SELECT max(number) FROM examined)
                                    ELSE (SELECT max(number) FROM page) END
            )
            SELECT ends.era, ends.recorded_in::text AS "recorded_in!", ends.id AS ends_at, ends.number AS "number!",
                   ends.examined AS "examined!", event.merchant_id AS "merchant_id?", event.id AS "id?",
                   event.subject AS "subject?", event.subject_id AS "subject_id?", event.sequence AS "sequence?",
                   event.event_type AS "event_type?", event.payment_status, event.document AS "document?",
                   event.notify_url, event.created_at AS "created_at?"
            FROM ends LEFT JOIN page ON true LEFT JOIN LATERAL (
                SELECT * FROM events WHERE events.merchant_id = $1 AND events.id = page.id LIMIT 1
            ) AS event ON true
            ORDER BY page.number
            "#,
            merchant.uuid(),
            era,
            recorded_in.to_string(),
            event,
            crate::week::floor_of(event, READ_AGAIN),
            types,
            examined,
            i64::from(limit),
        )
        .fetch_all(self.pool())
        .await?;
        let Some(end) = rows.first() else {
            return Ok(EventPage {
                events: Vec::new(),
                next: after,
                more: false,
            });
        };
        let corrupt = |column| StoreError::Corrupt {
            table: "events",
            column,
            key: end.ends_at.to_string(),
        };
        let next = Cursor {
            era: u32::try_from(end.era).map_err(|_| corrupt("era"))?,
            recorded_in: end.recorded_in.parse().map_err(|_| corrupt("recorded_in"))?,
            event: end.ends_at,
        };
        let more = end.number < end.examined || end.examined == examined;
        let mut events = Vec::new();
        for row in rows {
            let (Some(merchant_id), Some(id), Some(subject), Some(subject_id)) =
                (row.merchant_id, row.id, row.subject, row.subject_id)
            else {
                continue;
            };
            let (Some(sequence), Some(event_type), Some(document), Some(created_at)) =
                (row.sequence, row.event_type, row.document, row.created_at)
            else {
                continue;
            };
            let row = Row {
                merchant_id,
                id,
                subject,
                subject_id,
                sequence,
                event_type,
                payment_status: row.payment_status,
                document,
                notify_url: row.notify_url,
                created_at,
            };
            events.push(EventRecord::try_from(row)?);
        }
        Ok(EventPage {
            events,
            next: Some(next),
            more,
        })
    }

    /// Whether events of a merchant are recorded that the log does not show yet, because a transaction older than theirs is
    /// still running. Their signals have been sent already, so whoever waits for them must look again by itself.
    pub async fn events_unsettled(&self, merchant: Id<kind::Merchant>) -> Result<bool, StoreError> {
        let unsettled = sqlx::query_scalar!(
            r#"
            SELECT EXISTS (
                SELECT FROM events AS e
                WHERE COALESCE(e.merchant_id, e.id) = $1 AND e.recorded_in >= pg_snapshot_xmin(pg_current_snapshot())
            ) AS "unsettled!"
            "#,
            merchant.uuid(),
        )
        .fetch_one(self.pool())
        .await?;
        Ok(unsettled)
    }
}

#[cfg(test)]
mod tests;
