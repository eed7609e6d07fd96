//! One name for one request: in the log's span, in the answer's header, and in what a caller reads to support.

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::{fmt, sync::Arc};
use tower_http::request_id::{MakeRequestId, MakeRequestUuid};

/// The header a caller may send and always gets back.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of callers are replaced by ours: they end up in every log line of the request.
const CALLERS_ID_MAX_CHARACTERS: usize = 64;

/// The id of the request being answered; an extension of every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How a fault is named to the caller: by the id among the extensions of its request.
    pub(crate) fn shown(extensions: &Extensions) -> String {
        let id = extensions.get::<Self>();
        id.map_or_else(|| "unnamed".to_owned(), ToString::to_string)
    }

    fn of_caller(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(REQUEST_ID)?.to_str().ok()?;
        let sane = (1..=CALLERS_ID_MAX_CHARACTERS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        sane.then(|| Self(text.into()))
    }

    fn fresh(request: &Request) -> Self {
        let made = MakeRequestUuid.make_request_id(request);
        let text = made.as_ref().and_then(|id| id.header_value().to_str().ok());
        Self(text.unwrap_or("unnamed").into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Middleware: gives the request its id, and the answer too.
pub(crate) async fn name_request(mut request: Request, next: Next) -> Response {
    let id = RequestId::of_caller(request.headers()).unwrap_or_else(|| RequestId::fresh(&request));
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_of_callers_are_kept() {
        let kept = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(text).unwrap());
            RequestId::of_caller(&headers).map(|id| id.to_string())
        };
        assert_eq!(kept("checkout-17.a:b_c"), Some("checkout-17.a:b_c".into()));
        for strange in ["", "a b", "a\"b", "{}", &"x".repeat(65)] {
            assert_eq!(kept(strange), None, "{strange}");
        }
    }

    #[test]
    fn fresh_ids_differ() {
        let request = || Request::new(axum::body::Body::empty());
        assert_ne!(RequestId::fresh(&request()), RequestId::fresh(&request()));
    }
}
