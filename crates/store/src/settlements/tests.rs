//! What holds of captures, voids and refunds on a real database, however many ask at once.

use super::*;
use crate::recording::Recording;
use acquiring::{SettlementAnswer, SettlementInquiryAnswer};
use payments::{Limits, News, PaymentState, SettlementNews, decide};
use primitives::{Amount, Currency, Moment};
use serde_json::json;
use sqlx::PgPool;
use time::{Duration, macros::datetime};
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn merchant() -> Id<kind::Merchant> {
    Id::from_uuid(Uuid::from_u128(1))
}

fn order() -> Id<kind::Order> {
    Id::from_uuid(Uuid::from_u128(2))
}

fn connection() -> Id<kind::Connection> {
    Id::from_uuid(Uuid::from_u128(4))
}

fn mxn(minor: i64) -> Amount {
    Amount::new(minor, Currency::MXN).unwrap()
}

/// A moment; its number names what is made at it.
fn at(number: u128) -> Moment {
    Moment::new(NOW, Uuid::from_u128(1_000 + number))
}

fn settlement(number: u128) -> Id<kind::Settlement> {
    at(number).fresh_id()
}

/// An order of 100.00 that was paid, by its rows: all held, or all taken.
async fn paid(pool: PgPool, charge: &str) -> Store {
    let amount = mxn(10_000);
    let zero = mxn(0);
    let captured = if charge == "sale" { amount } else { zero };
    let state = json!({
        "state": "authorized", "attempt": Uuid::from_u128(5), "connection": connection(), "processor": "one",
        "kind": charge,
        "approval": { "processor_reference": "t-1", "approval_code": null, "response_code": null, "amount": amount,
                      "issuer_bank": null, "issuer_country": null },
        "totals": { "authorized": amount, "capturing": zero, "captured": captured, "refunding": zero, "refunded": zero },
    });
    let card = json!({ "brand": "visa", "first_six": "400000", "last_four": "1000", "holder": "Ana",
                       "issuer_bank": null, "issuer_country": null });
    let terms = json!({
        "api": "v2", "method_type": "credit_card", "shopper": {}, "billing": null, "shipping": null,
        "installments": 1, "initiator": "customer", "market": "ecommerce", "three_ds": {}, "browser": null,
        "callbacks": {}, "device_id": null, "session_id": null, "metadata": null,
    });
    let routes = json!([{
        "connection": connection(), "processor": "one", "charge": charge, "authenticates": false,
        "on_attempted": "reject", "on_unavailable": "reject", "takes_external_authentication": true,
        "inquiry_visible_after_seconds": 90, "inquiry_final_after_seconds": 1800,
    }]);
    sqlx::query(
        "INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details, callbacks,
                             lifecycle, payments, payment_id, version, created_at, updated_at)
         VALUES ($1, $2, 'shop-1', 'DEUNA_NOW', 'all', 'MXN', 10000, '{}', '{}', 'open', 1, $3, 1, $4, $4)",
    )
    .bind(merchant().uuid())
    .bind(order().uuid())
    .bind(Uuid::from_u128(3))
    .bind(NOW)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount, authorized, captured,
                               card, terms, routes, created_at, updated_at)
         VALUES ($1, $2, $3, 1, 'authorized', $4, 'MXN', 10000, 10000, $5, $6, $7, $8, $9, $9)",
    )
    .bind(merchant().uuid())
    .bind(Uuid::from_u128(3))
    .bind(order().uuid())
    .bind(state)
    .bind(captured.minor())
    .bind(card)
    .bind(terms)
    .bind(routes)
    .bind(NOW)
    .execute(&pool)
    .await
    .unwrap();
    Store::from_pool(pool)
}

async fn load(store: &Store) -> Order {
    store.order_load(merchant(), order()).await.unwrap().unwrap()
}

