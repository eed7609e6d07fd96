//! What webhooks are signed with: of each owner and scheme one current key, and those that it replaced until they expire.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
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
    /// It was sealed for its merchant's row, in which it was kept until all keys came here; new keys are sealed for their own.
    pub sealed_with_merchant: bool,
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
            "SELECT id, scheme, sealed, public_key, created_at, expires_at, sealed_with_merchant FROM webhook_keys
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
                    sealed_with_merchant: row.sealed_with_merchant,
                })
            })
            .collect()
    }

    /// Makes `keys`, one for each scheme of one owner, the current ones. Those that were sign beside them until
    /// `old_expires_at`; keys of the merchant that had expired when the new ones were made go.
    ///
    /// Of rotations at the same time one is made. Callers name the schemes in the same order, or two of these may wait
    /// for each other.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `webhook_keys_one_current` when another rotation was faster.
    pub async fn keys_rotate(
        &self,
        keys: &[NewKey],
        old_expires_at: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        if let Some(first) = keys.first() {
            expired_delete_in(&mut transaction, first.merchant, first.created_at).await?;
        }
        for key in keys {
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
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}

/// Stores a current key.
pub(crate) async fn key_insert_in(conn: &mut PgConnection, key: &NewKey) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO webhook_keys (merchant_id, id, endpoint_id, scheme, sealed, public_key, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.merchant.uuid(),
        key.id.uuid(),
        key.endpoint.map(Id::uuid),
        key.scheme.as_str(),
        key.sealed,
        key.public,
        key.created_at,
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
    use time::{Duration, macros::datetime};

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

    /// Gives each of these owners its keys, at the hour of their numbers.
    async fn rotate(store: &Store, keys: &[NewKey], old_expires_at: OffsetDateTime) {
        store
            .keys_rotate(keys, old_expires_at, &audit("webhook_keys.rotate"))
            .await
            .unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_replaced_key_signs_beside_the_new_one_until_it_expires(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let other = insert(&store, 2).await.id;
        let made = endpoint(owner, 10);
        add(&store, &made).await;
        let on = Some(made.id);
        let expiry = NOW + Duration::days(1);
        let first = [
            key(owner, on, KeyScheme::V1, 1),
            key(owner, on, KeyScheme::V1a, 2),
        ];
        rotate(&store, &first, expiry).await;
        // The merchants' own `v1` keys come with them.
        rotate(&store, &[key(owner, None, KeyScheme::V1a, 3)], expiry).await;
        rotate(&store, &[key(other, None, KeyScheme::V1a, 4)], expiry).await;

        rotate(&store, &[key(owner, on, KeyScheme::V1, 6)], expiry).await;

        let before = expiry - Duration::microseconds(1);
        assert_eq!(
            ids(&store, owner, on, before).await,
            [(6, true), (2, true), (1, false)]
        );
        assert_eq!(ids(&store, owner, on, expiry).await, [(6, true), (2, true)]);
        assert_eq!(ids(&store, owner, None, NOW).await, [(3, true), (1_001, true)]);
        assert_eq!(ids(&store, other, None, NOW).await, [(4, true), (1_002, true)]);
        assert_eq!(ids(&store, other, on, NOW).await, []);
        let stored = &store.keys_of(owner, None, NOW).await.unwrap()[0];
        assert_eq!((stored.scheme, &stored.sealed), (KeyScheme::V1a, &vec![3]));
        assert_eq!(stored.public.as_deref(), Some("whpk_3"));

        let both = [
            key(owner, None, KeyScheme::V1, 7),
            key(owner, None, KeyScheme::V1a, 8),
        ];
        rotate(&store, &both, NOW + Duration::hours(8)).await;
        let after = NOW + Duration::hours(8);
        assert_eq!(ids(&store, owner, None, after).await, [(8, true), (7, true)]);
        rotate(&store, &[key(owner, None, KeyScheme::V1, 30)], after).await;
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_keys WHERE merchant_id = $1")
            .bind(owner.uuid())
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(
            left, 5,
            "what had expired is gone: of four of the endpoint's and own ones each, two"
        );
    }

    #[sqlx::test(migrations = false)]
    async fn secrets_that_were_kept_with_merchants_are_keys_like_the_others(pool: PgPool) {
        const MOVED_IN: i64 = 132;
        let migrate = async |versions: std::ops::Range<i64>| {
            for migration in crate::MIGRATOR.iter() {
                if versions.contains(&migration.version) {
                    sqlx::raw_sql(migration.sql.clone()).execute(&pool).await.unwrap();
                }
            }
        };
        migrate(0..MOVED_IN).await;
        sqlx::raw_sql(
            "INSERT INTO merchants (id, name, country, currencies, webhook_secret_sealed, version, created_at, updated_at)
             SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'Shop', 'MX', '{MXN}',
                    decode('0' || n, 'hex'), 1, '2026-01-01Z', '2026-03-01Z' FROM generate_series(1, 2) AS n;
             INSERT INTO webhook_keys (merchant_id, id, scheme, sealed, created_at, expires_at)
             VALUES ('00000000-0000-0000-0000-000000000002', gen_random_uuid(), 'v1', '', '2026-02-01Z', '2026-02-02Z')",
        )
        .execute(&pool)
        .await
        .unwrap();

        migrate(MOVED_IN..MOVED_IN + 1).await;

        let store = Store::from_pool(pool.clone());
        for (merchant, created_at) in [
            (1, datetime!(2026-01-01 0:00 UTC)),
            (2, datetime!(2026-02-01 0:00 UTC)),
        ] {
            let keys = store
                .keys_of(id(merchant), None, datetime!(2026-03-01 0:00 UTC))
                .await
                .unwrap();
            let [key] = &keys[..] else { panic!("{keys:?}") };
            assert_eq!((key.scheme, key.expires_at), (KeyScheme::V1, None));
            assert_eq!((key.sealed_with_merchant, key.created_at), (true, created_at));
            assert_eq!(u128::from(key.sealed[0]), merchant);
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn keys_of_both_schemes_are_replaced_together_or_not_at_all(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let own = ids(&store, owner, None, NOW).await;
        // The second one has the id of a key that is there.
        let keys = [
            key(owner, None, KeyScheme::V1, 1),
            NewKey {
                id: id(1_001),
                ..key(owner, None, KeyScheme::V1a, 2)
            },
        ];

        let refused = store.keys_rotate(&keys, NOW, &audit("webhook_keys.rotate")).await;

        assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
        assert_eq!(ids(&store, owner, None, NOW).await, own);
    }
}
