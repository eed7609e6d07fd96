//! Levers: what is to go wrong at a part of the sandbox, and how often.
//!
//! `POST /faults` sets one, `DELETE /faults` clears all. A part that serves HTTP is wrapped in [`guard`]; a part that
//! calls out (the phone network, a merchant's web server) asks [`Faults::take`] itself.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{self, Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header::CONTENT_LENGTH};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};

/// Parts of the sandbox that faults can be set for, besides the processors.
pub const OTHER_TARGETS: [&str; 4] = ["directory", "acs", "sms", "merchant"];
/// The wait of a `delay` that names none.
const DEFAULT_DELAY: Duration = Duration::from_millis(1_000);
/// The longest wait, so that a slip of the finger does not hold connections for days.
const DELAY_MAX_MILLISECONDS: u64 = 600_000;
/// The longest request that is kept for `duplicate`.
const DUPLICATED_MAX_BYTES: usize = 1024 * 1024;
/// What a garbled reply consists of.
const GARBAGE: &str = "\u{1}\u{2}garbage{{[[<";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Processed at once, answered later.
    Delay,
    /// Processed, then the connection is cut without an answer.
    DropReply,
    /// The connection is cut before anything is processed.
    Refuse,
    /// Not processed; the answer is a 500 that nothing documents.
    #[serde(rename = "http_500")]
    Http500,
    /// Processed; the answer has the right status and an unreadable body.
    Garbage,
    /// Processed twice, answered once, with the first answer.
    Duplicate,
}

/// One occurrence of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// How long a [`Kind::Delay`] waits.
    pub delay: Duration,
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    /// `None` lasts until cleared.
    times: Option<u32>,
}

/// The faults that are set. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    active: Mutex<HashMap<String, Vec<Active>>>,
    /// How many are set, so that a sandbox without faults takes no lock per request.
    count: AtomicUsize,
}

impl Faults {
    /// Sets a fault; `times: None` lasts until [`Faults::clear`].
    pub fn set(&self, target: &str, fault: Fault, times: Option<u32>) {
        if times == Some(0) {
            return;
        }
        self.active()
            .entry(target.to_owned())
            .or_default()
            .push(Active { fault, times });
        self.0.count.fetch_add(1, Ordering::Release);
    }

    /// Clears all faults.
    pub fn clear(&self) {
        self.active().clear();
        self.0.count.store(0, Ordering::Release);
    }

    /// What is to go wrong now, if anything, counted as having happened. Those that last a number of times go first, in
    /// the order they were set; after them the latest that lasts.
    pub fn take(&self, target: &str) -> Option<Fault> {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut active = self.active();
        let faults = active.get_mut(target)?;
        let Some(index) = faults.iter().position(|active| active.times.is_some()) else {
            return faults.last().map(|active| active.fault);
        };
        let counted = faults.get_mut(index)?;
        let fault = counted.fault;
        counted.times = counted.times.map(|times| times.saturating_sub(1));
        if counted.times == Some(0) {
            faults.remove(index);
            self.0.count.fetch_sub(1, Ordering::Release);
        }
        Some(fault)
    }

    fn active(&self) -> MutexGuard<'_, HashMap<String, Vec<Active>>> {
        self.0.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /faults` and `DELETE /faults`. `processors` are the names a fault may aim at besides [`OTHER_TARGETS`].
pub fn router(faults: Faults, processors: &'static [&'static str]) -> Router {
    Router::new()
        .route("/faults", post(set).delete(clear))
        .with_state((faults, processors))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    target: String,
    fault: Kind,
    times: Option<u32>,
    milliseconds: Option<u64>,
}

type Levers = (Faults, &'static [&'static str]);

async fn set(State((faults, processors)): State<Levers>, Json(order): Json<Order>) -> Response {
    let known = OTHER_TARGETS.iter().chain(processors);
    if !known.clone().any(|name| *name == order.target) {
        let names: Vec<&str> = known.copied().collect();
        let text = format!("target: must be one of {}", names.join(", "));
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    if order.times == Some(0) {
        return (StatusCode::BAD_REQUEST, "times: must be at least 1").into_response();
    }
    let delay = match order.milliseconds {
        None => DEFAULT_DELAY,
        Some(wait) if wait <= DELAY_MAX_MILLISECONDS => Duration::from_millis(wait),
        Some(_) => {
            let text = format!("milliseconds: must be at most {DELAY_MAX_MILLISECONDS}");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    let fault = Fault {
        kind: order.fault,
        delay,
    };
    faults.set(&order.target, fault, order.times);
    StatusCode::NO_CONTENT.into_response()
}

async fn clear(State((faults, _)): State<Levers>) -> StatusCode {
    faults.clear();
    StatusCode::NO_CONTENT
}

/// Puts every route of `router` under the faults set for `target`.
pub fn guard(router: Router, faults: Faults, target: &'static str) -> Router {
    router.layer(middleware::from_fn_with_state((faults, target), go_wrong))
}

async fn go_wrong(
    State((faults, target)): State<(Faults, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(fault) = faults.take(target) else {
        return next.run(request).await;
    };
    tracing::info!(target_name = target, fault = ?fault.kind, "fault injected");
    match fault.kind {
        Kind::Delay => {
            let response = next.run(request).await;
            tokio::time::sleep(fault.delay).await;
            response
        }
        Kind::DropReply => {
            next.run(request).await;
            cut_connection()
        }
        Kind::Refuse => cut_connection(),
        Kind::Http500 => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response(),
        Kind::Garbage => {
            let mut response = next.run(request).await;
            response.headers_mut().remove(CONTENT_LENGTH);
            *response.body_mut() = Body::from(GARBAGE);
            response
        }
        Kind::Duplicate => twice(request, next).await,
    }
}

async fn twice(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = body::to_bytes(body, DUPLICATED_MAX_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let again = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let response = next
        .clone()
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    next.run(again).await;
    response
}

/// An answer that makes the server close the connection before a byte of it is sent: a body that fails at once does so,
/// since head and body are written together.
pub fn cut_connection() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(io::Error::other("cut on purpose")) });
    Response::new(Body::from_stream(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: Kind) -> Fault {
        Fault {
            kind,
            delay: DEFAULT_DELAY,
        }
    }

    #[test]
    fn counted_faults_go_first_and_run_out() {
        let faults = Faults::default();
        faults.set("kushki", fault(Kind::Garbage), None);
        faults.set("kushki", fault(Kind::Refuse), Some(2));
        faults.set("kushki", fault(Kind::DropReply), Some(1));
        let taken: Vec<_> = (0..5)
            .filter_map(|_| faults.take("kushki"))
            .map(|fault| fault.kind)
            .collect();
        assert_eq!(
            taken,
            [
                Kind::Refuse,
                Kind::Refuse,
                Kind::DropReply,
                Kind::Garbage,
                Kind::Garbage
            ]
        );
        assert_eq!(faults.take("adyen"), None);
        faults.clear();
        assert_eq!(faults.take("kushki"), None);
    }

    #[test]
    fn the_documented_words_are_read() {
        for (word, kind) in [
            ("delay", Kind::Delay),
            ("drop_reply", Kind::DropReply),
            ("refuse", Kind::Refuse),
            ("http_500", Kind::Http500),
            ("garbage", Kind::Garbage),
            ("duplicate", Kind::Duplicate),
        ] {
            assert_eq!(serde_json::from_value::<Kind>(word.into()).unwrap(), kind);
        }
    }
}
