//! What webhooks are signed with: of each owner and scheme one current key, and those that it replaced until they expire.
//!
//! The current `v1` secret of a merchant's own URLs is a column of the merchant; the secrets it replaced are here.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
    merchants::{Merchant, merchant_update_in},
};
use primitives::{Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// How a key signs, as `webhook-signature` of Standard Webhooks names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyScheme {
    /// HMAC-SHA256 with a shared secret, `whsec_…`.
    V1,
    /// Ed25519, `whsk_…` and `whpk_…`.
    V1a,
}

impl KeyScheme {
    /// The word for it in the header and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1a => "v1a",
        }
    }
}

/// A key to be stored.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub id: Id<kind::WebhookKey>,
    pub merchant: Id<kind::Merchant>,
    /// `None`: for the merchant's own URLs.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    pub scheme: KeyScheme,
    /// The secret, sealed.
    pub sealed: Vec<u8>,
    /// `whpk_…`, of `v1a` only.
    pub public: Option<String>,
    pub created_at: OffsetDateTime,
}

/// A key that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    pub id: Id<kind::WebhookKey>,
    pub scheme: KeyScheme,
    pub sealed: Vec<u8>,
    pub public: Option<String>,
    pub created_at: OffsetDateTime,
    /// Until when it signs beside the current one; `None`: it is the current one.
    pub expires_at: Option<OffsetDateTime>,
}

