//! Several orders with one reference of the merchant's: at most one is paid, and its end makes room for the next.

use super::testing::{World, new_order, purchase};
use crate::flows::settle::{AmountAsked, SettlementAsked};
use payments::{PurchaseTarget, Refusal, RefusalCode};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgPool;
use std::sync::Arc;
use time::Duration;
use tokio::task::JoinSet;

const REFERENCE: &str = "cart-1";

impl World {
    /// An order with the reference that all of them have here.
    async fn order_of_the_cart(&self) -> Id<kind::Order> {
        let created = self
            .gateway
            .create_order(&self.caller, new_order(Some(REFERENCE)), None)
            .await;
        created.unwrap().document.token()
    }

    /// Creates and pays an order with that reference in one call.
    async fn buy_the_cart(&self) -> Result<Id<kind::Order>, Refusal> {
        let mut purchase = purchase(Id::from_uuid(uuid::Uuid::nil()));
        purchase.target = PurchaseTarget::New(Box::new(new_order(Some(REFERENCE))));
        let answer = self.gateway.purchase(&self.caller, purchase, None).await?;
        Ok(answer.document.token())
    }

    async fn buy_the_cart_to_hold(&self) -> Id<kind::Order> {
        let order = self.order_of_the_cart().await;
        let mut purchase = purchase(order);
        purchase.capture = Some(false);
        self.gateway.purchase(&self.caller, purchase, None).await.unwrap();
        order
    }

    async fn give_back(&self, order: Id<kind::Order>, minor: i64) {
        let amount = Some(AmountAsked {
            minor,
            currency: None,
        });
        let refund = SettlementAsked::Refund { amount, reason: None };
        self.gateway
            .settle(&self.caller, order, refund, None)
            .await
            .unwrap();
    }

