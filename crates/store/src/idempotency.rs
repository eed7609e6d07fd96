//! Idempotency keys: claimed in the transaction that creates the effect.

use crate::{Store, StoreError};
use payments::Order;
use primitives::{Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A caller's key for one call. The merchant is the order's.
#[derive(Debug, Clone)]
pub struct Claim {
    pub method: &'static str,
    pub path: String,
    pub key: String,
    /// Keyed hash of the raw request body.
    pub body_hash: [u8; 32],
    /// The payment whose coming to rest gives the answer, when there is none yet.
    pub payment: Option<Id<kind::Payment>>,
    /// The payment's capture, void or refund whose first outcome gives the answer, where the call asked for one.
    pub settlement: Option<Id<kind::Settlement>>,
    pub answer: Option<String>,
}

/// What is known of a key that was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    pub body_hash: Vec<u8>,
    /// `None` while the first call is still running.
    pub answer: Option<String>,
}

pub(crate) async fn claim_insert_in(
    connection: &mut PgConnection,
    order: &Order,
    claim: &Claim,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO idempotency_keys (merchant_id, method, path, key, body_hash, order_id, payment_id,
                                       settlement_id, answer, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        order.merchant.uuid(),
        claim.method,
        claim.path,
        claim.key,
        claim.body_hash.as_slice(),
        order.id.uuid(),
        claim.payment.map(Id::uuid),
        claim.settlement.map(Id::uuid),
        claim.answer,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Looks a key up.
    pub async fn idempotency_key_find(
        &self,
        merchant: Id<kind::Merchant>,
        method: &str,
        path: &str,
        key: &str,
    ) -> Result<Option<KnownKey>, StoreError> {
        Ok(sqlx::query_as!(
            KnownKey,
            "SELECT body_hash, answer FROM idempotency_keys
             WHERE merchant_id = $1 AND method = $2 AND path = $3 AND key = $4",
            merchant.uuid(),
            method,
            path,
            key,
        )
        .fetch_optional(self.pool())
        .await?)
    }

    /// Forgets the keys made before that time. Answers how many.
    pub async fn idempotency_keys_prune(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let pruned = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", before)
            .execute(self.pool())
            .await?;
        Ok(pruned.rows_affected())
    }
}
