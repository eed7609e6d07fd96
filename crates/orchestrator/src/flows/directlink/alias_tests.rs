//! Cards under a name: kept with the authorisation, and not without.

use super::{
    Ordered, View, Wanted,
    account::DirectLinkAccount,
    alias::Alias,
    facts::Operation,
    testing::{audit, card, told, unauthenticated, wanted},
};
use crate::flows::testing::World;
use primitives::{Card, ExpiryDate, Pan};
use sqlx::PgPool;
use store::sealed::SealedColumn;

const VISA: &str = "4000000000001000";
const OTHER: &str = "4111111111111111";

fn numbered(number: &str) -> Card {
    Card {
        pan: Pan::parse(number).unwrap(),
        ..card()
    }
}

/// An order with that card that is to be kept, for which nobody is authenticated.
fn keeping(order_id: &str, number: &str) -> Wanted {
    Wanted {
        order_id: order_id.into(),
        card: numbered(number),
        alias: Some(Alias::Keeps("ana".into())),
        ..unauthenticated(Operation::Authorise)
    }
}

impl World {
    /// The number of the card that is kept under a name.
    async fn kept(&self, account: &DirectLinkAccount, alias: &str) -> Option<String> {
        let kept = self.gateway.directlink_kept_card(account, alias).await.unwrap();
        kept.map(|kept| {
            assert!(kept.card.security_code.is_none());
            kept.card.pan.reveal().to_owned()
        })
    }
}

async fn proposed(pool: &PgPool) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM directlink_aliases_proposed");
    count.fetch_one(pool).await.unwrap()
}

async fn state(pool: &PgPool) -> String {
    let state = sqlx::query_scalar("SELECT state FROM payments");
    state.fetch_one(pool).await.unwrap()
}

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

