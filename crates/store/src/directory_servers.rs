//! Directory servers: where a brand's 3-D Secure messages go.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Brand, HttpUrl, UrlPolicy};
use std::fmt;
use time::OffsetDateTime;

/// A brand's directory server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryServer {
    pub brand: Brand,
    pub url: HttpUrl,
    /// Tried when the first cannot be reached.
    pub backup_url: Option<HttpUrl>,
    pub connect_timeout_ms: u32,
    pub read_timeout_ms: u32,
    /// `threeDSServerRefNumber`; `None`: as in the configuration.
    pub reference_number: Option<String>,
    /// `threeDSServerOperatorID`, where the directory server assigned one.
    pub operator_id: Option<String>,
    /// The protocol versions it takes (`2.2.0`), lowest first; `None`: whatever its card ranges say.
    pub versions: Option<Vec<String>>,
    /// `threeDSServerURL` there; `None`: as in the configuration.
    pub results_url: Option<HttpUrl>,
    pub tls: DirectoryTls,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Mutual TLS with a directory server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryTls {
    /// What we show it.
    pub client: Option<ClientCertificate>,
    /// The only roots trusted with it, PEM; `None`: the system's.
    pub roots: Option<String>,
    /// DNS names of which its certificate must have one when it posts results; `None`: any certificate under its roots.
    pub results_names: Option<Vec<String>>,
}

/// A certificate of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// With its chain, PEM.
    pub chain: String,
    /// The private key, PEM, sealed by the vault.
    pub key_sealed: Vec<u8>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

struct Row {
    brand: String,
    url: String,
    backup_url: Option<String>,
    connect_timeout_ms: i32,
    read_timeout_ms: i32,
    reference_number: Option<String>,
    operator_id: Option<String>,
    versions: Option<Vec<String>>,
    results_url: Option<String>,
    client_certificate: Option<String>,
    client_key_sealed: Option<Vec<u8>>,
    roots: Option<String>,
    results_names: Option<Vec<String>>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for DirectoryServer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "directory_servers",
            column,
            key: row.brand.clone(),
        };
        let url = |text: &str, column| {
            HttpUrl::parse(text, UrlPolicy::LoopbackHttpToo).map_err(|_| corrupt(column))
        };
        let timeout = |value: i32, column| u32::try_from(value).map_err(|_| corrupt(column));
        Ok(Self {
            brand: Brand::parse(&row.brand).ok_or_else(|| corrupt("brand"))?,
            url: url(&row.url, "url")?,
            backup_url: row
                .backup_url
                .as_deref()
                .map(|text| url(text, "backup_url"))
                .transpose()?,
            connect_timeout_ms: timeout(row.connect_timeout_ms, "connect_timeout_ms")?,
            read_timeout_ms: timeout(row.read_timeout_ms, "read_timeout_ms")?,
            reference_number: row.reference_number,
            operator_id: row.operator_id,
            versions: row.versions,
            results_url: row
                .results_url
                .as_deref()
                .map(|text| url(text, "results_url"))
                .transpose()?,
            tls: DirectoryTls {
                client: row
                    .client_certificate
                    .zip(row.client_key_sealed)
                    .map(|(chain, key_sealed)| ClientCertificate { chain, key_sealed }),
                roots: row.roots,
                results_names: row.results_names,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Sets a brand's directory server, whether it had one or not. The time is the audit entry's.
    pub async fn directory_server_upsert(
        &self,
        server: &DirectoryServer,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let client = server.tls.client.as_ref();
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO directory_servers (brand, url, backup_url, connect_timeout_ms, read_timeout_ms,
                 reference_number, operator_id, versions, results_url, client_certificate,
                 client_key_sealed, roots, results_names, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
             ON CONFLICT (brand) DO UPDATE SET url = excluded.url, backup_url = excluded.backup_url,
                 connect_timeout_ms = excluded.connect_timeout_ms, read_timeout_ms = excluded.read_timeout_ms,
                 reference_number = excluded.reference_number, operator_id = excluded.operator_id,
                 versions = excluded.versions, results_url = excluded.results_url, client_certificate = excluded.client_certificate,
                 client_key_sealed = excluded.client_key_sealed, roots = excluded.roots,
                 results_names = excluded.results_names, updated_at = excluded.updated_at",
            server.brand.as_str(),
            server.url.as_str(),
            server.backup_url.as_ref().map(HttpUrl::as_str),
            server.connect_timeout_ms.cast_signed(),
            server.read_timeout_ms.cast_signed(),
            server.reference_number,
            server.operator_id,
            server.versions.as_deref(),
            server.results_url.as_ref().map(HttpUrl::as_str),
            client.map(|client| client.chain.as_str()),
            client.map(|client| client.key_sealed.as_slice()),
            server.tls.roots,
            server.tls.results_names.as_deref(),
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a brand's directory server away. Answers whether there was one.
    pub async fn directory_server_delete(
        &self,
        brand: Brand,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!("DELETE FROM directory_servers WHERE brand = $1", brand.as_str())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// All directory servers, by brand.
    pub async fn directory_servers_list(&self) -> Result<Vec<DirectoryServer>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT brand, url, backup_url, connect_timeout_ms, read_timeout_ms, reference_number, operator_id,
                 versions, results_url, client_certificate, client_key_sealed, roots, results_names, created_at,
                 updated_at
             FROM directory_servers ORDER BY brand",
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(DirectoryServer::try_from)
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit};
    use sqlx::PgPool;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_brand_has_one_directory_server(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut server = DirectoryServer {
            brand: Brand::Visa,
            url: HttpUrl::parse("https://ds.example/visa", UrlPolicy::HttpsOnly).unwrap(),
            backup_url: None,
            connect_timeout_ms: 5_000,
            read_timeout_ms: 10_000,
            reference_number: None,
            operator_id: Some("op-1".into()),
            versions: Some(vec!["2.1.0".into(), "2.2.0".into()]),
            results_url: Some(HttpUrl::parse("https://3ds.example/visa", UrlPolicy::HttpsOnly).unwrap()),
            tls: DirectoryTls::default(),
            created_at: NOW,
            updated_at: NOW,
        };
        store
            .directory_server_upsert(&server, &audit("directory_server.set"))
            .await
            .unwrap();
        server.read_timeout_ms = 3_000;
        server.tls = DirectoryTls {
            client: Some(ClientCertificate {
                chain: "certificate".into(),
                key_sealed: vec![1, 2, 3],
            }),
            roots: Some("roots".into()),
            results_names: Some(vec!["ds.example".into()]),
        };
        store
            .directory_server_upsert(&server, &audit("directory_server.set"))
            .await
            .unwrap();
        assert_eq!(store.directory_servers_list().await.unwrap(), [server]);
        let delete = async || {
            store
                .directory_server_delete(Brand::Visa, &audit("directory_server.delete"))
                .await
        };
        assert!(delete().await.unwrap());
        assert!(!delete().await.unwrap());
        assert_eq!(store.audit_list(None, None, 10).await.unwrap().len(), 3);
    }
}
