//! The hosted page: where an authentication stands, and what its cardholder's browser does next.
//!
//! A step is always an answer to "where does it stand", so reloading asks the same again and gets the same. The browser
//! moves things along (its data, the end of the 3DS Method, the way to the ACS) and never decides anything.

use super::{
    authenticate::authenticating,
    page_step::{ExpiredPage, PageError, PageOutcome, PageStep, PageView, StepName},
    run::StoredRun,
};
use crate::{
    authenticator::Look,
    fault::{Fault, Stopped},
    gateway::Gateway,
};
use mpi::{
    Transaction, challenge, method,
    transaction::{AwaitingMethod, AwaitingResults, Challenge, News as RunNews},
};
use payments::{
    Browser, Callbacks, News, Order, PaymentState,
    authentication_policy::ThreeDsCode,
    decide::expires_at,
    payment::{Authenticating, Closed, DeniedBy},
    status,
};
use primitives::{HttpUrl, Id};
use std::time::Duration;
use store::{StoreError, orders::PaymentKey};

/// How long a browser is kept waiting for a charge whose outcome is unknown before it goes back to the shop.
const UNKNOWN_MAX: time::Duration = time::Duration::seconds(30);
/// The longest a browser's question is held.
const WAIT_MAX_SECONDS: u8 = 30;
/// Transitions one look at the page may make by itself; more would be going round in circles.
const MOVES_MAX: usize = 4;

impl Gateway {
    /// The page is opened or reloaded; the first opening starts its ten minutes.
    pub async fn page_opened(&self, token: &str) -> Result<PageView, PageError> {
        self.view(token, true, None).await
    }

    /// The browser has told about itself.
    pub async fn page_browser_data(&self, token: &str, browser: Browser) -> Result<PageView, PageError> {
        self.view(token, true, Some(browser)).await
    }

    /// Where it stands. Holds the answer for up to `wait_seconds` while the step is still `seen`.
    pub async fn page_progress(
        &self,
        token: &str,
        seen: Option<StepName>,
        wait_seconds: u8,
    ) -> Result<PageView, PageError> {
        let wait = Duration::from_secs(u64::from(wait_seconds.min(WAIT_MAX_SECONDS)));
        let deadline = tokio::time::Instant::now() + wait;
        let key = self.page_key(token).await?;
        let watcher = self.watch().wait_for(key.order);
        loop {
            let changed = watcher.changed();
            let view = self.view(token, false, None).await?;
            let remaining = deadline.saturating_duration_since(tokio::time::Instant::now());
            if Some(view.step.name()) != seen || remaining.is_zero() {
                return Ok(view);
            }
            // The 3DS Method's own timer may end sooner than the wait.
            let nap = match &view.step {
                PageStep::Method { timeout_ms, .. } => {
                    Duration::from_millis(u64::from(*timeout_ms) + 50).min(remaining)
                }
                _ => remaining,
            };
            let _ = tokio::time::timeout(nap, changed).await;
        }
    }

    /// The 3DS Method is done, says the browser.
    pub async fn page_method_notified(&self, three_ds_method_data: &str) -> Result<(), PageError> {
        let id =
            method::notified(three_ds_method_data).map_err(|_| PageError::Malformed("threeDSMethodData"))?;
        self.method_completed(Id::from_uuid(id.0)).await
    }

    /// The cardholder gives up on our page.
    pub async fn page_cancelled(&self, token: &str) -> Result<PageView, PageError> {
        let key = self.page_key(token).await?;
        let order = self.reload(key.merchant, key.order, Some(key.payment)).await?;
        self.cardholder_gives_up(order).await?;
        self.page_opened(token).await
    }

    /// The cardholder does not go on with an authentication, if one is running.
    pub(super) async fn cardholder_gives_up(&self, order: Order) -> Result<(), Stopped> {
        if let Some((_, current)) = authenticating(&order) {
            self.give_up_run(current.authentication).await?;
            self.report(order, News::CardholderGaveUp).await?;
        }
        Ok(())
    }

