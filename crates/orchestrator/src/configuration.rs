//! What every call needs to know of its merchant, kept in memory: who an API key belongs to, the merchant's settings
//! and connections with their credentials opened, and the directory servers.
//!
//! In the steady state a call asks the database nothing of this. A change is heard of by NOTIFY, upon which
//! everything is forgotten ([`Configuration::invalidate_all`]); should the notification be lost, entries age out.

mod directlink;
mod webhook_keys;

use crate::{
    authenticator::Remote,
    bins::Bins,
    fault::Fault,
    flows::directlink::account::DirectLinkAccount,
    vault::{Vault, context},
};
use acquiring::{Account, Credentials, Processor};
use payments::{Connection, routing::Rule};
use primitives::{Country, Currency, HttpUrl, Id, Secret, id::kind};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};
use store::{
    Store, connections::StoredConnection, directory_servers::DirectoryServer, merchants::Merchant,
    threeds_server::shops::Shop,
};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

pub use store::{applications::KeyKind, webhook_keys::KeyScheme};
pub use webhook_keys::WebhookKey;
pub(crate) use webhook_keys::webhook_key_context;

/// The adapters this program has, by the name that connections call them.
pub type Processors = HashMap<&'static str, Arc<dyn Processor>>;

/// How long an entry is believed when no notification comes.
const TIME_TO_LIVE: Duration = Duration::from_secs(60);
/// How many entries each of the maps holds; a full one starts over.
const ENTRIES_MAX: usize = 10_000;
/// Loads that may run at once after everything was forgotten; those of one merchant wait for each other.
const LOADS_AT_ONCE: usize = 16;

/// Who calls: a merchant, by one of its keys.
#[derive(Debug, Clone)]
pub struct Caller {
    pub merchant: Arc<MerchantProfile>,
    pub key: KeyKind,
}

/// A merchant as payments need it. Secrets are open, so this lives in memory only.
#[derive(Debug, Clone)]
pub struct MerchantProfile {
    pub id: Id<kind::Merchant>,
    pub name: String,
    pub country: Country,
    pub currencies: Vec<Currency>,
    /// Where events go when an order does not say.
    pub notify_url: Option<HttpUrl>,
    /// Signs the compatible webhook header.
    pub private_key: Secret<String>,
    /// `whsec_…`, signs by Standard Webhooks.
    pub reads_per_second: Option<u32>,
    pub writes_per_second: Option<u32>,
    /// All connections, the inactive too (money that went through them may still move), by preference.
    pub connections: Vec<RoutableConnection>,
    /// All routing rules, in the order in which they are asked.
    pub rules: Vec<Rule>,
}

/// A connection with what its adapter needs.
#[derive(Debug, Clone)]
pub struct RoutableConnection {
    pub connection: Connection,
    pub account: Account,
}

/// A connection of the merchant's, active or not.
pub(crate) fn connection_of(
    profile: &MerchantProfile,
    connection: Id<kind::Connection>,
) -> Option<&RoutableConnection> {
    profile
        .connections
        .iter()
        .find(|known| known.connection.id == connection)
}

/// The remote 3DS Servers by name.
type RemoteServers = Arc<HashMap<String, Arc<Remote>>>;

struct Kept<T> {
    value: T,
    since: Instant,
}

#[derive(Default)]
struct Cache {
    /// Counts invalidations, so that what was read before one is not kept after it.
    generation: u64,
    callers: HashMap<[u8; 32], Kept<Caller>>,
    profiles: HashMap<Id<kind::Merchant>, Kept<Arc<MerchantProfile>>>,
    directory_servers: Option<Kept<Arc<[DirectoryServer]>>>,
    shops: HashMap<String, Kept<Arc<Shop>>>,
    directlink_accounts: HashMap<String, Kept<Arc<DirectLinkAccount>>>,
    remote_servers: Option<Kept<RemoteServers>>,
    webhook_keys: HashMap<webhook_keys::Owner, Kept<Arc<[WebhookKey]>>>,
}

/// The cached configuration. Share it behind an `Arc`.
pub struct Configuration {
    store: Store,
    vault: Arc<Vault>,
    processors: Arc<Processors>,
    bins: Bins,
    cache: RwLock<Cache>,
    loading: [Mutex<()>; LOADS_AT_ONCE],
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configuration(…)")
    }
}

impl Configuration {
    pub fn new(store: Store, vault: Arc<Vault>, processors: Arc<Processors>) -> Self {
        Self {
            bins: Bins::new(store.clone()),
            store,
            vault,
            processors,
            cache: RwLock::default(),
            loading: Default::default(),
        }
    }

    /// The adapters connections may name.
    pub fn processors(&self) -> &Processors {
        &self.processors
    }

    /// The table of card prefixes.
    pub fn bins(&self) -> &Bins {
        &self.bins
    }

