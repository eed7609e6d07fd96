//! `POST /acs/3ds/areq/{brand}`: directory servers ask.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use primitives::Brand;

use crate::service::Acs;

/// Content type of every message between servers.
const JSON: &str = "application/json; charset=utf-8";

/// The directory servers' door.
pub(super) fn router(acs: &Acs) -> Router {
    Router::new()
        .route("/acs/3ds/areq/{brand}", post(receive))
        .layer(DefaultBodyLimit::max(emv3ds::validate::MESSAGE_MAX_BYTES))
        .with_state(acs.clone())
}

async fn receive(State(acs): State<Acs>, Path(brand): Path<String>, body: Bytes) -> Response {
    let Some(brand) = Brand::parse(&brand) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    ([(CONTENT_TYPE, JSON)], acs.authenticate(brand, &body).await).into_response()
}
