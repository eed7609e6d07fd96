//! Where webhooks arrive: the shop's receiver, and receivers with a tag for whoever tests.
//!
//! `POST /shop/webhooks` answers 401 to what is not properly signed, as a merchant should. `POST /merchant/hooks/{tag}`
//! takes anything, since tests bring merchants whose keys are unknown here. Both keep what came; the lists are bare JSON
//! arrays, oldest first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use super::signature::{StandardHeaders, deuna_is_valid};
use crate::faults::{self, Faults};
use crate::recent::Recent;
use crate::seeds::MerchantKeys;

/// Deliveries kept; the oldest is forgotten first.
const DELIVERIES_KEPT: usize = 5_000;
/// Longest webhook taken, in bytes.
const BODY_MAX_BYTES: usize = 1024 * 1024;
/// Longest wait of a list, in seconds.
const WAIT_MAX_SECONDS: u64 = 30;

/// A webhook as it is kept: decoded only for those who look.
#[derive(Clone, Debug)]
struct Arrived {
    at: OffsetDateTime,
    headers: HeaderMap,
    body: Bytes,
    deuna_signature_valid: bool,
    standard_signature_valid: bool,
    merchant_id: Option<Uuid>,
}

/// A webhook as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// When it arrived.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// Its headers, lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body as JSON, or as text where it is none.
    pub body: Value,
    /// Its body as it came, for those who want to check signatures themselves.
    pub raw_body: String,
    /// Whether `X-Deuna-Signature` is by one of the merchants known here.
    pub deuna_signature_valid: bool,
    /// Whether `webhook-signature` is by one of the merchants known here, and fresh.
    pub standard_signature_valid: bool,
    /// Whose signature it is.
    pub merchant_id: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// The merchant's reference or the order token, of what came to the shop.
    Order(String),
    /// Everything that came to the shop.
    Shop,
    /// Of what came to a receiver with a tag.
    Tag(String),
}

/// All receivers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Receiver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    merchants: Vec<MerchantKeys>,
    deliveries: Mutex<Recent<Key, Arrived>>,
    arrivals: watch::Sender<u64>,
}

/// What is read of a body to answer it.
#[derive(Debug, Default, Deserialize)]
struct Notification {
    #[serde(default)]
    order: NotifiedOrder,
}