impl Store {
    /// The keys that sign now for an endpoint, or for a merchant's own URLs: the current ones first, then those which they
    /// replaced, the newest first.
    pub async fn keys_of(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        now: OffsetDateTime,
    ) -> Result<Vec<StoredKey>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, scheme, sealed, public_key, created_at, expires_at FROM webhook_keys
             WHERE merchant_id = $1 AND endpoint_id IS NOT DISTINCT FROM $2 AND (expires_at IS NULL OR expires_at > $3)
             ORDER BY expires_at DESC NULLS FIRST, created_at DESC, id DESC",
            merchant.uuid(),
            endpoint.map(Id::uuid),
            now,
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                let scheme = [KeyScheme::V1, KeyScheme::V1a]
                    .into_iter()
                    .find(|scheme| scheme.as_str() == row.scheme);
                Ok(StoredKey {
                    id: Id::from_uuid(row.id),
                    scheme: scheme.ok_or_else(|| StoreError::Corrupt {
                        table: "webhook_keys",
                        column: "scheme",
                        key: row.id.to_string(),
                    })?,
                    sealed: row.sealed,
                    public: row.public_key,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                })
            })
            .collect()
    }

    /// Stores the first key of its owner and scheme.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `webhook_keys_one_current` when there is a current one.
    pub async fn key_insert(&self, key: &NewKey, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        key_insert_in(&mut transaction, key).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Makes `key` the current one of its owner and scheme. The one that was signs beside it until `old_expires_at`; keys
    /// that have expired by the new one's creation go.
    pub async fn key_rotate(
        &self,
        key: &NewKey,
        old_expires_at: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        expired_delete_in(&mut transaction, key.merchant, key.created_at).await?;
        sqlx::query!(
            "UPDATE webhook_keys SET expires_at = $4
             WHERE merchant_id = $1 AND COALESCE(endpoint_id, merchant_id) = COALESCE($2, $1) AND scheme = $3
                   AND expires_at IS NULL",
            key.merchant.uuid(),
            key.endpoint.map(Id::uuid),
            key.scheme.as_str(),
            old_expires_at,
        )
        .execute(&mut *transaction)
        .await?;
        key_insert_in(&mut transaction, key).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Gives a merchant's own URLs another `v1` secret, that of `merchant`. `old` is the one it replaces, sealed anew; it
    /// signs beside the new one until `old_expires_at`.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the version of the merchant that was read is no longer there.
    pub async fn merchant_secret_rotate(
        &self,
        merchant: &Merchant,
        old: &NewKey,
        old_expires_at: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        merchant_update_in(&mut transaction, merchant).await?;
        expired_delete_in(&mut transaction, merchant.id, merchant.updated_at).await?;
        insert_in(&mut transaction, old, Some(old_expires_at)).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}

/// Stores a current key.
pub(crate) async fn key_insert_in(conn: &mut PgConnection, key: &NewKey) -> Result<(), StoreError> {
    insert_in(conn, key, None).await
}

async fn insert_in(
    conn: &mut PgConnection,
    key: &NewKey,
    expires_at: Option<OffsetDateTime>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO webhook_keys (merchant_id, id, endpoint_id, scheme, sealed, public_key, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.merchant.uuid(),
        key.id.uuid(),
        key.endpoint.map(Id::uuid),
        key.scheme.as_str(),
        key.sealed,
        key.public,
        key.created_at,
        expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn expired_delete_in(
    conn: &mut PgConnection,
    merchant: Id<kind::Merchant>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM webhook_keys WHERE merchant_id = $1 AND expires_at <= $2",
        merchant.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merchants::tests::{NOW, audit, id, insert},
        webhook_endpoints::tests::{add, endpoint},
    };
    use sqlx::PgPool;
    use time::Duration;

    fn key(
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        scheme: KeyScheme,
        number: u8,
    ) -> NewKey {
        NewKey {
            id: id(number.into()),
            merchant,
            endpoint,
            scheme,
            sealed: vec![number],
            public: (scheme == KeyScheme::V1a).then(|| format!("whpk_{number}")),
            created_at: NOW + Duration::hours(number.into()),
        }
    }

    async fn ids(
        store: &Store,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
        at: OffsetDateTime,
    ) -> Vec<(u128, bool)> {
        let keys = store.keys_of(merchant, endpoint, at).await.unwrap();
        keys.into_iter()
            .map(|key| (key.id.uuid().as_u128(), key.expires_at.is_none()))
            .collect()
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_replaced_key_signs_beside_the_new_one_until_it_expires(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let other = insert(&store, 2).await.id;
        let made = endpoint(owner, 10);
        add(&store, &made).await;
        let on = Some(made.id);
        for first in [
            key(owner, on, KeyScheme::V1, 1),
            key(owner, on, KeyScheme::V1a, 2),
            key(owner, None, KeyScheme::V1a, 3),
            key(other, None, KeyScheme::V1a, 4),
        ] {
            store
                .key_insert(&first, &audit("webhook_key.create"))
                .await
                .unwrap();
        }
        let second = store
            .key_insert(&key(owner, on, KeyScheme::V1, 5), &audit("webhook_key.create"))
            .await;
        assert!(matches!(second, Err(StoreError::Taken(name)) if name == "webhook_keys_one_current"));

        let expiry = NOW + Duration::days(1);
        store
            .key_rotate(
                &key(owner, on, KeyScheme::V1, 6),
                expiry,
                &audit("webhook_key.rotate"),
            )
            .await
            .unwrap();
        let before = expiry - Duration::microseconds(1);
        assert_eq!(
            ids(&store, owner, on, before).await,
            [(6, true), (2, true), (1, false)]
        );
        assert_eq!(ids(&store, owner, on, expiry).await, [(6, true), (2, true)]);
        assert_eq!(ids(&store, owner, None, NOW).await, [(3, true)]);
        assert_eq!(ids(&store, other, None, NOW).await, [(4, true)]);
        assert_eq!(ids(&store, other, on, NOW).await, []);
        let stored = &store.keys_of(owner, None, NOW).await.unwrap()[0];
        assert_eq!((stored.scheme, &stored.sealed), (KeyScheme::V1a, &vec![3]));
        assert_eq!(stored.public.as_deref(), Some("whpk_3"));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_merchants_own_secret_is_replaced_on_the_version_that_was_read(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut merchant = insert(&store, 1).await;
        let expiry = NOW + Duration::days(1);
        merchant.webhook_secret_sealed = vec![9];
        let rotate = async |merchant: &Merchant, number| {
            let old = key(merchant.id, None, KeyScheme::V1, number);
            store
                .merchant_secret_rotate(merchant, &old, expiry, &audit("merchant.rotate_webhook_secret"))
                .await
        };
        rotate(&merchant, 1).await.unwrap();
        assert!(matches!(rotate(&merchant, 2).await, Err(StoreError::Changed)));
        assert_eq!(ids(&store, merchant.id, None, NOW).await, [(1, false)]);

        let mut stored = store.merchant_load(merchant.id).await.unwrap().unwrap();
        assert_eq!(stored.webhook_secret_sealed, [9]);
        stored.updated_at = expiry;
        rotate(&stored, 3).await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_keys")
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(left, 1, "what has expired goes");
    }
}
