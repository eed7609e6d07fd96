//! The same request under the same key is answered as the first time and does nothing a second time.

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::reply::Refused;
use super::{Adyen, Caller};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_MAX_CHARACTERS: usize = 64;

/// A request under its key.
pub struct Keyed {
    key: Option<(String, String)>,
    /// What the key stands for.
    asked: Vec<u8>,
}

/// An answer that was given, and to what.
#[derive(Clone, Debug)]
pub struct Given {
    asked: Vec<u8>,
    status: StatusCode,
    json: Bytes,
}

/// The key of a request, where it has one.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(key) = headers.get(KEY) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=KEY_MAX_CHARACTERS).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Refused::malformed("Idempotency-Key")),
    }
}

impl Keyed {
    /// A caller's request to `path`, or the answer it was given before.
    pub fn of(
        adyen: &Adyen,
        caller: &Caller,
        path: &str,
        body: &[u8],
    ) -> Result<Result<Self, Response>, Refused> {
        let asked = [path.as_bytes(), b"\n", body].concat();
        let Some(key) = &caller.idempotency_key else {
            return Ok(Ok(Self { key: None, asked }));
        };
        let key = (caller.api_key.clone(), key.clone());
        match adyen.book().answers.get(&key) {
            Some(given) if given.asked == asked => Ok(Err(given.response(Some(&key.1)))),
            Some(_) => Err(Refused::invalid(
                "703",
                "The Idempotency-Key was used for another request",
            )),
            None => Ok(Ok(Self {
                key: Some(key),
                asked,
            })),
        }
    }

    /// Answers, and remembers the answer. Requests that were refused are not remembered: they were never worked on.
    pub fn answer(self, adyen: &Adyen, status: StatusCode, json: &serde_json::Value) -> Response {
        let given = Given {
            asked: self.asked,
            status,
            json: json.to_string().into(),
        };
        let response = given.response(self.key.as_ref().map(|(_, key)| key.as_str()));
        if let Some(key) = self.key {
            adyen.book().answers.insert(key, given);
        }
        response
    }
}

impl Given {
    fn response(&self, key: Option<&str>) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status, [(CONTENT_TYPE, json)], self.json.clone()).into_response();
        if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
            response.headers_mut().insert(KEY, key);
        }
        response
    }
}
