//! Remote 3DS Servers: set, taken away, listed.

use super::{Administration, AdministrationError, Changed};
use crate::authenticator::Secrets;
use mpi::remote::SigningKey;
use payments::fields::{Fields, Problems, ascii, integer, parsed};
use primitives::{HttpUrl, Secret};
use serde_json::{Value, json};
use store::{audit::Actor, remote_threeds_servers::RemoteThreeDsServer};

const READ_TIMEOUT_MS: u32 = 10_000;
/// Asking and, where no answer came, asking what became of it have to fit into the time for an authentication request.
const READ_TIMEOUT_MAX_MS: u32 = 15_000;
const NAME_MAX: usize = 40;
const PEM_MAX_CHARACTERS: usize = 16 * 1024;

const MEMBERS: [&str; 9] = [
    "name",
    "base_url",
    "merchant_id",
    "merchant_key",
    "signing_key",
    "read_timeout_ms",
    // What is shown may be given back; these are computed.
    "signs",
    "created_at",
    "updated_at",
];

/// A remote 3DS Server as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRemoteServer {
    pub server: RemoteThreeDsServer,
    /// Whether creations are signed.
    pub signs: bool,
}

/// A remote 3DS Server as a document has it. Keys are never shown and cannot be given back with the rest: those that are
/// not mentioned stay as they are.
#[derive(Debug, Clone)]
pub(super) struct RemoteDocument {
    path: String,
    name: String,
    base_url: HttpUrl,
    merchant_id: String,
    merchant_key: Option<Secret<String>>,
    /// `Some(None)` takes it away.
    signing_key: Option<Option<Secret<String>>>,
    read_timeout_ms: u32,
}

impl Administration {
    /// All remote 3DS Servers, by name.
    pub async fn remote_threeds_servers_list(&self) -> Result<Vec<ShownRemoteServer>, AdministrationError> {
        let servers = self.store.remote_threeds_servers_list().await?;
        servers
            .into_iter()
            .map(|server| self.shown_remote(server))
            .collect()
    }

    /// Sets the remote 3DS Server of a name.
    pub async fn remote_threeds_server_set(
        &self,
        actor: Actor,
        name: &str,
        document: &Value,
    ) -> Result<ShownRemoteServer, AdministrationError> {
        let read = self.read_remote(document, "", Some(name))?;
        let server = self.remote_threeds_server_put(actor, read).await?;
        self.shown_remote(server)
    }

    /// Takes a remote 3DS Server away, which no connection may name any more.
    pub async fn remote_threeds_server_delete(
        &self,
        actor: Actor,
        name: &str,
    ) -> Result<(), AdministrationError> {
        let absent = || AdministrationError::NotFound("remote 3DS server");
        let before = self.remote_threeds_server(name).await?.ok_or_else(absent)?;
        if self.store.remote_threeds_server_in_use(name).await? {
            return Err(AdministrationError::Conflict(
                "a connection that is not disabled authenticates with it".into(),
            ));
        }
        let audit = self
            .audit(actor, "remote_threeds_server.delete", name)
            .showing(Some(as_written(&before)), None);
        if !self.store.remote_threeds_server_delete(name, &audit).await? {
            return Err(absent());
        }
        self.configuration_changed().await;
        Ok(())
    }

