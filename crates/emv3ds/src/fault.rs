//! What is wrong with a message, and the `Erro` that says so.

use std::fmt;

use thiserror::Error;

use crate::{
    TransactionIds, Version,
    code::{Component, ErrorCode, MessageType},
    message::Erro,
};

/// Longest `errorDetail` and `errorDescription`, in characters.
const TEXT_MAX_CHARACTERS: usize = 2048;

/// A message that cannot be taken (or, on the way out, sent).
///
/// It holds names of elements and identifiers of the transaction, never any other content of the message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// The code the specification gives it.
    pub code: ErrorCode,
    /// Names of the faulty elements, comma separated; for 102 the versions supported; otherwise a few words.
    pub detail: String,
    /// Type of the faulty message, if readable.
    pub message_type: Option<MessageType>,
    /// Version of the faulty message, if it is one we speak.
    pub version: Option<Version>,
    /// Its transaction, as far as readable.
    pub ids: TransactionIds,
}

impl Fault {
    /// A fault found in a message of known type and version, as by the checks that need more than the message.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            message_type: None,
            version: None,
            ids: TransactionIds::default(),
        }
    }

    /// The same fault, saying which message had it.
    #[must_use]
    pub fn of(mut self, message_type: MessageType, version: Option<Version>, ids: TransactionIds) -> Self {
        self.message_type = Some(message_type);
        self.version = version;
        self.ids = ids;
        self
    }

    /// The Erro that `finder` answers with; `None` when the faulty message was an Erro itself.
    ///
    /// It is written in the faulty message's version where we speak it, else in the highest of `ours`.
    pub fn to_erro(&self, finder: Component, ours: &[Version]) -> Option<Erro> {
        if self.message_type == Some(MessageType::Erro) {
            return None;
        }
        let highest = ours.iter().copied().max().unwrap_or(Version::V2_3_1);
        Some(Erro {
            message_version: self.version.unwrap_or(highest).as_str().to_owned(),
            three_ds_server_trans_id: self.ids.three_ds_server_trans_id,
            acs_trans_id: self.ids.acs_trans_id,
            ds_trans_id: self.ids.ds_trans_id,
            sdk_trans_id: None,
            error_code: self.code,
            error_component: finder,
            error_description: self.code.description().to_owned(),
            error_detail: self.detail.chars().take(TEXT_MAX_CHARACTERS).collect(),
            error_message_type: self.message_type,
        })
    }

    /// The names in [`detail`](Self::detail).
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.detail.split(',')
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message_type.map_or("message", MessageType::as_str);
        write!(
            f,
            "{message}: {} {}: {}",
            self.code,
            self.code.description(),
            self.detail
        )
    }
}
