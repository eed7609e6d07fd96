//! Error answers of the 3DS Server API (carat-3ds-server.md section 10.2): the one place where a refusal gets its code, its
//! HTTP status and its words.

use axum::{
    extract::rejection::BytesRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use orchestrator::{
    Fault,
    flows::threeds_server::{Refused, Status, Why},
};
use primitives::{Id, id::kind};
use serde_json::{Map, Value, json};

use super::fields::table;

/// The codes of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    InvalidCredentials,
    TransactionNotFound,
    InvalidTransactionStatus,
    /// A mandatory field is missing or empty.
    Empty,
    /// An extension says that it must be understood, and is not.
    ExtensionNotRecognised,
    /// A field does not fit.
    Invalid,
    TransactionIdNotValid,
    CardNotSupported,
    DirectoryTimedOut,
    Unexpected,
    DirectoryFailed,
}

impl Code {
    pub fn number(self) -> u16 {
        match self {
            Self::InvalidCredentials => 1,
            Self::TransactionNotFound => 2,
            Self::InvalidTransactionStatus => 3,
            Self::Empty => 201,
            Self::ExtensionNotRecognised => 202,
            Self::Invalid => 203,
            Self::TransactionIdNotValid => 301,
            Self::CardNotSupported => 305,
            Self::DirectoryTimedOut => 402,
            Self::Unexpected => 404,
            Self::DirectoryFailed => 405,
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::TransactionNotFound => StatusCode::NOT_FOUND,
            Self::InvalidTransactionStatus => StatusCode::CONFLICT,
            Self::Empty | Self::ExtensionNotRecognised | Self::Invalid | Self::TransactionIdNotValid => {
                StatusCode::BAD_REQUEST
            }
            Self::CardNotSupported => StatusCode::UNPROCESSABLE_ENTITY,
            Self::DirectoryTimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
            Self::DirectoryFailed => StatusCode::BAD_GATEWAY,
        }
    }

    pub fn description(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid credentials",
            Self::TransactionNotFound => "transaction not found",
            Self::InvalidTransactionStatus => "invalid transaction status",
            Self::Empty => "empty parameter",
            Self::ExtensionNotRecognised => "message extension not recognised",
            Self::Invalid => "invalid parameter",
            Self::TransactionIdNotValid => "transaction id not valid for the receiving component",
            Self::CardNotSupported => "card not supported by the issuer for 3-D Secure 2",
            Self::DirectoryTimedOut => "time-out while talking to the directory server",
            Self::Unexpected => "unexpected error",
            Self::DirectoryFailed => "communication error with the directory server",
        }
    }
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    pub code: Code,
    /// Its path, dotted. Never its content.
    pub detail: String,
}

impl BadInput {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    pub fn empty(path: impl Into<String>) -> Self {
        Self::new(Code::Empty, path)
    }

    pub fn invalid(path: impl Into<String>) -> Self {
        Self::new(Code::Invalid, path)
    }
}

/// An error answer.
#[derive(Debug, Clone)]
pub struct Failure {
    status: StatusCode,
    code: Code,
    /// Who found the error: `S` for us, `D` or `A` for whoever sent us an Erro.
    component: &'static str,
    description: String,
    detail: Option<String>,
    transaction: Option<(Id<kind::Authentication>, Status)>,
    retry_after_seconds: Option<u64>,
}

impl Failure {
    pub fn new(code: Code) -> Self {
        Self {
            status: code.status(),
            code,
            component: "S",
            description: code.description().to_owned(),
            detail: None,
            transaction: None,
            retry_after_seconds: None,
        }
    }

    /// An error about one field, or one header.
    pub fn of(bad: BadInput) -> Self {
        Self {
            detail: Some(bad.detail),
            ..Self::new(bad.code)
        }
    }

    /// With the transaction it leaves behind.
    pub fn about(self, id: Id<kind::Authentication>, status: Status) -> Self {
        Self {
            transaction: Some((id, status)),
            ..self
        }
    }

    /// A fault of ours, known to the caller by an id that the log has too.
    pub fn internal(fault: &Fault) -> Self {
        Self {
            detail: Some(fault.logged()),
            ..Self::new(Code::Unexpected)
        }
    }

    /// The shop calls faster than agreed.
    pub fn rate_limited(retry_after_seconds: u64) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            description: "rate limit exceeded".to_owned(),
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::new(Code::Unexpected)
        }
    }

    /// The body is declared to be something else than JSON.
    pub fn not_json() -> Self {
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..Self::of(BadInput::invalid("Content-Type"))
        }
    }

    /// The body could not be read: too large, or cut off.
    pub fn unread(rejection: &BytesRejection) -> Self {
        let failure = Self::of(BadInput::invalid("body"));
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..failure
            },
            _ => failure,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::internal(&fault)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let failure = match refused.why {
            Why::NotFound => Self::new(Code::TransactionNotFound),
            Why::WrongStatus => Self::new(Code::InvalidTransactionStatus),
            Why::UnknownCardToken => Self::of(BadInput::invalid("cardholder.acct.token")),
            Why::CardNotSupported => Self::new(Code::CardNotSupported),
            Why::Elements { missing, names } => {
                let code = if missing { Code::Empty } else { Code::Invalid };
                match names.iter().find_map(|name| table::path_of(name)) {
                    Some(path) => Self::of(BadInput::new(code, path)),
                    // Nothing that came with the request: what we are configured with cannot be said.
                    None => Self::new(Code::Unexpected),
                }
            }
            Why::DirectoryTimedOut => Self::new(Code::DirectoryTimedOut),
            Why::DirectoryFailed => Self::new(Code::DirectoryFailed),
            Why::Erro { component, code } => {
                let ours = if code == Code::CardNotSupported.number() {
                    Code::CardNotSupported
                } else {
                    Code::DirectoryFailed
                };
                Self {
                    component,
                    description: format!("{}: error {code} of EMV 3-D Secure", ours.description()),
                    ..Self::new(ours)
                }
            }
            Why::Fault(fault) => Self::internal(&fault),
        };
        match refused.transaction {
            Some((id, status)) => failure.about(id, status),
            None => failure,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut error = Map::new();
        error.insert("code".into(), json!(self.code.number().to_string()));
        error.insert("component".into(), json!(self.component));
        error.insert("description".into(), json!(self.description));
        if let Some(detail) = self.detail {
            error.insert("detail".into(), json!(detail));
        }
        let mut body = Map::new();
        if let Some((id, status)) = self.transaction {
            let known = json!({ "trans_id": id.to_string(), "status": status.as_str() });
            body.insert("three_ds_server".into(), known);
        }
        body.insert("error".into(), Value::Object(error));
        let mut response = (self.status, axum::Json(Value::Object(body))).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
