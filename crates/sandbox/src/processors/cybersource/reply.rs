//! The vendor's replies.

use axum::Json;
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A request that is refused before any issuer or acquirer is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The vendor's reason; `None` where it was refused at the front door.
    reason: Option<&'static str>,
    message: String,
}

impl Refused {
    /// Refused with a reason of the vendor's.
    pub fn reason(reason: &'static str, message: &str) -> Self {
        Self {
            reason: Some(reason),
            message: message.to_owned(),
        }
    }

    /// A member that is not what the reference asks for. `what` says so to the developer who looks.
    pub fn invalid(what: &str) -> Self {
        Self::reason(
            "INVALID_DATA",
            &format!("One or more fields have invalid data: {what}"),
        )
    }

    /// A member that is not there.
    pub fn missing(what: &str) -> Self {
        Self::reason(
            "MISSING_FIELD",
            &format!("One or more fields are missing: {what}"),
        )
    }

    /// Wrong credentials or signature.
    pub fn at_the_front_door() -> Self {
        Self {
            reason: None,
            message: "Authentication Failed".to_owned(),
        }
    }

    /// The vendor's reason, for the ledger.
    pub fn code(&self) -> Option<&'static str> {
        self.reason
    }
}

/// Reads a body. What was wrong is told by name only: serde's texts may quote values, and values may be card data.
pub fn read_json<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|fault| {
        let text = fault.to_string();
        if text.starts_with("missing field") {
            Refused::missing(&text)
        } else if text.starts_with("unknown field") {
            Refused::invalid(&text)
        } else {
            Refused::invalid("a value of the wrong type")
        }
    })
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self.reason {
            Some(reason) => {
                let body = json!({
                    "submitTimeUtc": now(),
                    "status": "INVALID_REQUEST",
                    "reason": reason,
                    "message": format!("Declined - {}", self.message),
                });
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
            None => {
                let body = json!({ "response": { "rmsg": self.message } });
                (StatusCode::UNAUTHORIZED, Json(body)).into_response()
            }
        }
    }
}

/// A reply about something that was looked at.
pub fn created(body: &Value) -> Response {
    let json = [(CONTENT_TYPE, "application/hal+json")];
    (StatusCode::CREATED, json, body.to_string()).into_response()
}

/// The time as replies write it.
pub fn time_text(at: OffsetDateTime) -> String {
    let seconds = at.replace_nanosecond(0).unwrap_or(at);
    seconds.format(&Rfc3339).unwrap_or_default()
}

/// The time of a reply.
pub fn now() -> String {
    time_text(OffsetDateTime::now_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_never_quotes_what_was_sent() {
        #[derive(Debug, serde::Deserialize)]
        struct Card {
            #[expect(dead_code, reason = "only the fault of reading it is looked at")]
            number: bool,
        }
        let fault = read_json::<Card>(br#"{"number":"4000000000001000"}"#).unwrap_err();
        assert!(!fault.message.contains("4000"), "{}", fault.message);
        let fault = read_json::<Card>(b"{}").unwrap_err();
        assert_eq!(fault.code(), Some("MISSING_FIELD"));
    }
}
