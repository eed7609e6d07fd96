//! What DirectLink shops are told of their payments, on its way to their servers: written and listed here, taken in [`lease`].

mod lease;

pub use lease::{FeedbackRoom, LeasedFeedback};

use super::payments::tries_in;
use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use payments::{
    Order,
    directlink::{Change, Occasion, Telling, WAITS_FOR_SHOPPER},
};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many messages are counted at most when the backlog is measured.
const BACKLOG_COUNTED_MAX: i64 = 100_000;

/// How much is waiting to be told, each counted up to 100 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedbackBacklog {
    /// Messages that are not over.
    pub open: u64,
    /// Those of them that are due or being sent.
    pub due: u64,
    /// Since when the longest of these has been due.
    pub oldest_due_at: Option<OffsetDateTime>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedbackReport {
    pub id: i64,
    pub attempt: u32,
    pub then: FeedbackVerdict,
    /// What came of it, in a word.
    pub code: &'static str,
    pub http_status: Option<u16>,
}

/// What an attempt's end means for its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackVerdict {
    Delivered,
    GivenUp,
    /// The account has no address for it.
    NoUrl,
    /// Again, not before then.
    Again(OffsetDateTime),
    /// It was not sent, and not for the receiver's fault: again then, and this attempt does not count.
    Postponed(OffsetDateTime),
}

/// A message, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    pub id: i64,
    pub payid: i64,
    pub occasion: Occasion,
    pub telling: Telling,
    pub attempts: u32,
    /// When it is sent next, while it is open.
    pub next_at: Option<OffsetDateTime>,
    /// `delivered`, `given_up`, `no_url`, `overtaken`; `None` while it is open.
    pub outcome: Option<String>,
    pub last_code: Option<String>,
    pub last_http_status: Option<u16>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

fn occasion(id: i64, word: &str) -> Result<Occasion, StoreError> {
    Occasion::parse(word).ok_or_else(|| StoreError::Corrupt {
        table: "directlink_feedback",
        column: "occasion",
        key: id.to_string(),
    })
}

impl Store {
    /// Records how an attempt of `owner` ended. `false`: its lease had run out and somebody else has the message.
    pub async fn feedback_record(
        &self,
        owner: Uuid,
        report: &FeedbackReport,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let (outcome, next_at) = match report.then {
            FeedbackVerdict::Delivered => (Some("delivered"), None),
            FeedbackVerdict::GivenUp => (Some("given_up"), None),
            FeedbackVerdict::NoUrl => (Some("no_url"), None),
            FeedbackVerdict::Again(at) | FeedbackVerdict::Postponed(at) => (None, Some(at)),
        };
        let uncounted = matches!(
            report.then,
            FeedbackVerdict::Postponed(_) | FeedbackVerdict::NoUrl
        );
        let written = sqlx::query!(
            "UPDATE directlink_feedback
             SET outcome = $4, next_at = COALESCE($5, next_at), lease_owner = NULL, lease_until = NULL, last_code = $6,
                 last_http_status = $7, updated_at = $8, attempts = attempts - $9
             WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND outcome IS NULL",
            report.id,
            owner,
            report.attempt.cast_signed(),
            outcome,
            next_at,
            report.code,
            report.http_status.map(u16::cast_signed),
            now,
            i32::from(uncounted),
        )
        .execute(self.pool())
        .await?;
        Ok(written.rows_affected() == 1)
    }

