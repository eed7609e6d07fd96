//! One-time passwords of challenges. Everything here is called with the challenge's row locked.

use emv3ds::AcsTransId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Store, StoreError};

/// A code that was made.
#[derive(Debug, Clone)]
pub struct NewCode<'c> {
    /// The challenge.
    pub acs_trans_id: AcsTransId,
    /// Which code of it.
    pub generation: u16,
    /// What is kept of its digits.
    pub mac: [u8; 32],
    /// Which key made the MAC.
    pub key_version: u32,
    /// What message and screen show.
    pub reference_code: Option<&'c str>,
    /// Which limit keeps it from being sent.
    pub withheld_by: Option<&'static str>,
    /// When.
    pub made_at: OffsetDateTime,
    /// How long it is good.
    pub expires_at: OffsetDateTime,
}

/// What an entry is held against.
#[derive(Debug, Clone)]
pub struct Spent {
    /// What is kept of the digits.
    pub mac: Vec<u8>,
    /// Which key made it.
    pub key_version: u32,
}

/// Writes a code down; older codes of the challenge are void.
///
/// # Errors
/// When the database does not answer.
pub async fn make_in(connection: &mut PgConnection, code: &NewCode<'_>) -> Result<(), StoreError> {
    void_in(connection, code.acs_trans_id).await?;
    sqlx::query!(
        "INSERT INTO acs.codes (acs_trans_id, generation, mac, key_version, reference_code, withheld_by, state, made_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)",
        code.acs_trans_id.0,
        i32::from(code.generation),
        &code.mac[..],
        code.key_version.cast_signed(),
        code.reference_code,
        code.withheld_by,
        code.made_at,
        code.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Spends an attempt on a code, before anything is compared. `None` where the code is not good any more or has no attempts
/// left.
///
/// # Errors
/// When the database does not answer.
pub async fn spend_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    generation: u16,
    attempts_max: u8,
    now: OffsetDateTime,
) -> Result<Option<Spent>, StoreError> {
    let row = sqlx::query!(
        r#"UPDATE acs.codes SET attempts = attempts + 1
         WHERE acs_trans_id = $1 AND generation = $2 AND state = 'waiting' AND attempts < $3 AND expires_at > $4
         RETURNING mac AS "mac!", key_version"#,
        id.0,
        i32::from(generation),
        i32::from(attempts_max),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Spent {
        mac: row.mac,
        key_version: row.key_version.cast_unsigned(),
    }))
}

/// Uses a code up. False where it was not good any more.
///
/// # Errors
/// When the database does not answer.
pub async fn use_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    generation: u16,
) -> Result<bool, StoreError> {
    let used = sqlx::query!(
        "UPDATE acs.codes SET state = 'used', mac = NULL
         WHERE acs_trans_id = $1 AND generation = $2 AND state = 'waiting'",
        id.0,
        i32::from(generation),
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Voids what codes of a challenge are still good, and forgets their MACs.
///
/// # Errors
/// When the database does not answer.
pub async fn void_in(connection: &mut PgConnection, id: AcsTransId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.codes SET state = 'void', mac = NULL WHERE acs_trans_id = $1 AND state = 'waiting'",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a code of a challenge expire whose time is over, and forgets its MAC.
///
/// # Errors
/// When the database does not answer.
pub async fn expire_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.codes SET state = 'expired', mac = NULL
         WHERE acs_trans_id = $1 AND state = 'waiting' AND expires_at <= $2",
        id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The reference of a code, where it has one.
///
/// # Errors
/// When the database does not answer.
pub async fn reference_of(
    store: &Store,
    id: AcsTransId,
    generation: u16,
) -> Result<Option<String>, StoreError> {
    let reference = sqlx::query_scalar!(
        "SELECT reference_code FROM acs.codes WHERE acs_trans_id = $1 AND generation = $2",
        id.0,
        i32::from(generation),
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(reference.flatten())
}
