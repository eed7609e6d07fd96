//! Captures, voids and refunds against a scripted processor: what is answered, when two hundred ask at once, and when answers
//! are lost.

use super::{
    idempotency::{Answer, IdempotencyKey},
    settle::{AmountAsked, SettlementAsked},
    settled::SettledEnd,
    testing::{World, purchase},
};
use payments::{Refusal, RefusalCode};
use primitives::{Currency, Id, id::kind};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

impl World {
    /// An order of 100.00 that holds the money, or has it taken.
    async fn paid(&self, capture: bool) -> Id<kind::Order> {
        let order = self.order().await;
        let mut purchase = purchase(order);
        purchase.capture = Some(capture);
        self.gateway.purchase(&self.caller, purchase, None).await.unwrap();
        let status = if capture { "processed" } else { "authorized" };
        assert_eq!(self.words(order).await.1, status);
        order
    }

    async fn settle(
        &self,
        order: Id<kind::Order>,
        asked: SettlementAsked,
        key: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let key = key.map(|key| IdempotencyKey {
            key: key.to_owned(),
            method: "POST",
            path: format!("/{order}/settle"),
            body_hash: [9; 32],
        });
        self.gateway.settle(&self.caller, order, asked, key).await
    }

    async fn refund(&self, order: Id<kind::Order>, minor: i64) -> Result<Answer, Refusal> {
        self.settle(order, refund(minor), None).await
    }

    async fn capture(&self, order: Id<kind::Order>, minor: i64) -> Result<Answer, Refusal> {
        self.settle(order, capture(minor, true), None).await
    }

