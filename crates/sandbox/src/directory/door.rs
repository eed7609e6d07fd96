//! How messages come in to a directory server and answers leave: `POST /directory/{brand}`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use emv3ds::Fault;
use emv3ds::code::{Component, ErrorCode};
use primitives::Brand;

use super::compression::{accepts_gzip, gzip};
use super::{Answer, BRANDS, Directory, JSON, MESSAGE_MAX_BYTES, REQUEST_ID, erro};

/// Answers longer than this are compressed for whoever takes that: card ranges, in practice.
const COMPRESSED_FROM_BYTES: usize = 4 * 1024;
/// The header of 2.3.1 that carries the answering side's identifier.
const RESPONSE_ID: HeaderName = HeaderName::from_static("x-response-id");
/// `POST /directory/{brand}`.
pub fn router(directory: Directory) -> Router {
    Router::new()
        .route("/directory/{brand}", post(receive))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX_BYTES))
        .with_state(directory)
}

pub(super) async fn receive(
    State(directory): State<Directory>,
    Path(brand): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(brand) = Brand::parse(&brand).filter(|brand| BRANDS.contains(brand)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let answer = if is_json(&headers) {
        let request_id = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        directory.answer(brand, &body, request_id).await
    } else {
        let fault = Fault::new(ErrorCode::MessageReceivedInvalid, "Content-Type");
        Some(Answer::from(erro(&fault, Component::DirectoryServer)))
    };
    let answer = answer.unwrap_or_else(|| Answer::from(Vec::new()));
    let mut response = ([(CONTENT_TYPE, JSON)], ()).into_response();
    if let Some((server, directory_server)) = answer.ids {
        for (name, id) in [
            (REQUEST_ID, server.to_string()),
            (RESPONSE_ID, directory_server.to_string()),
        ] {
            if let Ok(id) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(name, id);
            }
        }
    }
    let mut bytes = answer.bytes;
    if (answer.truncated || bytes.len() > COMPRESSED_FROM_BYTES) && accepts_gzip(&headers) {
        bytes = gzip(&bytes);
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        if answer.truncated {
            bytes.truncate(bytes.len() / 2);
        }
    }
    *response.body_mut() = bytes.into();
    response
}

/// `application/json; charset=utf-8`, in any case and spacing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().as_deref() == Some("application/json");
    is_json
        && parts.all(|part| !part.starts_with("charset") || part.replace(['"', ' '], "") == "charset=utf-8")
}
