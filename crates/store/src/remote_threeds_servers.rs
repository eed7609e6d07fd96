//! Remote 3DS Servers: where they are, and who we are there.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{HttpUrl, UrlPolicy};
use std::fmt;
use time::OffsetDateTime;

/// A 3DS Server of others that connections may name.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteThreeDsServer {
    pub name: String,
    /// What comes before `/v2/…`.
    pub base_url: HttpUrl,
    pub merchant_id: String,
    pub read_timeout_ms: u32,
    /// Sealed by the vault.
    pub secrets_sealed: Vec<u8>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl fmt::Debug for RemoteThreeDsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteThreeDsServer")
            .field("name", &self.name)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

struct Row {
    name: String,
    base_url: String,
    merchant_id: String,
    read_timeout_ms: i32,
    secrets_sealed: Vec<u8>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for RemoteThreeDsServer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "remote_threeds_servers",
            column,
            key: row.name.clone(),
        };
        Ok(Self {
            base_url: HttpUrl::parse(&row.base_url, UrlPolicy::LoopbackHttpToo)
                .map_err(|_| corrupt("base_url"))?,
            read_timeout_ms: u32::try_from(row.read_timeout_ms).map_err(|_| corrupt("read_timeout_ms"))?,
            merchant_id: row.merchant_id,
            secrets_sealed: row.secrets_sealed,
            created_at: row.created_at,
            updated_at: row.updated_at,
            name: row.name,
        })
    }
}

impl Store {
    /// Sets the server of that name, whether there was one or not. The time is the audit entry's.
    pub async fn remote_threeds_server_upsert(
        &self,
        server: &RemoteThreeDsServer,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO remote_threeds_servers (name, base_url, merchant_id, read_timeout_ms, secrets_sealed,
                                                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (name) DO UPDATE SET base_url = excluded.base_url, merchant_id = excluded.merchant_id,
                 read_timeout_ms = excluded.read_timeout_ms, secrets_sealed = excluded.secrets_sealed,
                 updated_at = excluded.updated_at",
            server.name,
            server.base_url.as_str(),
            server.merchant_id,
            server.read_timeout_ms.cast_signed(),
            server.secrets_sealed,
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes the server of that name away. Answers whether there was one.
    pub async fn remote_threeds_server_delete(
        &self,
        name: &str,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!("DELETE FROM remote_threeds_servers WHERE name = $1", name)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// All of them, by name.
    pub async fn remote_threeds_servers_list(&self) -> Result<Vec<RemoteThreeDsServer>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT name, base_url, merchant_id, read_timeout_ms, secrets_sealed, created_at, updated_at
             FROM remote_threeds_servers ORDER BY name",
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(RemoteThreeDsServer::try_from)
        .collect()
    }

    /// Whether a connection names it, other than for good disabled ones.
    pub async fn remote_threeds_server_in_use(&self, name: &str) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM connections
                              WHERE three_ds ->> 'remote' = $1 AND status <> 'disabled') AS "in_use!""#,
            name,
        )
        .fetch_one(self.pool())
        .await?)
    }

    /// Puts `new` where `old` is. Answers `false` when something else is there by now, or nothing.
    pub async fn remote_threeds_server_secrets_replace(
        &self,
        name: &str,
        old: &[u8],
        new: &[u8],
    ) -> Result<bool, StoreError> {
        let query = sqlx::query!(
            "UPDATE remote_threeds_servers SET secrets_sealed = $3 WHERE name = $1 AND secrets_sealed = $2",
            name,
            old,
            new,
        );
        Ok(query.execute(self.pool()).await?.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit};
    use sqlx::PgPool;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_name_has_one_remote_server(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut server = RemoteThreeDsServer {
            name: "certified".into(),
            base_url: HttpUrl::parse("https://tds.example", UrlPolicy::HttpsOnly).unwrap(),
            merchant_id: "shop-1".into(),
            read_timeout_ms: 10_000,
            secrets_sealed: vec![1, 2, 3],
            created_at: NOW,
            updated_at: NOW,
        };
        for timeout in [10_000, 3_000] {
            server.read_timeout_ms = timeout;
            store
                .remote_threeds_server_upsert(&server, &audit("remote_threeds_server.set"))
                .await
                .unwrap();
        }
        assert!(!store.remote_threeds_server_in_use("certified").await.unwrap());
        let replaced = async |old: &[u8]| {
            store
                .remote_threeds_server_secrets_replace("certified", old, &[4])
                .await
                .unwrap()
        };
        assert!(replaced(&[1, 2, 3]).await && !replaced(&[1, 2, 3]).await);
        server.secrets_sealed = vec![4];
        assert_eq!(store.remote_threeds_servers_list().await.unwrap(), [server]);
        let delete = async || {
            store
                .remote_threeds_server_delete("certified", &audit("remote_threeds_server.delete"))
                .await
        };
        assert!(delete().await.unwrap());
        assert!(!delete().await.unwrap());
    }
}
