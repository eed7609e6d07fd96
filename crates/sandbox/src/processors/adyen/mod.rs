//! Adyen: payments by Checkout v72 and what follows them, over real HTTP and as strict as the vendor.
//!
//! It knows its merchants by their API keys and refuses any other key, another's merchant account and another's payments.
//! Request bodies are closed: a member it does not know is refused, which finds misspelt names. Every `POST` is idempotent
//! under its key. Captures, cancellations and refunds are only taken in by their answer; what came of them, and of every
//! payment, is told by signed notifications, modifications' always twice and the second time behind an older piece of news.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::post;

use super::{Processors, Registered};
use crate::faults;

mod afterwards;
mod book;
pub mod documented;
mod idempotency;
mod modify;
mod money;
mod notify;
mod payment;
mod payment_request;
mod refusals;
mod reply;

use book::Book;
use reply::Refused;

/// The processor's name.
pub const NAME: &str = "adyen";
/// The settings of a connection, by the names that the adapter gives them.
const MERCHANT_ACCOUNT: &str = "merchant_account";
const HMAC_KEY: &str = "hmac_key";
/// How long a caller that never gets an answer is kept waiting before its connection is cut.
const SILENCE: Duration = Duration::from_secs(120);

/// The simulator. Cheap to clone.
#[derive(Clone, Debug)]
struct Adyen {
    processors: Processors,
    book: Arc<Mutex<Book>>,
}

impl Adyen {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vendor's paths.
pub fn router(processors: Processors) -> Router {
    let adyen = Adyen {
        processors,
        book: Arc::new(Mutex::new(Book::new())),
    };
    Router::new()
        .route("/payments", post(payment::pay))
        .route("/payments/{payment}/captures", post(modify::capture))
        .route("/payments/{payment}/cancels", post(modify::cancel))
        .route("/payments/{payment}/reversals", post(modify::reverse))
        .route("/payments/{payment}/refunds", post(modify::refund))
        .route("/cancels", post(modify::technical_cancel))
        .with_state(adyen)
}

/// Who calls.
#[derive(Clone, Debug)]
struct Caller {
    api_key: String,
    connection: Arc<Registered>,
    /// Under which a repetition of the request is answered as the first time.
    idempotency_key: Option<String>,
}

impl Caller {
    /// The caller of a request, by its API key.
    fn of(adyen: &Adyen, headers: &HeaderMap) -> Result<Self, Refused> {
        let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
        let known = key.and_then(|key| adyen.processors.connections.find(NAME, key));
        let (Some(key), Some(connection)) = (key, known) else {
            return Err(Refused::unauthorized());
        };
        let json = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/json"));
        if !json {
            return Err(Refused::malformed("Content-Type must be application/json"));
        }
        Ok(Self {
            api_key: key.to_owned(),
            connection,
            idempotency_key: idempotency::key(headers)?,
        })
    }

    /// Refuses another's merchant account.
    fn owns(&self, merchant_account: &str) -> Result<(), Refused> {
        match self.connection.credential(MERCHANT_ACCOUNT) {
            Some(ours) if ours != merchant_account => {
                Err(Refused::forbidden("901", "Invalid Merchant Account"))
            }
            _ => Ok(()),
        }
    }
}

/// Never answers, as far as the caller can tell.
async fn silence() -> Response {
    tokio::time::sleep(SILENCE).await;
    faults::cut_connection()
}

/// An answer nothing documents.
fn undocumented_error() -> Response {
    let mut response = Response::new("Internal Server Error".into());
    *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

#[cfg(test)]
mod tests;
