//! Runs of 3-D Secure, found by the id that directory servers send back.

use crate::{Store, StoreError, orders::PaymentKey};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A run of 3-D Secure, as read or as it is to be written.
#[derive(Debug, Clone)]
pub struct AuthenticationRecord {
    /// The `threeDSServerTransID`.
    pub id: Id<kind::Authentication>,
    pub of: PaymentKey,
    /// The word for the transaction's state.
    pub state: String,
    pub transaction: Value,
    /// The version that was read; 0 for a run that has no row yet.
    pub version: i64,
}

impl Store {
    /// The run with that `threeDSServerTransID`.
    pub async fn authentication_load(
        &self,
        id: Id<kind::Authentication>,
    ) -> Result<Option<AuthenticationRecord>, StoreError> {
        let row = sqlx::query!(
            "SELECT merchant_id, order_id, payment_id, state, transaction_data, version
             FROM authentications WHERE id = $1",
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| AuthenticationRecord {
            id,
            of: PaymentKey {
                merchant: Id::from_uuid(row.merchant_id),
                order: Id::from_uuid(row.order_id),
                payment: Id::from_uuid(row.payment_id),
            },
            state: row.state,
            transaction: row.transaction_data,
            version: row.version,
        }))
    }

    /// Writes a run on its own, when its news changes nothing for the payment. [`StoreError::Changed`]: somebody else
    /// was faster.
    pub async fn authentication_write(
        &self,
        authentication: &AuthenticationRecord,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut connection = self.pool().acquire().await?;
        authentication_write_in(&mut connection, authentication, now).await
    }
}

pub(crate) async fn authentication_write_in(
    connection: &mut PgConnection,
    authentication: &AuthenticationRecord,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let written = if authentication.version == 0 {
        sqlx::query!(
            "INSERT INTO authentications (id, merchant_id, order_id, payment_id, state, transaction_data, version,
                                          created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)",
            authentication.id.uuid(),
            authentication.of.merchant.uuid(),
            authentication.of.order.uuid(),
            authentication.of.payment.uuid(),
            authentication.state,
            authentication.transaction,
            now,
        )
        .execute(connection)
        .await?
    } else {
        sqlx::query!(
            "UPDATE authentications
             SET state = $3, transaction_data = $4, version = version + 1, updated_at = $5
             WHERE id = $1 AND version = $2",
            authentication.id.uuid(),
            authentication.version,
            authentication.state,
            authentication.transaction,
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
