//! Every column that holds sealed values, to move them to another key-encryption key.

use crate::{Store, StoreError};
use primitives::Brand;
use uuid::Uuid;

/// A column of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedColumn {
    PrivateKeys,
    Credentials,
    Cards,
    SecurityCodes,
    CardTokens,
    WebhookKeys,
    Aliases,
    ProposedAliases,
}

impl SealedColumn {
    pub const ALL: [Self; 8] = [
        Self::PrivateKeys,
        Self::Credentials,
        Self::Cards,
        Self::SecurityCodes,
        Self::CardTokens,
        Self::WebhookKeys,
        Self::Aliases,
        Self::ProposedAliases,
    ];
}

/// Where a sealed value is: the row's merchant and id.
pub type SealedPlace = (Uuid, Uuid);

/// One sealed value.
#[derive(Debug, Clone)]
pub struct SealedValue {
    pub merchant_id: Uuid,
    pub id: Uuid,
    pub sealed: Vec<u8>,
}

impl SealedValue {
    pub fn place(&self) -> SealedPlace {
        (self.merchant_id, self.id)
    }
}

impl Store {
    /// Up to `limit` sealed values of a column, in the order of their places, after `after`.
    pub async fn sealed_list(
        &self,
        column: SealedColumn,
        after: Option<SealedPlace>,
        limit: i64,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let (merchant, id) = after.unwrap_or((Uuid::nil(), Uuid::nil()));
        let pool = self.pool();
        let values = match column {
            SealedColumn::PrivateKeys => sqlx::query_as!(
                SealedValue,
                r#"SELECT merchant_id, id, sealed AS "sealed!" FROM api_keys
                   WHERE (merchant_id, id) > ($1, $2) AND sealed IS NOT NULL ORDER BY merchant_id, id LIMIT $3"#,
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::Credentials => sqlx::query_as!(
                SealedValue,
                "SELECT merchant_id, id, credentials_sealed AS sealed FROM connections
                 WHERE (merchant_id, id) > ($1, $2) ORDER BY merchant_id, id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::Cards => sqlx::query_as!(
                SealedValue,
                "SELECT merchant_id, payment_id AS id, sealed_card AS sealed FROM payment_cards
                 WHERE (merchant_id, payment_id) > ($1, $2) ORDER BY merchant_id, payment_id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::SecurityCodes => sqlx::query_as!(
                SealedValue,
                r#"SELECT merchant_id, payment_id AS id, sealed_security_code AS "sealed!" FROM payment_cards
                   WHERE (merchant_id, payment_id) > ($1, $2) AND sealed_security_code IS NOT NULL
                   ORDER BY merchant_id, payment_id LIMIT $3"#,
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::CardTokens => sqlx::query_as!(
                SealedValue,
                "SELECT shop_id AS merchant_id, id, sealed_card AS sealed FROM threeds_card_tokens
                 WHERE (shop_id, id) > ($1, $2) ORDER BY shop_id, id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::WebhookKeys => sqlx::query_as!(
                SealedValue,
                "SELECT merchant_id, id, sealed FROM webhook_keys
                 WHERE (merchant_id, id) > ($1, $2) ORDER BY merchant_id, id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::Aliases => sqlx::query_as!(
                SealedValue,
                "SELECT merchant_id, order_id AS id, sealed_card AS sealed FROM directlink_aliases
                 WHERE (merchant_id, order_id) > ($1, $2) ORDER BY merchant_id, order_id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
            SealedColumn::ProposedAliases => sqlx::query_as!(
                SealedValue,
                "SELECT merchant_id, order_id AS id, sealed_card AS sealed FROM directlink_aliases_proposed
                 WHERE (merchant_id, order_id) > ($1, $2) ORDER BY merchant_id, order_id LIMIT $3",
                merchant,
                id,
                limit,
            )
            .fetch_all(pool)
            .await?,
        };
        Ok(values)
    }

    /// Our sealed keys at the directory servers, which are few and known by their brand.
    pub async fn directory_keys_list(&self) -> Result<Vec<(Brand, Vec<u8>)>, StoreError> {
        let servers = self.directory_servers_list().await?;
        Ok(servers
            .into_iter()
            .filter_map(|server| Some((server.brand, server.tls.client?.key_sealed)))
            .collect())
    }

    /// Puts `new` where `old` is. Answers `false` when something else is there by now, or nothing.
    pub async fn directory_key_replace(
        &self,
        brand: Brand,
        old: &[u8],
        new: &[u8],
    ) -> Result<bool, StoreError> {
        let query = sqlx::query!(
            "UPDATE directory_servers SET client_key_sealed = $3 WHERE brand = $1 AND client_key_sealed = $2",
            brand.as_str(),
            old,
            new,
        );
        Ok(query.execute(self.pool()).await?.rows_affected() == 1)
    }

    /// Puts `new` where `old` is. Answers `false` when something else is there by now, or nothing.
    pub async fn sealed_replace(
        &self,
        column: SealedColumn,
        old: &SealedValue,
        new: &[u8],
    ) -> Result<bool, StoreError> {
        let (merchant, id) = old.place();
        let query = match column {
            SealedColumn::PrivateKeys => sqlx::query!(
                "UPDATE api_keys SET sealed = $4 WHERE merchant_id = $1 AND id = $2 AND sealed = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::Credentials => sqlx::query!(
                "UPDATE connections SET credentials_sealed = $4
                 WHERE merchant_id = $1 AND id = $2 AND credentials_sealed = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::Cards => sqlx::query!(
                "UPDATE payment_cards SET sealed_card = $4
                 WHERE merchant_id = $1 AND payment_id = $2 AND sealed_card = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::SecurityCodes => sqlx::query!(
                "UPDATE payment_cards SET sealed_security_code = $4
                 WHERE merchant_id = $1 AND payment_id = $2 AND sealed_security_code = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::CardTokens => sqlx::query!(
                "UPDATE threeds_card_tokens SET sealed_card = $4
                 WHERE shop_id = $1 AND id = $2 AND sealed_card = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::WebhookKeys => sqlx::query!(
                "UPDATE webhook_keys SET sealed = $4 WHERE merchant_id = $1 AND id = $2 AND sealed = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::Aliases => sqlx::query!(
                "UPDATE directlink_aliases SET sealed_card = $4
                 WHERE merchant_id = $1 AND order_id = $2 AND sealed_card = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
            SealedColumn::ProposedAliases => sqlx::query!(
                "UPDATE directlink_aliases_proposed SET sealed_card = $4
                 WHERE merchant_id = $1 AND order_id = $2 AND sealed_card = $3",
                merchant,
                id,
                old.sealed,
                new,
            ),
        };
        Ok(query.execute(self.pool()).await?.rows_affected() == 1)
    }
}
