//! The issuer's API: what a bank's systems call. Names are those of public issuer APIs where there are any.
//!
//! A handler reads path, query and document, calls one function, answers. Failures are made in [`failure`] only. Read
//! [`cards`] first.

pub(crate) mod call;
mod cards;
mod consumers;
mod encryption_key;
pub(crate) mod failure;
mod imports;
mod operations;
pub(crate) mod policy;
pub(crate) mod products;
pub(crate) mod schema;
mod statistics;
mod token;

#[cfg(test)]
mod tests;

use crate::service::Acs;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The largest body; twenty cards have some 20 KiB, and a policy with a hundred rules 60.
const BODY_MAX_BYTES: usize = 128 * 1024;

/// The routes of issuers.
pub(crate) fn router() -> OpenApiRouter<Acs> {
    OpenApiRouter::new()
        .routes(routes!(token::token))
        .routes(routes!(consumers::get, consumers::put))
        .routes(routes!(consumers::put_with_cards))
        .routes(routes!(cards::create))
        .routes(routes!(cards::get, cards::put, cards::delete))
        .routes(routes!(cards::renew))
        .routes(routes!(cards::replace))
        .routes(routes!(cards::block))
        .routes(routes!(cards::unlock))
        .routes(routes!(operations::of_card))
        .routes(routes!(operations::in_the_app))
        .routes(routes!(operations::get))
        .routes(routes!(operations::app_answered))
        .routes(routes!(products::list))
        .routes(routes!(products::get, products::put, products::delete))
        .routes(routes!(imports::get, imports::put))
        .routes(routes!(imports::refusals))
        .routes(routes!(encryption_key::get))
        .routes(routes!(statistics::get))
        .routes(routes!(statistics::providers))
        .routes(routes!(policy::get, policy::put))
        .routes(routes!(policy::put_backend_secret))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(from_fn(call::correlate))
}
