//! Programs of issuers: their keys, the assertions they have shown, the access tokens they hold.

use super::issuers::read_issuer;
use super::{Store, StoreError};
use crate::identifiers::IssuerId;
use crate::jose::jwk::EcKey;
use time::OffsetDateTime;

/// Rows that a call removes on its way once they have expired.
const REMOVED_AT_ONCE: i64 = 100;

/// A program of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its name: `iss` of its assertions.
    pub(crate) client: String,
    /// Whose it is.
    pub(crate) issuer: IssuerId,
    /// What it signs with.
    pub(crate) key: EcKey,
    /// What it signed with before, and until when that is good.
    pub(crate) previous: Option<(EcKey, OffsetDateTime)>,
    /// Since when it may not call.
    pub(crate) disabled_at: Option<OffsetDateTime>,
    /// When it was made.
    pub(crate) created_at: OffsetDateTime,
}

struct Row {
    client_id: String,
    issuer_id: String,
    public_key: Vec<u8>,
    previous_public_key: Option<Vec<u8>>,
    previous_until: Option<OffsetDateTime>,
    disabled_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Client {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = |point: &[u8]| {
            EcKey::of_point(point).ok_or_else(|| StoreError::Corrupt {
                table: "issuer_clients",
                column: "public_key",
                key: row.client_id.clone(),
            })
        };
        let previous = row.previous_public_key.as_deref().zip(row.previous_until);
        Ok(Self {
            key: key(&row.public_key)?,
            previous: previous
                .map(|(point, until)| key(point).map(|key| (key, until)))
                .transpose()?,
            issuer: read_issuer(&row.issuer_id, "issuer_clients")?,
            client: row.client_id,
            disabled_at: row.disabled_at,
            created_at: row.created_at,
        })
    }
}

/// What came of making a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientInserted {
    /// It is there.
    Done,
    /// The name is taken, maybe by another issuer.
    NameTaken,
    /// There is no such issuer.
    NoIssuer,
}

/// Makes a client.
pub(crate) async fn insert(store: &Store, client: &Client) -> Result<ClientInserted, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO acs.issuer_clients (client_id, issuer_id, public_key, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (client_id) DO NOTHING",
        client.client,
        client.issuer.as_str(),
        client.key.point(),
        client.created_at,
    )
    .execute(store.pool())
    .await;
    match done {
        Ok(done) if done.rows_affected() == 1 => Ok(ClientInserted::Done),
        Ok(_) => Ok(ClientInserted::NameTaken),
        Err(sqlx::Error::Database(refusal)) if refusal.is_foreign_key_violation() => {
            Ok(ClientInserted::NoIssuer)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// A client by its name, of whichever issuer.
pub(crate) async fn load(store: &Store, client: &str) -> Result<Option<Client>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT client_id, issuer_id, public_key, previous_public_key, previous_until, disabled_at, created_at
         FROM acs.issuer_clients WHERE client_id = $1",
        client,
    )
    .fetch_optional(store.pool())
    .await?
    .map(Client::try_from)
    .transpose()
}

/// The clients of an issuer, by name.
pub(crate) async fn list(store: &Store, issuer: &IssuerId) -> Result<Vec<Client>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT client_id, issuer_id, public_key, previous_public_key, previous_until, disabled_at, created_at
         FROM acs.issuer_clients WHERE issuer_id = $1 ORDER BY client_id",
        issuer.as_str(),
    )
    .fetch_all(store.pool())
    .await?
    .into_iter()
    .map(Client::try_from)
    .collect()
}

/// Gives a client another key; the one before stays good until `previous_until`. `false` where there is no such client.
pub(crate) async fn rotate(
    store: &Store,
    issuer: &IssuerId,
    client: &str,
    key: &EcKey,
    previous_until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE acs.issuer_clients
         SET previous_public_key = public_key, previous_until = $4, public_key = $3, updated_at = $5
         WHERE issuer_id = $1 AND client_id = $2",
        issuer.as_str(),
        client,
        key.point(),
        previous_until,
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a client's access, with every token it holds, or lets it in again. `false` where there is no such client.
pub(crate) async fn set_disabled(
    store: &Store,
    issuer: &IssuerId,
    client: &str,
    disabled: bool,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut transaction = store.pool().begin().await?;
    let done = sqlx::query!(
        "UPDATE acs.issuer_clients SET disabled_at = CASE WHEN $3 THEN coalesce(disabled_at, $4) END, updated_at = $4
         WHERE issuer_id = $1 AND client_id = $2",
        issuer.as_str(),
        client,
        disabled,
        now,
    )
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("DELETE FROM acs.access_tokens WHERE client_id = $1", client)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// An access token to be kept, and the assertion that it is given for.
#[derive(Debug)]
pub(crate) struct NewToken<'a> {
    pub(crate) client: &'a str,
    pub(crate) assertion_hash: [u8; 32],
    pub(crate) assertion_expires_at: OffsetDateTime,
    pub(crate) token_hash: [u8; 32],
    pub(crate) expires_at: OffsetDateTime,
}

/// Takes an assertion and keeps the token that is given for it; `false` where the assertion was taken before. What has
/// expired meanwhile is removed, a little on every call.
pub(crate) async fn exchange(
    store: &Store,
    new: &NewToken<'_>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut transaction = store.pool().begin().await?;
    let taken = sqlx::query!(
        "INSERT INTO acs.assertions (client_id, assertion_hash, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (client_id, assertion_hash) DO NOTHING",
        new.client,
        &new.assertion_hash,
        new.assertion_expires_at,
    )
    .execute(&mut *transaction)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO acs.access_tokens (token_hash, client_id, expires_at) VALUES ($1, $2, $3)",
        &new.token_hash,
        new.client,
        new.expires_at,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    sqlx::query!(
        "WITH assertions AS (
             DELETE FROM acs.assertions WHERE (client_id, assertion_hash) IN (
                 SELECT client_id, assertion_hash FROM acs.assertions WHERE expires_at < $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
         DELETE FROM acs.access_tokens WHERE token_hash IN (
             SELECT token_hash FROM acs.access_tokens WHERE expires_at < $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        REMOVED_AT_ONCE,
    )
    .execute(store.pool())
    .await?;
    Ok(true)
}

/// The client and the issuer that an access token is good for.
pub(crate) async fn of_token(
    store: &Store,
    token_hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<(String, IssuerId)>, StoreError> {
    let row = sqlx::query!(
        "SELECT c.client_id, c.issuer_id FROM acs.access_tokens t JOIN acs.issuer_clients c USING (client_id)
         WHERE t.token_hash = $1 AND t.expires_at > $2 AND c.disabled_at IS NULL",
        token_hash,
        now,
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| Ok((row.client_id, read_issuer(&row.issuer_id, "issuer_clients")?)))
        .transpose()
}
