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

    /// When the next payment falls due that nobody has in hand at that time.
    pub async fn payments_next_due_at(
        &self,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        // From the front of the queue: every payment that waits for its cardholder stands in it.
        Ok(sqlx::query_scalar!(
            r#"SELECT look_again_at AS "look_again_at!" FROM payments
               WHERE look_again_at IS NOT NULL AND (leased_until IS NULL OR leased_until <= $1)
               ORDER BY look_again_at LIMIT 1"#,
            now
        )
        .fetch_optional(self.pool())
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
