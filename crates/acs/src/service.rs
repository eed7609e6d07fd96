//! The service: what every flow works with, its addresses and its workers.
//!
//! Flows are `impl Acs` blocks in `flows`, routes are in `http`; both reach the rest through [`Inner`].

use primitives::{Brand, Secret};
use reqwest::redirect::Policy as Redirects;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::http;
use crate::issuer_backend::Tokens;
use crate::keys::Keys;
use crate::sms::breaker::Breakers;
use crate::sms::provider::{Receipt, SmsProvider};
use crate::sms::providers::Providers;
use crate::sms::receipts::ReceiptKeys;
use crate::store::Store;

/// RReqs under way at the same time: more wait for their turn.
const RESULTS_AT_ONCE: usize = 64;
/// How long a connection to anybody may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// What a service depends on besides its database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How browsers, directory servers, issuers and providers reach the service, without a slash at the end.
    pub public_url: String,
    /// `acsReferenceNumber`: what the approval of this ACS is known by.
    pub reference_number: String,
    /// `acsOperatorID`, as directory servers gave it.
    pub operator_id: String,
    /// Where RReqs of a brand go: its directory server. A brand without an address has no results.
    pub results_urls: BTreeMap<Brand, String>,
    /// How patient the service is.
    pub timers: Timers,
    /// Whether only https is spoken with others. Off in a sandbox on a loopback address.
    pub production: bool,
    /// The bearer token of the service's own administration; without it there is none.
    pub admin_token: Option<Secret<String>>,
    /// For how many days transactions are kept.
    pub transactions_kept_days: u16,
    /// Where a sandbox shows the messages of a phone, such as `/sms/inbox?phone=`; pages add the number's digits. `None`
    /// outside of one.
    pub inbox_url: Option<String>,
    /// Where a sandbox has the bank's app, such as `/app?phone=`; pages add the number's digits. `None` outside of one.
    pub app_url: Option<String>,
}

/// How patient the service is.
#[derive(Debug, Clone, Copy)]
pub struct Timers {
    /// From the ARes to the first CReq.
    pub first_creq: Duration,
    /// From one screen to the next answer.
    pub next_creq: Duration,
    /// How long a final CRes waits for the RRes.
    pub results_wait: Duration,
    /// Between two attempts to deliver an RReq, the first doubled up to ten times this.
    pub results_retry: Duration,
    /// How often workers look for what nobody woke them for.
    pub poll: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            first_creq: Duration::from_secs(30),
            next_creq: Duration::from_secs(600),
            results_wait: Duration::from_secs(5),
            results_retry: Duration::from_secs(2),
            poll: Duration::from_secs(1),
        }
    }
}

impl Settings {
    /// The settings of a service at an address: production, nobody to report to yet.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            reference_number: "PASARELA_ACS_0001".to_owned(),
            operator_id: "PASARELA-ACS".to_owned(),
            results_urls: BTreeMap::new(),
            timers: Timers::default(),
            production: true,
            admin_token: None,
            transactions_kept_days: 400,
            inbox_url: None,
            app_url: None,
        }
    }
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// Its database, migrated.
    pub store: Store,
    /// Its keys.
    pub keys: Keys,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its settings.
    pub settings: Settings,
    /// Who carries text messages, and what is heard of them.
    pub providers: Providers,
}

/// The access control server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Acs(Arc<Inner>);

/// What flows and routes work with.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// For everything that is posted to others: no redirects, no retries, no proxies; time limits per call.
    pub(crate) client: reqwest::Client,
    /// Who carries text messages, best first.
    pub(crate) providers: Vec<Arc<dyn SmsProvider>>,
    /// What receipts that are posted have to be signed with, by provider.
    pub(crate) receipt_keys: ReceiptKeys,
    /// Receipts that come over connections of ours, until the worker that applies them takes the channel.
    pub(crate) receipts: Mutex<Option<mpsc::Receiver<Receipt>>>,
    /// Which carriers of codes are left alone for a while.
    pub(crate) breakers: Mutex<Breakers>,
    /// Access tokens for issuers' backends.
    pub(crate) tokens: Tokens,
    pub(crate) wakes: Wakes,
    /// So many RReqs are under way at the same time.
    pub(crate) results_at_once: Semaphore,
}

