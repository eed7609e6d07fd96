//! Who changed what in the administration. A row is written in the transaction of its change.

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who logged in.
    Operator(Id<kind::Operator>),
    /// Somebody with a shell on the machine.
    CommandLine,
    /// The gateway by itself.
    Gateway,
}

/// One change to be recorded. Neither `before` nor `after` may hold a secret.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub at: OffsetDateTime,
    pub actor: Actor,
    /// `connection.activate`, `application.revoke`, …
    pub action: &'static str,
    /// Whose thing was changed; `None` for what belongs to no merchant.
    pub merchant: Option<Id<kind::Merchant>>,
    /// The id of what was changed.
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One change as it was recorded.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Ascending with time; the cursor of the list.
    pub id: i64,
    pub at: OffsetDateTime,
    pub actor: Actor,
    /// The operator's address, when it was one who still exists.
    pub operator_email: Option<String>,
    pub action: String,
    pub merchant: Option<Id<kind::Merchant>>,
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Records a change in the transaction that makes it.
pub async fn audit_insert_in(conn: &mut PgConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    let (actor, operator) = match entry.actor {
        Actor::Operator(id) => ("operator", Some(id.uuid())),
        Actor::CommandLine => ("command_line", None),
        Actor::Gateway => ("gateway", None),
    };
    sqlx::query!(
        "INSERT INTO audit (at, actor, operator_id, action, merchant_id, subject, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.at,
        actor,
        operator,
        entry.action,
        entry.merchant.map(Id::uuid),
        entry.subject,
        entry.before,
        entry.after,
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl Store {
    /// Records what was asked for and is no change of a row of the administration's own.
    pub async fn audit_insert(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut connection = self.pool().acquire().await?;
        audit_insert_in(&mut connection, entry).await
    }

    /// Changes, newest first: up to `limit` of those recorded before the row `before`, of one merchant or of all.
    pub async fn audit_list(
        &self,
        merchant: Option<Id<kind::Merchant>>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT audit.id, at, actor, operator_id, email AS "email?", action, merchant_id, subject, before, after
               FROM audit LEFT JOIN operators ON operators.id = audit.operator_id
               WHERE ($1::uuid IS NULL OR merchant_id = $1) AND audit.id < $2
               ORDER BY audit.id DESC LIMIT $3"#,
            merchant.map(Id::uuid),
            before.unwrap_or(i64::MAX),
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| AuditRow {
                id: row.id,
                at: row.at,
                actor: match row.operator_id {
                    Some(id) => Actor::Operator(Id::from_uuid(id)),
                    None if row.actor == "gateway" => Actor::Gateway,
                    None => Actor::CommandLine,
                },
                operator_email: row.email,
                action: row.action,
                merchant: row.merchant_id.map(Id::from_uuid),
                subject: row.subject,
                before: row.before,
                after: row.after,
            })
            .collect())
    }
}
