//! The vendor's refusals.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A request that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    code: &'static str,
    kind: &'static str,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, kind: &'static str, code: &'static str, message: &str) -> Self {
        Self {
            status,
            code,
            kind,
            message: message.to_owned(),
        }
    }

    /// No key, or one that nobody has.
    pub fn unauthorized() -> Self {
        let message = "HTTP Status Response - Unauthorized";
        Self::new(StatusCode::UNAUTHORIZED, "security", "000", message)
    }

    /// A key that may not do this.
    pub fn forbidden(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "security", code, message)
    }

    /// No request at all.
    pub fn malformed(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation", "702", message)
    }

    /// A request whose content cannot be.
    pub fn invalid(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation", code, message)
    }

    /// A payment nobody knows, or another's.
    pub fn no_such_payment() -> Self {
        Self::invalid("167", "Original pspReference required for this operation")
    }

    /// The vendor's code, for tests.
    #[cfg(test)]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({
            "status": self.status.as_u16(),
            "errorCode": self.code,
            "message": self.message,
            "errorType": self.kind,
        });
        (self.status, Json(body)).into_response()
    }
}

/// Reads a body. What was wrong is told by name only: serde's texts may quote values, and values may be card data.
pub fn read_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|fault| {
        let text = fault.to_string();
        let names_only = text.starts_with("missing field") || text.starts_with("unknown field");
        match (names_only, fault.is_data()) {
            (true, _) => Refused::invalid("702", &text),
            (false, true) => Refused::invalid("702", "a value of the wrong type"),
            (false, false) => Refused::malformed("Bad request"),
        }
    })
}
