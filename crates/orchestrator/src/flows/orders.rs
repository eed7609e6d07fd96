//! Orders: create, read (and wait for a change), cancel, expire.

use super::idempotency::{Answer, Earlier, IdempotencyKey, kept};
use crate::{
    configuration::Caller,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use payments::{
    NewOrder, News, Order, OrderDocument, Purchase, PurchaseApi, PurchaseTarget, Refusal, RefusalCode,
};
use primitives::{Id, id::kind};
use std::time::Duration;
use store::{StoreError, orders::ReferenceClaim, recording::Recording};

/// The longest a reader may wait.
pub const WAIT_MAX_SECONDS: u8 = 60;

/// Why an order with a reference that another has is refused.
const PAID: &str = "another order with this order_id is paid already";
const BEING_PAID: &str = "another order with this order_id is being paid; try again if that is denied";

/// How long to wait for a change, and from which state.
#[derive(Debug, Clone, Default)]
pub struct Wait {
    /// At most [`WAIT_MAX_SECONDS`]; 0 answers at once.
    pub seconds: u8,
    /// The `hash_state` the reader has; absent, the state found on arrival.
    pub since: Option<String>,
}

impl Gateway {
    /// Creates an order.
    pub async fn create_order(
        &self,
        caller: &Caller,
        new: NewOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        Ok(self.create_order_or_stop(caller, new, key).await?)
    }

    async fn create_order_or_stop(
        &self,
        caller: &Caller,
        new: NewOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Stopped> {
        if let Some(earlier) = self.earlier_answer(caller, key.as_ref()).await? {
            return Ok(earlier);
        }
        if let Err(stopped) = self.refuse_paid_reference(caller, &new).await {
            return self.unless_twin(caller, key.as_ref(), stopped).await;
        }
        let now = self.clock().now();
        let order = Order::open(self.clock().fresh_id(), caller.merchant.id, new, now);
        let document = OrderDocument::of(&order, self.addresses(), Vec::new());
        let answer = kept(&document, None)?;
        let claim = key
            .as_ref()
            .map(|key| key.claim(self.vault(), None, Some(answer)));
        let recording = Recording {
            order: &order,
            order_is_new: true,
            new_payment: None,
            tries: None,
            routing: None,
            attempts: &[],
            settlements: &[],
            holds: &[],
            authentications: Vec::new(),
            look_again_at: None,
            forget_security_code: false,
            event: None,
            feedback: Vec::new(),
            card_to_keep: None,
            claim,
            answer: None,
            answered: None,
            now,
        };
        match self.store().record(recording).await {
            Ok(()) => Ok(Answer {
                document,
                settled: None,
                replayed: false,
            }),
            Err(error) => self.unless_twin(caller, key.as_ref(), error.into()).await,
        }
    }

    /// A reference may be used again unless an order with it, of the same numbering, is paid (`EMA-6004`), and until one is.
    async fn refuse_paid_reference(&self, caller: &Caller, new: &NewOrder) -> Result<(), Stopped> {
        let Some(reference) = &new.reference else {
            return Ok(());
        };
        let claim = self
            .store()
            .reference_claim(caller.merchant.id, &new.numbering, reference, None)
            .await?;
        match claim {
            Some(ReferenceClaim::Paid) => {
                Err(Refusal::of_field(RefusalCode::CannotCreateOrder, "order.order_id", PAID).into())
            }
            Some(ReferenceClaim::BeingPaid) | None => Ok(()),
        }
    }

    /// Orders that share a reference of one numbering are one purchase of the shop's: only one of them is paid, one at a time.
    /// The database has the last word on it; this says why.
    pub(crate) async fn refuse_twin(
        &self,
        caller: &Caller,
        purchase: &Purchase,
        order: &Order,
    ) -> Result<(), Stopped> {
        let (field, when_paid) = match (&purchase.target, purchase.api) {
            // Its reference is one that we make, so nobody else has it.
            (PurchaseTarget::New(new), _) if new.reference.is_none() => return Ok(()),
            (PurchaseTarget::New(_), _) => ("order.order_id", RefusalCode::CannotCreateOrder),
            (PurchaseTarget::Existing(_), PurchaseApi::V1) => ("token", RefusalCode::OrderAlreadyProcessed),
            (PurchaseTarget::Existing(_), PurchaseApi::V2 | PurchaseApi::DirectLink) => {
                ("order_token", RefusalCode::OrderAlreadyProcessed)
            }
        };
        let claim = self
            .store()
            .reference_claim(
                caller.merchant.id,
                &order.numbering,
                &order.reference,
                Some(order.id),
            )
            .await?;
        let (code, text) = match claim {
            None => return Ok(()),
            Some(ReferenceClaim::Paid) => (when_paid, PAID),
            Some(ReferenceClaim::BeingPaid) => (RefusalCode::TransactionInProcess, BEING_PAID),
        };
        Err(Refusal::of_field(code, field, text).into())
    }

    /// Reads an order; waits for its state to change where the reader asks for it.
    pub async fn get_order(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        wait: Wait,
    ) -> Result<OrderDocument, Refusal> {
        Ok(self.get_order_or_stop(caller, order, wait).await?)
    }

    async fn get_order_or_stop(
        &self,
        caller: &Caller,
        id: Id<kind::Order>,
        wait: Wait,
    ) -> Result<OrderDocument, Stopped> {
        if wait.seconds == 0 {
            return self.document(caller.merchant.id, id).await;
        }
        let seconds = u64::from(wait.seconds.min(WAIT_MAX_SECONDS));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds);
        let watcher = self.watch().wait_for(id);
        let mut known = wait.since;
        loop {
            // The place is taken before the look, so a change between look and sleep wakes us.
            let changed = watcher.changed();
            let document = self.document(caller.merchant.id, id).await?;
            match &known {
                Some(hash) if hash != document.hash_state() => return Ok(document),
                Some(_) => {}
                None => known = Some(document.hash_state().to_owned()),
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                return self.document(caller.merchant.id, id).await;
            }
        }
    }

    /// The document with its delivery log.
    async fn document(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Order>,
    ) -> Result<OrderDocument, Stopped> {
        let order = self.order(merchant, id).await?;
        let hooks = self.store().hooks_of_order(merchant, id).await?;
        Ok(OrderDocument::of(&order, self.addresses(), hooks))
    }

    pub(crate) async fn order(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Order>,
    ) -> Result<Order, Stopped> {
        let found = self.store().order_load(merchant, id).await?;
        found.ok_or_else(|| Refusal::new(RefusalCode::OrderNotFound, "order not found").into())
    }

    /// Cancels an order: one that is paid by giving all of the money back that is left. Goes on to the end even if the caller
    /// goes away meanwhile.
    pub async fn cancel(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        reason: Option<String>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        if let Some(reason) = &reason {
            tracing::info!(%order, characters = reason.len(), "order cancelled with a reason");
        }
        self.end(caller, order, News::Cancel, key).await
    }

    /// Expires an order that nobody tried to pay.
    pub async fn expire(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        self.end(caller, order, News::Expire, key).await
    }

    async fn end(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        news: News,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let flow = async move { gateway.end_to_answer(&caller, order, news, key).await };
        Ok(self.spawn_flow(flow).await.map_err(Stopped::from)??)
    }

    async fn end_to_answer(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        news: News,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Stopped> {
        if let Some(earlier) = self.earlier_answer(caller, key.as_ref()).await? {
            return Ok(earlier);
        }
        match self
            .begin_asked(caller, order, key.as_ref(), |_| Ok(news.clone()))
            .await
        {
            Ok(advanced) => self.answered(advanced).await,
            Err(stopped) => self.unless_twin(caller, key.as_ref(), stopped).await,
        }
    }

    /// The answer that the same call got before, if it carries a key that was used.
    pub(crate) async fn earlier_answer(
        &self,
        caller: &Caller,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Answer>, Stopped> {
        let Some(key) = key else { return Ok(None) };
        let found = self
            .store()
            .idempotency_key_find(caller.merchant.id, key.method, &key.path, &key.key)
            .await?;
        match found.map(|known| key.compare(self.vault(), &known)).transpose()? {
            None => Ok(None),
            Some(Earlier::Answered(answer)) => Ok(Some(*answer)),
            Some(Earlier::Refused(refusal)) => Err(refusal.into()),
        }
    }

    /// A call stopped: perhaps because a concurrent twin with the same key was faster, claimed the key, and left an order
    /// that refuses this call. Then the twin's answer is this call's, too.
    pub(crate) async fn unless_twin(
        &self,
        caller: &Caller,
        key: Option<&IdempotencyKey>,
        stopped: Stopped,
    ) -> Result<Answer, Stopped> {
        match &stopped {
            Stopped::Refused(_) | Stopped::Fault(Fault::Store(StoreError::Taken(_))) => {
                self.earlier_answer(caller, key).await?.ok_or(stopped)
            }
            Stopped::Fault(_) => Err(stopped),
        }
    }
}
