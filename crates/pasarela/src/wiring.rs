//! How the parts are put together: the only place that names concrete processors.

use crate::config::Config;
use api::{
    PublicState,
    admin::AdminState,
    directlink::{self, DirectLinkState},
    orders::OrdersState,
    pages::PageSettings,
    threeds_server::{ThreeDsServerState, fields::Leniency},
};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use orchestrator::{
    Gateway, Parts, Processors, ThreeDsSettings, WakeDeliveries,
    administration::{Administration, Environment},
    clock::{Clock, SystemClock},
    configuration::{Configuration, KeyScheme},
    health::Health,
    transport::Transport,
    vault::{Vault, key_file::KeyFileError},
};
use payments::{Addresses, directlink::signature::Hash};
use primitives::{Id, id::kind};
use std::sync::Arc;
use store::{Store, StoreError};
use thiserror::Error;
use webhooks::{
    CannotStart, Dispatcher, DispatcherHandle, FeedbackAccount, FeedbackAccounts, FeedbackHandle,
    FeedbackSender, NoAccount, NoticeHandle, NoticeSender, SigningKeySet, SigningKeys, SigningKeysError,
};

/// Why the parts cannot be put together.
#[derive(Debug, Error)]
pub enum WiringError {
    #[error("{0}; `pasarela keys init` makes one")]
    Keys(#[from] KeyFileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Webhooks(#[from] CannotStart),
    #[error("the HTTP client cannot be built: {0}")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What every command that works on the database needs.
pub struct Base {
    pub store: Store,
    pub vault: Arc<Vault>,
    pub configuration: Arc<Configuration>,
    pub administration: Administration,
    pub health: Arc<Health>,
    pub clock: Arc<dyn Clock>,
}

/// The whole gateway, not running yet.
pub struct Wired {
    pub gateway: Gateway,
    /// Tells other processes of changed orders.
    pub telling: Box<dyn Future<Output = ()> + Send + Unpin>,
    pub dispatcher: Dispatcher,
    pub notices: NoticeSender,
    pub feedback: FeedbackSender,
    pub public: PublicState,
    pub admin: AdminState,
}

/// Every processor there is, by name.
fn processors() -> Processors {
    processors::all()
        .into_iter()
        .map(|processor| (processor.name(), Arc::from(processor)))
        .collect()
}

/// Opens vault and database; the latter is connected to when it is first asked.
pub fn base(config: &Config) -> Result<Base, WiringError> {
    let vault = Arc::new(Vault::from_key_file(&config.key_file)?);
    let store = Store::connect(config.database.url.reveal(), &config.database.settings)?;
    let configuration = Arc::new(Configuration::new(
        store.clone(),
        Arc::clone(&vault),
        Arc::new(processors()),
    ));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let health = Arc::new(Health::new(config.health));
    let administration = Administration::new(
        store.clone(),
        Arc::clone(&vault),
        Arc::clone(&configuration),
        Arc::clone(&clock),
        config.environment,
    )
    .watching(Arc::clone(&health))
    .keeping_retry_limits(config.retry_limits);
    Ok(Base {
        store,
        vault,
        configuration,
        administration,
        health,
        clock,
    })
}

/// Where directory servers find the results receiver.
#[derive(Debug)]
pub struct ResultsFace {
    /// With scheme and authority, without a path.
    pub url: String,
    /// Whether it is one of the public faces.
    pub public: bool,
}

/// Puts the gateway together.
pub fn wire(
    config: &Config,
    base: Base,
    metrics: PrometheusHandle,
    results: &ResultsFace,
) -> Result<Wired, WiringError> {
    let keys = Arc::new(MerchantKeys {
        configuration: Arc::clone(&base.configuration),
        clock: Arc::clone(&base.clock),
    });
    let clock = Arc::clone(&base.clock);
    let dispatcher = Dispatcher::new(
        base.store.clone(),
        config.webhooks.clone(),
        keys,
        Arc::new(move || clock.moment()),
    )?;
    let clock = Arc::clone(&base.clock);
    let notices = NoticeSender::new(
        base.store.clone(),
        &config.webhooks,
        Arc::new(move || clock.moment()),
    )?;
    let clock = Arc::clone(&base.clock);
    let feedback = FeedbackSender::new(
        base.store.clone(),
        &config.webhooks,
        Arc::new(DirectLinkAccounts(Arc::clone(&base.configuration))),
        Arc::new(move || clock.moment()),
    )?;
    let parts = Parts {
        store: base.store.clone(),
        vault: base.vault,
        clock: base.clock,
        transport: Transport::new(config.transport.clone())
            .map_err(|error| WiringError::Transport(Box::new(error)))?,
        configuration: base.configuration,
        health: base.health,
        three_ds: three_ds(config, results),
        limits: config.limits,
        retry_limits: config.retry_limits,
        addresses: Addresses {
            public_url: config.http.public_url.clone(),
        },
        environment: config.environment,
        wake_deliveries: waking(dispatcher.handle(), notices.handle(), feedback.handle()),
    };
    let (gateway, telling) = Gateway::new(parts);
    let waited_for = gateway.clone();
    let feedback = feedback.telling(Arc::new(move |order| waited_for.feedback_attempted(order)));
    let policy = config.environment.url_policy();
    let shared = Arc::new(gateway.clone());
    let orders = OrdersState::new(Arc::clone(&shared) as _, policy);
    let public = PublicState {
        directlink: DirectLinkState {
            gateway: Arc::clone(&shared) as _,
            environment: config.environment,
            trust_forwarded_for: config.http.trust_forwarded_for,
            urls: policy,
            rate_limits: Arc::clone(&orders.rate_limits),
            answer_within: directlink::ANSWER_WITHIN,
        },
        orders,
        pages: Arc::clone(&shared) as _,
        page_settings: PageSettings {
            urls: policy,
            trust_forwarded_for: config.http.trust_forwarded_for,
        },
        threeds_server: ThreeDsServerState::new(Arc::clone(&shared) as _, leniency(config.environment)),
        notifications: Arc::clone(&shared) as _,
        results: results.public.then_some(shared as _),
        readiness: Arc::new(base.store.clone()),
    };
    let store = base.store;
    let admin = AdminState {
        administration: base.administration,
        readiness: Arc::new(store.clone()),
        render_metrics: Arc::new(move || {
            show_pool(&store);
            metrics.render()
        }),
    };
    Ok(Wired {
        gateway,
        telling: Box::new(Box::pin(telling)),
        dispatcher,
        notices,
        feedback,
        public,
        admin,
    })
}

/// The vendor's printed samples pass where nothing is at stake.
fn leniency(environment: Environment) -> Leniency {
    match environment {
        Environment::Production => Leniency::Strict,
        Environment::Sandbox => Leniency::Lenient,
    }
}

fn three_ds(config: &Config, results: &ResultsFace) -> ThreeDsSettings {
    let at = |path: &str| format!("{}{path}", config.http.public_url);
    ThreeDsSettings {
        reference_number: config.three_ds.reference_number.clone(),
        results_url: format!("{}{}", results.url, api::results::RESULTS_PATH),
        method_notification_url: at(api::pages::METHOD_NOTIFICATION_PATH),
        challenge_notification_url: at(api::pages::CHALLENGE_NOTIFICATION_PATH),
        timers: config.three_ds.timers,
        versions: config.three_ds.versions.clone(),
        card_ranges: config.three_ds.card_ranges,
    }
}

fn waking(dispatcher: DispatcherHandle, notices: NoticeHandle, feedback: FeedbackHandle) -> WakeDeliveries {
    WakeDeliveries::new(move || {
        dispatcher.wake();
        notices.wake();
        feedback.wake();
    })
}

/// Measured when somebody looks: a pool changes too often for anything else.
fn show_pool(store: &Store) {
    let (all, idle) = store.pool_size();
    let gauge = |state| metrics::gauge!("pasarela_database_connections", "state" => state);
    let idle = u32::try_from(idle).unwrap_or(u32::MAX);
    gauge("idle").set(idle);
    gauge("used").set(all.saturating_sub(idle));
}

/// The keys that webhooks are signed with, from the cached configuration.
struct MerchantKeys {
    configuration: Arc<Configuration>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl SigningKeys for MerchantKeys {
    async fn signing_keys(
        &self,
        merchant: Id<kind::Merchant>,
        endpoint: Option<Id<kind::WebhookEndpoint>>,
    ) -> Result<SigningKeySet, SigningKeysError> {
        let unavailable = |fault| SigningKeysError::Unavailable(Box::new(fault));
        let profile = self.configuration.profile(merchant).await.map_err(unavailable)?;
        let profile = profile.ok_or(SigningKeysError::UnknownMerchant)?;
        let now = self.clock.now();
        let keys = self.configuration.webhook_keys(merchant, endpoint, now).await;
        let keys = keys.map_err(unavailable)?;
        let of = |scheme| {
            keys.iter()
                .filter(move |key| key.scheme == scheme && key.expires_at.is_none_or(|end| now < end))
                .map(|key| key.secret.clone())
        };
        Ok(SigningKeySet {
            private_key: profile.private_key.clone(),
            v1: of(KeyScheme::V1).collect(),
            v1a: of(KeyScheme::V1a).collect(),
        })
    }
}

/// Where and how DirectLink shops are told of their payments, from the cached configuration.
struct DirectLinkAccounts(Arc<Configuration>);

#[async_trait]
impl FeedbackAccounts for DirectLinkAccounts {
    async fn feedback_account(&self, pspid: &str) -> Result<FeedbackAccount, NoAccount> {
        let unavailable = |fault| NoAccount::Unavailable(Box::new(fault));
        let found = self.0.directlink_account(pspid).await.map_err(unavailable)?;
        let found = found.ok_or(NoAccount::Unknown)?;
        Ok(FeedbackAccount {
            post_sale: found.account.post_sale.clone(),
            hash: Hash::parse(&found.account.hash).ok_or(NoAccount::Unknown)?,
            sha_out: found.sha_out.clone(),
        })
    }
}
