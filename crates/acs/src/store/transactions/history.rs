//! What happened before: to a card, for an issuer, and too long ago.

use emv3ds::AcsTransId;
use emv3ds::code::TransStatus;
use serde::Serialize;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Transaction;
use super::row::Row;
use crate::identifiers::{CardId, IssuerId};
use crate::store::{Store, StoreError};

/// Earlier transactions that a decision looks at; a card with more in its window has surely been busy.
const LOOKED_AT_MAX: i64 = 500;
/// Transactions removed at once.
const REMOVED_AT_ONCE: i64 = 1_000;

/// An earlier transaction of a card, as far as rules ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When.
    pub at: OffsetDateTime,
    /// The keyed hash of the device.
    pub device_hash: Option<Vec<u8>>,
    /// Whether the cardholder was authenticated.
    pub authenticated: bool,
}

/// The transactions of a card since a moment, newest first, five hundred at most.
///
/// # Errors
/// When the database does not answer.
pub async fn earlier_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    card: &CardId,
    since: OffsetDateTime,
) -> Result<Vec<Earlier>, StoreError> {
    let rows = sqlx::query!(
        "SELECT decided_at, device_hash, outcome FROM acs.transactions
         WHERE issuer_id = $1 AND card_id = $2 AND decided_at >= $3
         ORDER BY decided_at DESC LIMIT $4",
        issuer.as_str(),
        card.as_str(),
        since,
        LOOKED_AT_MAX,
    )
    .fetch_all(connection)
    .await?;
    let authenticated = TransStatus::Authenticated.as_str();
    Ok(rows
        .into_iter()
        .map(|row| Earlier {
            at: row.decided_at,
            device_hash: row.device_hash,
            authenticated: row.outcome.as_deref() == Some(authenticated),
        })
        .collect())
}

/// Which of these transactions are known, and of which card: issuer and card by `acsTransID`.
///
/// # Errors
/// When the database does not answer.
pub async fn cards_of_in(
    connection: &mut PgConnection,
    ids: &[AcsTransId],
) -> Result<Vec<(Option<String>, Option<String>)>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT issuer_id, card_id FROM acs.transactions WHERE acs_trans_id = ANY ($1)",
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issuer_id, row.card_id)).collect())
}

/// A page of a card's transactions, newest first.
#[derive(Debug, Clone, Copy)]
pub struct OfCard<'a> {
    /// The issuer.
    pub issuer: &'a IssuerId,
    /// The card.
    pub card: &'a CardId,
    /// How many of the newest to leave out.
    pub offset: i64,
    /// How many to tell.
    pub limit: i64,
    /// Not before.
    pub since: OffsetDateTime,
}

/// The history of a card.
///
/// # Errors
/// When the database does not answer, or a row means nothing.
pub async fn of_card(store: &Store, page: &OfCard<'_>) -> Result<Vec<Transaction>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT acs_trans_id, three_ds_server_trans_id, ds_trans_id, brand, message_version, device_channel,
             message_category, issuer_id, product_id, card_id, consumer_id, last_four, merchant_name, merchant_id,
             merchant_country, mcc, amount_minor, currency, notification_url, browser_language, device_hash, address_hash,
             status, reason, eci, proof, decoupled_fallback, decoupled_minutes, explanation, decided_at, outcome,
             outcome_reason, ended_at
         FROM acs.transactions WHERE issuer_id = $1 AND card_id = $2 AND decided_at >= $3
         ORDER BY decided_at DESC OFFSET $4 LIMIT $5",
        page.issuer.as_str(),
        page.card.as_str(),
        page.since,
        page.offset,
        page.limit,
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter().map(Transaction::try_from).collect()
}

/// How many of an issuer's authentications were answered and ended in which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What the ARes said: `Y`, `C`, …
    pub status: String,
    /// How it ended; `None` while it goes on.
    pub outcome: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// How many.
    pub count: i64,
}

/// What an issuer's authentications of a time came to: from `from` on, before `until`.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(
    store: &Store,
    issuer: &IssuerId,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Count>, StoreError> {
    let counts = sqlx::query_as!(
        Count,
        r#"SELECT status, outcome, outcome_reason AS reason, count(*) AS "count!" FROM acs.transactions
         WHERE issuer_id = $1 AND decided_at >= $2 AND decided_at < $3
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"#,
        issuer.as_str(),
        from,
        until,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(counts)
}

/// Removes some of the transactions decided before a moment, oldest first; answers how many.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_before(store: &Store, before: OffsetDateTime) -> Result<u64, StoreError> {
    let removed = sqlx::query!(
        "DELETE FROM acs.transactions WHERE acs_trans_id IN (
             SELECT acs_trans_id FROM acs.transactions WHERE decided_at < $1
             ORDER BY decided_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        REMOVED_AT_ONCE,
    )
    .execute(store.pool())
    .await?;
    Ok(removed.rows_affected())
}