    /// Whether a payment's shop has yet to be told something for the first time: nobody tried, or somebody is trying now.
    pub async fn feedback_is_awaited(&self, payid: i64) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM directlink_feedback
                              WHERE payid = $1 AND outcome IS NULL
                                    AND (attempts = 0 OR attempts = 1 AND lease_until IS NOT NULL)) AS "awaited!""#,
            payid,
        )
        .fetch_one(self.pool())
        .await?)
    }

    /// Measures what is open.
    pub async fn feedback_backlog(&self, now: OffsetDateTime) -> Result<FeedbackBacklog, StoreError> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "open!", count(*) FILTER (WHERE next_at <= $1) AS "due!",
                      min(next_at) FILTER (WHERE next_at <= $1) AS oldest_due_at
               FROM (SELECT next_at FROM directlink_feedback WHERE outcome IS NULL ORDER BY next_at LIMIT $2) AS open"#,
            now,
            BACKLOG_COUNTED_MAX,
        )
        .fetch_one(self.pool())
        .await?;
        Ok(FeedbackBacklog {
            open: row.open.unsigned_abs(),
            due: row.due.unsigned_abs(),
            oldest_due_at: row.oldest_due_at,
        })
    }

    /// What an account's shop was told or is to be told, the latest first: of one payment, or of all; up to `limit` before the
    /// message `before`.
    pub async fn feedback_list(
        &self,
        pspid: &str,
        payid: Option<i64>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Feedback>, StoreError> {
        sqlx::query!(
            r#"SELECT f.id, f.payid, f.occasion, f.telling AS "telling!: Json<Telling>", f.attempts, f.next_at, f.outcome,
                      f.last_code, f.last_http_status, f.created_at, f.updated_at
               FROM directlink_feedback f JOIN directlink_payments p ON p.payid = f.payid
               WHERE p.pspid = $1 AND ($2::bigint IS NULL OR f.payid = $2) AND ($3::bigint IS NULL OR f.id < $3)
               ORDER BY f.id DESC LIMIT $4"#,
            pspid,
            payid,
            before,
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(|row| {
            Ok(Feedback {
                id: row.id,
                payid: row.payid,
                occasion: occasion(row.id, &row.occasion)?,
                telling: row.telling.0,
                attempts: row.attempts.unsigned_abs(),
                next_at: row.outcome.is_none().then_some(row.next_at),
                outcome: row.outcome,
                last_code: row.last_code,
                last_http_status: row.last_http_status.map(i16::cast_unsigned),
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
    }

    /// Has a message that is over sent again from its first attempt on. `false`: this account has none of that number that is
    /// over.
    pub async fn feedback_send_again(
        &self,
        pspid: &str,
        id: i64,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let written = sqlx::query!(
            "UPDATE directlink_feedback f
             SET outcome = NULL, attempts = 0, next_at = $3, updated_at = $3
             FROM directlink_payments p
             WHERE f.id = $2 AND f.outcome IS NOT NULL AND p.payid = f.payid AND p.pspid = $1",
            pspid,
            id,
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Has a payment's refusal told that waits for its shopper, who leaves. Whether there was one.
    pub async fn feedback_no_longer_waits(
        &self,
        payid: i64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let written = sqlx::query!(
            "UPDATE directlink_feedback SET waits_for_shopper = false, next_at = $2, updated_at = $2
             WHERE payid = $1 AND waits_for_shopper AND outcome IS NULL AND next_at > $2",
            payid,
            now,
        )
        .execute(self.pool())
        .await?;
        Ok(written.rows_affected() > 0)
    }

    /// Forgets the messages that are over and were written before that time. Answers how many.
    pub async fn feedback_prune(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let pruned = sqlx::query!(
            "DELETE FROM directlink_feedback WHERE created_at < $1 AND outcome IS NOT NULL",
            before,
        )
        .execute(self.pool())
        .await?;
        Ok(pruned.rows_affected())
    }
}

/// Writes what a step is to tell. An order that has no number of the protocol's is no shop's of it, and nothing is written. A
/// refusal waits while its shopper is on our pages and may try again; the end of a later try takes its place.
pub(crate) async fn feedback_insert_in(
    connection: &mut PgConnection,
    order: &Order,
    change: &Change,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let own = sqlx::query!(
        "SELECT d.payid, d.pspid, d.reference, d.with_shopper, a.attempts_max
         FROM directlink_payments d JOIN directlink_accounts a ON a.pspid = d.pspid
         WHERE d.merchant_id = $1 AND d.order_id = $2",
        order.merchant.uuid(),
        order.id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(own) = own else { return Ok(()) };
    if change.occasion == Occasion::End {
        overtake_in(connection, &own.pspid, &own.reference, own.payid, now).await?;
    }
    let waits = change.may_be_overtaken()
        && own.with_shopper
        && tries_in(connection, &own.pspid, &own.reference).await? < i64::from(own.attempts_max);
    sqlx::query!(
        "INSERT INTO directlink_feedback (payid, occasion, telling, waits_for_shopper, next_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        own.payid,
        change.occasion.as_str(),
        Json(&change.telling) as _,
        waits,
        if waits { now + WAITS_FOR_SHOPPER } else { now },
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What waited to be told of earlier tries is not told: a later one ended.
async fn overtake_in(
    connection: &mut PgConnection,
    pspid: &str,
    reference: &str,
    by: i64,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE directlink_feedback f SET outcome = 'overtaken', updated_at = $4
         FROM directlink_payments earlier
         WHERE earlier.pspid = $1 AND earlier.reference = $2 AND earlier.payid < $3 AND f.payid = earlier.payid
               AND f.waits_for_shopper AND f.outcome IS NULL AND f.attempts = 0",
        pspid,
        reference,
        by,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
