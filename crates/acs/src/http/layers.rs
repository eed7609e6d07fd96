//! What every request passes through, whatever face it is for.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

/// Opens the request's span, and counts and times its answer. Neither paths as they came nor queries nor bodies are recorded:
/// all can hold tokens and personal data.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("acs_request", method, route);
    async move {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        let elapsed = started.elapsed();
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status, elapsed_us, "request answered");
        let labels = [
            ("route", route),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!("pasarela_acs_http_requests_total", &labels).increment(1);
        metrics::histogram!("pasarela_acs_http_request_seconds", &labels).record(elapsed);
        response
    }
    .instrument(span)
    .await
}

/// Anything may be sent as a method, and every label is a time series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