    /// Who calls with that key; `None` when the key is unknown or revoked.
    pub async fn caller(&self, api_key: &str) -> Result<Option<Caller>, Fault> {
        let hash = self.vault.api_key_hash(api_key);
        if let Some(caller) = fresh(self.read().callers.get(&hash)) {
            return Ok(Some(caller));
        }
        let generation = self.read().generation;
        let Some(owner) = self.store.api_key_owner(&hash).await? else {
            return Ok(None);
        };
        let merchant = self
            .profile(owner.merchant)
            .await?
            .ok_or(Fault::Missing("the key's merchant"))?;
        let caller = Caller {
            merchant,
            key: owner.kind,
        };
        self.keep(generation, |cache| {
            insert(&mut cache.callers, hash, caller.clone())
        });
        Ok(Some(caller))
    }

    /// A merchant's profile.
    pub async fn profile(&self, merchant: Id<kind::Merchant>) -> Result<Option<Arc<MerchantProfile>>, Fault> {
        if let Some(profile) = fresh(self.read().profiles.get(&merchant)) {
            return Ok(Some(profile));
        }
        let [.., last] = *merchant.uuid().as_bytes();
        // After an invalidation many calls miss at once; one of them loads, the others find what it loaded.
        let _loading = match self.loading.get(usize::from(last) % LOADS_AT_ONCE) {
            Some(mutex) => Some(mutex.lock().await),
            None => None,
        };
        if let Some(profile) = fresh(self.read().profiles.get(&merchant)) {
            return Ok(Some(profile));
        }
        let generation = self.read().generation;
        let Some(stored) = self.store.merchant_load(merchant).await? else {
            return Ok(None);
        };
        let profile = Arc::new(self.open_profile(stored).await?);
        self.keep(generation, |cache| {
            insert(&mut cache.profiles, merchant, Arc::clone(&profile))
        });
        Ok(Some(profile))
    }

    /// The shop of the 3DS Server API whose id and key these are; `None` when they are not, or it is disabled.
    pub async fn shop(&self, merchant_id: &str, merchant_key: &str) -> Result<Option<Arc<Shop>>, Fault> {
        let known = fresh(self.read().shops.get(merchant_id));
        let shop = match known {
            Some(shop) => shop,
            None => {
                let generation = self.read().generation;
                let Some(stored) = self.store.shop_named(merchant_id).await? else {
                    return Ok(None);
                };
                let shop = Arc::new(stored);
                self.keep(generation, |cache| {
                    insert(&mut cache.shops, merchant_id.to_owned(), Arc::clone(&shop));
                });
                shop
            }
        };
        let holds = !shop.disabled && shop.key_hash == self.vault.api_key_hash(merchant_key);
        Ok(holds.then_some(shop))
    }

    /// All directory servers.
    pub async fn directory_servers(&self) -> Result<Arc<[DirectoryServer]>, Fault> {
        if let Some(servers) = fresh(self.read().directory_servers.as_ref()) {
            return Ok(servers);
        }
        let generation = self.read().generation;
        let servers: Arc<[DirectoryServer]> = self.store.directory_servers_list().await?.into();
        self.keep(generation, |cache| {
            cache.directory_servers = Some(Kept {
                value: Arc::clone(&servers),
                since: Instant::now(),
            });
        });
        Ok(servers)
    }

    /// The remote 3DS Server of that name. One that cannot be opened says so in the log and counts as not there.
    pub async fn remote_server(&self, name: &str) -> Result<Option<Arc<Remote>>, Fault> {
        if let Some(servers) = fresh(self.read().remote_servers.as_ref()) {
            return Ok(servers.get(name).cloned());
        }
        let generation = self.read().generation;
        let mut servers = HashMap::new();
        for stored in self.store.remote_threeds_servers_list().await? {
            match Remote::open(&self.vault, &stored) {
                Ok(remote) => _ = servers.insert(stored.name, Arc::new(remote)),
                Err(cause) => {
                    tracing::error!(remote = stored.name, %cause, "remote 3DS server cannot be used");
                }
            }
        }
        let servers = Arc::new(servers);
        self.keep(generation, |cache| {
            cache.remote_servers = Some(Kept {
                value: Arc::clone(&servers),
                since: Instant::now(),
            });
        });
        Ok(servers.get(name).cloned())
    }

    /// Forgets everything: something changed, or notifications may have been missed.
    pub fn invalidate_all(&self) {
        self.bins.invalidate();
        let mut cache = self.write();
        *cache = Cache {
            generation: cache.generation + 1,
            ..Cache::default()
        };
    }

    async fn open_profile(&self, stored: Merchant) -> Result<MerchantProfile, Fault> {
        let (key, sealed) = self
            .store
            .signing_key(stored.id)
            .await?
            .ok_or(Fault::Missing("the merchant's private key"))?;
        let connections = self.store.connections_list(stored.id).await?;
        let rules = self.store.routing_rules_list(stored.id).await?;
        Ok(MerchantProfile {
            private_key: self.vault.open_text(&context("api key", key), &sealed)?,
            connections: connections
                .into_iter()
                .filter_map(|stored| open_connection(&self.vault, &self.processors, stored))
                .collect(),
            rules: rules.into_iter().map(|stored| stored.rule).collect(),
            id: stored.id,
            name: stored.name,
            country: stored.country,
            currencies: stored.currencies,
            notify_url: stored.notify_url,
            reads_per_second: stored.reads_per_second,
            writes_per_second: stored.writes_per_second,
        })
    }

