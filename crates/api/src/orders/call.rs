//! One call of a merchant, let in: who calls, within the agreed rate, with a body that was read whole.

use crate::orders::{
    OrdersState, body,
    errors::Failure,
    idempotency,
    keys::{self, Access},
    purchase::Surroundings,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use orchestrator::{Caller, IdempotencyKey};
use payments::{Refusal, RefusalCode};
use serde_json::{Map, Value};
use time::Date;

/// A call that may go on to be parsed.
pub struct Call {
    pub caller: Caller,
    pub idempotency: Option<IdempotencyKey>,
    pub headers: HeaderMap,
    body: Bytes,
    today: Date,
}

impl Call {
    /// Lets a call in. The order matters: a stranger is turned away before anything is counted or read, and a
    /// merchant beyond its rate before its body is.
    pub async fn accept(state: &OrdersState, request: Request, access: Access) -> Result<Self, Failure> {
        let caller = keys::caller(&*state.orders, request.headers(), access).await?;
        state.rate_limits.admit(&caller.merchant, request.method())?;
        let (method, uri, headers) = (
            request.method().clone(),
            request.uri().clone(),
            request.headers().clone(),
        );
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|rejection| Failure::unread(&rejection))?;
        if !body.is_empty() && !is_json(&headers) {
            return Err(Failure::not_json());
        }
        let idempotency = idempotency::key(&headers, &method, &uri, &body)?;
        Ok(Self {
            caller,
            idempotency,
            headers,
            body,
            today: state.orders.today(),
        })
    }

    /// The body as an object; `usual` is the operation's code for a wrong body.
    pub fn object(&self, usual: RefusalCode) -> Result<Map<String, Value>, Refusal> {
        body::read_object(&self.body)
            .map_err(|refused| Refusal::of_field(usual, refused.field, refused.description))
    }

    /// The body as an object, or an empty one where the operation needs none.
    pub fn object_if_any(&self, usual: RefusalCode) -> Result<Map<String, Value>, Refusal> {
        if self.body.trim_ascii().is_empty() {
            Ok(Map::new())
        } else {
            self.object(usual)
        }
    }

    pub fn surroundings(&self, state: &OrdersState) -> Surroundings<'_> {
        Surroundings {
            urls: state.url_policy,
            today: self.today,
            headers: &self.headers,
        }
    }
}

/// Whether the body is declared to be JSON. Some clients declare nothing, which is taken as JSON; a form, which a
/// foreign page can make a browser send, is not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let Ok(declared) = declared.to_str() else {
        return false;
    };
    let media_type = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
