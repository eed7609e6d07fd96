//! Kushki: direct card charges and what follows them, over real HTTP and as strict as the vendor.
//!
//! It knows its merchants by the `Private-Merchant-Id` they send and refuses another merchant's tickets. Request bodies
//! are closed: a member the vendor does not document is refused, which finds misspelt names. Charges have no
//! idempotency; voids and refunds do. Refunds are taken in and settle later. Registered merchants are told of every
//! transaction by a signed notification.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, post};
use primitives::Brand;

use super::Processors;
use crate::faults;

mod book;
mod charge;
mod charge_request;
mod list;
mod money;
mod news;
mod reply;
mod settle;
mod test_cards;
mod three_domain_secure;

use book::Book;
use reply::Refused;

/// The processor's name.
pub const NAME: &str = "kushki";
/// Who every card here was issued by.
const ISSUER: &str = "BANCO SANDBOX";
/// Who acquires here; a name without "Prosa", so that response codes are the networks' own.
const ACQUIRER: &str = "Kushki Acquirer Processor";
/// How long a caller that never gets an answer is kept waiting before its connection is cut.
const SILENCE: Duration = Duration::from_secs(120);

/// The simulator. Cheap to clone.
#[derive(Clone, Debug)]
struct Kushki {
    processors: Processors,
    book: Arc<Mutex<Book>>,
}

impl Kushki {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vendor's paths.
pub fn router(processors: Processors) -> Router {
    let kushki = Kushki {
        processors,
        book: Arc::new(Mutex::new(Book::new())),
    };
    Router::new()
        .route("/card/v2/charges", post(charge::sale))
        .route("/card/v2/preAuthorization", post(charge::authorization))
        .route("/card/v1/capture", post(settle::capture))
        .route("/v1/charges/{ticket}", delete(settle::void))
        .route("/v1/refund/{ticket}", delete(settle::refund))
        .route("/analytics/v2/transactions-list", get(list::list))
        .with_state(kushki)
}

/// The merchant a request comes from. Both names of the header are in use.
fn merchant(headers: &HeaderMap) -> Result<String, Refused> {
    let key = ["private-merchant-id", "private-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .ok_or(Refused::at_the_front_door("Forbidden"))?;
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !json {
        return Err(Refused::invalid("Content-Type must be application/json"));
    }
    key.to_str()
        .ok()
        .filter(|key| (8..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or(Refused::code("K004", "ID de comercio o credencial no válido"))
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

/// The name replies give a brand.
fn brand_name(brand: Brand) -> &'static str {
    match brand {
        Brand::Mastercard => "MasterCard",
        _ => "Visa",
    }
}
