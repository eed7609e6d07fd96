//! Notices to issuers' backends: an outbox, written with what they tell of.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, StoreError};
use crate::identifiers::{CardId, IssuerId};
use crate::issuer_backend::Notice;

/// A notice that is ours to post until the lease runs out.
#[derive(Debug, Clone)]
pub struct LeasedNotice {
    /// Its name.
    pub operation_id: Uuid,
    /// Who is told.
    pub issuer: IssuerId,
    /// Of which card.
    pub card: CardId,
    /// The body.
    pub document: Value,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Until when it is ours; what is recorded later does not count.
    leased_until: OffsetDateTime,
}

/// What becomes of a notice after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeVerdict {
    /// It was taken.
    Told,
    /// It is posted again at that time, for this reason.
    Again(OffsetDateTime, String),
    /// It was tried for long enough, in the end for this reason.
    GivenUp(String),
}

/// Queues a notice in the transaction of what it tells of; one that is queued already stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn queue_in(
    connection: &mut PgConnection,
    notice: &Notice,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO acs.notices (operation_id, issuer_id, card_id, document, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (operation_id) DO NOTHING",
        notice.operation_id,
        notice.issuer.as_str(),
        notice.card.as_str(),
        notice.document(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Leases up to `limit` notices that are due, the longest due first, and counts the attempt that each lease is for.
///
/// # Errors
/// When the database does not answer, or a row means nothing.
pub async fn lease(
    store: &Store,
    now: OffsetDateTime,
    until: OffsetDateTime,
    limit: u32,
) -> Result<Vec<LeasedNotice>, StoreError> {
    let rows = sqlx::query!(
        "UPDATE acs.notices AS n SET lease_until = $2, attempts = n.attempts + 1
         FROM (
             SELECT operation_id FROM acs.notices
             WHERE state = 'open' AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
             ORDER BY due_at LIMIT $3
             FOR UPDATE SKIP LOCKED
         ) AS due
         WHERE n.operation_id = due.operation_id
         RETURNING n.operation_id, n.issuer_id, n.card_id, n.document, n.attempts",
        now,
        until,
        i64::from(limit),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let meaningless = |column| StoreError::Corrupt {
                table: "notices",
                column,
                key: row.operation_id.to_string(),
            };
            Ok(LeasedNotice {
                operation_id: row.operation_id,
                issuer: IssuerId::parse(&row.issuer_id).ok_or_else(|| meaningless("issuer_id"))?,
                card: CardId::parse(&row.card_id).ok_or_else(|| meaningless("card_id"))?,
                document: row.document,
                attempt: u32::try_from(row.attempts).map_err(|_| meaningless("attempts"))?,
                leased_until: until,
            })
        })
        .collect()
}

/// Records what became of a notice. False when it is no longer ours, which changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn record(
    store: &Store,
    leased: &LeasedNotice,
    verdict: &NoticeVerdict,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (state, due_at, answer) = match verdict {
        NoticeVerdict::Told => ("told", None, None),
        NoticeVerdict::Again(at, why) => ("open", Some(*at), Some(why)),
        NoticeVerdict::GivenUp(why) => ("given_up", None, Some(why)),
    };
    let written = sqlx::query!(
        "UPDATE acs.notices
         SET state = $3, due_at = COALESCE($4, due_at), last_answer = $5, lease_until = NULL,
             ended_at = CASE WHEN $3 <> 'open' THEN $6::timestamptz END
         WHERE operation_id = $1 AND lease_until = $2 AND state = 'open'",
        leased.operation_id,
        leased.leased_until,
        state,
        due_at,
        answer,
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Forgets notices of before `before` that are told or given up, up to `limit`. Answers how many.
///
/// # Errors
/// When the database does not answer.
pub async fn prune(store: &Store, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM acs.notices WHERE operation_id IN (
             SELECT operation_id FROM acs.notices
             WHERE created_at < $1 AND state <> 'open' ORDER BY created_at LIMIT $2)",
        before,
        i64::from(limit),
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer_backend::Operation;
    use emv3ds::AcsTransId;
    use sqlx::PgPool;
    use time::Duration;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn notice(number: u128) -> Notice {
        Notice {
            operation_id: Uuid::from_u128(number),
            issuer: IssuerId::parse("banco-0001").unwrap(),
            card: CardId::parse("card").unwrap(),
            consumer: None,
            operation: Operation::ChallengeCode,
            successful: true,
            started_at: START,
            acs_trans_id: AcsTransId(Uuid::from_u128(number)),
            threeds_server_trans_id: "8a880dc0-d2d2-4067-bcb1-b08d1690b26e".to_owned(),
            error: None,
        }
    }

    async fn take(store: &Store, at: OffsetDateTime) -> Vec<LeasedNotice> {
        lease(store, at, at + Duration::seconds(10), 10).await.unwrap()
    }

    #[sqlx::test(migrator = "crate::store::MIGRATOR")]
    async fn a_notice_is_posted_again_until_it_is_taken(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut connection = store.pool().acquire().await.unwrap();
        for _ in 0..2 {
            queue_in(&mut connection, &notice(1), START).await.unwrap();
        }
        let first = take(&store, START).await;
        assert_eq!((first.len(), first[0].attempt), (1, 1));
        assert_eq!(first[0].document, notice(1).document());
        assert!(take(&store, START).await.is_empty(), "it is somebody's");

        let later = START + Duration::seconds(5);
        let again = NoticeVerdict::Again(later, "http_500".to_owned());
        assert!(record(&store, &first[0], &again, START).await.unwrap());
        assert!(take(&store, START).await.is_empty(), "it is not due yet");

        let second = take(&store, later).await;
        assert_eq!(second[0].attempt, 2);
        assert!(
            record(&store, &second[0], &NoticeVerdict::Told, later)
                .await
                .unwrap()
        );
        assert!(take(&store, later + Duration::days(1)).await.is_empty());
        assert_eq!(prune(&store, later, 10).await.unwrap(), 1);
    }

    #[sqlx::test(migrator = "crate::store::MIGRATOR")]
    async fn a_process_that_died_leaves_the_notice_to_the_next(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut connection = store.pool().acquire().await.unwrap();
        queue_in(&mut connection, &notice(1), START).await.unwrap();
        let dead = take(&store, START).await;
        let later = START + Duration::seconds(10);
        assert_eq!(take(&store, later).await[0].attempt, 2);
        assert!(
            !record(&store, &dead[0], &NoticeVerdict::Told, later)
                .await
                .unwrap()
        );
    }
}
