//! The Kushki simulator over real HTTP: what it takes, refuses and remembers, and what faults do to it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and calls the sandbox with a client of its own"
)]

mod charges;
mod faults;
mod notifications;
mod settlements;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use sandbox::faults::Faults;
use sandbox::ledger::Ledger;
use sandbox::processors::{self, Processors, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const MERCHANT: &str = "test-private-merchant-id";
const VISIBLE_AFTER: Duration = Duration::from_millis(150);

trait WithJson {
    /// The request with a JSON body.
    fn json(self, body: &Value) -> Self;
}

impl WithJson for RequestBuilder {
    fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }
}

/// A sandbox with nothing but processors, ledger and faults.
struct Sandbox {
    address: SocketAddr,
    client: Client,
    processors: Processors,
}

impl Sandbox {
    async fn start() -> Self {
        let settings = Settings {
            inquiry_visible_after: VISIBLE_AFTER,
            asynchronous_after: Duration::from_millis(300),
        };
        let processors = Processors::new(Ledger::default(), Faults::default(), settings);
        processors
            .connections
            .register("kushki", MERCHANT, "connection-1");
        let router = processors::router(&processors)
            .merge(sandbox::ledger::router(processors.ledger.clone()))
            .merge(sandbox::faults::router(
                processors.faults.clone(),
                &processors::NAMES,
            ));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        Self {
            address,
            client,
            processors,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn call(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.client
            .request(method, self.url(&format!("/processors/kushki{path}")))
            .header("private-merchant-id", MERCHANT)
            .json(body)
    }

    async fn charge(&self, body: &Value) -> (u16, Value) {
        let reply = self
            .call(Method::POST, "/card/v2/charges", body)
            .send()
            .await
            .unwrap();
        read(reply).await
    }

    async fn take_back(&self, kind: &str, ticket: &Value, key: &str, body: &Value) -> (u16, Value) {
        let path = format!("/v1/{kind}/{}", ticket.as_str().unwrap());
        let call = self
            .call(Method::DELETE, &path, body)
            .header("idempotency-key", key);
        read(call.send().await.unwrap()).await
    }

    async fn list(&self, reference: &str) -> Value {
        let query = [
            ("from", "2020-01-01T00:00:00Z"),
            ("to", "2099-01-01T00:00:00Z"),
            ("external_reference_id", reference),
        ];
        let url = reqwest::Url::parse_with_params(
            &self.url("/processors/kushki/analytics/v2/transactions-list"),
            query,
        );
        let call = self
            .client
            .get(url.unwrap())
            .header("private-merchant-id", MERCHANT)
            .header("content-type", "application/json");
        read(call.send().await.unwrap()).await.1
    }

    async fn ledger(&self, query: &str) -> Vec<Value> {
        let reply = self
            .client
            .get(self.url(&format!("/ledger?{query}")))
            .send()
            .await
            .unwrap();
        let json: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        json.as_array().unwrap().clone()
    }

    async fn fault(&self, order: Value) {
        let reply = self
            .client
            .post(self.url("/faults"))
            .json(&order)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 204, "{order}");
    }
}

async fn read(reply: Response) -> (u16, Value) {
    let status = reply.status().as_u16();
    let bytes = reply.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn charge(reference: &str, amount: &str) -> Value {
    json!({
        "card": { "name": "ANA PEREZ", "number": "4000000000001000", "expiryMonth": "03", "expiryYear": "39", "cvv": "123" },
        "amount": { "subtotalIva": 0, "subtotalIva0": serde_json::from_str::<Value>(amount).unwrap(), "iva": 0, "ice": 0, "currency": "MXN" },
        "fullResponse": "v2",
        "metadata": { "order_id": format!("order-of-{reference}") },
        "externalReferenceId": reference,
        "threeDomainSecure": { "cavv": "AAABBoVBaZKAR3BkdkFpELpWIiE=", "eci": "05", "specificationVersion": "2.2.0" },
    })
}

fn mxn(amount: &str) -> Value {
    json!({ "subtotalIva": 0, "subtotalIva0": serde_json::from_str::<Value>(amount).unwrap(), "iva": 0, "ice": 0, "currency": "MXN" })
}
