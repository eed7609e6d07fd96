//! Declined attempts by card: counted before the next purchase with it, forgotten when they are old or lifted.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use acquiring::Decline;
use payments::{
    Payment,
    attempt::AttemptRecord,
    retry_limits::{Declined, gives_the_card_up},
};
use primitives::{Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// More than any brand's limit: what is beyond changes nothing.
const COUNTED_MAX: i64 = 100;

impl Store {
    /// A card's declines after `since` at a merchant: those that count most first, a hundred at most.
    pub async fn card_declines(
        &self,
        merchant: Id<kind::Merchant>,
        fingerprint: &[u8],
        since: OffsetDateTime,
    ) -> Result<Vec<Declined>, StoreError> {
        Ok(sqlx::query_as!(
            Declined,
            "SELECT at, never FROM card_declines
             WHERE merchant_id = $1 AND fingerprint = $2 AND at > $3 ORDER BY never DESC, at DESC LIMIT $4",
            merchant.uuid(),
            fingerprint,
            since,
            COUNTED_MAX,
        )
        .fetch_all(self.pool())
        .await?)
    }

    /// Forgets all declines of the card that a payment was made with. Answers how many; `None`: there is no such payment.
    pub async fn card_declines_lift(
        &self,
        merchant: Id<kind::Merchant>,
        payment: Id<kind::Payment>,
        audit: &AuditEntry,
    ) -> Result<Option<u64>, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let card = sqlx::query_scalar!(
            "SELECT fingerprint FROM payment_cards WHERE merchant_id = $1 AND payment_id = $2",
            merchant.uuid(),
            payment.uuid(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(fingerprint) = card else {
            return Ok(None);
        };
        let lifted = sqlx::query!(
            "DELETE FROM card_declines WHERE merchant_id = $1 AND fingerprint = $2",
            merchant.uuid(),
            fingerprint,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(Some(lifted.rows_affected()))
    }

    /// Forgets declines that no limit looks back to. Answers how many.
    pub async fn card_declines_prune(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let pruned = sqlx::query!("DELETE FROM card_declines WHERE at <= $1", before)
            .execute(self.pool())
            .await?;
        Ok(pruned.rows_affected())
    }
}

/// Remembers a declined attempt by the card of its payment; once, however often the attempt is written.
pub(crate) async fn card_decline_insert_in(
    connection: &mut PgConnection,
    merchant: Id<kind::Merchant>,
    payment: &Payment,
    attempt: &AttemptRecord,
    decline: &Decline,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO card_declines (merchant_id, attempt_id, payment_id, fingerprint, brand, never, reason, response_code,
                                    at)
         SELECT merchant_id, $3, payment_id, fingerprint, $4, $5, $6, $7, $8
         FROM payment_cards WHERE merchant_id = $1 AND payment_id = $2
         ON CONFLICT (merchant_id, attempt_id) DO NOTHING",
        merchant.uuid(),
        payment.id.uuid(),
        attempt.id.uuid(),
        payment.card.brand.as_str(),
        gives_the_card_up(decline),
        decline.reason.as_str(),
        decline.raw_code,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit, id};
    use sqlx::PgPool;
    use time::Duration;

    /// A decline of a card at a merchant, with the payment that has the card.
    async fn declined(
        pool: &PgPool,
        merchant: u128,
        payment: u128,
        card: u8,
        at: OffsetDateTime,
        never: bool,
    ) {
        let [merchant, payment] = [merchant, payment].map(uuid::Uuid::from_u128);
        sqlx::query("INSERT INTO payment_cards (merchant_id, payment_id, fingerprint, sealed_card) VALUES ($1, $2, $3, '')")
            .bind(merchant)
            .bind(payment)
            .bind(vec![card])
            .execute(pool)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO card_declines (merchant_id, attempt_id, payment_id, fingerprint, brand, never, reason, at)
             VALUES ($1, $2, $2, $3, 'visa', $4, 'generic_decline', $5)",
        )
        .bind(merchant)
        .bind(payment)
        .bind(vec![card])
        .bind(never)
        .bind(at)
        .execute(pool)
        .await
        .unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn declines_are_of_one_card_and_merchant_until_they_are_old_or_lifted(pool: PgPool) {
        let store = Store::from_pool(pool.clone());
        let month = Duration::days(30);
        declined(&pool, 1, 10, 7, NOW, false).await;
        declined(&pool, 1, 11, 7, NOW - Duration::days(29), true).await;
        declined(&pool, 1, 12, 7, NOW - month, true).await;
        declined(&pool, 1, 13, 8, NOW, true).await;
        declined(&pool, 2, 14, 7, NOW, true).await;
        let seen = async |merchant, card: u8| {
            let seen = store.card_declines(id(merchant), &[card], NOW - month).await;
            seen.unwrap().iter().map(|it| it.never).collect::<Vec<_>>()
        };
        assert_eq!(seen(1, 7).await, [true, false]);
        assert_eq!(store.card_declines_prune(NOW - month).await.unwrap(), 1);

        let entry = audit("card_declines.lift");
        let strange = store.card_declines_lift(id(2), id(10), &entry).await.unwrap();
        assert_eq!(strange, None, "another merchant's payment");
        assert_eq!(store.audit_list(None, None, 10).await.unwrap().len(), 0);
        let lifted = store.card_declines_lift(id(1), id(10), &entry).await.unwrap();
        assert_eq!(lifted, Some(2));
        assert_eq!(seen(1, 7).await, [false; 0]);
        assert_eq!((seen(1, 8).await, seen(2, 7).await), (vec![true], vec![true]));
        assert_eq!(store.audit_list(None, None, 10).await.unwrap().len(), 1);
    }
}
