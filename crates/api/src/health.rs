//! `/health/live` and `/health/ready`: for whoever starts, watches and balances gateway processes.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use store::{Store, schema::Schema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// A database that takes longer is as good as none to whoever asks.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Who knows whether the process can work.
#[async_trait::async_trait]
pub trait Readiness: Send + Sync {
    /// What is missing; `None` when nothing is.
    async fn lacks(&self) -> Option<&'static str>;
}

#[async_trait::async_trait]
impl Readiness for Store {
    async fn lacks(&self) -> Option<&'static str> {
        match tokio::time::timeout(ANSWER_WITHIN, self.schema()).await {
            Ok(Ok(Schema::Current)) => None,
            Ok(Ok(Schema::Behind(_))) => Some("the database lacks migrations"),
            Ok(Ok(Schema::Differs(_))) => Some("the database has another schema"),
            Ok(Err(_)) | Err(_) => Some("the database does not answer"),
        }
    }
}

pub fn router(readiness: Arc<dyn Readiness>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .with_state(readiness)
}

/// Is the process alive?
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "Health",
    responses((status = 200, description = "It answers", body = serde_json::Value, example = json!({ "status": "live" }))),
)]
async fn live() -> Response {
    Json(json!({ "status": "live" })).into_response()
}

/// Can the process take requests?
///
/// Ready means that the database answers and has this program's schema.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "Health",
    responses(
        (status = 200, description = "It can", body = serde_json::Value, example = json!({ "status": "ready" })),
        (status = 503, description = "It cannot, and what is missing", body = serde_json::Value,
            example = json!({ "status": "not_ready", "missing": "the database does not answer" })),
    ),
)]
async fn ready(State(readiness): State<Arc<dyn Readiness>>) -> Response {
    match readiness.lacks().await {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(missing) => {
            let body = json!({ "status": "not_ready", "missing": missing });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}
