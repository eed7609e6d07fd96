//! Cards that shops name by a token instead of the number.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Id, id::kind};
use time::OffsetDateTime;

/// A card under its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardToken {
    pub id: Id<kind::CardToken>,
    pub shop: Id<kind::Shop>,
    /// Keyed hash of the token.
    pub token_hash: [u8; 32],
    pub sealed_card: Vec<u8>,
    pub last_four: String,
    pub created_at: OffsetDateTime,
}

/// A card as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCardToken {
    pub id: Id<kind::CardToken>,
    pub last_four: String,
    pub created_at: OffsetDateTime,
}

impl Store {
    /// Stores a card under its token.
    pub async fn card_token_insert(&self, token: &CardToken, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO threeds_card_tokens (shop_id, id, token_hash, sealed_card, last_four, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            token.shop.uuid(),
            token.id.uuid(),
            &token.token_hash,
            token.sealed_card,
            token.last_four,
            token.created_at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// The sealed card of a shop's token, and the id it was sealed for.
    pub async fn card_token_find(
        &self,
        shop: Id<kind::Shop>,
        token_hash: &[u8; 32],
    ) -> Result<Option<(Id<kind::CardToken>, Vec<u8>)>, StoreError> {
        let row = sqlx::query!(
            "SELECT id, sealed_card FROM threeds_card_tokens WHERE shop_id = $1 AND token_hash = $2",
            shop.uuid(),
            token_hash,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| (Id::from_uuid(row.id), row.sealed_card)))
    }

    /// A shop's cards by age: up to `limit` of those after `after`.
    pub async fn card_tokens_list(
        &self,
        shop: Id<kind::Shop>,
        after: Option<Id<kind::CardToken>>,
        limit: i64,
    ) -> Result<Vec<ListedCardToken>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, last_four, created_at FROM threeds_card_tokens
             WHERE shop_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            shop.uuid(),
            after.map_or(uuid::Uuid::nil(), Id::uuid),
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ListedCardToken {
                id: Id::from_uuid(row.id),
                last_four: row.last_four,
                created_at: row.created_at,
            })
            .collect())
    }

    /// Forgets a card. Answers whether there was one.
    pub async fn card_token_delete(
        &self,
        shop: Id<kind::Shop>,
        id: Id<kind::CardToken>,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "DELETE FROM threeds_card_tokens WHERE shop_id = $1 AND id = $2",
            shop.uuid(),
            id.uuid(),
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merchants::tests::{NOW, audit, id},
        threeds_server::shops::tests::shop,
    };
    use sqlx::PgPool;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_token_names_a_card_for_its_own_shop_only(pool: PgPool) {
        let store = Store::from_pool(pool);
        for number in [1, 2] {
            store
                .shop_insert(&shop(number), &audit("shop.create"))
                .await
                .unwrap();
        }
        let token = CardToken {
            id: id(9),
            shop: shop(1).id,
            token_hash: [7; 32],
            sealed_card: vec![1, 2, 3],
            last_four: "9478".into(),
            created_at: NOW,
        };
        store
            .card_token_insert(&token, &audit("card_token.create"))
            .await
            .unwrap();
        let find = async |shop| store.card_token_find(shop, &[7; 32]).await.unwrap();
        assert_eq!(find(shop(1).id).await, Some((id(9), vec![1, 2, 3])));
        assert_eq!(find(shop(2).id).await, None);
        let listed = store.card_tokens_list(shop(1).id, None, 10).await.unwrap();
        assert_eq!(listed[0].last_four, "9478");
        let delete = async || {
            store
                .card_token_delete(shop(1).id, id(9), &audit("card_token.delete"))
                .await
                .unwrap()
        };
        assert!(delete().await);
        assert!(!delete().await);
        assert_eq!(find(shop(1).id).await, None);
    }
}