    /// Capturing, captured, refunding, refunded.
    async fn totals(&self, order: Id<kind::Order>) -> (i64, i64, i64, i64) {
        sqlx::query_as("SELECT capturing, captured, refunding, refunded FROM payments WHERE order_id = $1")
            .bind(order.uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Lets time pass and looks at what is due by then.
    async fn later(&self, seconds: i64) {
        self.clock.advance(time::Duration::seconds(seconds));
        self.gateway.recover_due().await.unwrap();
    }

    /// Waits until the processor was asked that often.
    async fn until_sent(&self, count: usize) {
        for _ in 0..1_000 {
            if self.script().settlements.len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the processor was not asked {count} times");
    }

    /// The reference that the last capture or refund was sent with.
    fn sent_reference(&self) -> String {
        let script = self.script();
        script.settlements.last().unwrap()["reference"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What the processor was asked to take or give back, in all, repeats counted once.
    fn moved(&self) -> i64 {
        let script = self.script();
        let mut once = std::collections::BTreeMap::new();
        for asked in &script.settlements {
            once.insert(asked["reference"].to_string(), asked["amount"].as_i64().unwrap());
        }
        once.values().sum()
    }
}

fn amount(minor: i64) -> Option<AmountAsked> {
    Some(AmountAsked {
        minor,
        currency: None,
    })
}

fn refund(minor: i64) -> SettlementAsked {
    SettlementAsked::Refund {
        amount: amount(minor),
        reason: Some("worn".into()),
    }
}

fn capture(minor: i64, is_final: bool) -> SettlementAsked {
    SettlementAsked::Capture {
        amount: amount(minor),
        is_final: Some(is_final),
    }
}

fn void() -> SettlementAsked {
    SettlementAsked::Void { reason: None }
}

fn words(order: &str, payment: &str) -> (String, String, String) {
    (order.into(), payment.into(), "-".into())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn held_money_is_captured_in_part_and_the_rest_released(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    let answer = world.capture(order, 6_000).await.unwrap();
    assert_eq!(answer.settled.unwrap().end, SettledEnd::Done);
    assert_eq!(world.words(order).await, words("succeeded", "captured"));
    assert_eq!(world.totals(order).await, (0, 6_000, 0, 0));
    let more = world.capture(order, 1).await.unwrap_err();
    assert_eq!(more.code, RefusalCode::CannotCapture, "{more}");
    let back = world.refund(order, 6_001).await.unwrap_err();
    assert_eq!(back.code, RefusalCode::AmountExceeded, "{back}");
    let sent = world.script().settlements.clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (&sent[0]["amount"], &sent[0]["final"]),
        (&6_000.into(), &true.into())
    );
    assert_eq!(sent[0]["of"], world.script().charges[0]["reference"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn held_money_is_captured_in_several_parts_where_that_is_said(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    for _ in 0..2 {
        world.settle(order, capture(4_000, false), None).await.unwrap();
    }
    let too_much = world
        .settle(order, capture(2_001, false), None)
        .await
        .unwrap_err();
    assert_eq!(too_much.code, RefusalCode::AmountExceeded);
    world.settle(order, capture(2_000, false), None).await.unwrap();
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn parts_that_the_processor_took_do_not_hold_up_the_next_and_each_has_its_own_end(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    world.script().settle = "accepted";
    for minor in [2_000, 3_000] {
        let answer = world.settle(order, capture(minor, false), None).await.unwrap();
        assert_eq!(answer.settled.unwrap().end, SettledEnd::Pending);
    }
    assert_eq!(world.totals(order).await, (5_000, 0, 0, 0));
    world.script().settle = "?";
    world.settle(order, capture(1_000, false), None).await.unwrap();
    let unsure = world.settle(order, capture(1_000, false), None).await;
    assert_eq!(unsure.unwrap_err().code, RefusalCode::PendingPayment);
    assert_eq!(world.totals(order).await, (6_000, 0, 0, 0));
    assert_eq!(world.script().settlements.len(), 3);

    world.script().settled = "done";
    world.later(600).await;
    assert_eq!(world.totals(order).await, (0, 6_000, 0, 0));
    assert_eq!(
        world.script().settlements.len(),
        3,
        "asked for, and not sent again"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn held_money_is_released_by_a_void_or_by_a_cancel(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    world.settle(order, void(), None).await.unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "voided"));
    let twice = world.settle(order, void(), None).await.unwrap_err();
    assert_eq!(twice.code, RefusalCode::StatusNotValidForTransition, "{twice}");
    let order = world.paid(false).await;
    world
        .gateway
        .cancel(&world.caller, order, None, None)
        .await
        .unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "voided"));
    assert_eq!(world.script().voids.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn taken_money_is_given_back_in_parts_and_the_rest_by_a_cancel(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(true).await;
    let answer = world.refund(order, 2_500).await.unwrap();
    assert_eq!(answer.document.payment_status(), Some("partial_refunded"));
    assert_eq!(world.words(order).await, words("succeeded", "partial_refunded"));
    world
        .gateway
        .cancel(&world.caller, order, None, None)
        .await
        .unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "refunded"));
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 10_000));
    let more = world
        .settle(
            order,
            SettlementAsked::Refund {
                amount: None,
                reason: None,
            },
            None,
        )
        .await;
    assert_eq!(more.unwrap_err().code, RefusalCode::AlreadyRefunded);
    assert_eq!(world.moved(), 10_000);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_amount_in_another_currency_is_refused_by_name(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(true).await;
    let foreign = SettlementAsked::Refund {
        amount: Some(AmountAsked {
            minor: 100,
            currency: Some(Currency::USD),
        }),
        reason: None,
    };
    let refused = world.settle(order, foreign, None).await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::PayloadError);
    assert_eq!(
        refused.to_string(),
        "EMA-1002 currency: must be the order's currency, MXN"
    );
    assert!(world.script().settlements.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_processor_refuses_is_told_and_can_be_asked_again(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(true).await;
    world.script().settle = "refused";
    let answer = world.settle(order, refund(10_000), Some("key-1")).await.unwrap();
    assert!(matches!(answer.settled.unwrap().end, SettledEnd::Failed { .. }));
    assert_eq!(world.words(order).await, words("succeeded", "processed"));
    world.script().settle = "done";
    let again = world.settle(order, refund(10_000), Some("key-1")).await.unwrap();
    assert!(again.replayed && matches!(again.settled.unwrap().end, SettledEnd::Failed { .. }));
    world.settle(order, refund(10_000), Some("key-2")).await.unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "refunded"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_hundred_refunds_at_once_never_exceed_what_was_taken(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let order = world.paid(true).await;
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let world = Arc::clone(&world);
        calls.spawn(async move { world.refund(order, 300).await });
    }
    let mut done = 0;
    while let Some(ended) = calls.join_next().await {
        match ended.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.settled.unwrap().end, SettledEnd::Done);
                done += 1;
            }
            Err(refusal) => assert_eq!(refusal.code, RefusalCode::AmountExceeded, "{refusal}"),
        }
    }
    assert_eq!((done, world.moved()), (33, 9_900));
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 9_900));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn fifty_captures_at_once_capture_once(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let order = world.paid(false).await;
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let world = Arc::clone(&world);
        calls.spawn(async move { world.capture(order, 10_000).await });
    }
    let mut done = 0;
    while let Some(ended) = calls.join_next().await {
        match ended.unwrap() {
            Ok(_) => done += 1,
            Err(refusal) => assert!(
                matches!(
                    refusal.code,
                    RefusalCode::CannotCapture
                        | RefusalCode::TransactionInProcess
                        | RefusalCode::PendingPayment
                ),
                "{refusal}"
            ),
        }
    }
    assert_eq!((done, world.script().settlements.len()), (1, 1));
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn twins_with_one_key_refund_once_and_others_under_way_are_told_apart(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let order = world.paid(true).await;
    world.script().settle = "held";
    let mut calls = JoinSet::new();
    for number in 0..12_i64 {
        let world = Arc::clone(&world);
        let (key, minor) = (format!("key-{}", number % 3), 100 * (number % 3 + 1));
        calls.spawn(async move { (minor, world.settle(order, refund(minor), Some(&key)).await) });
    }
    world.until_sent(3).await;
    world.script().settle = "done";
    let mut done = 0;
    while let Some(ended) = calls.join_next().await {
        match ended.unwrap() {
            (minor, Ok(answer)) => {
                assert_eq!(answer.settled.unwrap().amount.unwrap().minor(), minor);
                done += 1;
            }
            (_, Err(refusal)) => {
                assert_eq!(refusal.code, RefusalCode::TransactionInProcess, "{refusal}");
                assert_eq!(refusal.field.as_deref(), Some("x-idempotency-key"));
            }
        }
    }
    assert!(done >= 3, "{done}");
    for number in 0..3_i64 {
        let again = world
            .settle(order, refund(100 * (number + 1)), Some(&format!("key-{number}")))
            .await
            .unwrap();
        assert!(again.replayed);
        assert_eq!(again.settled.unwrap().amount.unwrap().minor(), 100 * (number + 1));
    }
    assert_eq!(world.script().settlements.len(), 3);
    assert_eq!(world.moved(), 600);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_whose_answer_was_lost_is_sent_again_with_the_same_reference(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(true).await;
    world.script().settle = "?";
    let answer = world.refund(order, 4_000).await.unwrap();
    assert_eq!(answer.settled.unwrap().end, SettledEnd::Pending);
    assert_eq!(world.words(order).await.1, "partial_refunding");
    assert_eq!(world.totals(order).await, (0, 10_000, 4_000, 0));
    world.script().settle = "done";
    world.later(600).await;
    assert_eq!(world.words(order).await.1, "partial_refunded");
    let sent = world.script().settlements.clone();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 4_000));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_capture_whose_answer_was_lost_is_asked_for(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    world.script().settle = "?";
    world.capture(order, 10_000).await.unwrap();
    assert_eq!(world.words(order).await.1, "authorized");
    world.script().settled = "done";
    world.later(600).await;
    assert_eq!(world.words(order).await, words("succeeded", "captured"));
    assert_eq!(world.script().settlements.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_capture_that_was_only_accepted_is_asked_for_until_its_end_is_known(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    world.script().settle = "accepted";
    let answer = world.capture(order, 10_000).await.unwrap();
    assert_eq!(answer.settled.unwrap().end, SettledEnd::Pending);
    assert_eq!(world.totals(order).await, (10_000, 0, 0, 0));
    world.script().settled = "pending";
    world.later(600).await;
    assert_eq!(world.words(order).await, words("succeeded", "authorized"));
    world.script().settled = "done";
    world.later(7 * 3_600).await;
    assert_eq!(world.words(order).await, words("succeeded", "captured"));
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 0));
    assert_eq!(world.script().settlements.len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_process_that_died_while_sending_leaves_a_refund_that_is_sent_again(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let order = world.paid(true).await;
    world.script().settle = "held";
    let dying = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.refund(order, 10_000).await }
    });
    world.until_sent(1).await;
    // As far as the others can see, its sender is dead.
    world.later(600).await;
    world.script().settle = "done";
    world.later(600).await;
    dying.await.unwrap().unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "refunded"));
    assert_eq!(world.moved(), 10_000);
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 10_000));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_that_was_only_accepted_ends_as_the_notification_says_and_may_fail_even_later(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(true).await;
    world.script().settle = "accepted";
    let answer = world.refund(order, 10_000).await.unwrap();
    assert_eq!(answer.settled.unwrap().end, SettledEnd::Pending);
    assert_eq!(world.words(order).await, words("refund", "refunding"));
    let reference = world.sent_reference();
    world
        .tell(&format!("id-1 refund {reference} done"))
        .await
        .unwrap();
    assert_eq!(world.words(order).await, words("cancelled", "refunded"));
    world
        .tell(&format!("id-1 refund {reference} done"))
        .await
        .unwrap();
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 10_000));
    world
        .tell(&format!("id-2 refund {reference} refused"))
        .await
        .unwrap();
    assert_eq!(world.words(order).await, words("succeeded", "processed"));
    assert_eq!(world.totals(order).await, (0, 10_000, 0, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn news_of_a_capture_by_the_processors_own_id_are_asked_for(pool: PgPool) {
    let world = World::new(pool).await;
    let order = world.paid(false).await;
    world.script().settle = "accepted";
    world.capture(order, 10_000).await.unwrap();
    world.script().settled = "done";
    world.tell("id-1 capture op-1 news").await.unwrap();
    world.comes_to(order, "captured").await;
    // Another operation's id is not ours.
    world.tell("id-2 capture op-2 refused").await.unwrap();
    assert_eq!(world.words(order).await, words("succeeded", "captured"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_notification_of_a_refund_that_is_faster_than_its_answer_waits_for_it(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let order = world.paid(true).await;
    world.script().settle = "held";
    let refunding = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.settle(order, refund(10_000), Some("key-1")).await.unwrap() }
    });
    world.until_sent(1).await;
    let told = format!("id-1 refund {} done", world.sent_reference());
    let telling = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.tell(&told).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.words(order).await, words("refund", "refunding"));
    world.script().settle = "accepted";
    telling.await.unwrap();
    assert_eq!(refunding.await.unwrap().settled.unwrap().end, SettledEnd::Pending);
    assert_eq!(world.words(order).await, words("cancelled", "refunded"));
    let again = world.settle(order, refund(10_000), Some("key-1")).await.unwrap();
    assert_eq!(
        (again.replayed, again.settled.unwrap().end),
        (true, SettledEnd::Pending)
    );
}
