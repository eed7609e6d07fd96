//! The faces over HTTP, a file or folder each; all paths begin with `/acs/`.

mod admin;
mod challenge;
mod directory;
mod issuer_api;
mod layers;
mod openapi;
pub(crate) mod operation;
pub mod pages;
mod provider_health;
mod sms_receipts;

use axum::Router;

use crate::service::Acs;

/// Every route.
pub(crate) fn router(acs: &Acs) -> Router {
    Router::new()
        .merge(directory::router(acs))
        .merge(openapi::documented(acs))
        .merge(challenge::router(acs))
        .merge(sms_receipts::router(acs))
        .layer(axum::middleware::from_fn(layers::observe))
}
