//! What every admin call has in common: its document, its ids, its query, and how it fails.

use crate::{problem::Problem, request_id::RequestId};
use axum::{
    body::Bytes,
    extract::{FromRequest, Query, Request, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use orchestrator::administration::{AdministrationError, AttemptFilter, PAGE_MAX};
use primitives::{Id, Kind};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{panic::AssertUnwindSafe, str::FromStr, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Nothing here takes longer: the slowest is a login, which waits for its turn to hash.
const CALL_MAX: Duration = Duration::from_secs(20);
const PAGE_DEFAULT: u16 = 50;

/// Why a call failed, as its caller is told.
#[derive(Debug)]
pub(super) enum Failure {
    Problem(Problem),
    /// No session: who calls must log in first.
    NoSession(&'static str),
    /// Too many tries.
    TooMany {
        retry_after_seconds: u32,
    },
}

pub(super) type Answered<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Problem(Problem::new(status, detail))
    }
}

impl From<AdministrationError> for Failure {
    fn from(error: AdministrationError) -> Self {
        Self::Problem(match error {
            AdministrationError::Invalid(problems) => Problem::of_fields(
                problems
                    .0
                    .into_iter()
                    .map(|problem| (problem.field, problem.text)),
            ),
            AdministrationError::NotFound(_) => Problem::new(StatusCode::NOT_FOUND, error.to_string()),
            AdministrationError::Conflict(text) => Problem::new(StatusCode::CONFLICT, text),
            AdministrationError::Fault(fault) => Problem::internal(fault.logged()),
        })
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::NoSession(detail) => {
                let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Self::TooMany { retry_after_seconds } => {
                let detail = "too many failed logins for this address";
                let mut response = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).into_response();
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
                response
            }
        }
    }
}

/// A JSON body, not understood yet.
pub(super) struct Document(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        json(&body(request, state).await?).map(Self)
    }
}

/// A JSON body that may be left out: then it is an empty object.
pub(super) struct MaybeDocument(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for MaybeDocument {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = body(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(Map::new())));
        }
        json(&bytes).map(Self)
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error) => {
                Failure::new(error.status(), "the body cannot be read")
            }
            _ => Failure::new(StatusCode::BAD_REQUEST, "the body cannot be read"),
        })
}

fn json(bytes: &[u8]) -> Result<Value, Failure> {
    // Where, and not what: the body may hold credentials.
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(StatusCode::BAD_REQUEST, format!("the body must be JSON: {place}"))
    })
}

/// The id in an address. One that is none names nothing.
pub(super) fn id<K: Kind>(text: &str, what: &str) -> Answered<Id<K>> {
    text.parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, format!("there is no such {what}")))
}

/// The query of a list. All members are text here, so that a wrong one can be named.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    after: Option<String>,
    before: Option<String>,
    merchant_id: Option<String>,
    failed_only: Option<String>,
    event: Option<String>,
    payid: Option<String>,
}

impl Page {
    pub(super) fn limit(&self) -> Answered<u16> {
        match &self.limit {
            None => Ok(PAGE_DEFAULT),
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=PAGE_MAX).contains(limit))
                .ok_or_else(|| member("limit", format!("must be a whole number from 1 to {PAGE_MAX}"))),
        }
    }

    pub(super) fn after<K: Kind>(&self) -> Answered<Option<Id<K>>> {
        parsed("after", self.after.as_deref(), "must be an id")
    }

    pub(super) fn before(&self) -> Answered<Option<i64>> {
        parsed("before", self.before.as_deref(), "must be an entry's number")
    }

    pub(super) fn payid(&self) -> Answered<Option<i64>> {
        parsed("payid", self.payid.as_deref(), "must be a payment's number")
    }

    /// A place in a list that is written as something else than an id.
    pub(super) fn after_cursor<T: FromStr>(&self) -> Answered<Option<T>> {
        parsed("after", self.after.as_deref(), "must be the `next` of a page")
    }

    /// A place in a list that is in the order of names.
    pub(super) fn after_name<T: FromStr>(&self) -> Answered<Option<T>> {
        parsed("after", self.after.as_deref(), "must be a name")
    }

    /// What of a delivery log is asked for.
    pub(super) fn attempts(&self) -> Answered<AttemptFilter> {
        Ok(AttemptFilter {
            failed_only: parsed(
                "failed_only",
                self.failed_only.as_deref(),
                "must be true or false",
            )?
            .unwrap_or_default(),
            event: parsed("event", self.event.as_deref(), "must be an event's id")?,
            before: parsed("before", self.before.as_deref(), "must be the `next` of a page")?,
        })
    }

    pub(super) fn merchant<K: Kind>(&self) -> Answered<Option<Id<K>>> {
        parsed("merchant_id", self.merchant_id.as_deref(), "must be an id")
    }
}

/// A list's query; one that cannot be taken apart is the caller's mistake too.
pub(super) type ListQuery = Result<Query<Page>, axum::extract::rejection::QueryRejection>;

pub(super) fn page(query: ListQuery) -> Answered<Page> {
    match query {
        Ok(Query(page)) => Ok(page),
        Err(_) => Err(Failure::new(StatusCode::BAD_REQUEST, "the query cannot be read")),
    }
}

fn parsed<T: FromStr>(name: &'static str, text: Option<&str>, must: &str) -> Answered<Option<T>> {
    text.map(|text| text.parse().map_err(|_| member(name, must.to_owned())))
        .transpose()
}

pub(super) fn member(name: &'static str, text: String) -> Failure {
    Failure::Problem(Problem::of_fields([(name, text)]))
}

/// A time as answers write it.
pub(super) fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// As in front of the public faces, with our shape of answer.
pub(super) async fn catch_panic(request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().cloned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("the handler panicked");
            Problem::internal(request_id.as_ref().map_or("unnamed", RequestId::as_str)).into_response()
        }
    }
}

/// Ends calls that take longer than anything may.
pub(super) async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(CALL_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::GATEWAY_TIMEOUT, "this took too long").into_response(),
    }
}
