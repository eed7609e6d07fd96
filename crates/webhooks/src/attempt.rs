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
use std::{error::Error as StdError, sync::Arc, time::Duration};
use store::deliveries::{AttemptReport, LeasedDelivery, Verdict};
use thiserror::Error;
use time::OffsetDateTime;

/// How long a delivery waits when it is we who cannot send it.
const POSTPONED_BY: Duration = Duration::from_secs(30);

/// Where a merchant's signing keys come from. Asked for every attempt, so an implementation keeps them in memory.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// The keys that the merchant's webhooks are signed with now.
    async fn signing_keys(&self, merchant: Id<kind::Merchant>) -> Result<SigningKeySet, SigningKeysError>;
}

/// Why there is nothing to sign with. Deliveries wait until there is, however long that takes.
#[derive(Debug, Error)]
pub enum SigningKeysError {
    #[error("the merchant is not known")]
    UnknownMerchant,
    #[error("the merchant's keys cannot be had: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
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
    pub(crate) async fn make(&self, leased: &Arc<LeasedDelivery>) -> AttemptReport {
        let Some(keys) = self.keys_of(leased).await else {
            return self.postponed(leased);
        };
        let begun_at = self.now();
        let message = match Message::compose(leased, &keys, begun_at) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(merchant = %leased.merchant, event = %leased.event, %error, "webhook cannot be composed");
                return self.postponed(leased);
            }
        };
        let ending = self.sender.send(&leased.url, message, &keys, begun_at).await;
        self.judged(leased, ending, begun_at)
    }

    async fn keys_of(&self, leased: &LeasedDelivery) -> Option<SigningKeySet> {
        match tokio::time::timeout(KEYS_WITHIN, self.keys.signing_keys(leased.merchant)).await {
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
    fn postponed(&self, leased: &Arc<LeasedDelivery>) -> AttemptReport {
        let now = self.now();
        report(
            leased,
            Verdict::PostponedTo(now + POSTPONED_BY),
            Ending::unanswered(AttemptCode::NotSigned),
            now,
            now,
        )
    }

    /// The attempt was begun, and we do not wait for its end: another process may begin the next at once.
    pub(crate) fn interrupted(&self, leased: &Arc<LeasedDelivery>) -> AttemptReport {
        let now = self.now();
        report(
            leased,
            Verdict::RetryAt(now),
            Ending::unanswered(AttemptCode::Interrupted),
            now,
            now,
        )
    }

    fn judged(
        &self,
        leased: &Arc<LeasedDelivery>,
        ending: Ending,
        begun_at: OffsetDateTime,
    ) -> AttemptReport {
        let now = self.now();
        let verdict = if ending.code == AttemptCode::Delivered {
            Verdict::Delivered
        } else {
            // The random half of the event's UUID spreads the retries of deliveries that failed together.
            let chance = leased.event.uuid().as_u64_pair().1 ^ u64::from(leased.attempt);
            match self
                .settings
                .schedule
                .delay(leased.attempt, chance, ending.retry_after)
            {
                Some(delay) => Verdict::RetryAt(now + delay),
                None => Verdict::GivenUp,
            }
        };
        report(leased, verdict, ending, begun_at, now)
    }
}

fn report(
    leased: &Arc<LeasedDelivery>,
    verdict: Verdict,
    ending: Ending,
    begun_at: OffsetDateTime,
    ended_at: OffsetDateTime,
) -> AttemptReport {
    AttemptReport {
        leased: leased.clone(),
        verdict,
        code: ending.code.as_str(),
        http_status: ending.http_status,
        body: ending.body,
        begun_at,
        ended_at,
    }
}
