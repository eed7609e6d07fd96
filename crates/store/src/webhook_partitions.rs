//! The weeks of events and attempts: made ahead, and dropped when they are over.
//!
//! A week is a partition of its own, so forgetting it is dropping a table. Making and dropping one needs a lock that others
//! may have to wait behind, so each waits no longer than a fifth of a second, is a transaction of its own, and is tried
//! again the next time. Meanwhile nothing is refused: what has no partition goes to the default one, whose old rows are
//! deleted here.

use crate::{Store, StoreError, week};
use time::{Date, Duration, OffsetDateTime, format_description::FormatItem, macros::format_description};
use uuid::Uuid;

/// How long events and the log of attempts are kept at least. A week goes when all of it is older.
pub const WEBHOOK_LOG_KEPT: Duration = Duration::days(30);

/// How many weeks are made ahead of the present one.
const WEEKS_AHEAD: i64 = 2;

/// How many rows one statement deletes, and how many such statements one call makes at most.
const DELETED_BATCH: i64 = 1_000;
const DELETED_BATCHES_MAX: u32 = 100;

/// What is kept by week.
const PARENTS: [&str; 2] = ["events", "webhook_attempts"];

/// How the name of a partition ends.
const NAME_DATE: &[FormatItem<'_>] = format_description!("[year][month][day]");

/// What keeping came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartitionsKept {
    pub made: u32,
    pub dropped: u32,
    /// Old rows that lay in no week of their own, dead letters, and deliveries to endpoints that are not sent to any more.
    pub rows_deleted: u64,
    /// What a lock, or somebody else at the same work, stood in the way of: to be tried again soon.
    pub put_off: u32,
    /// Whether the events came from another cluster, so that the log began a new era.
    pub new_era: bool,
}

impl Store {
    /// Makes the weeks to come and forgets those that are over. To be called at the start and every hour or so, by any
    /// number of processes.
    pub async fn webhook_partitions_keep(&self, now: OffsetDateTime) -> Result<PartitionsKept, StoreError> {
        let mut kept = PartitionsKept {
            new_era: self.event_log_keep_era().await?,
            ..PartitionsKept::default()
        };
        let this_week = week::monday_of(now);
        for ahead in 0..=WEEKS_AHEAD {
            for parent in PARENTS {
                let week = this_week + Duration::weeks(ahead);
                let made = sqlx::query_scalar!("SELECT webhook_partition_make($1, $2)", parent, week)
                    .fetch_one(self.pool())
                    .await;
                kept.made += settled(made, &mut kept.put_off)?;
            }
        }
        let kept_since = now - WEBHOOK_LOG_KEPT;
        kept.rows_deleted += self.undeliverable_end(now).await?;
        for (parent, week) in self.weeks_before(kept_since).await? {
            if parent == "events" {
                let end = week::first_id((week + Duration::WEEK).midnight().assume_utc());
                kept.rows_deleted += self.deliveries_forget(end).await?;
            }
            let dropped = sqlx::query_scalar!("SELECT webhook_partition_drop($1, $2)", parent, week)
                .fetch_one(self.pool())
                .await;
            kept.dropped += settled(dropped, &mut kept.put_off)?;
        }
        kept.rows_deleted += self.defaults_forget(kept_since).await?;
        kept.rows_deleted += self.dead_letters_forget(week::first_id(kept_since)).await?;
        Ok(kept)
    }

    /// Begins a new era of the event log if the events came from another cluster.
    async fn event_log_keep_era(&self) -> Result<bool, StoreError> {
        let begun = sqlx::query_scalar!(
            "SELECT event_log_begin_era() FROM event_log, pg_control_system() AS here
             WHERE event_log.system_identifier <> here.system_identifier"
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(begun.is_some())
    }

    /// The weeks that were over before a time, and their parents.
    async fn weeks_before(&self, before: OffsetDateTime) -> Result<Vec<(String, Date)>, StoreError> {
        let names = sqlx::query!(
            r#"SELECT parent.relname::text AS "parent!", child.relname::text AS "child!"
               FROM pg_inherits
               JOIN pg_class AS parent ON parent.oid = inhparent
               JOIN pg_class AS child ON child.oid = inhrelid
               WHERE inhparent IN ('events'::regclass, 'webhook_attempts'::regclass)
               ORDER BY child.relname"#
        )
        .fetch_all(self.pool())
        .await?;
        Ok(names
            .into_iter()
            .filter_map(|name| {
                let (_, date) = name.child.rsplit_once("_p")?;
                Some((name.parent, Date::parse(date, NAME_DATE).ok()?))
            })
            .filter(|(_, week)| (*week + Duration::WEEK).midnight().assume_utc() <= before)
            .collect())
    }

    /// Deletes what is still open of events that are about to go: it could not be sent without them.
    async fn deliveries_forget(&self, end: Uuid) -> Result<u64, StoreError> {
        let deleted = sqlx::query!("DELETE FROM deliveries WHERE event_id < $1", end)
            .execute(self.pool())
            .await?;
        Ok(deleted.rows_affected())
    }

    /// Deletes old rows that lie in no week of their own.
    async fn defaults_forget(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let end = week::first_id(before);
        let mut total = 0;
        for _ in 0..DELETED_BATCHES_MAX {
            let events = sqlx::query!(
                "DELETE FROM events_default WHERE ctid = ANY (ARRAY(
                     SELECT ctid FROM events_default WHERE id < $1 LIMIT $2))",
                end,
                DELETED_BATCH,
            )
            .execute(self.pool())
            .await?
            .rows_affected();
            let attempts = sqlx::query!(
                "DELETE FROM webhook_attempts_default WHERE ctid = ANY (ARRAY(
                     SELECT ctid FROM webhook_attempts_default WHERE begun_at < $1 LIMIT $2))",
                before,
                DELETED_BATCH,
            )
            .execute(self.pool())
            .await?
            .rows_affected();
            total += events + attempts;
            if events + attempts == 0 {
                break;
            }
        }
        Ok(total)
    }

    /// Deletes the dead letters of events before `end`.
    async fn dead_letters_forget(&self, end: Uuid) -> Result<u64, StoreError> {
        let mut total = 0;
        for _ in 0..DELETED_BATCHES_MAX {
            let deleted = sqlx::query!(
                "DELETE FROM deliveries WHERE ctid = ANY (ARRAY(
                     SELECT ctid FROM deliveries WHERE state = 'given_up' AND event_id < $1
                     ORDER BY event_id LIMIT $2))",
                end,
                DELETED_BATCH,
            )
            .execute(self.pool())
            .await?
            .rows_affected();
            total += deleted;
            if deleted == 0 {
                break;
            }
        }
        Ok(total)
    }
}

/// 1 for what was done. A lock that was not to be had, a row that got into the way and somebody else at work are put off.
fn settled(done: Result<Option<bool>, sqlx::Error>, put_off: &mut u32) -> Result<u32, StoreError> {
    /// `lock_not_available` and `check_violation`.
    const IN_THE_WAY: [&str; 2] = ["55P03", "23514"];
    match done {
        Ok(Some(done)) => Ok(done.into()),
        Ok(None) => {
            *put_off += 1;
            Ok(0)
        }
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            if code.is_some_and(|code| IN_THE_WAY.contains(&code.as_ref())) {
                *put_off += 1;
                return Ok(0);
            }
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests;
