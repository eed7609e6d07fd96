//! The way back from a challenge: the browser brings a CRes, which moves the browser on and decides nothing.
//!
//! Anybody can post here. What is posted is held against the transaction it names, and all that it may do is end the
//! challenge on the screen: whether the cardholder passed comes with the RReq.

use super::{
    page_step::{PageError, PageReturn},
    run::StoredRun,
};
use crate::gateway::Gateway;
use emv3ds::{
    ThreeDsServerTransId, Version,
    message::{CRes, Received},
};
use mpi::challenge::{self, Arrival};
use primitives::Id;

impl Gateway {
    /// The ACS is done with the browser. Moves it on, grants nothing.
    pub async fn page_challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError> {
        let brought = challenge::returned(cres, &Version::ALL)
            .inspect_err(|fault| tracing::info!(%fault, "unreadable CRes"))
            .ok();
        // The session data is ours and comes back unchanged; an ACS that lost it still names the transaction.
        let session = session_data.and_then(|text| challenge::from_session_data(text).ok());
        let named = brought.as_ref().and_then(transaction_of);
        let record = match named {
            Some(id) => self.store().authentication_load(Id::from_uuid(id.0)).await?,
            None => None,
        };
        match (brought, record, session) {
            (Some(brought), Some(record), session) => {
                let stored = StoredRun::read(record)?;
                self.browser_back(stored, &brought, session).await
            }
            (_, _, Some(token)) => self.page_key(&token).await.map(|_| PageReturn { token }),
            (_, None, None) if named.is_some() => Err(PageError::UnknownToken),
            (_, _, None) => Err(PageError::Malformed("cres")),
        }
    }

    async fn browser_back(
        &self,
        mut stored: StoredRun,
        brought: &Received<CRes>,
        session: Option<String>,
    ) -> Result<PageReturn, PageError> {
        let token = stored.run.page_token.clone();
        // A browser that holds another page's session data has no business with this one's.
        if session.as_ref().is_some_and(|session| *session != token) {
            return Err(PageError::UnknownToken);
        }
        match challenge::arrival(&stored.run.transaction, brought) {
            Arrival::Awaited => {
                if !stored.run.returned {
                    stored.run.returned = true;
                    self.write_run(&stored).await?;
                    self.watch().changed(stored.of.order);
                    if stored.run.awaits_remote_results() {
                        self.follow_results(stored.id);
                    }
                }
                Ok(PageReturn { token })
            }
            Arrival::Late => Ok(PageReturn { token }),
            arrival @ (Arrival::Unasked | Arrival::Forged) => {
                tracing::warn!(authentication = %stored.id, ?arrival, "CRes of no challenge of ours");
                // Only who has the page's own session data is led to it; what was brought counts for nothing.
                session
                    .map(|token| PageReturn { token })
                    .ok_or(PageError::UnknownToken)
            }
        }
    }
}

fn transaction_of(brought: &Received<CRes>) -> Option<ThreeDsServerTransId> {
    match brought {
        Received::Message(cres) => Some(cres.three_ds_server_trans_id),
        Received::Erro(erro) => erro.three_ds_server_trans_id,
    }
}
