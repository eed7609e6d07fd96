//! How handing over ended, and telling the challenge of it.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{CODE_MAX_CHARS, DeliveryId, Leased, StoreError, corrupt, receipts};
use crate::identifiers::IssuerId;
use crate::sms::encoding::Encoding;
use crate::sms::route::Ending;
use crate::store::Store;

/// What a message came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// In which alphabet it was sent.
    pub encoding: Encoding,
    /// In how many parts, each billed as a message.
    pub segments: u16,
}

/// How handing a code over ended.
#[derive(Debug, Clone)]
pub struct Ended<'e> {
    /// What became of it.
    pub ending: &'e Ending,
    /// What the message came to, if one was made.
    pub costs: Option<Costs>,
    /// What the challenge is to be told, unless the code is void.
    pub news: News,
    /// Now.
    pub at: OffsetDateTime,
}

/// What a challenge is told of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Somebody carries it.
    HandedOver,
    /// Nobody carries it, and nobody will.
    NotSent,
    /// A carrier may have it; a new code may go by another one.
    MaybeLost,
    /// A carrier could not deliver it; a new code may go by another one.
    Undelivered,
}

impl News {
    const ALL: [Self; 4] = [
        Self::HandedOver,
        Self::NotSent,
        Self::MaybeLost,
        Self::Undelivered,
    ];

    /// The word in rows and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HandedOver => "handed_over",
            Self::NotSent => "not_sent",
            Self::MaybeLost => "maybe_lost",
            Self::Undelivered => "undelivered",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.as_str() == word)
    }
}

/// News that a challenge has not been told yet, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToTell {
    /// Of which code.
    pub id: DeliveryId,
    /// Whose card it is.
    pub issuer: IssuerId,
    /// Who was asked to carry this code and the challenge's other ones.
    pub asked: Vec<String>,
    /// What.
    pub news: News,
}

