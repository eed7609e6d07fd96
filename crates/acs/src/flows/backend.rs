//! What an issuer's backend is asked besides delivering, and what it is told.

use primitives::Secret;
use std::time::Duration;
use tokio::task::JoinSet;

use crate::identifiers::{ConsumerId, IssuerId};
use crate::issuer_backend::{Backend, ConsumerInfo};
use crate::policy::Policy;
use crate::service::{Acs, Rounds};
use crate::sms::telemetry;
use crate::store::notices::{self, LeasedNotice, NoticeVerdict};
use crate::store::{StoreError, issuers};

/// How long a look-up of a cardholder may take: somebody waits for a page.
const LOOK_UP_LIMIT: Duration = Duration::from_millis(1_500);
/// How long a notice may take.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);
/// How long a notice stays ours.
const NOTICE_LEASE: Duration = Duration::from_secs(15);
/// Notices that are posted at the same time.
const NOTICES_AT_ONCE: u32 = 16;
/// Waits after the first failure, the second, …; after the last, a notice is given up.
const NOTICE_WAITS_SECONDS: [i64; 10] = [2, 10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400];

/// Why a backend's secret is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSecret {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not open, or is no text.
    #[error("it does not open")]
    Sealed,
}

/// What a backend's secret is sealed for.
pub(crate) fn backend_secret_context(issuer: &IssuerId) -> Vec<u8> {
    format!("backend secret of {issuer}").into_bytes()
}

impl Acs {
    /// What proves to an issuer's token URL who we are; `None` where the issuer gave nothing.
    pub(crate) async fn backend_secret(&self, issuer: &IssuerId) -> Result<Option<Secret<String>>, NoSecret> {
        let inner = self.inner();
        let Some(sealed) = issuers::backend_secret(&inner.store, issuer).await? else {
            return Ok(None);
        };
        let opened = inner
            .keys
            .open(&backend_secret_context(issuer), &sealed)
            .map_err(|_| NoSecret::Sealed)?;
        let text = String::from_utf8(opened.to_vec()).map_err(|_| NoSecret::Sealed)?;
        Ok(Some(text.into()))
    }

    /// Asks an issuer's backend for a cardholder's phone and language (Get consumer information), for issuers that keep phones
    /// themselves. `None` where there is no backend, where it does not know the cardholder, and where it does not answer
    /// within a second and a half.
    pub async fn consumer_at_backend(
        &self,
        issuer: &IssuerId,
        policy: &Policy,
        consumer: &ConsumerId,
    ) -> Option<ConsumerInfo> {
        let inner = self.inner();
        let settings = policy.backend.as_ref()?;
        let secret = match self.backend_secret(issuer).await {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!(%issuer, %error, "a backend's secret cannot be read");
                return None;
            }
        };
        let backend = Backend {
            client: &inner.client,
            tokens: &inner.tokens,
            issuer,
            settings,
            secret,
        };
        let correlation_id = inner.clock.nonce().to_string();
        match backend
            .consumer(consumer, &correlation_id, inner.clock.now(), LOOK_UP_LIMIT)
            .await
        {
            Ok(known) => known,
            Err(fault) => {
                tracing::warn!(%issuer, correlation_id, fault = fault.as_str(), "a cardholder could not be looked up");
                None
            }
        }
    }

    /// The worker that posts notices, until the service ends.
    pub(crate) async fn tell_issuers(self, mut rounds: Rounds) {
        let inner = self.inner();
        while rounds
            .next(&inner.wakes.notices, inner.settings.timers.poll)
            .await
        {
            // A round that was full is followed by another at once.
            while self.notices_round().await == NOTICES_AT_ONCE as usize {}
        }
    }

    /// Posts what is due; answers how many notices that were.
    async fn notices_round(&self) -> usize {
        let inner = self.inner();
        let now = inner.clock.now();
        let leased = match notices::lease(&inner.store, now, now + NOTICE_LEASE, NOTICES_AT_ONCE).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::warn!(%error, "notices cannot be read");
                return 0;
            }
        };
        let count = leased.len();
        let mut running = JoinSet::new();
        for notice in leased {
            let acs = self.clone();
            running.spawn(async move {
                if let Err(error) = acs.post_notice(&notice).await {
                    tracing::warn!(operation_id = %notice.operation_id, %error, "a notice is left to its lease");
                }
            });
        }
        while running.join_next().await.is_some() {}
        count
    }

    async fn post_notice(&self, notice: &LeasedNotice) -> Result<(), StoreError> {
        let inner = self.inner();
        let answer = self.try_notice(notice).await?;
        let now = inner.clock.now();
        let verdict = match answer {
            Ok(()) => NoticeVerdict::Told,
            Err(why) => match again_after(notice.attempt) {
                Some(wait) => NoticeVerdict::Again(now + wait, why),
                None => NoticeVerdict::GivenUp(why),
            },
        };
        telemetry::noticed(match verdict {
            NoticeVerdict::Told => "told",
            NoticeVerdict::Again(..) => "again",
            NoticeVerdict::GivenUp(_) => "given_up",
        });
        if let NoticeVerdict::GivenUp(why) = &verdict {
            tracing::warn!(issuer = %notice.issuer, operation_id = %notice.operation_id, why, "a notice was given up");
        }
        notices::record(&inner.store, notice, &verdict, now).await?;
        Ok(())
    }

    async fn try_notice(&self, notice: &LeasedNotice) -> Result<Result<(), String>, StoreError> {
        let inner = self.inner();
        let policy = issuers::load(&inner.store, &notice.issuer)
            .await?
            .map(|issuer| issuer.policy);
        let Some(settings) = policy.and_then(|policy| policy.backend) else {
            return Ok(Err("no_backend".to_owned()));
        };
        let secret = match self.backend_secret(&notice.issuer).await {
            Ok(secret) => secret,
            Err(NoSecret::Store(error)) => return Err(error),
            Err(NoSecret::Sealed) => return Ok(Err("no_secret".to_owned())),
        };
        let backend = Backend {
            client: &inner.client,
            tokens: &inner.tokens,
            issuer: &notice.issuer,
            settings: &settings,
            secret,
        };
        let now = inner.clock.now();
        Ok(backend
            .notify(
                &notice.card,
                notice.operation_id,
                &notice.document,
                now,
                NOTICE_LIMIT,
            )
            .await)
    }
}

/// How long to wait after attempt number `attempt` (from 1) has failed; `None` when it was the last.
fn again_after(attempt: u32) -> Option<time::Duration> {
    let at = usize::try_from(attempt.saturating_sub(1)).ok()?;
    NOTICE_WAITS_SECONDS
        .get(at)
        .map(|seconds| time::Duration::seconds(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_failure_is_the_last() {
        assert_eq!(again_after(1), Some(time::Duration::seconds(2)));
        assert_eq!(again_after(10), Some(time::Duration::days(1)));
        assert_eq!(again_after(11), None);
    }
}
