//! The orders face, wire-compatible with DEUNA (deuna-api.md sections 1 to 10).
//!
//! A file per operation: body, reply, handler, tests. Every handler lets the call in ([`call`]), parses, calls one
//! function of [`Orders`], answers ([`reply`]). What several operations read is a file by subject: [`order`],
//! [`card`], [`address`], [`browser`], [`callbacks`], [`authentication`], [`recurrence`], all with the cursor of [`fields`].
//!
//! Read [`create`] first, then [`fields`] and [`errors`].

pub mod address;
pub mod authentication;
pub mod body;
pub mod browser;
pub mod call;
pub mod callbacks;
pub mod cancel;
pub mod capture;
pub mod card;
pub mod card_bin;
pub mod create;
pub mod echo;
pub mod errors;
pub mod events;
pub mod expire;
pub mod fields;
mod gateway;
pub mod get;
pub mod idempotency;
pub mod keys;
pub mod order;
pub mod problems;
pub mod purchase;
pub mod purchase_v1;
pub mod purchase_v2;
pub mod rate_limit;
pub mod recurrence;
pub mod refund;
pub mod reply;
pub mod schema;
pub mod settlement;
pub mod token;
pub mod void;
pub mod wait;

#[cfg(test)]
mod arbitrary_input_tests;
#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod let_in_tests;
#[cfg(test)]
mod mistakes_tests;
#[cfg(test)]
mod settlement_tests;
#[cfg(test)]
pub(crate) mod testing;

use async_trait::async_trait;
use axum::http::{HeaderValue, header::CACHE_CONTROL};
use orchestrator::{
    Answer, Caller, IdempotencyKey, SettlementAsked, Wait,
    event_log::{EventsAsked, EventsFound},
};
use payments::{NewOrder, OrderDocument, Purchase, Refusal, bins::Bin};
use primitives::{Id, UrlPolicy, id::kind};
use rate_limit::RateLimits;
use std::sync::Arc;
use store::events::EventRecord;
use time::Date;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the face needs of the gateway behind it. The gateway is the one implementation that serves merchants; the other
/// is the tests'.
#[async_trait]
pub trait Orders: Send + Sync + 'static {
    /// The day it is, UTC: cards expire by it.
    fn today(&self) -> Date;

    /// Who owns the key. `None` for a key that is unknown or was withdrawn.
    async fn caller(&self, api_key: &str) -> Result<Option<Caller>, Refusal>;

    /// What is known of cards whose numbers begin with these digits.
    async fn card_bin(&self, digits: &str) -> Result<Option<Bin>, Refusal>;

    async fn create_order(
        &self,
        caller: &Caller,
        order: NewOrder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal>;

    /// The order, when it is no longer in the state `wait` speaks of, or when the wait is over.
    async fn get_order(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        wait: Wait,
    ) -> Result<OrderDocument, Refusal>;

    async fn purchase(
        &self,
        caller: &Caller,
        purchase: Purchase,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal>;

    /// Captures, voids or refunds.
    async fn settle(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        asked: SettlementAsked,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal>;

    async fn cancel(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        reason: Option<String>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal>;

    async fn expire(
        &self,
        caller: &Caller,
        order: Id<kind::Order>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Refusal>;

    /// A page of the merchant's event log, when there is something on it, or when the wait is over.
    async fn events(&self, caller: &Caller, asked: EventsAsked) -> Result<EventsFound, Refusal>;

    /// One event of the merchant's.
    async fn event(&self, caller: &Caller, event: Id<kind::Event>) -> Result<Option<EventRecord>, Refusal>;
}

/// What the handlers share.
#[derive(Clone)]
pub struct OrdersState {
    pub orders: Arc<dyn Orders>,
    /// Which URLs merchants may have us call or redirect to.
    pub url_policy: UrlPolicy,
    pub rate_limits: Arc<RateLimits>,
}

impl OrdersState {
    pub fn new(orders: Arc<dyn Orders>, url_policy: UrlPolicy) -> Self {
        Self {
            orders,
            url_policy,
            rate_limits: Arc::default(),
        }
    }
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The routes of this face.
pub fn router(state: OrdersState) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create::create_order))
        .routes(routes!(get::get_order))
        .routes(routes!(cancel::cancel_order))
        .routes(routes!(expire::expire_order))
        .routes(routes!(capture::capture_order))
        .routes(routes!(capture::capture_order_v2))
        .routes(routes!(void::void_order))
        .routes(routes!(refund::refund_order))
        .routes(routes!(refund::refund_order_v2))
        .routes(routes!(purchase_v1::purchase_v1))
        .routes(routes!(purchase_v2::purchase_v2))
        .routes(routes!(card_bin::get_card_bin))
        .routes(routes!(events::list_events))
        .routes(routes!(events::get_event))
        .with_state(state)
        // Answers hold personal data, and an order read a second ago may be another one now.
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, NO_STORE))
}
