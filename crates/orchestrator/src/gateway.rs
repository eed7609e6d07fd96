//! The gateway: everything the flows need, in one handle.

use crate::{
    administration::Environment,
    clock::Clock,
    configuration::{Configuration, Processors},
    directories::Directories,
    fault::Fault,
    flows::card_ranges::CardRangeSettings,
    health::Health,
    transport::Transport,
    turns::OrderTurns,
    vault::Vault,
    watch::Watch,
};
use emv3ds::Version;
use mpi::Timers;
use payments::{Addresses, Limits, Order};
use primitives::HttpUrl;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Store, StoreError, signals::Signal};
use time::OffsetDateTime;
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// How often what is kept for a limited time is cleared.
const SWEEP: Duration = Duration::from_secs(60);

/// What the gateway is built of.
#[derive(Debug)]
pub struct Parts {
    pub store: Store,
    pub vault: Arc<Vault>,
    pub clock: Arc<dyn Clock>,
    pub transport: Transport,
    pub configuration: Arc<Configuration>,
    pub health: Arc<Health>,
    pub three_ds: ThreeDsSettings,
    pub limits: Limits,
    /// Whether the card networks' limits on declined attempts are kept ([`payments::retry_limits`]).
    pub retry_limits: bool,
    pub addresses: Addresses,
    /// Which of DirectLink's two environments this gateway is.
    pub environment: Environment,
    /// Wakes the webhook dispatcher of this process.
    pub wake_deliveries: WakeDeliveries,
}

/// Called after a commit that wrote deliveries.
#[derive(Clone)]
pub struct WakeDeliveries(Arc<dyn Fn() + Send + Sync>);

impl WakeDeliveries {
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }
}

impl std::fmt::Debug for WakeDeliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WakeDeliveries")
    }
}

/// What our 3DS Server says of itself, and its time limits.
#[derive(Debug, Clone)]
pub struct ThreeDsSettings {
    /// `threeDSServerRefNumber`, where the directory server's own settings have none.
    pub reference_number: String,
    /// Where directory servers post RReqs.
    pub results_url: String,
    /// `threeDSMethodNotificationURL`: at most 256 characters.
    pub method_notification_url: String,
    /// `notificationURL`: at most 256 characters.
    pub challenge_notification_url: String,
    pub timers: Timers,
    /// The versions we hold authentications in; a directory server's own settings may leave some out.
    pub versions: Vec<Version>,
    pub card_ranges: CardRangeSettings,
}

/// The gateway. Clones share everything.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    directories: Directories,
    watch: Watch,
    turns: OrderTurns,
    recovery: RecoveryAlarm,
    flows: TaskTracker,
}

/// Wakes the recovery when a payment falls due sooner than it knew.
#[derive(Debug, Default)]
struct RecoveryAlarm {
    next: Mutex<Option<OffsetDateTime>>,
    ring: Notify,
}

impl Gateway {
    /// Builds the gateway, and the task that tells other processes of what changed.
    pub fn new(parts: Parts) -> (Self, impl Future<Output = ()> + Send) {
        let (watch, telling) = Watch::new(parts.store.clone());
        let inner = Inner {
            parts,
            directories: Directories::default(),
            watch,
            turns: OrderTurns::default(),
            recovery: RecoveryAlarm::default(),
            flows: TaskTracker::new(),
        };
        (Self(Arc::new(inner)), telling)
    }

    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.0.parts.clock
    }

    pub fn configuration(&self) -> &Configuration {
        &self.0.parts.configuration
    }

    /// How connections have been answering lately.
    pub fn health(&self) -> &Health {
        &self.0.parts.health
    }

    pub fn directories(&self) -> &Directories {
        &self.0.directories
    }

    pub fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// Who may decide about which order next, within this process.
    pub(crate) fn turns(&self) -> &OrderTurns {
        &self.0.turns
    }

    /// Starts a flow that goes on when its caller goes away, under the caller's request id.
    pub(crate) fn spawn_flow<F>(&self, flow: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.flows.spawn(flow.in_current_span())
    }

    /// Waits for the flows under way: a charge that is cut off is one whose outcome nobody knows. Call it when no new
    /// ones can start.
    pub async fn flows_finished(&self) {
        self.0.flows.close();
        self.0.flows.wait().await;
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.parts.transport
    }

    pub(crate) fn processors(&self) -> &Processors {
        self.configuration().processors()
    }

    pub(crate) fn three_ds(&self) -> &ThreeDsSettings {
        &self.0.parts.three_ds
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.parts.limits
    }

    pub(crate) fn keeps_retry_limits(&self) -> bool {
        self.0.parts.retry_limits
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.0.parts.addresses
    }

    pub(crate) fn environment(&self) -> Environment {
        self.0.parts.environment
    }

    /// Where events about an order go: its own URL, else the merchant's.
    pub(crate) async fn notification_target(&self, order: &Order) -> Result<Option<HttpUrl>, Fault> {
        if order.notify_url.is_some() {
            return Ok(order.notify_url.clone());
        }
        let profile = self.configuration().profile(order.merchant).await?;
        Ok(profile.and_then(|profile| profile.notify_url.clone()))
    }

    pub(crate) fn wake_deliveries(&self) {
        (self.0.parts.wake_deliveries.0)();
    }

    /// A payment is to be looked at then: the recovery must not sleep past it.
    pub(crate) fn wake_recovery(&self, look_again_at: OffsetDateTime) {
        let next = self
            .0
            .recovery
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if next.is_none_or(|next| look_again_at < next) {
            self.0.recovery.ring.notify_one();
        }
    }

    /// Sleeps that long, or until a payment falls due sooner than that.
    pub(crate) async fn recovery_woken_within(&self, wait: Duration) {
        *self
            .0
            .recovery
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(self.clock().now() + wait);
        let _ = tokio::time::timeout(wait, self.0.recovery.ring.notified()).await;
    }

    /// Clears what is kept for a limited time, until the process ends.
    pub async fn sweep_forever(self) {
        loop {
            if let Err(fault) = self.sweep().await {
                fault.logged();
            }
            tokio::time::sleep(SWEEP).await;
        }
    }

    /// Hears what other processes tell, until the process ends.
    pub async fn listen_forever(self) {
        loop {
            if let Err(error) = self.listen().await {
                tracing::warn!(cause = %error, "cannot listen for signals; trying again");
            }
            // What was missed meanwhile is looked for once listening has begun again.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen(&self) -> Result<(), StoreError> {
        let mut signals = self.store().listen().await?;
        self.heard(Signal::MayHaveMissed);
        loop {
            let signal = signals.next().await?;
            self.heard(signal);
        }
    }

    fn heard(&self, signal: Signal) {
        match signal {
            Signal::OrdersChanged(orders) => {
                for order in orders {
                    self.watch().changed_elsewhere(order);
                }
            }
            Signal::EventsRecorded(merchants) => {
                for merchant in merchants {
                    self.watch().event_recorded_elsewhere(merchant);
                }
            }
            Signal::ConfigurationChanged => self.configuration().invalidate_all(),
            Signal::DeliveriesDue => self.wake_deliveries(),
            Signal::MayHaveMissed => {
                self.configuration().invalidate_all();
                self.watch().anything_may_have_changed();
                self.wake_deliveries();
            }
        }
    }
}
