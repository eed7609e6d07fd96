//! The `{order_token}` of a path.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use payments::{Refusal, RefusalCode};
use primitives::{Id, id::kind};
use std::convert::Infallible;

/// What stands in the path where an order's token should. Taken out first and judged last, so that a stranger learns
/// nothing from it.
pub struct OrderToken(Option<Id<kind::Order>>);

impl OrderToken {
    /// The token, if it is one: what cannot be a token names no order.
    pub fn known(self) -> Result<Id<kind::Order>, Refusal> {
        // The words of the gateway, so that nobody can tell a malformed token from another merchant's.
        self.0
            .ok_or_else(|| Refusal::new(RefusalCode::OrderNotFound, "order not found"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OrderToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // Bytes that are no UTF-8 are no token either.
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.ok().and_then(|Path(text)| text.parse().ok())))
    }
}
