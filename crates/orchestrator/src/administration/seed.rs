//! Seeds: a document that says how operators, merchants and directory servers are to be. Putting it in twice changes
//! nothing, putting in a changed one changes what differs; nothing is ever taken away.
//!
//! Seeds carry keys and credentials in the clear and overrule what operators did, so they are for sandboxes only.

use super::{
    Administration, AdministrationError, Changed, Environment,
    directory_servers::{self, DirectoryDocument},
    merchants::Settings,
    remote_threeds_servers::RemoteDocument,
    seed_directlink::DirectLinkSeed,
    seed_shops::ShopSeed,
};
use crate::configuration::{open_credentials, seal_credentials};
use payments::{
    bins::{Bin, document::read_row},
    connection::{
        ConnectionStatus,
        document::{NewConnection, as_written},
    },
    fields::{Fields, Problems, ascii, integer, parsed},
};
use primitives::{Id, Kind, Secret, id::kind};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{audit::Actor, webhook_keys::KeyScheme};

const MERCHANT_MEMBERS: [&str; 11] = [
    "id",
    "name",
    "country",
    "currencies",
    "private_key",
    "public_key",
    "webhook_secret",
    "notify_url",
    "rate_limit_rps",
    "connections",
    "directlink",
];

/// What was seeded, changed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded {
    pub operators: usize,
    pub merchants: usize,
    pub connections: usize,
    pub directory_servers: usize,
    /// Shops of the 3DS Server API.
    pub shops: usize,
}

struct Seeds<'v> {
    operators: Vec<(String, &'v Value)>,
    merchants: Vec<MerchantSeed>,
    directory_servers: Vec<DirectoryDocument>,
    shops: Vec<ShopSeed>,
    remote_threeds_servers: Vec<RemoteDocument>,
    bins: Vec<Bin>,
}

struct MerchantSeed {
    id: Id<kind::Merchant>,
    settings: Settings,
    private_key: Secret<String>,
    public_key: Secret<String>,
    webhook_secret: Secret<String>,
    connections: Vec<(Id<kind::Connection>, NewConnection)>,
    directlink: Vec<DirectLinkSeed>,
}

impl Administration {
    /// Puts the seeds of `document` in.
    pub async fn seed(&self, actor: Actor, document: &Value) -> Result<Seeded, AdministrationError> {
        if self.environment != Environment::Sandbox {
            return Err(AdministrationError::Conflict(
                "seeds are for sandboxes, and this is production".into(),
            ));
        }
        let seeds = self.read_seeds(document)?;
        for (path, operator) in &seeds.operators {
            self.operator_set(actor, operator, path).await?;
        }
        for server in &seeds.directory_servers {
            self.directory_server_put(actor, server.clone()).await?;
        }
        for server in &seeds.remote_threeds_servers {
            self.remote_threeds_server_put(actor, server.clone()).await?;
        }
        self.seed_bins(actor, seeds.bins).await?;
        let mut seeded = Seeded {
            operators: seeds.operators.len(),
            merchants: seeds.merchants.len(),
            connections: 0,
            directory_servers: seeds.directory_servers.len(),
            shops: seeds.shops.len(),
        };
        for shop in seeds.shops {
            self.seed_shop(actor, shop).await?;
        }
        for merchant in seeds.merchants {
            seeded.connections += merchant.connections.len();
            self.seed_merchant(actor, &merchant).await?;
            self.seed_keys(actor, &merchant).await?;
            for (id, connection) in merchant.connections {
                self.seed_connection(actor, merchant.id, id, connection).await?;
            }
            for account in merchant.directlink {
                self.seed_directlink(actor, merchant.id, account).await?;
            }
        }
        self.configuration_changed().await;
        Ok(seeded)
    }

    async fn seed_bins(&self, actor: Actor, bins: Vec<Bin>) -> Result<(), AdministrationError> {
        let known = self.store.bins_load().await?;
        let news: Vec<_> = bins
            .into_iter()
            .filter(|bin| known.find(&bin.prefix) != Some(bin))
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        self.bins_put(actor, &news).await
    }