#[derive(Debug, Default, Deserialize)]
struct NotifiedOrder {
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl Receiver {
    /// Receivers that know the keys of these merchants.
    pub fn new(merchants: Vec<MerchantKeys>) -> Self {
        let deliveries = Mutex::new(Recent::new(DELIVERIES_KEPT));
        Self(Arc::new(Inner {
            merchants,
            deliveries,
            arrivals: watch::Sender::new(0),
        }))
    }

    /// The deliveries about an order, by the merchant's reference or the token, oldest first.
    pub fn of_order(&self, order: &str) -> Vec<Delivery> {
        self.of(&Key::Order(order.to_owned()))
    }

    fn of(&self, key: &Key) -> Vec<Delivery> {
        let arrived: Vec<Arrived> = self.deliveries().of_key(key).cloned().collect();
        arrived.iter().map(Arrived::shown).collect()
    }

    /// The deliveries under a key, once there are more than `known` of them or the wait is over.
    async fn wait_for(&self, key: &Key, known: usize, wait: Duration) -> Vec<Delivery> {
        let mut arrivals = self.0.arrivals.subscribe();
        let more = async {
            while self.deliveries().of_key(key).count() <= known {
                if arrivals.changed().await.is_err() {
                    return;
                }
            }
        };
        // A wait that is over is answered with what there is.
        let _ = tokio::time::timeout(wait, more).await;
        self.of(key)
    }

    fn keep(&self, keys: Vec<Key>, arrived: Arrived) {
        self.deliveries().push(keys, arrived);
        self.0.arrivals.send_modify(|count| *count += 1);
    }

    fn judge(&self, headers: HeaderMap, body: Bytes) -> Arrived {
        let now = OffsetDateTime::now_utc();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let by_deuna = self
            .0
            .merchants
            .iter()
            .find(|keys| deuna_is_valid(keys.private_key.reveal(), text("x-deuna-signature"), &body));
        let standard = text("webhook-id")
            .zip(text("webhook-timestamp"))
            .zip(text("webhook-signature"));
        let standard = standard.map(|((id, timestamp), signature)| StandardHeaders {
            id,
            timestamp,
            signature,
        });
        let by_standard = self.0.merchants.iter().find(|keys| {
            standard.is_some_and(|headers| headers.are_valid(keys.webhook_secret.reveal(), &body, now))
        });
        Arrived {
            at: now,
            deuna_signature_valid: by_deuna.is_some(),
            standard_signature_valid: by_standard.is_some(),
            merchant_id: by_deuna.or(by_standard).map(|keys| keys.id),
            headers,
            body,
        }
    }

    fn deliveries(&self) -> MutexGuard<'_, Recent<Key, Arrived>> {
        self.0.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrived {
    fn shown(&self) -> Delivery {
        let raw_body = String::from_utf8_lossy(&self.body).into_owned();
        let headers = self.headers.iter().map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        Delivery {
            received_at: self.at,
            headers: headers.collect(),
            body: serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::String(raw_body.clone())),
            raw_body,
            deuna_signature_valid: self.deuna_signature_valid,
            standard_signature_valid: self.standard_signature_valid,
            merchant_id: self.merchant_id,
        }
    }
}

/// The receivers, under the faults set for `merchant`, and their lists, which never fail.
pub fn router(receiver: Receiver, faults: Faults) -> Router {
    let receivers = Router::new()
        .route("/shop/webhooks", post(receive_at_shop))
        .route("/merchant/hooks/{tag}", post(receive_with_tag))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(receiver.clone());
    let lists = Router::new()
        .route("/shop/webhooks", get(list_of_shop))
        .route("/merchant/hooks/{tag}", get(list_of_tag))
        .with_state(receiver);
    faults::guard(receivers, faults, "merchant").merge(lists)
}

async fn receive_at_shop(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let order = serde_json::from_slice::<Notification>(&body)
        .unwrap_or_default()
        .order;
    let arrived = receiver.judge(headers, body);
    let signed = arrived.deuna_signature_valid && arrived.standard_signature_valid;
    let names = order.order_id.iter().chain(&order.token);
    let keys = names.cloned().map(Key::Order).chain([Key::Shop]).collect();
    receiver.keep(keys, arrived);
    reply(&order, signed)
}

async fn receive_with_tag(
    State(receiver): State<Receiver>,
    Path(tag): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let order = serde_json::from_slice::<Notification>(&body)
        .unwrap_or_default()
        .order;
    let arrived = receiver.judge(headers, body);
    receiver.keep(vec![Key::Tag(tag)], arrived);
    reply(&order, true)
}

/// What the gateway expects: the order's status and the merchant's reference.
fn reply(order: &NotifiedOrder, signed: bool) -> Response {
    if signed {
        let status = order.status.as_deref().unwrap_or("received");
        Json(json!({ "status": status, "data": { "order_id": order.order_id } })).into_response()
    } else {
        let body = json!({ "status": "failed", "data": { "order_id": order.order_id } });
        (StatusCode::UNAUTHORIZED, Json(body)).into_response()
    }
}

/// Which deliveries, and how long to wait for more than are known.
#[derive(Debug, Deserialize)]
struct Question {
    order_id: Option<String>,
    #[serde(default)]
    known: usize,
    #[serde(default)]
    wait: u64,
}

async fn answer(receiver: &Receiver, key: Key, question: &Question) -> Json<Vec<Delivery>> {
    let wait = Duration::from_secs(question.wait.min(WAIT_MAX_SECONDS));
    if wait.is_zero() {
        return Json(receiver.of(&key));
    }
    Json(receiver.wait_for(&key, question.known, wait).await)
}

async fn list_of_shop(
    State(receiver): State<Receiver>,
    Query(question): Query<Question>,
) -> Json<Vec<Delivery>> {
    let key = question.order_id.clone().map_or(Key::Shop, Key::Order);
    answer(&receiver, key, &question).await
}

async fn list_of_tag(
    State(receiver): State<Receiver>,
    Path(tag): Path<String>,
    Query(question): Query<Question>,
) -> Json<Vec<Delivery>> {
    answer(&receiver, Key::Tag(tag), &question).await
}
