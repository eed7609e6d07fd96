//! Cybersource: card payments and what follows them, over real HTTP and as strict as the vendor.
//!
//! It knows its merchants by the id they sign for, and their keys from the registry of connections; who is not registered
//! is refused. Request bodies are closed: a member the vendor does not document is refused, which finds misspelt names.
//! Captures and refunds wait for the batch, which goes out after the sandbox's asynchronous time and is told by signed
//! notifications. Nothing is idempotent: a code that comes again within a quarter of an hour is refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::Processors;
use crate::faults;

mod authentication;
mod book;
mod capture;
mod news;
mod payment;
mod payment_request;
mod refund;
mod reply;
mod search;
mod settle;
mod three_d_secure;
mod timeout;
mod void;

use book::Book;

/// The processor's name.
pub const NAME: &str = "cybersource";
/// Where the sandbox has it, which is part of what callers sign.
const PREFIX: &str = "/processors/cybersource";
/// How long a caller that never gets an answer is kept waiting before its connection is cut.
const SILENCE: Duration = Duration::from_secs(120);

/// The simulator. Cheap to clone.
#[derive(Clone, Debug)]
struct Cybersource {
    processors: Processors,
    book: Arc<Mutex<Book>>,
}

impl Cybersource {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vendor's paths.
pub fn router(processors: Processors) -> Router {
    let cybersource = Cybersource {
        processors,
        book: Arc::new(Mutex::new(Book::new())),
    };
    Router::new()
        .route("/pts/v2/payments", post(payment::pay))
        .route("/pts/v2/payments/{id}/captures", post(capture::capture))
        .route("/pts/v2/payments/{id}/reversals", post(void::reverse))
        .route("/pts/v2/payments/{id}/voids", post(void::void_payment))
        .route("/pts/v2/payments/{id}/refunds", post(refund::refund_payment))
        .route("/pts/v2/captures/{id}/refunds", post(refund::refund_capture))
        .route("/pts/v2/reversals", post(timeout::reverse))
        .route("/pts/v2/voids", post(timeout::void))
        .route("/tss/v2/searches", post(search::search))
        .route("/tss/v2/transactions/{id}", get(search::details))
        .with_state(cybersource)
}

/// Never answers, as far as the caller can tell.
async fn silence() -> Response {
    tokio::time::sleep(SILENCE).await;
    faults::cut_connection()
}

/// An answer nothing documents.
fn undocumented_error() -> Response {
    let mut response = Response::new("Internal Server Error".into());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