    async fn seed_merchant(&self, actor: Actor, seed: &MerchantSeed) -> Result<(), AdministrationError> {
        let Some(mut stored) = self.store.merchant_load(seed.id).await? else {
            let merchant = self.new_merchant(seed.id, seed.settings.clone());
            let webhook_key = self.own_webhook_secret(seed.id, &seed.webhook_secret, merchant.created_at)?;
            let (private, public) = (seed.private_key.clone(), seed.public_key.clone());
            let (keys, _) = self.application_of(seed.id, "Seeded keys", private, public)?;
            let audit = self
                .merchant_audit(actor, "merchant.create", seed.id, seed.id)
                .showing(None, Some(seed.settings.as_written()));
            return Ok(self
                .store
                .merchant_insert(&merchant, &keys, &webhook_key, &audit)
                .await?);
        };
        self.seed_webhook_secret(actor, seed).await?;
        let before = Settings::from(&stored);
        if before == seed.settings {
            return Ok(());
        }
        let audit = self
            .merchant_audit(actor, "merchant.update", seed.id, seed.id)
            .showing(Some(before.as_written()), Some(seed.settings.as_written()));
        seed.settings.clone().apply_to(&mut stored);
        stored.updated_at = audit.at;
        Ok(self.store.merchant_update(&stored, &audit).await?)
    }

    /// Makes the seed's secret the one that its merchant's own webhooks are signed with, alone.
    async fn seed_webhook_secret(
        &self,
        actor: Actor,
        seed: &MerchantSeed,
    ) -> Result<(), AdministrationError> {
        let now = self.clock.now();
        let keys = self.configuration.webhook_keys(seed.id, None, now).await?;
        let current = keys
            .iter()
            .find(|key| key.scheme == KeyScheme::V1 && key.expires_at.is_none());
        if current.is_some_and(|key| key.secret.reveal() == seed.webhook_secret.reveal()) {
            return Ok(());
        }
        let key = self.own_webhook_secret(seed.id, &seed.webhook_secret, now)?;
        let audit = self.merchant_audit(actor, "webhook_keys.rotate", seed.id, seed.id);
        Ok(self.store.keys_rotate(&[key], now, &audit).await?)
    }

    async fn seed_keys(&self, actor: Actor, seed: &MerchantSeed) -> Result<(), AdministrationError> {
        let hash = self.vault.api_key_hash(seed.private_key.reveal());
        if self
            .store
            .api_key_owner(&hash)
            .await?
            .is_some_and(|owner| owner.merchant == seed.id)
        {
            return Ok(());
        }
        let (private, public) = (seed.private_key.clone(), seed.public_key.clone());
        let (keys, _) = self.application_of(seed.id, "Seeded keys", private, public)?;
        let audit = self.merchant_audit(actor, "application.issue", seed.id, keys.id);
        Ok(self.store.application_insert(&keys, &audit).await?)
    }

    async fn seed_connection(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
        seed: NewConnection,
    ) -> Result<(), AdministrationError> {
        self.remote_is_known(&seed.settings.three_ds, "").await?;
        let Some(mut stored) = self.store.connection_load(merchant, id).await? else {
            let stored = self
                .new_connection(merchant, id, seed, ConnectionStatus::Active)
                .await?;
            let audit = self
                .merchant_audit(actor, "connection.create", merchant, id)
                .showing(None, Some(as_written(&stored.connection)));
            return Ok(self.store.connection_insert(&stored, &audit).await?);
        };
        let before = stored.connection.clone();
        stored.connection = seed.settings.applied_to(&stored.connection);
        stored.connection.status = ConnectionStatus::Active;
        let credentials = open_credentials(&self.vault, id, &stored.credentials_sealed)?;
        if stored.connection == before && same(&credentials, &seed.credentials) {
            return Ok(());
        }
        let audit = self
            .merchant_audit(actor, "connection.update", merchant, id)
            .showing(Some(as_written(&before)), Some(as_written(&stored.connection)));
        stored.credentials_sealed = seal_credentials(&self.vault, id, &seed.credentials)?;
        stored.activated_at = stored.activated_at.or(Some(audit.at));
        stored.updated_at = audit.at;
        Ok(self.store.connection_update(&stored, &audit).await?)
    }

