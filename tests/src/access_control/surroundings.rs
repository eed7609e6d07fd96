//! Whom an access control server talks to: a directory server that acknowledges every result, and a phone network that
//! delivers every message at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How long a message or a result may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everybody outside. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Surroundings {
    url: String,
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    seen: Mutex<Seen>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Seen {
    messages: HashMap<String, Vec<String>>,
    results: HashMap<String, (Value, Instant)>,
}

impl Surroundings {
    /// Begins to listen, on a port of the system's.
    pub async fn open() -> Self {
        let inner = Arc::new(Inner::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/messages", post(take_message))
            .route("/results", post(take_result))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// Where they are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many messages a phone has had.
    pub fn messages(&self, phone: &str) -> usize {
        self.inner.seen().messages.get(phone).map_or(0, Vec::len)
    }

    /// All messages of all phones: phone and text.
    pub fn all_messages(&self) -> Vec<(String, String)> {
        let seen = self.inner.seen();
        let of_phone = |(phone, texts): (&String, &Vec<String>)| {
            texts
                .iter()
                .map(|text| (phone.clone(), text.clone()))
                .collect::<Vec<_>>()
        };
        seen.messages.iter().flat_map(of_phone).collect()
    }

    /// The newest message of a phone, once it has had more than `known`.
    ///
    /// # Errors
    /// When none comes.
    pub async fn message_after(&self, phone: &str, known: usize) -> Result<String, String> {
        let newest = |seen: &Seen| {
            let messages = seen.messages.get(phone)?;
            (messages.len() > known).then(|| messages.last().cloned())?
        };
        self.wait("message", newest).await
    }

    /// The result of a challenge, and when it came.
    ///
    /// # Errors
    /// When none comes.
    pub async fn result_of(&self, acs_trans_id: &str) -> Result<(Value, Instant), String> {
        self.wait("result", |seen| seen.results.get(acs_trans_id).cloned())
            .await
    }

    async fn wait<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> Result<T, String> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let mut news = std::pin::pin!(self.inner.news.notified());
                news.as_mut().enable();
                if let Some(found) = look(&self.inner.seen()) {
                    return found;
                }
                news.await;
            }
        });
        waited.await.map_err(|_| format!("no {what}"))
    }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take_message(
    State(inner): State<Arc<Inner>>,
    Json(message): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    inner
        .seen()
        .messages
        .entry(text("to"))
        .or_default()
        .push(text("text"));
    inner.news.notify_waiters();
    (StatusCode::ACCEPTED, Json(json!({ "id": text("reference") })))
}

async fn take_result(State(inner): State<Arc<Inner>>, Json(rreq): Json<Value>) -> Json<Value> {
    let rres = json!({
        "messageType": "RRes",
        "messageVersion": rreq["messageVersion"],
        "threeDSServerTransID": rreq["threeDSServerTransID"],
        "acsTransID": rreq["acsTransID"],
        "dsTransID": rreq["dsTransID"],
        "resultsStatus": "01",
    });
    let id = rreq["acsTransID"].as_str().unwrap_or_default().to_owned();
    inner.seen().results.insert(id, (rreq, Instant::now()));
    inner.news.notify_waiters();
    Json(rres)
}
