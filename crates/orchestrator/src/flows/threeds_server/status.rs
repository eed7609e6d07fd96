//! How a transaction stands, in the word that shops read (carat-3ds-server.md section 9).

use super::transaction::Stage;
use emv3ds::code::TransStatus;
use mpi::{Failure, Transaction};

/// The status of a transaction. A function of what is stored, and never stored itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Created, and not asked for yet.
    New,
    /// The shop sent an invalid parameter.
    Invalid,
    /// The directory server could not be talked to.
    CommunicationError,
    /// It was created and never asked for in time.
    Expired,
    /// The directory server answered with an error.
    ErrorMessage,
    Authenticated,
    NotAuthenticated,
    Unavailable,
    Attempted,
    ChallengeRequired,
    Rejected,
    Decoupled,
}

impl Status {
    pub const ALL: [Self; 12] = [
        Self::New,
        Self::Invalid,
        Self::CommunicationError,
        Self::Expired,
        Self::ErrorMessage,
        Self::Authenticated,
        Self::NotAuthenticated,
        Self::Unavailable,
        Self::Attempted,
        Self::ChallengeRequired,
        Self::Rejected,
        Self::Decoupled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Invalid => "INV",
            Self::CommunicationError => "ERR",
            Self::Expired => "EXP",
            Self::ErrorMessage => "ERM",
            Self::Authenticated => "AUY",
            Self::NotAuthenticated => "AUN",
            Self::Unavailable => "AUU",
            Self::Attempted => "AUA",
            Self::ChallengeRequired => "AUC",
            Self::Rejected => "AUR",
            Self::Decoupled => "AUD",
        }
    }

    pub(super) fn of(stage: &Stage) -> Self {
        match stage {
            Stage::New(_) => Self::New,
            Stage::Expired(_) => Self::Expired,
            Stage::Invalid(_) => Self::Invalid,
            Stage::Run(run) => Self::of_run(&run.transaction, run.is_decoupled()),
        }
    }

    fn of_run(transaction: &Transaction, decoupled: bool) -> Self {
        match transaction {
            // Until the answer is there the shop sees what it saw before.
            Transaction::Started(_) | Transaction::AwaitingMethod(_) | Transaction::AwaitingAres(_) => {
                Self::New
            }
            Transaction::AwaitingResults(_) if decoupled => Self::Decoupled,
            Transaction::AwaitingResults(_) => Self::ChallengeRequired,
            Transaction::ChallengeNeverStarted(_) => Self::NotAuthenticated,
            Transaction::DecoupledFollows(_) => Self::Decoupled,
            Transaction::Finished(finished) => Self::of_result(finished.result.trans_status()),
            Transaction::Failed(failed) => match failed.failure {
                Failure::DirectoryErro { .. } | Failure::AcsErro { .. } | Failure::VersionRefused { .. } => {
                    Self::ErrorMessage
                }
                Failure::DirectoryTimeout | Failure::DirectoryUnreachable | Failure::UnusableAnswer => {
                    Self::CommunicationError
                }
                Failure::CannotRequest => Self::Invalid,
                // As an issuer that reports its own time-out would have it: U for a decoupled authentication that
                // nobody performed, N for a challenge that nobody finished (emv-3ds section 14).
                Failure::TimeExpired if decoupled => Self::Unavailable,
                Failure::TimeExpired => Self::NotAuthenticated,
            },
            Transaction::GivenUp(_) => Self::Expired,
        }
    }

    fn of_result(status: TransStatus) -> Self {
        match status {
            TransStatus::Authenticated => Self::Authenticated,
            TransStatus::NotAuthenticated => Self::NotAuthenticated,
            // Data only: nobody was authenticated, and nobody was meant to be.
            TransStatus::Unavailable | TransStatus::InformationOnly => Self::Unavailable,
            TransStatus::Attempted => Self::Attempted,
            TransStatus::Rejected => Self::Rejected,
            // No result carries these.
            TransStatus::ChallengeRequired | TransStatus::SecurePaymentConfirmation => {
                Self::ChallengeRequired
            }
            TransStatus::DecoupledChallenge => Self::Decoupled,
        }
    }
}
