//! Connections: merchants' accounts at processors.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
    merchants::codes,
};
use payments::connection::{
    Connection, ConnectionStatus, OPERATION_WORDS, ThreeDsSettings, operation_as_str,
};
use primitives::{Country, Currency, HttpUrl, Id, UrlPolicy, id::kind};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A connection with what only its keeper needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConnection {
    pub connection: Connection,
    pub credentials_sealed: Vec<u8>,
    /// When it was first activated; from then on the credentials stay.
    pub activated_at: Option<OffsetDateTime>,
    /// How often it was changed; a change is made to the version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

struct Row {
    merchant_id: Uuid,
    id: Uuid,
    name: String,
    processor_name: String,
    status: String,
    operation: String,
    currencies: Vec<String>,
    countries: Vec<String>,
    base_url: Option<String>,
    inquiry_visible_after_seconds: Option<i32>,
    inquiry_final_after_seconds: Option<i32>,
    preference: i32,
    three_ds: Json<ThreeDsSettings>,
    credentials_sealed: Vec<u8>,
    activated_at: Option<OffsetDateTime>,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for StoredConnection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "connections",
            column,
            key: row.id.to_string(),
        };
        let status = ConnectionStatus::WORDS
            .iter()
            .find(|(word, _)| *word == row.status);
        let operation = OPERATION_WORDS.iter().find(|(word, _)| *word == row.operation);
        let seconds = |value: Option<i32>, column| {
            value
                .map(|seconds| u32::try_from(seconds).map_err(|_| corrupt(column)))
                .transpose()
        };
        let url = |text: &String| HttpUrl::parse(text, UrlPolicy::LoopbackHttpToo);
        let connection = Connection {
            id: Id::from_uuid(row.id),
            merchant: Id::from_uuid(row.merchant_id),
            status: status
                .map(|(_, status)| *status)
                .ok_or_else(|| corrupt("status"))?,
            operation: operation
                .map(|(_, kind)| *kind)
                .ok_or_else(|| corrupt("operation"))?,
            currencies: row
                .currencies
                .iter()
                .map(|code| Currency::parse(code).map_err(|_| corrupt("currencies")))
                .collect::<Result<_, _>>()?,
            countries: row
                .countries
                .iter()
                .map(|code| Country::parse(code).map_err(|_| corrupt("countries")))
                .collect::<Result<_, _>>()?,
            base_url: row
                .base_url
                .as_ref()
                .map(url)
                .transpose()
                .map_err(|_| corrupt("base_url"))?,
            inquiry_visible_after_seconds: seconds(
                row.inquiry_visible_after_seconds,
                "inquiry_visible_after_seconds",
            )?,
            inquiry_final_after_seconds: seconds(
                row.inquiry_final_after_seconds,
                "inquiry_final_after_seconds",
            )?,
            preference: row.preference,
            name: row.name,
            processor_name: row.processor_name,
            three_ds: row.three_ds.0,
        };
        Ok(Self {
            connection,
            credentials_sealed: row.credentials_sealed,
            activated_at: row.activated_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Creates a connection.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `connections_name` when the merchant has another of that name.
    pub async fn connection_insert(
        &self,
        stored: &StoredConnection,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let connection = &stored.connection;
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO connections (merchant_id, id, name, processor_name, status, operation, currencies,
                 countries, base_url, inquiry_visible_after_seconds, inquiry_final_after_seconds, preference,
                 three_ds, credentials_sealed, activated_at, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)",
            connection.merchant.uuid(),
            connection.id.uuid(),
            connection.name,
            connection.processor_name,
            connection.status.as_str(),
            operation_as_str(connection.operation),
            &codes(&connection.currencies),
            &alpha2(&connection.countries),
            connection.base_url.as_ref().map(HttpUrl::as_str),
            connection.inquiry_visible_after_seconds.map(u32::cast_signed),
            connection.inquiry_final_after_seconds.map(u32::cast_signed),
            connection.preference,
            Json(&connection.three_ds) as _,
            stored.credentials_sealed,
            stored.activated_at,
            stored.version,
            stored.created_at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Replaces everything but ids and creation time, on the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that version is no longer there, [`StoreError::Taken`] with `connections_name`
    /// when the merchant has another of that name.
    pub async fn connection_update(
        &self,
        stored: &StoredConnection,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let connection = &stored.connection;
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE connections SET name = $4, processor_name = $5, status = $6, operation = $7, currencies = $8,
                 countries = $9, base_url = $10, inquiry_visible_after_seconds = $11,
                 inquiry_final_after_seconds = $12, preference = $13, three_ds = $14, credentials_sealed = $15,
                 activated_at = $16, updated_at = $17, version = version + 1
             WHERE merchant_id = $1 AND id = $2 AND version = $3",
            connection.merchant.uuid(),
            connection.id.uuid(),
            stored.version,
            connection.name,
            connection.processor_name,
            connection.status.as_str(),
            operation_as_str(connection.operation),
            &codes(&connection.currencies),
            &alpha2(&connection.countries),
            connection.base_url.as_ref().map(HttpUrl::as_str),
            connection.inquiry_visible_after_seconds.map(u32::cast_signed),
            connection.inquiry_final_after_seconds.map(u32::cast_signed),
            connection.preference,
            Json(&connection.three_ds) as _,
            stored.credentials_sealed,
            stored.activated_at,
            stored.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One connection of a merchant.
    pub async fn connection_load(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
    ) -> Result<Option<StoredConnection>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT merchant_id, id, name, processor_name, status, operation, currencies, countries, base_url,
                   inquiry_visible_after_seconds, inquiry_final_after_seconds, preference,
                   three_ds AS "three_ds: Json<ThreeDsSettings>", credentials_sealed, activated_at, version,
                   created_at, updated_at
               FROM connections WHERE merchant_id = $1 AND id = $2"#,
            merchant.uuid(),
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(StoredConnection::try_from)
        .transpose()
    }

    /// All connections of a merchant, in the order in which they are tried.
    pub async fn connections_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<StoredConnection>, StoreError> {
        sqlx::query_as!(
            Row,
            r#"SELECT merchant_id, id, name, processor_name, status, operation, currencies, countries, base_url,
                   inquiry_visible_after_seconds, inquiry_final_after_seconds, preference,
                   three_ds AS "three_ds: Json<ThreeDsSettings>", credentials_sealed, activated_at, version,
                   created_at, updated_at
               FROM connections WHERE merchant_id = $1 ORDER BY preference, created_at, id"#,
            merchant.uuid(),
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(StoredConnection::try_from)
        .collect()
    }
}

fn alpha2(countries: &[Country]) -> Vec<String> {
    countries
        .iter()
        .map(|country| country.alpha2().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit, id, insert};
    use payments::connection::{MpiData, MpiOverrides, OnDoubt, ThreeDsProvider};
    use primitives::Brand;
    use sqlx::PgPool;
    use std::collections::BTreeMap;

    fn connection(merchant: Id<kind::Merchant>, number: u128) -> StoredConnection {
        let url = HttpUrl::parse("https://shop.example", UrlPolicy::HttpsOnly).unwrap();
        let country = Country::parse("MX").unwrap();
        StoredConnection {
            connection: Connection {
                id: id(number),
                merchant,
                name: format!("Kushki {number}"),
                processor_name: "kushki".into(),
                status: ConnectionStatus::Active,
                operation: acquiring::ChargeKind::Sale,
                currencies: vec![Currency::MXN],
                countries: vec![country],
                base_url: None,
                inquiry_visible_after_seconds: Some(2),
                inquiry_final_after_seconds: None,
                preference: 10 - i32::try_from(number).unwrap(),
                three_ds: ThreeDsSettings {
                    reuse: payments::connection::ReusePolicy::Allow,
                    provider: ThreeDsProvider::Deuna,
                    remote: None,
                    on_attempted: OnDoubt::Proceed,
                    on_unavailable: OnDoubt::Reject,
                    defaults: payments::ThreeDs::default(),
                    mpi: Some(MpiData {
                        acquirer_merchant_id: "1".into(),
                        acquirer_bin: "400551".into(),
                        merchant_name: "Demo".into(),
                        mcc: "5411".into(),
                        merchant_url: url,
                        merchant_country: country,
                        requestor_id: "r".into(),
                        requestor_name: "r".into(),
                    }),
                    brands: BTreeMap::from([(
                        Brand::Amex,
                        MpiOverrides {
                            mcc: Some("5999".into()),
                            ..MpiOverrides::default()
                        },
                    )]),
                },
            },
            credentials_sealed: vec![7; 9],
            activated_at: Some(NOW),
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn connections_come_back_as_they_were_by_preference_and_only_to_their_owner(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let other = insert(&store, 2).await.id;
        let (first, second) = (connection(owner, 1), connection(owner, 2));
        for connection in [&first, &second] {
            store
                .connection_insert(connection, &audit("connection.create"))
                .await
                .unwrap();
        }
        assert_eq!(
            store.connections_list(owner).await.unwrap(),
            [second, first.clone()]
        );
        assert_eq!(store.connection_load(owner, id(1)).await.unwrap(), Some(first));
        assert_eq!(store.connection_load(other, id(1)).await.unwrap(), None);
        assert_eq!(store.connections_list(other).await.unwrap(), []);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn names_are_unique_and_a_change_is_made_to_what_was_read(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let (mut first, second) = (connection(owner, 1), connection(owner, 2));
        for connection in [&first, &second] {
            store
                .connection_insert(connection, &audit("connection.create"))
                .await
                .unwrap();
        }
        first.connection.name = second.connection.name;
        let taken = store.connection_update(&first, &audit("connection.update")).await;
        assert!(matches!(taken, Err(StoreError::Taken(name)) if name == "connections_name"));
        first.connection.name = "Another".into();
        first.connection.status = ConnectionStatus::Disabled;
        store
            .connection_update(&first, &audit("connection.update"))
            .await
            .unwrap();
        let again = store.connection_update(&first, &audit("connection.update")).await;
        assert!(matches!(again, Err(StoreError::Changed)));
        first.version = 2;
        assert_eq!(store.connection_load(owner, id(1)).await.unwrap(), Some(first));
    }
}
