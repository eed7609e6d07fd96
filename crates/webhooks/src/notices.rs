//! Posts the results of decoupled authentications to the shops of the 3DS Server API (carat-3ds-server.md section 8).
//!
//! A notice is a form without a signature, told to one address and answered with HTTP 200 or tried again: five times in
//! all, with longer and longer pauses. It is a row that the result's own transaction wrote, taken under a lease, so that
//! any number of processes share the work and none is lost with one of them.

use crate::{
    deliver::Sender,
    dispatcher::{CannotStart, Clock},
    schedule::Schedule,
    settings::DispatcherSettings,
};
use std::{future::Future, pin, sync::Arc, time::Duration};
use store::{
    Store, StoreError,
    threeds_server::notices::{LeasedNotice, NoticeReport, NoticeVerdict},
};
use tokio::{sync::Notify, task::JoinSet};
use uuid::Uuid;

/// How often a notice is tried.
const TRIES: u32 = 5;
/// How many are sent at once.
const BATCH: i64 = 16;
/// The longest sleep between two looks, in case a wake-up was missed.
const POLL: Duration = Duration::from_secs(5);

/// Wakes a [`NoticeSender`] when there may be something to send.
#[derive(Debug, Clone, Default)]
pub struct NoticeHandle(Arc<Notify>);

impl NoticeHandle {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Sends notices.
pub struct NoticeSender {
    store: Store,
    sender: Sender,
    clock: Clock,
    lease: Duration,
    schedule: Schedule,
    owner: Uuid,
    handle: NoticeHandle,
}

impl NoticeSender {
    /// A sender that starts working when [`run`](Self::run). It goes by the settings of webhooks: which addresses may be
    /// called, how long an attempt and its lease may take, and the pauses between attempts.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(store: Store, settings: &DispatcherSettings, clock: Clock) -> Result<Self, CannotStart> {
        let sender = Sender::new(settings.url_policy, settings.attempt_timeout)?;
        let owner = clock().nonce;
        Ok(Self {
            store,
            sender,
            clock,
            lease: settings.lease,
            schedule: settings.schedule,
            owner,
            handle: NoticeHandle::default(),
        })
    }

    /// What wakes this sender.
    pub fn handle(&self) -> NoticeHandle {
        self.handle.clone()
    }

    /// Works until `shutdown` is ready; what is on its way then finishes first.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin::pin!(shutdown);
        let this = Arc::new(self);
        loop {
            let wait = match Self::send_due(&this).await {
                Ok(sent) if sent > 0 => continue,
                Ok(_) => this.until_next().await,
                Err(error) => {
                    tracing::warn!(cause = %error, "notices cannot be taken; trying again");
                    POLL
                }
            };
            tokio::select! {
                () = &mut shutdown => break,
                () = this.handle.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends what is due now, and waits for it. Answers how many that was.
    async fn send_due(this: &Arc<Self>) -> Result<usize, StoreError> {
        let now = (this.clock)().now;
        let leased = this
            .store
            .notices_lease(this.owner, now, now + this.lease, BATCH)
            .await?;
        let count = leased.len();
        let mut sending = JoinSet::new();
        for notice in leased {
            let this = Arc::clone(this);
            sending.spawn(async move { this.send(&notice).await });
        }
        while let Some(ended) = sending.join_next().await {
            if let Err(error) = ended {
                // Its lease runs out, and then it is sent again.
                tracing::error!(cause = %error, "sending a notice broke");
            }
        }
        Ok(count)
    }

    async fn send(&self, notice: &LeasedNotice) {
        let (code, http_status) = self.sender.post_form(&notice.url, notice.form.clone()).await;
        let now = (self.clock)();
        let then = if http_status == Some(200) {
            NoticeVerdict::Delivered
        } else {
            let chance = notice.transaction.uuid().as_u64_pair().1;
            let pause = self.schedule.delay(notice.attempt, chance, None);
            match pause.filter(|_| notice.attempt < TRIES) {
                Some(pause) => NoticeVerdict::Again(now.now + pause),
                None => NoticeVerdict::GivenUp,
            }
        };
        let report = NoticeReport {
            transaction: notice.transaction,
            attempt: notice.attempt,
            then,
            code: code.as_str(),
            http_status,
        };
        tracing::info!(
            authentication = %notice.transaction, attempt = notice.attempt, code = code.as_str(), http_status,
            "decoupled result posted"
        );
        metrics::counter!("pasarela_threeds_server_notices_total", "code" => code.as_str()).increment(1);
        if let Err(error) = self.store.notice_record(self.owner, &report, now.now).await {
            // The lease runs out, and the notice is sent once more; the shop takes the second for the first.
            tracing::warn!(cause = %error, "what came of a notice could not be recorded");
        }
    }

    async fn until_next(&self) -> Duration {
        let now = (self.clock)().now;
        match self.store.notices_next_due_at().await {
            Ok(Some(at)) => Duration::try_from(at - now).unwrap_or_default().min(POLL),
            Ok(None) | Err(_) => POLL,
        }
    }
}
