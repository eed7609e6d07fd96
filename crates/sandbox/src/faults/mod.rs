//! Levers: what is to go wrong at a part of the sandbox, and how often.
//!
//! `POST /faults` sets one, `DELETE /faults` clears all ([`levers`]). A part that serves HTTP is wrapped in [`guard`]; a
//! part that calls out (the phone network, a merchant's web server) asks [`Faults::take`] itself. Faults of single
//! messages of 3-D Secure are in [`message`]; whoever writes such a message asks [`Faults::take_message`].

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{self, Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header::CONTENT_LENGTH};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

pub mod levers;
pub mod message;
pub mod text_message;

pub use levers::router;
use message::MessageFaultOrder;

/// The target of faults that the bank's backend plays.
pub const ISSUER: &str = "issuer";
/// Parts of the sandbox that faults can be set for, besides the processors.
pub const OTHER_TARGETS: [&str; 10] = [
    "directory",
    "acs",
    "results",
    ISSUER,
    text_message::SMS,
    text_message::SMS_NORTE,
    text_message::SMS_SUR,
    text_message::SMPP,
    "merchant",
    "notifications",
];
/// The wait of a `delay` that names none.
const DEFAULT_DELAY: Duration = Duration::from_millis(1_000);
/// The longest request that is kept for `duplicate`.
const DUPLICATED_MAX_BYTES: usize = 1024 * 1024;
/// What a garbled reply consists of.
const GARBAGE: &str = "\u{1}\u{2}garbage{{[[<";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Processed at once, answered later.
    Delay,
    /// Processed, then the connection is cut without an answer.
    DropReply,
    /// The connection is cut before anything is processed.
    Refuse,
    /// Not processed; the answer is a 500 that nothing documents.
    Http500,
    /// Processed; the answer has the right status and an unreadable body.
    Garbage,
    /// Processed twice, answered once, with the first answer.
    Duplicate,
}

impl Kind {
    /// The words of `POST /faults`.
    pub const WORDS: [(&str, Self); 6] = [
        ("delay", Self::Delay),
        ("drop_reply", Self::DropReply),
        ("refuse", Self::Refuse),
        ("http_500", Self::Http500),
        ("garbage", Self::Garbage),
        ("duplicate", Self::Duplicate),
    ];

    /// The fault of a word.
    pub fn parse(word: &str) -> Option<Self> {
        let (_, kind) = Self::WORDS.into_iter().find(|(listed, _)| *listed == word)?;
        Some(kind)
    }
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
struct Active<F> {
    fault: F,
    /// `None` lasts until cleared.
    times: Option<u32>,
}

/// The faults set for one target.
#[derive(Debug, Default)]
struct Target {
    transport: Vec<Active<Fault>>,
    messages: Vec<Active<MessageFaultOrder>>,
}

/// The faults that are set. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    active: Mutex<HashMap<String, Target>>,
    /// How many are set, so that a sandbox without faults takes no lock per request.
    count: AtomicUsize,
}

impl Faults {
    /// Sets a fault; `times: None` lasts until [`Faults::clear`].
    pub fn set(&self, target: &str, fault: Fault, times: Option<u32>) {
        let mut active = self.active();
        let faults = active.entry(target.to_owned()).or_default();
        self.added(push(&mut faults.transport, fault, times));
    }

    /// Sets a fault of a message, likewise.
    pub fn set_message(&self, target: &str, fault: MessageFaultOrder, times: Option<u32>) {
        let mut active = self.active();
        let faults = active.entry(target.to_owned()).or_default();
        self.added(push(&mut faults.messages, fault, times));
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
        self.happened(&mut faults.transport, |_| true)
    }

    /// The same for a fault of a message that `fits`.
    pub fn take_message(
        &self,
        target: &str,
        fits: impl Fn(&MessageFaultOrder) -> bool,
    ) -> Option<MessageFaultOrder> {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut active = self.active();
        let faults = active.get_mut(target)?;
        self.happened(&mut faults.messages, fits)
    }

    /// Whether a fault of a message that `fits` waits; nothing is counted.
    pub fn has_message(&self, target: &str, fits: impl Fn(&MessageFaultOrder) -> bool) -> bool {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let active = self.active();
        let faults = active.get(target);
        faults.is_some_and(|faults| faults.messages.iter().any(|active| fits(&active.fault)))
    }

    fn happened<F: Clone>(&self, faults: &mut Vec<Active<F>>, fits: impl Fn(&F) -> bool) -> Option<F> {
        let counted = |active: &Active<F>| active.times.is_some() && fits(&active.fault);
        let Some(index) = faults.iter().position(counted) else {
            let lasting = faults.iter().rev().find(|active| fits(&active.fault));
            return lasting.map(|active| active.fault.clone());
        };
        let active = faults.get_mut(index)?;
        let fault = active.fault.clone();
        active.times = active.times.map(|times| times.saturating_sub(1));
        if active.times == Some(0) {
            faults.remove(index);
            self.0.count.fetch_sub(1, Ordering::Release);
        }
        Some(fault)
    }

    fn added(&self, count: usize) {
        self.0.count.fetch_add(count, Ordering::Release);
    }

    fn active(&self) -> MutexGuard<'_, HashMap<String, Target>> {
        self.0.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a fault; answers how many that were.
fn push<F>(faults: &mut Vec<Active<F>>, fault: F, times: Option<u32>) -> usize {
    if times == Some(0) {
        return 0;
    }
    faults.push(Active { fault, times });
    1
}

/// Puts every route of `router` under the faults set for `target`.
pub fn guard(router: Router, faults: Faults, target: &'static str) -> Router {
    router.layer(middleware::from_fn_with_state((faults, target), go_wrong))
}

/// The same for the routes of `router` below a path.
pub fn guard_below(router: Router, faults: Faults, target: &'static str, path: &'static str) -> Router {
    let guarded = move |state, request: Request, next: Next| async move {
        if request.uri().path().starts_with(path) {
            go_wrong(state, request, next).await
        } else {
            next.run(request).await
        }
    };
    router.layer(middleware::from_fn_with_state((faults, target), guarded))
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
            assert_eq!(Kind::parse(word), Some(kind));
        }
    }
}