    /// Whether the cardholder's time has passed.
    pub(crate) fn page_is_over(&self, current: &Authenticating) -> bool {
        self.clock().now() >= expires_at(self.limits(), current)
    }

    pub(super) async fn page_key(&self, token: &str) -> Result<PaymentKey, PageError> {
        self.store()
            .payment_by_page_token(token)
            .await?
            .ok_or(PageError::UnknownToken)
    }

    async fn view(
        &self,
        token: &str,
        opening: bool,
        browser: Option<Browser>,
    ) -> Result<PageView, PageError> {
        let key = self.page_key(token).await?;
        let mut told = browser;
        for _ in 0..MOVES_MAX {
            let mut order = self.reload(key.merchant, key.order, Some(key.payment)).await?;
            let Some((_, current)) = authenticating(&order) else {
                return self.after(&order).await;
            };
            if self.page_is_over(current) {
                if Box::pin(self.look_for_results(current.authentication)).await? == Look::Settled {
                    continue;
                }
                order = Box::pin(self.expire_authentication(order)).await?.order;
                return self.after(&order).await;
            }
            if opening && current.page_opened_at.is_none() {
                self.report(order, News::PageOpened).await?;
                continue;
            }
            if let Some(step) = Box::pin(self.step(order, told.take())).await? {
                return self.with_merchant(key, step).await;
            }
        }
        self.with_merchant(key, PageStep::Working).await
    }

    /// The next step of a running authentication; `None`: something moved, look again.
    async fn step(&self, order: Order, told: Option<Browser>) -> Result<Option<PageStep>, PageError> {
        let Some((_, current)) = authenticating(&order) else {
            return Ok(None);
        };
        let Some(record) = self.store().authentication_load(current.authentication).await? else {
            return Err(Fault::Missing("the authentication").into());
        };
        let mut stored = StoredRun::read(record)?;
        let now = self.clock().now();
        if let (Some(told), false) = (told, stored.browser_is_complete()) {
            stored.run.browser = Some(told.or(stored.run.browser.take().unwrap_or_default()));
            self.write_run(&stored).await?;
            return Ok(None);
        }
        match &stored.run.transaction {
            Transaction::Started(_) if !stored.browser_is_complete() => Ok(Some(PageStep::BrowserData)),
            Transaction::Started(_) if stored.run.method_url.is_some() && stored.runs_scripts() => {
                stored.apply(RunNews::MethodStarted, now);
                self.write_run(&stored).await?;
                Ok(None)
            }
            Transaction::AwaitingMethod(AwaitingMethod {
                subject,
                ended: None,
                since,
            }) => {
                let ends = *since + self.three_ds().timers.method(subject.version);
                if now >= ends {
                    stored.apply(RunNews::MethodTimedOut, now);
                    self.write_run(&stored).await?;
                    return Ok(None);
                }
                Ok(Some(self.method_step(&stored, ends - now)))
            }
            Transaction::Started(_) | Transaction::AwaitingMethod(_) => {
                Box::pin(self.ask_from_page(order, stored)).await?;
                Ok(Some(PageStep::Working))
            }
            Transaction::AwaitingAres(asked) => {
                let lease = time::Duration::seconds(i64::from(self.areq_lease_seconds(asked.subject.brand)));
                if now >= asked.since + lease {
                    // Whoever asked is dead: the answer, if any, went to nobody.
                    Box::pin(self.restart_authentication(order)).await?;
                    return Ok(None);
                }
                Ok(Some(PageStep::Working))
            }
            Transaction::AwaitingResults(AwaitingResults {
                challenge: Challenge::Decoupled { .. },
                cardholder_info,
                ..
            }) => Ok(Some(PageStep::Decoupled {
                text: cardholder_info.clone(),
            })),
            Transaction::AwaitingResults(waiting) if !stored.run.returned => {
                let step = self.challenge_step(&stored, waiting)?;
                if stored.apply(RunNews::ChallengeOpened, now) {
                    self.write_run(&stored).await?;
                }
                Ok(Some(step))
            }
            Transaction::AwaitingResults(_) if stored.run.awaits_remote_results() => {
                match Box::pin(self.look_for_results(stored.id)).await? {
                    Look::Settled => Ok(None),
                    Look::NothingAwaited | Look::StillWaiting => Ok(Some(PageStep::Working)),
                }
            }
            Transaction::AwaitingResults(_) => Ok(Some(PageStep::Working)),
            Transaction::ChallengeNeverStarted(_) | Transaction::GivenUp(_) => {
                Box::pin(self.restart_authentication(order)).await?;
                Ok(None)
            }
            // Another run takes its place at this moment.
            Transaction::DecoupledFollows(_) => Ok(Some(PageStep::Working)),
            Transaction::Finished(_) => {
                // The run and the payment are recorded together, so this is a payment about to be read anew.
                Ok(Some(PageStep::Working))
            }
            Transaction::Failed(_) => {
                // Whoever found that no AReq can be made died before the payment heard of it.
                Box::pin(self.conclude(order, stored)).await?;
                Ok(None)
            }
        }
    }

