//! Query a transaction.

use super::{Refused, View};
use crate::gateway::Gateway;
use primitives::{Id, id::kind};
use store::threeds_server::shops::Shop;

impl Gateway {
    /// How a shop's transaction stands.
    pub async fn threeds_query(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<View, Refused> {
        let stored = self.threeds_stored(shop, id).await?;
        Ok(stored.view(self.clock().now()))
    }
}
