//! What a flow holds in memory while it runs, so that it need not be unsealed or made twice.

use mpi::Prepared;
use primitives::Card;

/// Card data in use. Never stored; wiped when dropped.
#[derive(Debug, Default)]
pub(crate) struct InHand {
    pub card: Option<Card>,
    /// The AReq of the run that was recorded as asked.
    pub areq: Option<Prepared>,
}
