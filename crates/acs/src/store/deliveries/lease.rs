//! From queued to leased, and whom a code is being given to.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Content, DeliveryId, StoreError, corrupt};
use crate::identifiers::{CardId, ConsumerId, IssuerId};
use crate::keys::{Keys, KeysError};
use crate::otp::OtpCode;
use crate::phone::Phone;
use crate::store::Store;

/// Who works on deliveries, and until when they are theirs.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Of this process and round.
    pub owner: Uuid,
    /// Now.
    pub now: OffsetDateTime,
    /// Afterwards, another may take them over.
    pub until: OffsetDateTime,
}

/// A delivery that is ours until the lease runs out.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Which.
    pub id: DeliveryId,
    /// Under which lease.
    pub owner: Uuid,
    /// Whose card it is.
    pub issuer: IssuerId,
    /// The cardholder.
    pub consumer: ConsumerId,
    /// The card.
    pub card: CardId,
    /// What the message says besides the code.
    pub content: Content,
    /// Code and phone; `None` once the code is void.
    pub sealed: Option<Vec<u8>>,
    /// The country, where the phone is known.
    pub prefix: Option<String>,
    /// The carrier that somebody was asking when the lease before this one ran out.
    pub asked: Option<Asked>,
    /// Carriers by which earlier codes of the challenge did not arrive.
    pub disappointed: Vec<String>,
    /// How many earlier codes of the challenge are in doubt.
    pub in_doubt: u16,
    /// When it was queued.
    pub queued_at: OffsetDateTime,
    /// When the code is void.
    pub expires_at: OffsetDateTime,
}

/// A carrier that may have been given a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub carrier: String,
    /// How often.
    pub tries: u8,
}

impl Leased {
    /// The code, and the phone where it is known; `None` once the code is void.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self, keys: &Keys) -> Result<Option<(OtpCode, Option<Phone>)>, KeysError> {
        let Some(sealed) = &self.sealed else {
            return Ok(None);
        };
        let secrets = keys.open(&self.id.seal_context(), sealed)?;
        let text = std::str::from_utf8(&secrets).map_err(|_| KeysError::NotSealed)?;
        let (code, phone) = text.split_once('\n').ok_or(KeysError::NotSealed)?;
        let digits = u8::try_from(code.len()).map_err(|_| KeysError::NotSealed)?;
        let code = OtpCode::typed(code, digits).ok_or(KeysError::NotSealed)?;
        Ok(Some((code, Phone::parse(phone).ok())))
    }
}

struct Row {
    acs_trans_id: Uuid,
    generation: i32,
    issuer_id: String,
    consumer_id: String,
    card_id: String,
    content: serde_json::Value,
    sealed: Option<Vec<u8>>,
    prefix: Option<String>,
    carrier: Option<String>,
    tries: i16,
    disappointed: Vec<String>,
    in_doubt: i64,
    queued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl Row {
    fn read(self, owner: Uuid) -> Result<Leased, StoreError> {
        let key = self.acs_trans_id.to_string();
        let meaningless = |column| corrupt(column, &key);
        let tries = u8::try_from(self.tries).map_err(|_| meaningless("tries"))?;
        Ok(Leased {
            id: DeliveryId::read(self.acs_trans_id, self.generation)?,
            owner,
            issuer: IssuerId::parse(&self.issuer_id).ok_or_else(|| meaningless("issuer_id"))?,
            consumer: ConsumerId::parse(&self.consumer_id).ok_or_else(|| meaningless("consumer_id"))?,
            card: CardId::parse(&self.card_id).ok_or_else(|| meaningless("card_id"))?,
            content: serde_json::from_value(self.content).map_err(|_| meaningless("content"))?,
            sealed: self.sealed,
            prefix: self.prefix,
            asked: self.carrier.map(|carrier| Asked { carrier, tries }),
            disappointed: self.disappointed,
            in_doubt: u16::try_from(self.in_doubt).unwrap_or(u16::MAX),
            queued_at: self.queued_at,
            expires_at: self.expires_at,
        })
    }
}

impl Store {
    /// Leases up to `limit` deliveries that are queued and that nobody works on, the longest queued first.
    ///
    /// # Errors
    /// When the database does not answer, or a row means nothing.
    pub async fn deliveries_lease(&self, lease: Lease, limit: u32) -> Result<Vec<Leased>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"
            WITH picked AS MATERIALIZED (
                SELECT acs_trans_id, generation FROM acs.sms_deliveries
                WHERE status = 'queued' AND (lease_until IS NULL OR lease_until <= $2)
                ORDER BY queued_at LIMIT $4
                FOR UPDATE SKIP LOCKED
            )
            UPDATE acs.sms_deliveries AS d SET lease_owner = $1, lease_until = $3
            FROM picked
            WHERE d.acs_trans_id = picked.acs_trans_id AND d.generation = picked.generation
            RETURNING d.acs_trans_id, d.generation, d.issuer_id, d.consumer_id, d.card_id, d.content, d.sealed, d.prefix,
                d.carrier, d.tries, d.queued_at, d.expires_at,
                ARRAY(SELECT DISTINCT earlier.carrier FROM acs.sms_deliveries AS earlier
                      WHERE earlier.acs_trans_id = d.acs_trans_id AND earlier.generation < d.generation
                        AND earlier.carrier IS NOT NULL
                        AND earlier.status IN ('undelivered', 'failed', 'expired', 'unknown')) AS "disappointed!: Vec<String>",
                (SELECT count(*) FROM acs.sms_deliveries AS earlier
                 WHERE earlier.acs_trans_id = d.acs_trans_id AND earlier.generation < d.generation
                   AND earlier.status = 'unknown') AS "in_doubt!"
            "#,
            lease.owner,
            lease.now,
            lease.until,
            i64::from(limit),
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(|row| row.read(lease.owner)).collect()
    }

    /// Writes down that a carrier is going to be asked, before it is. False when the code is void meanwhile, or the
    /// delivery no longer ours: then it must not be asked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery_ask(
        &self,
        leased: &Leased,
        carrier: &str,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let written = sqlx::query!(
            "UPDATE acs.sms_deliveries
             SET carrier = $4, tries = CASE WHEN carrier = $4 THEN tries + 1 ELSE 1 END
             WHERE acs_trans_id = $1 AND generation = $2 AND lease_owner = $3 AND lease_until > $5
               AND status = 'queued' AND sealed IS NOT NULL",
            leased.id.acs_trans_id.0,
            leased.id.generation_column(),
            leased.owner,
            carrier,
            now,
        )
        .execute(self.pool())
        .await?;
        Ok(written.rows_affected() == 1)
    }
}
