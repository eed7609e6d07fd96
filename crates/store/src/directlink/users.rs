//! Users of DirectLink accounts.

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
};
use time::OffsetDateTime;

/// Wrong passwords in a row that lock a user.
pub const FAILURES_MAX: i16 = 5;

/// Who calls for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub pspid: String,
    /// 2 to 20 characters.
    pub userid: String,
    /// Keyed hash of the password.
    pub password_hash: [u8; 32],
    /// Too many wrong passwords were tried.
    pub locked: bool,
    pub disabled: bool,
}

/// A user as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    pub userid: String,
    /// Too many wrong passwords were tried.
    pub locked: bool,
    pub disabled: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What operators do with a user besides giving it a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserChange {
    Disable,
    Enable,
    /// Forgets wrong passwords.
    Unlock,
}

impl Store {
    /// Stores a user, or gives it this password and unlocks it.
    pub async fn directlink_user_put(
        &self,
        user: &User,
        now: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query!(
            "INSERT INTO directlink_users (pspid, userid, password_hash, status, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (pspid, userid) DO UPDATE
             SET password_hash = excluded.password_hash, status = excluded.status, failures = 0, updated_at = excluded.updated_at",
            user.pspid,
            user.userid,
            &user.password_hash,
            if user.disabled { "disabled" } else { "active" },
            now,
        )
        .execute(&mut *transaction)
        .await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One user of an account.
    pub async fn directlink_user_load(&self, pspid: &str, userid: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query!(
            "SELECT password_hash, failures, status FROM directlink_users WHERE pspid = $1 AND userid = $2",
            pspid,
            userid,
        )
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| {
            let hash = row.password_hash.try_into().map_err(|_| StoreError::Corrupt {
                table: "directlink_users",
                column: "password_hash",
                key: format!("{pspid} {userid}"),
            });
            Ok(User {
                pspid: pspid.to_owned(),
                userid: userid.to_owned(),
                password_hash: hash?,
                locked: row.failures >= FAILURES_MAX,
                disabled: row.status != "active",
            })
        })
        .transpose()
    }

    /// Counts a wrong password, or forgets those before a right one. Writes only where that changes something, and never
    /// unlocks. Answers whether the user is there and not locked.
    pub async fn directlink_user_tried(
        &self,
        pspid: &str,
        userid: &str,
        right: bool,
    ) -> Result<bool, StoreError> {
        let failures = sqlx::query_scalar!(
            r#"WITH counted AS (
                   UPDATE directlink_users SET failures = CASE WHEN $3 THEN 0 ELSE failures + 1 END
                   WHERE pspid = $1 AND userid = $2 AND failures < $4 AND NOT ($3 AND failures = 0)
                   RETURNING failures
               )
               SELECT COALESCE((SELECT failures FROM counted), failures) AS "failures!"
               FROM directlink_users WHERE pspid = $1 AND userid = $2"#,
            pspid,
            userid,
            right,
            FAILURES_MAX,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(failures.is_some_and(|failures| failures < FAILURES_MAX))
    }

    /// An account's users by name: up to `limit` of those after `after`.
    pub async fn directlink_users_list(
        &self,
        pspid: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<ListedUser>, StoreError> {
        let rows = sqlx::query!(
            "SELECT userid, failures, status, created_at, updated_at FROM directlink_users
             WHERE pspid = $1 AND userid > $2 ORDER BY userid LIMIT $3",
            pspid,
            after.unwrap_or_default(),
            limit,
        )
        .fetch_all(self.pool())
        .await?;
        let listed = rows.into_iter().map(|row| ListedUser {
            userid: row.userid,
            locked: row.failures >= FAILURES_MAX,
            disabled: row.status != "active",
            created_at: row.created_at,
            updated_at: row.updated_at,
        });
        Ok(listed.collect())
    }

    /// Changes a user. Answers it as it is now; `None` when there is no such user.
    pub async fn directlink_user_change(
        &self,
        pspid: &str,
        userid: &str,
        change: UserChange,
        now: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<Option<ListedUser>, StoreError> {
        let (status, unlocks) = match change {
            UserChange::Disable => (Some("disabled"), false),
            UserChange::Enable => (Some("active"), false),
            UserChange::Unlock => (None, true),
        };
        let mut transaction = self.pool().begin().await?;
        let row = sqlx::query!(
            "UPDATE directlink_users
             SET status = COALESCE($3, status), failures = CASE WHEN $4 THEN 0 ELSE failures END, updated_at = $5
             WHERE pspid = $1 AND userid = $2
             RETURNING failures, status, created_at, updated_at",
            pspid,
            userid,
            status,
            unlocks,
            now,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(Some(ListedUser {
            userid: userid.to_owned(),
            locked: row.failures >= FAILURES_MAX,
            disabled: row.status != "active",
            created_at: row.created_at,
            updated_at: row.updated_at,
        }))
    }
}
