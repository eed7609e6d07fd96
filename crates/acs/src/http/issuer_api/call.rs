//! What every call of an issuer has in common: who calls, its document, its ids, its correlation id.

use super::failure::{Answered, Failure};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::registration::card::{CARD_ID, CONSUMER_ID, PRODUCT_ID};
use crate::registration::members::Members;
use crate::service::Acs;
use crate::store::clients;
use aws_lc_rs::digest;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::Instrument as _;

/// Groups the calls of one use case.
const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// An issuer whose client showed an access token, calling for itself.
pub(crate) struct Caller {
    /// Whose data the call is about.
    pub(crate) issuer: IssuerId,
}

impl FromRequestParts<Acs> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, acs: &Acs) -> Answered<Self> {
        let token =
            bearer(&parts.headers).ok_or_else(|| Failure::unauthorized("an access token is needed"))?;
        let inner = acs.inner();
        let known = clients::of_token(&inner.store, &token_hash(token), inner.clock.now()).await?;
        let (client, issuer) =
            known.ok_or_else(|| Failure::unauthorized("the access token is not good, or no longer"))?;
        let params = RawPathParams::from_request_parts(parts, acs).await;
        let named = params.ok().and_then(|params| {
            let mut params = params.iter();
            params
                .find(|(name, _)| *name == "issuerId")
                .map(|(_, value)| value.to_owned())
        });
        // Another issuer is as unknown as one that does not exist.
        if named.is_some_and(|named| named != issuer.as_str()) {
            return Err(Failure::not_found("issuer"));
        }
        tracing::debug!(%issuer, client, "an issuer calls");
        Ok(Self { issuer })
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What an access token is looked up by.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

/// A JSON object, not understood yet.
pub(crate) struct Document(pub(crate) Members);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Answered<Self> {
        let bytes = body(request, state).await?;
        let document = serde_json::from_slice(&bytes).map_err(|error| {
            // Where, and not what: the body may hold card data.
            let message = format!(
                "the body must be JSON: line {}, column {}",
                error.line(),
                error.column()
            );
            Failure::new(StatusCode::BAD_REQUEST, "BODY_INVALID_FORMAT", message)
        })?;
        Ok(Self(Members::of(document)?))
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Answered<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                too_large()
            }
            _ => Failure::new(
                StatusCode::BAD_REQUEST,
                "BODY_INVALID_FORMAT",
                "the body cannot be read",
            ),
        })
}

/// A body over its limit.
pub(crate) fn too_large() -> Failure {
    Failure::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "BODY_TOO_LARGE",
        "the body is too large",
    )
}

/// The card that a path names.
pub(crate) fn card_id(text: &str) -> Answered<CardId> {
    CardId::parse(text).ok_or_else(|| Failure::format("cardId", CARD_ID))
}

/// The cardholder that a path names.
pub(crate) fn consumer_id(text: &str) -> Answered<ConsumerId> {
    ConsumerId::parse(text).ok_or_else(|| Failure::format("consumerId", CONSUMER_ID))
}

/// The product that a path names.
pub(crate) fn product_id(text: &str) -> Answered<ProductId> {
    ProductId::parse(text).ok_or_else(|| Failure::format("productId", PRODUCT_ID))
}

/// The members of a query, as texts.
pub(crate) struct Asked(BTreeMap<String, String>);

pub(crate) type AskedQuery = Result<Query<BTreeMap<String, String>>, QueryRejection>;

impl Asked {
    /// Reads a query.
    pub(crate) fn read(query: AskedQuery) -> Answered<Self> {
        match query {
            Ok(Query(members)) => Ok(Self(members)),
            Err(_) => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "QUERY_INVALID_FORMAT",
                "the query cannot be read",
            )),
        }
    }

    /// A member that `read` understands.
    pub(crate) fn maybe<T>(
        &mut self,
        name: &str,
        must: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Answered<Option<T>> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(text) => read(&text).map(Some).ok_or_else(|| Failure::format(name, must)),
        }
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn number(
        &mut self,
        name: &str,
        must: &'static str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Answered<Option<i64>> {
        self.maybe(name, must, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|_| digits)?;
            bounds.contains(&number).then_some(number)
        })
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Answered<()> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Failure::format(
                &name.chars().take(64).collect::<String>(),
                "is not known here",
            )),
        }
    }
}

/// A time as answers write it.
pub(crate) fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// Checks the caller's correlation id, logs it with everything that happens meanwhile, and gives it back.
pub(crate) async fn correlate(request: Request, next: Next) -> Response {
    let Some(value) = request.headers().get(&CORRELATION).cloned() else {
        return next.run(request).await;
    };
    let text = value.to_str().ok().filter(|text| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (1..=64).contains(&text.len()) && text.bytes().all(letters)
    });
    let Some(text) = text else {
        let must = "must be 1 to 64 letters, digits, _ and -";
        return Failure::format(CORRELATION.as_str(), must).into_response();
    };
    let span = tracing::info_span!("issuer_call", correlation_id = text);
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(CORRELATION, value);
    response
}
