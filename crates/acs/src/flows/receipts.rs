//! What providers tell of messages that they have taken.

use std::sync::PoisonError;

use crate::service::{Acs, Rounds};
use crate::sms::ladder::DeliveryStatus;
use crate::sms::provider::Receipt;
use crate::sms::telemetry;
use crate::store::StoreError;
use crate::store::deliveries::Heard;
use crate::store::provider_health::{self, Counted};

impl Acs {
    /// Takes a receipt in: late, twice, out of order, or before the message it is of is known. Whatever it comes to, the
    /// provider has done its part when this answers.
    ///
    /// # Errors
    /// When the database does not answer: the provider should tell again.
    pub async fn receipt(&self, receipt: Receipt) -> Result<Heard, StoreError> {
        let inner = self.inner();
        let heard = inner.store.receipt_take(&receipt).await?;
        match &heard {
            Heard::Unclaimed => telemetry::heard(&receipt.provider, "unclaimed"),
            Heard::Stale => telemetry::heard(&receipt.provider, "stale"),
            Heard::Climbed(climbed) => {
                let took = climbed.accepted_at.map(|at| receipt.at - at);
                telemetry::arrived(&receipt.provider, climbed.status, took);
                let counted = match climbed.status {
                    DeliveryStatus::Delivered => Some(Counted::Delivered(took.unwrap_or_default())),
                    DeliveryStatus::Undelivered | DeliveryStatus::Failed | DeliveryStatus::Expired => {
                        Some(Counted::Undelivered)
                    }
                    DeliveryStatus::Queued
                    | DeliveryStatus::Accepted
                    | DeliveryStatus::Sent
                    | DeliveryStatus::Unknown => None,
                };
                if let Some(counted) = counted {
                    let prefix = climbed.prefix.as_deref();
                    provider_health::count(&inner.store, &receipt.provider, prefix, counted, receipt.at)
                        .await?;
                }
                // It may have left something to be told.
                inner.wakes.news.notify_one();
            }
        }
        Ok(heard)
    }

    /// The worker for receipts that come over connections of ours, until the service ends.
    pub(crate) async fn take_receipts(self, mut rounds: Rounds) {
        let place = &self.inner().receipts;
        let taken = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut receipts) = taken else {
            return;
        };
        let nobody_rings = tokio::sync::Notify::new();
        let pause = self.inner().settings.timers.poll;
        loop {
            tokio::select! {
                biased;
                receipt = receipts.recv() => {
                    let Some(receipt) = receipt else { return };
                    self.take_receipt(receipt).await;
                }
                goes_on = rounds.next(&nobody_rings, pause) => if !goes_on { return },
            }
        }
    }

    /// Takes one in however often the database has to be asked, for nobody will tell it again.
    async fn take_receipt(&self, receipt: Receipt) {
        for _ in 0..RETRIES_MAX {
            match self.receipt(receipt.clone()).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(provider = receipt.provider, %error, "a receipt could not be taken in");
                    tokio::time::sleep(self.inner().settings.timers.poll).await;
                }
            }
        }
    }
}

/// How often the database is asked to take a receipt in before it is lost.
const RETRIES_MAX: usize = 30;
