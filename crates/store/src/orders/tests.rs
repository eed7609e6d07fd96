//! How orders and their claims to references are found, and what became of rows that are older than claims.

use super::ReferenceClaim;
use crate::plans::{assert_entered_by, plan_of};
use payments::Numbering;
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
        "PREPARE look (uuid, text, text, uuid) AS SELECT state FROM payments
         WHERE merchant_id = $1 AND numbering = $2 AND reference = $3 AND order_id IS DISTINCT FROM $4",
        "EXPLAIN EXECUTE look (gen_random_uuid(), '', 'cart-1', gen_random_uuid())",
    )
    .await;
    assert!(
        plan.iter()
            .any(|line| line.contains("payments_one_per_reference_of_numbering")),
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
            .reference_claim(merchant, &Numbering::Merchant, reference, other_than)
            .await
            .unwrap()
    };
    assert_eq!(claim("open", None).await, Some(ReferenceClaim::BeingPaid));
    assert_eq!(claim("paid", None).await, Some(ReferenceClaim::Paid));
    assert_eq!(claim("paid", Some(21)).await, None);
    assert_eq!(claim("denied", None).await, None);
}

/// The database as the migrations before the numberings left it.
async fn before_numberings(pool: &PgPool) {
    sqlx::raw_sql(
        "DROP TRIGGER payments_numbering ON payments;
         DROP FUNCTION payments_numbering();
         ALTER TABLE payments DROP COLUMN numbering;
         ALTER TABLE orders DROP COLUMN numbering;
         CREATE UNIQUE INDEX payments_one_per_reference ON payments (merchant_id, reference) WHERE reference IS NOT NULL;",
    )
    .execute(pool)
    .await
    .unwrap();
}

/// The PAYID of an order.
async fn numbered(pool: &PgPool, pspid: &str, order: u128) {
    sqlx::query(
        "WITH m AS (
             INSERT INTO merchants (id, name, country, currencies, version, created_at, updated_at)
             VALUES ($1, 'Shop', 'MX', '{MXN}', 1, now(), now()) ON CONFLICT DO NOTHING
         ), a AS (
             INSERT INTO directlink_accounts (pspid, merchant_id, hash, operation, feedback_on_redirect, post_sale_method,
                                              attempts_max, status, version, created_at, updated_at)
             VALUES ($2, $1, 'sha256', 'RES', false, 'POST', 10, 'active', 1, now(), now()) ON CONFLICT DO NOTHING
         )
         INSERT INTO directlink_payments (pspid, reference, merchant_id, order_id, operation, facts, return_token, created_at)
         SELECT $2, reference, merchant_id, id, 'RES', '{}', substr(md5(random()::text), 1, 26), now()
         FROM orders WHERE merchant_id = $1 AND id = $3",
    )
    .bind(Uuid::from_u128(1))
    .bind(pspid)
    .bind(Uuid::from_u128(order))
    .execute(pool)
    .await
    .unwrap();
}

/// An order as the version before the numberings writes it.
async fn old_order(pool: &PgPool, number: u128, reference: &str) {
    sqlx::query(
        "INSERT INTO orders (merchant_id, id, reference, order_type, store_code, currency, total_amount, details,
                             callbacks, lifecycle, payments, payment_id, version, created_at, updated_at)
         VALUES ($1, $2, $3, 'DEUNA_NOW', 'all', 'MXN', 100, '{}', '{}', 'open', 1, $2, 1, now(), now())",
    )
    .bind(Uuid::from_u128(1))
    .bind(Uuid::from_u128(number))
    .bind(reference)
    .execute(pool)
    .await
    .unwrap();
}

/// Its payment, which claims the reference.
async fn old_claim(pool: &PgPool, number: u128, reference: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount, card, terms, routes,
                               created_at, updated_at, history, reference)
         VALUES ($1, $2, $2, 1, 'authorizing', '{}', 'MXN', 100, '{}', '{}', '[]', now(), now(), '{}', $3)",
    )
    .bind(Uuid::from_u128(1))
    .bind(Uuid::from_u128(number))
    .bind(reference)
    .execute(pool)
    .await
    .map(drop)
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn orders_from_before_the_numberings_are_of_their_account_s(pool: PgPool) {
    before_numberings(&pool).await;
    for (number, pspid) in [(10, None), (11, Some("one")), (12, Some("two"))] {
        let reference = format!("cart-{number}");
        old_order(&pool, number, &reference).await;
        if let Some(pspid) = pspid {
            numbered(&pool, pspid, number).await;
        }
        old_claim(&pool, number, &reference).await.unwrap();
    }

    for migration in [
        include_str!("../../../../migrations/0144_orders_numbering.sql"),
        include_str!("../../../../migrations/0145_payments_numbering.sql"),
    ] {
        sqlx::raw_sql(migration).execute(&pool).await.unwrap();
    }

    let rows = sqlx::query(
        "SELECT o.numbering, p.numbering FROM orders o JOIN payments p ON p.order_id = o.id ORDER BY o.id",
    );
    let rows = rows.fetch_all(&pool).await.unwrap();
    let numberings: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = ["", "one", "two"].map(|name| (name.to_owned(), name.to_owned()));
    assert_eq!(numberings, expected);
    let store = crate::Store::from_pool(pool);
    let claim = async |numbering| {
        let merchant = Id::from_uuid(Uuid::from_u128(1));
        let found = store.reference_claim(merchant, &numbering, "cart-11", None);
        found.await.unwrap()
    };
    let one = Numbering::DirectLink("one".into());
    assert_eq!(claim(one).await, Some(ReferenceClaim::BeingPaid));
    assert_eq!(claim(Numbering::DirectLink("two".into())).await, None);
    assert_eq!(claim(Numbering::Merchant).await, None);
}

/// While a new version is rolled out, a process of the old one says nothing of numberings.
#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_payment_of_the_version_before_claims_beside_those_of_this_one(pool: PgPool) {
    for (number, pspid) in [
        (10, Some("one")),
        (11, Some("one")),
        (12, Some("two")),
        (13, None),
    ] {
        old_order(&pool, number, "cart").await;
        if let Some(pspid) = pspid {
            numbered(&pool, pspid, number).await;
        }
    }
    sqlx::query(
        "INSERT INTO payments (merchant_id, id, order_id, number, state, state_data, currency, amount, card, terms, routes,
                               created_at, updated_at, history, reference, numbering)
         VALUES ($1, $2, $2, 1, 'authorizing', '{}', 'MXN', 100, '{}', '{}', '[]', now(), now(), '{}', 'cart', 'one')",
    )
    .bind(Uuid::from_u128(1))
    .bind(Uuid::from_u128(10))
    .execute(&pool)
    .await
    .unwrap();

    let twin = old_claim(&pool, 11, "cart").await.unwrap_err();

    let taken = twin.as_database_error().and_then(|error| error.constraint());
    assert_eq!(taken, Some("payments_one_per_reference_of_numbering"));
    old_claim(&pool, 12, "cart").await.unwrap();
    old_claim(&pool, 13, "cart").await.unwrap();
    let claims = sqlx::query("SELECT numbering FROM payments ORDER BY id")
        .fetch_all(&pool)
        .await;
    let claims: Vec<String> = claims.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(claims, ["one", "two", ""]);
}
