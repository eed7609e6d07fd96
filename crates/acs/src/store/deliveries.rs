//! Codes on their way: queued with the challenge that asks for them, leased by whoever hands them over, and told of.
//!
//! A row is handed over under a lease. Before a carrier is asked, its name is written ([`Store::delivery_ask`]); so of a row
//! whose lease has run out it is known whether a carrier may have the code, and which.

mod end;
mod lease;
mod receipts;

use emv3ds::AcsTransId;
use primitives::Amount;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::StoreError;
use crate::identifiers::{CardId, ConsumerId, IssuerId};
use crate::keys::{Keys, KeysError};
use crate::language::Language;
use crate::otp::OtpCode;
use crate::phone::Phone;
use crate::purchase::Purchase;
use crate::sms::calling_code::calling_code;
use crate::sms::text::WebOtp;

pub use end::{Costs, Ended, News, ToTell};
pub use lease::{Asked, Lease, Leased};
pub use receipts::{Climbed, Heard};

/// The longest code of a provider that is kept, in characters.
const CODE_MAX_CHARS: usize = 64;

/// Which code of which challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The challenge.
    pub acs_trans_id: AcsTransId,
    /// Which code of it, from 1.
    pub generation: u16,
}

impl DeliveryId {
    /// The name that carriers get: the same for every try.
    pub fn as_text(self) -> String {
        format!("{}-{}", self.acs_trans_id.0, self.generation)
    }

    fn generation_column(self) -> i32 {
        i32::from(self.generation)
    }

    fn read(acs_trans_id: uuid::Uuid, generation: i32) -> Result<Self, StoreError> {
        Ok(Self {
            acs_trans_id: AcsTransId(acs_trans_id),
            generation: u16::try_from(generation)
                .map_err(|_| corrupt("generation", &acs_trans_id.to_string()))?,
        })
    }

    fn seal_context(self) -> Vec<u8> {
        [
            &b"acs code to be delivered"[..],
            self.acs_trans_id.0.as_bytes(),
            &self.generation.to_be_bytes(),
        ]
        .concat()
    }
}

/// A code that is to be delivered.
#[derive(Debug)]
pub struct Queued<'q> {
    /// Which.
    pub id: DeliveryId,
    /// Whose card it is.
    pub issuer: IssuerId,
    /// The cardholder.
    pub consumer: ConsumerId,
    /// The card.
    pub card: CardId,
    /// The phone, where it is known here and not only to the issuer's backend.
    pub phone: Option<&'q Phone>,
    /// The code.
    pub code: &'q OtpCode,
    /// What the message says besides.
    pub content: Content,
    /// When the code is void.
    pub expires_at: OffsetDateTime,
    /// Now.
    pub queued_at: OffsetDateTime,
}

/// What a message says besides its code. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// In which language.
    pub language: Language,
    /// `merchantName`, as the merchant wrote it.
    pub merchant_name: String,
    /// Minor units, and the currency's letters; `None` for what is no payment.
    pub amount: Option<(i64, String)>,
    /// The card's last digits.
    pub last_four: String,
    /// The short reference that the screen shows, too.
    pub reference_code: Option<String>,
    /// The hosts of the origin-bound line, where the issuer wants one.
    pub web_otp: Option<WebOtp>,
    /// `threeDSServerTransID`.
    pub threeds_server_trans_id: String,
    /// `purchaseDate`, `YYYYMMDDHHMMSS`.
    pub purchase_date: Option<String>,
}

impl Content {
    /// What is to be approved, for the message's words.
    pub fn purchase(&self) -> Purchase {
        let amount = self.amount.as_ref().and_then(|(minor, currency)| {
            Amount::new(*minor, primitives::Currency::parse(currency).ok()?).ok()
        });
        Purchase {
            merchant_name: self.merchant_name.clone(),
            amount,
        }
    }
}

/// Why a code was not queued.
#[derive(Debug, thiserror::Error)]
pub enum CannotQueue {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The code could not be sealed.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<sqlx::Error> for CannotQueue {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Queues a code in the transaction of the challenge that asks for it, and voids every earlier one of the challenge: what
/// nobody has been asked to carry yet stays here.
///
/// # Errors
/// When the database does not answer, or the code cannot be sealed.
pub async fn queue_in(
    connection: &mut PgConnection,
    keys: &Keys,
    queued: &Queued<'_>,
) -> Result<(), CannotQueue> {
    let id = queued.id;
    void_in(connection, id.acs_trans_id, queued.queued_at).await?;
    let phone = queued.phone.map(Phone::reveal).unwrap_or_default();
    let secrets = Zeroizing::new(format!("{}\n{phone}", queued.code.reveal()));
    let sealed = keys.seal(&id.seal_context(), secrets.as_bytes())?;
    let content = serde_json::to_value(&queued.content)
        .map_err(|_| corrupt("content", &id.acs_trans_id.0.to_string()))?;
    sqlx::query!(
        "INSERT INTO acs.sms_deliveries (acs_trans_id, generation, issuer_id, consumer_id, card_id, content, sealed,
             phone_hash, prefix, queued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id.acs_trans_id.0,
        id.generation_column(),
        queued.issuer.as_str(),
        queued.consumer.as_str(),
        queued.card.as_str(),
        content,
        sealed,
        queued.phone.map(|phone| keys.phone_hash(phone).to_vec()),
        queued.phone.map(calling_code),
        queued.queued_at,
        queued.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Voids the codes of a challenge that nobody has taken yet: they are erased, and no further carrier is asked. What a
/// carrier is being asked at this moment it may still send; that code is void all the same.
///
/// # Errors
/// When the database does not answer.
pub async fn void_in(
    connection: &mut PgConnection,
    acs_trans_id: AcsTransId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.sms_deliveries
         SET sealed = NULL, voided_at = $2, news = NULL,
             status = CASE WHEN lease_until IS NULL AND status = 'queued' THEN 'failed' ELSE status END,
             error_code = CASE WHEN lease_until IS NULL AND status = 'queued' THEN 'void' ELSE error_code END,
             final_at = CASE WHEN lease_until IS NULL AND status = 'queued' THEN $2 ELSE final_at END
         WHERE acs_trans_id = $1 AND voided_at IS NULL",
        acs_trans_id.0,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn corrupt(column: &'static str, key: &str) -> StoreError {
    StoreError::Corrupt {
        table: "sms_deliveries",
        column,
        key: key.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
