//! Strangers, and bad input of every kind on every route.

use super::{Admin, SOME_ID};
use axum::http::header;
use serde_json::{Value, json};
use sqlx::PgPool;

fn fields(reply: &Value) -> Vec<&str> {
    reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

/// Routes whose body may be left out.
const MAY_BE_EMPTY: [&str; 4] = [
    "/users/api",
    "/webhook-secret",
    "/webhook-endpoints/own/secret",
    "/webhook-endpoints/own/test",
];

/// Every route for operators, with a body that would be right in form where it takes one.
pub(super) fn routes(merchant: &str) -> Vec<(&'static str, String, bool)> {
    let of = |rest: &str| format!("/merchants/{merchant}{rest}");
    let connection = of(&format!("/connections/{SOME_ID}"));
    let rule = of(&format!("/routing/rules/{SOME_ID}"));
    let shop = format!("/threeds-shops/{SOME_ID}");
    let endpoint = of(&format!("/webhook-endpoints/{SOME_ID}"));
    let directlink = of("/directlink-accounts/MyPSPID");
    vec![
        ("POST", "/merchants/logout".into(), false),
        ("GET", of("/directlink-accounts"), false),
        ("POST", of("/directlink-accounts"), true),
        ("GET", directlink.clone(), false),
        ("PATCH", directlink.clone(), true),
        ("GET", format!("{directlink}/users"), false),
        ("PUT", format!("{directlink}/users/api"), true),
        ("POST", format!("{directlink}/users/api/disable"), false),
        ("POST", format!("{directlink}/users/api/enable"), false),
        ("POST", format!("{directlink}/users/api/unlock"), false),
        ("GET", format!("{directlink}/aliases"), false),
        ("DELETE", format!("{directlink}/aliases/ana_1"), false),
        ("GET", format!("{directlink}/feedback"), false),
        ("POST", format!("{directlink}/feedback/7/send-again"), false),
        ("GET", "/merchants".into(), false),
        ("POST", "/merchants".into(), true),
        ("GET", of(""), false),
        ("PATCH", of(""), true),
        ("POST", of("/webhook-secret"), true),
        ("GET", of("/webhook-endpoints"), false),
        ("POST", of("/webhook-endpoints"), true),
        ("GET", endpoint.clone(), false),
        ("PATCH", endpoint.clone(), true),
        ("DELETE", endpoint.clone(), false),
        ("POST", format!("{endpoint}/enable"), false),
        ("POST", format!("{endpoint}/disable"), false),
        ("POST", of("/webhook-endpoints/own/secret"), true),
        ("POST", of("/webhook-endpoints/own/test"), true),
        ("GET", of("/webhook-endpoints/own/attempts"), false),
        ("GET", of("/webhook-endpoints/own/dead-letters"), false),
        ("POST", of("/webhook-endpoints/own/replay"), true),
        ("GET", of(&format!("/webhook-events/{SOME_ID}")), false),
        ("GET", of("/applications"), false),
        ("POST", of("/applications"), true),
        ("DELETE", of(&format!("/applications/{SOME_ID}")), false),
        ("GET", of("/connections"), false),
        ("POST", of("/connections"), true),
        ("GET", connection.clone(), false),
        ("PATCH", connection.clone(), true),
        ("DELETE", connection.clone(), false),
        ("POST", format!("{connection}/activate"), false),
        ("POST", format!("{connection}/deactivate"), false),
        ("GET", format!("{connection}/health"), false),
        ("GET", of("/routing/rules"), false),
        ("POST", of("/routing/rules"), true),
        ("GET", rule.clone(), false),
        ("PATCH", rule.clone(), true),
        ("DELETE", rule, false),
        ("POST", of("/routing/explain"), true),
        ("GET", of(&format!("/orders/{SOME_ID}/routing")), false),
        (
            "DELETE",
            of(&format!("/card-declines?payment_id={SOME_ID}")),
            false,
        ),
        ("POST", "/bins/import".into(), true),
        ("GET", "/directory-servers".into(), false),
        ("PUT", "/directory-servers/visa".into(), true),
        ("DELETE", "/directory-servers/visa".into(), false),
        ("GET", "/threeds-shops".into(), false),
        ("POST", "/threeds-shops".into(), true),
        ("GET", shop.clone(), false),
        ("PATCH", shop.clone(), true),
        ("POST", format!("{shop}/key"), false),
        ("POST", format!("{shop}/card-vault-key"), false),
        ("PUT", format!("{shop}/public-key"), true),
        ("DELETE", format!("{shop}/public-key"), false),
        ("POST", format!("{shop}/disable"), false),
        ("POST", format!("{shop}/enable"), false),
        ("GET", format!("{shop}/card-tokens"), false),
        ("POST", format!("{shop}/card-tokens"), true),
        ("DELETE", format!("{shop}/card-tokens/{SOME_ID}"), false),
        ("GET", "/remote-threeds-servers".into(), false),
        ("PUT", "/remote-threeds-servers/certified".into(), true),
        ("DELETE", "/remote-threeds-servers/certified".into(), false),
        ("GET", "/audit".into(), false),
    ]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_is_open_to_strangers(pool: PgPool) {
    let admin = Admin::new(pool.clone()).await;
    let merchant = admin.merchant().await;
    for (method, path, _) in routes(&merchant) {
        for token in [None, Some(""), Some("guess")] {
            let (status, headers, reply) = admin.send(method, &path, "{}".into(), token).await;
            assert_eq!(status, 401, "{method} {path}");
            assert_eq!(headers[header::WWW_AUTHENTICATE], "Bearer");
            assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(reply["status"], 401);
        }
    }
    sqlx::query("UPDATE operator_sessions SET expires_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    let (status, reply) = admin.call("GET", "/merchants", &Value::Null).await;
    assert_eq!(status, 401, "{reply}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bodies_of_every_wrong_kind_are_refused_by_every_route(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let before = admin.call("GET", "/audit", &Value::Null).await.1["data"]
        .as_array()
        .unwrap()
        .len();
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    for (method, path, _) in routes(&merchant)
        .into_iter()
        .filter(|(_, _, takes_body)| *takes_body)
    {
        for (body, expected) in [
            ("", 400),
            ("{", 400),
            ("\u{feff}{}", 400),
            (deep.as_str(), 400),
            (large.as_str(), 413),
            ("[]", 422),
            ("7", 422),
            ("null", 422),
            ("{\"nmae\": 1}", 422),
        ] {
            // Some bodies may be left out.
            if body.is_empty() && MAY_BE_EMPTY.iter().any(|end| path.ends_with(end)) {
                continue;
            }
            let (status, headers, reply) = admin.send(method, &path, body.into(), Some(&admin.token)).await;
            // An import may be larger than anything else, and what is too large elsewhere is only wrong there.
            let expected = if path == "/bins/import" && expected == 413 {
                422
            } else {
                expected
            };
            // A connection, rule, shop or account that is not there is not there, whatever is said of it.
            let nobody_s = [
                "/connections/",
                "/routing/rules/",
                "/threeds-shops/",
                "/webhook-endpoints/",
                "/directlink-accounts/",
            ]
            .iter()
            .any(|of_somebody| path.contains(of_somebody));
            let changes = method == "PATCH" || path.ends_with("/users/api");
            let missing = changes && nobody_s && expected == 422;
            assert_eq!(
                status,
                if missing { 404 } else { expected },
                "{method} {path} {reply}"
            );
            assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        }
    }
    let after = admin.call("GET", "/audit", &Value::Null).await.1["data"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(before, after, "nothing was half written");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn members_at_fault_are_named(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let long = "x".repeat(101);
    for (method, path, body, named) in [
        (
            "POST",
            "/merchants".to_owned(),
            json!({"name": long, "country": 52, "currencies": ["MXN", "MXN"], "reads_per_second": 1.5, "x": 1}),
            vec!["x", "name", "country", "currencies", "reads_per_second"],
        ),
        (
            "PATCH",
            format!("/merchants/{merchant}"),
            json!({"name": null}),
            vec!["name"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/applications"),
            json!({"name": "\u{7}"}),
            vec!["name"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/connections"),
            json!({"name": "K", "processor_name": "kushki", "currencies": ["MXN"], "credentials": {},
                "three_ds": {"provider": "none"}}),
            vec!["processor_name"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/connections"),
            json!({"three_ds": {"provider": "deuna", "mpi": {"acquirer_bin": "1", "brands": {"visa": {"mcc": 1}}}}}),
            vec![
                "name",
                "processor_name",
                "currencies",
                "three_ds.mpi.acquirer_bin",
                "three_ds.mpi.acquirer_merchant_id",
                "three_ds.mpi.merchant_name",
                "three_ds.mpi.mcc",
                "three_ds.mpi.merchant_url",
                "three_ds.mpi.merchant_country",
                "three_ds.mpi.requestor_id",
                "three_ds.mpi.requestor_name",
                "three_ds.mpi.brands.visa.mcc",
                "credentials",
            ],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/directlink-accounts"),
            json!({"pspid": "", "processor": "adyen", "sha_in": 1, "allowed_addresses": ["shop.example"],
                "feedback_on_redirect": true, "attempts_max": 51}),
            vec![
                "pspid",
                "processor",
                "sha_in",
                "allowed_addresses",
                "feedback_on_redirect",
                "attempts_max",
            ],
        ),
        (
            "GET",
            format!("/merchants/{merchant}/directlink-accounts?after=%00"),
            Value::Null,
            vec!["after"],
        ),
        (
            "PUT",
            "/directory-servers/visa".to_owned(),
            json!({"url": "https://ds.example", "read_timeout_ms": "3000", "brand": "amex"}),
            vec!["brand", "read_timeout_ms"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/routing/rules"),
            json!({"name": "R", "priority": 1, "then": {"action": "manual_review", "fraud": {}}}),
            vec!["then.fraud", "then.action"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/routing/rules"),
            json!({"name": "R", "priority": 1, "then": {"action": "process", "processors": ["nobody"]}}),
            vec!["then.processors[0]"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/routing/explain"),
            json!({"amount": 0, "currency": "MXN", "bin": "4000001000000000"}),
            vec!["amount", "bin", "card_brand"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints"),
            json!({"url": "https://u:p@x.example", "event_types": ["order.paid"], "rate_per_second": 0, "secret": "s"}),
            vec!["secret", "url", "event_types", "rate_per_second"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-secret"),
            json!({"overlap_seconds": 2_592_001, "schemes": ["v2"]}),
            vec!["overlap_seconds", "schemes"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints/own/test"),
            json!({"wait_seconds": 16}),
            vec!["wait_seconds"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints/own/replay"),
            json!({"event_id": "x", "since": "yesterday", "until": 1, "failed": "yes"}),
            vec!["event_id", "since", "until", "failed"],
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints/own/replay"),
            json!({"failed": true, "event_id": SOME_ID}),
            vec![""],
        ),
        (
            "GET",
            format!("/merchants/{merchant}/webhook-endpoints/own/attempts?failed_only=perhaps"),
            Value::Null,
            vec!["failed_only"],
        ),
        (
            "GET",
            format!("/merchants/{merchant}/webhook-endpoints/own/attempts?before=x"),
            Value::Null,
            vec!["before"],
        ),
        (
            "GET",
            format!("/merchants/{merchant}/webhook-endpoints/own/dead-letters?after=x"),
            Value::Null,
            vec!["after"],
        ),
        (
            "POST",
            "/merchants/login".to_owned(),
            json!({"email": 1}),
            vec!["email", "password"],
        ),
        ("GET", "/merchants?limit=0".to_owned(), Value::Null, vec!["limit"]),
        ("GET", "/merchants?after=x".to_owned(), Value::Null, vec!["after"]),
        ("GET", "/audit?before=x".to_owned(), Value::Null, vec!["before"]),
        (
            "GET",
            "/audit?merchant_id=x".to_owned(),
            Value::Null,
            vec!["merchant_id"],
        ),
    ] {
        let (status, reply) = admin.call(method, &path, &body).await;
        assert_eq!(status, 422, "{method} {path} {reply}");
        assert_eq!(fields(&reply), named, "{method} {path}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn unknown_ids_and_those_of_others_are_not_found(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let merchant = admin.merchant().await;
    let other = admin.merchant().await;
    let (_, list) = admin
        .call("GET", &format!("/merchants/{other}/applications"), &Value::Null)
        .await;
    let application = list["data"][0]["id"].as_str().unwrap();
    let body = json!({"name": "x"});
    for (method, path) in [
        (
            "DELETE",
            format!("/merchants/{merchant}/applications/{application}"),
        ),
        ("DELETE", format!("/merchants/{merchant}/applications/{SOME_ID}")),
        (
            "DELETE",
            format!(
                "/merchants/{merchant}/applications/key_{}",
                SOME_ID.replace('-', "")
            ),
        ),
        ("GET", format!("/merchants/{SOME_ID}")),
        ("PATCH", format!("/merchants/{SOME_ID}")),
        ("GET", "/merchants/x".into()),
        ("POST", format!("/merchants/{SOME_ID}/webhook-secret")),
        ("GET", format!("/merchants/{SOME_ID}/applications")),
        ("POST", format!("/merchants/{SOME_ID}/applications")),
        ("GET", format!("/merchants/{SOME_ID}/connections")),
        ("GET", format!("/merchants/{merchant}/connections/{SOME_ID}")),
        ("PATCH", format!("/merchants/{merchant}/connections/{SOME_ID}")),
        ("DELETE", format!("/merchants/{merchant}/connections/{SOME_ID}")),
        (
            "POST",
            format!("/merchants/{merchant}/connections/{SOME_ID}/activate"),
        ),
        ("POST", format!("/merchants/{merchant}/connections/x/deactivate")),
        ("GET", format!("/merchants/{SOME_ID}/routing/rules")),
        ("GET", format!("/merchants/{merchant}/routing/rules/{SOME_ID}")),
        ("DELETE", format!("/merchants/{merchant}/routing/rules/x")),
        ("GET", format!("/merchants/{merchant}/orders/{SOME_ID}/routing")),
        (
            "GET",
            format!("/merchants/{merchant}/connections/{SOME_ID}/health"),
        ),
        ("GET", format!("/merchants/{SOME_ID}/webhook-endpoints")),
        (
            "GET",
            format!("/merchants/{merchant}/webhook-endpoints/{SOME_ID}"),
        ),
        ("PATCH", format!("/merchants/{merchant}/webhook-endpoints/own")),
        ("DELETE", format!("/merchants/{merchant}/webhook-endpoints/x")),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints/{SOME_ID}/enable"),
        ),
        (
            "POST",
            format!("/merchants/{merchant}/webhook-endpoints/own/disable"),
        ),
        (
            "GET",
            format!("/merchants/{merchant}/webhook-endpoints/{SOME_ID}/attempts"),
        ),
        (
            "GET",
            format!("/merchants/{SOME_ID}/webhook-endpoints/own/dead-letters"),
        ),
        ("GET", format!("/merchants/{merchant}/webhook-events/{SOME_ID}")),
        ("GET", format!("/merchants/{SOME_ID}/directlink-accounts")),
        (
            "GET",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID"),
        ),
        ("GET", format!("/merchants/{merchant}/directlink-accounts/%00")),
        (
            "PATCH",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID"),
        ),
        (
            "GET",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/users"),
        ),
        (
            "PUT",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/users/api"),
        ),
        (
            "POST",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/users/api/unlock"),
        ),
        (
            "GET",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/aliases"),
        ),
        (
            "DELETE",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/aliases/ana_1"),
        ),
        (
            "GET",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/feedback"),
        ),
        (
            "POST",
            format!("/merchants/{merchant}/directlink-accounts/MyPSPID/feedback/7/send-again"),
        ),
        ("DELETE", "/directory-servers/visa".into()),
        ("PUT", "/directory-servers/vista".into()),
        ("GET", format!("/threeds-shops/{SOME_ID}")),
        ("PATCH", format!("/threeds-shops/{SOME_ID}")),
        ("POST", format!("/threeds-shops/{SOME_ID}/key")),
        ("POST", format!("/threeds-shops/{SOME_ID}/disable")),
        ("GET", "/threeds-shops/x/card-tokens".into()),
        (
            "DELETE",
            format!("/threeds-shops/{SOME_ID}/card-tokens/{SOME_ID}"),
        ),
        ("GET", "/nowhere".into()),
    ] {
        let (status, reply) = admin.call(method, &path, &body).await;
        assert_eq!(status, 404, "{method} {path} {reply}");
        assert_eq!(reply["title"], "Not Found");
    }
    assert_eq!(admin.call("PUT", "/merchants", &body).await.0, 405);
}
