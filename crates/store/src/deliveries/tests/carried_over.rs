//! What an older schema held is there in the new one.

use super::*;
use crate::{MIGRATOR, deliveries::DeliveryTarget};
use serde_json::json;
use sqlx::{AssertSqlSafe, migrate::Migration};

/// The first migration after which events and deliveries are as they are now.
const CHANGED_FROM: i64 = 120;

async fn run(pool: &PgPool, which: impl Fn(&Migration) -> bool) {
    for migration in MIGRATOR.iter().filter(|migration| which(migration)) {
        sqlx::raw_sql(migration.sql.clone()).execute(pool).await.unwrap();
    }
}

#[sqlx::test(migrations = false)]
async fn deliveries_of_an_older_schema_go_on_where_they_were(pool: PgPool) {
    run(&pool, |migration| migration.version < CHANGED_FROM).await;
    let hook = "https://shop.example/hook";
    // Delivered, given up, waiting, due, being sent, and one that was to go nowhere.
    for (number, outcome, next_at, attempts, lease) in [
        (1, "'delivered'", "'-1 day'", 2, "NULL"),
        (2, "'given_up'", "'-1 day'", 10, "NULL"),
        (3, "NULL", "'1 day'", 1, "NULL"),
        (4, "NULL", "'-1 day'", 0, "NULL"),
        (5, "NULL", "'-1 day'", 1, "now() + interval '1 hour'"),
        (6, "", "", 0, ""),
    ] {
        let (merchant, order) = (merchant().uuid(), order(number).uuid());
        let event = Uuid::from_u128(number);
        let insert = format!(
            "INSERT INTO events VALUES ('{merchant}', '{event}', '{order}', {number}, 'order.pending', 'x', '{{}}', now())"
        );
        sqlx::query(AssertSqlSafe(insert)).execute(&pool).await.unwrap();
        if outcome.is_empty() {
            continue;
        }
        let insert = format!(
            "INSERT INTO deliveries (merchant_id, order_id, id, event_id, sequence, url, queue, created_at, attempts,
                 next_at, lease_until, lease_owner, outcome, last_code, updated_at)
             VALUES ('{merchant}', '{order}', '{event}', '{event}', {number}, '{hook}', 'shop.example', now(), {attempts},
                 now() + interval {next_at}, {lease}, CASE WHEN {lease} IS NULL THEN NULL ELSE '{event}'::uuid END,
                 {outcome}, 'said', now())"
        );
        sqlx::query(AssertSqlSafe(insert)).execute(&pool).await.unwrap();
    }
    run(&pool, |migration| migration.version >= CHANGED_FROM).await;

    let store = Store::from_pool(pool.clone());
    let states: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT event_id, state FROM deliveries ORDER BY event_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    let expected = [(2, "given_up"), (3, "waiting"), (4, "ready"), (5, "ready")];
    assert_eq!(
        states,
        expected.map(|(number, state)| (Uuid::from_u128(number), state.to_owned()))
    );
    let hooks = store.hooks_of_order(merchant(), order(1)).await.unwrap();
    assert_eq!(
        (&hooks[0]["successed"], &hooks[0]["retry"]),
        (&json!(true), &json!(1))
    );
    let now = START + Duration::weeks(520);
    let leased = store
        .delivery_take_lease(&LeaseRequest {
            owner: ONE,
            now: sqlx::query_scalar("SELECT now()").fetch_one(&pool).await.unwrap(),
            until: now,
            total: 9,
            rooms: &[(queue_of(merchant(), hook), 9)],
        })
        .await
        .unwrap();
    assert_eq!(ids(&leased), [Id::from_uuid(Uuid::from_u128(4))]);
    assert_eq!(leased[0].url, hook);
    let dead = store.dead_letters(merchant(), DeliveryTarget::Own, None, 9).await;
    assert_eq!(dead.unwrap()[0].attempts, 10);
    let quiet = store
        .event_load(merchant(), Id::from_uuid(Uuid::from_u128(6)))
        .await
        .unwrap();
    assert_eq!(quiet.unwrap().notify_url, None);
}
