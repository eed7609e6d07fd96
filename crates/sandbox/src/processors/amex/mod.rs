//! American Express's gateway: transactions of an order by `PUT`, over real HTTP and as strict as the vendor.
//!
//! It knows its merchants by the name and password of their Basic authentication; the password of one that nobody
//! registered is the first it comes with. Request bodies are closed: a member the vendor does not document is refused,
//! which finds misspelt names. The pair of order and transaction id is the key: the same `PUT` again answers as before, and
//! another body under the same pair is refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Processors;

mod book;
mod charge;
mod charge_request;
mod news;
mod reply;
mod safekey;
mod settle;
mod transaction;

use book::{Book, Key};
use reply::Refused;

/// The processor's name.
pub const NAME: &str = "amex";
/// How long a caller that never gets an answer is kept waiting before its connection is cut.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest order or transaction id.
const ID_MAX_CHARACTERS: usize = 40;
/// The versions of the interface that are spoken.
const VERSIONS: std::ops::RangeInclusive<u16> = 57..=100;

/// The simulator. Cheap to clone.
#[derive(Clone, Debug)]
struct Amex {
    processors: Processors,
    book: Arc<Mutex<Book>>,
    /// Held over the whole of a `PUT`, so that the same one twice at once is done once.
    turn: Arc<Mutex<()>>,
}

impl Amex {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vendor's paths.
pub fn router(processors: Processors) -> Router {
    let amex = Amex {
        processors,
        book: Arc::new(Mutex::new(Book::new())),
        turn: Arc::default(),
    };
    let path = "/api/rest/version/{version}/merchant/{merchant}/order/{order}/transaction/{transaction}";
    Router::new()
        .route(path, put(transaction::make).get(retrieve))
        .with_state(amex)
}

/// What a transaction's address names.
#[derive(Deserialize)]
struct Address {
    version: String,
    merchant: String,
    order: String,
    transaction: String,
}

/// The transaction a request is about, after everything about address and caller has been checked.
fn key(amex: &Amex, address: Address, headers: &HeaderMap) -> Result<Key, Refused> {
    check_login(amex, &address.merchant, headers)?;
    let version = address.version.parse();
    if !version.is_ok_and(|version: u16| VERSIONS.contains(&version)) {
        return Err(Refused::invalid("version", "Unsupported version"));
    }
    for (id, field) in [
        (&address.order, "order.id"),
        (&address.transaction, "transaction.id"),
    ] {
        if !(1..=ID_MAX_CHARACTERS).contains(&id.len()) {
            return Err(Refused::invalid(field, "Value is too long"));
        }
    }
    Ok(Key {
        merchant: address.merchant,
        order: address.order,
        transaction: address.transaction,
    })
}

/// Basic authentication as `merchant.<id>`, for that merchant's own address only.
fn check_login(amex: &Amex, merchant: &str, headers: &HeaderMap) -> Result<(), Refused> {
    let text = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(Refused::login())?;
    let (user, password) = text.split_once(':').ok_or(Refused::login())?;
    if user.strip_prefix("merchant.") != Some(merchant) || password.is_empty() {
        return Err(Refused::login());
    }
    let registered = amex.processors.connections.find(NAME, merchant);
    let known = registered
        .as_ref()
        .and_then(|registered| registered.credential("api_password"));
    let fits = match known {
        Some(known) => constant_time::verify_slices_are_equal(known.as_bytes(), password.as_bytes()).is_ok(),
        None => amex.book().is_password(merchant, password),
    };
    if fits { Ok(()) } else { Err(Refused::login()) }
}

/// `GET`: what became of a transaction.
async fn retrieve(State(amex): State<Amex>, Path(address): Path<Address>, headers: HeaderMap) -> Response {
    let found = key(&amex, address, &headers).and_then(|key| transaction::find(&amex, &key));
    match found {
        Ok(json) => reply::found(json),
        Err(refused) => refused.into_response(),
    }
}
