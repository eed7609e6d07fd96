//! What a flow holds in memory while it runs, so that it need not be unsealed, read or made twice.

use super::run::StoredRun;
use mpi::Prepared;
use primitives::Card;

/// Card data in use. Never stored; wiped when dropped.
#[derive(Debug, Default)]
pub(crate) struct InHand {
    pub card: Option<Card>,
    /// The run that was recorded as asked by this very flow.
    pub asked: Option<Asked>,
}

/// A run whose AReq is to go out.
#[derive(Debug)]
pub(crate) struct Asked {
    /// As it is recorded.
    pub run: StoredRun,
    /// `None` when it could not be made.
    pub areq: Option<Prepared>,
}
