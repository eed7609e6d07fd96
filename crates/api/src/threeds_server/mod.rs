//! The 3DS Server API, wire-compatible with Carat's (carat-3ds-server.md): for shops that want 3-D Secure only, and charge
//! the card elsewhere.
//!
//! A file per service: [`create`], [`authenticate`], [`query`]. Each lets the call in ([`call`]), reads the document by the
//! table of [`fields`], calls one function of [`ThreeDsServer`], answers ([`reply`]). Every service is there twice, with and
//! without `/3ds-server` in front, as the vendor's certification and production have it.
//!
//! Read [`fields`] first, then [`authenticate`] and [`errors`].

pub mod authenticate;
pub mod call;
pub mod create;
pub mod document;
pub mod errors;
pub mod fields;
mod gateway;
pub mod query;
pub mod reply;
pub mod signature;

#[cfg(test)]
mod credentials_tests;
#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
pub(crate) mod testing;

use crate::orders::rate_limit::RateLimits;
use async_trait::async_trait;
use axum::http::{HeaderValue, header::CACHE_CONTROL};
use fields::Leniency;
use orchestrator::{
    Fault,
    flows::threeds_server::{Asked, Created, NewTransaction, Open, Refused, Status, View, Wanted},
};
use primitives::{Id, id::kind};
use std::sync::Arc;
use store::threeds_server::shops::Shop;
use time::OffsetDateTime;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where the vendor's certification environment has these services.
pub const CERTIFICATION_PREFIX: &str = "/3ds-server";

/// What the face needs of the gateway behind it. The gateway is the one implementation that serves shops; the other is the
/// tests'.
#[async_trait]
pub trait ThreeDsServer: Send + Sync + 'static {
    fn now(&self) -> OffsetDateTime;

    /// The shop whose id and key these are; `None` for a pair that is wrong, or a shop that is disabled.
    async fn shop(&self, merchant_id: &str, merchant_key: &str) -> Result<Option<Arc<Shop>>, Fault>;

    /// Whether these are the shop's id and key in the card vault.
    fn is_card_vault_pair(&self, shop: &Shop, merchant_id: &str, merchant_key: &str) -> bool;

    async fn create(&self, shop: &Shop, new: NewTransaction) -> Result<Created, Refused>;

    /// The transaction, if it is this shop's and may be asked for.
    async fn open(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<Open, Refused>;

    /// Ends a transaction that was asked for with parameters that do not fit.
    async fn invalid(&self, open: &Open) -> Result<Status, Refused>;

    async fn authenticate(&self, shop: &Shop, open: Open, wanted: Wanted) -> Result<Asked, Refused>;

    async fn query(&self, shop: &Shop, id: Id<kind::Authentication>) -> Result<View, Refused>;
}

/// What the handlers share.
#[derive(Clone)]
pub struct ThreeDsServerState {
    pub server: Arc<dyn ThreeDsServer>,
    pub leniency: Leniency,
    pub rate_limits: Arc<RateLimits>,
}

impl ThreeDsServerState {
    pub fn new(server: Arc<dyn ThreeDsServer>, leniency: Leniency) -> Self {
        Self {
            server,
            leniency,
            rate_limits: Arc::default(),
        }
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The routes of this face.
pub fn router(state: ThreeDsServerState) -> OpenApiRouter {
    let services = || {
        OpenApiRouter::new()
            .routes(routes!(create::create))
            .routes(routes!(authenticate::authenticate))
            .routes(routes!(query::query))
    };
    // The document describes each service once.
    let (certification, _) = services().split_for_parts();
    services()
        .merge(OpenApiRouter::from(
            axum::Router::new().nest(CERTIFICATION_PREFIX, certification),
        ))
        .with_state(state)
        // Answers hold authentication values, and change when a result comes.
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, NO_STORE))
}
