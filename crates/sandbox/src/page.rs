//! How the sandbox's pages leave: HTML with a strict policy, and the two files they share.
//!
//! Nothing on a page comes from anywhere else, and nothing runs that is not one of these files. Forms may go to any
//! address, since an issuer's page posts back to whichever 3DS Server asked; frames may hold any page for the same
//! reason.

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      frame-src 'self'; base-uri 'none'; form-action http: https:";

const STYLES: &str = include_str!("../assets/sandbox.css");
const SUBMIT: &str = include_str!("../assets/submit.js");
const SHOP: &str = include_str!("../assets/shop.js");

/// A rendered page.
pub fn html(page: &impl Template) -> Response {
    html_with(StatusCode::OK, page)
}

/// A rendered page with a status that is not 200.
pub fn html_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => (
            status,
            [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CONTENT_SECURITY_POLICY, POLICY),
                (CACHE_CONTROL, "no-store"),
                (REFERRER_POLICY, "same-origin"),
            ],
            body,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `/assets/…`, and the icon that browsers ask for on pages that name none: there is none.
pub fn assets() -> Router {
    Router::new()
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route(
            "/assets/sandbox.css",
            get(|| async { file("text/css; charset=utf-8", STYLES) }),
        )
        .route(
            "/assets/submit.js",
            get(|| async { file("text/javascript; charset=utf-8", SUBMIT) }),
        )
        .route(
            "/assets/shop.js",
            get(|| async { file("text/javascript; charset=utf-8", SHOP) }),
        )
}

fn file(content_type: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, content_type)], text)
}
