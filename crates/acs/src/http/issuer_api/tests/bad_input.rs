//! Bad input of every kind on every route that issuers call.

use super::{Bank, PAN};
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use sqlx::PgPool;

/// Every route of an issuer's, and whether it takes a body.
fn routes() -> Vec<(&'static str, &'static str, bool)> {
    vec![
        ("GET", "/consumers/ana", false),
        ("PUT", "/consumers/ana", true),
        ("PUT", "/consumers/ana/cards", true),
        ("POST", "/cards", true),
        ("GET", "/cards/one", false),
        ("PUT", "/cards/one", true),
        ("DELETE", "/cards/one", false),
        ("POST", "/cards/one/renew", true),
        ("POST", "/cards/one/replace", true),
        ("POST", "/cards/one/block", false),
        ("POST", "/cards/one/unlock", false),
        ("GET", "/cards/one/3ds/operations", false),
        ("GET", "/challenges", false),
        ("GET", "/challenges/00000000-0000-0000-0000-000000000001", false),
        (
            "POST",
            "/challenges/00000000-0000-0000-0000-000000000001/oob-result",
            true,
        ),
        ("GET", "/imports/monday", false),
        ("GET", "/imports/monday/refusals", false),
        ("GET", "/statistics", false),
        ("GET", "/providers", false),
        ("GET", "/products", false),
        ("GET", "/products/clasica", false),
        ("PUT", "/products/clasica", true),
        ("DELETE", "/products/clasica", false),
        ("GET", "/policy", false),
        ("PUT", "/policy", true),
        ("PUT", "/backend-secret", true),
    ]
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn nothing_is_open_to_strangers(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    for (method, path, _) in routes() {
        let path = format!("/acs/banking/v2/issuers/banco-0001{path}");
        for token in [None, Some(""), Some("guess"), Some(super::ADMIN_TOKEN)] {
            let reply = bank.with_token(method, &path, token, Body::from("{}")).await;
            assert_eq!(reply.failure(), (401, "UNAUTHORIZED", ""), "{method} {path}");
            assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
    }
    assert_eq!(bank.get("/cards/one").await.body["panSuffix"], "0002");
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn another_issuers_routes_are_unknown(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    for (method, path, _) in routes() {
        let path = format!("/acs/banking/v2/issuers/banco-0002{path}");
        let reply = bank
            .with_token(method, &path, Some(&bank.token), Body::from("{}"))
            .await;
        assert_eq!(
            reply.failure(),
            (404, "RESOURCE_NOT_FOUND", ""),
            "{method} {path}"
        );
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn bodies_of_every_wrong_kind_are_refused_by_every_route(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(200_000));
    for (method, path, _) in routes().into_iter().filter(|(_, _, takes_body)| *takes_body) {
        for (body, expected) in [
            ("", 400),
            ("{", 400),
            ("{} {}", 400),
            ("\u{feff}{}", 400),
            (deep.as_str(), 400),
            (large.as_str(), 413),
            ("[]", 400),
            ("7", 400),
            ("null", 400),
            ("{\"surprise\": 1}", 400),
        ] {
            let full = format!("/acs/banking/v2/issuers/banco-0001{path}");
            let reply = bank
                .with_token(method, &full, Some(&bank.token), Body::from(body.to_owned()))
                .await;
            let start: String = body.chars().take(20).collect();
            assert_eq!(reply.status, expected, "{method} {path} {start}: {}", reply.body);
            assert!(reply.body["code"].is_string() && reply.body["message"].is_string());
        }
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn names_that_are_none_are_refused_and_unknown_ones_not_found(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let body = json!({});
    for (path, field) in [
        ("/consumers/a%20b", "consumerId"),
        ("/cards/a.b", "cardId"),
        ("/products/%C3%B1", "productId"),
    ] {
        let reply = bank.get(path).await;
        assert_eq!(reply.failure(), (400, "FIELD_INVALID_FORMAT", field), "{path}");
    }
    let long = format!("/cards/{}", "x".repeat(49));
    assert_eq!(bank.call("PUT", &long, &body).await.failure().2, "cardId");
    let unknown = [
        ("GET", "/consumers/nobody", Value::Null),
        ("GET", "/cards/none", Value::Null),
        ("DELETE", "/cards/none", Value::Null),
        ("POST", "/cards/none/renew", json!({"exp": "1230"})),
        ("POST", "/cards/none/replace", json!({"pan": "4000000000000028"})),
        ("POST", "/cards/none/block", Value::Null),
        ("POST", "/cards/none/unlock", Value::Null),
        ("GET", "/products/none", Value::Null),
        ("DELETE", "/products/none", Value::Null),
        (
            "PUT",
            "/cards/new",
            json!({"consumerId": "nobody", "pan": "4000000000000028"}),
        ),
    ];
    for (method, path, body) in unknown {
        let reply = bank.call(method, path, &body).await;
        assert_eq!(
            reply.failure(),
            (404, "RESOURCE_NOT_FOUND", ""),
            "{method} {path}"
        );
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_wrong_member_is_named_and_never_quoted(pool: PgPool) {
    let bank = Bank::with_card(pool).await;
    let wrong_pan = "4000000000000003";
    for (method, path, body, code, field) in [
        (
            "PUT",
            "/cards/one",
            json!({"pan": PAN}),
            "FIELD_MISSING",
            "consumerId",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": "ana"}),
            "FIELD_MISSING",
            "pan",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": 7, "pan": PAN}),
            "FIELD_INVALID_FORMAT",
            "consumerId",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": "ana", "pan": wrong_pan}),
            "FIELD_INVALID_FORMAT",
            "pan",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": "ana", "pan": "4000000000010019"}),
            "FIELD_INVALID_FORMAT",
            "pan",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": "ana", "pan": PAN, "productId": "oro"}),
            "FIELD_INVALID_FORMAT",
            "productId",
        ),
        (
            "PUT",
            "/cards/one",
            json!({"consumerId": "ana", "pan": PAN, "cvv": "123"}),
            "FIELD_UNKNOWN",
            "cvv",
        ),
        (
            "POST",
            "/cards",
            json!({"consumerId": "ana", "pan": PAN}),
            "FIELD_MISSING",
            "cardId",
        ),
        (
            "POST",
            "/cards/one/renew",
            json!({"exp": "2027-01"}),
            "FIELD_INVALID_FORMAT",
            "exp",
        ),
        (
            "PUT",
            "/consumers/ana/cards",
            json!({"cards": {}}),
            "FIELD_INVALID_FORMAT",
            "cards",
        ),
        (
            "PUT",
            "/consumers/ana/cards",
            json!({"cards": [{"cardId": "a", "pan": PAN}, {"cardId": "a", "pan": "4000000000000010"}]}),
            "FIELD_INVALID_FORMAT",
            "cards[1].cardId",
        ),
        (
            "PUT",
            "/consumers/ana/cards",
            json!({"cards": [{"cardId": "a", "pan": PAN}, {"cardId": "b", "pan": PAN}]}),
            "FIELD_INVALID_FORMAT",
            "cards[1].pan",
        ),
        (
            "PUT",
            "/products/clasica",
            json!({"brand": "visa", "name": "x"}),
            "FIELD_MISSING",
            "ranges",
        ),
        (
            "PUT",
            "/products/clasica",
            json!({"brand": "visa", "name": "x", "ranges": [{"start": "4000000000000000", "end": "400000000000"}]}),
            "FIELD_INVALID_FORMAT",
            "ranges[0].end",
        ),
        (
            "PUT",
            "/products/clasica",
            json!({"brand": "visa", "name": "x", "ranges": [{"start": "4000000000000002", "end": "4000000000000001"}]}),
            "FIELD_INVALID_FORMAT",
            "ranges[0].end",
        ),
        (
            "PUT",
            "/backend-secret",
            json!({"secret": "short"}),
            "FIELD_INVALID_FORMAT",
            "secret",
        ),
    ] {
        let reply = bank.call(method, path, &body).await;
        assert_eq!(reply.failure(), (400, code, field), "{method} {path} {body}");
        assert!(!reply.body.to_string().contains(wrong_pan));
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn a_correlation_id_is_checked_and_given_back(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let ask = async |id: &str| {
        let request = Request::get("/acs/banking/v2/issuers/banco-0001/products")
            .header(header::AUTHORIZATION, format!("Bearer {}", bank.token))
            .header("x-correlation-id", id)
            .body(Body::empty())
            .unwrap();
        bank.send(request).await
    };
    let reply = ask("use-case_7").await;
    assert_eq!(
        (reply.status, &reply.headers["x-correlation-id"]),
        (200, &"use-case_7".parse().unwrap())
    );
    let long = "x".repeat(65);
    for wrong in ["", "a b", "ana@example.com", long.as_str()] {
        let expected = (400, "FIELD_INVALID_FORMAT", "x-correlation-id");
        assert_eq!(ask(wrong).await.failure(), expected, "{wrong}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATOR")]
async fn the_document_describes_every_route(pool: PgPool) {
    let bank = Bank::new(pool).await;
    let document = bank
        .with_token("GET", "/acs/openapi.json", None, Body::empty())
        .await;
    let paths = document.body["paths"].as_object().unwrap();
    for (method, path, takes_body) in routes() {
        let template = path
            .replace("/ana", "/{consumerId}")
            .replace("/one", "/{cardId}")
            .replace("/monday", "/{importId}")
            .replace("/00000000-0000-0000-0000-000000000001", "/{acsTransId}")
            .replace("/clasica", "/{productId}");
        let path = format!("/acs/banking/v2/issuers/{{issuerId}}{template}");
        let operation = &paths[&path][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "{method} {path}");
        assert_eq!(
            operation["requestBody"].is_object(),
            takes_body,
            "{method} {path}"
        );
    }
    let wrong_method = bank
        .with_token(
            "PATCH",
            "/acs/banking/v2/issuers/banco-0001/policy",
            None,
            Body::empty(),
        )
        .await;
    assert_eq!(wrong_method.failure().0, 405);
}
