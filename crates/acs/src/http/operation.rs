//! Health and metrics, on a listener of their own: for those who run the service.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::service::Acs;

/// `/health/live`, `/health/ready`, and `/metrics` as `render` writes them.
pub(crate) fn router(acs: &Acs, render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/health/live", get(StatusCode::NO_CONTENT))
        .route("/health/ready", get(ready))
        .with_state(acs.clone())
        .route("/metrics", get(async move || render()))
}

async fn ready(State(acs): State<Acs>) -> StatusCode {
    match acs.inner().store.is_current().await {
        Ok(true) => StatusCode::NO_CONTENT,
        Ok(false) => StatusCode::SERVICE_UNAVAILABLE,
        Err(error) => {
            tracing::warn!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
