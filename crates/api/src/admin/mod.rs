//! The admin's HTTP API, for operators: merchants, keys, connections, directory servers, the audit; and what machines
//! on the inside ask: health and metrics. It listens on a port of its own that is not reachable from outside.
//!
//! A handler reads path, query and document, calls one function of [`orchestrator::administration`], answers. Errors
//! are problem documents (RFC 9457). Read [`connections`] first.

mod applications;
mod audit;
mod bins;
mod call;
mod card_declines;
mod connections;
mod directlink;
mod directory_servers;
mod merchants;
mod remote_threeds_servers;
mod routing;
pub mod schema;
mod session;
mod shops;
mod webhook_deliveries;
mod webhook_endpoints;

#[cfg(test)]
mod tests;

use crate::{health, health::Readiness, layers, problem::Problem, request_id};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::get,
};
use orchestrator::administration::Administration;
use std::{fmt, sync::Arc};
use tower::ServiceBuilder;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The largest body the admin reads; a connection with every brand has some 8 KiB.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// What the admin is served from.
#[derive(Clone)]
pub struct AdminState {
    pub administration: Administration,
    pub readiness: Arc<dyn Readiness>,
    /// Renders the metrics in Prometheus's text format.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminState(…)")
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pasarela admin",
        description = "Merchants, their keys, connections and webhooks, directory servers, and who changed what.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&SessionTokens)
)]
struct Document;

struct SessionTokens;

impl Modify for SessionTokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("session", scheme);
    }
}

/// Everything on the admin port.
pub fn admin_router(state: AdminState) -> Router {
    let (faces, paths) = faces(&state).split_for_parts();
    let mut document = Document::openapi();
    document.merge(paths);
    let document = Arc::new(document);
    faces
        .route(
            "/openapi.json",
            get(move || async move { Json(document.as_ref().clone()) }),
        )
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is no such route") })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this route does not take that method",
            )
        })
        .layer(
            ServiceBuilder::new()
                // As in front of the public faces, so that logs and metrics read the same.
                .layer(from_fn(request_id::name_request))
                .layer(from_fn(layers::observe))
                .layer(from_fn(call::catch_panic))
                .layer(from_fn(call::limit_time))
                .layer(DefaultBodyLimit::max(BODY_MAX_BYTES)),
        )
}

fn faces(state: &AdminState) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(merchants::list, merchants::create))
        .routes(routes!(merchants::get, merchants::update))
        .routes(routes!(merchants::rotate_webhook_keys))
        .routes(routes!(applications::list, applications::issue))
        .routes(routes!(applications::revoke))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(
            connections::get,
            connections::update,
            connections::disable
        ))
        .routes(routes!(connections::activate))
        .routes(routes!(connections::deactivate))
        .routes(routes!(routing::health))
        .routes(routes!(routing::list, routing::create))
        .routes(routes!(routing::get, routing::update, routing::delete))
        .routes(routes!(routing::explain))
        .routes(routes!(routing::of_order))
        .routes(routes!(card_declines::lift))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(bins::import))
                .layer(DefaultBodyLimit::max(bins::BODY_MAX_BYTES)),
        )
        .routes(routes!(directlink::list, directlink::create))
        .routes(routes!(directlink::get, directlink::update))
        .routes(routes!(directlink::users::list))
        .routes(routes!(directlink::users::put))
        .routes(routes!(directlink::users::disable))
        .routes(routes!(directlink::users::enable))
        .routes(routes!(directlink::users::unlock))
        .routes(routes!(directlink::aliases::list))
        .routes(routes!(directlink::aliases::delete))
        .routes(routes!(directlink::feedback::list))
        .routes(routes!(directlink::feedback::send_again))
        .routes(routes!(directory_servers::list))
        .routes(routes!(directory_servers::set, directory_servers::delete))
        .routes(routes!(shops::list, shops::create))
        .routes(routes!(shops::get, shops::update))
        .routes(routes!(shops::rotate_key))
        .routes(routes!(shops::rotate_card_vault_key))
        .routes(routes!(shops::set_public_key, shops::delete_public_key))
        .routes(routes!(shops::disable))
        .routes(routes!(shops::enable))
        .routes(routes!(shops::list_cards, shops::create_card))
        .routes(routes!(shops::delete_card))
        .routes(routes!(remote_threeds_servers::list))
        .routes(routes!(
            remote_threeds_servers::set,
            remote_threeds_servers::delete
        ))
        .routes(routes!(webhook_endpoints::list, webhook_endpoints::create))
        .routes(routes!(
            webhook_endpoints::get,
            webhook_endpoints::update,
            webhook_endpoints::delete
        ))
        .routes(routes!(webhook_endpoints::enable))
        .routes(routes!(webhook_endpoints::disable))
        .routes(routes!(webhook_endpoints::rotate))
        .routes(routes!(webhook_deliveries::test))
        .routes(routes!(webhook_deliveries::attempts))
        .routes(routes!(webhook_deliveries::dead_letters))
        .routes(routes!(webhook_deliveries::replay))
        .routes(routes!(webhook_deliveries::event))
        .routes(routes!(audit::list))
        .routes(routes!(metrics))
        .with_state(state.clone())
        .merge(health::router(Arc::clone(&state.readiness)))
}

/// Metrics in Prometheus's text format
#[utoipa::path(
    get, path = "/metrics", tag = "Operation",
    responses((status = 200, description = "See docs/metrics.md", body = String, content_type = "text/plain"))
)]
async fn metrics(State(state): State<AdminState>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        (state.render_metrics)(),
    )
        .into_response()
}
