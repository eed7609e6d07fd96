//! Recovery: whatever somebody must look at again, because its time has come or its process died.
//!
//! There is one queue for payments: each recorded step says when its payment is to be looked at again, should nothing
//! else happen. What a declined attempt left held stands in a queue of its own, since its payment does not wait for it.

use super::{advance::Advanced, in_hand::InHand, notifications::NOTICES_KEPT};
use crate::{
    authenticator::Look,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use payments::{
    News, Order, PaymentState,
    decide::{ChargeDue, charge_due},
    payment::AuthenticationStage,
    retry_limits::COUNTED_FOR,
};
use store::orders::PaymentKey;
use time::Duration;
use tokio::task::JoinSet;

/// How many payments one process looks at at the same time.
const BATCH: i64 = 32;
/// How long a process has for one look; longer than any exchange with the outside.
const LEASE: Duration = Duration::seconds(90);
/// The longest sleep between two looks at the queue, in case a wake-up was missed.
const POLL: std::time::Duration = std::time::Duration::from_secs(5);
/// How old a capture, void or refund without an end is when it counts as overdue: its processor would have told by now.
const SETTLEMENT_OVERDUE: Duration = Duration::days(1);
/// For how long a hold that could not be released counts: by then it has run out.
const HOLDS_SHOWN: Duration = Duration::days(30);
/// How long idempotency keys are kept.
const KEYS_KEPT: Duration = Duration::days(30);
/// How long operators see what DirectLink shops were told.
const FEEDBACK_KEPT: Duration = Duration::days(30);
/// How long the card of an order that nobody tried to pay waits for somebody to: longer than any call takes.
const PROPOSED_KEPT: Duration = Duration::hours(1);

impl Gateway {
    /// Works on the queue until the process ends.
    pub async fn recover_forever(self) {
        loop {
            match self.recover_due().await {
                Ok(0) => self.sleep_until_due().await,
                Ok(_) => {}
                Err(fault) => {
                    fault.logged();
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Looks at everything that is due now. Answers how much that was.
    pub async fn recover_due(&self) -> Result<usize, Fault> {
        let now = self.clock().now();
        let due = self.store().payments_take_due(now, now + LEASE, BATCH).await?;
        let holds = self.store().holds_take_due(now, now + LEASE, BATCH).await?;
        let count = due.len() + holds.len();
        let mut looks = JoinSet::new();
        for held in holds {
            let (gateway, attempt) = (self.clone(), held.hold.attempt);
            looks.spawn(async move {
                if let Err(fault) = gateway.release(held).await {
                    // It keeps its lease, so it is looked at again when that ends.
                    tracing::error!(%attempt, cause = %fault, "release of a hold failed");
                }
            });
        }
        for payment in due {
            let gateway = self.clone();
            looks.spawn(async move {
                if let Err(stopped) = gateway.look_again(payment).await {
                    // The payment keeps its lease, so it is looked at again when that ends.
                    tracing::error!(payment = %payment.payment, cause = %stopped, "look at a payment failed");
                }
            });
        }
        while let Some(ended) = looks.join_next().await {
            // One that broke must not break off the others, some of which may be sending.
            if let Err(error) = ended {
                tracing::error!(cause = %error, "look at a payment broke");
            }
        }
        Ok(count)
    }

    /// Clears what is kept for a limited time only.
    pub async fn sweep(&self) -> Result<(), Fault> {
        let now = self.clock().now();
        let codes = self.store().security_codes_sweep(now).await?;
        let keys = self.store().idempotency_keys_prune(now - KEYS_KEPT).await?;
        let notices = self.store().notices_prune(now - NOTICES_KEPT).await?;
        let declines = self.store().card_declines_prune(now - COUNTED_FOR).await?;
        let feedback = self.store().feedback_prune(now - FEEDBACK_KEPT).await?;
        let proposed = self.store().directlink_aliases_prune(now - PROPOSED_KEPT).await?;
        if codes + keys + notices + declines + feedback + proposed > 0 {
            tracing::info!(
                security_codes = codes,
                idempotency_keys = keys,
                notices,
                card_declines = declines,
                feedback,
                proposed_cards = proposed,
                "cleared what had outlived its time"
            );
        }
        metrics::gauge!("pasarela_recovery_queue").set(gauge(self.store().payments_due_count(now).await?));
        let settlements = self.store().settlements_open(now - SETTLEMENT_OVERDUE).await?;
        metrics::gauge!("pasarela_settlements_overdue").set(gauge(settlements.overdue));
        metrics::gauge!("pasarela_settlements_contradicted").set(gauge(settlements.contradicted));
        let given_up = self.store().holds_given_up(now - HOLDS_SHOWN).await?;
        metrics::gauge!("pasarela_holds_given_up").set(gauge(given_up));
        Ok(())
    }

    async fn sleep_until_due(&self) {
        let now = self.clock().now();
        let payment = self.store().payments_next_due_at(now).await.ok().flatten();
        let hold = self.store().holds_next_due_at(now).await.ok().flatten();
        let wait = match payment.into_iter().chain(hold).min() {
            Some(at) => std::time::Duration::try_from(at - now)
                .unwrap_or_default()
                .min(POLL),
            None => POLL,
        };
        self.recovery_woken_within(wait).await;
    }

    async fn look_again(&self, key: PaymentKey) -> Result<(), Stopped> {
        let order = self.reload(key.merchant, key.order, Some(key.payment)).await?;
        let Some(payment) = &order.payment else {
            return Ok(());
        };
        let advanced = match &payment.state {
            PaymentState::Authenticating(current) => {
                // At the deadline too: what has come to pass by then counts.
                if Box::pin(self.look_for_results(current.authentication)).await? == Look::Settled {
                    return Ok(());
                }
                let over = self.page_is_over(current);
                match &current.stage {
                    _ if over => self.expire_authentication(order).await?,
                    AuthenticationStage::Requesting => self.restart_authentication(order).await?,
                    AuthenticationStage::WithCardholder | AuthenticationStage::Decoupled(_) => {
                        Advanced { order, send: None }
                    }
                }
            }
            PaymentState::Authorizing(_) | PaymentState::Closed(_) => match charge_due(&order) {
                Some(ChargeDue::Silent { attempt }) => self.report(order, News::Silence { attempt }).await?,
                Some(ChargeDue::Overdue { attempt }) => self.report(order, News::Overdue { attempt }).await?,
                Some(ChargeDue::Send(outgoing)) => Advanced {
                    order,
                    send: Some(outgoing),
                },
                None => Advanced { order, send: None },
            },
            PaymentState::Authorized(_) => return Box::pin(self.look_at_settlements(order)).await,
        };
        self.drive(advanced, InHand::default()).await.map(|_: Order| ())
    }
}

/// Gauges are floats in the metrics' own world; counts of rows are far from where that loses anything.
#[allow(clippy::cast_precision_loss, reason = "a count for a graph")]
fn gauge(count: i64) -> f64 {
    count as f64
}
