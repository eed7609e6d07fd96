//! Letting a card be tried again, over HTTP.

use super::{Admin, SOME_ID};
use axum::http::header;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

const CARD: &[u8] = b"the one card";
const ANOTHER: &[u8] = b"another card";

/// A payment with that card, declined.
#[allow(clippy::disallowed_methods, reason = "tests have chance of their own")]
async fn declined(pool: &PgPool, merchant: &str, card: &[u8]) -> Uuid {
    let merchant: Uuid = merchant.parse().unwrap();
    let payment = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO payment_cards (merchant_id, payment_id, fingerprint, sealed_card) VALUES ($1, $2, $3, '')",
    )
    .bind(merchant)
    .bind(payment)
    .bind(card)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO card_declines (merchant_id, attempt_id, payment_id, fingerprint, brand, never, reason, at)
         VALUES ($1, $2, $2, $3, 'visa', true, 'lost_or_stolen', now())",
    )
    .bind(merchant)
    .bind(payment)
    .bind(card)
    .execute(pool)
    .await
    .unwrap();
    payment
}

async fn declines(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM card_declines")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn lifts_audited(admin: &Admin) -> Vec<Value> {
    let (_, audit) = admin.call("GET", "/audit", &Value::Null).await;
    let entries = audit["data"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["action"] == "card_declines.lift")
        .cloned()
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_declines_of_one_merchant_s_card_are_lifted_and_no_others(pool: PgPool) {
    let admin = Admin::new(pool.clone()).await;
    let (ours, theirs) = (admin.merchant().await, admin.merchant().await);
    let payment = declined(&pool, &ours, CARD).await;
    declined(&pool, &ours, CARD).await;
    declined(&pool, &ours, ANOTHER).await;
    declined(&pool, &theirs, CARD).await;

    let path = format!("/merchants/{ours}/card-declines?payment_id={payment}");
    assert_eq!(
        admin.call("DELETE", &path, &Value::Null).await,
        (200, json!({"lifted": 2}))
    );
    assert_eq!(declines(&pool).await, 2);
    assert_eq!(
        admin.call("DELETE", &path, &Value::Null).await,
        (200, json!({"lifted": 0}))
    );
    let audited = lifts_audited(&admin).await;
    assert_eq!(audited.len(), 2);
    assert_eq!(audited[0]["subject"], payment.to_string(), "{}", audited[0]);
    assert_eq!(audited[0]["merchant_id"], ours.as_str());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lift_that_names_no_payment_of_the_merchant_is_refused_and_lifts_nothing(pool: PgPool) {
    let admin = Admin::new(pool.clone()).await;
    let (ours, theirs) = (admin.merchant().await, admin.merchant().await);
    let payment = declined(&pool, &ours, CARD).await;
    let nul = "%00";
    let long = "1".repeat(5_000);
    for (merchant, query, expected) in [
        (ours.as_str(), String::new(), 422),
        (&ours, "?".into(), 422),
        (&ours, "?payment=1".into(), 422),
        (&ours, "?payment_id=".into(), 422),
        (&ours, "?payment_id=null".into(), 422),
        (&ours, format!("?payment_id={payment}x"), 422),
        (&ours, format!("?payment_id=%20{payment}"), 422),
        (&ours, format!("?payment_id={nul}"), 422),
        (&ours, format!("?payment_id={long}"), 422),
        (&ours, format!("?payment_id={payment}&payment_id={payment}"), 400),
        (&ours, format!("?payment_id={SOME_ID}"), 404),
        (&ours, format!("?payment_id={}", Uuid::nil()), 404),
        (&theirs, format!("?payment_id={payment}"), 404),
        (SOME_ID, format!("?payment_id={payment}"), 404),
        ("nobody", format!("?payment_id={payment}"), 404),
    ] {
        let path = format!("/merchants/{merchant}/card-declines{query}");
        let (status, headers, reply) = admin
            .send("DELETE", &path, String::new(), Some(&admin.token))
            .await;
        assert_eq!(status, expected, "{path} {reply}");
        assert_eq!(
            headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{path}"
        );
        assert_eq!(reply["status"], expected, "{path}");
        if expected == 422 {
            assert_eq!(reply["errors"][0]["field"], "payment_id", "{path} {reply}");
        }
    }
    assert_eq!(declines(&pool).await, 1);
    assert_eq!(lifts_audited(&admin).await, Vec::<Value>::new());
}
