//! The 3DS Server API's flows: a shop creates a transaction, has its cardholder authenticated, and asks how it ended.
//!
//! [`create`], [`authenticate`] and [`query`] are the shop's three calls; [`results`] is what the directory server reports
//! of a challenge or a decoupled authentication, [`due`] what happens when nobody reports anything. [`transaction`] is
//! what is stored of it, [`status`] the word that shops read. Nothing here knows an order or a payment: the shop charges
//! the card elsewhere.

mod authenticate;
mod card_range;
mod create;
mod due;
mod query;
mod results;
mod status;
mod transaction;

#[cfg(test)]
mod tests;

pub(crate) use results::Reported;

pub use authenticate::{Asked, Wanted};
pub use create::{Created, NewTransaction, VersionBounds};
pub use status::Status;
pub use transaction::{Open, Particulars, View};

use crate::{fault::Fault, vault::VaultError};
use emv3ds::AccountNumber;
use primitives::{Id, Secret, id::kind};
use store::StoreError;

/// A card as a shop names it.
#[derive(Debug, Clone)]
pub enum GivenCard {
    Number(AccountNumber),
    /// The name of a card in the card vault.
    Token(Secret<String>),
    /// Digits that are no account number of any card scheme, since they are too few.
    TooShort,
}

/// Why a call did not do what it was for, and what it leaves behind.
#[derive(Debug)]
pub struct Refused {
    pub why: Why,
    /// The transaction and its status, where there is one that the caller may know of.
    pub transaction: Option<(Id<kind::Authentication>, Status)>,
}

/// Why a call did not do what it was for.
#[derive(Debug)]
pub enum Why {
    /// There is no such transaction, or it is another shop's.
    NotFound,
    /// The transaction is no longer new.
    WrongStatus,
    /// The shop has no card under this token.
    UnknownCardToken,
    /// The card is in no range of the brand's directory server.
    CardNotSupported,
    /// Elements of the AReq do not fit, or are missing; by their names in the protocol.
    Elements { missing: bool, names: Vec<String> },
    /// No answer came in time.
    DirectoryTimedOut,
    /// The directory server cannot be reached, or its answer is unusable.
    DirectoryFailed,
    /// The directory server (`D`) or, through it, the issuer's ACS (`A`) answered with an error of the protocol.
    Erro { component: &'static str, code: u16 },
    /// Something broke on our side.
    Fault(Fault),
}

impl Refused {
    fn about(why: Why, id: Id<kind::Authentication>, status: Status) -> Self {
        Self {
            why,
            transaction: Some((id, status)),
        }
    }
}

impl From<Why> for Refused {
    fn from(why: Why) -> Self {
        Self {
            why,
            transaction: None,
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Why::Fault(fault).into()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Fault::from(error).into()
    }
}

impl From<VaultError> for Refused {
    fn from(error: VaultError) -> Self {
        Fault::from(error).into()
    }
}

/// Whether somebody else wrote the transaction since it was read.
fn is_race(error: &StoreError) -> bool {
    matches!(error, StoreError::Changed)
}
