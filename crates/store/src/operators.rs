//! Operators, their sessions, and failed logins.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use primitives::{Id, id::kind};
use time::{Duration, OffsetDateTime};

/// Somebody who works in the admin.
#[derive(Debug, Clone)]
pub struct Operator {
    pub id: Id<kind::Operator>,
    /// In lower case.
    pub email: String,
    /// Argon2id, PHC string format.
    pub password_hash: String,
}

impl Store {
    /// Creates an operator, or gives the one with that address another password and ends its sessions.
    pub async fn operator_upsert(&self, operator: &Operator, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let id = sqlx::query_scalar!(
            "INSERT INTO operators (id, email, password_hash, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, updated_at = $4
             RETURNING id",
            operator.id.uuid(),
            operator.email,
            operator.password_hash,
            audit.at,
        )
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query!("DELETE FROM operator_sessions WHERE operator_id = $1", id)
            .execute(&mut *transaction)
            .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// The operator with that (lower-case) address.
    pub async fn operator_by_email(&self, email: &str) -> Result<Option<Operator>, StoreError> {
        let row = sqlx::query!(
            "SELECT id, email, password_hash FROM operators WHERE email = $1",
            email
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| Operator {
            id: Id::from_uuid(row.id),
            email: row.email,
            password_hash: row.password_hash,
        }))
    }

    /// Opens a session, forgets this address's failed logins, and sweeps out sessions that are over.
    pub async fn session_insert(
        &self,
        token_hash: &[u8; 32],
        operator: Id<kind::Operator>,
        login_subject: &[u8; 32],
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!("DELETE FROM operator_sessions WHERE expires_at <= $1", now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "DELETE FROM login_failures WHERE subject_hash = $1",
            login_subject
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO operator_sessions (token_hash, operator_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash,
            operator.uuid(),
            now,
            expires_at,
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Whose session a token opens, if it is not over.
    pub async fn session_operator(
        &self,
        token_hash: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Option<Id<kind::Operator>>, StoreError> {
        let operator = sqlx::query_scalar!(
            "SELECT operator_id FROM operator_sessions WHERE token_hash = $1 AND expires_at > $2",
            token_hash,
            now,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(operator.map(Id::from_uuid))
    }

    /// Ends a session.
    pub async fn session_delete(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM operator_sessions WHERE token_hash = $1", token_hash)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Counts a login as failed before its password is looked at, so that many guesses at once are all counted.
    ///
    /// Answers whether the password may be looked at: `false` when `limit` failures were counted, the last within
    /// `memory`. A refused try is not counted, or an attacker could lock somebody out for ever.
    pub async fn login_try(
        &self,
        subject: &[u8; 32],
        limit: i32,
        memory: Duration,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let forgotten_before = now - memory;
        let mut transaction = self.pool().begin().await?;
        sqlx::query!("DELETE FROM login_failures WHERE last_at < $1", forgotten_before)
            .execute(&mut *transaction)
            .await?;
        let counted = sqlx::query_scalar!(
            "INSERT INTO login_failures AS known (subject_hash, failures, last_at) VALUES ($1, 1, $2)
             ON CONFLICT (subject_hash) DO UPDATE SET failures = known.failures + 1, last_at = $2
                 WHERE known.failures < $3
             RETURNING failures",
            subject,
            now,
            limit,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(counted.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchants::tests::{NOW, audit, id};
    use sqlx::PgPool;

    fn operator(number: u128, password_hash: &str) -> Operator {
        Operator {
            id: id(number),
            email: "ana@example.com".into(),
            password_hash: password_hash.into(),
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_ends_with_its_time_its_logout_or_another_password(pool: PgPool) {
        let store = Store::from_pool(pool);
        let later = NOW + Duration::hours(1);
        store
            .operator_upsert(&operator(1, "a"), &audit("operator.create"))
            .await
            .unwrap();
        let open = async |token: u8| {
            store
                .session_insert(&[token; 32], id(1), &[0; 32], NOW, later)
                .await
                .unwrap();
        };
        let whose = async |token: u8, at| store.session_operator(&[token; 32], at).await.unwrap();
        for token in 1..=3 {
            open(token).await;
        }
        assert_eq!(whose(1, NOW).await, Some(id(1)));
        assert_eq!(whose(1, later).await, None);
        store.session_delete(&[1; 32]).await.unwrap();
        assert_eq!(whose(1, NOW).await, None);
        assert_eq!(whose(2, NOW).await, Some(id(1)));
        store
            .operator_upsert(&operator(2, "b"), &audit("operator.create"))
            .await
            .unwrap();
        assert_eq!(whose(2, NOW).await, None);
        let stored = store.operator_by_email("ana@example.com").await.unwrap().unwrap();
        assert_eq!(
            (stored.id, stored.password_hash.as_str()),
            (id(1), "b"),
            "the same operator"
        );
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn guesses_are_limited_however_many_come_at_once(pool: PgPool) {
        let store = Store::from_pool(pool);
        let memory = Duration::minutes(15);
        let guesses: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.login_try(&[1; 32], 5, memory, NOW).await.unwrap() })
            })
            .collect();
        let mut allowed = 0;
        for guess in guesses {
            allowed += usize::from(guess.await.unwrap());
        }
        assert_eq!(allowed, 5);
        let then = NOW + Duration::minutes(14);
        assert!(!store.login_try(&[1; 32], 5, memory, then).await.unwrap());
        assert!(
            store.login_try(&[2; 32], 5, memory, then).await.unwrap(),
            "another address"
        );
        let then = NOW + Duration::minutes(16);
        assert!(
            store.login_try(&[1; 32], 5, memory, then).await.unwrap(),
            "refused tries do not prolong the lock"
        );
    }
}
