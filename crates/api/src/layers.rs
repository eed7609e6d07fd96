//! What every request of the public faces passes through, whatever face it is for.

use crate::{orders::errors::Failure, request_id::RequestId};
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration, time::Instant};
use tracing::Instrument;

/// An answer comes within a minute, the processor's time included (deuna-api.md section 1). The flows keep shorter
/// limits of their own; this one is for what they forgot.
pub(crate) const REQUEST_MAX_SECONDS: u64 = 60;

/// A read may be held for a minute by a long poll and then still needs its query.
const READ_MAX_SECONDS: u64 = 70;

/// Routes of the metric that counts requests to no route at all.
const UNMATCHED: &str = "unmatched";

/// Opens the request's span, and counts and times its answer. Neither query strings nor bodies are recorded: both
/// can hold tokens and personal data.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => UNMATCHED.to_owned(),
    };
    let request_id = request.extensions().get::<RequestId>().map(RequestId::to_string);
    let span = tracing::info_span!("request", request_id, method, route);
    async move {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        let elapsed = started.elapsed();
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status, elapsed_us, "request answered");
        let labels = [
            ("route", route),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels).record(elapsed);
        response
    }
    .instrument(span)
    .await
}

/// Methods as metric labels. Anything may be sent as a method, and every label is a time series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Turns a panic into a 500 that shows the request's id; the panic's own words stay in the log.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    let request_id = RequestId::shown(request.extensions());
    match caught(next.run(request)).await {
        Ok(response) => response,
        Err(Panicked) => Failure::internal(&request_id).into_response(),
    }
}

/// Answering ended in a panic.
pub(crate) struct Panicked;

/// What comes of answering a request, a panic included.
pub(crate) async fn caught<T>(answering: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(answering).catch_unwind().await.map_err(|_| {
        // The panic hook has logged message and place, inside this request's span.
        tracing::error!("the handler panicked");
        Panicked
    })
}

/// Ends requests that take longer than anything may.
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    let limit = match *request.method() {
        Method::GET | Method::HEAD => Duration::from_secs(READ_MAX_SECONDS),
        _ => Duration::from_secs(REQUEST_MAX_SECONDS),
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::timed_out().into_response(),
    }
}
