//! Results that directory servers must get: an outbox of RReqs.

use emv3ds::AcsTransId;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::{Store, StoreError};

/// A result that somebody sends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub acs_trans_id: AcsTransId,
    /// Which attempt this is, from 1. Only the newest may say what came of it.
    pub attempt: i32,
    /// Since when it is to be sent.
    pub queued_at: OffsetDateTime,
    /// Until when it is nobody else's.
    pub until: OffsetDateTime,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The 3DS Server has it.
    Acknowledged,
    /// To be sent again then.
    Again(OffsetDateTime),
    /// It is refused, or nobody has taken it in its time.
    GivenUp,
}

/// Where a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On its way.
    Open,
    /// The 3DS Server has it.
    Acknowledged,
    /// Nobody tries any more.
    GivenUp,
}

/// Queues the result of a challenge, in the transaction that ends it, and takes it at once for the time of `lease`: whoever
/// ends a challenge sends its result, and a worker does if they die before. `None` where it was queued before.
///
/// # Errors
/// When the database does not answer.
pub async fn queue_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    now: OffsetDateTime,
    lease: Duration,
) -> Result<Option<Taken>, StoreError> {
    let queued = sqlx::query!(
        "INSERT INTO acs.results (acs_trans_id, queued_at, due_at, attempts) VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING",
        id.0,
        now,
        now + lease,
    )
    .execute(connection)
    .await?;
    Ok((queued.rows_affected() == 1).then_some(Taken {
        acs_trans_id: id,
        attempt: 1,
        queued_at: now,
        until: now + lease,
    }))
}

/// Takes a result that is due, the longest due first: for the time of `lease` it is nobody else's.
///
/// # Errors
/// When the database does not answer.
pub async fn take_due(
    store: &Store,
    now: OffsetDateTime,
    lease: Duration,
) -> Result<Option<Taken>, StoreError> {
    let row = sqlx::query!(
        "UPDATE acs.results SET attempts = attempts + 1, due_at = $2
         WHERE acs_trans_id = (SELECT acs_trans_id FROM acs.results WHERE due_at <= $1
                               ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING acs_trans_id, attempts, queued_at",
        now,
        now + lease,
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| Taken {
        acs_trans_id: AcsTransId(row.acs_trans_id),
        attempt: row.attempts,
        queued_at: row.queued_at,
        until: now + lease,
    }))
}

/// Writes down what came of an attempt. False where a later attempt has begun, which is then the one that counts.
///
/// # Errors
/// When the database does not answer.
pub async fn settle_in(
    connection: &mut PgConnection,
    taken: &Taken,
    settled: Settled,
    answer: &str,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (due_at, acknowledged_at, given_up_at) = match settled {
        Settled::Acknowledged => (None, Some(now), None),
        Settled::Again(at) => (Some(at), None, None),
        Settled::GivenUp => (None, None, Some(now)),
    };
    let done = sqlx::query!(
        "UPDATE acs.results SET due_at = $3, acknowledged_at = $4, given_up_at = $5, answer = $6
         WHERE acs_trans_id = $1 AND attempts = $2 AND due_at IS NOT NULL",
        taken.acs_trans_id.0,
        taken.attempt,
        due_at,
        acknowledged_at,
        given_up_at,
        answer,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Where the result of a challenge is; `None` where there is none yet.
///
/// # Errors
/// When the database does not answer.
pub async fn standing(store: &Store, id: AcsTransId) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query!(
        "SELECT acknowledged_at, given_up_at FROM acs.results WHERE acs_trans_id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| match (row.acknowledged_at, row.given_up_at) {
        (Some(_), _) => Standing::Acknowledged,
        (None, Some(_)) => Standing::GivenUp,
        (None, None) => Standing::Open,
    }))
}
