//! Shops of the 3DS Server API.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Country, Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    pub id: Id<kind::Shop>,
    /// What it calls itself by, at most 15 characters.
    pub merchant_id: String,
    pub name: String,
    /// Keyed hash of its key.
    pub key_hash: [u8; 32],
    /// The pair that card tokens are used with.
    pub card_vault: Option<CardVaultPair>,
    /// The RSA public key, DER, that signs its requests.
    pub public_key: Option<Vec<u8>>,
    /// Where its acquirer is; `None`: where the shop is.
    pub acquirer_country: Option<Country>,
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    pub disabled: bool,
    /// The version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// The card vault's name for a shop, and the keyed hash of its key there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardVaultPair {
    /// At most 15 characters.
    pub merchant_id: String,
    pub key_hash: [u8; 32],
}

struct Row {
    id: Uuid,
    merchant_id: String,
    name: String,
    key_hash: Vec<u8>,
    card_vault_merchant_id: Option<String>,
    card_vault_key_hash: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    acquirer_country: Option<String>,
    reads_per_second: Option<i32>,
    writes_per_second: Option<i32>,
    status: String,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Shop {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "threeds_shops",
            column,
            key: row.id.to_string(),
        };
        let hash = |bytes: &[u8], column| <[u8; 32]>::try_from(bytes).map_err(|_| corrupt(column));
        let rate = |count: Option<i32>, column| {
            count
                .map(|count| u32::try_from(count).map_err(|_| corrupt(column)))
                .transpose()
        };
        let card_vault = match (&row.card_vault_merchant_id, &row.card_vault_key_hash) {
            (Some(merchant_id), Some(key_hash)) => Some(CardVaultPair {
                merchant_id: merchant_id.clone(),
                key_hash: hash(key_hash, "card_vault_key_hash")?,
            }),
            _ => None,
        };
        Ok(Self {
            id: Id::from_uuid(row.id),
            key_hash: hash(&row.key_hash, "key_hash")?,
            card_vault,
            acquirer_country: row
                .acquirer_country
                .as_deref()
                .map(|text| Country::parse(text).map_err(|_| corrupt("acquirer_country")))
                .transpose()?,
            reads_per_second: rate(row.reads_per_second, "reads_per_second")?,
            writes_per_second: rate(row.writes_per_second, "writes_per_second")?,
            disabled: match row.status.as_str() {
                "active" => false,
                "disabled" => true,
                _ => return Err(corrupt("status")),
            },
            merchant_id: row.merchant_id,
            name: row.name,
            public_key: row.public_key,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Shop {
    fn status(&self) -> &'static str {
        if self.disabled { "disabled" } else { "active" }
    }
}

impl Store {
    /// Stores a new shop.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when one of its names is another shop's.
    pub async fn shop_insert(&self, shop: &Shop, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO threeds_shops (id, merchant_id, name, key_hash, card_vault_merchant_id, card_vault_key_hash,
                 public_key, acquirer_country, reads_per_second, writes_per_second, status, version, created_at,
                 updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12)",
            shop.id.uuid(),
            shop.merchant_id,
            shop.name,
            &shop.key_hash,
            shop.card_vault.as_ref().map(|pair| pair.merchant_id.as_str()),
            shop.card_vault.as_ref().map(|pair| pair.key_hash.as_slice()),
            shop.public_key,
            shop.acquirer_country.map(Country::alpha2),
            shop.reads_per_second.map(u32::cast_signed),
            shop.writes_per_second.map(u32::cast_signed),
            shop.status(),
            shop.created_at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Writes everything about a shop that can change. [`StoreError::Changed`]: it is no longer at the version that was
    /// read.
    pub async fn shop_update(&self, shop: &Shop, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let written = sqlx::query!(
            "UPDATE threeds_shops
             SET name = $3, key_hash = $4, card_vault_merchant_id = $5, card_vault_key_hash = $6, public_key = $7,
                 acquirer_country = $8, reads_per_second = $9, writes_per_second = $10, status = $11,
                 version = version + 1, updated_at = $12
             WHERE id = $1 AND version = $2",
            shop.id.uuid(),
            shop.version,
            shop.name,
            &shop.key_hash,
            shop.card_vault.as_ref().map(|pair| pair.merchant_id.as_str()),
            shop.card_vault.as_ref().map(|pair| pair.key_hash.as_slice()),
            shop.public_key,
            shop.acquirer_country.map(Country::alpha2),
            shop.reads_per_second.map(u32::cast_signed),
            shop.writes_per_second.map(u32::cast_signed),
            shop.status(),
            shop.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One shop.
    pub async fn shop_load(&self, id: Id<kind::Shop>) -> Result<Option<Shop>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, merchant_id, name, key_hash, card_vault_merchant_id, card_vault_key_hash, public_key,
                 acquirer_country, reads_per_second, writes_per_second, status, version, created_at, updated_at
             FROM threeds_shops WHERE id = $1",
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(Shop::try_from)
        .transpose()
    }

    /// The shop that calls itself so.
    pub async fn shop_named(&self, merchant_id: &str) -> Result<Option<Shop>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, merchant_id, name, key_hash, card_vault_merchant_id, card_vault_key_hash, public_key,
                 acquirer_country, reads_per_second, writes_per_second, status, version, created_at, updated_at
             FROM threeds_shops WHERE merchant_id = $1",
            merchant_id,
        )
        .fetch_optional(self.pool())
        .await?
        .map(Shop::try_from)
        .transpose()
    }

    /// Shops by age: up to `limit` of those after `after`.
    pub async fn shops_list(
        &self,
        after: Option<Id<kind::Shop>>,
        limit: i64,
    ) -> Result<Vec<Shop>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, merchant_id, name, key_hash, card_vault_merchant_id, card_vault_key_hash, public_key,
                 acquirer_country, reads_per_second, writes_per_second, status, version, created_at, updated_at
             FROM threeds_shops WHERE id > $1 ORDER BY id LIMIT $2",
            after.map_or(Uuid::nil(), Id::uuid),
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(Shop::try_from)
        .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit, id};
    use sqlx::PgPool;

    pub fn shop(number: u8) -> Shop {
        Shop {
            id: id(u128::from(number)),
            merchant_id: format!("SHOP{number}"),
            name: "Loja".into(),
            key_hash: [number; 32],
            card_vault: Some(CardVaultPair {
                merchant_id: format!("VAULT{number}"),
                key_hash: [number + 100; 32],
            }),
            public_key: None,
            acquirer_country: Country::parse("BR").ok(),
            reads_per_second: None,
            writes_per_second: Some(10),
            disabled: false,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_shop_reads_back_as_it_was_written(pool: PgPool) {
        let store = Store::from_pool(pool);
        let mut written = shop(1);
        store.shop_insert(&written, &audit("shop.create")).await.unwrap();
        assert_eq!(
            store.shop_named("SHOP1").await.unwrap(),
            Some(written.clone()),
            "by its name"
        );
        written.disabled = true;
        written.public_key = Some(vec![1, 2, 3]);
        written.card_vault = None;
        store.shop_update(&written, &audit("shop.update")).await.unwrap();
        written.version = 2;
        assert_eq!(store.shop_load(written.id).await.unwrap(), Some(written.clone()));
        assert_eq!(store.shops_list(None, 10).await.unwrap(), [written.clone()]);
        assert!(store.shops_list(Some(written.id), 10).await.unwrap().is_empty());
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn names_are_unique_and_a_stale_change_is_none(pool: PgPool) {
        let store = Store::from_pool(pool);
        store.shop_insert(&shop(1), &audit("shop.create")).await.unwrap();
        let twin = Shop {
            merchant_id: "SHOP1".into(),
            ..shop(2)
        };
        assert!(matches!(
            store.shop_insert(&twin, &audit("shop.create")).await,
            Err(StoreError::Taken(name)) if name == "threeds_shops_merchant_id"
        ));
        store.shop_update(&shop(1), &audit("shop.update")).await.unwrap();
        let again = store.shop_update(&shop(1), &audit("shop.update")).await;
        assert!(matches!(again, Err(StoreError::Changed)));
        assert_eq!(store.audit_list(None, None, 10).await.unwrap().len(), 2);
    }
}