    fn method_step(&self, stored: &StoredRun, remaining: time::Duration) -> PageStep {
        let id = stored.run.transaction.subject().id;
        PageStep::Method {
            url: stored.run.method_url.clone().unwrap_or_default(),
            data: method::request(id, &self.three_ds().method_notification_url),
            timeout_ms: u32::try_from(remaining.whole_milliseconds()).unwrap_or(0),
        }
    }

    fn challenge_step(&self, stored: &StoredRun, waiting: &AwaitingResults) -> Result<PageStep, PageError> {
        let Challenge::InBrowser { acs_url, .. } = &waiting.challenge else {
            return Ok(PageStep::Working);
        };
        let browser = stored.run.browser.as_ref();
        let window_size = challenge::window_for(
            browser.and_then(|browser| browser.screen_width),
            browser.and_then(|browser| browser.screen_height),
        );
        let unsayable = |_| PageError::from(Stopped::from(Fault::Missing("a CReq")));
        Ok(PageStep::Challenge {
            acs_url: acs_url.clone(),
            creq: challenge::creq(&waiting.challenged, window_size).map_err(unsayable)?,
            session_data: challenge::session_data(&stored.run.page_token)
                .map_err(|_| PageError::from(Stopped::from(Fault::Missing("session data"))))?,
            window_size,
        })
    }

    async fn method_completed(&self, id: Id<primitives::id::kind::Authentication>) -> Result<(), PageError> {
        let Some(record) = self.store().authentication_load(id).await? else {
            return Err(PageError::UnknownToken);
        };
        let mut stored = StoredRun::read(record)?;
        if stored.apply(RunNews::MethodCompleted, self.clock().now()) {
            self.write_run(&stored).await?;
            stored.version += 1;
            let of = stored.of;
            let order = self.reload(of.merchant, of.order, Some(of.payment)).await?;
            let is_current = authenticating(&order).is_some_and(|(_, current)| current.authentication == id);
            if is_current {
                Box::pin(self.ask_from_page(order, stored)).await?;
            }
            self.watch().changed(of.order);
        }
        Ok(())
    }

    async fn give_up_run(&self, id: Id<primitives::id::kind::Authentication>) -> Result<(), Stopped> {
        if let Some(record) = self.store().authentication_load(id).await? {
            let mut stored = StoredRun::read(record)?;
            if stored.apply(RunNews::GivenUp, self.clock().now()) {
                self.write_run(&stored).await?;
            }
        }
        Ok(())
    }

