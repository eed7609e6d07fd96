//! What a lease and a receipt promise, on a real database with time handed in.

use super::*;
use crate::sms::ladder::DeliveryStatus;
use crate::sms::provider::{Receipt, ReceiptStatus};
use crate::sms::route::Ending;
use crate::store::Store;
use proptest::strategy::{Strategy as _, ValueTree as _};
use sqlx::PgPool;
use time::{Duration, macros::datetime};
use uuid::Uuid;

pub(crate) const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

pub(crate) fn id(challenge: u128, generation: u16) -> DeliveryId {
    DeliveryId {
        acs_trans_id: AcsTransId(Uuid::from_u128(challenge)),
        generation,
    }
}

pub(crate) fn content() -> Content {
    Content {
        language: Language::Spanish,
        merchant_name: "Tienda".to_owned(),
        amount: Some((12_345, "MXN".to_owned())),
        last_four: "4242".to_owned(),
        reference_code: None,
        web_otp: None,
        threeds_server_trans_id: "8a880dc0-d2d2-4067-bcb1-b08d1690b26e".to_owned(),
        purchase_date: Some("20261122120000".to_owned()),
    }
}

pub(crate) async fn queue(store: &Store, id: DeliveryId, at: OffsetDateTime) {
    let phone = Phone::parse("+525512345678").unwrap();
    let code = OtpCode::typed("012345", 6).unwrap();
    let queued = Queued {
        id,
        issuer: IssuerId::parse("banco-0001").unwrap(),
        consumer: ConsumerId::parse("consumer").unwrap(),
        card: CardId::parse("card").unwrap(),
        phone: Some(&phone),
        code: &code,
        content: content(),
        expires_at: at + Duration::minutes(5),
        queued_at: at,
    };
    let mut tx = store.pool().begin().await.unwrap();
    queue_in(&mut tx, &Keys::for_tests(), &queued).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn lease(store: &Store, owner: Uuid, now: OffsetDateTime) -> Vec<Leased> {
    let until = now + Duration::seconds(20);
    store
        .deliveries_lease(Lease { owner, now, until }, 10)
        .await
        .unwrap()
}

async fn lease_one(store: &Store, now: OffsetDateTime) -> Leased {
    let mut leased = lease(store, ONE, now).await;
    assert_eq!(leased.len(), 1);
    leased.remove(0)
}

async fn end(store: &Store, leased: &Leased, ending: &Ending, news: News, at: OffsetDateTime) -> bool {
    let ended = Ended {
        ending,
        costs: None,
        news,
        at,
    };
    store.delivery_end(leased, &ended).await.unwrap()
}

fn accepted(reference: &str) -> Ending {
    Ending::Accepted {
        carrier: "norte".to_owned(),
        provider_reference: reference.to_owned(),
    }
}

fn receipt(reference: &str, status: ReceiptStatus) -> Receipt {
    Receipt {
        provider: "norte".to_owned(),
        provider_reference: reference.to_owned(),
        status,
        code: Some("000".to_owned()),
        at: START + Duration::seconds(3),
    }
}

async fn status(store: &Store, id: DeliveryId) -> DeliveryStatus {
    store.delivery_status(id).await.unwrap().unwrap()
}

async fn sealed_rows(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM acs.sms_deliveries WHERE sealed IS NOT NULL")
        .fetch_one(store.pool())
        .await
        .unwrap()
}

async fn hand_over(store: &Store, id: DeliveryId, reference: &str) {
    queue(store, id, START).await;
    let leased = lease_one(store, START).await;
    assert!(store.delivery_ask(&leased, "norte", START).await.unwrap());
    assert!(end(store, &leased, &accepted(reference), News::HandedOver, START).await);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_queued_code_is_leased_to_one_and_opens_for_it(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    let leased = lease_one(&store, START).await;
    assert!(lease(&store, OTHER, START).await.is_empty(), "it is somebody's");
    let (code, phone) = leased.open(&Keys::for_tests()).unwrap().unwrap();
    assert_eq!(code.reveal(), "012345");
    assert_eq!(phone.unwrap().reveal(), "+525512345678");
    assert_eq!(leased.prefix.as_deref(), Some("52"));
    assert_eq!(leased.asked, None);
    assert_eq!(leased.content, content());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_code_is_erased_when_somebody_has_it(pool: PgPool) {
    let store = Store::from_pool(pool);
    hand_over(&store, id(1, 1), "a").await;
    assert_eq!(sealed_rows(&store).await, 0);
    assert_eq!(status(&store, id(1, 1)).await, DeliveryStatus::Accepted);
    let told = store.deliveries_to_tell(10).await.unwrap();
    assert_eq!(
        told.iter().map(|news| (news.id, news.news)).collect::<Vec<_>>(),
        [(id(1, 1), News::HandedOver)]
    );
    store.delivery_told(&told[0]).await.unwrap();
    assert!(store.deliveries_to_tell(10).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_died_before_asking_anybody_leaves_the_code_to_the_next(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    lease_one(&store, START).await;
    let next = lease(&store, OTHER, START + Duration::seconds(20)).await;
    assert_eq!(next[0].asked, None, "nobody can have it");
    assert!(next[0].sealed.is_some());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_died_while_asking_leaves_word_of_whom(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    let dead = lease_one(&store, START).await;
    assert!(store.delivery_ask(&dead, "norte", START).await.unwrap());
    let later = START + Duration::seconds(20);
    let next = lease(&store, OTHER, later).await;
    assert_eq!(
        next[0].asked,
        Some(Asked {
            carrier: "norte".to_owned(),
            tries: 1
        })
    );
    // The dead one was only slow: it may ask nobody any more, and its word does not count.
    assert!(!store.delivery_ask(&dead, "sur", later).await.unwrap());
    assert!(!end(&store, &dead, &accepted("a"), News::HandedOver, later).await);
    let unknown = Ending::Unknown {
        carrier: "norte".to_owned(),
    };
    assert!(end(&store, &next[0], &unknown, News::MaybeLost, later).await);
    assert_eq!(status(&store, id(1, 1)).await, DeliveryStatus::Unknown);
    assert_eq!(sealed_rows(&store).await, 0);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_new_code_voids_the_one_before_it(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    queue(&store, id(1, 2), START).await;
    assert_eq!(status(&store, id(1, 1)).await, DeliveryStatus::Failed);
    assert_eq!(
        lease_one(&store, START).await.id,
        id(1, 2),
        "the first never leaves"
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_code_that_is_void_while_it_is_handed_over_goes_to_nobody_else_and_is_not_told_of(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    let leased = lease_one(&store, START).await;
    assert!(store.delivery_ask(&leased, "norte", START).await.unwrap());
    let mut connection = store.pool().acquire().await.unwrap();
    void_in(&mut connection, id(1, 1).acs_trans_id, START)
        .await
        .unwrap();
    assert_eq!(sealed_rows(&store).await, 0);
    assert!(!store.delivery_ask(&leased, "sur", START).await.unwrap());
    assert!(end(&store, &leased, &accepted("a"), News::HandedOver, START).await);
    assert_eq!(status(&store, id(1, 1)).await, DeliveryStatus::Accepted);
    assert!(store.deliveries_to_tell(10).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_later_code_knows_by_whom_earlier_ones_did_not_arrive(pool: PgPool) {
    let store = Store::from_pool(pool);
    queue(&store, id(1, 1), START).await;
    let leased = lease_one(&store, START).await;
    assert!(store.delivery_ask(&leased, "norte", START).await.unwrap());
    let unknown = Ending::Unknown {
        carrier: "norte".to_owned(),
    };
    end(&store, &leased, &unknown, News::MaybeLost, START).await;
    queue(&store, id(1, 2), START).await;
    let next = lease_one(&store, START).await;
    assert_eq!(next.disappointed, ["norte"]);
    assert_eq!(next.in_doubt, 1);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_receipt_may_come_before_the_providers_answer(pool: PgPool) {
    let store = Store::from_pool(pool);
    let heard = store
        .receipt_take(&receipt("a", ReceiptStatus::Delivered))
        .await
        .unwrap();
    assert_eq!(heard, Heard::Unclaimed);
    hand_over(&store, id(1, 1), "a").await;
    assert_eq!(status(&store, id(1, 1)).await, DeliveryStatus::Delivered);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_message_in_parts_has_arrived_when_all_of_them_have(pool: PgPool) {
    let store = Store::from_pool(pool);
    hand_over(&store, id(1, 1), "a,b").await;
    for (part, expected) in [("a", DeliveryStatus::Accepted), ("b", DeliveryStatus::Delivered)] {
        store
            .receipt_take(&receipt(part, ReceiptStatus::Delivered))
            .await
            .unwrap();
        assert_eq!(status(&store, id(1, 1)).await, expected, "after part {part}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_challenge_is_told_once_that_a_code_did_not_arrive(pool: PgPool) {
    let store = Store::from_pool(pool);
    hand_over(&store, id(1, 1), "a").await;
    store
        .receipt_take(&receipt("a", ReceiptStatus::Undelivered))
        .await
        .unwrap();
    let told = store.deliveries_to_tell(10).await.unwrap();
    assert_eq!(told.len(), 1, "it takes the place of what was not told yet");
    assert_eq!(
        (told[0].news, &told[0].asked[..]),
        (News::Undelivered, &["norte".to_owned()][..])
    );
    store.delivery_told(&told[0]).await.unwrap();
    // Again, another end, and the next code's own fall: all of no interest any more.
    for status in [ReceiptStatus::Undelivered, ReceiptStatus::Delivered] {
        let heard = store.receipt_take(&receipt("a", status)).await.unwrap();
        assert_eq!(heard, Heard::Stale);
    }
    hand_over(&store, id(1, 2), "b").await;
    let handed = store.deliveries_to_tell(10).await.unwrap();
    store.delivery_told(&handed[0]).await.unwrap();
    store
        .receipt_take(&receipt("b", ReceiptStatus::Failed))
        .await
        .unwrap();
    assert_eq!(status(&store, id(1, 2)).await, DeliveryStatus::Failed);
    assert!(store.deliveries_to_tell(10).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn no_statement_leads_a_delivery_down(pool: PgPool) {
    let store = Store::from_pool(pool);
    hand_over(&store, id(1, 1), "a").await;
    for down in ["queued", "accepted"] {
        let moved = sqlx::query("UPDATE acs.sms_deliveries SET status = $1, final_at = NULL")
            .bind(down)
            .execute(store.pool())
            .await;
        assert_eq!(moved.is_err(), down == "queued", "to {down}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn receipts_in_any_order_and_number_lead_to_the_same_place(pool: PgPool) {
    use ReceiptStatus::{Delivered, Failed, Sent};
    let store = Store::from_pool(pool);
    let orders = proptest::collection::vec(proptest::sample::select(vec![Sent, Delivered]), 0..6);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for round in 0..20u128 {
        let mut receipts = orders.new_tree(&mut runner).unwrap().current();
        receipts.push(Delivered);
        // Who comes after the end is late.
        receipts.extend([Sent, Failed]);
        let (delivery, reference) = (id(round + 10, 1), format!("message-{round}"));
        let early = usize::try_from(round % 3).unwrap();
        for status in receipts.iter().take(early) {
            store.receipt_take(&receipt(&reference, *status)).await.unwrap();
        }
        hand_over(&store, delivery, &reference).await;
        let mut rung = 0;
        for heard in receipts.iter().skip(early) {
            store.receipt_take(&receipt(&reference, *heard)).await.unwrap();
            let now = status(&store, delivery).await;
            assert!(now.rung() >= rung, "round {round}");
            rung = now.rung();
        }
        assert_eq!(
            status(&store, delivery).await,
            DeliveryStatus::Delivered,
            "round {round}"
        );
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_is_old_is_forgotten(pool: PgPool) {
    let store = Store::from_pool(pool);
    hand_over(&store, id(1, 1), "a").await;
    queue(&store, id(2, 1), START).await;
    let forgotten = store
        .deliveries_prune(START + Duration::days(1), 100)
        .await
        .unwrap();
    assert_eq!(
        forgotten, 2,
        "the delivery and its part, but nothing that is queued"
    );
    assert_eq!(status(&store, id(2, 1)).await, DeliveryStatus::Queued);
}