impl Store {
    /// Records how handing over ended and erases the code. False when the delivery is no longer ours, which changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery_end(&self, leased: &Leased, ended: &Ended<'_>) -> Result<bool, StoreError> {
        let mut tx = self.pool().begin().await?;
        let (status, carrier, error_code) = match ended.ending {
            Ending::Accepted { carrier, .. } => ("accepted", Some(carrier), None),
            Ending::NotSent { code } => ("failed", None, Some(code)),
            Ending::Unknown { carrier } => ("unknown", Some(carrier), None),
        };
        let is_accepted = status == "accepted";
        let written = sqlx::query!(
            "UPDATE acs.sms_deliveries
             SET status = $4, carrier = COALESCE($5, carrier), error_code = $6, encoding = $7, segments = $8,
                 news = CASE WHEN voided_at IS NULL THEN $9 END,
                 accepted_at = CASE WHEN $10 THEN $11 ELSE accepted_at END,
                 final_at = CASE WHEN $10 THEN final_at ELSE $11 END,
                 sealed = NULL, lease_owner = NULL, lease_until = NULL
             WHERE acs_trans_id = $1 AND generation = $2 AND lease_owner = $3 AND status = 'queued'",
            leased.id.acs_trans_id.0,
            leased.id.generation_column(),
            leased.owner,
            status,
            carrier,
            error_code.map(|code| code.chars().take(CODE_MAX_CHARS).collect::<String>()),
            ended.costs.map(|costs| costs.encoding.as_str()),
            ended
                .costs
                .map(|costs| i16::try_from(costs.segments).unwrap_or(i16::MAX)),
            ended.news.as_str(),
            is_accepted,
            ended.at,
        )
        .execute(&mut *tx)
        .await?;
        let is_ours = written.rows_affected() == 1;
        if let (
            true,
            Ending::Accepted {
                carrier,
                provider_reference,
            },
        ) = (is_ours, ended.ending)
        {
            name_parts_in(&mut tx, leased.id, carrier, provider_reference, ended.at).await?;
            receipts::climb_in(&mut tx, leased.id, ended.at).await?;
        }
        tx.commit().await?;
        Ok(is_ours)
    }

    /// News that challenges have not been told yet, the oldest code's first. Two may get the same, and telling twice is
    /// harmless.
    ///
    /// # Errors
    /// When the database does not answer, or a row means nothing.
    pub async fn deliveries_to_tell(&self, limit: u32) -> Result<Vec<ToTell>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT acs_trans_id, generation, issuer_id, news AS "news!",
                   ARRAY(SELECT DISTINCT asked.carrier FROM acs.sms_deliveries AS asked
                         WHERE asked.acs_trans_id = d.acs_trans_id AND asked.carrier IS NOT NULL)
                       AS "asked!: Vec<String>"
               FROM acs.sms_deliveries AS d
               WHERE news IS NOT NULL ORDER BY queued_at LIMIT $1"#,
            i64::from(limit),
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter()
            .map(|row| {
                let meaningless = |column| corrupt(column, &row.acs_trans_id.to_string());
                Ok(ToTell {
                    id: DeliveryId::read(row.acs_trans_id, row.generation)?,
                    issuer: IssuerId::parse(&row.issuer_id).ok_or_else(|| meaningless("issuer_id"))?,
                    asked: row.asked,
                    news: News::parse(&row.news).ok_or_else(|| meaningless("news"))?,
                })
            })
            .collect()
    }

    /// The challenge knows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery_told(&self, told: &ToTell) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE acs.sms_deliveries SET news = NULL
             WHERE acs_trans_id = $1 AND generation = $2 AND news = $3",
            told.id.acs_trans_id.0,
            told.id.generation_column(),
            told.news.as_str(),
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Forgets deliveries, receipts and counts of before `before`, up to `limit` of each. Answers how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries_prune(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError> {
        let limit = i64::from(limit);
        let deliveries = sqlx::query!(
            "DELETE FROM acs.sms_deliveries WHERE (acs_trans_id, generation) IN (
                 SELECT acs_trans_id, generation FROM acs.sms_deliveries
                 WHERE queued_at < $1 AND status <> 'queued' ORDER BY queued_at LIMIT $2)",
            before,
            limit,
        )
        .execute(self.pool())
        .await?;
        let parts = sqlx::query!(
            "DELETE FROM acs.sms_parts WHERE (provider, provider_reference) IN (
                 SELECT provider, provider_reference FROM acs.sms_parts
                 WHERE heard_at < $1 ORDER BY heard_at LIMIT $2)",
            before,
            limit,
        )
        .execute(self.pool())
        .await?;
        let health = sqlx::query!(
            "DELETE FROM acs.provider_health WHERE (hour, provider, prefix) IN (
                 SELECT hour, provider, prefix FROM acs.provider_health
                 WHERE hour < $1 ORDER BY hour LIMIT $2)",
            before,
            limit,
        )
        .execute(self.pool())
        .await?;
        Ok(deliveries.rows_affected() + parts.rows_affected() + health.rows_affected())
    }
}

/// Writes down by which names the provider knows the message. Of a name that a receipt has come for already, the receipt
/// stays; a name that the provider once had for another message is this one's now.
async fn name_parts_in(
    connection: &mut PgConnection,
    id: DeliveryId,
    provider: &str,
    reference: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let names: Vec<String> = reference
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    sqlx::query!(
        "INSERT INTO acs.sms_parts AS p (provider, provider_reference, acs_trans_id, generation, status, heard_at)
         SELECT $1, name, $3, $4, 'accepted', $5 FROM unnest($2::text[]) AS names (name)
         ON CONFLICT (provider, provider_reference) DO UPDATE
         SET acs_trans_id = EXCLUDED.acs_trans_id, generation = EXCLUDED.generation,
             status = CASE WHEN p.acs_trans_id IS NULL THEN p.status ELSE EXCLUDED.status END,
             heard_at = EXCLUDED.heard_at",
        provider,
        &names,
        id.acs_trans_id.0,
        id.generation_column(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