fn alias(view: &View) -> &str {
    view.facts.alias.as_deref().unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_is_kept_once_it_is_authorised(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    let view = world.tried(&shop, keeping("one", VISA)).await;
    assert_eq!((told(&view), alias(&view)), ((5, 0), "ana"));
    assert_eq!(world.kept(&shop, "ana").await.as_deref(), Some(VISA));
    assert_eq!(world.kept(&other, "ana").await, None, "it is this account's");
    assert_eq!(world.kept(&shop, "Ana").await, None);
    assert_eq!(proposed(&pool).await, 0);

    // Another takes its place, the same with another month as well; one that is refused does not.
    world.tried(&shop, keeping("two", OTHER)).await;
    assert_eq!(world.kept(&shop, "ana").await.as_deref(), Some(OTHER));
    world.script().charge = "declined";
    let refused = world.tried(&shop, keeping("three", VISA)).await;
    assert_eq!(told(&refused).0, 2);
    assert_eq!(world.kept(&shop, "ana").await.as_deref(), Some(OTHER));
    assert_eq!(proposed(&pool).await, 0, "nor does it leave anything behind");
    world.script().charge = "approved";
    let mut renewed = keeping("four", OTHER);
    renewed.card.expiry = ExpiryDate::parse("01", "2041").unwrap();
    world.tried(&shop, renewed).await;
    let kept = world.gateway.directlink_kept_card(&shop, "ana").await;
    assert_eq!(kept.unwrap().unwrap().card.expiry.yymm(), "4101");

    // A name of ours, and a use that changes nothing.
    let ours = Wanted {
        alias: Some(Alias::KeepsUnderOurs),
        ..keeping("five", VISA)
    };
    let view = world.tried(&shop, ours).await;
    assert_eq!(world.kept(&shop, alias(&view)).await.as_deref(), Some(VISA));
    let used = Wanted {
        alias: Some(Alias::Used("ana".into())),
        ..keeping("six", OTHER)
    };
    let view = world.tried(&shop, used).await;
    assert_eq!((told(&view), alias(&view)), ((5, 0), "ana"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_challenge_decides_what_is_kept(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    world.script().ares = "C";
    let order = |order_id: &str| Wanted {
        three_ds: wanted(Operation::Sale).three_ds,
        ..keeping(order_id, VISA)
    };
    let waiting = world.tried(&shop, order("passed")).await;
    assert_eq!((told(&waiting), alias(&waiting)), ((46, 0), "ana"));
    assert_eq!(world.kept(&shop, "ana").await, None);
    world.post_results(&world.rreq()).await;
    world.comes_to(waiting.order.id, "authorized").await;
    assert_eq!(world.kept(&shop, "ana").await.as_deref(), Some(VISA));

    // Given up: forgotten.
    let waiting = world.tried(&shop, order("given-up")).await;
    assert_eq!(proposed(&pool).await, 1);
    let page = world.page_token(waiting.order.id).await;
    world.gateway.page_cancelled(&page).await.unwrap();
    assert_eq!(proposed(&pool).await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_card_of_the_try_that_is_authorised_is_kept(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    world.script().charge = "declined";
    let refused = Wanted {
        alias: Some(Alias::KeepsUnderOurs),
        ..keeping("one", VISA)
    };
    let refused = world.tried(&shop, refused).await;
    world.script().charge = "approved";
    let token = &refused.payment.return_token;
    let again = world.gateway.directlink_again(token, numbered(OTHER)).await;
    let view = match again.unwrap() {
        Some(Ordered::Tried(view)) => view,
        other => panic!("{other:?}"),
    };
    assert_eq!(alias(&view), alias(&refused));
    assert_eq!(world.kept(&shop, alias(&view)).await.as_deref(), Some(OTHER));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_authorisation_and_its_card_are_recorded_together(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    // The charge is approved, and its card cannot be kept: as if the process died between the two.
    execute(
        &pool,
        "ALTER TABLE directlink_aliases ADD CONSTRAINT closed CHECK (false)",
    )
    .await;
    let order = world.gateway.directlink_order(&shop, keeping("one", VISA)).await;
    order.unwrap_err();
    assert_eq!(state(&pool).await, "authorizing");
    assert_eq!(proposed(&pool).await, 1);

    execute(&pool, "ALTER TABLE directlink_aliases DROP CONSTRAINT closed").await;
    execute(
        &pool,
        "UPDATE payments SET look_again_at = '2000-01-01', leased_until = NULL",
    )
    .await;
    world.gateway.recover_due().await.unwrap();
    let state = state(&pool).await;
    let kept = world.kept(&shop, "ana").await;
    assert_eq!(kept.is_some(), state == "authorized", "{state}");
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_nobody_tried_to_pay_is_forgotten_in_time(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    // The process died before the payment was recorded.
    execute(&pool, "ALTER TABLE payments ADD CONSTRAINT closed CHECK (false)").await;
    let order = world.gateway.directlink_order(&shop, keeping("one", VISA)).await;
    order.unwrap_err();
    world.gateway.sweep().await.unwrap();
    assert_eq!(proposed(&pool).await, 1);
    execute(
        &pool,
        "UPDATE directlink_aliases_proposed SET created_at = created_at - interval '61 minutes'",
    )
    .await;
    world.gateway.sweep().await.unwrap();
    assert_eq!(proposed(&pool).await, 0);
    assert_eq!(world.kept(&shop, "ana").await, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_name_that_is_deleted_has_no_card_any_more_nor_gets_one_from_open_orders(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let (shop, other) = (world.account("shop").await, world.account("other").await);
    let store = world.gateway.store();
    world.tried(&shop, keeping("one", VISA)).await;
    world.tried(&other, keeping("one", OTHER)).await;
    world.script().ares = "C";
    let open = Wanted {
        three_ds: wanted(Operation::Sale).three_ds,
        ..keeping("two", VISA)
    };
    let waiting = world.tried(&shop, open).await;

    let entry = audit("directlink_alias.delete");
    assert!(
        store
            .directlink_alias_delete("shop", "ana", &entry)
            .await
            .unwrap()
    );
    assert!(
        !store
            .directlink_alias_delete("shop", "ana", &entry)
            .await
            .unwrap()
    );
    assert_eq!(world.kept(&shop, "ana").await, None);
    world.post_results(&world.rreq()).await;
    world.comes_to(waiting.order.id, "authorized").await;
    assert_eq!(world.kept(&shop, "ana").await, None);
    assert_eq!(proposed(&pool).await, 0);
    assert_eq!(world.kept(&other, "ana").await.as_deref(), Some(OTHER));
    let audited = sqlx::query_scalar("SELECT count(*) FROM audit WHERE action = 'directlink_alias.delete'");
    let audited: i64 = audited.fetch_one(&pool).await.unwrap();
    assert_eq!(audited, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn kept_and_proposed_cards_are_among_what_is_sealed_anew(pool: PgPool) {
    let world = World::new(pool.clone()).await;
    let shop = world.account("shop").await;
    let store = world.gateway.store();
    world.tried(&shop, keeping("one", VISA)).await;
    world.script().ares = "C";
    let open = Wanted {
        three_ds: wanted(Operation::Sale).three_ds,
        ..keeping("two", VISA)
    };
    world.tried(&shop, open).await;
    for column in [SealedColumn::Aliases, SealedColumn::ProposedAliases] {
        assert!(SealedColumn::ALL.contains(&column));
        let sealed = store.sealed_list(column, None, 10).await.unwrap();
        let [one] = sealed.as_slice() else {
            panic!("{column:?}: {}", sealed.len());
        };
        let opened = world.gateway.vault().open_kept_card("shop", "ana", &one.sealed);
        assert_eq!(opened.unwrap().pan.reveal(), VISA);
        assert!(store.sealed_replace(column, one, b"anew").await.unwrap());
        assert!(!store.sealed_replace(column, one, b"anew").await.unwrap());
        let rest = store.sealed_list(column, Some(one.place()), 10).await.unwrap();
        assert!(rest.is_empty());
    }
}
