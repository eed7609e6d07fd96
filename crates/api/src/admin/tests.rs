//! The admin over HTTP, on a real database: what it does, and what it makes of bad input on every route.

use super::{AdminState, admin_router};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, header},
};
use orchestrator::{
    Processors,
    administration::{Administration, Environment},
    clock::SystemClock,
    configuration::Configuration,
    vault::{Vault, key_file::Keys},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use store::{Store, audit::Actor};
use tower::ServiceExt;

const EMAIL: &str = "operator@example.com";
const PASSWORD: &str = "a long password";
const SOME_ID: &str = "01910000-0000-7000-8000-000000000009";

struct Admin {
    router: Router,
    token: String,
}

impl Admin {
    /// An admin without processors, and somebody logged in.
    async fn new(pool: PgPool) -> Self {
        let store = Store::from_pool(pool);
        let vault = Arc::new(Vault::from_keys(Keys::generate().unwrap()).unwrap());
        let configuration = Arc::new(Configuration::new(
            store.clone(),
            Arc::clone(&vault),
            Arc::new(Processors::new()),
        ));
        let administration = Administration::new(
            store.clone(),
            vault,
            configuration,
            Arc::new(SystemClock),
            Environment::Sandbox,
        );
        let operator = json!({"email": EMAIL, "password": PASSWORD});
        administration
            .operator_set(Actor::CommandLine, &operator, "")
            .await
            .unwrap();
        let state = AdminState {
            administration,
            readiness: Arc::new(store),
            render_metrics: Arc::new(|| "pasarela_up 1\n".into()),
        };
        let mut admin = Self {
            router: admin_router(state),
            token: String::new(),
        };
        let (status, reply) = admin.call("POST", "/merchants/login", &operator).await;
        assert_eq!((status, &reply["code"]), (200, &json!(200)));
        admin.token = reply["token"].as_str().unwrap().to_owned();
        admin
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, _, reply) = self.send(method, path, body, Some(&self.token)).await;
        (status, reply)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: String,
        token: Option<&str>,
    ) -> (u16, HeaderMap, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (
            status,
            headers,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// The id of a new merchant.
    async fn merchant(&self) -> String {
        let body = json!({"name": "Tienda", "country": "MX", "currencies": ["MXN"]});
        let (status, reply) = self.call("POST", "/merchants", &body).await;
        assert_eq!(status, 201, "{reply}");
        reply["id"].as_str().unwrap().to_owned()
    }
}

fn fields(reply: &Value) -> Vec<&str> {
    reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_merchant_is_created_read_changed_and_audited(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let body = json!({"name": "Tienda", "country": "MEX", "currencies": ["MXN"], "notify_url": "https://t.example/h"});
    let (status, created) = admin.call("POST", "/merchants", &body).await;
    assert_eq!(status, 201);
    assert!(created["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(
        created["application"]["private_key"]
            .as_str()
            .unwrap()
            .starts_with("sk_sandbox_")
    );
    let path = format!("/merchants/{}", created["id"].as_str().unwrap());

    let (status, read) = admin.call("GET", &path, &Value::Null).await;
    assert_eq!(
        (status, &read["country"], &read["name"]),
        (200, &json!("MX"), &json!("Tienda"))
    );
    assert!(read.get("webhook_secret").is_none() && read.get("application").is_none());

    // What was read may be sent back with a change.
    let mut change = read.clone();
    change["notify_url"] = Value::Null;
    let (status, changed) = admin.call("PATCH", &path, &change).await;
    assert_eq!((status, &changed["notify_url"]), (200, &Value::Null));

    let (status, secret) = admin
        .call("POST", &format!("{path}/webhook-secret"), &Value::Null)
        .await;
    assert_eq!(status, 200);
    assert_ne!(secret["webhook_secret"], created["webhook_secret"]);

    let (_, list) = admin.call("GET", "/merchants?limit=1", &Value::Null).await;
    assert_eq!(list["data"][0]["id"], created["id"]);
    let after = format!("/merchants?after={}", created["id"].as_str().unwrap());
    assert_eq!(
        admin.call("GET", &after, &Value::Null).await.1,
        json!({"data": []})
    );

    let (_, audit) = admin.call("GET", "/audit?limit=2", &Value::Null).await;
    assert_eq!(audit["data"][0]["action"], "merchant.replace_webhook_secret");
    assert_eq!(audit["data"][0]["operator_email"], EMAIL);
    assert_eq!(audit["data"][1]["before"]["notify_url"], "https://t.example/h");
    let before = format!(
        "/audit?before={}&merchant_id={}",
        audit["data"][1]["id"],
        created["id"].as_str().unwrap()
    );
    let (_, older) = admin.call("GET", &before, &Value::Null).await;
    assert_eq!(older["data"].as_array().unwrap().len(), 1);
    assert_eq!(older["data"][0]["action"], "merchant.create");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn keys_are_shown_once_and_can_be_revoked(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let path = format!("/merchants/{}/applications", admin.merchant().await);
    let (status, issued) = admin.call("POST", &path, &json!({"name": "Web"})).await;
    assert_eq!(
        (status, &issued["status"], &issued["is_sandbox"]),
        (201, &json!("active"), &json!(true))
    );
    let (_, list) = admin.call("GET", &path, &Value::Null).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains(issued["private_key"].as_str().unwrap()));
    let first = format!("{path}/{}", list["data"][0]["id"].as_str().unwrap());
    let second = format!("{path}/{}", issued["id"].as_str().unwrap());
    assert_eq!(admin.call("DELETE", &first, &Value::Null).await.0, 204);
    let (status, refused) = admin.call("DELETE", &second, &Value::Null).await;
    assert_eq!(status, 409, "{refused}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn directory_servers_are_set_by_brand(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let body = json!({"url": "https://ds.example/visa", "read_timeout_ms": 3000});
    let (status, set) = admin.call("PUT", "/directory-servers/visa", &body).await;
    assert_eq!(
        (status, &set["read_timeout_ms"], &set["connect_timeout_ms"]),
        (200, &json!(3000), &json!(5000))
    );
    let (status, again) = admin.call("PUT", "/directory-servers/visa", &set).await;
    assert_eq!((status, &again), (200, &set), "what was read may be sent back");
    assert_eq!(
        admin.call("GET", "/directory-servers", &Value::Null).await.1["data"],
        json!([set])
    );
    assert_eq!(
        admin
            .call("DELETE", "/directory-servers/visa", &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(
        admin
            .call("DELETE", "/directory-servers/visa", &Value::Null)
            .await
            .0,
        404
    );
}

/// Every route for operators, with a body that would be right in form where it takes one.
fn routes(merchant: &str) -> Vec<(&'static str, String, bool)> {
    let of = |rest: &str| format!("/merchants/{merchant}{rest}");
    let connection = of(&format!("/connections/{SOME_ID}"));
    vec![
        ("POST", "/merchants/logout".into(), false),
        ("GET", "/merchants".into(), false),
        ("POST", "/merchants".into(), true),
        ("GET", of(""), false),
        ("PATCH", of(""), true),
        ("POST", of("/webhook-secret"), false),
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
        ("GET", "/directory-servers".into(), false),
        ("PUT", "/directory-servers/visa".into(), true),
        ("DELETE", "/directory-servers/visa".into(), false),
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
            let (status, headers, reply) = admin.send(method, &path, body.into(), Some(&admin.token)).await;
            // A connection that is not there is not there, whatever is said of it.
            let missing = method == "PATCH" && path.contains("/connections/") && expected == 422;
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
            "PUT",
            "/directory-servers/visa".to_owned(),
            json!({"url": "https://ds.example", "read_timeout_ms": "3000", "brand": "amex"}),
            vec!["brand", "read_timeout_ms"],
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
        ("DELETE", "/directory-servers/visa".into()),
        ("PUT", "/directory-servers/vista".into()),
        ("GET", "/nowhere".into()),
    ] {
        let (status, reply) = admin.call(method, &path, &body).await;
        assert_eq!(status, 404, "{method} {path} {reply}");
        assert_eq!(reply["title"], "Not Found");
    }
    assert_eq!(admin.call("PUT", "/merchants", &body).await.0, 405);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_ends_with_its_logout_and_wrong_passwords_lock(pool: PgPool) {
    let admin = Admin::new(pool).await;
    assert_eq!(admin.call("POST", "/merchants/logout", &Value::Null).await.0, 204);
    assert_eq!(admin.call("GET", "/merchants", &Value::Null).await.0, 401);
    let wrong = json!({"email": EMAIL, "password": "wrong"}).to_string();
    for _ in 0..5 {
        assert_eq!(
            admin
                .send("POST", "/merchants/login", wrong.clone(), None)
                .await
                .0,
            401
        );
    }
    let right = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let (status, headers, _) = admin.send("POST", "/merchants/login", right, None).await;
    assert_eq!(
        (status, headers[header::RETRY_AFTER].to_str().unwrap()),
        (429, "900")
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn machines_inside_need_no_session(pool: PgPool) {
    let admin = Admin::new(pool).await;
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        let (status, headers, reply) = admin.send("GET", path, String::new(), None).await;
        assert_eq!(status, 200, "{path} {reply}");
        assert!(headers.contains_key("x-request-id"));
    }
    let (_, _, metrics) = admin.send("GET", "/metrics", String::new(), None).await;
    assert_eq!(metrics, "pasarela_up 1\n");
    let (_, _, document) = admin.send("GET", "/openapi.json", String::new(), None).await;
    let documented: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    // Login, health twice, metrics, and every route for operators.
    assert_eq!(documented, routes("m").len() + 4);
}

#[sqlx::test(migrations = false)]
async fn a_database_without_tables_is_alive_and_not_ready(pool: PgPool) {
    use crate::health::router;
    let router: Router = router(Arc::new(Store::from_pool(pool))).into();
    let ask = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(
        (ask("/health/live").await, ask("/health/ready").await),
        (200, 503)
    );
}
