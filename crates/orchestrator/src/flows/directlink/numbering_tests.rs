//! Accounts of one merchant that number alike, and the merchant's own orders beside them: each has its payment, and its own.

use super::{
    Maintenance, NotMaintained, Ordered, View, Which,
    account::DirectLinkAccount,
    facts::Operation,
    testing::{REFERENCE, told, unauthenticated, wanted},
};
use crate::flows::{
    settle::{AmountAsked, SettlementAsked},
    testing::{World, new_order, purchase},
};
use payments::{PurchaseTarget, Refusal, RefusalCode};
use primitives::{Id, id::kind};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::task::JoinSet;

impl World {
    /// Creates and pays an order of the merchant's own, by the orders API, in one call.
    async fn buys(&self) -> Result<Id<kind::Order>, Refusal> {
        let mut purchase = purchase(Id::from_uuid(uuid::Uuid::nil()));
        purchase.target = PurchaseTarget::New(Box::new(new_order(Some(REFERENCE))));
        let answer = self.gateway.purchase(&self.caller, purchase, None).await?;
        Ok(answer.document.token())
    }

    /// Posts the order to an account where it must have been paid before.
    async fn paid_before(&self, account: &DirectLinkAccount) -> View {
        let again = self
            .gateway
            .directlink_order(account, wanted(Operation::Sale))
            .await;
        match again.unwrap() {
            Ordered::Paid(view) => *view,
            other => panic!("was not paid: {other:?}"),
        }
    }

    async fn found(&self, account: &DirectLinkAccount) -> Option<View> {
        let which = Which::Reference(REFERENCE.into());
        self.gateway.directlink_find(account, which).await.unwrap()
    }

