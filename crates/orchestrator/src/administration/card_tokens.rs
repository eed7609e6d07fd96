//! Cards that shops of the 3DS Server API name by a token.

use super::{Administration, AdministrationError, PAGE_MAX, random};
use emv3ds::AccountNumber;
use payments::fields::{Fields, Problems};
use primitives::{Id, Secret, id::kind};
use serde_json::Value;
use store::{
    audit::Actor,
    threeds_server::card_tokens::{CardToken, ListedCardToken},
};

/// A card that was put under a token, which is shown this once.
#[derive(Debug)]
pub struct CreatedCardToken {
    pub listed: ListedCardToken,
    pub token: Secret<String>,
}

impl Administration {
    /// Puts a card of a shop's under a new token.
    pub async fn card_token_create(
        &self,
        actor: Actor,
        shop: Id<kind::Shop>,
        document: &Value,
    ) -> Result<CreatedCardToken, AdministrationError> {
        let mut problems = Problems::default();
        let read = Fields::open(document, "", &["number"], &mut problems)
            .and_then(|fields| fields.need("number", read_number, &mut problems));
        let number = problems.or(read)?;
        self.shop_get(shop).await?;
        let token = random::card_token()?;
        let id = (*self.clock).fresh_id();
        let last_four = number.reveal().chars().rev().take(4).collect::<Vec<_>>();
        let stored = CardToken {
            id,
            shop,
            token_hash: self.vault.card_token_hash(token.reveal()),
            sealed_card: self.vault.seal_card_number(id, number.reveal())?,
            last_four: last_four.into_iter().rev().collect(),
            created_at: self.clock.now(),
        };
        let audit = self.audit(actor, "card_token.create", id);
        self.store.card_token_insert(&stored, &audit).await?;
        Ok(CreatedCardToken {
            listed: ListedCardToken {
                id,
                last_four: stored.last_four,
                created_at: stored.created_at,
            },
            token,
        })
    }

    /// A shop's cards by age: up to `limit` of those after `after`.
    pub async fn card_tokens_list(
        &self,
        shop: Id<kind::Shop>,
        after: Option<Id<kind::CardToken>>,
        limit: u16,
    ) -> Result<Vec<ListedCardToken>, AdministrationError> {
        self.shop_get(shop).await?;
        Ok(self
            .store
            .card_tokens_list(shop, after, limit.min(PAGE_MAX).into())
            .await?)
    }

    /// Forgets a card; its token names nothing any more.
    pub async fn card_token_delete(
        &self,
        actor: Actor,
        shop: Id<kind::Shop>,
        id: Id<kind::CardToken>,
    ) -> Result<(), AdministrationError> {
        let audit = self.audit(actor, "card_token.delete", id);
        if self.store.card_token_delete(shop, id, &audit).await? {
            Ok(())
        } else {
            Err(AdministrationError::NotFound("card"))
        }
    }
}

/// No check digit is asked for, as nowhere in this API.
fn read_number(value: &Value) -> Result<AccountNumber, String> {
    value
        .as_str()
        .and_then(AccountNumber::parse)
        .ok_or_else(|| "must be 13 to 19 digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World};
    use super::*;
    use serde_json::json;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_card_is_kept_sealed_under_a_token_of_88_characters(pool: PgPool) {
        let world = World::new(pool.clone());
        let administration = &world.administration;
        let shop = administration
            .shop_create(ACTOR, &json!({"name": "Loja"}))
            .await
            .unwrap()
            .shop
            .id;
        let refused = administration
            .card_token_create(ACTOR, shop, &json!({"number": "4551"}))
            .await;
        assert!(matches!(refused, Err(AdministrationError::Invalid(_))));
        let created = administration
            .card_token_create(ACTOR, shop, &json!({"number": "4551820000009478"}))
            .await
            .unwrap();
        assert_eq!(created.token.reveal().len(), 88);
        assert_eq!(created.listed.last_four, "9478");
        let listed = administration.card_tokens_list(shop, None, 10).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&created.listed));
        let whole: String = sqlx::query_scalar("SELECT threeds_card_tokens::text FROM threeds_card_tokens")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(!whole.contains("455182") && !whole.contains(created.token.reveal().as_str()));

        administration
            .card_token_delete(ACTOR, shop, created.listed.id)
            .await
            .unwrap();
        let again = administration
            .card_token_delete(ACTOR, shop, created.listed.id)
            .await;
        assert!(matches!(again, Err(AdministrationError::NotFound(_))));
        let stranger = Id::from_uuid(uuid::Uuid::from_u128(9));
        let unknown = administration.card_tokens_list(stranger, None, 10).await;
        assert!(matches!(unknown, Err(AdministrationError::NotFound("shop"))));
    }
}
