//! What one leased delivery goes through: keys, message, POST, verdict.

use crate::{
    Clock,
    deliver::Sender,
    ending::{AttemptCode, Ending},
    message::Message,
    settings::{DispatcherSettings, KEYS_WITHIN},
    sign::SigningKeySet,
};
use async_trait::async_trait;
use primitives::{Id, id::kind};
use std::{
    error::Error as StdError,
    sync::Arc,
    time::{Duration, Instant},
};
use store::deliveries::{AttemptReport, LeasedDelivery, Verdict};
use thiserror::Error;
use time::OffsetDateTime;

/// How long a delivery waits when it is we who cannot send it.
const POSTPONED_BY: Duration = Duration::from_secs(30);

/// Where signing keys come from. Asked for every attempt, so an implementation keeps them in memory.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// The keys that a merchant's webhooks are signed with now: those to one of its endpoints, or to its own URLs.
    async fn signing_keys(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
    ) -> Result<SigningKeySet, SigningKeysError>;
}

/// Why there is nothing to sign with. Deliveries wait until there is, however long that takes.
#[derive(Debug, Error)]
pub enum SigningKeysError {
    #[error("the merchant is not known")]
    UnknownMerchant,
    #[error("the merchant's keys cannot be had: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

/// An attempt that has ended.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) leased: Arc<LeasedDelivery>,
    pub(crate) verdict: Verdict,
    pub(crate) ending: Ending,
    pub(crate) begun_at: OffsetDateTime,
    pub(crate) ended_at: OffsetDateTime,
    /// From the first byte to the last, or to giving up.
    pub(crate) latency: Duration,
}

impl Attempted {
    pub(crate) fn into_report(self) -> AttemptReport {
        AttemptReport {
            leased: self.leased,
            verdict: self.verdict,
            code: self.ending.code.as_str(),
            http_status: self.ending.http_status,
            body: self.ending.body,
            begun_at: self.begun_at,
            ended_at: self.ended_at,
        }
    }
}

/// What all attempts of a dispatcher share.
pub(crate) struct Attempts {
    pub(crate) sender: Sender,
    pub(crate) keys: Arc<dyn SigningKeys>,
    pub(crate) clock: Clock,
    pub(crate) settings: DispatcherSettings,
}

impl Attempts {
    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)().now
    }

    /// Makes the attempt that the lease is for.
    pub(crate) async fn make(&self, leased: Arc<LeasedDelivery>) -> Attempted {
        let Some(keys) = self.keys_of(&leased).await else {
            return self.postponed(leased);
        };
        let begun_at = self.now();
        let message = match Message::compose(&leased, &keys, begun_at) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(merchant = %leased.merchant, event = %leased.event, %error, "webhook cannot be composed");
                return self.postponed(leased);
            }
        };
        let begun = Instant::now();
        let ending = self.sender.send(&leased.url, message, &keys, begun_at).await;
        self.judged(leased, ending, begun_at, begun.elapsed())
    }

    async fn keys_of(&self, leased: &LeasedDelivery) -> Option<SigningKeySet> {
        let keys = self.keys.signing_keys(leased.merchant, leased.endpoint);
        match tokio::time::timeout(KEYS_WITHIN, keys).await {
            Ok(Ok(keys)) => Some(keys),
            Ok(Err(error)) => {
                tracing::error!(merchant = %leased.merchant, event = %leased.event, %error, "no keys to sign a webhook with");
                None
            }
            Err(_) => {
                tracing::error!(merchant = %leased.merchant, event = %leased.event, "keys to sign a webhook with took too long");
                None
            }
        }
    }

    /// Nothing was sent, and not for the receiver's fault.
    fn postponed(&self, leased: Arc<LeasedDelivery>) -> Attempted {
        let now = self.now();
        Attempted {
            leased,
            verdict: Verdict::PostponedTo(now + POSTPONED_BY),
            ending: Ending::unanswered(AttemptCode::NotSigned),
            begun_at: now,
            ended_at: now,
            latency: Duration::ZERO,
        }
    }

    /// The attempt was begun, and we do not wait for its end: another process may begin the next at once.
    pub(crate) fn interrupted(&self, leased: Arc<LeasedDelivery>) -> Attempted {
        let now = self.now();
        Attempted {
            leased,
            verdict: Verdict::RetryAt(now),
            ending: Ending::unanswered(AttemptCode::Interrupted),
            begun_at: now,
            ended_at: now,
            latency: Duration::ZERO,
        }
    }

    fn judged(
        &self,
        leased: Arc<LeasedDelivery>,
        ending: Ending,
        begun_at: OffsetDateTime,
        latency: Duration,
    ) -> Attempted {
        let ended_at = self.now();
        let verdict = match ending.code {
            AttemptCode::Delivered => Verdict::Delivered,
            // What is gone does not come back for another attempt.
            AttemptCode::Gone => Verdict::GivenUp,
            _ => self.retried(&leased, &ending, ended_at),
        };
        Attempted {
            leased,
            verdict,
            ending,
            begun_at,
            ended_at,
            latency,
        }
    }

    fn retried(&self, leased: &LeasedDelivery, ending: &Ending, now: OffsetDateTime) -> Verdict {
        // The random half of the event's UUID spreads the retries of events that failed together, the queue's those of
        // one event to several receivers.
        let random = |id: uuid::Uuid| id.as_u64_pair().1;
        let chance = random(leased.event.uuid()) ^ random(leased.queue) ^ u64::from(leased.attempt);
        match self
            .settings
            .schedule
            .delay(leased.attempt, chance, ending.retry_after)
        {
            Some(delay) => Verdict::RetryAt(now + delay),
            None => Verdict::GivenUp,
        }
    }
}
