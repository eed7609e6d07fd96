//! Routing rules: created, held against the merchant's connections, changed, taken away; and how connections have been
//! answering.

use super::{Administration, AdministrationError, Changed};
use crate::health::Report;
use payments::{
    connection::ConnectionStatus,
    fields::Problems,
    routing::{Rule, rule::Settings},
};
use primitives::{Id, id::kind};
use serde_json::Value;
use store::{audit::Actor, routing_rules::StoredRule};

impl Administration {
    /// All rules of a merchant, in the order in which they are asked.
    pub async fn routing_rules_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<StoredRule>, AdministrationError> {
        self.merchant_known(merchant).await?;
        Ok(self.store.routing_rules_list(merchant).await?)
    }

    /// One rule of a merchant.
    pub async fn routing_rule_get(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::RoutingRule>,
    ) -> Result<StoredRule, AdministrationError> {
        let stored = self.store.routing_rule_load(merchant, id).await?;
        stored.ok_or(AdministrationError::NotFound("routing rule"))
    }

    /// Creates a rule.
    pub async fn routing_rule_create(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        document: &Value,
    ) -> Result<StoredRule, AdministrationError> {
        let settings = Settings::read(document)?;
        self.merchant_known(merchant).await?;
        self.names_are_known(merchant, &settings).await?;
        let id = (*self.clock).fresh_id();
        let audit = self
            .merchant_audit(actor, "routing_rule.create", merchant, id)
            .showing(None, Some(settings.as_written()));
        let stored = StoredRule {
            merchant,
            rule: Rule { id, settings },
            version: 1,
            created_at: audit.at,
            updated_at: audit.at,
        };
        self.store.routing_rule_insert(&stored, &audit).await?;
        self.configuration_changed().await;
        Ok(stored)
    }

    /// Changes the members that `document` has. If it has `version`, that must be the rule's.
    pub async fn routing_rule_update(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::RoutingRule>,
        document: &Value,
    ) -> Result<StoredRule, AdministrationError> {
        let mut stored = self.routing_rule_get(merchant, id).await?;
        let settings = stored.rule.settings.read_change(document)?;
        if let Some(version) = document.get("version")
            && *version != stored.version
        {
            return Err(AdministrationError::Conflict(format!(
                "it was changed meanwhile and is at version {}: read it again",
                stored.version
            )));
        }
        self.names_are_known(merchant, &settings).await?;
        let audit = self
            .merchant_audit(actor, "routing_rule.update", merchant, id)
            .showing(
                Some(stored.rule.settings.as_written()),
                Some(settings.as_written()),
            );
        stored.rule.settings = settings;
        stored.updated_at = audit.at;
        self.store.routing_rule_update(&stored, &audit).await?;
        stored.version += 1;
        self.configuration_changed().await;
        Ok(stored)
    }

    /// Takes a rule away. What it chose stays explained with the payments.
    pub async fn routing_rule_delete(
        &self,
        actor: Actor,
        merchant: Id<kind::Merchant>,
        id: Id<kind::RoutingRule>,
    ) -> Result<(), AdministrationError> {
        let stored = self.routing_rule_get(merchant, id).await?;
        let audit = self
            .merchant_audit(actor, "routing_rule.delete", merchant, id)
            .showing(Some(stored.rule.settings.as_written()), None);
        self.store.routing_rule_delete(&stored, &audit).await?;
        self.configuration_changed().await;
        Ok(())
    }

    /// How a connection has been answering the gateway of this process.
    pub async fn connection_health(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::Connection>,
    ) -> Result<Report, AdministrationError> {
        self.connection_get(merchant, id).await?;
        Ok(self.health.report(id, self.clock.now()))
    }

