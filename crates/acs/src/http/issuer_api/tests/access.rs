//! Who gets in, and who does not.

use super::{ADMIN_TOKEN, Bank, PUBLIC_URL};
use crate::jose::jws::testing::signed;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_token_is_good_for_fifteen_minutes(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let reply = bank.ask_token(&bank.assertion(json!({}))).await;
    assert_eq!(reply.body["expires_in"], 900);
    assert_eq!(reply.body["token_type"], "Bearer");
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    bank.clock.pass(Duration::seconds(899));
    assert_eq!(bank.get("/products").await.status, 200);
    bank.clock.pass(Duration::seconds(1));
    let reply = bank.get("/products").await;
    assert_eq!(reply.failure(), (401, "UNAUTHORIZED", ""));
    assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn an_assertion_is_good_once_even_for_twins(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let assertion = bank.assertion(json!({}));
    let twins = futures_util::future::join_all((0..8).map(|_| bank.ask_token(&assertion))).await;
    let taken = twins.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(taken, 1);
    assert!(
        twins
            .iter()
            .all(|reply| reply.status == 200 || reply.body["error"] == "invalid_grant")
    );

    // Without a number of its own an assertion is known by what it says.
    let unnumbered = bank.assertion(json!({"jti": null}));
    assert_eq!(bank.ask_token(&unnumbered).await.status, 200);
    assert_eq!(bank.ask_token(&unnumbered).await.status, 400);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn what_is_no_good_assertion_gets_no_token(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let at = |minutes: i64| super::NOW.unix_timestamp() + minutes * 60;
    for claims in [
        json!({"iss": "stranger"}),
        json!({"iss": 7}),
        json!({"exp": at(-1)}),
        json!({"exp": at(16)}),
        json!({"exp": "soon"}),
        json!({"aud": "https://other.example"}),
        json!({"iat": at(5)}),
    ] {
        let reply = bank.ask_token(&bank.assertion(claims.clone())).await;
        assert_eq!(reply.status, 400, "{claims}");
        assert_eq!(reply.body["error"], "invalid_grant", "{claims}");
    }
    let good = json!({"aud": format!("{PUBLIC_URL}/acs/oauth2/token")});
    assert_eq!(bank.ask_token(&bank.assertion(good)).await.status, 200);

    let stranger = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let forged = signed(
        &stranger,
        &json!({"alg": "ES256"}),
        &json!({"iss": "core", "exp": at(5)}),
    );
    let long = "x".repeat(5_000);
    for assertion in ["", "a.b.c", forged.as_str(), long.as_str()] {
        let reply = bank.ask_token(assertion).await;
        assert_eq!(reply.body["error"], "invalid_grant", "{assertion}");
    }
    for (content_type, form, error) in [
        (
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials",
            "unsupported_grant_type",
        ),
        (
            "application/x-www-form-urlencoded",
            "assertion=x",
            "invalid_request",
        ),
        ("application/json", "{}", "invalid_request"),
    ] {
        let request = Request::post("/acs/oauth2/token")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(form))
            .unwrap();
        let reply = bank.send(request).await;
        assert_eq!(
            (reply.status, &reply.body["error"]),
            (400, &json!(error)),
            "{form}"
        );
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_rotated_key_leaves_a_day_to_change_over(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let path = "/issuers/banco-0001/clients/core/key";
    let reply = bank.admin("POST", path, &json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body["privateKey"]["d"].is_string());
    let still = bank.ask_token(&bank.assertion(json!({}))).await;
    assert_eq!(still.status, 200, "the old key is good for a day");
    bank.clock.pass(Duration::hours(24));
    let over = bank.ask_token(&bank.assertion(json!({}))).await;
    assert_eq!(over.body["error"], "invalid_grant");
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_disabled_client_loses_its_tokens_at_once(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let client = "/issuers/banco-0001/clients/core";
    assert_eq!(
        bank.admin("POST", &format!("{client}/disable"), &Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(bank.get("/products").await.status, 401);
    assert_eq!(bank.ask_token(&bank.assertion(json!({}))).await.status, 400);
    bank.admin("POST", &format!("{client}/enable"), &Value::Null)
        .await;
    assert_eq!(bank.ask_token(&bank.assertion(json!({}))).await.status, 200);
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn an_issuer_sees_nothing_of_another(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    for path in [
        "/products",
        "/products/clasica",
        "/policy",
        "/cards/one",
        "/consumers/ana",
    ] {
        for issuer in ["banco-0002", "banco-9999", "short"] {
            let path = format!("/acs/banking/v2/issuers/{issuer}{path}");
            let reply = bank
                .with_token("GET", &path, Some(&bank.token), Body::empty())
                .await;
            assert_eq!(reply.failure(), (404, "RESOURCE_NOT_FOUND", ""), "{path}");
        }
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_administration_wants_its_token(pool: PgPool) {
    let bank = Bank::new(pool).await;
    for (method, path) in [
        ("GET", "/acs/admin/issuers"),
        ("POST", "/acs/admin/issuers"),
        ("GET", "/acs/admin/issuers/banco-0001"),
        ("PUT", "/acs/admin/issuers/banco-0001/policy"),
        ("GET", "/acs/admin/issuers/banco-0001/clients"),
        ("POST", "/acs/admin/issuers/banco-0001/clients"),
        ("POST", "/acs/admin/issuers/banco-0001/clients/core/key"),
        ("POST", "/acs/admin/issuers/banco-0001/clients/core/disable"),
        ("POST", "/acs/admin/issuers/banco-0001/clients/core/enable"),
        ("PUT", "/acs/admin/issuers/banco-0001/products/clasica"),
        ("GET", "/acs/admin/card-ranges"),
    ] {
        let almost = &ADMIN_TOKEN[1..];
        for token in [None, Some(""), Some(almost), Some(bank.token.as_str())] {
            let reply = bank.with_token(method, path, token, Body::from("{}")).await;
            assert_eq!(reply.failure().0, 401, "{method} {path}");
        }
    }
    let ranges = bank.admin("GET", "/card-ranges", &Value::Null).await;
    assert_eq!(ranges.body["ranges"], json!([]));
}
