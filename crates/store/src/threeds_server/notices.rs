//! Results of decoupled authentications on their way to the shops' servers.

use super::transactions::TransactionRecord;
use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A notice to be sent, written with the result it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub url: String,
    /// The form as it is posted.
    pub form: String,
}

/// A notice that somebody is sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedNotice {
    pub transaction: Id<kind::Authentication>,
    pub url: String,
    pub form: String,
    /// This attempt's number, from 1.
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeReport {
    pub transaction: Id<kind::Authentication>,
    pub attempt: u32,
    pub then: NoticeVerdict,
    /// What came of it, in a word.
    pub code: &'static str,
    pub http_status: Option<u16>,
}

/// What an attempt's end means for its notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeVerdict {
    Delivered,
    GivenUp,
    /// Again, not before then.
    Again(OffsetDateTime),
}

impl Store {
    /// Takes up to `limit` notices that are due, and keeps them from everybody else until `until`.
    pub async fn notices_lease(
        &self,
        owner: Uuid,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<LeasedNotice>, StoreError> {
        let rows = sqlx::query!(
            "UPDATE threeds_notices n
             SET lease_owner = $1, lease_until = $3, attempts = attempts + 1
             FROM (
                 SELECT transaction_id FROM threeds_notices
                 WHERE outcome IS NULL AND next_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
                 ORDER BY next_at LIMIT $4
                 FOR UPDATE SKIP LOCKED
             ) due
             WHERE n.transaction_id = due.transaction_id
             RETURNING n.transaction_id, n.url, n.form, n.attempts",
            owner,
            now,
            until,
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| LeasedNotice {
                transaction: Id::from_uuid(row.transaction_id),
                url: row.url,
                form: row.form,
                // The column is checked to be no less than 0.
                attempt: row.attempts.unsigned_abs(),
            })
            .collect())
    }

    /// Records how an attempt of `owner` ended. `false`: its lease had run out and somebody else has the notice.
    pub async fn notice_record(
        &self,
        owner: Uuid,
        report: &NoticeReport,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let (outcome, next_at) = match report.then {
            NoticeVerdict::Delivered => (Some("delivered"), None),
            NoticeVerdict::GivenUp => (Some("given_up"), None),
            NoticeVerdict::Again(at) => (None, Some(at)),
        };
        let written = sqlx::query!(
            "UPDATE threeds_notices
             SET outcome = $4, next_at = COALESCE($5, next_at), lease_owner = NULL, lease_until = NULL, last_code = $6,
                 last_http_status = $7, updated_at = $8
             WHERE transaction_id = $1 AND lease_owner = $2 AND attempts = $3 AND outcome IS NULL",
            report.transaction.uuid(),
            owner,
            report.attempt.cast_signed(),
            outcome,
            next_at,
            report.code,
            report.http_status.map(u16::cast_signed),
            now,
        )
        .execute(self.pool())
        .await?;
        Ok(written.rows_affected() == 1)
    }

    /// When somebody has to look at a notice next: when it is due, or when the lease of whoever has it runs out.
    pub async fn notices_next_due_at(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT GREATEST(next_at, lease_until) AS "at!" FROM threeds_notices
               WHERE outcome IS NULL ORDER BY 1 LIMIT 1"#,
        )
        .fetch_optional(self.pool())
        .await?)
    }
}

pub(super) async fn notice_insert_in(
    connection: &mut PgConnection,
    record: &TransactionRecord,
    notice: &NewNotice,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO threeds_notices (transaction_id, shop_id, url, form, next_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5, $5)",
        record.id.uuid(),
        record.shop.uuid(),
        notice.url,
        notice.form,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merchants::tests::{NOW, id},
        threeds_server::transactions::tests::record,
    };
    use sqlx::PgPool;
    use time::Duration;

    fn notice() -> NewNotice {
        NewNotice {
            url: "https://shop.example/decoupled".into(),
            form: "three_ds_server_status=AUY".into(),
        }
    }

    fn report(attempt: u32, then: NoticeVerdict) -> NoticeReport {
        NoticeReport {
            transaction: id(1),
            attempt,
            then,
            code: "http_status",
            http_status: Some(500),
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_notice_is_one_sender_s_at_a_time_and_comes_back_when_it_is_due_again(pool: PgPool) {
        let store = Store::from_pool(pool);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        store
            .threeds_transaction_write(&record(1), Some(&notice()), NOW)
            .await
            .unwrap();
        let until = NOW + Duration::seconds(30);
        let leased = store.notices_lease(one, NOW, until, 10).await.unwrap();
        assert_eq!((leased.len(), leased[0].attempt), (1, 1));
        assert!(
            store
                .notices_lease(other, NOW, until, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(store.notices_next_due_at().await.unwrap(), Some(until));

        // The first sender died; the second takes it when the lease has run out.
        let leased = store
            .notices_lease(other, until, until + Duration::seconds(30), 10)
            .await
            .unwrap();
        assert_eq!(leased[0].attempt, 2);
        let late = report(1, NoticeVerdict::Delivered);
        assert!(!store.notice_record(one, &late, until).await.unwrap());
        let again = report(2, NoticeVerdict::Again(until + Duration::seconds(60)));
        assert!(store.notice_record(other, &again, until).await.unwrap());
        assert_eq!(
            store.notices_next_due_at().await.unwrap(),
            Some(until + Duration::seconds(60))
        );
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_settled_notice_is_never_due(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = Uuid::from_u128(1);
        store
            .threeds_transaction_write(&record(1), Some(&notice()), NOW)
            .await
            .unwrap();
        store
            .notices_lease(owner, NOW, NOW + Duration::seconds(30), 10)
            .await
            .unwrap();
        assert!(
            store
                .notice_record(owner, &report(1, NoticeVerdict::GivenUp), NOW)
                .await
                .unwrap()
        );
        let later = NOW + Duration::days(1);
        assert!(
            store
                .notices_lease(owner, later, later, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(store.notices_next_due_at().await.unwrap(), None);
    }
}
