//! The admin over HTTP, on a real database.

mod bad_input;
mod card_declines;
mod directlink;
mod webhooks;

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
    assert_eq!(audit["data"][0]["action"], "webhook_keys.rotate");
    assert_eq!(audit["data"][0]["operator_email"], EMAIL);
    assert_eq!(audit["data"][0]["after"]["schemes"], json!(["v1", "v1a"]));
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn remote_3ds_servers_are_set_by_name_and_keep_their_keys_to_themselves(pool: PgPool) {
    let admin = Admin::new(pool).await;
    let path = "/remote-threeds-servers/certified";
    let body = json!({"base_url": "https://3ds.example", "merchant_id": "shop-1", "merchant_key": "a-key"});
    let (status, set) = admin.call("PUT", path, &body).await;
    assert_eq!(
        (status, &set["read_timeout_ms"], &set["signs"]),
        (200, &json!(10_000), &json!(false))
    );
    assert!(!set.to_string().contains("a-key"));
    let (status, again) = admin.call("PUT", path, &set).await;
    assert_eq!((status, &again), (200, &set), "what was read may be sent back");
    assert_eq!(
        admin.call("GET", "/remote-threeds-servers", &Value::Null).await.1["data"],
        json!([set])
    );
    assert_eq!(admin.call("DELETE", path, &Value::Null).await.0, 204);
    assert_eq!(admin.call("DELETE", path, &Value::Null).await.0, 404);
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
    assert_eq!(documented, bad_input::routes("m").len() + 4);
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