    /// Stores a remote 3DS Server; one that is the same already stays untouched.
    pub(super) async fn remote_threeds_server_put(
        &self,
        actor: Actor,
        document: RemoteDocument,
    ) -> Result<RemoteThreeDsServer, AdministrationError> {
        let before = self.remote_threeds_server(&document.name).await?;
        let known = match &before {
            Some(before) => Some(Secrets::open(&self.vault, &before.name, &before.secrets_sealed)?),
            None => None,
        };
        let merchant_key = document
            .merchant_key
            .or_else(|| known.as_ref().map(|known| known.merchant_key.clone()));
        let Some(merchant_key) = merchant_key else {
            return Err(Problems::of(join(&document.path, "merchant_key"), "is required").into());
        };
        let secrets = Secrets {
            merchant_key,
            signing_key: match document.signing_key {
                Some(change) => change,
                None => known.as_ref().and_then(|known| known.signing_key.clone()),
            },
        };
        let now = self.clock.now();
        let mut server = RemoteThreeDsServer {
            base_url: document.base_url,
            merchant_id: document.merchant_id,
            read_timeout_ms: document.read_timeout_ms,
            secrets_sealed: Vec::new(),
            created_at: before.as_ref().map_or(now, |before| before.created_at),
            updated_at: now,
            name: document.name,
        };
        let same_secrets = known.is_some_and(|known| known.are(&secrets));
        if let Some(before) = before.as_ref().filter(|_| same_secrets) {
            server.secrets_sealed.clone_from(&before.secrets_sealed);
            server.updated_at = before.updated_at;
            if *before == server {
                return Ok(server);
            }
        } else {
            server.secrets_sealed = secrets.seal(&self.vault, &server.name)?;
        }
        let mut after = as_written(&server);
        if !same_secrets {
            after["secrets"] = json!("replaced");
        }
        let audit = self
            .audit(actor, "remote_threeds_server.set", &server.name)
            .showing(before.as_ref().map(as_written), Some(after));
        server.updated_at = audit.at;
        if before.is_none() {
            server.created_at = audit.at;
        }
        self.store.remote_threeds_server_upsert(&server, &audit).await?;
        self.configuration_changed().await;
        Ok(server)
    }