    async fn claims(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM payments WHERE reference = $1")
            .bind(REFERENCE)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn refused(result: Result<impl std::fmt::Debug, Refusal>) -> (RefusalCode, Option<String>) {
    let refusal = result.unwrap_err();
    (refusal.code, refusal.field)
}

fn of(code: RefusalCode, field: &str) -> (RefusalCode, Option<String>) {
    (code, Some(field.into()))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_fifty_purchases_of_ten_orders_with_one_reference_one_is_charged(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(world.order_of_the_cart().await);
    }
    let mut paying = JoinSet::new();
    for number in 0..50 {
        let (world, order) = (Arc::clone(&world), orders[number % orders.len()]);
        paying.spawn(async move {
            if number % 5 == 0 {
                world.buy_the_cart().await.map(drop)
            } else {
                world.purchase(order, None).await.map(drop)
            }
        });
    }
    let ended = paying.join_all().await;
    assert_eq!(ended.iter().filter(|result| result.is_ok()).count(), 1);
    for refusal in ended.into_iter().filter_map(Result::err) {
        let expected: &[RefusalCode] = match refusal.field.as_deref() {
            Some("order_token") => &[
                RefusalCode::TransactionInProcess,
                RefusalCode::OrderAlreadyProcessed,
            ],
            Some("order.order_id") => &[RefusalCode::TransactionInProcess, RefusalCode::CannotCreateOrder],
            // A purchase of the very order that is being paid.
            None => &[
                RefusalCode::TransactionInProcess,
                RefusalCode::OrderAlreadyProcessed,
            ],
            Some(_) => &[],
        };
        assert!(expected.contains(&refusal.code), "{refusal}");
    }
    assert_eq!(world.script().charges.len(), 1);
    assert_eq!(world.claims().await, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_was_too_late_may_try_again_once_the_first_is_denied(pool: PgPool) {
    let world = World::new(pool).await;
    let (first, second) = (world.order_of_the_cart().await, world.order_of_the_cart().await);
    world.script().ares = "C";
    world.purchase(first, None).await.unwrap();
    assert_eq!(world.words(first).await.1, "pending_3ds");
    let being_paid = RefusalCode::TransactionInProcess;
    assert_eq!(
        refused(world.purchase(second, None).await),
        of(being_paid, "order_token")
    );
    assert_eq!(
        refused(world.buy_the_cart().await),
        of(being_paid, "order.order_id")
    );
    assert_eq!(world.script().areqs.len(), 1, "nobody else was authenticated");

    let page = world.page_token(first).await;
    world.gateway.page_cancelled(&page).await.unwrap();
    assert_eq!(world.words(first).await.1, "denied");
    world.script().ares = "Y";
    world.purchase(second, None).await.unwrap();
    assert_eq!(world.words(second).await.1, "processed");
    assert_eq!(
        refused(world.purchase(first, None).await),
        of(RefusalCode::OrderAlreadyProcessed, "order_token")
    );
    let create = world
        .gateway
        .create_order(&world.caller, new_order(Some(REFERENCE)), None);
    assert_eq!(
        refused(create.await),
        of(RefusalCode::CannotCreateOrder, "order.order_id")
    );
    assert_eq!(world.script().charges.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unknown_outcome_keeps_the_reference_until_it_is_known(pool: PgPool) {
    let world = World::new(pool).await;
    let (first, second) = (world.order_of_the_cart().await, world.order_of_the_cart().await);
    world.script().charge = "?";
    world.purchase(first, None).await.unwrap();
    world.script().charge = "approved";
    assert_eq!(
        refused(world.purchase(second, None).await),
        of(RefusalCode::TransactionInProcess, "order_token")
    );
    world.clock.advance(Duration::seconds(1_845));
    world.gateway.recover_due().await.unwrap();
    assert_eq!(world.words(first).await.1, "denied");
    world.purchase(second, None).await.unwrap();
    assert_eq!(world.words(second).await.1, "processed");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn money_that_is_released_or_wholly_given_back_frees_the_reference(pool: PgPool) {
    let world = World::new(pool).await;
    let held = world.buy_the_cart_to_hold().await;
    let paid = of(RefusalCode::CannotCreateOrder, "order.order_id");
    assert_eq!(refused(world.buy_the_cart().await), paid);
    let void = SettlementAsked::Void { reason: None };
    world
        .gateway
        .settle(&world.caller, held, void, None)
        .await
        .unwrap();
    assert_eq!(world.words(held).await.1, "voided");

    let sold = world.buy_the_cart().await.unwrap();
    world.give_back(sold, 9_999).await;
    assert_eq!(refused(world.buy_the_cart().await), paid, "0.01 is left");
    // Accepted is not given back yet.
    world.script().settle = "accepted";
    world.give_back(sold, 1).await;
    assert_eq!(world.words(sold).await.1, "refunding");
    assert_eq!(refused(world.buy_the_cart().await), paid);
    let reference = world.last_refund();
    world
        .tell(&format!("id-1 refund {reference} done"))
        .await
        .unwrap();
    assert_eq!(world.words(sold).await.1, "refunded");

    world.script().settle = "done";
    let captured = world.buy_the_cart_to_hold().await;
    let capture = SettlementAsked::Capture {
        amount: Some(AmountAsked {
            minor: 6_000,
            currency: None,
        }),
        is_final: Some(true),
    };
    world
        .gateway
        .settle(&world.caller, captured, capture, None)
        .await
        .unwrap();
    assert_eq!(refused(world.buy_the_cart().await), paid);
    world.give_back(captured, 6_000).await;
    assert_eq!(world.claims().await, 0);
    world.buy_the_cart().await.unwrap();
    assert_eq!(world.script().charges.len(), 4);
}

impl World {
    fn last_refund(&self) -> String {
        let script = self.script();
        let reference = script.settlements.last().map(|asked| &asked["reference"]);
        reference.and_then(Value::as_str).unwrap().to_owned()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_that_the_processor_takes_back_claims_the_reference_again_if_it_is_free(pool: PgPool) {
    let world = World::new(pool).await;
    for another_was_paid in [false, true] {
        let sold = world.buy_the_cart().await.unwrap();
        world.give_back(sold, 10_000).await;
        assert_eq!(
            (world.words(sold).await.1.as_str(), world.claims().await),
            ("refunded", 0)
        );
        let reference = world.last_refund();
        let another = if another_was_paid {
            Some(world.buy_the_cart().await.unwrap())
        } else {
            None
        };
        let told = format!("back-{another_was_paid} refund {reference} refused");
        world.tell(&told).await.unwrap();
        assert_eq!(world.words(sold).await.1, "processed");
        assert_eq!(world.claims().await, 1);
        let (code, _) = refused(world.buy_the_cart().await);
        assert_eq!(code, RefusalCode::CannotCreateOrder);
        // Whoever holds the money still can give it back.
        for order in [Some(sold), another].into_iter().flatten() {
            world.give_back(order, 10_000).await;
            assert_eq!(world.words(order).await.1, "refunded");
        }
        assert_eq!(world.claims().await, 0);
    }
}
