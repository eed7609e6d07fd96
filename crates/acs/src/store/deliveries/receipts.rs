//! What providers tell of messages that they have taken.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CODE_MAX_CHARS, DeliveryId, StoreError, corrupt};
use crate::sms::ladder::DeliveryStatus;
use crate::sms::provider::Receipt;
use crate::store::Store;

/// What a receipt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It is of no message that we know (yet), and kept.
    Unclaimed,
    /// It tells nothing new.
    Stale,
    /// A message got further.
    Climbed(Climbed),
}

/// A message that got further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Climbed {
    /// Which.
    pub id: DeliveryId,
    /// Who carried it.
    pub carrier: String,
    /// The country, where it is known.
    pub prefix: Option<String>,
    /// Where it is now.
    pub status: DeliveryStatus,
    /// When its carrier took it.
    pub accepted_at: Option<OffsetDateTime>,
}

struct Row {
    status: String,
    carrier: Option<String>,
    prefix: Option<String>,
    accepted_at: Option<OffsetDateTime>,
}

impl Store {
    /// Takes a receipt in, whatever came before it. Where it says that a message did not arrive, the challenge is left to be
    /// told so, once for all of its codes.
    ///
    /// # Errors
    /// When the database does not answer, or a row means nothing.
    pub async fn receipt_take(&self, receipt: &Receipt) -> Result<Heard, StoreError> {
        let mut tx = self.pool().begin().await?;
        let part = sqlx::query!(
            "INSERT INTO acs.sms_parts AS p (provider, provider_reference, status, code, heard_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (provider, provider_reference) DO UPDATE
             SET status = EXCLUDED.status, code = EXCLUDED.code, heard_at = EXCLUDED.heard_at
             WHERE acs.delivery_rung(p.status) < acs.delivery_rung(EXCLUDED.status)
             RETURNING acs_trans_id, generation",
            receipt.provider,
            receipt.provider_reference,
            DeliveryStatus::from(receipt.status).as_str(),
            receipt
                .code
                .as_ref()
                .map(|code| code.chars().take(CODE_MAX_CHARS).collect::<String>()),
            receipt.at,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let heard = match part {
            None => Heard::Stale,
            Some(part) => match (part.acs_trans_id, part.generation) {
                (Some(acs_trans_id), Some(generation)) => {
                    let id = DeliveryId::read(acs_trans_id, generation)?;
                    let climbed = climb_in(&mut tx, id, receipt.at).await?;
                    climbed.map_or(Heard::Stale, Heard::Climbed)
                }
                _ => Heard::Unclaimed,
            },
        };
        tx.commit().await?;
        Ok(heard)
    }

    /// Where a code's message is.
    ///
    /// # Errors
    /// When the database does not answer, or a row means nothing.
    pub async fn delivery_status(&self, id: DeliveryId) -> Result<Option<DeliveryStatus>, StoreError> {
        sqlx::query_scalar!(
            "SELECT status FROM acs.sms_deliveries WHERE acs_trans_id = $1 AND generation = $2",
            id.acs_trans_id.0,
            id.generation_column(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(|word| read_status(&word, id.acs_trans_id.0))
        .transpose()
    }
}

/// Moves a message to where its parts are, if that is further up; answers where it is then. Receipts of one message wait
/// for each other at its row.
pub(super) async fn climb_in(
    connection: &mut PgConnection,
    id: DeliveryId,
    now: OffsetDateTime,
) -> Result<Option<Climbed>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT status, carrier, prefix, accepted_at FROM acs.sms_deliveries
         WHERE acs_trans_id = $1 AND generation = $2 FOR UPDATE",
        id.acs_trans_id.0,
        id.generation_column(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let parts = sqlx::query_scalar!(
        "SELECT status FROM acs.sms_parts WHERE acs_trans_id = $1 AND generation = $2",
        id.acs_trans_id.0,
        id.generation_column(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let parts = parts
        .iter()
        .map(|word| read_status(word, id.acs_trans_id.0))
        .collect::<Result<Vec<_>, _>>()?;
    let before = read_status(&row.status, id.acs_trans_id.0)?;
    let after = DeliveryStatus::of_parts(parts).map_or(before, |news| before.climb(news));
    if after == before {
        return Ok(None);
    }
    let fell = matches!(after, DeliveryStatus::Undelivered | DeliveryStatus::Failed);
    sqlx::query!(
        "WITH told AS (
             SELECT $5 AND d.voided_at IS NULL AND NOT EXISTS (
                 SELECT FROM acs.sms_deliveries AS other
                 WHERE other.acs_trans_id = d.acs_trans_id AND other.renewed) AS now
             FROM acs.sms_deliveries AS d WHERE acs_trans_id = $1 AND generation = $2
         )
         UPDATE acs.sms_deliveries AS d
         SET status = $3, final_at = CASE WHEN $4 THEN $6 ELSE final_at END,
             renewed = renewed OR told.now, news = CASE WHEN told.now THEN 'undelivered' ELSE news END
         FROM told
         WHERE acs_trans_id = $1 AND generation = $2 AND acs.delivery_rung(status) < acs.delivery_rung($3)",
        id.acs_trans_id.0,
        id.generation_column(),
        after.as_str(),
        after.is_end(),
        fell,
        now,
    )
    .execute(&mut *connection)
    .await?;
    Ok(Some(Climbed {
        id,
        carrier: row.carrier.unwrap_or_default(),
        prefix: row.prefix,
        status: after,
        accepted_at: row.accepted_at,
    }))
}

fn read_status(word: &str, key: Uuid) -> Result<DeliveryStatus, StoreError> {
    DeliveryStatus::parse(word).ok_or_else(|| corrupt("status", &key.to_string()))
}