/// Decides on the order as it is now and records that, once more whenever somebody else was faster. `None`: refused, or
/// nothing new.
async fn tell(store: &Store, news: SettlementNews, moment: Moment) -> Option<Order> {
    loop {
        let news = News::Settlement(news.clone());
        let step = decide(&Limits::default(), load(store).await, news, moment).ok()??;
        let recording = Recording {
            order: &step.order,
            order_is_new: false,
            new_payment: None,
            tries: None,
            routing: None,
            attempts: &step.attempts,
            settlements: &step.settlements,
            holds: &step.holds,
            authentications: Vec::new(),
            look_again_at: step.look_again_at,
            forget_security_code: step.forget_security_code,
            event: None,
            feedback: Vec::new(),
            card_to_keep: None,
            claim: None,
            answer: None,
            answered: None,
            now: moment.now,
        };
        match store.record(recording).await {
            Ok(()) => return Some(step.order),
            Err(StoreError::Changed) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn refund(minor: i64) -> SettlementNews {
    SettlementNews::RefundAsked {
        amount: Some(mxn(minor)),
        reason: None,
    }
}

fn capture() -> SettlementNews {
    SettlementNews::CaptureAsked {
        amount: None,
        is_final: None,
    }
}

fn part() -> SettlementNews {
    SettlementNews::CaptureAsked {
        amount: Some(mxn(1_000)),
        is_final: Some(false),
    }
}

/// How many of fifty that ask at once are let in.
async fn fifty_at_once(store: &Store, news: fn() -> SettlementNews) -> usize {
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        asking.spawn(async move { tell(&store, news(), at(number)).await.is_some() });
    }
    asking
        .join_all()
        .await
        .into_iter()
        .filter(|let_in| *let_in)
        .count()
}

fn totals(order: &Order) -> [i64; 5] {
    match &order.payment.as_ref().unwrap().state {
        PaymentState::Authorized(paid) => paid.totals.parts().map(Amount::minor),
        other => panic!("{other:?}"),
    }
}

async fn rows(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn of_fifty_refunds_at_once_as_many_are_let_in_as_the_money_lasts(pool: PgPool) {
    let store = paid(pool, "sale").await;
    assert_eq!(fifty_at_once(&store, || refund(300)).await, 33);
    assert_eq!(totals(&load(&store).await), [10_000, 0, 10_000, 9_900, 0]);
    assert_eq!(
        rows(
            &store,
            "SELECT sum(amount)::bigint FROM settlements WHERE state = 'sending'"
        )
        .await,
        9_900
    );
    assert_eq!(rows(&store, "SELECT refunding FROM payments").await, 9_900);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn of_fifty_captures_at_once_one_is_let_in(pool: PgPool) {
    let store = paid(pool, "authorization").await;
    assert_eq!(fifty_at_once(&store, capture).await, 1);
    assert_eq!(totals(&load(&store).await), [10_000, 10_000, 0, 0, 0]);
    assert_eq!(rows(&store, "SELECT count(*) FROM settlements").await, 1);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn beside_a_part_that_the_processor_took_one_of_fifty_is_let_in(pool: PgPool) {
    let store = paid(pool, "authorization").await;
    let offers = json!({
        "captures": "several", "voids": "full", "refunds": "several", "refunds_of": "charge",
        "lost_capture": "inquire", "lost_void": "inquire", "lost_refund": "inquire",
    });
    sqlx::query("UPDATE payments SET routes = jsonb_set(routes, '{0,offers}', $1)")
        .bind(offers)
        .execute(store.pool())
        .await
        .unwrap();
    tell(&store, part(), at(100)).await.unwrap();
    let answer = SettlementAnswer::Accepted {
        processor_reference: None,
    };
    let settlement = settlement(100);
    tell(&store, SettlementNews::Answered { settlement, answer }, at(101))
        .await
        .unwrap();
    assert_eq!(fifty_at_once(&store, part).await, 1);
    assert_eq!(totals(&load(&store).await), [10_000, 2_000, 0, 0, 0]);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_database_itself_keeps_the_amounts_together(pool: PgPool) {
    let store = paid(pool, "authorization").await;
    tell(&store, capture(), at(1)).await.unwrap();
    for (statement, constraint) in [
        ("UPDATE payments SET captured = 1", "payments_capture_within_authorization"),
        ("UPDATE payments SET capturing = 0, captured = 50, refunded = 51", "payments_refund_within_capture"),
        ("UPDATE payments SET refunding = 1", "payments_refund_within_capture"),
        ("UPDATE payments SET state = 'closed'", "payments_money_only_when_authorized"),
        (
            "INSERT INTO settlements (merchant_id, id, order_id, payment_id, connection_id, processor_name, kind, currency,
                                      amount, is_final, reference, state, requested_at)
             SELECT merchant_id, gen_random_uuid(), order_id, payment_id, connection_id, processor_name, 'void', currency,
                    amount, true, 'twin', 'unknown', requested_at FROM settlements",
            "settlements_one_at_a_time_per_payment",
        ),
    ] {
        let refused = sqlx::query(statement).execute(store.pool()).await.unwrap_err();
        let refused = refused.into_database_error().unwrap();
        assert_eq!(refused.constraint(), Some(constraint), "{statement}");
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_settlement_reads_back_as_it_was_recorded_and_its_row_follows(pool: PgPool) {
    let store = paid(pool, "sale").await;
    tell(&store, refund(2_500), at(1)).await.unwrap();
    let answer = SettlementAnswer::Accepted {
        processor_reference: Some("r-1".into()),
    };
    let settlement = settlement(1);
    let accepted = tell(&store, SettlementNews::Answered { settlement, answer }, at(2))
        .await
        .unwrap();
    let read = load(&store).await;
    assert_eq!(
        read.payment.as_ref().unwrap().state,
        accepted.payment.as_ref().unwrap().state
    );
    assert_eq!(
        rows(
            &store,
            "SELECT count(*) FROM settlements WHERE state = 'accepted' AND settled_at IS NULL"
        )
        .await,
        1
    );

    let overdue = |seconds| store.settlements_open(NOW + Duration::seconds(seconds));
    assert_eq!(overdue(0).await.unwrap().overdue, 0);
    assert_eq!(
        overdue(1).await.unwrap(),
        SettlementsOpen {
            overdue: 1,
            contradicted: 0
        }
    );

    let done = SettlementNews::Inquired {
        settlement,
        asked_at: NOW,
        answer: Some(SettlementInquiryAnswer::Done {
            processor_reference: None,
        }),
    };
    tell(&store, done, at(3)).await.unwrap();
    assert_eq!(totals(&load(&store).await), [10_000, 0, 10_000, 0, 2_500]);
    const KEPT: &str = "SELECT count(*) FROM settlements
                WHERE state = 'done' AND processor_reference = 'r-1' AND settled_at IS NOT NULL";
    assert_eq!(rows(&store, KEPT).await, 1);
    assert_eq!(overdue(1).await.unwrap().overdue, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_notification_finds_what_it_speaks_of_only_through_its_own_connection(pool: PgPool) {
    let store = paid(pool, "sale").await;
    tell(&store, refund(2_500), at(1)).await.unwrap();
    let answer = SettlementAnswer::Accepted {
        processor_reference: Some("r-1".into()),
    };
    let settlement = settlement(1);
    tell(&store, SettlementNews::Answered { settlement, answer }, at(2))
        .await
        .unwrap();
    let reference = settlement.uuid().simple().to_string();
    let found = Some(SettlementKey {
        of: PaymentKey {
            merchant: merchant(),
            order: order(),
            payment: Id::from_uuid(Uuid::from_u128(3)),
        },
        settlement,
    });
    let elsewhere = Id::from_uuid(Uuid::from_u128(99));
    let other = Id::from_uuid(Uuid::from_u128(98));
    for (merchant, connection, expected) in [
        (merchant(), connection(), found),
        (merchant(), elsewhere, None),
        (other, connection(), None),
    ] {
        let ours = store
            .settlement_by_reference(merchant, connection, &reference)
            .await;
        let theirs = |kind| store.settlement_by_processor_reference(merchant, connection, kind, "r-1");
        assert_eq!(ours.unwrap(), expected);
        assert_eq!(theirs(SettlementKind::Refund).await.unwrap(), expected);
        assert_eq!(theirs(SettlementKind::Capture).await.unwrap(), None);
    }
}
