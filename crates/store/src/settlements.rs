//! Captures, voids and refunds: their rows, and whose a processor's notification speaks of.

use crate::{Store, StoreError, orders::PaymentKey};
use acquiring::{Decline, Reason, SettlementKind};
use payments::{Order, Payment, SettlementRecord, SettlementState};
use primitives::{Amount, Currency, Id, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Which capture, void or refund of which payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementKey {
    pub of: PaymentKey,
    pub settlement: Id<kind::Settlement>,
}

/// A capture, void or refund by its own row, which stays when its payment remembers it no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSettlement {
    pub id: Id<kind::Settlement>,
    pub kind: SettlementKind,
    pub amount: Amount,
    /// Without how often it was inquired about, which the row does not say.
    pub state: SettlementState,
}

struct StoredRow {
    id: Uuid,
    kind: String,
    currency: String,
    amount: i64,
    state: String,
    reason: Option<String>,
    response_code: Option<String>,
    response_text: Option<String>,
    processor_reference: Option<String>,
}

impl TryFrom<StoredRow> for StoredSettlement {
    type Error = StoreError;

    fn try_from(row: StoredRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "settlements",
            column,
            key: row.id.to_string(),
        };
        let currency = Currency::parse(&row.currency).map_err(|_| corrupt("currency"))?;
        let reason = row.reason.as_deref().unwrap_or_default();
        let state = match row.state.as_str() {
            "sending" => SettlementState::Sending,
            "unknown" => SettlementState::Unknown { inquiries: 0 },
            "accepted" => SettlementState::Accepted {
                inquiries: 0,
                processor_reference: row.processor_reference.clone(),
            },
            "done" => SettlementState::Done {
                processor_reference: row.processor_reference.clone(),
            },
            "refused" => {
                let mut reasons = Reason::ALL.iter().copied();
                let reason = reasons
                    .find(|known| known.as_str() == reason)
                    .ok_or_else(|| corrupt("reason"))?;
                SettlementState::Refused {
                    decline: Decline {
                        reason,
                        advice: reason.usual_advice(),
                        raw_code: row.response_code.clone(),
                        raw_message: row.response_text.clone(),
                        network_advice: None,
                        processor_reference: row.processor_reference.clone(),
                        leaves_hold: false,
                    },
                }
            }
            "not_sent" => SettlementState::NotSent {
                why: reason.to_owned(),
            },
            "lost" => SettlementState::Lost,
            _ => return Err(corrupt("state")),
        };
        Ok(Self {
            id: Id::from_uuid(row.id),
            kind: SettlementKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == row.kind)
                .ok_or_else(|| corrupt("kind"))?,
            amount: Amount::new(row.amount, currency).map_err(|_| corrupt("amount"))?,
            state,
        })
    }
}

/// How many settlements operations staff may have to look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementsOpen {
    /// In flight since before the time that was asked for.
    pub overdue: i64,
    /// Told as the opposite of what they are, which the amounts could not follow.
    pub contradicted: i64,
}

impl Store {
    /// All captures, voids and refunds of a payment, in the order in which they were asked for.
    pub async fn settlements_of_payment(&self, of: PaymentKey) -> Result<Vec<StoredSettlement>, StoreError> {
        sqlx::query_as!(
            StoredRow,
            "SELECT id, kind, currency, amount, state, reason, response_code, response_text, processor_reference
             FROM settlements WHERE merchant_id = $1 AND payment_id = $2 ORDER BY requested_at, id",
            of.merchant.uuid(),
            of.payment.uuid(),
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(StoredSettlement::try_from)
        .collect()
    }

    /// The capture, void or refund that was sent with that reference through that connection.
    pub async fn settlement_by_reference(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        reference: &str,
    ) -> Result<Option<SettlementKey>, StoreError> {
        let row = sqlx::query!(
            "SELECT order_id, payment_id, id FROM settlements
             WHERE merchant_id = $1 AND reference = $2 AND connection_id = $3",
            merchant.uuid(),
            reference,
            connection.uuid(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| key(merchant, row.order_id, row.payment_id, row.id)))
    }

    /// The capture, void or refund that the processor gave that id, through that connection. The latest, should it have
    /// given it twice.
    pub async fn settlement_by_processor_reference(
        &self,
        merchant: Id<kind::Merchant>,
        connection: Id<kind::Connection>,
        settlement: SettlementKind,
        processor_reference: &str,
    ) -> Result<Option<SettlementKey>, StoreError> {
        let row = sqlx::query!(
            "SELECT order_id, payment_id, id FROM settlements
             WHERE merchant_id = $1 AND processor_reference = $2 AND connection_id = $3 AND kind = $4
             ORDER BY requested_at DESC, id DESC LIMIT 1",
            merchant.uuid(),
            processor_reference,
            connection.uuid(),
            settlement.as_str(),
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| key(merchant, row.order_id, row.payment_id, row.id)))
    }

