//! What processors tell us of their own accord: verified, taken in, and only then noted as heard.
//!
//! Nothing may be lost here and nothing is done twice. A notice is noted once it has been taken in, so that one whose
//! taking in failed is told again and believed; and what it says is news like the answer to an inquiry, which means nothing
//! the second time. The notes only spare us the work.

use super::{advance::Advanced, charge::attempt_of, in_hand::InHand, settle::settlement_of};
use crate::{
    configuration::connection_of,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use acquiring::{
    About, InquiryAnswer, Notice, NotificationRefused, ReversalAnswer, Says, SettlementInquiryAnswer,
};
use aws_lc_rs::digest::{SHA256, digest};
use payments::{
    News, Order, Outgoing,
    settlement::{SettlementNews, SettlementState},
};
use primitives::{Id, id::kind};
use std::time::Duration;
use store::{orders::PaymentKey, processor_notices::TakenNotice, settlements::SettlementKey};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

/// How long a notification waits for the answer that it overtook. Processors wait for about ten seconds themselves before
/// they count a notification as not taken.
const SENDER_HAS: Duration = Duration::from_secs(5);
/// How long what was heard is remembered; the longest a processor goes on repeating is 30 days.
pub(crate) const NOTICES_KEPT: time::Duration = time::Duration::days(60);

/// A notification as it came, before anything in it is believed.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The processor that the address names.
    pub processor_name: String,
    /// The connection that the address names.
    pub connection: Id<kind::Connection>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why a notification was not taken.
#[derive(Debug, Error)]
pub enum NotTaken {
    /// There is no such connection of that processor.
    #[error("no such connection")]
    NoSuchConnection,
    #[error(transparent)]
    Refused(#[from] NotificationRefused),
    /// Our own fault: it is to be told again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What became of one notice, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It was news, or could have been.
    In,
    /// It was heard before.
    Known,
    /// It speaks of nothing that was sent over this connection.
    NotOurs,
    /// It changes no payment.
    Aside,
}

impl Taken {
    fn as_str(self) -> &'static str {
        match self {
            Taken::In => "taken",
            Taken::Known => "repeated",
            Taken::NotOurs => "not_ours",
            Taken::Aside => "aside",
        }
    }
}

impl Gateway {
    /// Takes in what a processor tells. Answers the receipt to reply with, once all of it is recorded.
    pub async fn notification_received(&self, notification: Notification) -> Result<&'static str, NotTaken> {
        let connection = notification.connection;
        let merchant = self
            .store()
            .connection_owner(connection)
            .await
            .map_err(Fault::from)?
            .ok_or(NotTaken::NoSuchConnection)?;
        let profile = self.configuration().profile(merchant).await?;
        let account = profile
            .as_ref()
            .and_then(|profile| connection_of(profile, connection))
            .filter(|known| known.connection.processor_name == notification.processor_name)
            .map(|known| known.account.clone())
            .ok_or(NotTaken::NoSuchConnection)?;
        let processor = self
            .processors()
            .get(notification.processor_name.as_str())
            .ok_or(NotTaken::NoSuchConnection)?;
        let moment = self.clock().moment();
        let notices = processor.notification(&account, &notification.headers, &notification.body, moment)?;
        let receipt = processor.notification_receipt();
        let (gateway, name) = (self.clone(), processor.name());
        // Goes on to the end even if the processor does not wait for it.
        let taking = async move {
            for notice in notices {
                gateway.take_notice(merchant, connection, name, notice).await?;
            }
            Ok(())
        };
        let taken: Result<(), Stopped> = self.spawn_flow(taking).await.map_err(Fault::from)?;
        match taken {
            Ok(()) => Ok(receipt),
            Err(Stopped::Fault(fault)) => Err(fault.into()),
            Err(Stopped::Refused(refusal)) => {
                tracing::error!(%connection, %refusal, "news from a processor was refused");
                Err(Fault::Missing("a decision").into())
            }
        }
    }

    /// Takes in one notice and notes that it was heard.
    async fn take_notice(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        processor: &'static str,
        notice: Notice,
    ) -> Result<(), Stopped> {
        let about = word(&notice.about);
        let mut identity = [0; 32];
        identity.copy_from_slice(digest(&SHA256, notice.identity.as_bytes()).as_ref());
        let taken = if self.store().notice_is_known(connection, &identity).await? {
            Taken::Known
        } else {
            let taken = self.take_news(merchant, connection, notice.about).await?;
            self.store()
                .notice_insert(TakenNotice {
                    connection,
                    identity,
                    about,
                    received_at: self.clock().now(),
                })
                .await?;
            taken
        };
        tracing::info!(%connection, about, taken = taken.as_str(), "notice from a processor");
        metrics::counter!(
            "pasarela_notices_total", "processor" => processor, "about" => about, "taken" => taken.as_str()
        )
        .increment(1);
        Ok(())
    }

    async fn take_news(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        about: About,
    ) -> Result<Taken, Stopped> {
        match about {
            About::Charge { reference, says } => {
                let found = self
                    .store()
                    .attempt_by_reference(merchant, connection, &reference)
                    .await?;
                let Some((of, attempt)) = found else {
                    return Ok(Taken::NotOurs);
                };
                self.charge_told(of, attempt, says).await?;
                Ok(Taken::In)
            }
            About::Reversal {
                charge_reference,
                done,
            } => {
                let found = self
                    .store()
                    .attempt_by_reference(merchant, connection, &charge_reference)
                    .await?;
                let Some((of, attempt)) = found else {
                    return Ok(Taken::NotOurs);
                };
                let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
                let news = News::ReversalAnswered {
                    attempt,
                    asked_at: self.clock().now(),
                    answer: done.then_some(ReversalAnswer::Reversed),
                };
                let advanced = self.report(order, news).await?;
                self.onwards(of, advanced);
                Ok(Taken::In)
            }
            About::Expiry { charge_reference } => {
                let found = self
                    .store()
                    .attempt_by_reference(merchant, connection, &charge_reference)
                    .await?;
                let Some((of, attempt)) = found else {
                    return Ok(Taken::NotOurs);
                };
                let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
                self.report_settlement(order, SettlementNews::Expired { attempt })
                    .await?;
                Ok(Taken::In)
            }
            About::Settlement {
                kind,
                reference,
                processor_reference,
                says,
            } => {
                let found = match &reference {
                    Some(reference) => {
                        self.store()
                            .settlement_by_reference(merchant, connection, reference)
                            .await?
                    }
                    None => None,
                };
                // Not every processor repeats our reference, and what it calls one may be its own.
                let found = match (found, &processor_reference) {
                    (None, Some(named)) => {
                        self.store()
                            .settlement_by_processor_reference(merchant, connection, kind, named)
                            .await?
                    }
                    (found, _) => found,
                };
                let Some(key) = found else {
                    return Ok(Taken::NotOurs);
                };
                self.settlement_told(key, says).await?;
                Ok(Taken::In)
            }
            About::Other(event) => {
                tracing::info!(%connection, event, "a processor tells something that changes no payment");
                Ok(Taken::Aside)
            }
        }
    }

    /// The processor says what became of a charge, or that there is news of it.
    async fn charge_told(
        &self,
        of: PaymentKey,
        attempt: Id<kind::Attempt>,
        says: Says<InquiryAnswer>,
    ) -> Result<(), Stopped> {
        let order = self.when_answered(of, |order| is_sending(order, attempt)).await?;
        let advanced = match says {
            // One that is still being sent has somebody who hears its answer, or dies and leaves it to the recovery.
            Says::AskAgain if is_sending(&order, attempt) || !is_awaited(&order, attempt) => return Ok(()),
            Says::AskAgain => Advanced {
                order,
                send: Some(Outgoing::Inquire { attempt }),
            },
            // Says nothing that the sender will not.
            Says::Outcome(InquiryAnswer::Pending | InquiryAnswer::NotFound)
                if is_sending(&order, attempt) =>
            {
                return Ok(());
            }
            Says::Outcome(answer) => {
                let order = if is_sending(&order, attempt) {
                    // Its answer does not come, but what became of it is known: it counts as one whose answer is lost,
                    // so that nobody takes another route meanwhile. Should the answer still come, it says nothing new.
                    self.report(order, News::Silence { attempt }).await?.order
                } else {
                    order
                };
                let news = News::Inquired {
                    attempt,
                    asked_at: self.clock().now(),
                    answer: Some(answer),
                };
                self.report(order, news).await?
            }
        };
        self.onwards(of, advanced);
        Ok(())
    }

    /// The processor says what became of a capture, void or refund, or that there is news of it.
    async fn settlement_told(
        &self,
        SettlementKey { of, settlement }: SettlementKey,
        says: Says<SettlementInquiryAnswer>,
    ) -> Result<(), Stopped> {
        let is_sending = |order: &Order| {
            settlement_of(order, settlement)
                .is_some_and(|(_, _, current)| current.state == SettlementState::Sending)
        };
        let order = self.when_answered(of, is_sending).await?;
        let advanced = match says {
            // One that is still being sent has somebody who hears its answer, or dies and leaves it to the recovery.
            Says::AskAgain if is_sending(&order) => return Ok(()),
            Says::AskAgain => Advanced {
                order,
                send: Some(Outgoing::InquireSettlement { settlement }),
            },
            Says::Outcome(answer) => {
                let news = SettlementNews::Inquired {
                    settlement,
                    asked_at: self.clock().now(),
                    answer: Some(answer),
                };
                self.report_settlement(order, news).await?
            }
        };
        self.onwards(of, advanced);
        Ok(())
    }

    /// Reads the order once what a notification speaks of is no longer being sent: a notification may be faster than the
    /// answer it belongs to, and the answer says more. Waits no longer than the processor does.
    async fn when_answered(
        &self,
        of: PaymentKey,
        is_sending: impl Fn(&Order) -> bool,
    ) -> Result<Order, Stopped> {
        let deadline = Instant::now() + SENDER_HAS;
        let watcher = self.watch().wait_for(of.order);
        loop {
            let changed = watcher.changed();
            let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
            if !is_sending(&order) {
                return Ok(order);
            }
            if timeout_at(deadline, changed).await.is_err() {
                return self.reload(of.merchant, of.order, Some(of.payment)).await;
            }
        }
    }

    /// Sends what the news asks to be sent, behind the receipt: it is recorded, so that the recovery would do it too.
    fn onwards(&self, of: PaymentKey, advanced: Advanced) {
        if advanced.send.is_none() {
            return;
        }
        let gateway = self.clone();
        self.spawn_flow(async move {
            if let Err(stopped) = gateway.drive(advanced, InHand::default()).await {
                tracing::error!(payment = %of.payment, cause = %stopped, "payment stopped after a notification");
            }
        });
    }
}

/// Whether somebody is sending that attempt, or died doing so.
fn is_sending(order: &Order, attempt: Id<kind::Attempt>) -> bool {
    attempt_of(order).is_some_and(|(_, current)| current.id == attempt && !current.is_open())
}

/// Whether what became of that attempt is asked for, or watched for.
fn is_awaited(order: &Order, attempt: Id<kind::Attempt>) -> bool {
    attempt_of(order).is_some_and(|(_, current)| current.id == attempt)
}

/// What a notice is about, in a word.
fn word(about: &About) -> &'static str {
    match about {
        About::Charge { .. } => "charge",
        About::Settlement { kind, .. } => kind.as_str(),
        About::Reversal { .. } => "reversal",
        About::Expiry { .. } => "expiry",
        About::Other(_) => "other",
    }
}
