//! A database with events in it, receivers on loopback that answer as told, and dispatchers between them.
#![allow(
    clippy::disallowed_methods,
    reason = "these tests run in real time and need fresh ids"
)]

use async_trait::async_trait;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use primitives::{HttpUrl, Id, Moment, UrlPolicy, id::kind};
use serde_json::Value;
use sqlx::PgPool;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use store::{
    Store,
    audit::{Actor, AuditEntry},
    events::{NewEvent, Recipients, Subject},
    webhook_endpoints::{EndpointStatus, WebhookEndpoint},
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use uuid::Uuid;
use webhooks::{
    Clock, Dispatcher, DispatcherHandle, DispatcherSettings, SigningKeySet, SigningKeys, SigningKeysError,
    schedule::Schedule,
};

pub const PRIVATE_KEY: &str = "sk_test_example";
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn merchant() -> Id<kind::Merchant> {
    Id::from_uuid(Uuid::from_u128(77))
}

pub fn order(number: u128) -> Id<kind::Order> {
    Id::from_uuid(Uuid::from_u128(1_000_000 + number))
}

/// Settings for tests: the sandbox's addresses, retries at once, and more time for an attempt than any receiver that answers
/// needs on a busy machine: one given up that arrived would be sent again.
pub fn settings() -> DispatcherSettings {
    DispatcherSettings {
        url_policy: UrlPolicy::LoopbackHttpToo,
        attempt_timeout: Duration::from_secs(10),
        shutdown: Duration::from_millis(500),
        schedule: Schedule::even(Duration::from_millis(20)),
        ..DispatcherSettings::default()
    }
}

/// Inserts an event of an order whose version is `sequence`, for one of the merchant's own URLs.
pub async fn tell(pool: &PgPool, order: Id<kind::Order>, sequence: i64, url: &str) -> Id<kind::Event> {
    let own = HttpUrl::parse(url, UrlPolicy::LoopbackHttpToo).unwrap();
    record(pool, order, sequence, Some(own), Recipients::Own).await
}

/// Inserts an event of an order whose version is `sequence`, for the merchant's endpoints.
pub async fn tell_endpoints(pool: &PgPool, order: Id<kind::Order>, sequence: i64) -> Id<kind::Event> {
    record(pool, order, sequence, None, Recipients::Subscribed).await
}

async fn record(
    pool: &PgPool,
    order: Id<kind::Order>,
    sequence: i64,
    notify_url: Option<HttpUrl>,
    recipients: Recipients,
) -> Id<kind::Event> {
    let event = NewEvent {
        id: Id::from_uuid(Uuid::now_v7()),
        merchant: merchant(),
        subject: Subject::Order(order),
        sequence,
        event_type: "payment.updated",
        payment_status: Some("processed".to_owned()),
        document: format!(r#"{{"token":"{order}", "sequence":{sequence}}}"#),
        notify_url,
        recipients,
        created_at: OffsetDateTime::now_utc(),
    };
    let store = Store::from_pool(pool.clone());
    store.event_insert(&event).await.unwrap();
    event.id
}

/// The merchant of these tests, with the URL for what no order says another one for.
pub async fn insert_merchant(pool: &PgPool, notify_url: Option<&str>) {
    sqlx::query(
        "INSERT INTO merchants (id, name, country, currencies, notify_url, version, created_at, updated_at)
         VALUES ($1, 'Shop', 'MX', '{MXN}', $2, 1, now(), now())",
    )
    .bind(merchant().uuid())
    .bind(notify_url)
    .execute(pool)
    .await
    .unwrap();
}

/// Makes an endpoint of the merchant's.
pub async fn insert_endpoint(
    pool: &PgPool,
    number: u128,
    url: &str,
    rate_per_second: Option<u32>,
) -> Id<kind::WebhookEndpoint> {
    let now = OffsetDateTime::now_utc();
    let endpoint = WebhookEndpoint {
        id: Id::from_uuid(Uuid::from_u128(number)),
        merchant: merchant(),
        url: HttpUrl::parse(url, UrlPolicy::LoopbackHttpToo).unwrap(),
        description: format!("Endpoint {number}"),
        event_types: Vec::new(),
        status: EndpointStatus::Enabled,
        rate_per_second,
        failing_since: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let audit = AuditEntry {
        at: now,
        actor: Actor::CommandLine,
        action: "webhook_endpoint.create",
        merchant: Some(merchant()),
        subject: endpoint.id.to_string(),
        before: None,
        after: None,
    };
    let store = Store::from_pool(pool.clone());
    store.endpoint_insert(&endpoint, &[], &audit).await.unwrap();
    endpoint.id
}

pub async fn load_endpoint(pool: &PgPool, endpoint: Id<kind::WebhookEndpoint>) -> WebhookEndpoint {
    let store = Store::from_pool(pool.clone());
    store.endpoint_load(merchant(), endpoint).await.unwrap().unwrap()
}

pub async fn hooks(pool: &PgPool, order: Id<kind::Order>) -> Vec<Value> {
    Store::from_pool(pool.clone())
        .hooks_of_order(merchant(), order)
        .await
        .unwrap()
}

/// The system's clock, running ahead by so much.
pub fn clock(ahead: Duration) -> Clock {
    Arc::new(move || Moment::new(OffsetDateTime::now_utc() + ahead, Uuid::now_v7()))
}

/// The same keys for every merchant, or none.
pub struct Keys(pub Option<SigningKeySet>);

impl Keys {
    pub fn good() -> Arc<Self> {
        Arc::new(Self(Some(SigningKeySet {
            private_key: PRIVATE_KEY.to_owned().into(),
            v1: vec![WEBHOOK_SECRET.to_owned().into()],
            v1a: Vec::new(),
        })))
    }
}

#[async_trait]
impl SigningKeys for Keys {
    async fn signing_keys(
        &self,
        _: Id<kind::Merchant>,
        _: Option<Id<kind::WebhookEndpoint>>,
    ) -> Result<SigningKeySet, SigningKeysError> {
        self.0.clone().ok_or(SigningKeysError::UnknownMerchant)
    }
}

/// A dispatcher at work.
pub struct Running {
    pub handle: DispatcherHandle,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub fn start(pool: &PgPool, settings: DispatcherSettings) -> Self {
        Self::start_with(pool, settings, Keys::good(), clock(Duration::ZERO))
    }

    pub fn start_with(pool: &PgPool, settings: DispatcherSettings, keys: Arc<Keys>, clock: Clock) -> Self {
        let dispatcher = Dispatcher::new(Store::from_pool(pool.clone()), settings, keys, clock).unwrap();
        let handle = dispatcher.handle();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(dispatcher.run(async move { drop(stopped.await) }));
        Self { handle, stop, task }
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }

    /// Ends it where it stands, as a crash would.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// What a receiver does with a request.
#[derive(Debug, Clone, Copy)]
pub enum Reaction {
    Answer(u16, &'static str),
    Redirect(&'static str),
    /// Answers 503, and asks for so many seconds of quiet.
    Busy(&'static str),
    /// Holds the request for so long and then accepts it.
    Delay(Duration),
}

#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
    pub at: Instant,
    pub reaction: Reaction,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether the receiver said, or was about to say, that it has the message.
    pub fn accepted(&self) -> bool {
        matches!(self.reaction, Reaction::Answer(200, _) | Reaction::Delay(_))
    }

    pub fn sequence(&self) -> i64 {
        self.json()["order"]["sequence"].as_i64().unwrap()
    }

    pub fn order_token(&self) -> String {
        self.json()["order"]["token"].as_str().unwrap().to_owned()
    }
}

/// A merchant's server. It reacts to its requests in turn as its script says, and repeats the last reaction.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    script: Arc<[Reaction]>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub async fn start(script: &[Reaction]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            script: script.into(),
            received: Arc::default(),
        };
        let router = Router::new().fallback(Self::receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    async fn receive(State(receiver): State<Self>, headers: HeaderMap, body: String) -> Response {
        let reaction = {
            let mut received = receiver.received.lock().unwrap();
            let reaction = receiver.script[received.len().min(receiver.script.len() - 1)];
            received.push(Received {
                headers,
                body,
                at: Instant::now(),
                reaction,
            });
            reaction
        };
        match reaction {
            Reaction::Answer(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
            Reaction::Busy(seconds) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds)]).into_response()
            }
            Reaction::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
            Reaction::Delay(time) => {
                tokio::time::sleep(time).await;
                StatusCode::OK.into_response()
            }
        }
    }
}

/// Waits until it is so, and fails after a time that no healthy run needs.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    for _ in 0..2_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}

/// Waits until every delivery of an order has the outcome `successed`.
pub async fn until_delivered(pool: &PgPool, order: Id<kind::Order>) {
    until("every hook of the order is delivered", async || {
        hooks(pool, order)
            .await
            .iter()
            .all(|hook| hook["successed"] == true)
    })
    .await;
}
