//! A new order: given its number and tried, unless another of its reference is paid or may be.
//!
//! The order, its number, and its payment are recorded one after the other. A process that dies in between leaves an order
//! without a payment, which nobody was told of, which has no claim to its reference, and which the same call made again passes
//! over. Of calls with one reference at once the database lets one payment claim it.

use super::{
    Ordered, View, Wanted,
    account::DirectLinkAccount,
    alias::Alias,
    facts::Operation,
    standing::{Before, before},
};
use crate::{
    administration::Environment,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use payments::{Callbacks, NewOrder, Numbering, Purchase, PurchaseApi, PurchaseTarget, Refusal, RefusalCode};
use primitives::{HttpUrl, Id, UrlPolicy, id::kind};
use serde_json::{Map, Value, json};
use store::directlink::payments::NewDirectLinkPayment;

/// How often a shopper who does not come back is given up in favour of the next order before the caller is told to wait.
const GIVEN_UP_MAX: usize = 4;

/// What is done about a payment that awaits its shopper when its order comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// It is given up: the shopper pressed Back, and the shop sends the order anew.
    GivenUp,
    /// It goes on: the order is one of ours, sent twice.
    GoesOn,
}

impl Gateway {
    /// Tries to get a new order paid. Goes on to the end even if the caller goes away meanwhile.
    ///
    /// # Errors
    /// What the rules refuse before anything is tried ([`payments::directlink::NcError::of_refusal`] numbers it), or a fault.
    pub async fn directlink_order(
        &self,
        account: &DirectLinkAccount,
        wanted: Wanted,
    ) -> Result<Ordered, Refusal> {
        let (gateway, account) = (self.clone(), account.clone());
        let flow = async move { gateway.order_to_rest(&account, wanted, Waiting::GivenUp).await };
        Ok(self.spawn_flow(flow).await.map_err(Stopped::from)??)
    }

    pub(super) async fn order_to_rest(
        &self,
        account: &DirectLinkAccount,
        wanted: Wanted,
        waiting: Waiting,
    ) -> Result<Ordered, Stopped> {
        for _ in 0..GIVEN_UP_MAX {
            let Some(earlier) = self.directlink_that_counts(account, &wanted.order_id).await? else {
                return self.order_anew(account, wanted).await;
            };
            match (before(&earlier.order), waiting) {
                (Before::Over, _) => return self.order_anew(account, wanted).await,
                (Before::Paid, _) => return Ok(Ordered::Paid(Box::new(earlier))),
                (Before::InFlight, _) => return Ok(Ordered::InFlight),
                (Before::AwaitsShopper, Waiting::GoesOn) => return Ok(Ordered::Tried(Box::new(earlier))),
                (Before::AwaitsShopper, Waiting::GivenUp) => {
                    Box::pin(self.cardholder_gives_up(earlier.order)).await?;
                }
            }
        }
        Ok(Ordered::InFlight)
    }

    /// The payment that counts under a reference, as it stands.
    pub(super) async fn directlink_that_counts(
        &self,
        account: &DirectLinkAccount,
        reference: &str,
    ) -> Result<Option<View>, Fault> {
        let found = self
            .store()
            .directlink_payment_that_counts(&account.account.pspid, reference)
            .await?;
        match found {
            Some(payment) => Ok(Some(self.directlink_view(payment).await?)),
            None => Ok(None),
        }
    }

    async fn order_anew(&self, account: &DirectLinkAccount, wanted: Wanted) -> Result<Ordered, Stopped> {
        let reference = wanted.order_id.clone();
        match self.order_and_pay(account, wanted).await {
            Ok(view) => Ok(Ordered::Tried(Box::new(view))),
            Err(Stopped::Refused(refusal)) if refusal.code == RefusalCode::TransactionInProcess => {
                Ok(Ordered::InFlight)
            }
            Err(Stopped::Refused(refusal)) if is_paid_by_another(&refusal) => {
                match self.directlink_that_counts(account, &reference).await? {
                    Some(paid) if before(&paid.order) == Before::Paid => Ok(Ordered::Paid(Box::new(paid))),
                    // What was paid was let go of since: nothing stands in the way of the next one.
                    Some(_) | None => Ok(Ordered::InFlight),
                }
            }
            Err(stopped) => Err(stopped),
        }
    }

