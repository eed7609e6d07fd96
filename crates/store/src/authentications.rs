//! Runs of 3-D Secure, found by the id that directory servers send back.

use crate::{Store, StoreError, orders::PaymentKey};
use primitives::{Id, id::kind};
use serde_json::Value;

/// A recorded run, and the payment it is for.
#[derive(Debug, Clone)]
pub struct StoredAuthentication {
    pub id: Id<kind::Authentication>,
    pub of: PaymentKey,
    pub transaction: Value,
}

impl Store {
    /// The run with that `threeDSServerTransID`.
    pub async fn authentication_load(
        &self,
        id: Id<kind::Authentication>,
    ) -> Result<Option<StoredAuthentication>, StoreError> {
        let row = sqlx::query!(
            "SELECT merchant_id, order_id, payment_id, transaction_data FROM authentications WHERE id = $1",
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| StoredAuthentication {
            id,
            of: PaymentKey {
                merchant: Id::from_uuid(row.merchant_id),
                order: Id::from_uuid(row.order_id),
                payment: Id::from_uuid(row.payment_id),
            },
            transaction: row.transaction_data,
        }))
    }
}
