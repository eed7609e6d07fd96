//! Holds that declined attempts left: each is released by itself, and looked at until it is, while its payment goes on
//! without it.

use super::reversal::TakingBack;
use crate::{fault::Fault, gateway::Gateway};
use acquiring::{ChargeKind, ReversalAnswer};
use payments::hold::{Hold, HoldState, ReleasedBy};
use store::holds::HeldFor;

impl Gateway {
    /// Tries to release a hold, and records what came of it.
    pub(super) async fn release(&self, HeldFor { merchant, hold }: HeldFor) -> Result<(), Fault> {
        let known = match &hold.released_by {
            ReleasedBy::Void { processor_reference } => Some(processor_reference.as_str()),
            ReleasedBy::Reversal | ReleasedBy::Nothing => None,
        };
        let charge = TakingBack {
            merchant,
            payment: hold.payment,
            attempt: hold.attempt,
            connection: hold.connection,
            processor: &hold.processor,
            order_reference: &hold.order_reference,
            // Nothing of it was captured, whatever had been asked for.
            kind: ChargeKind::Authorization,
            charge_reference: &hold.reference,
            amount: hold.amount,
            sent_at: hold.sent_at,
        };
        let answer = match self.take_back(&charge, known).await {
            Ok(answer) => answer,
            Err(Fault::Missing(what)) => {
                tracing::warn!(attempt = %hold.attempt, what, "hold cannot be released");
                None
            }
            Err(fault) => return Err(fault),
        };
        let hold = hold.answered(self.limits(), answer.as_ref(), self.clock().now());
        log(&hold, answer.as_ref());
        metrics::counter!(
            "pasarela_holds_total", "processor" => hold.processor.clone(), "state" => hold.state.name()
        )
        .increment(1);
        self.store().hold_update(&HeldFor { merchant, hold }).await?;
        Ok(())
    }
}

fn log(hold: &Hold, answer: Option<&ReversalAnswer>) {
    let attempt = hold.attempt;
    match (hold.state, answer) {
        (HoldState::Released, _) => tracing::info!(%attempt, "hold of a declined charge released"),
        (HoldState::Held { tries, .. }, Some(ReversalAnswer::Refused(decline))) => {
            let reason = decline.reason.as_str();
            tracing::warn!(%attempt, tries, reason, "release of a hold refused");
        }
        (HoldState::Held { tries, .. }, _) => {
            tracing::warn!(%attempt, tries, "hold of a declined charge not released yet");
        }
        (HoldState::GivenUp, _) => {
            tracing::error!(%attempt, "hold of a declined charge could not be released: it is left to run out");
        }
    }
}

#[cfg(test)]
mod tests;
