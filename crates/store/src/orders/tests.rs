//! How orders and their claims to references are found, and what became of rows that are older than claims.

use super::ReferenceClaim;
use crate::plans::{assert_entered_by, plan_of};
use primitives::{Id, id::kind};
use serde_json::json;
use sqlx::{PgPool, Row};
use uuid::Uuid;

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_young_database_finds_an_order_by_its_whole_key(pool: PgPool) {
    let plan = plan_of(
        &pool,
        "PREPARE look (uuid, uuid, bigint) AS SELECT FROM orders WHERE merchant_id = $1 AND id = $2 AND version = $3",
        "EXPLAIN EXECUTE look (gen_random_uuid(), gen_random_uuid(), 1)",
    )
    .await;
    assert_entered_by("(merchant_id = $1) AND (id = $2)", &plan);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_young_database_finds_the_claim_to_a_reference_by_its_index(pool: PgPool) {
    let plan = plan_of(
        &pool,
        "PREPARE look (uuid, text, uuid) AS SELECT state FROM payments
         WHERE merchant_id = $1 AND reference = $2 AND order_id IS DISTINCT FROM $3",
        "EXPLAIN EXECUTE look (gen_random_uuid(), 'cart-1', gen_random_uuid())",
    )
    .await;
    assert!(
        plan.iter()
            .any(|line| line.contains("payments_one_per_reference")),
        "{plan:#?}"
    );
}

/// A payment as it was before there were claims: its number is its order's too, and says when it was made.
async fn old_payment(
    pool: &PgPool,
    number: u128,
    reference: &str,
    state: &str,
    standing: &str,
    totals: [i64; 3],
) {
    let [authorized, captured, refunded] = totals;
    sqlx::query(
        "WITH o AS (
             INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details,
                                 callbacks, lifecycle, payments, payment_id, version, created_at, updated_at)
             VALUES ($1, $2, $3, 'DEUNA_NOW', 'all', 'MXN', 100, '{}', '{}', 'open', 1, $2, 1, now(), now())
         )
         INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount, authorized, captured,
                               refunded, card, terms, routes, created_at, updated_at)
         VALUES ($1, $2, $2, 1, $4, $5, 'MXN', 100, $6, $7, $8, '{}', '{}', '[]', now() + make_interval(secs => $9), now())",
    )
    .bind(Uuid::from_u128(1))
    .bind(Uuid::from_u128(number))
    .bind(reference)
    .bind(state)
    .bind(json!({ "state": state, "standing": standing }))
    .bind(authorized)
    .bind(captured)
    .bind(refunded)
    .bind(f64::from(u32::try_from(number).unwrap()))
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn payments_from_before_claim_what_they_hold_money_for(pool: PgPool) {
    sqlx::query("ALTER TABLE payments DROP COLUMN reference")
        .execute(&pool)
        .await
        .unwrap();
    for (number, reference, state, standing, totals) in [
        (10, "open", "authorizing", "open", [0, 0, 0]),
        (11, "open", "authenticating", "open", [0, 0, 0]),
        (20, "paid", "authenticating", "open", [0, 0, 0]),
        (21, "paid", "authorized", "open", [100, 100, 0]),
        (22, "paid", "authorized", "open", [100, 0, 0]),
        (30, "voided", "authorized", "voided", [100, 0, 0]),
        (40, "refunded", "authorized", "open", [100, 100, 100]),
        (50, "part", "authorized", "captured_finally", [100, 60, 60]),
        (51, "part", "authorized", "captured_finally", [100, 60, 50]),
        (60, "held", "authorized", "open", [100, 60, 60]),
        (70, "denied", "closed", "open", [0, 0, 0]),
    ] {
        old_payment(&pool, number, reference, state, standing, totals).await;
    }
    let migration = include_str!("../../../../migrations/0113_payments_of_a_reference.sql");
    sqlx::raw_sql(migration).execute(&pool).await.unwrap();
    let claims = sqlx::query("SELECT id, reference FROM payments WHERE reference IS NOT NULL ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap();
    let claims: Vec<(u128, String)> = claims
        .iter()
        .map(|row| (row.get::<Uuid, _>(0).as_u128(), row.get(1)))
        .collect();
    let expected = [(10, "open"), (21, "paid"), (51, "part"), (60, "held")];
    assert_eq!(claims, expected.map(|(id, reference)| (id, reference.to_owned())));
    let store = crate::Store::from_pool(pool);
    let claim = async |reference, other_than: Option<u128>| {
        let merchant = Id::<kind::Merchant>::from_uuid(Uuid::from_u128(1));
        let other_than = other_than.map(|id| Id::from_uuid(Uuid::from_u128(id)));
        store
            .reference_claim(merchant, reference, other_than)
            .await
            .unwrap()
    };
    assert_eq!(claim("open", None).await, Some(ReferenceClaim::BeingPaid));
    assert_eq!(claim("paid", None).await, Some(ReferenceClaim::Paid));
    assert_eq!(claim("paid", Some(21)).await, None);
    assert_eq!(claim("denied", None).await, None);
}
