//! Applications: pairs of API keys, and who a key belongs to.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What a key may do: the private one everything, the public one what a browser may (deuna-api.md section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    Private,
    Public,
}

impl KeyKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// A key to be stored: what it is looked up by, never the key itself in the clear.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub id: Id<kind::ApiKey>,
    pub hash: [u8; 32],
    pub last_four: String,
}

/// A pair of keys to be stored.
#[derive(Debug, Clone)]
pub struct NewApplication {
    pub merchant: Id<kind::Merchant>,
    pub id: Id<kind::Application>,
    pub name: String,
    /// `sandbox` or `production`.
    pub environment: &'static str,
    pub private: NewKey,
    /// The private key itself, sealed: it signs the compatible webhook header.
    pub private_sealed: Vec<u8>,
    pub public: NewKey,
    pub created_at: OffsetDateTime,
}

/// A pair of keys as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub id: Id<kind::Application>,
    pub name: String,
    pub environment: String,
    pub private_last_four: String,
    pub public_last_four: String,
    pub created_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
}

/// Whom a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyOwner {
    pub merchant: Id<kind::Merchant>,
    pub key: Id<kind::ApiKey>,
    pub kind: KeyKind,
}

/// What came of revoking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    Done,
    /// It was revoked before.
    Already,
    /// It is the only one left, and the merchant's webhooks are signed with it.
    OnlyOne,
    /// This merchant has no such application.
    Unknown,
}

impl Store {
    /// Stores a pair of keys.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when one of them exists.
    pub async fn application_insert(
        &self,
        keys: &NewApplication,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        application_insert_in(&mut transaction, keys).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// A merchant's pairs of keys, oldest first, revoked ones included.
    pub async fn applications_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<Application>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT a.id, a.name, a.environment, a.created_at, a.revoked_at,
                   secret.last_four AS private_last_four, open.last_four AS public_last_four
               FROM applications a
               JOIN api_keys secret ON secret.merchant_id = a.merchant_id AND secret.application_id = a.id
                   AND secret.kind = 'private'
               JOIN api_keys open ON open.merchant_id = a.merchant_id AND open.application_id = a.id
                   AND open.kind = 'public'
               WHERE a.merchant_id = $1 ORDER BY a.created_at, a.id"#,
            merchant.uuid(),
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Application {
                id: Id::from_uuid(row.id),
                name: row.name,
                environment: row.environment,
                private_last_four: row.private_last_four,
                public_last_four: row.public_last_four,
                created_at: row.created_at,
                revoked_at: row.revoked_at,
            })
            .collect())
    }

    /// Makes a pair of keys useless, unless it is the merchant's only one.
    pub async fn application_revoke(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Application>,
        audit: &AuditEntry,
    ) -> Result<Revoked, StoreError> {
        let mut transaction = self.pool().begin().await?;
        // All of the merchant's rows are locked, so that two revocations cannot each leave the other's pair.
        let rows = sqlx::query!(
            "SELECT id, revoked_at FROM applications WHERE merchant_id = $1 ORDER BY id FOR UPDATE",
            merchant.uuid(),
        )
        .fetch_all(&mut *transaction)
        .await?;
        let Some(row) = rows.iter().find(|row| row.id == id.uuid()) else {
            return Ok(Revoked::Unknown);
        };
        if row.revoked_at.is_some() {
            return Ok(Revoked::Already);
        }
        if rows.iter().filter(|row| row.revoked_at.is_none()).count() == 1 {
            return Ok(Revoked::OnlyOne);
        }
        sqlx::query!(
            "UPDATE applications SET revoked_at = $3 WHERE merchant_id = $1 AND id = $2",
            merchant.uuid(),
            id.uuid(),
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(Revoked::Done)
    }

    /// Whom the key with that hash belongs to, unless it was revoked.
    pub async fn api_key_owner(&self, hash: &[u8; 32]) -> Result<Option<KeyOwner>, StoreError> {
        let row = sqlx::query!(
            "SELECT k.merchant_id, k.id, k.kind
             FROM api_keys k JOIN applications a ON a.merchant_id = k.merchant_id AND a.id = k.application_id
             WHERE k.key_hash = $1 AND a.revoked_at IS NULL",
            hash,
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| {
            let kind = match row.kind.as_str() {
                "private" => KeyKind::Private,
                "public" => KeyKind::Public,
                _ => {
                    let key = row.id.to_string();
                    return Err(StoreError::Corrupt {
                        table: "api_keys",
                        column: "kind",
                        key,
                    });
                }
            };
            Ok(KeyOwner {
                merchant: Id::from_uuid(row.merchant_id),
                key: Id::from_uuid(row.id),
                kind,
            })
        })
        .transpose()
    }

    /// The sealed private key that signs a merchant's webhooks: the oldest that is not revoked, so that issuing a
    /// key changes no signature and revoking the old one does.
    pub async fn signing_key(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Option<(Id<kind::ApiKey>, Vec<u8>)>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT k.id, k.sealed AS "sealed!"
               FROM api_keys k JOIN applications a ON a.merchant_id = k.merchant_id AND a.id = k.application_id
               WHERE k.merchant_id = $1 AND k.kind = 'private' AND a.revoked_at IS NULL
               ORDER BY a.created_at, a.id LIMIT 1"#,
            merchant.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| (Id::from_uuid(row.id), row.sealed)))
    }
}

