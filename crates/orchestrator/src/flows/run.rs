//! A run of 3-D Secure as the flows hold it: the MPI's transaction, and what our page needs to go on with it.

use crate::fault::Fault;
use mpi::{
    Transaction,
    transaction::{DecoupledFollows, Effect, News},
};
use payments::Browser;
use primitives::{Id, id::kind};
use serde::{Deserialize, Serialize};
use store::{authentications::AuthenticationRecord, orders::PaymentKey};
use time::OffsetDateTime;

/// What is stored of a run. No card data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub transaction: Transaction,
    /// From the merchant's call, completed by our page.
    pub browser: Option<Browser>,
    /// The card range's 3DS Method, if it has one.
    pub method_url: Option<String>,
    pub page_token: String,
    /// The ACS has sent the browser back. Says nothing of the outcome.
    #[serde(default)]
    pub returned: bool,
    /// The run before it, where that was a challenge which goes on as this decoupled authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<DecoupledFollows>,
    /// The remote 3DS Server that authenticates; `None`: our own MPI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

impl Run {
    /// Whether its results are to be asked for, since nobody will bring them.
    pub fn awaits_remote_results(&self) -> bool {
        self.remote.is_some() && matches!(self.transaction, Transaction::AwaitingResults(_))
    }
}

/// A run with its row.
#[derive(Debug, Clone)]
pub(crate) struct StoredRun {
    pub id: Id<kind::Authentication>,
    pub of: PaymentKey,
    /// The row's version; 0 while there is none.
    pub version: i64,
    pub run: Run,
}

impl StoredRun {
    pub fn read(record: AuthenticationRecord) -> Result<Self, Fault> {
        let run = serde_json::from_value(record.transaction)?;
        Ok(Self {
            id: record.id,
            of: record.of,
            version: record.version,
            run,
        })
    }

    /// The row to be written.
    pub fn record(&self) -> Result<AuthenticationRecord, Fault> {
        Ok(AuthenticationRecord {
            id: self.id,
            of: self.of,
            state: self.run.transaction.name().to_owned(),
            transaction: serde_json::to_value(&self.run)?,
            version: self.version,
        })
    }

    /// Takes in what happened. `false`: nothing is to be written, since it changes nothing or cannot be.
    pub fn apply(&mut self, news: News, now: OffsetDateTime) -> bool {
        match self.run.transaction.clone().apply(news, now) {
            Ok(step) => {
                self.run.transaction = step.transaction;
                step.effect != Effect::Unchanged && step.effect != Effect::Repeat
            }
            Err(refused) => {
                tracing::debug!(authentication = %self.id, %refused, "news that this run cannot take");
                false
            }
        }
    }

    /// A 3DS Method is a script: a browser without them would only let its time pass.
    pub fn runs_scripts(&self) -> bool {
        self.run
            .browser
            .as_ref()
            .is_none_or(|browser| browser.javascript_enabled != Some(false))
    }

    pub fn browser_is_complete(&self) -> bool {
        self.run.browser.as_ref().is_some_and(Browser::is_complete)
    }
}
