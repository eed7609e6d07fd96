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
}
