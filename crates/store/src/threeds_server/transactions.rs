//! Transactions of the 3DS Server API, found by the id that shops and directory servers know them by.

use super::notices::{NewNotice, notice_insert_in};
use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A transaction, as read or as it is to be written.
#[derive(Debug, Clone)]
pub struct TransactionRecord {
    /// The `threeDSServerTransID`.
    pub id: Id<kind::Authentication>,
    pub shop: Id<kind::Shop>,
    /// The word for its state.
    pub state: String,
    pub data: Value,
    /// When its time is over, should nothing happen; `None` when it is at rest.
    pub due_at: Option<OffsetDateTime>,
    /// The version that was read; 0 for one that has no row yet.
    pub version: i64,
}

struct Row {
    id: Uuid,
    shop_id: Uuid,
    state: String,
    transaction_data: Value,
    due_at: Option<OffsetDateTime>,
    version: i64,
}

impl From<Row> for TransactionRecord {
    fn from(row: Row) -> Self {
        Self {
            id: Id::from_uuid(row.id),
            shop: Id::from_uuid(row.shop_id),
            state: row.state,
            data: row.transaction_data,
            due_at: row.due_at,
            version: row.version,
        }
    }
}

impl Store {
    /// The transaction with that `threeDSServerTransID`, whosever it is: directory servers know no shops.
    pub async fn threeds_transaction_load(
        &self,
        id: Id<kind::Authentication>,
    ) -> Result<Option<TransactionRecord>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "SELECT id, shop_id, state, transaction_data, due_at, version FROM threeds_transactions WHERE id = $1",
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(TransactionRecord::from))
    }

    /// Writes a transaction, and with it the notice of its result. [`StoreError::Changed`]: somebody else was faster.
    pub async fn threeds_transaction_write(
        &self,
        record: &TransactionRecord,
        notice: Option<&NewNotice>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let Some(notice) = notice else {
            // One statement is a transaction of its own.
            let mut connection = self.pool().acquire().await?;
            return write_in(&mut connection, record, now).await;
        };
        let mut transaction = self.pool().begin().await?;
        write_in(&mut transaction, record, now).await?;
        notice_insert_in(&mut transaction, record, notice, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Up to `limit` transactions whose time is over, the longest over first. They are not taken: whoever writes one first
    /// has it.
    pub async fn threeds_transactions_due(
        &self,
        now: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<TransactionRecord>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, shop_id, state, transaction_data, due_at, version FROM threeds_transactions
             WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            now,
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(TransactionRecord::from).collect())
    }
}

async fn write_in(
    connection: &mut PgConnection,
    record: &TransactionRecord,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let written = if record.version == 0 {
        sqlx::query!(
            "INSERT INTO threeds_transactions (id, shop_id, state, transaction_data, due_at, version, created_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
            record.id.uuid(),
            record.shop.uuid(),
            record.state,
            record.data,
            record.due_at,
            now,
        )
        .execute(connection)
        .await?
    } else {
        sqlx::query!(
            "UPDATE threeds_transactions
             SET state = $3, transaction_data = $4, due_at = $5, version = version + 1, updated_at = $6
             WHERE id = $1 AND version = $2",
            record.id.uuid(),
            record.version,
            record.state,
            record.data,
            record.due_at,
            now,
        )
        .execute(connection)
        .await?
    };
    if written.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::Changed)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, id};
    use serde_json::json;
    use sqlx::PgPool;
    use time::Duration;

    pub fn record(number: u128) -> TransactionRecord {
        TransactionRecord {
            id: id(number),
            shop: id(1),
            state: "new".into(),
            data: json!({"state": "new"}),
            due_at: Some(NOW + Duration::minutes(30)),
            version: 0,
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn of_two_writes_from_one_version_one_counts(pool: PgPool) {
        let store = Store::from_pool(pool);
        store
            .threeds_transaction_write(&record(1), None, NOW)
            .await
            .unwrap();
        let read = store.threeds_transaction_load(id(1)).await.unwrap().unwrap();
        assert_eq!((read.version, read.state.as_str(), read.shop), (1, "new", id(1)));
        store.threeds_transaction_write(&read, None, NOW).await.unwrap();
        let again = store.threeds_transaction_write(&read, None, NOW).await;
        assert!(matches!(again, Err(StoreError::Changed)));
        assert!(store.threeds_transaction_load(id(2)).await.unwrap().is_none());
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_is_due_is_found_until_it_is_at_rest(pool: PgPool) {
        let store = Store::from_pool(pool);
        store
            .threeds_transaction_write(&record(1), None, NOW)
            .await
            .unwrap();
        let later = NOW + Duration::minutes(30);
        let before = later - Duration::seconds(1);
        assert!(
            store
                .threeds_transactions_due(before, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let mut due = store.threeds_transactions_due(later, 10).await.unwrap();
        let mut only = due.pop().unwrap();
        only.due_at = None;
        store.threeds_transaction_write(&only, None, later).await.unwrap();
        assert!(
            store
                .threeds_transactions_due(later, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