    fn read_seeds<'v>(&self, document: &'v Value) -> Result<Seeds<'v>, Problems> {
        let mut problems = Problems::default();
        let known = [
            "operators",
            "merchants",
            "directory_servers",
            "threeds_server",
            "remote_threeds_servers",
            "bins",
        ];
        let read = Fields::open(document, "", &known, &mut problems).map(|fields| Seeds {
            operators: entries(&fields, "operators", &mut problems),
            merchants: entries(&fields, "merchants", &mut problems)
                .into_iter()
                .filter_map(|(path, value)| self.read_merchant(&path, value, &mut problems))
                .collect(),
            directory_servers: entries(&fields, "directory_servers", &mut problems)
                .into_iter()
                .filter_map(|(path, value)| {
                    let server = directory_servers::read(value, &path, None, self.policy(), self.clock.now());
                    collect(server, &mut problems)
                })
                .collect(),
            shops: entries(&fields, "threeds_server", &mut problems)
                .into_iter()
                .filter_map(|(path, value)| ShopSeed::read(&path, value, &mut problems))
                .collect(),
            remote_threeds_servers: entries(&fields, "remote_threeds_servers", &mut problems)
                .into_iter()
                .filter_map(|(path, value)| collect(self.read_remote(value, &path, None), &mut problems))
                .collect(),
            bins: entries(&fields, "bins", &mut problems)
                .into_iter()
                .filter_map(|(path, value)| collect(read_row(value, &path), &mut problems))
                .collect(),
        });
        problems.or(read)
    }

    fn read_merchant(&self, path: &str, value: &Value, problems: &mut Problems) -> Option<MerchantSeed> {
        let fields = Fields::open(value, path, &MERCHANT_MEMBERS, problems)?;
        let id = fields.need("id", parsed(str::parse), problems);
        let settings = Settings::of(&fields, self.policy(), problems);
        let rate = fields.take("rate_limit_rps", integer(1..=100_000u32), problems);
        let mut secret = |name| fields.need(name, ascii(200), problems).map(Secret::new);
        let private_key = secret("private_key");
        let public_key = secret("public_key");
        let webhook_secret = secret("webhook_secret");
        let connections = entries(&fields, "connections", problems)
            .into_iter()
            .filter_map(|(path, value)| self.read_connection(&path, value, problems))
            .collect();
        let directlink = entries(&fields, "directlink", problems)
            .into_iter()
            .filter_map(|(path, value)| DirectLinkSeed::read(self, &path, value, problems))
            .collect();
        let settings = Settings {
            reads_per_second: rate,
            writes_per_second: rate,
            ..settings?
        };
        Some(MerchantSeed {
            id: id?,
            settings,
            private_key: private_key?,
            public_key: public_key?,
            webhook_secret: webhook_secret?,
            connections,
            directlink,
        })
    }

    fn read_connection(
        &self,
        path: &str,
        value: &Value,
        problems: &mut Problems,
    ) -> Option<(Id<kind::Connection>, NewConnection)> {
        let id = read_id(path, value, problems);
        let new = collect(NewConnection::read(value, path, self.policy()), problems)?;
        collect(self.check(&new.settings, Some(&new.credentials), path), problems)?;
        Some((id?, new))
    }
}

fn read_id<K: Kind>(path: &str, value: &Value, problems: &mut Problems) -> Option<Id<K>> {
    match value.get("id").and_then(Value::as_str).map(str::parse) {
        Some(Ok(id)) => Some(id),
        Some(Err(_)) | None => {
            problems.add(format!("{path}.id"), "must be a UUID");
            None
        }
    }
}

/// The entries of a list that may be absent, each with its path.
pub(super) fn entries<'v>(
    fields: &Fields<'v>,
    name: &str,
    problems: &mut Problems,
) -> Vec<(String, &'v Value)> {
    let path = fields.at(name);
    match fields.value(name) {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (format!("{path}.{index}"), entry))
            .collect(),
        Some(_) => {
            problems.add(path, "must be a list");
            Vec::new()
        }
    }
}

/// What was read, or its problems put to the others.
fn collect<T>(read: Result<T, Problems>, problems: &mut Problems) -> Option<T> {
    read.map_err(|found| problems.0.extend(found.0)).ok()
}

