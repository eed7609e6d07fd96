//! A process may die at any moment between leasing a code and recording what came of it; the next one finds the row as it
//! was left, once the lease is over.

use super::*;
use crate::store::deliveries::Leased;

/// The next process: whatever leases there were are over.
async fn leases_are_over(acs: &Acs) {
    sqlx::query("UPDATE acs.sms_deliveries SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
        .execute(acs.inner().store.pool())
        .await
        .unwrap();
}

async fn leased(acs: &Acs) -> Leased {
    queue(&acs.inner().store, id(1, 1), acs.inner().clock.now()).await;
    acs.lease_codes(1).await.unwrap().remove(0)
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn before_anybody_is_asked_the_code_is_sent_by_the_next_process(pool: PgPool) {
    let one = Double::new("one", vec![]);
    let acs = service(pool, std::slice::from_ref(&one), serde_json::json!({})).await;
    leased(&acs).await;
    leases_are_over(&acs).await;
    acs.deliver_all().await;
    assert_eq!(one.asked().len(), 1);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn while_somebody_is_asked_the_code_is_in_doubt_and_nobody_gets_it_again(pool: PgPool) {
    let (one, two) = (Double::new("one", vec![]), Double::new("two", vec![]));
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    let dying = leased(&acs).await;
    let store = &acs.inner().store;
    assert!(
        store
            .delivery_ask(&dying, "one", acs.inner().clock.now())
            .await
            .unwrap()
    );
    leases_are_over(&acs).await;
    acs.deliver_all().await;
    assert!(one.asked().is_empty() && two.asked().is_empty());
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Unknown);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::MaybeLost));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn after_the_answer_and_before_the_record_it_is_the_same(pool: PgPool) {
    let (one, two) = (Double::new("one", vec![]), Double::new("two", vec![]));
    let acs = service(pool, &[one.clone(), two.clone()], serde_json::json!({})).await;
    let dying = leased(&acs).await;
    let policy = Policy::default();
    let way = Way {
        acs: &acs,
        leased: &dying,
        policy: &policy,
    };
    let (ending, _) = way.go(acs.carriers(&policy)).await.unwrap();
    assert!(matches!(ending, Ending::Accepted { .. }), "and then it dies");
    leases_are_over(&acs).await;
    acs.deliver_all().await;
    assert_eq!(
        (one.asked().len(), two.asked().len()),
        (1, 0),
        "the code travelled once"
    );
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Unknown);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn after_the_record_the_news_are_still_there_to_be_told(pool: PgPool) {
    let one = Double::new("one", vec![]);
    let acs = service(pool, std::slice::from_ref(&one), serde_json::json!({})).await;
    acs.deliver_one(id(1, 1)).await;
    leases_are_over(&acs).await;
    acs.deliver_all().await;
    assert_eq!(one.asked().len(), 1);
    assert_eq!(acs.news_of(id(1, 1)).await, Some(News::HandedOver));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_process_that_was_only_slow_asks_nobody_and_records_nothing(pool: PgPool) {
    let one = Double::new("one", vec![]);
    let acs = service(pool, std::slice::from_ref(&one), serde_json::json!({})).await;
    let slow = leased(&acs).await;
    leases_are_over(&acs).await;
    acs.deliver_all().await;
    acs.deliver(slow).await.unwrap();
    assert_eq!(one.asked().len(), 1);
    assert_eq!(acs.status(id(1, 1)).await, DeliveryStatus::Accepted);
}