    /// How many are in flight since before that time, and how many are contradicted, for the metrics.
    pub async fn settlements_open(&self, before: OffsetDateTime) -> Result<SettlementsOpen, StoreError> {
        Ok(sqlx::query_as!(
            SettlementsOpen,
            r#"SELECT (SELECT count(*) FROM settlements
                       WHERE state IN ('sending', 'unknown', 'accepted') AND requested_at < $1) AS "overdue!",
                      (SELECT count(*) FROM settlements WHERE contradicted_at IS NOT NULL) AS "contradicted!""#,
            before,
        )
        .fetch_one(self.pool())
        .await?)
    }
}

fn key(
    merchant: Id<kind::Merchant>,
    order: uuid::Uuid,
    payment: uuid::Uuid,
    settlement: uuid::Uuid,
) -> SettlementKey {
    SettlementKey {
        of: PaymentKey {
            merchant,
            order: Id::from_uuid(order),
            payment: Id::from_uuid(payment),
        },
        settlement: Id::from_uuid(settlement),
    }
}

/// Writes a settlement as it is after a step.
///
/// # Errors
/// [`StoreError::Taken`] with `settlements_one_at_a_time_per_payment` when another is in flight that decides what is left
/// ([`payments::settlement::Settlement::holds_up_captures`]).
pub(crate) async fn settlement_upsert_in(
    connection: &mut PgConnection,
    order: &Order,
    payment: &Payment,
    record: &SettlementRecord,
) -> Result<(), StoreError> {
    let settlement = &record.settlement;
    let (reason, response_code, response_text) = match &settlement.state {
        SettlementState::Refused { decline } => (
            Some(decline.reason.as_str()),
            decline.raw_code.as_deref(),
            decline.raw_message.as_deref(),
        ),
        SettlementState::NotSent { why } => (Some(why.as_str()), None, None),
        SettlementState::Sending
        | SettlementState::Unknown { .. }
        | SettlementState::Accepted { .. }
        | SettlementState::Done { .. }
        | SettlementState::Lost => (None, None, None),
    };
    let settled_at = (!settlement.is_in_flight()).then_some(settlement.updated_at);
    sqlx::query!(
        "INSERT INTO settlements (merchant_id, id, order_id, payment_id, connection_id, processor_name, kind, currency,
                                  amount, is_final, reference, state, reason, response_code, response_text,
                                  processor_reference, requested_at, settled_at, contradicted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         ON CONFLICT (merchant_id, id) DO UPDATE
         SET state = excluded.state, reason = excluded.reason, response_code = excluded.response_code,
             response_text = excluded.response_text,
             processor_reference = COALESCE(excluded.processor_reference, settlements.processor_reference),
             settled_at = excluded.settled_at, contradicted_at = excluded.contradicted_at",
        order.merchant.uuid(),
        settlement.id.uuid(),
        order.id.uuid(),
        payment.id.uuid(),
        record.connection.uuid(),
        record.processor,
        settlement.kind.as_str(),
        settlement.amount.currency().code(),
        settlement.amount.minor(),
        settlement.is_final,
        settlement.reference,
        settlement.state.name(),
        reason,
        response_code,
        response_text,
        settlement.state.processor_reference(),
        settlement.requested_at,
        settled_at,
        settlement.contradicted_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