    /// Refuses a connection that names a remote 3DS Server which is not there.
    pub(super) async fn remote_is_known(
        &self,
        settings: &payments::connection::ThreeDsSettings,
        path: &str,
    ) -> Result<(), AdministrationError> {
        match &settings.remote {
            Some(name) if self.remote_threeds_server(name).await?.is_none() => {
                let text = "must be the name of a remote 3DS server";
                Err(Problems::of(join(path, "three_ds.remote"), text).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Reads a remote 3DS Server. Where the name is known from elsewhere, the document need not repeat it.
    pub(super) fn read_remote(
        &self,
        document: &Value,
        path: &str,
        name: Option<&str>,
    ) -> Result<RemoteDocument, Problems> {
        let mut problems = Problems::default();
        let problems_of = &mut problems;
        let read = Fields::open(document, path, &MEMBERS, problems_of).and_then(|fields| {
            let url = |text: &str| HttpUrl::parse(text, self.policy());
            let named = match name {
                None => fields.need("name", ascii(NAME_MAX), problems_of),
                Some(known) => match fields.take("name", ascii(NAME_MAX), problems_of) {
                    Some(other) if other != known => {
                        problems_of.add(fields.at("name"), "must be the name of the address");
                        None
                    }
                    _ => ascii(NAME_MAX)(&json!(known))
                        .map_err(|text| problems_of.add(fields.at("name"), text))
                        .ok(),
                },
            };
            let base_url = fields.need("base_url", parsed(url), problems_of);
            let merchant_id = fields.need("merchant_id", ascii(15), problems_of);
            let merchant_key = fields
                .take("merchant_key", ascii(80), problems_of)
                .map(Secret::new);
            let signing_key = fields.take("signing_key", pem, problems_of).map(Secret::new);
            let takes_away = fields.mentions("signing_key") && fields.value("signing_key").is_none();
            let timeout = fields.take("read_timeout_ms", integer(1..=READ_TIMEOUT_MAX_MS), problems_of);
            Some(RemoteDocument {
                path: path.to_owned(),
                name: named?,
                base_url: base_url?,
                merchant_id: merchant_id?,
                merchant_key,
                signing_key: signing_key.map(Some).or(takes_away.then_some(None)),
                read_timeout_ms: timeout.unwrap_or(READ_TIMEOUT_MS),
            })
        });
        problems.or(read)
    }

    fn shown_remote(&self, server: RemoteThreeDsServer) -> Result<ShownRemoteServer, AdministrationError> {
        let secrets = Secrets::open(&self.vault, &server.name, &server.secrets_sealed)?;
        Ok(ShownRemoteServer {
            signs: secrets.signing_key.is_some(),
            server,
        })
    }

    async fn remote_threeds_server(
        &self,
        name: &str,
    ) -> Result<Option<RemoteThreeDsServer>, AdministrationError> {
        let servers = self.store.remote_threeds_servers_list().await?;
        Ok(servers.into_iter().find(|server| server.name == name))
    }
}

fn pem(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a string")?;
    let key = (text.len() <= PEM_MAX_CHARACTERS).then(|| SigningKey::from_pem(text));
    match key {
        Some(Ok(_)) => Ok(text.to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("must have at most {PEM_MAX_CHARACTERS} characters")),
    }
}

fn join(path: &str, member: &str) -> String {
    if path.is_empty() {
        member.to_owned()
    } else {
        format!("{path}.{member}")
    }
}

fn as_written(server: &RemoteThreeDsServer) -> Value {
    json!({
        "name": server.name,
        "base_url": server.base_url,
        "merchant_id": server.merchant_id,
        "read_timeout_ms": server.read_timeout_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World, connection};
    use super::*;
    use sqlx::PgPool;

    fn document() -> Value {
        json!({"base_url": "https://tds.example", "merchant_id": "shop-1", "merchant_key": "a-key"})
    }

    async fn set(world: &World, document: &Value) -> Result<ShownRemoteServer, AdministrationError> {
        world
            .administration
            .remote_threeds_server_set(ACTOR, "certified", document)
            .await
    }

    fn fields<T: std::fmt::Debug>(refused: Result<T, AdministrationError>) -> Vec<String> {
        let Err(AdministrationError::Invalid(problems)) = refused else {
            panic!("{refused:?}")
        };
        problems.0.into_iter().map(|problem| problem.field).collect()
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_remote_server_keeps_its_keys_and_is_seen_at_once(pool: PgPool) {
        let world = World::new(pool);
        let first = set(&world, &document()).await.unwrap();
        assert!(!first.signs);
        let mut without_key = document();
        without_key.as_object_mut().unwrap().remove("merchant_key");
        assert_eq!(set(&world, &without_key).await.unwrap(), first, "no change");
        without_key["read_timeout_ms"] = json!(3000);
        set(&world, &without_key).await.unwrap();
        let remote = world
            .configuration
            .remote_server("certified")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(remote.server.merchant_key.reveal(), "a-key");
        assert_eq!(remote.read_timeout.as_millis(), 3000);
        let audit = world.administration.audit_list(None, None, 10).await.unwrap();
        assert_eq!(audit.len(), 2);
        assert!(!format!("{audit:?}").contains("a-key"));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_server_that_a_connection_names_has_to_be_there_and_stays(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let mut named = connection("Certified");
        named["three_ds"]["provider"] = json!("remote");
        named["three_ds"]["remote"] = json!("certified");
        let create = async || {
            world
                .administration
                .connection_create(ACTOR, merchant, &named)
                .await
        };
        assert_eq!(fields(create().await), ["three_ds.remote"]);
        set(&world, &document()).await.unwrap();
        create().await.unwrap();
        let delete = async || {
            world
                .administration
                .remote_threeds_server_delete(ACTOR, "certified")
                .await
        };
        assert!(matches!(delete().await, Err(AdministrationError::Conflict(_))));
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn every_problem_of_a_remote_server_is_told(pool: PgPool) {
        let world = World::new(pool);
        let bad = json!({"name": "other", "base_url": 1, "merchant_id": "", "signing_key": "x", "read_timeout_ms": 0});
        assert_eq!(
            fields(set(&world, &bad).await),
            [
                "name",
                "base_url",
                "merchant_id",
                "signing_key",
                "read_timeout_ms"
            ]
        );
        let mut no_key = document();
        no_key.as_object_mut().unwrap().remove("merchant_key");
        assert_eq!(fields(set(&world, &no_key).await), ["merchant_key"]);
    }
}
