//! What shoppers' browsers see of DirectLink (ogone-directlink.md, sections 8 and 9).
//!
//! A browser comes back from the hosted page to `order_A3DS.asp`, which [`returned`] answers: it goes on to the shop
//! ([`leaving`]), or, while tries are left, gets a form for another card ([`retry`]) that posts to `order_agree.asp`. Both
//! addresses answer the same when they are asked for: how the payment stands that the token was given out for.

mod leaving;
mod onward;
mod retry;
mod returned;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod typed_card;
pub(super) mod words;

use super::gateway::DirectLink;
use crate::pages::headers::safe_by_default;
use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, Method},
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use primitives::UrlPolicy;
use serde::Deserialize;
use std::sync::Arc;

/// Largest body of a browser's: a form with a card.
const BODY_MAX_BYTES: usize = 16 * 1024;

/// The pages of the protocol that a shopper's browser comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserPage {
    /// `order_A3DS.asp`: back from the hosted page.
    Returned,
    /// `order_agree.asp`: another card.
    Retry,
}

impl BrowserPage {
    /// By the last part of a path, in any letter case.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            RETURNED => Some(Self::Returned),
            RETRY => Some(Self::Retry),
            _ => None,
        }
    }
}

const RETURNED: &str = "order_a3ds.asp";
const RETRY: &str = "order_agree.asp";

/// What the pages need.
#[derive(Clone)]
pub struct Browsers {
    pub gateway: Arc<dyn DirectLink>,
    /// Which addresses a browser may be sent to.
    pub urls: UrlPolicy,
}

/// What a browser brings: the payment's token, and on the form for another card what was typed into it. Holds card data, so it
/// is shown nowhere.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Brought {
    token: String,
    cancel: String,
    number: String,
    expiry: String,
    code: String,
    holder: String,
}

/// Answers a browser.
pub async fn answer(browsers: &Browsers, page: BrowserPage, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let query = parts.uri.query().unwrap_or_default();
    let response = if parts.method == Method::POST {
        match to_bytes(body, BODY_MAX_BYTES).await {
            Ok(body) => posted(browsers, page, headers, query, &body).await,
            Err(_) => returned::unknown(headers, browsers.urls),
        }
    } else {
        let brought: Brought = serde_urlencoded::from_str(query).unwrap_or_default();
        if brought.cancel.is_empty() {
            returned::answer(browsers, headers, &brought.token).await
        } else {
            returned::cancelled(browsers, headers, &brought.token).await
        }
    };
    safe_by_default(response).await
}

async fn posted(
    browsers: &Browsers,
    page: BrowserPage,
    headers: &HeaderMap,
    query: &str,
    body: &[u8],
) -> Response {
    let brought: Brought = serde_urlencoded::from_bytes(body).unwrap_or_default();
    match page {
        BrowserPage::Retry => retry::answer(browsers, headers, brought).await,
        BrowserPage::Returned if brought.token.is_empty() => {
            // Whoever brings the browser back with a form may leave the token in the address.
            let in_address: Brought = serde_urlencoded::from_str(query).unwrap_or_default();
            returned::answer(browsers, headers, &in_address.token).await
        }
        BrowserPage::Returned => returned::answer(browsers, headers, &brought.token).await,
    }
}

/// Where the browser with that token is told how its payment stands, beside whatever page it is on.
fn return_address(token: &str) -> String {
    let token: String = serde_urlencoded::to_string([("token", token)]).unwrap_or_default();
    format!("order_A3DS.asp?{token}")
}

/// What a header has no place for, and what is no part of any address.
const NOT_IN_AN_ADDRESS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Sends the browser to an address outside, in place of this one.
fn redirect(address: &str) -> Response {
    let address = utf8_percent_encode(address, NOT_IN_AN_ADDRESS).to_string();
    Redirect::to(&address).into_response()
}
