//! Issuers, their policies, and the secret that their backends ask for.

use super::{Store, StoreError};
use crate::identifiers::IssuerId;
use crate::policy::Policy;
use time::OffsetDateTime;

/// A bank that the service works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name on the wire.
    pub issuer: IssuerId,
    /// Its name for people.
    pub name: String,
    /// What it set.
    pub policy: Policy,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When name or policy last changed.
    pub updated_at: OffsetDateTime,
}

struct Row {
    issuer_id: String,
    name: String,
    policy: serde_json::Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Issuer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            policy: read_policy(row.policy, &row.issuer_id)?,
            issuer: read_issuer(&row.issuer_id, "issuers")?,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// An issuer's name out of a row of `table`.
pub(crate) fn read_issuer(text: &str, table: &'static str) -> Result<IssuerId, StoreError> {
    IssuerId::parse(text).ok_or_else(|| StoreError::Corrupt {
        table,
        column: "issuer_id",
        key: text.to_owned(),
    })
}

/// A policy out of its column.
pub(crate) fn read_policy(document: serde_json::Value, issuer: &str) -> Result<Policy, StoreError> {
    serde_json::from_value(document).map_err(|_| StoreError::Corrupt {
        table: "issuers",
        column: "policy",
        key: issuer.to_owned(),
    })
}

/// Registers an issuer; `false` where one of that name exists already, which then stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(store: &Store, issuer: &Issuer) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO acs.issuers (issuer_id, name, policy, created_at, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer_id) DO NOTHING",
        issuer.issuer.as_str(),
        issuer.name,
        policy_document(&issuer.policy)?,
        issuer.created_at,
        issuer.updated_at,
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn load(store: &Store, issuer: &IssuerId) -> Result<Option<Issuer>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT issuer_id, name, policy, created_at, updated_at FROM acs.issuers WHERE issuer_id = $1",
        issuer.as_str(),
    )
    .fetch_optional(store.pool())
    .await?
    .map(Issuer::try_from)
    .transpose()
}

/// All issuers, by name on the wire: a service has few.
///
/// # Errors
/// When the database does not answer.
pub async fn list(store: &Store) -> Result<Vec<Issuer>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT issuer_id, name, policy, created_at, updated_at FROM acs.issuers ORDER BY issuer_id",
    )
    .fetch_all(store.pool())
    .await?
    .into_iter()
    .map(Issuer::try_from)
    .collect()
}

/// Replaces an issuer's policy; `false` where there is no such issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn set_policy(
    store: &Store,
    issuer: &IssuerId,
    policy: &Policy,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE acs.issuers SET policy = $2, updated_at = $3 WHERE issuer_id = $1",
        issuer.as_str(),
        policy_document(policy)?,
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the sealed secret for the token endpoint of an issuer's backend; `None` forgets it.
///
/// # Errors
/// When the database does not answer.
pub async fn set_backend_secret(
    store: &Store,
    issuer: &IssuerId,
    sealed: Option<&[u8]>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE acs.issuers SET backend_secret = $2, updated_at = $3 WHERE issuer_id = $1",
        issuer.as_str(),
        sealed,
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sealed secret for the token endpoint of an issuer's backend.
///
/// # Errors
/// When the database does not answer.
pub async fn backend_secret(store: &Store, issuer: &IssuerId) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = sqlx::query_scalar!(
        "SELECT backend_secret FROM acs.issuers WHERE issuer_id = $1",
        issuer.as_str(),
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(sealed.flatten())
}

fn policy_document(policy: &Policy) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(policy).map_err(|_| StoreError::Unwritable("policy"))
}
