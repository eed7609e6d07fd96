//! Challenges hear of their codes: that somebody carries one, that nobody does, that one may be lost.
//!
//! What is to be told is in the code's row until it has been told, so it is told at least once; a challenge makes nothing of
//! what it has heard before, or of a code that counts no more.

use emv3ds::AcsTransId;

use super::challenge::FlowError;
use crate::challenge::Event;
use crate::service::{Acs, Rounds};
use crate::store::deliveries::{News, ToTell};
use crate::store::{StoreError, issuers};

/// News that are read at once.
const AT_ONCE: u32 = 100;

impl Acs {
    /// The worker that tells what receipts brought, and what a process that died did not tell, until the service ends.
    pub(crate) async fn tell_challenges(self, mut rounds: Rounds) {
        let inner = self.inner();
        while rounds.next(&inner.wakes.news, inner.settings.timers.poll).await {
            if let Err(error) = self.tell_all().await {
                tracing::warn!(%error, "news of codes cannot be told");
            }
        }
    }

    async fn tell_all(&self) -> Result<(), StoreError> {
        for news in self.inner().store.deliveries_to_tell(AT_ONCE).await? {
            self.tell(&news).await;
        }
        Ok(())
    }

    /// Tells a challenge one thing of a code. Where that does not work, it is told again later.
    pub(crate) async fn tell(&self, news: &ToTell) {
        if let Err(error) = self.try_tell(news).await {
            tracing::warn!(
                acs_transaction = %news.id.acs_trans_id, generation = news.id.generation, news = news.news.as_str(), %error,
                "a challenge could not be told of its code"
            );
        }
    }

    async fn try_tell(&self, news: &ToTell) -> Result<(), FlowError> {
        let generation = news.id.generation;
        let event = match news.news {
            News::HandedOver => Some(Event::CodeHandedOver { generation }),
            News::NotSent => Some(Event::CodeNotSent { generation }),
            News::MaybeLost => Some(Event::CodeMaybeLost { generation }),
            News::Undelivered => self
                .has_another_carrier(news)
                .await?
                .then_some(Event::CodeUndelivered { generation }),
        };
        if let Some(event) = event {
            self.tell_challenge(news.id.acs_trans_id, event).await?;
        }
        self.inner().store.delivery_told(news).await?;
        Ok(())
    }

    async fn tell_challenge(&self, id: AcsTransId, event: Event) -> Result<(), FlowError> {
        match Box::pin(self.challenge_event(id, event)).await {
            // Nobody is there to be told.
            Err(FlowError::Unknown) => Ok(()),
            told => told,
        }
    }

    /// Whether there is somebody who has not been asked to carry a code of this challenge.
    async fn has_another_carrier(&self, news: &ToTell) -> Result<bool, StoreError> {
        let issuer = issuers::load(&self.inner().store, &news.issuer).await?;
        let policy = issuer.map(|issuer| issuer.policy).unwrap_or_default();
        let carriers = self.carriers(&policy);
        Ok(carriers.iter().any(|carrier| !news.asked.contains(&carrier.name)))
    }
}
