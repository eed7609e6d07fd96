//! The messages that this process is sending, and how many of them go to each account.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
};
use store::directlink::feedback::FeedbackRoom;
use tokio::task::{self, JoinError, JoinSet};

/// How many are on their way at once.
const CONCURRENCY: usize = 64;
/// How many of these go to one account at most: a server that answers nothing holds each for as long as an attempt may take.
const PER_ACCOUNT: i64 = 8;
/// How many places are left to accounts that have nothing on its way.
const FOR_NEWCOMERS: usize = CONCURRENCY / 8;

/// What is on its way.
#[derive(Default)]
pub(super) struct UnderWay {
    sending: JoinSet<()>,
    accounts: HashMap<task::Id, String>,
}

impl UnderWay {
    /// What may be taken beside it; `None`: nothing.
    pub fn room(&self) -> Option<FeedbackRoom> {
        let places = CONCURRENCY.saturating_sub(self.sending.len());
        let (places, per_account) = match places.checked_sub(FOR_NEWCOMERS) {
            Some(places @ 1..) => (places, PER_ACCOUNT),
            Some(0) | None => (places, 1),
        };
        let mut busy = BTreeMap::new();
        for pspid in self.accounts.values() {
            *busy.entry(pspid.clone()).or_default() += 1;
        }
        let all = i64::try_from(places).ok().filter(|places| *places > 0)?;
        Some(FeedbackRoom {
            all,
            per_account,
            busy,
        })
    }

    /// Sends a message of that account.
    pub fn begin(&mut self, pspid: String, sending: impl Future<Output = ()> + Send + 'static) {
        let task = self.sending.spawn(sending);
        self.accounts.insert(task.id(), pspid);
    }

    /// Waits for the next to end; `None`: there is none.
    pub async fn ended(&mut self) -> Option<()> {
        let ended = self.sending.join_next_with_id().await?;
        if let Err(error) = &ended {
            // Its lease runs out, and then it is sent again.
            tracing::error!(cause = %error, "sending feedback broke");
        }
        let task = ended.map_or_else(|error| JoinError::id(&error), |(task, ())| task);
        self.accounts.remove(&task);
        Some(())
    }
}