    fn keep(&self, generation: u64, put: impl FnOnce(&mut Cache)) {
        let mut cache = self.write();
        if cache.generation == generation {
            put(&mut cache);
        }
    }

    // Every statement under the lock leaves the cache whole, so a panic elsewhere cannot have spoilt it.
    fn read(&self) -> RwLockReadGuard<'_, Cache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Cache> {
        self.cache.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh<T: Clone>(kept: Option<&Kept<T>>) -> Option<T> {
    kept.filter(|kept| kept.since.elapsed() < TIME_TO_LIVE)
        .map(|kept| kept.value.clone())
}

fn insert<K: std::hash::Hash + Eq, T>(map: &mut HashMap<K, Kept<T>>, key: K, value: T) {
    if map.len() >= ENTRIES_MAX {
        map.clear();
    }
    map.insert(
        key,
        Kept {
            value,
            since: Instant::now(),
        },
    );
}

/// Seals a connection's credentials as one JSON object.
pub(crate) fn seal_credentials(
    vault: &Vault,
    connection: Id<kind::Connection>,
    credentials: &BTreeMap<String, Secret<String>>,
) -> Result<Vec<u8>, Fault> {
    let open: BTreeMap<&str, &str> = credentials
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal().as_str()))
        .collect();
    let plaintext = Zeroizing::new(serde_json::to_vec(&open)?);
    Ok(vault.seal(&context("credentials", connection), &plaintext)?)
}

/// Opens what [`seal_credentials`] sealed.
pub(crate) fn open_credentials(
    vault: &Vault,
    connection: Id<kind::Connection>,
    sealed: &[u8],
) -> Result<BTreeMap<String, Secret<String>>, Fault> {
    let plaintext = vault.open(&context("credentials", connection), sealed)?;
    let open: BTreeMap<String, String> = serde_json::from_slice(plaintext.reveal())?;
    Ok(open
        .into_iter()
        .map(|(name, value)| (name, Secret::new(value)))
        .collect())
}

/// A connection that cannot be used says so in the log and leaves the merchant's others alone.
fn open_connection(
    vault: &Vault,
    processors: &Processors,
    stored: StoredConnection,
) -> Option<RoutableConnection> {
    let connection = stored.connection;
    let unusable = |cause: &dyn fmt::Display| {
        tracing::error!(connection = %connection.id, merchant = %connection.merchant, %cause, "connection cannot be used");
    };
    let Some(processor) = processors.get(connection.processor_name.as_str()) else {
        unusable(&"its processor has no adapter here");
        return None;
    };
    let base_url = connection
        .base_url
        .as_ref()
        .map_or(processor.default_base_url(), HttpUrl::as_str);
    let base_url = url::Url::parse(base_url.trim_end_matches('/'))
        .inspect_err(|error| unusable(error))
        .ok()?;
    let credentials = open_credentials(vault, connection.id, &stored.credentials_sealed)
        .inspect_err(|error| unusable(error))
        .ok()?;
    let account = Account {
        connection: connection.id,
        base_url,
        credentials: Credentials::new(credentials),
        inquiry_visible_after: connection.inquiry_visible_after(),
        inquiry_final_after: connection.inquiry_final_after(),
    };
    Some(RoutableConnection { connection, account })
}

#[cfg(test)]
mod tests {
    use crate::administration::testing::{ACTOR, World, connection};
    use sqlx::PgPool;

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_known_caller_costs_no_query_until_everything_is_forgotten(pool: PgPool) {
        let world = World::new(pool.clone());
        let key = world.merchant("Shop").await.application.private_key;
        assert_eq!(world.caller(&key).await.unwrap().merchant.name, "Shop");
        sqlx::query("UPDATE merchants SET name = 'Renamed'")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(world.caller(&key).await.unwrap().merchant.name, "Shop");
        world.configuration.invalidate_all();
        assert_eq!(world.caller(&key).await.unwrap().merchant.name, "Renamed");
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn what_was_read_before_an_invalidation_is_not_kept_after_it(pool: PgPool) {
        let world = World::new(pool);
        let generation = world.configuration.read().generation;
        world.configuration.invalidate_all();
        world
            .configuration
            .keep(generation, |_| panic!("this was read before"));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_connection_that_does_not_open_leaves_the_others_alone(pool: PgPool) {
        let world = World::new(pool.clone());
        let created = world.merchant("Shop").await;
        let merchant = created.merchant.id;
        for name in ["Broken", "Whole"] {
            world
                .administration
                .connection_create(ACTOR, merchant, &connection(name))
                .await
                .unwrap();
        }
        sqlx::query("UPDATE connections SET credentials_sealed = 'x' WHERE name = 'Broken'")
            .execute(&pool)
            .await
            .unwrap();
        world.configuration.invalidate_all();
        let profile = world.configuration.profile(merchant).await.unwrap().unwrap();
        let names: Vec<_> = profile
            .connections
            .iter()
            .map(|it| it.connection.name.as_str())
            .collect();
        assert_eq!(names, ["Whole"]);
    }
}