fn same(one: &BTreeMap<String, Secret<String>>, other: &BTreeMap<String, Secret<String>>) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .all(|(name, value)| other.get(name).is_some_and(|it| it.reveal() == value.reveal()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World, connection};
    use super::*;
    use serde_json::json;
    use sqlx::PgPool;

    fn seeds() -> Value {
        let mut seeded = connection("Plain sandbox");
        seeded["id"] = json!("01910000-0000-7000-8000-000000000002");
        json!({
            "operators": [{"email": "operator@sandbox.test", "password": "a long password"}],
            "merchants": [{
                "id": "01910000-0000-7000-8000-000000000001", "name": "Demo", "country": "MX",
                "currencies": ["MXN", "USD"], "private_key": "sk_sandbox_1", "public_key": "pk_sandbox_1",
                "webhook_secret": "whsec_c2VjcmV0", "notify_url": null, "rate_limit_rps": null,
                "connections": [seeded],
                "directlink": [{"pspid": "Tienda", "processor": "plain", "sha_in": "in-passphrase",
                    "users": [{"userid": "api", "password": "a password"}]}]
            }],
            "directory_servers": [{"brand": "visa", "url": "http://127.0.0.1:8090/directory/visa"}],
            "threeds_server": [{
                "name": "Loja", "merchant_id": "LOJA", "merchant_key": "tk_sandbox_1", "carat_merchant_id": "VAULT",
                "carat_merchant_key": "ck_sandbox_1", "acquirer_country": "BR"
            }]
        })
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn seeding_twice_changes_nothing_and_a_changed_seed_what_differs(pool: PgPool) {
        let world = World::new(pool);
        let administration = &world.administration;
        let expected = Seeded {
            operators: 1,
            merchants: 1,
            connections: 1,
            directory_servers: 1,
            shops: 1,
        };
        assert_eq!(administration.seed(ACTOR, &seeds()).await.unwrap(), expected);
        let changes = administration.audit_list(None, None, 100).await.unwrap().len();
        assert_eq!(administration.seed(ACTOR, &seeds()).await.unwrap(), expected);
        assert_eq!(
            administration.audit_list(None, None, 100).await.unwrap().len(),
            changes
        );

        let caller = world.caller(&Secret::new("sk_sandbox_1".into())).await.unwrap();
        assert!(caller.merchant.connections[0].connection.is_active());
        assert_eq!(caller.merchant.private_key.reveal(), "sk_sandbox_1");

        let mut changed = seeds();
        changed["merchants"][0]["rate_limit_rps"] = json!(5);
        changed["merchants"][0]["private_key"] = json!("sk_sandbox_2");
        changed["merchants"][0]["public_key"] = json!("pk_sandbox_2");
        changed["merchants"][0]["connections"][0]["credentials"]["key"] = json!("k-9");
        changed["threeds_server"][0]["merchant_key"] = json!("tk_sandbox_2");
        changed["merchants"][0]["directlink"][0]["sha_in"] = json!("another passphrase");
        changed["merchants"][0]["directlink"][0]["users"][0]["password"] = json!("another password");
        administration.seed(ACTOR, &changed).await.unwrap();
        let caller = world.caller(&Secret::new("pk_sandbox_2".into())).await.unwrap();
        assert_eq!(caller.merchant.reads_per_second, Some(5));
        assert_eq!(
            caller.merchant.connections[0].account.credentials.get("key"),
            Some("k-9")
        );
        let audit = administration.audit_list(None, None, 100).await.unwrap();
        assert_eq!(audit.len(), changes + 6);
        let shop = async |key| world.configuration.shop("LOJA", key).await.unwrap();
        assert!(shop("tk_sandbox_2").await.is_some());
        assert!(shop("tk_sandbox_1").await.is_none());
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn bad_seeds_are_refused_whole_with_every_problem(pool: PgPool) {
        let world = World::new(pool);
        let mut bad = seeds();
        bad["merchants"][0]["country"] = json!(7);
        bad["merchants"][0]["connections"][0]["id"] = json!("one");
        bad["merchants"][0]["connections"][0]["credentials"] = json!({});
        bad["directory_servers"][0]["brand"] = json!("vista");
        bad["merchants"][0]["directlink"][0]["users"][0]["userid"] = json!("Tienda");
        bad["extra"] = json!([]);
        let refused = world.administration.seed(ACTOR, &bad).await;
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        let fields: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "extra",
                "merchants.0.country",
                "merchants.0.connections.0.id",
                "merchants.0.connections.0.credentials.key",
                "merchants.0.directlink.0.users.0.userid",
                "directory_servers.0.brand"
            ]
        );
        assert!(
            world
                .administration
                .audit_list(None, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn production_takes_no_seeds(pool: PgPool) {
        let world = World::in_environment(pool, Environment::Production);
        let refused = world.administration.seed(ACTOR, &seeds()).await;
        assert!(matches!(refused, Err(AdministrationError::Conflict(_))));
    }
}
