//! The gateway behind the face.

use super::Orders;
use async_trait::async_trait;
use orchestrator::{
    Answer, Caller, Fault, Gateway, IdempotencyKey, SettlementAsked, Wait,
    event_log::{EventsAsked, EventsFound},
};
use payments::{NewOrder, OrderDocument, Purchase, Refusal, RefusalCode, bins::Bin};
use primitives::{Id, id::kind};
use store::events::EventRecord;
use time::Date;

#[async_trait]
impl Orders for Gateway {
    fn today(&self) -> Date {
        self.clock().now().date()
    }

    async fn caller(&self, api_key: &str) -> Result<Option<Caller>, Refusal> {
        let internal = |fault: Fault| Refusal::new(RefusalCode::Internal, fault.logged());
        self.configuration().caller(api_key).await.map_err(internal)
    }

    async fn card_bin(&self, digits: &str) -> Result<Option<Bin>, Refusal> {
        let internal = |fault: Fault| Refusal::new(RefusalCode::Internal, fault.logged());
        let table = self.configuration().bins().table().await.map_err(internal)?;
        Ok(table.find(digits).cloned())
    }

    async fn create_order(
        &self,
        caller: &Caller,
        order: NewOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Gateway::create_order(self, caller, order, key).await
    }

    async fn get_order(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        wait: Wait,
    ) -> Result<OrderDocument, Refusal> {
        Gateway::get_order(self, caller, order, wait).await
    }

    async fn purchase(
        &self,
        caller: &Caller,
        purchase: Purchase,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Gateway::purchase(self, caller, purchase, key).await
    }

    async fn settle(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        asked: SettlementAsked,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Gateway::settle(self, caller, order, asked, key).await
    }

    async fn cancel(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        reason: Option<String>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Gateway::cancel(self, caller, order, reason, key).await
    }

    async fn expire(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Gateway::expire(self, caller, order, key).await
    }

    async fn events(&self, caller: &Caller, asked: EventsAsked) -> Result<EventsFound, Refusal> {
        Gateway::events(self, caller, &asked).await
    }

    async fn event(&self, caller: &Caller, event: Id<kind::Event>) -> Result<Option<EventRecord>, Refusal> {
        Gateway::event(self, caller, event).await
    }
}
