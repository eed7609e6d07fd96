//! Merchants.

use crate::{
    Store, StoreError,
    applications::{NewApplication, application_insert_in},
    audit::{AuditEntry, audit_insert_in},
    webhook_keys::{NewKey as WebhookKey, key_insert_in},
};
use primitives::{Country, Currency, HttpUrl, Id, UrlPolicy, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A merchant as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    pub id: Id<kind::Merchant>,
    pub name: String,
    pub country: Country,
    pub currencies: Vec<Currency>,
    /// Where events go when an order does not say.
    pub notify_url: Option<HttpUrl>,
    /// Calls per second; `None` for as many as everybody.
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    /// How often it was changed; a change is made to the version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    name: String,
    country: String,
    currencies: Vec<String>,
    notify_url: Option<String>,
    reads_per_second: Option<i32>,
    writes_per_second: Option<i32>,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Merchant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "merchants",
            column,
            key: row.id.to_string(),
        };
        let rate = |value: Option<i32>, column| {
            value
                .map(|rate| u32::try_from(rate).map_err(|_| corrupt(column)))
                .transpose()
        };
        let url = |text: String| HttpUrl::parse(&text, UrlPolicy::LoopbackHttpToo);
        Ok(Self {
            id: Id::from_uuid(row.id),
            country: Country::parse(&row.country).map_err(|_| corrupt("country"))?,
            currencies: row
                .currencies
                .iter()
                .map(|code| Currency::parse(code).map_err(|_| corrupt("currencies")))
                .collect::<Result<_, _>>()?,
            notify_url: row
                .notify_url
                .map(url)
                .transpose()
                .map_err(|_| corrupt("notify_url"))?,
            reads_per_second: rate(row.reads_per_second, "reads_per_second")?,
            writes_per_second: rate(row.writes_per_second, "writes_per_second")?,
            name: row.name,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Creates a merchant with its first pair of keys and the first key of its own webhooks.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the id or one of the keys exists.
    pub async fn merchant_insert(
        &self,
        merchant: &Merchant,
        keys: &NewApplication,
        webhook_key: &WebhookKey,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        merchant_insert_in(&mut transaction, merchant).await?;
        application_insert_in(&mut transaction, keys).await?;
        key_insert_in(&mut transaction, webhook_key).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Replaces everything but id and creation time, on the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that version is no longer there.
    pub async fn merchant_update(&self, merchant: &Merchant, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE merchants SET name = $3, country = $4, currencies = $5, notify_url = $6, reads_per_second = $7,
                 writes_per_second = $8, updated_at = $9, version = version + 1
             WHERE id = $1 AND version = $2",
            merchant.id.uuid(),
            merchant.version,
            merchant.name,
            merchant.country.alpha2(),
            &codes(&merchant.currencies),
            merchant.notify_url.as_ref().map(HttpUrl::as_str),
            merchant.reads_per_second.map(u32::cast_signed),
            merchant.writes_per_second.map(u32::cast_signed),
            merchant.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One merchant.
    pub async fn merchant_load(&self, id: Id<kind::Merchant>) -> Result<Option<Merchant>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, name, country, currencies, notify_url, reads_per_second, writes_per_second, version, created_at,
                 updated_at
             FROM merchants WHERE id = $1",
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(Merchant::try_from)
        .transpose()
    }

    /// Merchants by id, which is by age: up to `limit` of those after `after`.
    pub async fn merchants_list(
        &self,
        after: Option<Id<kind::Merchant>>,
        limit: i64,
    ) -> Result<Vec<Merchant>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, name, country, currencies, notify_url, reads_per_second, writes_per_second, version, created_at,
                 updated_at
             FROM merchants WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
            after.map(Id::uuid),
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(Merchant::try_from)
        .collect()
    }
}

async fn merchant_insert_in(conn: &mut PgConnection, merchant: &Merchant) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO merchants (id, name, country, currencies, notify_url, reads_per_second, writes_per_second, version,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        merchant.id.uuid(),
        merchant.name,
        merchant.country.alpha2(),
        &codes(&merchant.currencies),
        merchant.notify_url.as_ref().map(HttpUrl::as_str),
        merchant.reads_per_second.map(u32::cast_signed),
        merchant.writes_per_second.map(u32::cast_signed),
        merchant.version,
        merchant.created_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Currencies as the columns hold them.
pub(crate) fn codes(currencies: &[Currency]) -> Vec<String> {
    currencies
        .iter()
        .map(|currency| currency.code().to_owned())
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        applications::{KeyOwner, NewKey},
        audit::Actor,
        webhook_keys::KeyScheme,
    };
    use sqlx::PgPool;
    use time::macros::datetime;

    pub const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    pub fn id<K: primitives::Kind>(number: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(number))
    }

    pub fn audit(action: &'static str) -> AuditEntry {
        AuditEntry {
            at: NOW,
            actor: Actor::CommandLine,
            action,
            merchant: None,
            subject: "x".into(),
            before: None,
            after: None,
        }
    }

    /// A pair of keys whose hashes are made of `number`.
    pub fn keys(merchant: Id<kind::Merchant>, number: u8) -> NewApplication {
        let key = |offset: u8| NewKey {
            id: id(u128::from(number) * 10 + u128::from(offset)),
            hash: [number * 10 + offset; 32],
            last_four: "abcd".into(),
        };
        NewApplication {
            merchant,
            id: id(u128::from(number)),
            name: "Shop".into(),
            environment: "sandbox",
            private: key(1),
            private_sealed: vec![number],
            public: key(2),
            created_at: NOW + time::Duration::seconds(number.into()),
        }
    }

    /// What a merchant's own webhooks are signed with at first. Its id is far from those of the keys that tests make.
    fn webhook_key(merchant: Id<kind::Merchant>, number: u8) -> WebhookKey {
        WebhookKey {
            id: id(1_000 + u128::from(number)),
            merchant,
            endpoint: None,
            scheme: KeyScheme::V1,
            sealed: vec![1, 2],
            public: None,
            created_at: NOW,
        }
    }

    pub async fn insert(store: &Store, number: u8) -> Merchant {
        let merchant = Merchant {
            id: id(number.into()),
            name: format!("Merchant {number}"),
            country: Country::parse("MX").unwrap(),
            currencies: vec![Currency::MXN, Currency::USD],
            notify_url: Some(HttpUrl::parse("https://shop.example/hook", UrlPolicy::HttpsOnly).unwrap()),
            reads_per_second: None,
            writes_per_second: Some(50),
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        };
        let entry = AuditEntry {
            merchant: Some(merchant.id),
            ..audit("merchant.create")
        };
        store
            .merchant_insert(
                &merchant,
                &keys(merchant.id, number),
                &webhook_key(merchant.id, number),
                &entry,
            )
            .await
            .unwrap();
        merchant
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_merchant_comes_back_as_it_was_with_its_keys_and_its_audit(pool: PgPool) {
        let store = Store::from_pool(pool);
        let merchant = insert(&store, 1).await;
        insert(&store, 2).await;
        assert_eq!(
            store.merchant_load(merchant.id).await.unwrap(),
            Some(merchant.clone())
        );
        assert_eq!(store.merchant_load(id(9)).await.unwrap(), None);
        assert_eq!(
            store.merchants_list(None, 1).await.unwrap(),
            std::slice::from_ref(&merchant)
        );
        assert_eq!(
            store.merchants_list(Some(merchant.id), 5).await.unwrap()[0].id,
            id(2)
        );
        let owner = store.api_key_owner(&[11; 32]).await.unwrap();
        let kind = crate::applications::KeyKind::Private;
        assert_eq!(
            owner,
            Some(KeyOwner {
                merchant: merchant.id,
                key: id(11),
                kind
            })
        );
        let audited = store.audit_list(Some(merchant.id), None, 10).await.unwrap();
        assert_eq!(
            (audited.len(), audited[0].action.as_str()),
            (1, "merchant.create")
        );
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_change_is_made_only_to_the_version_that_was_read(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut merchant = insert(&store, 1).await;
        merchant.name = "Renamed".into();
        store
            .merchant_update(&merchant, &audit("merchant.update"))
            .await
            .unwrap();
        let again = store.merchant_update(&merchant, &audit("merchant.update")).await;
        assert!(matches!(again, Err(StoreError::Changed)));
        let stored = store.merchant_load(merchant.id).await.unwrap().unwrap();
        assert_eq!((stored.name.as_str(), stored.version), ("Renamed", 2));
        assert_eq!(
            store.audit_list(None, None, 10).await.unwrap().len(),
            2,
            "a refused change leaves no trace"
        );
    }
}
