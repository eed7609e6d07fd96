//! The recovery queue: payments that somebody must look at again.

use crate::{Store, StoreError, orders::PaymentKey};
use primitives::Id;
use time::OffsetDateTime;

impl Store {
    /// Takes up to `limit` payments whose time has come, and keeps them from everybody else until `leased_until`. A
    /// recorded step gives a payment back.
    pub async fn payments_take_due(
        &self,
        now: OffsetDateTime,
        leased_until: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<PaymentKey>, StoreError> {
        let rows = sqlx::query!(
            "UPDATE payments p SET leased_until = $2
             FROM (
                 SELECT merchant_id, id FROM payments
                 WHERE look_again_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
                 ORDER BY look_again_at LIMIT $3
                 FOR UPDATE SKIP LOCKED
             ) due
             WHERE p.merchant_id = due.merchant_id AND p.id = due.id
             RETURNING p.merchant_id, p.order_id, p.id",
            now,
            leased_until,
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| PaymentKey {
                merchant: Id::from_uuid(row.merchant_id),
                order: Id::from_uuid(row.order_id),
                payment: Id::from_uuid(row.id),
            })
            .collect())
    }

    /// When the next payment falls due; one that is leased falls due again when its lease ends.
    pub async fn payments_next_due_at(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(sqlx::query_scalar!(
            "SELECT min(GREATEST(look_again_at, COALESCE(leased_until, look_again_at))) FROM payments
             WHERE look_again_at IS NOT NULL"
        )
        .fetch_one(self.pool())
        .await?)
    }

    /// How many payments are due, for the metrics.
    pub async fn payments_due_count(&self, now: OffsetDateTime) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM payments WHERE look_again_at <= $1"#,
            now
        )
        .fetch_one(self.pool())
        .await?)
    }
}
