//! The way back from a challenge: the browser brings a CRes, which moves the browser on and decides nothing.
//!
//! Anybody can post here. What is posted is held against the transaction it names, and all that it may do is end the
//! challenge on the screen: whether the cardholder passed comes with the RReq.

use super::{
    page,
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
use store::orders::PaymentKey;

impl Gateway {
    /// The ACS is done with the browser. Moves it on, grants nothing.
    pub async fn page_challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError> {
        let (of, token) = self.page_led_back_to(cres, session_data).await?;
        let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
        Ok(PageReturn {
            token,
            language: page::language(&order),
        })
    }

    /// The payment whose page is next, and that page's token.
    async fn page_led_back_to(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<(PaymentKey, String), PageError> {
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
            (_, _, Some(token)) => Ok((self.page_key(&token).await?, token)),
            (_, None, None) if named.is_some() => Err(PageError::UnknownToken),
            (_, _, None) => Err(PageError::Malformed("cres")),
        }
    }

    async fn browser_back(
        &self,
        mut stored: StoredRun,
        brought: &Received<CRes>,
        session: Option<String>,
    ) -> Result<(PaymentKey, String), PageError> {
        let of = stored.of;
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
                Ok((of, token))
            }
            Arrival::Late => Ok((of, token)),
            arrival @ (Arrival::Unasked | Arrival::Forged) => {
                tracing::warn!(authentication = %stored.id, ?arrival, "CRes of no challenge of ours");
                // Only who has the page's own session data is led to it; what was brought counts for nothing.
                session.map(|token| (of, token)).ok_or(PageError::UnknownToken)
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
