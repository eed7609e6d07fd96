//! Holds that declined attempts left, and the queue of those that are to be released.

use crate::{Store, StoreError};
use payments::hold::Hold;
use primitives::{Id, id::kind};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

/// A hold in somebody's hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFor {
    pub merchant: Id<kind::Merchant>,
    pub hold: Hold,
}

impl Store {
    /// Takes up to `limit` holds whose time has come, and keeps them from everybody else until `leased_until`. Recording
    /// what became of one gives it back.
    pub async fn holds_take_due(
        &self,
        now: OffsetDateTime,
        leased_until: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<HeldFor>, StoreError> {
        let rows = sqlx::query!(
            r#"UPDATE holds h SET leased_until = $2
               FROM (
                   SELECT merchant_id, attempt_id FROM holds
                   WHERE look_again_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
                   ORDER BY look_again_at LIMIT $3
                   FOR UPDATE SKIP LOCKED
               ) due
               WHERE h.merchant_id = due.merchant_id AND h.attempt_id = due.attempt_id
               RETURNING h.merchant_id, h.hold AS "hold: Json<Hold>""#,
            now,
            leased_until,
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| HeldFor {
                merchant: Id::from_uuid(row.merchant_id),
                hold: row.hold.0,
            })
            .collect())
    }

    /// When the next hold falls due that nobody has in hand at that time.
    pub async fn holds_next_due_at(&self, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT look_again_at AS "look_again_at!" FROM holds
               WHERE look_again_at IS NOT NULL AND (leased_until IS NULL OR leased_until <= $1)
               ORDER BY look_again_at LIMIT 1"#,
            now
        )
        .fetch_optional(self.pool())
        .await?)
    }

    /// Writes what became of a try to release a hold.
    pub async fn hold_update(&self, HeldFor { merchant, hold }: &HeldFor) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE holds SET state = $3, hold = $4, look_again_at = $5, leased_until = NULL
             WHERE merchant_id = $1 AND attempt_id = $2 AND state = 'held'",
            merchant.uuid(),
            hold.attempt.uuid(),
            hold.state.name(),
            Json(hold) as _,
            hold.look_at(),
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// How many could not be released since that time, for the metrics.
    pub async fn holds_given_up(&self, since: OffsetDateTime) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM holds WHERE state = 'given_up' AND left_at >= $1"#,
            since
        )
        .fetch_one(self.pool())
        .await?)
    }
}

/// Writes a hold with the decline that leaves it. One that is known already stays as it is.
pub(crate) async fn hold_insert_in(
    connection: &mut PgConnection,
    merchant: Id<kind::Merchant>,
    hold: &Hold,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO holds (merchant_id, attempt_id, payment_id, state, hold, left_at, look_again_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (merchant_id, attempt_id) DO NOTHING",
        merchant.uuid(),
        hold.attempt.uuid(),
        hold.payment.uuid(),
        hold.state.name(),
        Json(hold) as _,
        hold.left_at,
        hold.look_at(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