/// Bells of the workers: rung after a commit that leaves them something to do.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    /// Deadlines of challenges.
    pub(crate) timers: Notify,
    /// Text messages to be sent.
    pub(crate) deliveries: Notify,
    /// News of text messages, for their challenges.
    pub(crate) news: Notify,
    /// RReqs to be delivered.
    pub(crate) results: Notify,
    /// Notices to issuers.
    pub(crate) notices: Notify,
    /// Rows of imports.
    pub(crate) imports: Notify,
}

impl Acs {
    /// The service of these parts. Nothing runs yet: see [`Acs::router`] and [`Acs::spawn_workers`].
    ///
    /// # Errors
    /// When the TLS set-up of this machine is unusable.
    pub fn new(parts: Parts) -> Result<Self, reqwest::Error> {
        let Parts {
            store,
            keys,
            clock,
            settings,
            providers,
        } = parts;
        #[expect(
            clippy::disallowed_methods,
            reason = "the one client of this crate, with its limits set"
        )]
        let client = reqwest::Client::builder()
            .redirect(Redirects::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .https_only(settings.production)
            .build()?;
        Ok(Self(Arc::new(Inner {
            store,
            keys,
            clock,
            settings,
            client,
            providers: providers.carriers,
            receipt_keys: providers.receipt_keys,
            receipts: Mutex::new(providers.receipts),
            breakers: Mutex::default(),
            tokens: Tokens::default(),
            wakes: Wakes::default(),
            results_at_once: Semaphore::new(RESULTS_AT_ONCE),
        })))
    }

    /// Every route of the service, all below `/acs/`.
    pub fn router(&self) -> axum::Router {
        http::router(self)
    }

    /// Health and metrics, for a listener that only those reach who run the service. `render` writes the metrics.
    pub fn operation_router(
        &self,
        render: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> axum::Router {
        http::operation::router(self, render)
    }

    /// Starts what works by itself; it ends with [`Workers::stop`], or when the returned value is dropped.
    pub fn spawn_workers(&self) -> Workers {
        let mut workers = Workers {
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        };
        workers.spawn(|rounds| self.clone().tidy(rounds));
        workers.spawn(|rounds| self.clone().watch_timers(rounds));
        workers.spawn(|rounds| self.clone().deliver_results(rounds));
        workers.spawn(|rounds| self.clone().deliver_codes(rounds));
        workers.spawn(|rounds| self.clone().take_receipts(rounds));
        workers.spawn(|rounds| self.clone().tell_challenges(rounds));
        workers.spawn(|rounds| self.clone().tell_issuers(rounds));
        workers.spawn(|rounds| self.clone().work_imports_off(rounds));
        workers
    }

    /// What flows and routes work with.
    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

/// The tasks of a service. Dropping it ends them at once.
#[derive(Debug)]
#[must_use = "dropping the workers ends them"]
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Lets every worker finish its round, and waits for that.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }

    /// Starts a worker, which is told when to end.
    pub(crate) fn spawn<F>(&mut self, worker: impl FnOnce(Rounds) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(worker(Rounds(self.stop.subscribe())));
    }
}

/// A worker's sense of when to look again and when to end.
#[derive(Debug)]
pub(crate) struct Rounds(watch::Receiver<bool>);

impl Rounds {
    /// Whether the service ends.
    pub(crate) fn over(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the bell rings or `pause` is over. False when the service ends.
    pub(crate) async fn next(&mut self, bell: &Notify, pause: Duration) -> bool {
        if *self.0.borrow() {
            return false;
        }
        tokio::select! {
            biased;
            _ = self.0.wait_for(|stop| *stop) => false,
            () = bell.notified() => true,
            () = tokio::time::sleep(pause) => true,
        }
    }
}
