//! Transactions whose time is over: a new one that nobody asked for, an AReq that died with its process, a challenge or a
//! decoupled authentication that nobody reported on.
//!
//! Each is one write of a row, so nobody has to take it first: of two processes that look at it one writes.

use super::transaction::{Stage, Stored};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use mpi::{Transaction, transaction::News};
use std::time::Duration;
use store::{StoreError, threeds_server::transactions::TransactionRecord};

/// How many are looked at in one go.
const BATCH: i64 = 100;
/// Between two looks when nothing was due.
const POLL: Duration = Duration::from_secs(5);

impl Gateway {
    /// Ends transactions whose time is over, until the process ends.
    pub async fn threeds_due_forever(self) {
        loop {
            match self.threeds_due().await {
                Ok(0) => tokio::time::sleep(POLL).await,
                Ok(_) => {}
                Err(fault) => {
                    fault.logged();
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Ends those whose time is over now. Answers how many were ended.
    pub async fn threeds_due(&self) -> Result<usize, Fault> {
        let now = self.clock().now();
        let mut ended = 0;
        for record in self.store().threeds_transactions_due(now, BATCH).await? {
            let id = record.id;
            match self.threeds_time_over(record).await {
                Ok(()) => ended += 1,
                Err(Stopped::Fault(Fault::Store(StoreError::Changed))) => {}
                // The others are not to wait for one that cannot be read.
                Err(stopped) => {
                    tracing::error!(authentication = %id, cause = %stopped, "a transaction could not be ended");
                }
            }
        }
        Ok(ended)
    }

    async fn threeds_time_over(&self, record: TransactionRecord) -> Result<(), Stopped> {
        let now = self.clock().now();
        let mut stored = Stored::read(record)?;
        match &mut stored.stage {
            Stage::New(new) => stored.stage = Stage::Expired(*new),
            Stage::Expired(_) | Stage::Invalid(_) => {}
            Stage::Run(run) => {
                let news = match run.transaction {
                    Transaction::AwaitingAres(_) => News::DirectoryTimedOut,
                    _ => News::DeadlinePassed,
                };
                run.apply(news, now);
            }
        }
        // Whatever became of it: nobody is to look again.
        stored.due_at = None;
        let notice = stored.notice(now);
        self.store()
            .threeds_transaction_write(&stored.record()?, notice.as_ref(), now)
            .await?;
        tracing::info!(authentication = %stored.id, status = stored.status(now).as_str(), "time is over");
        if notice.is_some() {
            self.wake_deliveries();
        }
        Ok(())
    }
}
