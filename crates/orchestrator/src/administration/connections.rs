//! Connections: created, checked against what their processor offers, activated, changed, withdrawn.

use super::{Administration, AdministrationError, Changed};
use crate::configuration::seal_credentials;
use payments::{
    connection::{
        Connection, ConnectionStatus,
        document::{NewConnection, Settings, as_written, read_credentials},
    },
    fields::Problems,
};
use primitives::{Id, id::kind};
use serde_json::{Value, json};
use store::{audit::Actor, connections::StoredConnection};

/// What a new connection without a preference is put behind the others by.
const PREFERENCE_STEP: i32 = 10;

impl Administration {
    /// Creates a connection, inactive until it is activated.
    pub async fn connection_create(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<StoredConnection, AdministrationError> {
        let new = NewConnection::read(document, "", self.policy())?;
        self.check(&new.settings, Some(&new.credentials), "")?;
        self.remote_is_known(&new.settings.three_ds, "").await?;
        self.merchant_known(merchant).await?;
        let id = (*self.clock).fresh_id();
        let stored = self
            .new_connection(merchant, id, new, ConnectionStatus::Inactive)
            .await?;
        let audit = self
            .merchant_audit(actor, "connection.create", merchant, id)
            .showing(None, Some(as_written(&stored.connection)));
        self.store.connection_insert(&stored, &audit).await?;
        self.configuration_changed().await;
        Ok(stored)
    }

    /// All connections of a merchant, in the order in which they are tried.
    pub async fn connections_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<StoredConnection>, AdministrationError> {
        self.merchant_known(merchant).await?;
        Ok(self.store.connections_list(merchant).await?)
    }

    /// One connection of a merchant.
    pub async fn connection_get(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
    ) -> Result<StoredConnection, AdministrationError> {
        let stored = self.store.connection_load(merchant, id).await?;
        stored.ok_or(AdministrationError::NotFound("connection"))
    }

    /// Changes the members that `document` has. Once a connection was active, processor and credentials stay: money
    /// that went through them is captured and refunded with them.
    pub async fn connection_update(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
        document: &Value,
    ) -> Result<StoredConnection, AdministrationError> {
        let mut stored = self.connection_get(merchant, id).await?;
        let settings = Settings::read_change(document, &stored.connection, self.policy())?;
        let fixed = stored.activated_at.is_some();
        if fixed && (document.get("credentials").is_some() || names_another_processor(&settings, &stored)) {
            return Err(AdministrationError::Conflict(
                "processor and credentials of a connection that was activated cannot be changed: \
                 create another connection and disable this one"
                    .into(),
            ));
        }
        let credentials = match document.get("credentials") {
            Some(_) => Some(read_credentials(document)?),
            None if names_another_processor(&settings, &stored) => {
                return Err(Problems::of("credentials", "is required when the processor changes").into());
            }
            None => None,
        };
        self.check(&settings, credentials.as_ref(), "")?;
        self.remote_is_known(&settings.three_ds, "").await?;
        if let Some(credentials) = &credentials {
            stored.credentials_sealed = seal_credentials(&self.vault, id, credentials)?;
        }
        let before = as_written(&stored.connection);
        stored.connection = settings.applied_to(&stored.connection);
        let mut after = as_written(&stored.connection);
        if credentials.is_some() {
            after["credentials"] = json!("replaced");
        }
        let audit = self
            .merchant_audit(actor, "connection.update", merchant, id)
            .showing(Some(before), Some(after));
        stored.updated_at = audit.at;
        self.store.connection_update(&stored, &audit).await?;
        stored.version += 1;
        self.configuration_changed().await;
        Ok(stored)
    }

    /// Routes payments to a connection, or no longer. [`ConnectionStatus::Disabled`] is for good.
    pub async fn connection_set_status(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
        status: ConnectionStatus,
    ) -> Result<StoredConnection, AdministrationError> {
        let mut stored = self.connection_get(merchant, id).await?;
        let before = stored.connection.status;
        if before == status {
            return Ok(stored);
        }
        let action = match status {
            ConnectionStatus::Active => "connection.activate",
            ConnectionStatus::Inactive => "connection.deactivate",
            ConnectionStatus::Disabled => "connection.disable",
        };
        if before == ConnectionStatus::Disabled {
            return Err(AdministrationError::Conflict(
                "the connection was disabled for good".into(),
            ));
        }
        let audit = self.merchant_audit(actor, action, merchant, id).showing(
            Some(json!({"status": before.as_str()})),
            Some(json!({"status": status.as_str()})),
        );
        stored.connection.status = status;
        if status == ConnectionStatus::Active {
            stored.activated_at = stored.activated_at.or(Some(audit.at));
        }
        stored.updated_at = audit.at;
        self.store.connection_update(&stored, &audit).await?;
        stored.version += 1;
        self.configuration_changed().await;
        Ok(stored)
    }

    /// A connection's row, not stored yet.
    pub(super) async fn new_connection(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
        new: NewConnection,
        status: ConnectionStatus,
    ) -> Result<StoredConnection, AdministrationError> {
        let last = self
            .store
            .connections_list(merchant)
            .await?
            .iter()
            .map(|c| c.connection.preference)
            .max();
        let now = self.clock.now();
        let settings = new.settings;
        let connection = Connection {
            id,
            merchant,
            name: settings.name,
            processor_name: settings.processor_name,
            status,
            operation: settings.operation,
            currencies: settings.currencies,
            countries: settings.countries,
            base_url: settings.base_url,
            inquiry_visible_after_seconds: settings.inquiry_visible_after_seconds,
            inquiry_final_after_seconds: settings.inquiry_final_after_seconds,
            preference: settings
                .preference
                .unwrap_or_else(|| last.map_or(PREFERENCE_STEP, |last| last + PREFERENCE_STEP)),
            three_ds: settings.three_ds,
        };
        Ok(StoredConnection {
            credentials_sealed: seal_credentials(&self.vault, id, &new.credentials)?,
            activated_at: (status == ConnectionStatus::Active).then_some(now),
            connection,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

fn names_another_processor(settings: &Settings, stored: &StoredConnection) -> bool {
    settings.processor_name != stored.connection.processor_name
}

#[cfg(test)]
mod tests {
    use super::super::{
        Environment,
        testing::{ACTOR, World, connection},
    };
    use super::*;
    use payments::connection::ThreeDsProvider;
    use sqlx::PgPool;

    fn fields(result: Result<StoredConnection, AdministrationError>) -> Vec<String> {
        match result {
            Err(AdministrationError::Invalid(problems)) => {
                problems.0.into_iter().map(|problem| problem.field).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_connection_is_created_inactive_and_routed_to_once_activated(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let administration = &world.administration;
        let stored = administration
            .connection_create(ACTOR, merchant, &connection("One"))
            .await
            .unwrap();
        let id = stored.connection.id;
        let routable = async || {
            let profile = world.configuration.profile(merchant).await.unwrap().unwrap();
            profile.connections[0].clone()
        };
        assert!(!routable().await.connection.is_active());
        administration
            .connection_set_status(ACTOR, merchant, id, ConnectionStatus::Active)
            .await
            .unwrap();
        let active = routable().await;
        assert!(active.connection.is_active());
        assert_eq!(active.account.credentials.get("key"), Some("k-123"));
        assert_eq!(active.account.base_url.as_str(), "https://plain.example/");

        let second = administration
            .connection_create(ACTOR, merchant, &connection("Two"))
            .await
            .unwrap();
        assert!(
            second.connection.preference > stored.connection.preference,
            "a new one comes last"
        );
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn only_a_sandbox_shortens_the_windows_of_an_inquiry(pool: PgPool) {
        let mut document = connection("One");
        document["inquiry_visible_after_seconds"] = json!(2);
        document["inquiry_final_after_seconds"] = json!(3);
        for (environment, refused) in [
            (Environment::Sandbox, Vec::new()),
            (
                Environment::Production,
                vec!["inquiry_visible_after_seconds", "inquiry_final_after_seconds"],
            ),
        ] {
            let world = World::in_environment(pool.clone(), environment);
            let merchant = world.merchant("Shop").await.merchant.id;
            let created = world
                .administration
                .connection_create(ACTOR, merchant, &document)
                .await;
            let found = created.map_or_else(|error| fields(Err(error)), |_| Vec::new());
            assert_eq!(found, refused);
        }
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_connection_is_held_against_what_its_processor_declares(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let mut document = connection("One");
        document["currencies"] = json!(["MXN", "EUR"]);
        document["operation"] = json!("authorization");
        document["credentials"] = json!({"secret": "x", "note": "y".repeat(9)});
        document["three_ds"]["provider"] = json!("processor");
        let refused = world
            .administration
            .connection_create(ACTOR, merchant, &document)
            .await;
        assert_eq!(
            fields(refused),
            [
                "currencies",
                "operation",
                "three_ds.provider",
                "credentials.key",
                "credentials.note",
                "credentials.secret"
            ]
        );
        document = connection("One");
        document["processor_name"] = json!("nobody");
        assert_eq!(
            fields(
                world
                    .administration
                    .connection_create(ACTOR, merchant, &document)
                    .await
            ),
            ["processor_name"]
        );
        assert_eq!(world.administration.connections_list(merchant).await.unwrap(), []);
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn credentials_stay_once_a_connection_was_active(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let administration = &world.administration;
        let id = administration
            .connection_create(ACTOR, merchant, &connection("One"))
            .await
            .unwrap()
            .connection
            .id;
        let change = json!({"credentials": {"key": "k-456"}});
        administration
            .connection_update(ACTOR, merchant, id, &change)
            .await
            .unwrap();
        for status in [ConnectionStatus::Active, ConnectionStatus::Inactive] {
            administration
                .connection_set_status(ACTOR, merchant, id, status)
                .await
                .unwrap();
        }
        let refused = administration
            .connection_update(ACTOR, merchant, id, &change)
            .await;
        assert!(matches!(refused, Err(AdministrationError::Conflict(_))));

        let change = json!({"name": "Renamed", "three_ds": {"provider": "none"}});
        let changed = administration
            .connection_update(ACTOR, merchant, id, &change)
            .await
            .unwrap();
        assert_eq!(changed.connection.name, "Renamed");
        assert_eq!(changed.connection.three_ds.provider, ThreeDsProvider::None);
        let profile = world.configuration.profile(merchant).await.unwrap().unwrap();
        assert_eq!(
            profile.connections[0].account.credentials.get("key"),
            Some("k-456")
        );
        let audit = administration.audit_list(Some(merchant), None, 20).await.unwrap();
        let told = format!("{audit:?}");
        assert!(
            !told.contains("k-123") && !told.contains("k-456"),
            "credentials are not audited"
        );
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_disabled_connection_stays_so_and_others_do_not_see_it(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let other = world.merchant("Other").await.merchant.id;
        let administration = &world.administration;
        let id = administration
            .connection_create(ACTOR, merchant, &connection("One"))
            .await
            .unwrap()
            .connection
            .id;
        let set = async |merchant, status| {
            administration
                .connection_set_status(ACTOR, merchant, id, status)
                .await
                .map(|_| ())
        };
        let refused = set(other, ConnectionStatus::Active).await;
        assert!(matches!(
            refused,
            Err(AdministrationError::NotFound("connection"))
        ));
        let refused = administration
            .connection_update(ACTOR, other, id, &json!({"name": "x"}))
            .await;
        assert!(matches!(
            refused,
            Err(AdministrationError::NotFound("connection"))
        ));
        set(merchant, ConnectionStatus::Disabled).await.unwrap();
        let refused = set(merchant, ConnectionStatus::Active).await;
        assert!(matches!(refused, Err(AdministrationError::Conflict(_))));
    }
}
