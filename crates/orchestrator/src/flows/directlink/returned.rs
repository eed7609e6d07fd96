//! A browser that comes back from the hosted page, and the shopper's next try with another card.

use super::{
    Ordered, Returned, View, Wanted,
    account::DirectLinkAccount,
    alias::Alias,
    facts::Operation,
    order::{DESCRIPTION, Waiting},
    standing::{Before, before},
};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use acquiring::StoredCredential;
use payments::{Payment, Refusal, RefusalCode};
use primitives::Card;
use serde_json::Value;
use std::sync::Arc;

/// The payment that a token was given out for, and what there is under its reference by now.
struct Come {
    account: Arc<DirectLinkAccount>,
    own: View,
    /// What counts, where that is another.
    later: Option<View>,
}

impl Come {
    /// The payment that tells how the order stands: the one that the token is of, until another took its place.
    fn current(self) -> (Arc<DirectLinkAccount>, View) {
        (self.account, self.later.unwrap_or(self.own))
    }
}

impl Gateway {
    /// Where the browser that brings this token stands, with the account whose shop it came from, be that disabled since;
    /// `None`: nobody gave out such a token.
    pub async fn directlink_returned(
        &self,
        token: &str,
    ) -> Result<Option<(Arc<DirectLinkAccount>, Returned)>, Fault> {
        let Some(come) = self.come_back(token).await? else {
            return Ok(None);
        };
        let (account, view) = come.current();
        let view = Box::new(view);
        let returned = match before(&view.order) {
            Before::AwaitsShopper => Returned::NotYet(view),
            Before::InFlight if view.page_url.is_some() => Returned::NotYet(view),
            Before::Over if is_refused(&view) => match self.tries_left(&account, &view).await? {
                0 => Returned::Over(view),
                left => Returned::MayRetry { view, left },
            },
            Before::Over | Before::InFlight | Before::Paid => Returned::Over(view),
        };
        Ok(Some((account, returned)))
    }

    /// Another try of a refused order, with a card that the shopper typed on our page. `None`: there is no such token, or no
    /// try is left. A second try while the first is on its way, or after it was paid, is answered with that one. Goes on to
    /// the end even if the caller goes away meanwhile.
    ///
    /// # Errors
    /// As [`Gateway::directlink_order`].
    pub async fn directlink_again(&self, token: &str, card: Card) -> Result<Option<Ordered>, Refusal> {
        let (gateway, token) = (self.clone(), token.to_owned());
        let flow = async move { gateway.again_to_rest(&token, card).await };
        Ok(self.spawn_flow(flow).await.map_err(Stopped::from)??)
    }

    async fn again_to_rest(&self, token: &str, card: Card) -> Result<Option<Ordered>, Stopped> {
        let Some(come) = self.come_back(token).await? else {
            return Ok(None);
        };
        let (account, view) = come.current();
        if before(&view.order) == Before::Over
            && (!is_refused(&view) || self.tries_left(&account, &view).await? == 0)
        {
            return Ok(None);
        }
        let wanted = Wanted {
            tries_max: Some(account.account.attempts_max),
            ..wanted_again(&view, card)?
        };
        match self.order_to_rest(&account, wanted, Waiting::GoesOn).await {
            Ok(ordered) => Ok(Some(ordered)),
            // Another tab had the last one meanwhile.
            Err(Stopped::Refused(refusal))
                if refusal.code == RefusalCode::AttemptsExceeded
                    && self.tries_left(&account, &view).await? == 0 =>
            {
                Ok(None)
            }
            Err(stopped) => Err(stopped),
        }
    }

    async fn come_back(&self, token: &str) -> Result<Option<Come>, Fault> {
        let Some(payment) = self.store().directlink_payment_by_return_token(token).await? else {
            return Ok(None);
        };
        let account = self
            .configuration()
            .directlink_account(&payment.pspid)
            .await?
            .ok_or(Fault::Missing("the payment's account"))?;
        let counting = self.directlink_that_counts(&account, &payment.reference).await?;
        let later = counting.filter(|counting| counting.payment.payid != payment.payid);
        let own = self.directlink_view(payment).await?;
        Ok(Some(Come { account, own, later }))
    }

    /// How many more times the shopper may try.
    async fn tries_left(&self, account: &DirectLinkAccount, view: &View) -> Result<u8, Fault> {
        let payment = &view.payment;
        let tries = self
            .store()
            .directlink_tries(&payment.pspid, &payment.reference)
            .await?;
        let tries = u8::try_from(tries).unwrap_or(u8::MAX);
        Ok(account.account.attempts_max.saturating_sub(tries))
    }
}

/// Whether it was the issuer, or want of an authentication, that nothing was paid for; the shopper who cancelled is done.
fn is_refused(view: &View) -> bool {
    view.order.payment.is_some() && view.telling.is_refusal()
}

/// The same order again, with another card.
fn wanted_again(view: &View, card: Card) -> Result<Wanted, Fault> {
    let order = &view.order;
    let Some(Payment { terms, .. }) = &order.payment else {
        return Err(Fault::Missing("the payment to be tried again"));
    };
    let mut facts = view.facts.clone();
    facts.holder = (!card.holder.is_empty()).then(|| card.holder.clone());
    facts.expiry = Some(format!(
        "{:02}{:02}",
        card.expiry.month(),
        card.expiry.year() % 100
    ));
    let alias = facts.alias.take().map(Alias::Keeps);
    Ok(Wanted {
        order_id: view.payment.reference.clone(),
        amount: order.amount,
        operation: Operation::parse(&view.payment.operation).ok_or(Fault::Missing("an operation"))?,
        card,
        shopper: terms.shopper.clone(),
        billing: terms.billing.clone(),
        shipping: terms.shipping.clone(),
        three_ds: terms.three_ds.clone(),
        browser: terms.browser.clone(),
        initiator: terms.initiator,
        market: terms.market,
        stored_credential: terms.stored_credential.clone().map(|stored| StoredCredential {
            // A card that the shopper types is none that was kept before, and is kept now where the order names a place.
            is_first: stored.is_first || alias.is_some(),
            network_transaction_id: stored.network_transaction_id.filter(|_| alias.is_none()),
            ..stored
        }),
        description: order
            .details
            .get(DESCRIPTION)
            .and_then(Value::as_str)
            .map(str::to_owned),
        language: terms.language.clone(),
        tries_max: None,
        alias,
        facts,
    })
}
