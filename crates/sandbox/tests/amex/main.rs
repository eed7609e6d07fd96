//! The simulator of American Express's gateway over real HTTP: what it takes, refuses, remembers and tells.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and calls the sandbox with a client of its own"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::Secret;
use reqwest::{Client, Method};
use sandbox::faults::Faults;
use sandbox::ledger::Ledger;
use sandbox::processors::{self, Processors, Registered, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

mod charges;
mod settlements;

const MERCHANT: &str = "TEST0001";
const PASSWORD: &str = "amex-api-password";
const SECRET: &str = "amex-notification-secret";

type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) {
    let body = serde_json::from_slice(&body).unwrap();
    heard.lock().unwrap().push((headers, body));
}

/// A sandbox with nothing but processors, and one registered merchant that listens.
struct Sandbox {
    address: SocketAddr,
    client: Client,
    processors: Processors,
    heard: Heard,
}

impl Sandbox {
    async fn start() -> Self {
        let settings = Settings {
            asynchronous_after: Duration::from_millis(50),
            ..Settings::default()
        };
        let processors = Processors::new(Ledger::default(), Faults::default(), settings);
        let heard = Heard::default();
        let router = processors::router(&processors).merge(
            axum::Router::new()
                .route("/news", post(hear))
                .with_state(heard.clone()),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let credentials = [("api_password", PASSWORD), ("notification_secret", SECRET)];
        let registered = Registered {
            connection_id: "connection-1".into(),
            notification_url: Some(format!("http://{address}/news")),
            credentials: credentials
                .map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())))
                .into(),
        };
        processors
            .connections
            .register_whole("amex", MERCHANT, registered);
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_millis(600))
            .build()
            .unwrap();
        Self {
            address,
            client,
            processors,
            heard,
        }
    }

    async fn call(&self, method: Method, path: &str, login: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("http://{}/processors/amex{path}", self.address);
        let mut call = self
            .client
            .request(method, url)
            .header("authorization", format!("Basic {}", STANDARD.encode(login)));
        if let Some(body) = body {
            call = call
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let Ok(reply) = call.send().await else {
            return (0, Value::Null);
        };
        let status = reply.status().as_u16();
        let bytes = reply.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Makes a transaction as the registered merchant; status 0 when there is no answer.
    async fn put(&self, order: &str, transaction: &str, body: &Value) -> (u16, Value) {
        let login = format!("merchant.{MERCHANT}:{PASSWORD}");
        self.call(Method::PUT, &path(order, transaction), &login, Some(body))
            .await
    }

    async fn get(&self, order: &str, transaction: &str) -> (u16, Value) {
        let login = format!("merchant.{MERCHANT}:{PASSWORD}");
        self.call(Method::GET, &path(order, transaction), &login, None)
            .await
    }
}

fn path(order: &str, transaction: &str) -> String {
    format!("/api/rest/version/100/merchant/{MERCHANT}/order/{order}/transaction/{transaction}")
}

/// A fully authenticated charge.
fn charge(operation: &str, amount: &str) -> Value {
    json!({
        "apiOperation": operation,
        "order": { "amount": amount, "currency": "MXN", "reference": "order-4711" },
        "sourceOfFunds": { "type": "CARD", "provided": { "card": {
            "number": "370000000010001", "expiry": { "month": "11", "year": "39" }, "securityCode": "7373" } } },
        "transaction": { "reference": "c-1", "source": "INTERNET" },
        "authentication": {
            "3ds": { "acsEci": "05", "authenticationToken": "AAABBoVBaZKAR3BkdkFpELpWIiE=",
                "transactionId": "f639774c-8e7c-4966-8eba-b8bae060a6ce" },
            "3ds2": { "transactionStatus": "Y", "protocolVersion": "2.2.0" } },
    })
}

/// A capture or refund.
fn movement(operation: &str, amount: &str) -> Value {
    json!({ "apiOperation": operation, "transaction": { "amount": amount, "currency": "MXN", "reference": "m" } })
}

fn void(target: &str) -> Value {
    json!({ "apiOperation": "VOID", "transaction": { "targetTransactionId": target } })
}
