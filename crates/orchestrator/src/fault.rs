//! Our own faults: the caller gets an id, the log has the cause under it.

use crate::vault::VaultError;
use payments::{Refusal, RefusalCode};
use store::StoreError;
use thiserror::Error;

/// Something broke on our side.
#[derive(Debug, Error)]
pub enum Fault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a task of ours failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl Fault {
    /// Writes the cause to the log and answers the id it is found under.
    pub fn logged(&self) -> String {
        let error_id = crate::clock::error_id();
        tracing::error!(%error_id, cause = %self, "internal fault");
        error_id
    }
}

/// What a call ends with when it does not end well.
#[derive(Debug, Error)]
pub enum Stopped {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<VaultError> for Stopped {
    fn from(error: VaultError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<serde_json::Error> for Stopped {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<tokio::task::JoinError> for Stopped {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(refusal) => refusal,
            Stopped::Fault(fault) => Refusal::new(RefusalCode::Internal, fault.logged()),
        }
    }
}
