//! The OpenAPI document of every public route, generated from the handlers, and the page that shows it to people.

mod page;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Only what this origin serves, and nothing that could run but our one script.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pasarela",
        description = "Payment orchestrator with its own 3-D Secure server. Create an order, pay it once, and read or be \
            told how it ends. Amounts are integers in minor units; unknown members of answers are to be ignored.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "Orders", description = "What a shopper is to pay, and how far that has come."),
        (name = "Purchases", description = "Having an order paid with a card."),
        (name = "After the purchase", description = "Taking held money, releasing it, and giving money back."),
        (name = "Events", description = "Everything that webhooks tell, to be read whenever the merchant likes."),
        (name = "Hosted pages", description = "Where a cardholder's browser is sent for 3-D Secure."),
        (name = "3DS Server API", description = "For shops that want 3-D Secure only. Each service is also there under \
            `/3ds-server`."),
        (name = "3-D Secure results", description = "Where directory servers report how an authentication ended."),
        (name = "Notifications", description = "Where processors tell what became of charges, captures, voids and refunds."),
        (name = "Health", description = "Whether this gateway is alive and can work."),
        (name = "Documentation", description = "This document.")
    ),
    modifiers(&Keys)
)]
struct Document;

/// The key every merchant call carries.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let key = ApiKeyValue::with_description(
            "X-Api-Key",
            "The private key for a merchant's backend; the public one may read orders and pay them.",
        );
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// The document and the page, rendered once.
struct Rendered {
    json: Bytes,
    page: Bytes,
}

/// Serves `faces` and, beside them, their documentation.
pub fn beside(faces: OpenApiRouter) -> Router {
    let (own, own_paths) = OpenApiRouter::<Arc<Rendered>>::default()
        .routes(routes!(openapi_document))
        .routes(routes!(page))
        .routes(routes!(style))
        .routes(routes!(script))
        .split_for_parts();
    let (faces, paths) = faces.split_for_parts();
    let mut document = Document::openapi();
    document.merge(paths);
    document.merge(own_paths);
    let json = serde_json::to_value(&document).unwrap_or_default();
    let rendered = Rendered {
        page: page::render(&json).into(),
        json: json.to_string().into(),
    };
    faces.merge(own.with_state(Arc::new(rendered)))
}

/// The OpenAPI document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Documentation",
    operation_id = "openapi",
    responses((status = 200, description = "This document.", content_type = "application/json"))
)]
async fn openapi_document(State(rendered): State<Arc<Rendered>>) -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    // Read by tools of other origins; there is nothing in it that is not public.
    const ANYONE: HeaderValue = HeaderValue::from_static("*");
    (
        [
            (header::CONTENT_TYPE, JSON),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE),
        ],
        rendered.json.clone(),
    )
        .into_response()
}

/// The document for people
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Documentation",
    operation_id = "docs",
    responses((status = 200, description = "A page.", content_type = "text/html"))
)]
async fn page(State(rendered): State<Arc<Rendered>>) -> Response {
    const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, rendered.page.clone()).into_response()
}

/// Style of the page
#[utoipa::path(
    get,
    path = "/docs/style.css",
    tag = "Documentation",
    operation_id = "docsStyle",
    responses((status = 200, description = "A style sheet.", content_type = "text/css"))
)]
async fn style() -> Response {
    asset(
        "text/css; charset=utf-8",
        include_str!("../templates/docs/style.css"),
    )
}

/// Script of the page
#[utoipa::path(
    get,
    path = "/docs/script.js",
    tag = "Documentation",
    operation_id = "docsScript",
    responses((status = 200, description = "A script.", content_type = "text/javascript"))
)]
async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../templates/docs/script.js"),
    )
}

fn asset(media_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests;
