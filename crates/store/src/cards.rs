//! Sealed cards of payments. What is in an envelope only the vault can tell.

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use time::OffsetDateTime;

/// A card as it is kept: sealed, with the security code in an envelope of its own.
#[derive(Debug, Clone)]
pub struct SealedCard {
    /// Keyed hash of the number.
    pub fingerprint: Vec<u8>,
    pub card: Vec<u8>,
    /// With the time after which it is gone in any case.
    pub security_code: Option<(Vec<u8>, OffsetDateTime)>,
}

impl Store {
    /// A payment's sealed card.
    pub async fn card_load(
        &self,
        merchant: Id<kind::Merchant>,
        payment: Id<kind::Payment>,
    ) -> Result<Option<SealedCard>, StoreError> {
        let row = sqlx::query!(
            "SELECT fingerprint, sealed_card, sealed_security_code, security_code_expires_at
             FROM payment_cards WHERE merchant_id = $1 AND payment_id = $2",
            merchant.uuid(),
            payment.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| SealedCard {
            fingerprint: row.fingerprint,
            card: row.sealed_card,
            security_code: row.sealed_security_code.zip(row.security_code_expires_at),
        }))
    }

    /// Deletes the security codes whose time is over, however their payments stand. Answers how many.
    pub async fn security_codes_sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "UPDATE payment_cards SET sealed_security_code = NULL, security_code_expires_at = NULL
             WHERE sealed_security_code IS NOT NULL AND security_code_expires_at <= $1",
            now,
        )
        .execute(self.pool())
        .await?;
        Ok(swept.rows_affected())
    }
}