    /// Numberings in which somebody has the reference, by name.
    async fn claimed_in(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT numbering FROM payments WHERE reference = $1 ORDER BY numbering")
            .bind(REFERENCE)
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    async fn gives_back(&self, order: Id<kind::Order>) {
        let amount = Some(AmountAsked {
            minor: 10_000,
            currency: None,
        });
        let refund = SettlementAsked::Refund { amount, reason: None };
        let settled = self.gateway.settle(&self.caller, order, refund, None).await;
        settled.unwrap();
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_twenty_posts_at_each_of_two_accounts_and_twenty_purchases_three_are_charged(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    let (mut posts, mut purchases) = (JoinSet::new(), JoinSet::new());
    for number in 0..60 {
        let world = Arc::clone(&world);
        let account = match number % 3 {
            0 => Arc::clone(&shop),
            1 => Arc::clone(&other),
            _ => {
                purchases.spawn(async move { world.buys().await });
                continue;
            }
        };
        posts.spawn(async move {
            let order = unauthenticated(Operation::Sale);
            let ordered = world.gateway.directlink_order(&account, order).await.unwrap();
            (account, ordered)
        });
    }
    let (mut tried, mut paid) = (Vec::new(), Vec::new());
    for (account, ordered) in posts.join_all().await {
        match ordered {
            Ordered::Tried(view) => tried.push((account, *view)),
            Ordered::Paid(view) => paid.push((account, *view)),
            Ordered::InFlight => {}
        }
    }
    let bought: Vec<_> = purchases.join_all().await;

    assert_eq!(world.script().charges.len(), 3);
    assert_eq!(world.claimed_in().await, ["", "other", "shop"]);
    assert_eq!(tried.len(), 2, "one at each account");
    for (account, view) in &tried {
        assert_eq!(told(view), (9, 0));
        assert_eq!(view.payment.pspid, account.account.pspid);
        let again = world.paid_before(account).await;
        assert_eq!(again.payment.payid, view.payment.payid);
        assert_eq!(again.telling.acceptance, view.telling.acceptance);
        assert_eq!(
            world.found(account).await.unwrap().payment.payid,
            view.payment.payid
        );
    }
    assert_ne!(tried[0].1.payment.payid, tried[1].1.payment.payid);
    for (account, view) in &paid {
        assert_eq!(view.payment.pspid, account.account.pspid);
    }
    assert_eq!(bought.iter().filter(|result| result.is_ok()).count(), 1);
    for refusal in bought.into_iter().filter_map(Result::err) {
        assert!(
            matches!(
                refusal.code,
                RefusalCode::TransactionInProcess | RefusalCode::CannotCreateOrder
            ),
            "{refusal}"
        );
    }
    assert_eq!(world.script().charges.len(), 3);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_sees_and_changes_its_own_payment_only(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    let own = world.buys().await.unwrap();
    let paid = world.tried(&shop, wanted(Operation::Authorise)).await;
    let reference = || Which::Reference(REFERENCE.into());
    for which in [Which::Number(paid.payment.payid), reference()] {
        let found = world.gateway.directlink_find(&other, which).await.unwrap();
        assert!(found.is_none(), "{found:?}");
    }
    let none = world
        .gateway
        .directlink_maintain(&other, reference(), Maintenance::Void)
        .await;
    assert!(matches!(none, Err(NotMaintained::Unknown)), "{none:?}");

    let its = world.tried(&other, wanted(Operation::Authorise)).await;
    let voided = world
        .gateway
        .directlink_maintain(&other, reference(), Maintenance::Void)
        .await;
    assert_eq!(voided.unwrap().telling.status, 6);

    assert_eq!(told(&world.seen(&other, its.payment.payid).await), (6, 0));
    assert_eq!(told(&world.seen(&shop, paid.payment.payid).await), (5, 0));
    assert_eq!(world.words(own).await.1, "processed");
    assert_eq!(world.claimed_in().await, ["", "shop"]);
    // What the other let go of may be paid there anew, and there alone.
    let anew = world.tried(&other, wanted(Operation::Sale)).await;
    assert_eq!(told(&anew), (9, 0));
    assert_eq!(world.paid_before(&shop).await.payment.payid, paid.payment.payid);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unknown_outcome_at_one_account_holds_nobody_else_up(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    world.script().charge = "?";
    let unknown = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&unknown).0, 92);
    world.script().charge = "approved";

    let again = world
        .gateway
        .directlink_order(&shop, wanted(Operation::Sale))
        .await;
    assert!(matches!(again, Ok(Ordered::InFlight)), "{again:?}");
    let paid = world.tried(&other, wanted(Operation::Sale)).await;
    assert_eq!(told(&paid), (9, 0));
    world.buys().await.unwrap();
}

/// The shopper of one account stands before a challenge while another's comes with an order of the same number.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_gives_up_the_shopper_of_its_own_account_only(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    world.script().ares = "C";
    let waiting = world.tried(&shop, wanted(Operation::Sale)).await;
    let results = world.rreq();
    let elsewhere = world.tried(&other, wanted(Operation::Sale)).await;
    assert_eq!((told(&waiting), told(&elsewhere)), ((46, 0), (46, 0)));

    world.post_results(&results).await;

    world.comes_to(waiting.order.id, "processed").await;
    assert_eq!(told(&world.seen(&shop, waiting.payment.payid).await), (9, 0));
    assert_eq!(told(&world.seen(&other, elsewhere.payment.payid).await), (46, 0));
    assert_eq!(world.script().charges.len(), 1);
}

/// The merchant's backend sees its shop's orders by the orders API as well, and may try again what was refused.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_keeps_its_account_s_numbering_whoever_pays_it(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    world.script().charge = "declined";
    let refused = world.tried(&shop, wanted(Operation::Sale)).await;
    world.script().charge = "approved";

    world.purchase(refused.order.id, None).await.unwrap();

    assert_eq!(world.claimed_in().await, ["shop"]);
    let again = world.paid_before(&shop).await;
    assert_eq!(again.payment.payid, refused.payment.payid);
    world.tried(&other, wanted(Operation::Sale)).await;
    world.buys().await.unwrap();
    assert_eq!(world.claimed_in().await, ["", "other", "shop"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_that_the_processor_takes_back_claims_within_its_own_numbering(pool: PgPool) {
    let world = World::new(pool).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    let sold = world.tried(&shop, wanted(Operation::Sale)).await;
    world.gives_back(sold.order.id).await;
    let reference = world.script().settlements.last().unwrap()["reference"].clone();
    world.tried(&other, wanted(Operation::Sale)).await;
    let own = world.buys().await.unwrap();
    assert_eq!(world.claimed_in().await, ["", "other"]);

    let told = format!("back refund {} refused", reference.as_str().unwrap());
    world.tell(&told).await.unwrap();

    assert_eq!(world.words(sold.order.id).await.1, "processed");
    assert_eq!(world.claimed_in().await, ["", "other", "shop"]);
    world.gives_back(own).await;
    assert_eq!(world.claimed_in().await, ["other", "shop"]);
}
