//! The results receiver: RReqs from directory servers. What comes here decides.
//!
//! The answer must be on its way within three seconds of the request, and only after the result is durable.

use super::{
    advance::{TRIES, is_race},
    in_hand::InHand,
    run::StoredRun,
    sender::{self, Sender},
    threeds_server::Reported,
};
use crate::{
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use emv3ds::{Fault as Faulty, Version, code::Component};
use mpi::{
    Transaction,
    transaction::{
        Effect, Results,
        receive::{self, ResultsReceived},
    },
};
use primitives::{Id, id::kind};
use std::time::{Duration, Instant};

impl Gateway {
    /// Takes what a directory server posted and answers the body to reply with: an RRes, an Erro, or nothing. A sender
    /// that may not speak for the transaction's brand is answered Erro 303 and changes nothing.
    pub async fn results_received(&self, sender: &Sender, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let results = match receive::read_results(body, &Version::ALL) {
            Ok(ResultsReceived::Results(results)) => results,
            Ok(ResultsReceived::Erro(erro)) => {
                tracing::warn!(code = %erro.error_code, component = %erro.error_component, "Erro at the results receiver");
                return Ok(Vec::new());
            }
            Err(fault) => return Ok(refusal(&fault)),
        };
        let began = Instant::now();
        for _ in 0..TRIES {
            match self.take_results(sender, results.clone()).await {
                Ok(answer) => {
                    self.took(began.elapsed());
                    return Ok(answer);
                }
                Err(stopped) if is_race(&stopped) => {}
                Err(Stopped::Fault(fault)) => return Err(fault),
                Err(Stopped::Refused(_)) => return Err(Fault::Missing("a decision")),
            }
        }
        Err(Fault::Store(store::StoreError::Changed))
    }

    /// A directory server that has hung up takes the result for undelivered, and does not send it again.
    fn took(&self, elapsed: Duration) {
        metrics::histogram!("pasarela_results_seconds").record(elapsed);
        let budget = Duration::from_secs(u64::from(self.three_ds().timers.results_answer_seconds));
        if elapsed > budget {
            let milliseconds = elapsed.as_millis();
            tracing::warn!(
                milliseconds,
                "results were recorded after their directory server's time limit"
            );
        }
    }

    async fn take_results(&self, sender: &Sender, results: Results) -> Result<Vec<u8>, Stopped> {
        let Some(id) = results.ids().three_ds_server_trans_id else {
            return Ok(refusal(&receive::unknown_transaction(&results)));
        };
        let id = Id::from_uuid(id.0);
        let Some(record) = self.store().authentication_load(id).await? else {
            return self.take_shop_results(id, sender, results).await;
        };
        let mut stored = StoredRun::read(record)?;
        let brand = stored.run.transaction.subject().brand;
        if !sender.may_speak_for(brand) {
            return Ok(refusal(&sender::refused(sender, brand, &results)));
        }
        let now = self.clock().now();
        let (step, rres) = match stored.run.transaction.clone().receive_results(results, now) {
            Ok(taken) => taken,
            Err(fault) => return Ok(refusal(&fault)),
        };
        stored.run.transaction = step.transaction;
        match step.effect {
            Effect::Moved => self.results_moved(stored).await?,
            Effect::Late => {
                tracing::info!(authentication = %stored.id, "results came too late");
                self.store().authentication_write(&stored.record()?, now).await?;
            }
            // A repeated message is a fault above.
            Effect::Repeat | Effect::Unchanged => {}
        }
        receive::rres_body(&rres).map_err(|_| Fault::Missing("an RRes").into())
    }

    /// What is no payment's run may be a transaction of the 3DS Server API.
    async fn take_shop_results(
        &self,
        id: Id<kind::Authentication>,
        sender: &Sender,
        results: Results,
    ) -> Result<Vec<u8>, Stopped> {
        let Some(record) = self.store().threeds_transaction_load(id).await? else {
            return Ok(refusal(&receive::unknown_transaction(&results)));
        };
        match self.threeds_results(record, sender, results).await? {
            Reported::Answered(rres) => {
                receive::rres_body(&rres).map_err(|_| Fault::Missing("an RRes").into())
            }
            Reported::Faulty(fault) => Ok(refusal(&fault)),
        }
    }

    /// Records the result with what it means for the payment; what is to be sent then goes out behind the answer.
    pub(crate) async fn results_moved(&self, stored: StoredRun) -> Result<(), Stopped> {
        if let Transaction::ChallengeNeverStarted(_) = stored.run.transaction {
            tracing::info!(authentication = %stored.id, "nobody opened the challenge in time");
            self.store()
                .authentication_write(&stored.record()?, self.clock().now())
                .await?;
            return Ok(());
        }
        let of = stored.of;
        let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
        let advanced = self.conclude(order, stored).await?;
        if advanced.send.is_some() {
            let gateway = self.clone();
            let onwards = async move {
                if let Err(stopped) = gateway.drive(advanced, InHand::default()).await {
                    tracing::error!(payment = %of.payment, cause = %stopped, "payment stopped after its authentication");
                }
            };
            self.spawn_flow(onwards);
        }
        Ok(())
    }
}

fn refusal(fault: &Faulty) -> Vec<u8> {
    tracing::warn!(%fault, "faulty message at the results receiver");
    fault
        .to_erro(Component::Server, &Version::ALL)
        .and_then(|erro| receive::erro_body(&erro).ok())
        .unwrap_or_default()
}
