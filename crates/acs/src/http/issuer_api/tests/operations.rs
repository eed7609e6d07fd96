//! The history of cards, and challenges that the bank's app answers.

use super::{Bank, NOW};
use crate::language::Language;
use crate::store::challenges::{self, NewChallenge, NewMeans, Way};
use crate::store::provider_health::{self, Counted, TryOutcome};
use emv3ds::AcsTransId;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Writes down that somebody asked about the card, and what was answered.
async fn asked(pool: &PgPool, number: u128, status: &str, at: OffsetDateTime) -> AcsTransId {
    let outcome = (status == "Y").then_some("Y");
    sqlx::query(
        "INSERT INTO acs.transactions (acs_trans_id, three_ds_server_trans_id, ds_trans_id, brand, message_version,
             device_channel, message_category, issuer_id, product_id, card_id, consumer_id, last_four, merchant_name,
             amount_minor, currency, status, decoupled_fallback, explanation, decided_at, outcome, ended_at)
         VALUES ($1, $1, $1, 'visa', '2.2.0', '02', '01', 'banco-0001', 'clasica', 'one', 'ana', '0002', 'Tienda',
             123456, 'MXN', $2, false, '{}', $3, $4, $5)",
    )
    .bind(Uuid::from_u128(number))
    .bind(status)
    .bind(at)
    .bind(outcome)
    .bind(outcome.map(|_| at))
    .execute(pool)
    .await
    .unwrap();
    AcsTransId(Uuid::from_u128(number))
}

