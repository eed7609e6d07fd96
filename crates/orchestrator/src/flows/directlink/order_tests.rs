//! New orders: how each ends, and what happens when the same comes again.

use super::{
    Ordered, Wanted, Which,
    facts::Operation,
    testing::{REFERENCE, told, unauthenticated, wanted},
};
use crate::flows::{settle::SettlementAsked, testing::World};
use payments::directlink::NcError;
use primitives::{ExpiryDate, Pan};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use store::directlink::payments::NewDirectLinkPayment;
use tokio::task::JoinSet;

impl World {
    /// Payments that somebody tried under the reference, and charges that left the house.
    async fn tries_and_charges(&self) -> (i64, usize) {
        let tries = self.gateway.store().directlink_tries("shop", REFERENCE);
        (tries.await.unwrap(), self.script().charges.len())
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_is_told_as_it_ends(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let cases = [
        ("Y", "approved", Operation::Sale, (9, 0)),
        ("Y", "approved", Operation::Authorise, (5, 0)),
        ("Y", "declined", Operation::Sale, (2, 30_001_001)),
        ("Y", "?", Operation::Sale, (92, 20_001_001)),
        ("Y", "?", Operation::Authorise, (52, 20_001_001)),
        ("Y", "pending", Operation::Sale, (91, 0)),
        ("Y", "pending", Operation::Authorise, (51, 0)),
        ("N", "approved", Operation::Sale, (0, 40_001_134)),
        ("R", "approved", Operation::Sale, (0, 40_001_134)),
        ("U", "approved", Operation::Sale, (0, 40_001_135)),
        ("C", "approved", Operation::Sale, (46, 0)),
        // The last one, since after that the card is not tried by anybody.
        ("Y", "given_up", Operation::Authorise, (2, 30_431_001)),
    ];
    for (number, (ares, charge, operation, expected)) in cases.into_iter().enumerate() {
        (world.script().ares, world.script().charge) = (ares, charge);
        let order = Wanted {
            order_id: format!("order-{number}"),
            ..wanted(operation)
        };
        let view = world.tried(&shop, order).await;
        assert_eq!(told(&view), expected, "{ares} {charge} {operation:?}");
        assert!(view.payment.payid > 3_000_000_000);
        assert_eq!(view.page_url.is_some(), ares == "C");
        assert_eq!(view.telling.acceptance.is_some(), matches!(expected.0, 5 | 9));
        assert_eq!(view.facts.com_plus.as_deref(), Some("basket 7"));
        assert_eq!(view.telling.card_number.as_deref(), Some("XXXXXXXXXXXX1000"));
    }
    let next = Wanted {
        order_id: "order-next".into(),
        ..wanted(Operation::Sale)
    };
    let refusal = world.gateway.directlink_order(&shop, next).await;
    let error = NcError::of_refusal(refusal.unwrap_err().code, None);
    assert_eq!(error, NcError::REFUSED, "as the acquirer would");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_without_authentication_is_charged_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let view = world.tried(&shop, unauthenticated(Operation::Sale)).await;
    assert_eq!(told(&view), (9, 0));
    assert_eq!(view.telling.eci.as_deref(), Some("7"));
    assert!(world.script().areqs.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_hosted_page_brings_the_browser_back_to_us(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    world.script().ares = "C";
    let view = world.tried(&shop, wanted(Operation::Sale)).await;
    let token = world.page_token(view.order.id).await;
    let page = format!("https://pay.example/transactions/view_challenge?token={token}");
    assert_eq!(view.page_url, Some(page));
    // And speaks the language that the shop asked for.
    assert_eq!(view.language.as_deref(), Some("pt_BR"));
    let opened = world.gateway.page_opened(&token).await.unwrap();
    assert_eq!(opened.language, view.language);
    let callbacks = &view.order.payment.as_ref().unwrap().terms.callbacks;
    let back = format!(
        "https://pay.example/ncol/test/order_A3DS.asp?token={}",
        view.payment.return_token
    );
    assert_eq!(callbacks.any.as_ref().unwrap().as_str(), back);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_fifty_posts_of_one_order_one_is_charged(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let shop = world.account("shop").await;
    let mut posts = JoinSet::new();
    for number in 0..50 {
        let (world, shop) = (Arc::clone(&world), Arc::clone(&shop));
        posts.spawn(async move {
            let order = if number % 2 == 0 {
                wanted(Operation::Sale)
            } else {
                unauthenticated(Operation::Sale)
            };
            world.gateway.directlink_order(&shop, order).await.unwrap()
        });
    }
    let (mut tried, mut paid) = (Vec::new(), Vec::new());
    for ordered in posts.join_all().await {
        match ordered {
            Ordered::Tried(view) => tried.push(view),
            Ordered::Paid(view) => paid.push(view),
            Ordered::InFlight => {}
        }
    }
    assert_eq!(world.tries_and_charges().await, (1, 1));
    let [one] = tried.as_slice() else {
        panic!("{} were tried", tried.len());
    };
    assert_eq!(told(one), (9, 0));
    assert!(paid.iter().all(|view| view.payment.payid == one.payment.payid));
    let latest = world
        .gateway
        .directlink_find(&shop, Which::Reference(REFERENCE.into()))
        .await;
    assert_eq!(latest.unwrap().unwrap().payment.payid, one.payment.payid);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_order_may_come_again_under_a_number_of_its_own(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    world.script().charge = "declined";
    let refused = world.tried(&shop, wanted(Operation::Sale)).await;
    world.script().ares = "N";
    let unidentified = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&unidentified), (0, 40_001_134));
    (world.script().ares, world.script().charge) = ("Y", "approved");
    let paid = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&paid), (9, 0));
    assert!(refused.payment.payid < unidentified.payment.payid);
    assert!(unidentified.payment.payid < paid.payment.payid);
    assert_eq!(
        told(&world.seen(&shop, refused.payment.payid).await),
        (2, 30_001_001)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_paid_order_that_comes_again_is_answered_with_the_original(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let first = world.tried(&shop, wanted(Operation::Authorise)).await;
    let again = async || match world
        .gateway
        .directlink_order(&shop, wanted(Operation::Sale))
        .await
    {
        Ok(Ordered::Paid(view)) => *view,
        other => panic!("was not paid: {other:?}"),
    };
    let second = again().await;
    assert_eq!(second.payment.payid, first.payment.payid);
    assert_eq!(second.telling.acceptance, first.telling.acceptance);
    assert!(second.telling.acceptance.is_some());

    // What was given back was processed all the same.
    let settle = async |asked| {
        let settled = world.gateway.settle(&world.caller, first.order.id, asked, None);
        settled.await.unwrap();
    };
    settle(SettlementAsked::Capture {
        amount: None,
        is_final: None,
    })
    .await;
    settle(SettlementAsked::Refund {
        amount: None,
        reason: None,
    })
    .await;
    let third = again().await;
    assert_eq!(
        (third.payment.payid, third.telling.status),
        (first.payment.payid, 8)
    );
    assert_eq!(world.tries_and_charges().await, (1, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_whose_money_was_released_may_come_again(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let held = world.tried(&shop, wanted(Operation::Authorise)).await;
    let void = SettlementAsked::Void { reason: None };
    world
        .gateway
        .settle(&world.caller, held.order.id, void, None)
        .await
        .unwrap();
    assert_eq!(told(&world.seen(&shop, held.payment.payid).await), (6, 0));
    let paid = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&paid), (9, 0));
    assert_eq!(world.tries_and_charges().await, (2, 2));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shopper_who_pressed_back_is_given_up_for_the_next_order(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    world.script().ares = "C";
    let first = world.tried(&shop, wanted(Operation::Sale)).await;
    let late = world.rreq();
    let second = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&second), (46, 0));
    assert_ne!(first.page_url, second.page_url);
    assert_eq!(told(&world.seen(&shop, first.payment.payid).await), (1, 0));
    // The first bank's page may still be open somewhere.
    world.post_results(&late).await;
    assert_eq!(world.tries_and_charges().await, (2, 0));
    world.post_results(&world.rreq()).await;
    world.comes_to(second.order.id, "processed").await;
    assert_eq!(world.tries_and_charges().await, (2, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_whose_outcome_nobody_knows_waits(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    world.script().charge = "?";
    let unknown = world.tried(&shop, wanted(Operation::Sale)).await;
    world.script().charge = "approved";
    let again = world
        .gateway
        .directlink_order(&shop, wanted(Operation::Sale))
        .await;
    assert!(matches!(again, Ok(Ordered::InFlight)), "{again:?}");
    world.clock.advance(time::Duration::seconds(1_845));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(told(&world.seen(&shop, unknown.payment.payid).await).0, 2);
    assert_eq!(told(&world.tried(&shop, wanted(Operation::Sale)).await), (9, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_that_is_just_being_sent_is_not_given_up(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let shop = world.account("shop").await;
    world.script().ares_held = true;
    let first = tokio::spawn({
        let (world, shop) = (Arc::clone(&world), Arc::clone(&shop));
        async move { world.tried(&shop, wanted(Operation::Sale)).await }
    });
    while world.script().areqs.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = world
        .gateway
        .directlink_order(&shop, wanted(Operation::Sale))
        .await;
    assert!(matches!(second, Ok(Ordered::InFlight)), "{second:?}");
    world.script().ares_held = false;
    assert_eq!(told(&first.await.unwrap()), (9, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_whose_process_died_before_its_payment_stands_in_nobody_s_way(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    // The order is there, and its number, but nobody began to pay it.
    let order = world.order().await;
    let number = NewDirectLinkPayment {
        pspid: "shop",
        reference: REFERENCE,
        merchant: world.caller.merchant.id,
        order,
        operation: "SAL",
        facts: serde_json::json!({}),
        return_token: "01JDEADBEEFDEADBEEFDEADBEE",
        with_shopper: false,
        created_at: world.gateway.clock().now(),
    };
    let store = world.gateway.store();
    let payid = store.directlink_payment_insert(&number).await.unwrap();
    let latest = Which::Reference(REFERENCE.into());
    assert!(
        world
            .gateway
            .directlink_find(&shop, latest)
            .await
            .unwrap()
            .is_none()
    );
    let paid = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&paid), (9, 0));
    assert!(paid.payment.payid > payid);
    assert_eq!(world.tries_and_charges().await, (1, 1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_rules_refuse_is_no_try(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let refused = async |change: &dyn Fn(&mut Wanted)| {
        let mut order = wanted(Operation::Sale);
        change(&mut order);
        let refusal = world.gateway.directlink_order(&shop, order).await.unwrap_err();
        NcError::of_refusal(refusal.code, None)
    };
    // The one connection takes Visa alone.
    let mastercard = Pan::parse("5555444433331111").unwrap();
    let other_brand = refused(&|order| order.card.pan = mastercard.clone()).await;
    assert_eq!(other_brand, NcError::CARD_TYPE_INACTIVE);
    let past = ExpiryDate::parse("10", "26").unwrap();
    let expired = refused(&|order| order.card.expiry = past).await;
    assert_eq!(expired, NcError::EXPIRED);
    assert_eq!(world.tries_and_charges().await, (0, 0));
}
