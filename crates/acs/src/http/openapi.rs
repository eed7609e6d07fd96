//! `GET /acs/openapi.json`: the faces for programs, described.

use super::issuer_api::failure::Failure;
use super::{admin, issuer_api, provider_health};
use crate::service::Acs;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pasarela ACS",
        description = "What issuers call: access, products, cardholders, cards, imports, policy, history; and the administration \
                       of the service itself.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Tokens)
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for name in ["access_token", "admin_token"] {
            let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components.add_security_scheme(name, scheme);
        }
    }
}

/// The routes that the document describes, and the document.
pub(crate) fn documented(acs: &Acs) -> Router {
    let (routes, paths) = OpenApiRouter::new()
        .merge(issuer_api::router())
        .merge(admin::router())
        .merge(provider_health::router())
        .with_state(acs.clone())
        .split_for_parts();
    let mut document = Document::openapi();
    document.merge(paths);
    let document = Arc::new(document);
    routes
        .route(
            "/acs/openapi.json",
            get(move || async move { Json(document.as_ref().clone()) }),
        )
        .method_not_allowed_fallback(|| async {
            let message = "this address does not take that method";
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
        })
}