/// A decoupled authentication that waits for the app.
async fn waiting_for_the_app(bank: &Bank, pool: &PgPool, number: u128) -> AcsTransId {
    let id = asked(pool, number, "D", NOW).await;
    let new = NewChallenge {
        acs_trans_id: id,
        way: Way::Decoupled {
            patience: Duration::minutes(5),
        },
        means: NewMeans {
            app: true,
            ..NewMeans::default()
        },
        language: Language::Spanish,
    };
    let inner = bank.acs.inner();
    let mut connection = pool.acquire().await.unwrap();
    challenges::begin_in(&mut connection, &inner.keys, &new, inner.clock.moment())
        .await
        .unwrap();
    id
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn history_is_told_newest_first_in_pages_and_a_year_back(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    let empty = bank.get("/cards/one/3ds/operations").await;
    assert_eq!((empty.status, &empty.body["operations"]), (200, &json!([])));
    asked(&pool, 1, "Y", NOW - Duration::days(366)).await;
    for number in 2..15_u8 {
        let at = NOW - Duration::minutes(i64::from(number));
        asked(&pool, number.into(), "Y", at).await;
    }
    let page = bank.get("/cards/one/3ds/operations").await.body;
    let page = page["operations"].as_array().unwrap();
    assert_eq!(page.len(), 10);
    assert_eq!(page[0]["operationId"], Uuid::from_u128(2).to_string());
    assert_eq!(page[0]["operation"], "3DS_FRICTIONLESS");
    assert_eq!(page[0]["status"], "SUCCESSFUL");
    assert_eq!(page[0]["details"]["purchaseCurrency"], "484");
    assert_eq!(page[0]["details"]["purchaseExponent"], "2");
    let rest = bank
        .get("/cards/one/3ds/operations?offset=10&limit=50")
        .await
        .body;
    assert_eq!(
        rest["operations"].as_array().unwrap().len(),
        3,
        "the oldest is over a year old"
    );

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("page=1", "page"),
    ] {
        let reply = bank.get(&format!("/cards/one/3ds/operations?{query}")).await;
        assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", field), "{query}");
    }
    assert_eq!(bank.get("/cards/none/3ds/operations").await.status, 404);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_waits_for_the_app_is_answered_once(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    let id = waiting_for_the_app(&bank, &pool, 7).await;
    let waiting = bank.get("/challenges?method=app").await.body;
    let waiting = &waiting["challenges"][0];
    assert_eq!(waiting["acsTransId"], id.0.to_string());
    assert_eq!(
        (&waiting["decoupled"], &waiting["state"]),
        (&json!(true), &json!("decoupled"))
    );
    assert_eq!(
        (&waiting["merchantName"], &waiting["purchaseAmount"]),
        (&json!("Tienda"), &json!("123456"))
    );

    let path = format!("/challenges/{}/oob-result", id.0);
    for (body, code, field) in [
        (json!({}), "FIELD_MISSING", "result"),
        (json!({"result": "yes"}), "FIELD_INVALID_FORMAT", "result"),
        (json!({"result": "approved", "pin": 1}), "FIELD_UNKNOWN", "pin"),
    ] {
        assert_eq!(
            bank.call("POST", &path, &body).await.failure(),
            (400, code, field),
            "{body}"
        );
    }
    let approved = json!({"result": "approved"});
    let twins = futures_util::future::join_all((0..4).map(|_| bank.call("POST", &path, &approved))).await;
    assert_eq!(twins.iter().filter(|reply| reply.status == 204).count(), 1);
    let late = twins.iter().find(|reply| reply.status != 204).unwrap();
    assert_eq!(late.failure(), (409, "APP_NOT_ASKED", ""));
    let ended = bank.get(&format!("/challenges/{}", id.0)).await.body;
    assert_eq!(
        (&ended["state"], &ended["ending"]),
        (&json!("done"), &json!("passed"))
    );
    assert_eq!(
        bank.get("/challenges?method=app").await.body["challenges"],
        json!([])
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn challenges_of_others_and_of_nobody_are_unknown(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    let id = asked(&pool, 9, "C", NOW).await.0;
    sqlx::query("UPDATE acs.transactions SET issuer_id = 'banco-0002'")
        .execute(&pool)
        .await
        .unwrap();
    let answer = json!({"result": "denied"});
    for id in [id, Uuid::from_u128(10)] {
        assert_eq!(bank.get(&format!("/challenges/{id}")).await.status, 404);
        let path = format!("/challenges/{id}/oob-result");
        assert_eq!(bank.call("POST", &path, &answer).await.status, 404);
    }
    for (path, field) in [
        ("/challenges/seven", "acsTransId"),
        ("/challenges", "method"),
        ("/challenges?method=code", "method"),
        ("/challenges?method=app&state=x", "state"),
    ] {
        let reply = bank.call("GET", path, &Value::Null).await;
        assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", field), "{path}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn statistics_count_by_outcome_method_and_day(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    asked(&pool, 1, "Y", NOW - Duration::days(1)).await;
    asked(&pool, 2, "Y", NOW).await;
    asked(&pool, 3, "N", NOW - Duration::days(8)).await;
    let id = waiting_for_the_app(&bank, &pool, 4).await;
    bank.clock.pass(Duration::seconds(20));
    let path = format!("/challenges/{}/oob-result", id.0);
    let approved = json!({"result": "approved"});
    assert_eq!(bank.call("POST", &path, &approved).await.status, 204);

    let told = bank.get("/statistics").await;
    assert_eq!(told.status, 200, "{}", told.body);
    let outcomes = told.body["authentications"].as_array().unwrap();
    assert_eq!(outcomes.len(), 2, "{}", told.body);
    assert_eq!(
        told.body["challenges"],
        json!([{"method": "decoupled", "ending": "passed", "count": 1, "medianMillis": 20_000}])
    );
    assert_eq!(
        told.body["codes"],
        json!({"sent": 0, "verified": 0, "withheld": 0})
    );
    assert_eq!(
        told.body["days"],
        json!([
            {"day": "2026-02-28", "authentications": 1, "challenges": 0, "passed": 0},
            {"day": "2026-03-01", "authentications": 2, "challenges": 1, "passed": 1},
        ])
    );
    let earlier = bank.get("/statistics?from=2026-02-20&to=2026-02-25").await.body;
    assert_eq!(earlier["days"].as_array().unwrap().len(), 1);
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-03-02", "from"),
        ("from=2025-01-01", "from"),
        ("day=2026-03-01", "day"),
    ] {
        let reply = bank.get(&format!("/statistics?{query}")).await;
        assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", field), "{query}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn an_issuer_sees_providers_and_its_own_backend_only(pool: PgPool) {
    let bank = Bank::new(pool).await;
    for provider in [
        "principal",
        "issuer_backend/banco-0001",
        "issuer_backend/banco-0002",
    ] {
        let counted = Counted::Try(TryOutcome::Accepted, std::time::Duration::from_millis(40));
        provider_health::count(&bank.acs.inner().store, provider, Some("52"), counted, NOW)
            .await
            .unwrap();
    }
    let shown = bank.get("/providers").await.body;
    let shown: Vec<_> = shown["providers"].as_array().unwrap().iter().collect();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1]["provider"], "principal");
    assert_eq!(
        (&shown[1]["accepted"], &shown[1]["answerMillis"]),
        (&json!(1), &json!(40))
    );
}
