//! Routing rules: which connections of a merchant take which charges; and why a payment took the ones it did.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use payments::routing::{Explanation, Rule, rule::Settings};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A rule with what only its keeper needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    pub merchant: Id<kind::Merchant>,
    pub rule: Rule,
    /// How often it was changed; a change is made to the version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Why a payment took its routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRouting {
    pub payment: Id<kind::Payment>,
    /// Counts the order's payments from 1.
    pub number: i16,
    pub created_at: OffsetDateTime,
    /// `None` for a payment from before explanations were kept.
    pub explanation: Option<Explanation>,
}

struct Row {
    merchant_id: Uuid,
    id: Uuid,
    document: Value,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for StoredRule {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let settings = Settings::read(&row.document).map_err(|_| StoreError::Corrupt {
            table: "routing_rules",
            column: "document",
            key: row.id.to_string(),
        })?;
        Ok(Self {
            merchant: Id::from_uuid(row.merchant_id),
            rule: Rule {
                id: Id::from_uuid(row.id),
                settings,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Creates a rule.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `routing_rules_name` when the merchant has another of that name.
    pub async fn routing_rule_insert(
        &self,
        stored: &StoredRule,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let settings = &stored.rule.settings;
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO routing_rules (merchant_id, id, name, priority, enabled, document, version, created_at,
                                        updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
            stored.merchant.uuid(),
            stored.rule.id.uuid(),
            settings.name,
            settings.priority,
            settings.enabled,
            settings.as_written(),
            stored.version,
            stored.created_at,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Replaces everything but ids and creation time, on the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that version is no longer there, [`StoreError::Taken`] with `routing_rules_name`
    /// when the merchant has another of that name.
    pub async fn routing_rule_update(
        &self,
        stored: &StoredRule,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let settings = &stored.rule.settings;
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE routing_rules SET name = $4, priority = $5, enabled = $6, document = $7, updated_at = $8,
                 version = version + 1
             WHERE merchant_id = $1 AND id = $2 AND version = $3",
            stored.merchant.uuid(),
            stored.rule.id.uuid(),
            stored.version,
            settings.name,
            settings.priority,
            settings.enabled,
            settings.as_written(),
            stored.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a rule away, on the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that version is no longer there.
    pub async fn routing_rule_delete(
        &self,
        stored: &StoredRule,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "DELETE FROM routing_rules WHERE merchant_id = $1 AND id = $2 AND version = $3",
            stored.merchant.uuid(),
            stored.rule.id.uuid(),
            stored.version,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Changed);
        }
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One rule of a merchant.
    pub async fn routing_rule_load(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::RoutingRule>,
    ) -> Result<Option<StoredRule>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT merchant_id, id, document, version, created_at, updated_at
             FROM routing_rules WHERE merchant_id = $1 AND id = $2",
            merchant.uuid(),
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(StoredRule::try_from)
        .transpose()
    }

    /// All rules of a merchant, in the order in which they are asked.
    pub async fn routing_rules_list(
        &self,
        merchant: Id<kind::Merchant>,
    ) -> Result<Vec<StoredRule>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT merchant_id, id, document, version, created_at, updated_at
             FROM routing_rules WHERE merchant_id = $1 ORDER BY priority, id",
            merchant.uuid(),
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(StoredRule::try_from)
        .collect()
    }

    /// Why each payment of an order took its routes, the latest first. `None` when the merchant has no such order.
    pub async fn order_routing(
        &self,
        merchant: Id<kind::Merchant>,
        order: Id<kind::Order>,
    ) -> Result<Option<Vec<StoredRouting>>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT p.id AS "id?", p.number AS "number?", p.created_at AS "created_at?",
                      p.routing AS "routing: Json<Explanation>"
               FROM orders o LEFT JOIN payments p ON p.merchant_id = o.merchant_id AND p.order_id = o.id
               WHERE o.merchant_id = $1 AND o.id = $2 ORDER BY p.number DESC"#,
            merchant.uuid(),
            order.uuid(),
        )
        .fetch_all(self.pool())
        .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let payments = rows.into_iter().filter_map(|row| {
            Some(StoredRouting {
                payment: Id::from_uuid(row.id?),
                number: row.number?,
                created_at: row.created_at?,
                explanation: row.routing.map(|Json(explanation)| explanation),
            })
        });
        Ok(Some(payments.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit, id, insert};
    use serde_json::json;
    use sqlx::PgPool;

    fn rule(merchant: Id<kind::Merchant>, number: u128, priority: i32) -> StoredRule {
        let document = json!({
            "name": format!("Rule {number}"), "priority": priority,
            "when": {"all": [{"field": "bin", "op": "prefix", "value": "4000"}]},
            "then": {"action": "process", "processors": ["One"], "three_ds": {"mode": "off"}},
        });
        StoredRule {
            merchant,
            rule: Rule {
                id: id(number),
                settings: Settings::read(&document).unwrap(),
            },
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn rules_come_back_as_they_were_by_priority_and_only_to_their_owner(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let other = insert(&store, 2).await.id;
        let (later, sooner) = (rule(owner, 1, 20), rule(owner, 2, 10));
        for stored in [&later, &sooner] {
            store
                .routing_rule_insert(stored, &audit("routing_rule.create"))
                .await
                .unwrap();
        }
        assert_eq!(
            store.routing_rules_list(owner).await.unwrap(),
            [sooner.clone(), later]
        );
        assert_eq!(
            store.routing_rule_load(owner, sooner.rule.id).await.unwrap(),
            Some(sooner.clone())
        );
        assert_eq!(
            store.routing_rule_load(other, sooner.rule.id).await.unwrap(),
            None
        );
        assert_eq!(store.routing_rules_list(other).await.unwrap(), []);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn names_are_unique_and_a_change_is_made_to_what_was_read(pool: PgPool) {
        let store = Store::from_pool(pool);
        let owner = insert(&store, 1).await.id;
        let (mut first, second) = (rule(owner, 1, 1), rule(owner, 2, 2));
        for stored in [&first, &second] {
            store
                .routing_rule_insert(stored, &audit("routing_rule.create"))
                .await
                .unwrap();
        }
        first.rule.settings.name = second.rule.settings.name;
        let taken = store
            .routing_rule_update(&first, &audit("routing_rule.update"))
            .await;
        assert!(matches!(taken, Err(StoreError::Taken(name)) if name == "routing_rules_name"));
        first.rule.settings.name = "Another".into();
        store
            .routing_rule_update(&first, &audit("routing_rule.update"))
            .await
            .unwrap();
        for stale in [
            store
                .routing_rule_update(&first, &audit("routing_rule.update"))
                .await,
            store
                .routing_rule_delete(&first, &audit("routing_rule.delete"))
                .await,
        ] {
            assert!(matches!(stale, Err(StoreError::Changed)));
        }
        first.version = 2;
        store
            .routing_rule_delete(&first, &audit("routing_rule.delete"))
            .await
            .unwrap();
        assert_eq!(store.routing_rules_list(owner).await.unwrap().len(), 1);
    }
}
