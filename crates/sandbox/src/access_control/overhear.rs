//! What browsers and the access control server say to each other, for the message log: CReqs, and the CRes or Erro that the
//! browser takes back. Nothing is changed on the way, and pages are only searched for the one field.

use axum::Router;
use axum::body::{self, Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use emv3ds::ThreeDsServerTransId;
use emv3ds::encoding::{CREQ_FIELD, CRES_FIELD, ERRO_FIELD, from_base64url};
use serde_json::Value;

use crate::directory::MESSAGE_MAX_BYTES;
use crate::messages::{MessageLog, Party};

/// Below which browsers are.
const CHALLENGE: &str = "/acs/3ds/challenge";
/// The longest page of a challenge.
const PAGE_MAX_BYTES: usize = 1024 * 1024;

/// Writes down what is said on the routes of `router` that browsers use.
pub fn overhear(router: Router, messages: MessageLog) -> Router {
    router.layer(middleware::from_fn_with_state(messages, listen))
}

async fn listen(State(messages): State<MessageLog>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(CHALLENGE) {
        return next.run(request).await;
    }
    let request = if request.method() == Method::POST {
        let (parts, body) = request.into_parts();
        let Ok(form) = body::to_bytes(body, MESSAGE_MAX_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        heard(&messages, (Party::Browser, Party::Acs), field_of_form(&form));
        Request::from_parts(parts, Body::from(form))
    } else {
        request
    };
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(page) = body::to_bytes(body, PAGE_MAX_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    heard(&messages, (Party::Acs, Party::Browser), field_of_page(&page));
    Response::from_parts(parts, Body::from(page))
}

fn heard(messages: &MessageLog, (from, to): (Party, Party), field: Option<String>) {
    let Some(bytes) = field.and_then(|field| from_base64url(&field).ok()) else {
        return;
    };
    let document: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let id = document.get("threeDSServerTransID").and_then(Value::as_str);
    messages.record(id.and_then(ThreeDsServerTransId::parse), from, to, &bytes, None);
}

fn field_of_form(form: &Bytes) -> Option<String> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).ok()?;
    let (_, creq) = fields.into_iter().find(|(name, _)| name == CREQ_FIELD)?;
    Some(creq)
}

/// The value of the hidden field that goes back with the browser.
fn field_of_page(page: &Bytes) -> Option<String> {
    let page = std::str::from_utf8(page).ok()?;
    [CRES_FIELD, ERRO_FIELD].into_iter().find_map(|name| {
        let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        after.split('"').next().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_the_browser_is_found() {
        let form = Bytes::from_static(b"threeDSSessionData=x&creq=eyJ9");
        assert_eq!(field_of_form(&form).as_deref(), Some("eyJ9"));
        assert_eq!(field_of_form(&Bytes::from_static(b"action=cancel")), None);
        let page = Bytes::from_static(br#"<input type="hidden" name="cres" value="eyJ9"><p>"#);
        assert_eq!(field_of_page(&page).as_deref(), Some("eyJ9"));
        assert_eq!(field_of_page(&Bytes::from_static(b"<form>")), None);
    }
}
