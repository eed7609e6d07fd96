//! The gateway behind the face.

use async_trait::async_trait;
use orchestrator::{
    Fault, Gateway,
    flows::directlink::{
        Maintained, Maintenance, NotMaintained, Ordered, Returned, View, Wanted, Which,
        account::{DirectLinkAccount, Standing},
        alias::KeptCard,
    },
};
use payments::{Refusal, bins::CardType};
use primitives::{Card, Secret};
use std::sync::Arc;
use time::OffsetDateTime;

/// What the face asks of the gateway.
#[async_trait]
pub trait DirectLink: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> OffsetDateTime;

    /// The active account of that name.
    async fn account(&self, pspid: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault>;

    /// Whether the user may call for the account. Counts wrong passwords; five in a row lock the user.
    async fn user(
        &self,
        account: &DirectLinkAccount,
        userid: &str,
        password: &Secret<String>,
    ) -> Result<Standing, Fault>;

    /// Whether a card whose number begins so is one of credit, debit or prepaid, where that is known.
    async fn card_type(&self, digits: &str) -> Result<Option<CardType>, Fault>;

    /// The card that an account keeps under a name.
    async fn kept_card(&self, account: &DirectLinkAccount, alias: &str) -> Result<Option<KeptCard>, Fault>;

    /// Tries to get a new order paid.
    async fn order(&self, account: &DirectLinkAccount, wanted: Wanted) -> Result<Ordered, Refusal>;

    /// Captures, voids or gives back.
    async fn maintain(
        &self,
        account: &DirectLinkAccount,
        which: Which,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained>;

    /// How a payment stands; `None`: there is none of this account.
    async fn find(&self, account: &DirectLinkAccount, which: Which) -> Result<Option<View>, Fault>;

    /// Where the browser that brings this token stands, with the account whose shop it came from; `None`: nobody gave out
    /// such a token.
    async fn returned(&self, token: &str) -> Result<Option<(Arc<DirectLinkAccount>, Returned)>, Fault>;

    /// Returns once the payment's browser may go on to the shop: at once, unless the account wants its server told before.
    async fn shop_told(&self, account: &DirectLinkAccount, view: &View) -> Result<(), Fault>;

    /// Another try of a refused order, with a card that the shopper typed on our page. `None`: there is no such token, or no
    /// try is left.
    async fn again(&self, token: &str, card: Card) -> Result<Option<Ordered>, Refusal>;
}

#[async_trait]
impl DirectLink for Gateway {
    fn now(&self) -> OffsetDateTime {
        self.clock().now()
    }

    async fn account(&self, pspid: &str) -> Result<Option<Arc<DirectLinkAccount>>, Fault> {
        self.directlink_account(pspid).await
    }

    async fn user(
        &self,
        account: &DirectLinkAccount,
        userid: &str,
        password: &Secret<String>,
    ) -> Result<Standing, Fault> {
        self.directlink_user(account, userid, password).await
    }

    async fn card_type(&self, digits: &str) -> Result<Option<CardType>, Fault> {
        let table = self.configuration().bins().table().await?;
        Ok(table.find(digits).and_then(|bin| bin.card_type))
    }

    async fn kept_card(&self, account: &DirectLinkAccount, alias: &str) -> Result<Option<KeptCard>, Fault> {
        self.directlink_kept_card(account, alias).await
    }

    async fn order(&self, account: &DirectLinkAccount, wanted: Wanted) -> Result<Ordered, Refusal> {
        self.directlink_order(account, wanted).await
    }

    async fn maintain(
        &self,
        account: &DirectLinkAccount,
        which: Which,
        asked: Maintenance,
    ) -> Result<Maintained, NotMaintained> {
        self.directlink_maintain(account, which, asked).await
    }

    async fn find(&self, account: &DirectLinkAccount, which: Which) -> Result<Option<View>, Fault> {
        self.directlink_find(account, which).await
    }

    async fn returned(&self, token: &str) -> Result<Option<(Arc<DirectLinkAccount>, Returned)>, Fault> {
        self.directlink_returned(token).await
    }

    async fn shop_told(&self, account: &DirectLinkAccount, view: &View) -> Result<(), Fault> {
        self.directlink_shop_told(account, view).await
    }

    async fn again(&self, token: &str, card: Card) -> Result<Option<Ordered>, Refusal> {
        self.directlink_again(token, card).await
    }
}