/// Stores a pair of keys in an open transaction.
pub(crate) async fn application_insert_in(
    conn: &mut PgConnection,
    new: &NewApplication,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO applications (merchant_id, id, name, environment, created_at) VALUES ($1, $2, $3, $4, $5)",
        new.merchant.uuid(),
        new.id.uuid(),
        new.name,
        new.environment,
        new.created_at,
    )
    .execute(&mut *conn)
    .await?;
    for (kind, key, sealed) in [
        (KeyKind::Private, &new.private, Some(&new.private_sealed)),
        (KeyKind::Public, &new.public, None),
    ] {
        sqlx::query!(
            "INSERT INTO api_keys (merchant_id, id, application_id, kind, key_hash, last_four, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new.merchant.uuid(),
            key.id.uuid(),
            new.id.uuid(),
            kind.as_str(),
            &key.hash,
            key.last_four,
            sealed,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{audit, id, insert, keys};
    use sqlx::PgPool;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_revoked_pair_is_nobodys_and_signs_nothing(pool: PgPool) {
        let store = Store::from_pool(pool);
        let merchant = insert(&store, 1).await.id;
        let revoke = |application| {
            let store = store.clone();
            async move {
                store
                    .application_revoke(merchant, id(application), &audit("application.revoke"))
                    .await
                    .unwrap()
            }
        };
        assert_eq!(revoke(1).await, Revoked::OnlyOne);
        store
            .application_insert(&keys(merchant, 3), &audit("application.create"))
            .await
            .unwrap();
        assert_eq!(
            store.signing_key(merchant).await.unwrap(),
            Some((id(11), vec![1])),
            "the oldest signs"
        );

        assert_eq!(revoke(1).await, Revoked::Done);
        assert_eq!(revoke(1).await, Revoked::Already);
        assert_eq!(revoke(3).await, Revoked::OnlyOne);
        assert_eq!(revoke(4).await, Revoked::Unknown);
        assert_eq!(store.api_key_owner(&[11; 32]).await.unwrap(), None);
        assert_eq!(
            store.api_key_owner(&[32; 32]).await.unwrap().unwrap().kind,
            KeyKind::Public
        );
        assert_eq!(
            store.signing_key(merchant).await.unwrap(),
            Some((id(31), vec![3]))
        );
        let listed = store.applications_list(merchant).await.unwrap();
        assert_eq!(
            listed
                .iter()
                .map(|pair| pair.revoked_at.is_some())
                .collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_key_belongs_to_one_merchant_and_is_revoked_by_it_alone(pool: PgPool) {
        let store = Store::from_pool(pool);
        let first = insert(&store, 1).await.id;
        let second = insert(&store, 2).await.id;
        store
            .application_insert(&keys(first, 3), &audit("application.create"))
            .await
            .unwrap();
        let stolen = store
            .application_revoke(second, id(3), &audit("application.revoke"))
            .await
            .unwrap();
        assert_eq!(stolen, Revoked::Unknown);
        let mut same = keys(second, 4);
        same.private.hash = [11; 32];
        let taken = store
            .application_insert(&same, &audit("application.create"))
            .await;
        assert!(matches!(taken, Err(StoreError::Taken(name)) if name == "api_keys_key_hash"));
    }
}