    /// Writes a run unless somebody was faster, in which case the next look finds what they wrote.
    pub(super) async fn write_run(&self, stored: &StoredRun) -> Result<(), Stopped> {
        match self
            .store()
            .authentication_write(&stored.record()?, self.clock().now())
            .await
        {
            Ok(()) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The authentication is behind us: wait for the money, or leave.
    async fn after(&self, order: &Order) -> Result<PageView, PageError> {
        let Some(payment) = &order.payment else {
            return Err(PageError::UnknownToken);
        };
        let now = self.clock().now();
        let outcome = match &payment.state {
            PaymentState::Authenticating(_) => None,
            PaymentState::Authorizing(attempt)
                if attempt.is_open() && now >= attempt.sent_at + UNKNOWN_MAX =>
            {
                Some(PageOutcome::Failed)
            }
            PaymentState::Authorizing(_) => None,
            PaymentState::Authorized(_) => Some(PageOutcome::Succeeded),
            PaymentState::Closed(Closed::Cancelled) => Some(PageOutcome::Cancelled),
            PaymentState::Closed(Closed::Denied(denial)) => Some(match denial.by {
                DeniedBy::Issuer => PageOutcome::Rejected,
                DeniedBy::Cardholder => PageOutcome::Cancelled,
                DeniedBy::System => PageOutcome::Failed,
            }),
        };
        let key = PaymentKey {
            merchant: order.merchant,
            order: order.id,
            payment: payment.id,
        };
        let Some(outcome) = outcome else {
            return self.with_merchant(key, PageStep::Working).await;
        };
        let redirect = callback(&payment.terms.callbacks, outcome).map(|url| returning(url, order));
        let expired = matches!(&payment.state, PaymentState::Closed(Closed::Denied(denial))
            if denial.code == ThreeDsCode::TimeExpired.as_str());
        if expired {
            let merchant_name = self.merchant_name(key).await?;
            return Err(PageError::Expired(Box::new(ExpiredPage {
                merchant_name,
                language: payment.terms.language.clone(),
                redirect,
            })));
        }
        self.with_merchant(key, PageStep::Done { outcome, redirect })
            .await
    }

    async fn with_merchant(&self, key: PaymentKey, step: PageStep) -> Result<PageView, PageError> {
        let order = self.reload(key.merchant, key.order, Some(key.payment)).await?;
        Ok(PageView {
            merchant_name: self.merchant_name(key).await?,
            amount: order.amount,
            language: language(&order),
            step,
        })
    }

    async fn merchant_name(&self, key: PaymentKey) -> Result<String, PageError> {
        let profile = self
            .configuration()
            .profile(key.merchant)
            .await
            .map_err(Stopped::from)?;
        Ok(profile.map(|profile| profile.name.clone()).unwrap_or_default())
    }
}

/// The language that the order's merchant wants its cardholder spoken to in.
pub(crate) fn language(order: &Order) -> Option<String> {
    order.payment.as_ref()?.terms.language.clone()
}

/// The merchant's callback for that end.
fn callback(callbacks: &Callbacks, outcome: PageOutcome) -> Option<&HttpUrl> {
    let own = match outcome {
        PageOutcome::Succeeded => &callbacks.on_success,
        PageOutcome::Rejected => &callbacks.on_reject,
        PageOutcome::Cancelled => &callbacks.on_canceled,
        PageOutcome::Failed => &callbacks.on_failed,
    };
    own.as_ref().or(callbacks.any.as_ref())
}

/// The callback with what the shop may want to know at a glance. Never to be trusted for fulfilment.
fn returning(callback: &HttpUrl, order: &Order) -> String {
    match url::Url::parse(callback.as_str()) {
        Ok(mut url) => {
            url.query_pairs_mut()
                .append_pair("order_token", &order.id.to_string())
                .append_pair("order_id", &order.reference)
                .append_pair("status", status::of(order).payment.unwrap_or_default());
            url.into()
        }
        Err(_) => callback.as_str().to_owned(),
    }
}

impl From<Stopped> for PageError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(refusal) => {
                let error_id = crate::clock::error_id();
                tracing::error!(%error_id, %refusal, "a page's own flow was refused");
                PageError::Internal(error_id)
            }
            Stopped::Fault(fault) => PageError::Internal(fault.logged()),
        }
    }
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        PageError::Internal(fault.logged())
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Fault::from(error).into()
    }
}
