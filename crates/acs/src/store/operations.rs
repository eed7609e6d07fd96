//! Authentications as an issuer reads them: what was asked of a card, how, and how it ended.

use super::{Store, StoreError};
use crate::identifiers::{CardId, IssuerId};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// One authentication of a card.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    pub(crate) acs_trans_id: Uuid,
    pub(crate) three_ds_server_trans_id: Uuid,
    pub(crate) brand: String,
    pub(crate) card_id: Option<String>,
    pub(crate) consumer_id: Option<String>,
    pub(crate) last_four: Option<String>,
    pub(crate) merchant_name: String,
    pub(crate) amount_minor: Option<i64>,
    pub(crate) currency: Option<String>,
    /// `transStatus` of the ARes.
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) explanation: Value,
    pub(crate) decided_at: OffsetDateTime,
    pub(crate) outcome: Option<String>,
    pub(crate) outcome_reason: Option<String>,
    pub(crate) ended_at: Option<OffsetDateTime>,
    /// Where its challenge stands; none without a challenge.
    pub(crate) state: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) ending: Option<String>,
    pub(crate) interactions: Option<i32>,
    pub(crate) resends: Option<i32>,
}

/// An authentication of an issuer's.
pub(crate) async fn load(
    store: &Store,
    issuer: &IssuerId,
    id: Uuid,
) -> Result<Option<Operation>, StoreError> {
    let found = sqlx::query_as!(
        Operation,
        r#"SELECT t.acs_trans_id, three_ds_server_trans_id, brand, card_id, consumer_id, last_four, merchant_name,
             amount_minor, currency, status, reason, explanation, decided_at, outcome, outcome_reason, t.ended_at,
             c.state AS "state?", c.method, c.ending, c.interactions AS "interactions?", c.resends AS "resends?"
         FROM acs.transactions t LEFT JOIN acs.challenges c USING (acs_trans_id)
         WHERE t.acs_trans_id = $1 AND t.issuer_id = $2"#,
        id,
        issuer.as_str(),
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(found)
}

/// A page of a card's authentications since a moment, newest first.
pub(crate) async fn of_card(
    store: &Store,
    (issuer, card): (&IssuerId, &CardId),
    since: OffsetDateTime,
    (offset, limit): (i64, i64),
) -> Result<Vec<Operation>, StoreError> {
    let found = sqlx::query_as!(
        Operation,
        r#"SELECT t.acs_trans_id, three_ds_server_trans_id, brand, card_id, consumer_id, last_four, merchant_name,
             amount_minor, currency, status, reason, explanation, decided_at, outcome, outcome_reason, t.ended_at,
             c.state AS "state?", c.method, c.ending, c.interactions AS "interactions?", c.resends AS "resends?"
         FROM acs.transactions t LEFT JOIN acs.challenges c USING (acs_trans_id)
         WHERE t.issuer_id = $1 AND t.card_id = $2 AND t.decided_at >= $3
         ORDER BY t.decided_at DESC OFFSET $4 LIMIT $5"#,
        issuer.as_str(),
        card.as_str(),
        since,
        offset,
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found)
}

/// The challenges and decoupled authentications of an issuer that the bank's app has to ask about, oldest first.
pub(crate) async fn in_the_app(
    store: &Store,
    issuer: &IssuerId,
    limit: i64,
) -> Result<Vec<Operation>, StoreError> {
    let found = sqlx::query_as!(
        Operation,
        r#"SELECT t.acs_trans_id, three_ds_server_trans_id, brand, card_id, consumer_id, last_four, merchant_name,
             amount_minor, currency, status, reason, explanation, decided_at, outcome, outcome_reason, t.ended_at,
             c.state AS "state?", c.method, c.ending, c.interactions AS "interactions?", c.resends AS "resends?"
         FROM acs.challenges c JOIN acs.transactions t USING (acs_trans_id)
         WHERE c.state IN ('asking_app', 'decoupled') AND t.issuer_id = $1
         ORDER BY c.began_at LIMIT $2"#,
        issuer.as_str(),
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found)
}
