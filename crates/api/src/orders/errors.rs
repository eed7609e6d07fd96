//! Error answers of the orders face, in DEUNA's shapes (deuna-api.md section 10). The one place where a refusal gets
//! an HTTP status.

use axum::{
    extract::rejection::BytesRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use payments::{Refusal, RefusalCode};
use serde_json::json;

/// The code for a route or method that does not exist: DEUNA's `ErrNotImplemented`.
const NO_SUCH_OPERATION: &str = "DP-5001";
/// DEUNA's `request timeout`.
const REQUEST_TIMEOUT: &str = "DP-11000";

/// An error answer.
#[derive(Debug, Clone)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    description: String,
    retry_after_seconds: Option<u64>,
}

/// The HTTP status of every refusal.
pub fn status_of(code: RefusalCode) -> StatusCode {
    match code {
        RefusalCode::MissingHeader | RefusalCode::PayloadError | RefusalCode::PurchasePayload => {
            StatusCode::BAD_REQUEST
        }
        RefusalCode::InvalidApiKey => StatusCode::UNAUTHORIZED,
        RefusalCode::Unauthorized => StatusCode::FORBIDDEN,
        RefusalCode::OrderNotFound => StatusCode::NOT_FOUND,
        RefusalCode::IdempotencyKeyReused
        | RefusalCode::OrderAlreadyProcessed
        | RefusalCode::StatusNotValidForTransition
        | RefusalCode::PendingPayment
        | RefusalCode::CannotRefund
        | RefusalCode::CannotVoid
        | RefusalCode::CannotCapture
        | RefusalCode::AmountExceeded
        | RefusalCode::AlreadyRefunded
        | RefusalCode::CannotCreateOrder
        | RefusalCode::OrderExpired
        | RefusalCode::CannotExpireOrder
        | RefusalCode::AttemptsExceeded
        | RefusalCode::ProcessorNotFound
        | RefusalCode::MethodNotConfigured
        | RefusalCode::NotImplemented
        | RefusalCode::BadProcessorCredentials
        | RefusalCode::TransactionInProcess
        | RefusalCode::AlreadyProcessed => StatusCode::CONFLICT,
        RefusalCode::InvalidCard
        | RefusalCode::CardForbidden
        | RefusalCode::CardNotFound
        | RefusalCode::MissingSecurityCode
        | RefusalCode::BadSecurityCode
        | RefusalCode::BadExpiry
        | RefusalCode::BadCardNumber => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        RefusalCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        RefusalCode::ServiceTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: description.into(),
            retry_after_seconds: None,
        }
    }

    /// A fault of ours, known to the caller by an id that the log has too.
    pub fn internal(error_id: &str) -> Self {
        Refusal::new(RefusalCode::Internal, error_id).into()
    }

    /// The merchant sends faster than agreed.
    pub fn rate_limited(retry_after_seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..Refusal::new(RefusalCode::RateLimited, "rate limit exceeded").into()
        }
    }

    /// Nothing was answered within the time every request has. What was begun goes on, and Get Order shows it.
    pub fn timed_out() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            REQUEST_TIMEOUT,
            "the request took too long; what it began may still go on, so ask for the order",
        )
    }

    pub fn no_such_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            NO_SUCH_OPERATION,
            "path: there is no such operation",
        )
    }

    pub fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            NO_SUCH_OPERATION,
            "method: there is no such operation on this path",
        )
    }

    /// Nothing is known of cards that begin so.
    pub fn no_such_bin() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            RefusalCode::CardNotFound.as_str(),
            "bin: nothing is known of cards that begin so",
        )
    }

    /// The merchant has no such event, or not any more.
    pub fn no_such_event() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            RefusalCode::OrderNotFound.as_str(),
            "event_id: there is no such event",
        )
    }

    /// The body is declared to be something else than JSON.
    pub fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalCode::MissingHeader.as_str(),
            "content-type: must be application/json",
        )
    }

    /// The body could not be read: too large, or cut off.
    pub fn unread(rejection: &BytesRejection) -> Self {
        let code = RefusalCode::PayloadError.as_str();
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                code,
                format!("body: must be at most {} bytes", crate::BODY_MAX_BYTES),
            ),
            _ => Self::new(
                StatusCode::BAD_REQUEST,
                code,
                "body: ended before it was complete",
            ),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let description = match refusal.field {
            Some(field) => format!("{field}: {}", refusal.description),
            None => refusal.description,
        };
        Self::new(status_of(refusal.code), refusal.code.as_str(), description)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = json!({ "code": self.code, "description": self.description });
        let body = match self.status {
            // DEUNA's gateway answers a wrong key in its own shape; clients of either shape read this one.
            StatusCode::UNAUTHORIZED => {
                json!({ "code": self.code, "message": self.description, "error": error, "data": null })
            }
            _ => json!({ "error": error, "data": null }),
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::testing::json_of;

    #[tokio::test]
    async fn a_refusal_names_its_field() {
        let refusal = Refusal::of_field(RefusalCode::PayloadError, "order.currency", "is required");
        let (status, body) = json_of(Failure::from(refusal).into_response()).await;
        assert_eq!(status, 400);
        assert_eq!(
            body,
            json!({ "error": { "code": "EMA-1002", "description": "order.currency: is required" }, "data": null })
        );
    }

    #[tokio::test]
    async fn a_wrong_key_is_answered_in_both_shapes() {
        let refusal = Refusal::new(RefusalCode::InvalidApiKey, "invalid api key");
        let (status, body) = json_of(Failure::from(refusal).into_response()).await;
        assert_eq!(status, 401);
        assert_eq!(body["code"], "EMA-5001");
        assert_eq!(body["message"], "invalid api key");
        assert_eq!(body["error"]["code"], "EMA-5001");
        assert!(body["data"].is_null());
    }

    #[tokio::test]
    async fn the_rate_limit_says_when_to_come_back() {
        let response = Failure::rate_limited(3).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "3");
        let (status, body) = json_of(response).await;
        assert_eq!(status, 429);
        assert_eq!(
            body,
            json!({ "error": { "code": "EMA-4290", "description": "rate limit exceeded" }, "data": null })
        );
    }

    #[test]
    fn every_refusal_is_an_error() {
        for code in RefusalCode::ALL {
            assert!(status_of(*code).as_u16() >= 400, "{}", code.as_str());
        }
    }
}
