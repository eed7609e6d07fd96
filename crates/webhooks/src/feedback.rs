//! Tells the servers of DirectLink shops how their payments ended, and what became of them later (ogone-directlink.md,
//! section 9.3).
//!
//! A message is a row that the change's own transaction wrote. It is taken under a lease, so that any number of processes
//! share the work and none is lost with one of them; a process that dies between sending and recording leaves it to be sent
//! once more. Which address it goes to, and whether in a query or as a form, is the account's choice at the time of sending
//! ([`target`]). What the shop's server answers does not matter beyond its status. How many go to one account at once has a limit
//! ([`under_way`]), so that a shop whose server hangs does not keep the others from being told.

pub(crate) mod target;
mod under_way;

use crate::{
    deliver::Sender,
    dispatcher::{CannotStart, Clock},
    ending::AttemptCode,
    settings::{DispatcherSettings, KEYS_WITHIN},
    telemetry,
};
use async_trait::async_trait;
use payments::directlink::{Facts, signature::Hash};
use primitives::{Id, Secret, id::kind};
use std::{error::Error as StdError, future::Future, pin, sync::Arc, time::Duration};
use store::{
    Store, StoreError,
    directlink::{
        accounts::PostSale,
        feedback::{FeedbackReport, FeedbackVerdict, LeasedFeedback},
    },
};
use target::NoRequest;
use thiserror::Error;
use time::OffsetDateTime;
use tokio::{sync::Notify, time::Instant};
use under_way::UnderWay;
use uuid::Uuid;

/// How often a message is repeated.
const REPEATS: u32 = 4;
/// How long a message waits when it is we who cannot send it.
const POSTPONED_BY: Duration = Duration::from_secs(30);
/// The shortest sleep: what is due may be in the hands of another process that is just taking it.
const SPIN: Duration = Duration::from_millis(50);
/// What nothing was sent for is called.
const NO_URL: &str = "no_url";
/// What is postponed is called.
const NO_ACCOUNT: &str = "no_account";

/// What of an account says where and how its shop is told.
#[derive(Debug, Clone)]
pub struct FeedbackAccount {
    pub post_sale: PostSale,
    pub hash: Hash,
    /// What messages are signed with; absent: they go without.
    pub sha_out: Option<Secret<String>>,
}

/// Where accounts come from. Asked for every attempt, so an implementation keeps them in memory.
#[async_trait]
pub trait FeedbackAccounts: Send + Sync {
    /// The account of that name, whether or not it may still be used: what was begun is told.
    async fn feedback_account(&self, pspid: &str) -> Result<FeedbackAccount, NoAccount>;
}

/// Why there is no account. Messages wait until there is, however long that takes.
#[derive(Debug, Error)]
pub enum NoAccount {
    #[error("the account is not known")]
    Unknown,
    #[error("the account cannot be had: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    #[error("the account took too long")]
    TookTooLong,
}

/// Wakes a [`FeedbackSender`] when there may be something to send.
#[derive(Debug, Clone, Default)]
pub struct FeedbackHandle(Arc<Notify>);

impl FeedbackHandle {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Sends feedback.
pub struct FeedbackSender {
    store: Store,
    sender: Sender,
    accounts: Arc<dyn FeedbackAccounts>,
    clock: Clock,
    lease: Duration,
    poll: Duration,
    measure: Duration,
    pause: Duration,
    owner: Uuid,
    handle: FeedbackHandle,
    attempted: Attempted,
}

/// Told of the order whose shop an attempt was made to tell.
pub type Attempted = Arc<dyn Fn(Id<kind::Order>) + Send + Sync>;

impl FeedbackSender {
    /// A sender that starts working when [`run`](Self::run). It goes by the settings of webhooks: which addresses may be
    /// called, how long an attempt and its lease may take, how often it looks, and the pause before a repeat.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        store: Store,
        settings: &DispatcherSettings,
        accounts: Arc<dyn FeedbackAccounts>,
        clock: Clock,
    ) -> Result<Self, CannotStart> {
        let sender = Sender::new(settings.url_policy, settings.attempt_timeout)?;
        let owner = clock().nonce;
        Ok(Self {
            store,
            sender,
            accounts,
            clock,
            lease: settings.lease,
            poll: settings.poll,
            measure: settings.measure,
            pause: settings.feedback_pause,
            owner,
            handle: FeedbackHandle::default(),
            attempted: Arc::new(|_| {}),
        })
    }

    /// Has somebody told of every attempt, once what came of it is recorded.
    #[must_use]
    pub fn telling(self, attempted: Attempted) -> Self {
        Self { attempted, ..self }
    }

    /// What wakes this sender.
    pub fn handle(&self) -> FeedbackHandle {
        self.handle.clone()
    }

