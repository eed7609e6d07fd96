//! DirectLink: the form-encoded gateway that many shops are built on (ogone-directlink.md).
//!
//! A request arrives at [`entry`]: [`form`] reads it in either [`charset`], [`call`] makes the checks that every request
//! passes, [`signature`] among them, and a file per page does the rest: [`order`], [`maintenance`], [`query`], [`rates`].
//! [`order_request`] makes values of a new order and [`complaints`] of what is wrong with any; [`gateway`] does it; [`answer`]
//! and [`refusals`] say what came of it, and [`xml`] writes that down. Whatever is wrong, the answer is XML with HTTP 200, panics
//! included ([`progress`]). A shopper's browser starts with [`html_answer`] and comes back to the pages of [`browser`].
//!
//! Read [`entry`] first, then [`order`].

mod answer;
pub mod browser;
mod call;
pub mod charset;
pub mod complaints;
mod entry;
pub mod form;
pub mod gateway;
pub mod html_answer;
mod maintenance;
mod network;
mod order;
pub mod order_request;
mod progress;
mod query;
mod rates;
mod refusals;
pub mod signature;
pub mod xml;

#[cfg(test)]
mod alias_tests;
#[cfg(test)]
mod arbitrary_input_tests;
#[cfg(test)]
mod broken_tests;
#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod later_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod parameter_tests;
#[cfg(test)]
mod signature_tests;
#[cfg(test)]
pub(crate) mod testing;

pub use progress::ANSWER_WITHIN;

use crate::orders::rate_limit::RateLimits;
use axum::{
    http::{HeaderValue, header::CACHE_CONTROL},
    routing::any,
};
use gateway::DirectLink;
use orchestrator::administration::Environment;
use primitives::UrlPolicy;
use std::{sync::Arc, time::Duration};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

/// What the handlers share.
#[derive(Clone)]
pub struct DirectLinkState {
    pub gateway: Arc<dyn DirectLink>,
    /// `/ncol/test/` leads to the sandbox's accounts, `/ncol/prod/` to production's.
    pub environment: Environment,
    /// Whether the last address of `X-Forwarded-For` is the shop's. On only behind a proxy that appends it.
    pub trust_forwarded_for: bool,
    /// Which addresses shoppers' browsers may be sent to.
    pub urls: UrlPolicy,
    /// Those of the orders face: a merchant has one rate for all faces.
    pub rate_limits: Arc<RateLimits>,
    /// How long an answer may take: [`ANSWER_WITHIN`], where nothing is to be tried out.
    pub answer_within: Duration,
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The routes of this face. Serve them with `ConnectInfo<SocketAddr>`: accounts may be bound to addresses.
pub fn router(state: DirectLinkState) -> OpenApiRouter {
    OpenApiRouter::new()
        // Names come in any letter case, so the handler finds the page.
        .route("/ncol/{environment}/{page}", any(entry::receive))
        .route("/NCOL/{environment}/{page}", any(entry::receive))
        .route("/{page}", any(entry::receive))
        .with_state(state)
        // Answers hold personal data, and a payment read a second ago may stand elsewhere now.
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, NO_STORE))
}
