//! A shop of DirectLink in the flows' test world.

use super::{
    Ordered, View, Wanted, Which,
    account::{DirectLinkAccount, Passphrase, Standing},
    facts::{Facts, Operation},
};
use crate::flows::testing::{World, purchase};
use emv3ds::code::RequestorChallengeInd;
use payments::three_ds::{ThreeDs, ThreeDsMode};
use primitives::{Amount, Card, Currency, Id, Secret};
use std::sync::Arc;
use store::{
    audit::{Actor, AuditEntry},
    directlink::{
        accounts::{Account, AccountUrls, PostSale},
        users::User,
    },
};

pub const REFERENCE: &str = "order-1";

pub fn audit(action: &'static str) -> AuditEntry {
    AuditEntry {
        at: time::macros::datetime!(2026-11-22 10:00 UTC),
        actor: Actor::CommandLine,
        action,
        merchant: None,
        subject: "shop".into(),
        before: None,
        after: None,
    }
}

pub fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl World {
    /// The world's merchant has an account of that name from now on.
    pub async fn account(&self, pspid: &str) -> Arc<DirectLinkAccount> {
        let vault = self.gateway.vault();
        let now = self.gateway.clock().now();
        let account = Account {
            pspid: pspid.to_owned(),
            merchant: self.caller.merchant.id,
            processor: Some("plain".into()),
            hash: "sha256".into(),
            sha_in_sealed: Some(Passphrase::In.seal(vault, pspid, &secret("in")).unwrap()),
            sha_out_sealed: None,
            operation: "RES".into(),
            allowed_addresses: Vec::new(),
            urls: AccountUrls::default(),
            feedback_on_redirect: false,
            post_sale: PostSale {
                accept_url: None,
                decline_url: None,
                change_url: None,
                method: "POST".into(),
                online: false,
            },
            attempts_max: 3,
            disabled: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let store = self.gateway.store();
        let audit = audit("directlink_account.create");
        store.directlink_account_insert(&account, &audit).await.unwrap();
        self.gateway.directlink_account(pspid).await.unwrap().unwrap()
    }

    /// Gives the account a user with that password, or gives an old one another.
    pub async fn user(&self, pspid: &str, password: &str, disabled: bool) {
        let vault = self.gateway.vault();
        let user = User {
            pspid: pspid.to_owned(),
            userid: "api".into(),
            password_hash: vault.directlink_password_hash(pspid, "api", &secret(password)),
            locked: false,
            disabled,
        };
        let now = self.gateway.clock().now();
        let audit = audit("directlink_user.put");
        self.gateway
            .store()
            .directlink_user_put(&user, now, &audit)
            .await
            .unwrap();
    }

    pub async fn let_in(&self, account: &DirectLinkAccount, userid: &str, password: &str) -> Standing {
        let password = secret(password);
        let standing = self.gateway.directlink_user(account, userid, &password);
        standing.await.unwrap()
    }

    /// Posts the order and insists that it was tried.
    pub async fn tried(&self, account: &DirectLinkAccount, wanted: Wanted) -> View {
        match self.gateway.directlink_order(account, wanted).await.unwrap() {
            Ordered::Tried(view) => *view,
            other => panic!("was not tried: {other:?}"),
        }
    }

    /// How the payment stands by now.
    pub async fn seen(&self, account: &DirectLinkAccount, payid: i64) -> View {
        let found = self.gateway.directlink_find(account, Which::Number(payid));
        found.await.unwrap().unwrap()
    }
}

pub fn card() -> Card {
    purchase(Id::from_uuid(uuid::Uuid::nil())).card
}

/// 100.00, authenticated without a wish for a challenge.
pub fn wanted(operation: Operation) -> Wanted {
    let purchase = purchase(Id::from_uuid(uuid::Uuid::nil()));
    Wanted {
        order_id: REFERENCE.into(),
        amount: Amount::new(10_000, Currency::MXN).unwrap(),
        operation,
        card: purchase.card,
        shopper: purchase.shopper,
        billing: None,
        shipping: None,
        three_ds: ThreeDs {
            mode: Some(ThreeDsMode::Force),
            challenge_indicator: vec![RequestorChallengeInd::NoPreference],
            ..ThreeDs::default()
        },
        browser: purchase.browser,
        initiator: purchase.initiator,
        market: purchase.market,
        stored_credential: None,
        description: Some("Two shirts".into()),
        language: Some("pt_BR".into()),
        tries_max: None,
        alias: None,
        facts: Facts {
            com_plus: Some("basket 7".into()),
            ..Facts::default()
        },
    }
}

/// The same, for which nobody is authenticated.
pub fn unauthenticated(operation: Operation) -> Wanted {
    Wanted {
        three_ds: ThreeDsMode::Off.into(),
        ..wanted(operation)
    }
}

/// `STATUS` and `NCERROR`.
pub fn told(view: &View) -> (u8, u32) {
    (view.telling.status, view.telling.error.0)
}
