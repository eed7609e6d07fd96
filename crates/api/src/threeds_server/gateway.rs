//! The gateway behind the face.

use super::ThreeDsServer;
use async_trait::async_trait;
use orchestrator::{
    Fault, Gateway,
    flows::threeds_server::{Asked, Created, NewTransaction, Open, Refused, Status, View, Wanted},
};
use primitives::{Id, id::kind};
use std::sync::Arc;
use store::threeds_server::shops::Shop;
use time::OffsetDateTime;

#[async_trait]
impl ThreeDsServer for Gateway {
    fn now(&self) -> OffsetDateTime {
        self.clock().now()
    }

    async fn shop(&self, merchant_id: &str, merchant_key: &str) -> Result<Option<Arc<Shop>>, Fault> {
        self.configuration().shop(merchant_id, merchant_key).await
    }

    fn is_card_vault_pair(&self, shop: &Shop, merchant_id: &str, merchant_key: &str) -> bool {
        shop.card_vault.as_ref().is_some_and(|pair| {
            pair.merchant_id == merchant_id && pair.key_hash == self.vault().api_key_hash(merchant_key)
        })
    }

    async fn create(&self, shop: &Shop, new: NewTransaction) -> Result<Created, Refused> {
        self.threeds_create(shop, new).await
    }

    async fn open(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<Open, Refused> {
        self.threeds_open(shop, id).await
    }

    async fn invalid(&self, open: &Open) -> Result<Status, Refused> {
        self.threeds_invalid(open).await
    }

    async fn authenticate(&self, shop: &Shop, open: Open, wanted: Wanted) -> Result<Asked, Refused> {
        self.threeds_authenticate(shop, open, wanted).await
    }

    async fn query(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<View, Refused> {
        self.threeds_query(shop, id).await
    }
}
