//! A browser that comes back, and the shopper's further tries.

use super::{
    Ordered, Returned, View,
    account::DirectLinkAccount,
    facts::Operation,
    testing::{card, told, wanted},
};
use crate::flows::testing::World;
use primitives::Card;
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;
use tokio::task::JoinSet;

impl World {
    async fn returned(&self, token: &str) -> Returned {
        let returned = self.gateway.directlink_returned(token).await.unwrap();
        returned.unwrap().1
    }

    /// An order that waits for its shopper.
    async fn waiting(&self, account: &DirectLinkAccount) -> View {
        self.script().ares = "C";
        let view = self.tried(account, wanted(Operation::Sale)).await;
        assert_eq!(told(&view), (46, 0));
        view
    }

    /// The issuer says that the challenge of the last AReq failed.
    async fn challenge_fails(&self) {
        self.post_results(&self.rreq_with(json!({
            "transStatus": "N", "transStatusReason": "01", "authenticationValue": null, "eci": null,
        })))
        .await;
    }

    async fn again(&self, token: &str, card: Card) -> Option<Ordered> {
        self.gateway.directlink_again(token, card).await.unwrap()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_browser_learns_where_it_stands(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let nobody = world
        .gateway
        .directlink_returned("01JDEADBEEFDEADBEEFDEADBEE")
        .await;
    assert!(nobody.unwrap().is_none());

    let view = world.waiting(&shop).await;
    let token = &view.payment.return_token;
    assert!(matches!(world.returned(token).await, Returned::NotYet(_)));
    world.post_results(&world.rreq()).await;
    world.comes_to(view.order.id, "processed").await;
    match world.returned(token).await {
        Returned::Over(view) => assert_eq!(told(&view), (9, 0)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.again(token, card()).await, Some(Ordered::Paid(_))));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shopper_who_cancelled_is_done(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let view = world.waiting(&shop).await;
    let page = world.page_token(view.order.id).await;
    world.gateway.page_cancelled(&page).await.unwrap();
    let token = &view.payment.return_token;
    match world.returned(token).await {
        Returned::Over(view) => assert_eq!(told(&view), (1, 0)),
        other => panic!("{other:?}"),
    }
    assert!(world.again(token, card()).await.is_none());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_shopper_may_try_until_the_account_s_maximum(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let mut view = world.waiting(&shop).await;
    let first = view.payment.return_token.clone();
    for left in [2, 1] {
        world.challenge_fails().await;
        world.comes_to(view.order.id, "denied").await;
        let token = view.payment.return_token.clone();
        match world.returned(&token).await {
            Returned::MayRetry {
                view,
                left: told_left,
            } => {
                assert_eq!((told(&view), told_left), ((0, 40_001_134), left));
            }
            other => panic!("{other:?}"),
        }
        let mut card = card();
        card.holder = "Berta".into();
        let next = match world.again(&token, card).await {
            Some(Ordered::Tried(next)) => *next,
            other => panic!("{other:?}"),
        };
        assert_eq!(told(&next), (46, 0));
        assert_eq!(next.payment.reference, view.payment.reference);
        assert!(next.payment.payid > view.payment.payid);
        assert_eq!(next.order.amount, view.order.amount);
        assert_eq!(next.facts.holder.as_deref(), Some("Berta"));
        assert_eq!(next.facts.com_plus, view.facts.com_plus);
        assert_eq!(next.language.as_deref(), Some("pt_BR"));
        assert_eq!(next.order.details["description"], "Two shirts");
        view = next;
    }
    // An old page in another tab says how it stands by now.
    match world.returned(&first).await {
        Returned::NotYet(now) => assert_eq!(now.payment.payid, view.payment.payid),
        other => panic!("{other:?}"),
    }
    world.challenge_fails().await;
    world.comes_to(view.order.id, "denied").await;
    match world.returned(&view.payment.return_token).await {
        Returned::Over(view) => assert_eq!(told(&view), (0, 40_001_134)),
        other => panic!("{other:?}"),
    }
    for token in [&first, &view.payment.return_token] {
        assert!(world.again(token, card()).await.is_none());
    }
}

/// STATUS, how long it was to wait in minutes, and what came of it, of everything that shops are to be told.
async fn to_be_told(pool: &PgPool) -> Vec<(i32, i32, Option<String>)> {
    sqlx::query_as(
        "SELECT (telling->>'status')::int, (EXTRACT(EPOCH FROM next_at - created_at) / 60)::int, outcome
         FROM directlink_feedback ORDER BY id",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shop_is_not_told_of_a_refusal_while_its_shopper_may_try_another_card(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    let refused = |wait, outcome: Option<&str>| (0, wait, outcome.map(str::to_owned));
    let view = world.waiting(&shop).await;
    world.challenge_fails().await;
    world.comes_to(view.order.id, "denied").await;
    assert_eq!(to_be_told(&pool).await, [refused(30, None)]);

    // The second try takes the place of the first, be it refused as well.
    world.script().ares = "N";
    let second = match world.again(&view.payment.return_token, card()).await {
        Some(Ordered::Tried(second)) => *second,
        other => panic!("{other:?}"),
    };
    let overtaken = refused(30, Some("overtaken"));
    assert_eq!(to_be_told(&pool).await, [overtaken.clone(), refused(30, None)]);

    // The shopper leaves: it is told at once, and no third try can take that back.
    let left = world.gateway.directlink_shop_told(&shop, &second).await;
    left.unwrap();
    assert_eq!(to_be_told(&pool).await, [overtaken.clone(), refused(0, None)]);

    // The last try has none after it.
    let third = world.again(&second.payment.return_token, card()).await;
    assert!(matches!(third, Some(Ordered::Tried(_))), "{third:?}");
    assert_eq!(
        to_be_told(&pool).await,
        [overtaken, refused(0, None), refused(0, None)]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shop_is_told_at_once_of_a_refusal_that_it_saw_itself(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    world.script().ares = "N";
    let refused = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(told(&refused), (0, 40_001_134));
    assert_eq!(to_be_told(&pool).await, [(0, 0, None)]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_that_is_sent_twice_is_tried_once(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let shop = world.account("shop").await;
    let view = world.waiting(&shop).await;
    world.challenge_fails().await;
    world.comes_to(view.order.id, "denied").await;
    let token = view.payment.return_token.clone();
    let mut sends = JoinSet::new();
    for _ in 0..10 {
        let (world, token) = (Arc::clone(&world), token.clone());
        sends.spawn(async move { world.again(&token, card()).await });
    }
    let mut seen = Vec::new();
    for ordered in sends.join_all().await {
        match ordered {
            Some(Ordered::Tried(view)) => seen.push(view.payment.payid),
            Some(Ordered::InFlight) => {}
            other => panic!("{other:?}"),
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let tries = world
        .gateway
        .store()
        .directlink_tries("shop", &view.payment.reference);
    assert_eq!(tries.await.unwrap(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_tabs_at_once_try_no_more_cards_than_are_allowed(pool: PgPool) {
    // Given a shopper who failed the first of three tries, and an issuer that declines whatever comes next.
    let world = Arc::new(World::new(pool).await);
    let shop = world.account("shop").await;
    let view = world.waiting(&shop).await;
    world.challenge_fails().await;
    world.comes_to(view.order.id, "denied").await;
    (world.script().ares, world.script().charge) = ("Y", "declined");
    // When twenty tabs go on until they are told that no try is left.
    let mut tabs = JoinSet::new();
    for _ in 0..20 {
        let (world, token) = (Arc::clone(&world), view.payment.return_token.clone());
        tabs.spawn(async move {
            let mut tried = Vec::new();
            while let Some(ordered) = world.again(&token, card()).await {
                if let Ordered::Tried(view) = ordered {
                    tried.push(view.payment.payid);
                }
            }
            tried
        });
    }
    let mut tried: Vec<_> = tabs.join_all().await.into_iter().flatten().collect();
    tried.sort_unstable();
    tried.dedup();
    // Then two more were tried between them.
    assert_eq!(tried.len(), 2, "{tried:?}");
    let tries = world
        .gateway
        .store()
        .directlink_tries("shop", &view.payment.reference);
    assert_eq!(tries.await.unwrap(), 3);
    assert_eq!(world.script().charges.len(), 2);
    // The shop itself may send its order as often as it likes.
    let posted = world.tried(&shop, wanted(Operation::Sale)).await;
    assert_eq!(posted.telling.status, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_browser_comes_back_to_an_account_that_was_disabled_meanwhile(pool: PgPool) {
    let world = World::new(pool).await;
    let shop = world.account("shop").await;
    let view = world.waiting(&shop).await;
    let mut disabled = (*shop.account).clone();
    disabled.disabled = true;
    let audit = super::testing::audit("directlink_account.disable");
    let store = world.gateway.store();
    store.directlink_account_update(&disabled, &audit).await.unwrap();
    world.gateway.configuration().invalidate_all();
    let returned = world.returned(&view.payment.return_token).await;
    assert!(matches!(returned, Returned::NotYet(_)));
}
