//! Merchants' servers that differ in their manners, and remember what they were sent.
//!
//! One listener plays all of them, each below a path of its own. For every message it is known when it first came, how often
//! it was accepted, and whether it was ever being delivered twice at the same time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

/// How a consumer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// 204, at once.
    AtOnce,
    /// 204, after that time.
    After(Duration),
    /// 500 to every other message when it first comes, and to every other time it comes again.
    FailsHalf,
    /// Takes the message and never says anything.
    Dead,
}

/// The listener. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Consumers {
    address: SocketAddr,
    heard: Arc<Mutex<HashMap<String, Heard>>>,
    accepted: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Heard {
    manner: Manner,
    messages: HashMap<String, Message>,
}

/// What is known of one message at one consumer.
#[derive(Clone, Debug)]
pub struct Message {
    /// From the event to its first arrival.
    pub lag: Duration,
    /// When each delivery began.
    pub began: Vec<Instant>,
    /// How often the consumer answered that it has the message.
    pub accepted: usize,
    /// How many deliveries are going on.
    going_on: usize,
    /// How often a delivery began while another was going on.
    pub overlapping: usize,
}

/// Ends a delivery, also when its sender goes away.
struct GoingOn {
    consumers: Consumers,
    consumer: String,
    message: String,
}

impl Consumers {
    /// Listens on a loopback port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let consumers = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
            accepted: Arc::default(),
        };
        let routes = Router::new()
            .route("/{consumer}", post(receive))
            .with_state(consumers.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        consumers
    }

    /// A consumer with these manners, and its URL.
    pub fn add(&self, name: &str, manner: Manner) -> String {
        let messages = HashMap::new();
        self.lock().insert(name.to_owned(), Heard { manner, messages });
        format!("http://{}/{name}", self.address)
    }

    /// From now on the consumer answers so.
    pub fn set(&self, name: &str, manner: Manner) {
        self.lock().get_mut(name).expect("a consumer of that name").manner = manner;
    }

    /// Everything a consumer was sent, by `webhook-id`.
    pub fn messages(&self, name: &str) -> HashMap<String, Message> {
        self.lock()[name].messages.clone()
    }

    /// How many different messages a consumer has accepted.
    pub fn accepted(&self, name: &str) -> usize {
        let heard = self.lock();
        heard[name]
            .messages
            .values()
            .filter(|message| message.accepted > 0)
            .count()
    }

    /// How many messages were accepted, counted once for each time.
    pub fn accepted_in_all(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// The lag of every message of a consumer, shortest first.
    pub fn lags(&self, name: &str) -> Vec<Duration> {
        let mut lags: Vec<_> = self.lock()[name]
            .messages
            .values()
            .map(|message| message.lag)
            .collect();
        lags.sort_unstable();
        lags
    }

    /// How often any message was being delivered twice at the same time, over all consumers.
    pub fn overlapping(&self) -> usize {
        let heard = self.lock();
        heard
            .values()
            .flat_map(|heard| heard.messages.values())
            .map(|message| message.overlapping)
            .sum()
    }

    /// Forgets what came so far.
    pub fn forget(&self) {
        for heard in self.lock().values_mut() {
            heard.messages.clear();
        }
        self.accepted.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Heard>> {
        self.heard.lock().unwrap()
    }

    /// Notes a delivery that begins, and says how to answer it.
    fn begins(&self, consumer: &str, message: &str, lag: Duration) -> Option<(Manner, bool, GoingOn)> {
        let mut heard = self.lock();
        let heard = heard.get_mut(consumer)?;
        let known = heard
            .messages
            .entry(message.to_owned())
            .or_insert_with(|| Message {
                lag,
                began: Vec::new(),
                accepted: 0,
                going_on: 0,
                overlapping: 0,
            });
        known.began.push(Instant::now());
        known.overlapping += usize::from(known.going_on > 0);
        known.going_on += 1;
        // The last digit of the id is chance enough, and the same in every attempt.
        let digit = message.bytes().last().unwrap_or_default();
        let fails = (usize::from(digit) + known.began.len()).is_multiple_of(2);
        let going_on = GoingOn {
            consumers: self.clone(),
            consumer: consumer.to_owned(),
            message: message.to_owned(),
        };
        Some((heard.manner, fails, going_on))
    }
}

impl GoingOn {
    fn accepted(&self) {
        self.consumers.accepted.fetch_add(1, Ordering::Relaxed);
        self.at(|message| message.accepted += 1);
    }

    fn at(&self, note: impl FnOnce(&mut Message)) {
        let mut heard = self.consumers.lock();
        let message = heard
            .get_mut(&self.consumer)
            .and_then(|heard| heard.messages.get_mut(&self.message));
        if let Some(message) = message {
            note(message);
        }
    }
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        // What was forgotten meanwhile may be known again.
        self.at(|message| message.going_on = message.going_on.saturating_sub(1));
    }
}

async fn receive(
    State(consumers): State<Consumers>,
    Path(consumer): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let now = OffsetDateTime::now_utc();
    let id = headers
        .get("webhook-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let Some(created_at) = created_at(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let lag = Duration::try_from(now - created_at).unwrap_or_default();
    let Some((manner, fails, going_on)) = consumers.begins(&consumer, id, lag) else {
        return StatusCode::NOT_FOUND;
    };
    match manner {
        Manner::AtOnce => {}
        Manner::After(time) => tokio::time::sleep(time).await,
        Manner::FailsHalf if fails => return StatusCode::INTERNAL_SERVER_ERROR,
        Manner::FailsHalf => {}
        Manner::Dead => std::future::pending().await,
    }
    going_on.accepted();
    StatusCode::NO_CONTENT
}

/// The event's time. The document before it has such a member too, so the last one is it.
fn created_at(body: &[u8]) -> Option<OffsetDateTime> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.rsplit_once(r#""created_at":""#)?;
    OffsetDateTime::parse(rest.split('"').next()?, &Rfc3339).ok()
}

/// The value below which that share of the sorted durations lies; the nearest rank, so one that was measured.
pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let index = rank.saturating_sub(1).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
