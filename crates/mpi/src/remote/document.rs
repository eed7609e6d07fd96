//! What an answer of the 3DS Server API says, whichever way its values are written.

use super::elements;
use crate::{
    result::Failure,
    transaction::{News, failure_of_erro},
};
use emv3ds::{
    ThreeDsServerTransId, Version,
    code::{Component, ErrorCode, TransStatus},
};
use primitives::{Reply, Unreadable};
use serde_json::{Map, Value};
use std::fmt;

/// The error codes that are the API's own, and not the protocol's.
const BAD_CREDENTIALS: &str = "1";
const NO_SUCH_TRANSACTION: &str = "2";
const BAD_STATUS: &str = "3";

/// The answer to an authentication; [`Transaction::receive_remote_answer`](crate::Transaction::receive_remote_answer)
/// takes it.
#[derive(Debug)]
pub struct Answered(pub(super) Document);

/// The answer to an inquiry; [`Transaction::receive_remote_report`](crate::Transaction::receive_remote_report) takes it.
#[derive(Debug)]
pub struct Report(pub(super) Document);

impl Answered {
    /// Whether it only says that the transaction had been asked for before, so that a report has to tell what became of it.
    pub fn was_asked_before(&self) -> bool {
        self.0.trouble() == Some(Trouble::AskedBefore)
    }
}

impl Report {
    /// The `three_ds_server.status`, for the log.
    pub fn status(&self) -> &str {
        match self.0.status() {
            Some(status) => status.as_str(),
            None => "none",
        }
    }
}

/// A JSON object that answered a request. `Debug` shows no member: one of them is the authentication value.
pub(super) struct Document {
    is_success: bool,
    members: Map<String, Value>,
}

/// Where the 3DS Server says that a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    New,
    Invalid,
    CommunicationError,
    Expired,
    ErrorMessage,
    /// `AU` and the letter of the transaction status.
    Authentication(TransStatus),
}

/// Why there is neither a result nor a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What it, or somebody behind it, said of our request.
    Erro { component: Component, code: ErrorCode },
    /// The directory server did not answer it in time.
    TimedOut,
    /// It could not reach the directory server.
    Unreachable,
    /// It had been asked before, or too late: only an inquiry tells what came of it.
    AskedBefore,
    /// The transaction outlived its validity before it was asked.
    Expired,
}

impl Document {
    /// Reads a reply: success is 200 and nothing else; any other tells of an error, or nothing that can be used.
    pub fn read(reply: &Reply) -> Result<Self, Unreadable> {
        let unusable = || Unreadable(format!("HTTP status {} without a usable body", reply.status));
        let Ok(Value::Object(members)) = serde_json::from_slice(&reply.body) else {
            return Err(unusable());
        };
        let document = Self {
            is_success: reply.status == 200,
            members,
        };
        if document.is_success || document.text("error.code").is_some() {
            Ok(document)
        } else {
            Err(unusable())
        }
    }

    /// A scalar, written as a string or not; `None` where it is missing, empty or no scalar.
    pub fn text(&self, path: &str) -> Option<String> {
        elements::member(&self.members, path).and_then(elements::text)
    }

    /// The transaction that it names.
    pub fn id(&self) -> Option<ThreeDsServerTransId> {
        ThreeDsServerTransId::parse(&self.text("three_ds_server.trans_id")?)
    }

    /// An address that a browser may be sent to; any other counts as missing.
    pub fn web_address(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let url = url::Url::parse(&text).ok()?;
        (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(text)
    }

    pub fn status(&self) -> Option<Status> {
        Status::parse(&self.text("three_ds_server.status")?)
    }

    /// What went wrong, if something did.
    pub fn trouble(&self) -> Option<Trouble> {
        let said = self.text("error.code").map(|code| self.error(&code));
        match self.status() {
            _ if !self.is_success => said,
            Some(Status::Invalid) => said.or(Some(Trouble::of_server(ErrorCode::FormatInvalid))),
            Some(Status::CommunicationError) => said.or(Some(Trouble::Unreachable)),
            Some(Status::ErrorMessage) => said.or(Some(Trouble::Erro {
                component: Component::DirectoryServer,
                code: ErrorCode::PermanentFailure,
            })),
            Some(Status::Expired) => Some(Trouble::Expired),
            Some(Status::New | Status::Authentication(_)) | None => None,
        }
    }

    fn error(&self, code: &str) -> Trouble {
        let component = self
            .text("error.component")
            .and_then(|text| Component::parse(&text))
            .unwrap_or(Component::Server);
        let number = code.parse().map(ErrorCode::from_number);
        match (code, number) {
            (BAD_CREDENTIALS, _) => Trouble::of_server(ErrorCode::AccessDenied),
            (NO_SUCH_TRANSACTION, _) => Trouble::of_server(ErrorCode::TransactionNotRecognised),
            (BAD_STATUS, _) => Trouble::AskedBefore,
            (_, Ok(ErrorCode::TimedOut)) if component == Component::Server => Trouble::TimedOut,
            (_, Ok(ErrorCode::ConnectionFailure)) if component == Component::Server => Trouble::Unreachable,
            // The version was its own choice: there is nothing to be asked again in another.
            (_, Ok(ErrorCode::VersionNotSupported) | Err(_)) => {
                Trouble::of_server(ErrorCode::PermanentFailure)
            }
            (_, Ok(code)) => Trouble::Erro { component, code },
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("status", &self.status())
            .field("trouble", &self.trouble())
            .finish_non_exhaustive()
    }
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "NEW" => Some(Self::New),
            "INV" => Some(Self::Invalid),
            "ERR" => Some(Self::CommunicationError),
            "EXP" => Some(Self::Expired),
            "ERM" => Some(Self::ErrorMessage),
            _ => TransStatus::parse(text.strip_prefix("AU")?).map(Self::Authentication),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Invalid => "INV",
            Self::CommunicationError => "ERR",
            Self::Expired => "EXP",
            Self::ErrorMessage => "ERM",
            Self::Authentication(status) => status.as_str(),
        }
    }
}

impl Trouble {
    fn of_server(code: ErrorCode) -> Self {
        Self::Erro {
            component: Component::Server,
            code,
        }
    }

    /// What it means for an authentication that is on its way.
    pub fn news(self) -> Option<News> {
        match self {
            Self::Erro { component, code } => Some(News::ErroReceived {
                component,
                code,
                detail: String::new(),
            }),
            Self::TimedOut => Some(News::DirectoryTimedOut),
            Self::Unreachable => Some(News::DirectoryUnreachable),
            Self::Expired => Some(News::DeadlinePassed),
            Self::AskedBefore => None,
        }
    }

    /// What it means where nothing is on its way yet.
    pub fn failure(self) -> Failure {
        match self {
            Self::Erro { component, code } => erro(component, code),
            Self::TimedOut => Failure::DirectoryTimeout,
            Self::Unreachable => Failure::DirectoryUnreachable,
            Self::Expired => Failure::TimeExpired,
            Self::AskedBefore => erro(Component::Server, ErrorCode::TransactionNotRecognised),
        }
    }
}

/// No version was refused, so none matters.
fn erro(component: Component, code: ErrorCode) -> Failure {
    failure_of_erro(component, code, Version::V2_2_0, "")
}