    /// A rule that names what is not there would take its purchases' connections away.
    async fn names_are_known(
        &self,
        merchant: Id<kind::Merchant>,
        settings: &Settings,
    ) -> Result<(), AdministrationError> {
        let connections = self.store.connections_list(merchant).await?;
        let mut problems = Problems::default();
        for (path, name) in settings.then.names() {
            let named = connections.iter().any(|stored| {
                let connection = &stored.connection;
                connection.status != ConnectionStatus::Disabled
                    && (name.parse() == Ok(connection.id)
                        || name == connection.name
                        || name == connection.processor_name)
            });
            if !named {
                problems.add(path, "must be the id, the name or the processor of a connection");
            }
        }
        Ok(problems.or(Some(()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ACTOR, World, connection};
    use super::*;
    use serde_json::json;
    use sqlx::PgPool;

    fn rule(name: &str, processors: &[&str]) -> Value {
        json!({"name": name, "priority": 10, "when": {"all": [{"field": "amount", "op": "gte", "value": 1}]},
            "then": {"action": "process", "processors": processors}})
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_rule_is_created_changed_seen_by_purchases_and_audited(pool: PgPool) {
        let world = World::new(pool);
        let merchant = world.merchant("Shop").await.merchant.id;
        let administration = &world.administration;
        administration
            .connection_create(ACTOR, merchant, &connection("One"))
            .await
            .unwrap();
        let rules = async || {
            let profile = world.configuration.profile(merchant).await.unwrap().unwrap();
            profile.rules.clone()
        };
        assert_eq!(rules().await, []);
        let stored = administration
            .routing_rule_create(ACTOR, merchant, &rule("First", &["One"]))
            .await
            .unwrap();
        let id = stored.rule.id;
        assert_eq!(rules().await, [stored.rule]);
        let change = json!({"enabled": false, "version": 1});
        let changed = administration
            .routing_rule_update(ACTOR, merchant, id, &change)
            .await
            .unwrap();
        assert_eq!((changed.version, rules().await[0].settings.enabled), (2, false));
        let stale = administration
            .routing_rule_update(ACTOR, merchant, id, &change)
            .await;
        assert!(matches!(stale, Err(AdministrationError::Conflict(_))));
        administration
            .routing_rule_delete(ACTOR, merchant, id)
            .await
            .unwrap();
        assert_eq!(rules().await, []);
        let audit = administration.audit_list(Some(merchant), None, 10).await.unwrap();
        let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).take(3).collect();
        assert_eq!(
            actions,
            [
                "routing_rule.delete",
                "routing_rule.update",
                "routing_rule.create"
            ]
        );
    }

    #[sqlx::test(migrator = "store::MIGRATOR")]
    async fn a_rule_names_only_connections_that_are_there_and_its_owner_s(pool: PgPool) {
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
        let refused = async |merchant, document| {
            let result = administration
                .routing_rule_create(ACTOR, merchant, &document)
                .await;
            match result {
                Err(AdministrationError::Invalid(problems)) => {
                    problems.0.into_iter().map(|it| it.field).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            refused(merchant, rule("x", &["One", "Two", "kushki"])).await,
            ["then.processors[1]", "then.processors[2]"]
        );
        let mut split = rule("x", &[]);
        split["then"]["split"] = json!([{"processors": ["plain", "Two"], "weight": 1}]);
        assert_eq!(refused(merchant, split).await, ["then.split[0].processors[1]"]);
        assert_eq!(refused(other, rule("x", &["One"])).await, ["then.processors[0]"]);

        let by_id = rule("By id", &[&id.to_string()]);
        let stored = administration
            .routing_rule_create(ACTOR, merchant, &by_id)
            .await
            .unwrap();
        let foreign = administration.routing_rule_get(other, stored.rule.id).await;
        assert!(matches!(
            foreign,
            Err(AdministrationError::NotFound("routing rule"))
        ));
        let twin = administration.routing_rule_create(ACTOR, merchant, &by_id).await;
        assert!(matches!(twin, Err(AdministrationError::Conflict(_))));
    }
}
