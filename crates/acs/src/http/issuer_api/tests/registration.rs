//! Cardholders, cards and products, from beginning to end.

use super::{Bank, OTHER_PAN, PAN};
use crate::store::{cards, limits};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_cardholder_with_cards_is_registered_in_one_call(pool: PgPool) {
    let bank = Bank::new(pool.clone()).await;
    bank.products().await;
    let body = json!({
        "firstName": "Ana", "lastName": "García", "language": "es-MX", "appRegistered": true,
        "mobilePhoneNumber": {"countryCode": "+52", "phoneNumber": "5512345678"},
        "cards": [
            {"cardId": "one", "pan": PAN, "exp": "1230", "staticPassword": "11111"},
            {"cardId": "two", "pan": OTHER_PAN, "productId": "clasica", "state": "INACTIVE"},
        ],
    });
    let reply = bank.call("PUT", "/consumers/ana/cards", &body).await;
    assert_eq!(reply.status, 204, "{}", reply.body);

    let shown = bank.get("/consumers/ana").await.body;
    assert_eq!(shown["phones"], json!(["•••• 5678"]));
    let shown = bank.get("/cards/one").await.body;
    assert_eq!(shown["panSuffix"], "0002");
    assert_eq!(shown["exp"], "1230");
    assert_eq!(shown["staticPassword"], true);
    assert_eq!(bank.get("/cards/two").await.body["state"], "INACTIVE");

    let inner = bank.acs.inner();
    let found = cards::by_pan_hash(&inner.store, &inner.keys.pan_hash(PAN)).await;
    let found = found.unwrap().unwrap();
    let phone = found.phones[0].open(&inner.keys, &found.issuer, &found.consumer);
    assert_eq!(phone.unwrap().reveal(), "+525512345678");
    // Nothing of it is in the database as it was said.
    let text: String = sqlx::query_scalar(
        "SELECT string_agg(t::text, ' ') FROM (SELECT c::text AS t FROM acs.cards c UNION ALL
             SELECT h::text FROM acs.cardholders h UNION ALL SELECT p::text FROM acs.phones p) x",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    for secret in [PAN, "5512345678", "Ana", "García", "11111"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn all_cards_of_a_call_are_registered_or_none(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let body = json!({"cards": [{"cardId": "two", "pan": OTHER_PAN}, {"cardId": "three", "pan": PAN}]});
    let reply = bank.call("PUT", "/consumers/eva/cards", &body).await;
    assert_eq!(reply.failure(), (409, "CARD_NUMBER_IN_USE", ""));
    assert_eq!(bank.get("/consumers/eva").await.status, 404);
    assert_eq!(bank.get("/cards/two").await.status, 404);

    let body = json!({"cards": [{"cardId": "two", "pan": OTHER_PAN}, {"cardId": "three", "pan": "5130257474533310"}]});
    let reply = bank.call("PUT", "/consumers/eva/cards", &body).await;
    assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", "cards[1].pan"));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_card_is_created_once_even_by_twins(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let body = json!({"cardId": "two", "consumerId": "ana", "pan": OTHER_PAN});
    let twins = futures_util::future::join_all((0..8).map(|_| bank.call("POST", "/cards", &body))).await;
    let created: Vec<_> = twins.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].body["cardId"], "two");
    let refused = twins.iter().filter(|reply| reply.status == 409).count();
    assert_eq!(refused, 7);

    let unknown = json!({"cardId": "three", "consumerId": "nobody", "pan": "4000000000000028"});
    let reply = bank.call("POST", "/cards", &unknown).await;
    assert_eq!(reply.failure(), (404, "RESOURCE_NOT_FOUND", ""));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_card_is_renewed_replaced_and_deleted(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let renewed = bank
        .call("POST", "/cards/one/renew", &json!({"exp": "0133"}))
        .await;
    assert_eq!(renewed.status, 204, "{}", renewed.body);
    assert_eq!(bank.get("/cards/one").await.body["exp"], "0133");

    let replacement = json!({"pan": OTHER_PAN, "exp": "0234", "newCardId": "two"});
    let replaced = bank.call("POST", "/cards/one/replace", &replacement).await;
    assert_eq!(replaced.status, 204, "{}", replaced.body);
    assert_eq!(bank.get("/cards/one").await.status, 404);
    assert_eq!(bank.get("/cards/two").await.body["panSuffix"], "0010");
    let again = bank.call("POST", "/cards/one/replace", &replacement).await;
    assert_eq!(again.status, 404);
    let inner = bank.acs.inner();
    let before = cards::by_pan_hash(&inner.store, &inner.keys.pan_hash(PAN)).await;
    assert_eq!(before.unwrap(), None);

    let onto = json!({"cardId": "one", "consumerId": "ana", "pan": PAN});
    assert_eq!(bank.call("POST", "/cards", &onto).await.status, 201);
    let taken = json!({"pan": "4000000000000028", "newCardId": "two"});
    let taken = bank.call("POST", "/cards/one/replace", &taken).await;
    assert_eq!(taken.failure(), (409, "CARD_ALREADY_EXISTS", ""));
    assert_eq!(
        bank.get("/cards/one").await.body["panSuffix"],
        "0002",
        "nothing changed"
    );

    assert_eq!(bank.call("DELETE", "/cards/two", &Value::Null).await.status, 204);
    assert_eq!(bank.call("DELETE", "/cards/two", &Value::Null).await.status, 404);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_blocked_or_locked_card_is_unlocked_by_its_issuer(pool: PgPool) {
    let bank = Bank::with_card(pool.clone()).await;
    assert_eq!(
        bank.call("POST", "/cards/one/block", &Value::Null).await.status,
        204
    );
    assert_eq!(bank.get("/cards/one").await.body["state"], "INACTIVE");
    let inner = bank.acs.inner();
    let card = cards::by_pan_hash(&inner.store, &inner.keys.pan_hash(PAN)).await;
    let card = card.unwrap().unwrap();
    let mut connection = pool.acquire().await.unwrap();
    for _ in 0..card.policy.limits.failures_to_lock {
        let policy = &card.policy.limits;
        limits::failed_in(&mut connection, policy, &card.issuer, &card.card, super::NOW)
            .await
            .unwrap();
    }
    assert_eq!(bank.get("/cards/one").await.body["locked"], true);
    assert_eq!(
        bank.call("POST", "/cards/one/unlock", &Value::Null).await.status,
        204
    );
    let shown = bank.get("/cards/one").await.body;
    assert_eq!(
        (&shown["state"], &shown["locked"]),
        (&json!("ACTIVE"), &json!(false))
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_range_may_not_overlap_anybody_elses(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let product = |start: &str, end: &str| json!({"brand": "visa", "name": "Oro", "ranges": [{"start": start, "end": end}]});
    let overlapping = product("4000000000009000", "4000000000010000");
    let reply = bank.call("PUT", "/products/oro", &overlapping).await;
    assert_eq!(reply.failure(), (409, "RANGE_OVERLAPS", ""));
    assert_eq!(bank.get("/products/oro").await.status, 404);

    let beside = product("4000000000020000", "4000000000029999");
    assert_eq!(bank.call("PUT", "/products/oro", &beside).await.status, 201);
    assert_eq!(bank.call("PUT", "/products/oro", &beside).await.status, 204);
    let listed = bank.get("/products").await.body;
    assert_eq!(listed["products"].as_array().unwrap().len(), 2);
    assert_eq!(
        bank.call("DELETE", "/products/oro", &Value::Null).await.status,
        204
    );
    let in_use = bank.call("DELETE", "/products/clasica", &Value::Null).await;
    assert_eq!(in_use.failure(), (409, "PRODUCT_IN_USE", ""));
    let another_brand = json!({"brand": "mastercard", "name": "Clásica", "ranges": []});
    let reply = bank.call("PUT", "/products/clasica", &another_brand).await;
    assert_eq!(reply.failure(), (409, "PRODUCT_IN_USE", ""));
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_policy_is_set_whole_and_held_against_the_caps(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let before = bank.get("/policy").await.body;
    assert_eq!(
        (&before["otp"]["digits"], &before["bank_name"]),
        (&json!(6), &json!("Banco de Pruebas"))
    );
    let policy = json!({
        "bank_name": "Banco", "otp": {"digits": 8},
        "backend": {"url": "https://bank.example/3ds", "token_url": null, "client_id": null, "encryption_key": null},
        "rules": {"rules": [], "otherwise": {"answer": "C"}},
    });
    let reply = bank.call("PUT", "/policy", &policy).await;
    assert_eq!(reply.status, 204, "{}", reply.body);
    assert_eq!(bank.get("/policy").await.body["otp"]["digits"], 8);
    for (document, field) in [
        (json!({"otp": {"digits": 4}}), "otp.digits"),
        (json!({"otp": {"digits": "6"}}), "otp.digits"),
        (json!({"bank_name": ""}), "bank_name"),
        (json!({"otp": [8]}), "otp"),
        (
            json!({"limits": {"sends_per_phone": [[3, 600]]}}),
            "limits.sends_per_phone",
        ),
        (json!({"rules": {"rules": 7}}), "rules.rules"),
        (json!({"backend": {"url": "http://bank.example"}}), "backend.url"),
        (
            json!({"backend": {"url": "https://bank.example/"}}),
            "backend.url",
        ),
        (
            json!({"backend": {"url": "https://bank.example", "token_url": "https://bank.example/token"}}),
            "backend.client_id",
        ),
        (
            json!({"backend": {"url": "https://bank.example", "encryption_key": {}}}),
            "backend.encryption_key",
        ),
        (
            json!({"delivery": {"mode": "issuer_sends", "fall_back": true}}),
            "delivery",
        ),
    ] {
        let reply = bank.call("PUT", "/policy", &document).await;
        assert_eq!(
            reply.failure(),
            (400, "FIELD_INVALID_FORMAT", field),
            "{document}"
        );
    }
    assert_eq!(
        bank.get("/policy").await.body["otp"]["digits"],
        8,
        "nothing changed"
    );
    let secret = json!({"secret": "a-secret-of-the-bank"});
    assert_eq!(bank.call("PUT", "/backend-secret", &secret).await.status, 204);
}
