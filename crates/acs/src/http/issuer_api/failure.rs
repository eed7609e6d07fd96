//! How a call of an issuer fails: `{"code", "message", "field"}`, the one place that makes it.

use crate::flows::administration::AdministrationError;
use crate::flows::registration::NotRegistered;
use crate::keys::KeysError;
use crate::registration::members::Refused;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a call failed, as its caller is told.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<String>,
}

pub(crate) type Answered<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
        }
    }

    /// A member, parameter or header of the wrong form.
    pub(crate) fn format(field: &str, must: &'static str) -> Self {
        Refused::format(field, must).into()
    }

    /// What is asked for is not there, or is another issuer's, which is the same.
    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("there is no such {what}");
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", message)
    }

    /// What is there does not allow it.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// Who calls is not known.
    pub(crate) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// A fault of ours: the log has the cause.
    fn fault(cause: &dyn std::error::Error) -> Self {
        tracing::error!(%cause, "a call of an issuer failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "this went wrong here, and may be tried again",
        )
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let field = Some(refused.field).filter(|field| !field.is_empty());
        let subject = field.as_deref().unwrap_or("the body");
        Self {
            status: StatusCode::BAD_REQUEST,
            code: refused.wrong.code(),
            message: format!("{subject} {}", refused.must),
            field,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(fault: StoreError) -> Self {
        Self::fault(&fault)
    }
}

impl From<KeysError> for Failure {
    fn from(fault: KeysError) -> Self {
        Self::fault(&fault)
    }
}

impl From<AdministrationError> for Failure {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Taken("an issuer") => {
                Self::conflict("ISSUER_ALREADY_EXISTS", error.to_string())
            }
            AdministrationError::Taken(_) => Self::conflict("CLIENT_ALREADY_EXISTS", error.to_string()),
            AdministrationError::Unknown(what) => Self::not_found(what),
            AdministrationError::ClientName => {
                Self::format("clientId", "must be 1 to 64 letters, digits, _ and -")
            }
            AdministrationError::Key => Self::format("publicKey", "must be a public key of P-256 as a JWK"),
            AdministrationError::Cryptography => Self::fault(&error),
            AdministrationError::Store(fault) => fault.into(),
        }
    }
}

impl From<NotRegistered> for Failure {
    fn from(refusal: NotRegistered) -> Self {
        match refusal {
            NotRegistered::Refused(refused) => refused.into(),
            NotRegistered::CardExists => {
                Self::conflict("CARD_ALREADY_EXISTS", "there is a card of this name")
            }
            NotRegistered::NumberTaken => {
                Self::conflict("CARD_NUMBER_IN_USE", "the number belongs to another card")
            }
            NotRegistered::NoCard => Self::not_found("card"),
            NotRegistered::NoConsumer => Self::not_found("consumer"),
            NotRegistered::Store(fault) => fault.into(),
            NotRegistered::Keys(fault) => fault.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = json!({"code": self.code, "message": self.message});
        if let Some(field) = self.field {
            body["field"] = field.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