    async fn order_and_pay(&self, account: &DirectLinkAccount, mut wanted: Wanted) -> Result<View, Stopped> {
        let caller = &account.caller;
        let alias = wanted.alias.take().map(Alias::into_name);
        wanted.facts.alias = alias.as_ref().map(|(name, _)| name.clone());
        let new = new_order(&account.account.pspid, &wanted);
        let created = Box::pin(self.create_order(caller, new, None)).await?;
        let order = created.document.token();
        let return_token = crate::clock::page_token();
        // Whose tries are counted sits before our card form.
        let with_shopper = wanted.tries_max.is_some();
        let new = NewDirectLinkPayment {
            pspid: &account.account.pspid,
            reference: &wanted.order_id,
            merchant: caller.merchant.id,
            order,
            operation: wanted.operation.as_str(),
            facts: serde_json::to_value(&wanted.facts)?,
            return_token: &return_token,
            with_shopper,
            created_at: self.clock().now(),
        };
        let payid = self.store().directlink_payment_insert(&new).await?;
        if let Some((name, true)) = &alias {
            self.propose_card(account, order, name, &wanted.card).await?;
        }
        let purchase = purchase(
            account,
            wanted,
            order,
            self.directlink_return_page(&return_token)?,
        );
        Box::pin(self.purchase(caller, purchase, None)).await?;
        let payment = self
            .store()
            .directlink_payment_load(&account.account.pspid, payid)
            .await?
            .ok_or(Fault::Missing("the payment that was just numbered"))?;
        let view = self.directlink_view(payment).await?;
        if view.page_url.is_some() && !with_shopper {
            self.store().directlink_payment_comes_with_shopper(payid).await?;
        }
        Ok(view)
    }

    /// Where the hosted page brings the browser back to.
    pub(crate) fn directlink_return_page(&self, token: &str) -> Result<HttpUrl, Fault> {
        let environment = match self.environment() {
            Environment::Sandbox => "test",
            Environment::Production => "prod",
        };
        let public = &self.addresses().public_url;
        let url = format!("{public}/ncol/{environment}/order_A3DS.asp?token={token}");
        // Which addresses of ours may be without TLS was decided when the configuration was read.
        HttpUrl::parse(&url, UrlPolicy::LoopbackHttpToo)
            .map_err(|_| Fault::Missing("a public address that browsers can come back to"))
    }
}

fn is_paid_by_another(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        RefusalCode::OrderAlreadyProcessed | RefusalCode::CannotCreateOrder
    )
}

fn new_order(pspid: &str, wanted: &Wanted) -> NewOrder {
    let mut details = Map::new();
    details.insert("total_amount".into(), json!(wanted.amount.minor()));
    if let Some(description) = &wanted.description {
        details.insert(DESCRIPTION.into(), Value::from(description.as_str()));
    }
    NewOrder {
        reference: Some(wanted.order_id.clone()),
        numbering: Numbering::DirectLink(pspid.to_owned()),
        order_type: "DEUNA_NOW".to_owned(),
        amount: wanted.amount,
        store_code: "all".to_owned(),
        details,
        notify_url: None,
        callbacks: Callbacks::default(),
        payer_email: wanted.shopper.email.clone(),
    }
}

/// Where an order keeps `COM`.
pub(super) const DESCRIPTION: &str = "description";

fn purchase(
    account: &DirectLinkAccount,
    wanted: Wanted,
    order: Id<kind::Order>,
    return_page: HttpUrl,
) -> Purchase {
    Purchase {
        api: PurchaseApi::DirectLink,
        target: PurchaseTarget::Existing(order),
        method_type: "credit_card".to_owned(),
        store_code: None,
        processor_name: account.account.processor.clone(),
        card: wanted.card,
        shopper: wanted.shopper,
        billing: wanted.billing,
        shipping: wanted.shipping,
        installments: 1,
        capture: Some(wanted.operation == Operation::Sale),
        callbacks: Callbacks {
            any: Some(return_page),
            ..Callbacks::default()
        },
        notify_url: None,
        browser: wanted.browser,
        initiator: wanted.initiator,
        market: wanted.market,
        stored_credential: wanted.stored_credential,
        external_authentication: None,
        three_ds: wanted.three_ds,
        device_id: None,
        session_id: None,
        metadata: None,
        tries_max: wanted.tries_max,
        language: wanted.language,
    }
}