    /// Works until `shutdown` is ready; what is on its way then finishes first.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin::pin!(shutdown);
        let this = Arc::new(self);
        let mut under_way = UnderWay::default();
        let mut measure_at = Instant::now();
        telemetry::describe_feedback();
        loop {
            if Instant::now() >= measure_at {
                measure_at = Instant::now() + this.measure;
                this.show_backlog().await;
            }
            let wait = match Self::begin_due(&this, &mut under_way).await {
                Ok(()) => this.until_next(&under_way).await,
                Err(error) => {
                    tracing::warn!(cause = %error, "feedback cannot be taken; trying again");
                    this.poll
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(()) = under_way.ended() => {}
                () = this.handle.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = tokio::time::sleep_until(measure_at) => {}
            }
        }
        while let Some(()) = under_way.ended().await {}
    }

    /// Begins to send what is due now, as far as there is room.
    async fn begin_due(this: &Arc<Self>, under_way: &mut UnderWay) -> Result<(), StoreError> {
        // What is taken makes room for others: those that were behind many of an account that may have no more now.
        while let Some(room) = under_way.room() {
            let now = this.now();
            let leased = this
                .store
                .feedback_lease(this.owner, now, now + this.lease, &room)
                .await?;
            if leased.is_empty() {
                break;
            }
            for leased in leased {
                let this = Arc::clone(this);
                let pspid = leased.payment.pspid.clone();
                under_way.begin(pspid, async move { this.send(&leased).await });
            }
        }
        Ok(())
    }

    async fn send(&self, leased: &LeasedFeedback) {
        let (then, code, http_status) = self.attempt(leased).await;
        let report = FeedbackReport {
            id: leased.id,
            attempt: leased.attempt,
            then,
            code,
            http_status,
        };
        tracing::info!(
            pspid = leased.payment.pspid,
            payid = leased.payment.payid,
            status = leased.telling.status,
            attempt = leased.attempt,
            code,
            http_status,
            "feedback sent"
        );
        metrics::counter!("pasarela_directlink_feedback_total", "code" => code).increment(1);
        if let Err(error) = self.store.feedback_record(self.owner, &report, self.now()).await {
            // The lease runs out, and the message is sent once more; the shop takes the second for the first.
            tracing::warn!(cause = %error, "what came of feedback could not be recorded");
        }
        (self.attempted)(leased.payment.order);
    }

    async fn attempt(&self, leased: &LeasedFeedback) -> (FeedbackVerdict, &'static str, Option<u16>) {
        let request = match self.account(&leased.payment.pspid).await {
            Ok(account) => target::request(&account, leased, &facts(leased)),
            Err(error) => {
                tracing::error!(pspid = leased.payment.pspid, %error, "no account to send feedback for");
                let postponed = FeedbackVerdict::Postponed(self.now() + POSTPONED_BY);
                return (postponed, NO_ACCOUNT, None);
            }
        };
        let (code, http_status) = match request {
            Ok(request) => self.sender.hand_over(&request).await,
            Err(NoRequest::NoUrl) => return (FeedbackVerdict::NoUrl, NO_URL, None),
            Err(NoRequest::UnusableUrl) => (AttemptCode::UnusableUrl, None),
        };
        let then = match code {
            AttemptCode::Delivered => FeedbackVerdict::Delivered,
            _ if leased.attempt <= REPEATS => FeedbackVerdict::Again(self.now() + self.pause),
            _ => FeedbackVerdict::GivenUp,
        };
        (then, code.as_str(), http_status)
    }

    async fn account(&self, pspid: &str) -> Result<FeedbackAccount, NoAccount> {
        tokio::time::timeout(KEYS_WITHIN, self.accounts.feedback_account(pspid))
            .await
            .unwrap_or(Err(NoAccount::TookTooLong))
    }

    /// How long to sleep, should nothing happen.
    async fn until_next(&self, under_way: &UnderWay) -> Duration {
        let Some(room) = under_way.room() else {
            return self.poll;
        };
        let now = self.now();
        match self.store.feedback_next_due_at(now, &room).await {
            Ok(Some(at)) => Duration::try_from(at - now)
                .unwrap_or_default()
                .max(SPIN)
                .min(self.poll),
            Ok(None) | Err(_) => self.poll,
        }
    }

    async fn show_backlog(&self) {
        let now = self.now();
        match self.store.feedback_backlog(now).await {
            Ok(backlog) => telemetry::feedback_backlog(&backlog, now),
            Err(error) => tracing::warn!(%error, "waiting feedback cannot be measured"),
        }
    }

    fn now(&self) -> OffsetDateTime {
        (self.clock)().now
    }
}

/// What the request said. Facts that nobody can read any more, and there should be none, are as good as absent.
fn facts(leased: &LeasedFeedback) -> Facts {
    serde_json::from_value(leased.payment.facts.clone()).unwrap_or_else(|error| {
        tracing::error!(payid = leased.payment.payid, %error, "the facts of a DirectLink payment cannot be read");
        Facts::default()
    })
}
