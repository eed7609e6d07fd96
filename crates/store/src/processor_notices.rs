//! What processors told us of their own accord: whose connection is told, which charge it is about, and whether we have
//! heard it before.

use crate::{Store, StoreError, orders::PaymentKey};
use primitives::{Id, id::kind};
use time::OffsetDateTime;

/// A notice that was taken in.
#[derive(Debug, Clone, Copy)]
pub struct TakenNotice<'a> {
    pub connection: Id<kind::Connection>,
    /// SHA-256 of what tells a repeat.
    pub identity: [u8; 32],
    /// What it was about: `charge`, `refund`, `other`, …
    pub about: &'a str,
    pub received_at: OffsetDateTime,
}

impl Store {
    /// Whose connection that is.
    pub async fn connection_owner(
        &self,
        connection: Id<kind::Connection>,
    ) -> Result<Option<Id<kind::Merchant>>, StoreError> {
        let owner = sqlx::query_scalar!(
            "SELECT merchant_id FROM connections WHERE id = $1",
            connection.uuid()
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(owner.map(Id::from_uuid))
    }

    /// The attempt that was sent over a connection with that reference, and its payment.
    pub async fn attempt_by_reference(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        reference: &str,
    ) -> Result<Option<(PaymentKey, Id<kind::Attempt>)>, StoreError> {
        let row = sqlx::query!(
            "SELECT p.order_id, a.payment_id, a.id
             FROM attempts a JOIN payments p ON p.merchant_id = a.merchant_id AND p.id = a.payment_id
             WHERE a.merchant_id = $1 AND a.reference = $3 AND a.connection_id = $2",
            merchant.uuid(),
            connection.uuid(),
            reference,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| {
            let of = PaymentKey {
                merchant,
                order: Id::from_uuid(row.order_id),
                payment: Id::from_uuid(row.payment_id),
            };
            (of, Id::from_uuid(row.id))
        }))
    }

    /// Whether a notice was taken in before.
    pub async fn notice_is_known(
        &self,
        connection: Id<kind::Connection>,
        identity: &[u8; 32],
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM processor_notices WHERE connection_id = $1 AND identity = $2) AS "known!""#,
            connection.uuid(),
            identity.as_slice(),
        )
        .fetch_one(self.pool())
        .await?)
    }

    /// Notes that a notice was taken in. A twin that was faster is as good.
    pub async fn notice_insert(&self, notice: TakenNotice<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO processor_notices (connection_id, identity, about, received_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            notice.connection.uuid(),
            notice.identity.as_slice(),
            notice.about,
            notice.received_at,
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Forgets the notices received before that time. Answers how many.
    pub async fn notices_prune(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let pruned = sqlx::query!("DELETE FROM processor_notices WHERE received_at < $1", before)
            .execute(self.pool())
            .await?;
        Ok(pruned.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_notice_is_known_to_its_connection_until_it_is_old(pool: PgPool) {
        let store = Store::from_pool(pool);
        let (one, other) = (
            Id::from_uuid(Uuid::from_u128(1)),
            Id::from_uuid(Uuid::from_u128(2)),
        );
        let received_at = datetime!(2026-11-22 10:00 UTC);
        let notice = TakenNotice {
            connection: one,
            identity: [7; 32],
            about: "charge",
            received_at,
        };
        assert!(!store.notice_is_known(one, &[7; 32]).await.unwrap());
        store.notice_insert(notice).await.unwrap();
        store.notice_insert(notice).await.unwrap();
        assert!(store.notice_is_known(one, &[7; 32]).await.unwrap());
        assert!(!store.notice_is_known(other, &[7; 32]).await.unwrap());
        assert_eq!(store.notices_prune(received_at).await.unwrap(), 0);
        let later = received_at + Duration::seconds(1);
        assert_eq!(store.notices_prune(later).await.unwrap(), 1);
        assert!(!store.notice_is_known(one, &[7; 32]).await.unwrap());
    }
}
