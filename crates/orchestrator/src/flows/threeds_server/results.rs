//! The result of a challenge or a decoupled authentication, as the directory server reports it.

use super::transaction::{Stage, Stored};
use crate::{
    fault::Stopped,
    flows::sender::{self, Sender},
    gateway::Gateway,
};
use emv3ds::message::RRes;
use mpi::transaction::{Effect, Results, receive};
use store::threeds_server::transactions::TransactionRecord;

/// What an RReq about a shop's transaction is answered with.
pub(crate) enum Reported {
    Answered(RRes),
    /// An Erro.
    Faulty(Box<emv3ds::Fault>),
}

impl Gateway {
    /// Takes results of a shop's transaction in; they are durable when this answers.
    pub(crate) async fn threeds_results(
        &self,
        record: TransactionRecord,
        sender: &Sender,
        results: Results,
    ) -> Result<Reported, Stopped> {
        let mut stored = Stored::read(record)?;
        let Stage::Run(run) = &mut stored.stage else {
            return Ok(Reported::Faulty(receive::unknown_transaction(&results)));
        };
        let brand = run.transaction.subject().brand;
        if !sender.may_speak_for(brand) {
            return Ok(Reported::Faulty(sender::refused(sender, brand, &results)));
        }
        let now = self.clock().now();
        let (step, rres) = match run.transaction.clone().receive_results(results, now) {
            Ok(taken) => taken,
            Err(fault) => return Ok(Reported::Faulty(fault)),
        };
        run.transaction = step.transaction;
        let notice = match step.effect {
            Effect::Moved => {
                stored.set_due(&self.three_ds().timers);
                stored.notice(now)
            }
            Effect::Late => {
                tracing::info!(authentication = %stored.id, "results came too late");
                None
            }
            // A repeated message is a fault above.
            Effect::Repeat | Effect::Unchanged => return Ok(Reported::Answered(rres)),
        };
        self.store()
            .threeds_transaction_write(&stored.record()?, notice.as_ref(), now)
            .await?;
        if notice.is_some() {
            self.wake_deliveries();
        }
        Ok(Reported::Answered(rres))
    }
}
