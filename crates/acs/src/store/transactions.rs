//! Authentications: what was asked, what was decided and why, and how it ended.

mod history;
mod row;

pub use history::{Count, Earlier, OfCard, cards_of_in, counts, earlier_in, of_card, remove_before};

use emv3ds::code::{DeviceChannel, MessageCategory, TransStatus, TransStatusReason};
use emv3ds::{AcsTransId, DsTransId, Eci, ThreeDsServerTransId, Version};
use primitives::{Amount, Brand};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Store, StoreError};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use row::Row;

/// The unique index that keeps a question from being answered twice.
const ONCE: &str = "transactions_once";

/// An authentication.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Ours.
    pub acs_trans_id: AcsTransId,
    /// The 3DS Server's.
    pub three_ds_server_trans_id: ThreeDsServerTransId,
    /// The directory server's.
    pub ds_trans_id: DsTransId,
    /// Whose directory server asked.
    pub brand: Brand,
    /// `messageVersion` of all its messages.
    pub version: Version,
    /// `deviceChannel`.
    pub channel: DeviceChannel,
    /// `messageCategory`.
    pub category: MessageCategory,
    /// Whose card; `None` for one that no issuer here has.
    pub card: Option<CardOf>,
    /// What the cardholder is asked to approve, and by whom.
    pub merchant: MerchantFacts,
    /// For how much; `None` where nothing is paid.
    pub amount: Option<Amount>,
    /// Where the browser brings the CRes.
    pub notification_url: Option<String>,
    /// The browser's language, BCP 47.
    pub browser_language: Option<String>,
    /// A keyed hash of what the device told of itself.
    pub device_hash: Option<Vec<u8>>,
    /// A keyed hash of the browser's address.
    pub address_hash: Option<Vec<u8>>,
    /// What the ARes said.
    pub status: TransStatus,
    /// Why.
    pub reason: Option<TransStatusReason>,
    /// What the ARes said it is worth.
    pub eci: Option<Eci>,
    /// The authentication value, should the cardholder pass; sealed, by [`crate::keys`].
    pub proof: Option<Vec<u8>>,
    /// Whether the requestor allows a challenge to end with `D`.
    pub decoupled_fallback: bool,
    /// Minutes the requestor waits for a decoupled authentication.
    pub decoupled_minutes: Option<u16>,
    /// Which rule decided, and by which facts.
    pub explanation: serde_json::Value,
    /// When the AReq was answered.
    pub decided_at: OffsetDateTime,
    /// How it ended; `None` while a challenge or decoupled authentication goes on.
    pub end: Option<End>,
}

/// The issuer's names for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOf {
    /// The issuer.
    pub issuer: IssuerId,
    /// The card's product.
    pub product: ProductId,
    /// The card.
    pub card: CardId,
    /// Its holder.
    pub consumer: Option<ConsumerId>,
    /// Its last four digits.
    pub last_four: String,
}

/// Who asks to be paid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerchantFacts {
    /// `merchantName`: text of a stranger.
    pub name: String,
    /// `acquirerMerchantID`.
    pub id: Option<String>,
    /// `merchantCountryCode`, ISO 3166-1 numeric.
    pub country: Option<String>,
    /// `mcc`.
    pub mcc: Option<String>,
}

/// How an authentication ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// `transStatus` at the end.
    pub status: TransStatus,
    /// Why.
    pub reason: Option<TransStatusReason>,
    /// When.
    pub at: OffsetDateTime,
}

/// What became of writing a transaction down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is there.
    New,
    /// This directory server asked about this `threeDSServerTransID` before.
    AskedBefore,
}

/// The context that a transaction's proof is sealed with.
pub(crate) fn proof_context(id: AcsTransId) -> Vec<u8> {
    format!("authentication value of {id}").into_bytes()
}

/// Writes a transaction down.
///
/// # Errors
/// When the database does not answer. After [`Inserted::AskedBefore`] the transaction of the database can only be rolled back.
pub async fn insert_in(
    connection: &mut PgConnection,
    transaction: &Transaction,
) -> Result<Inserted, StoreError> {
    let row = Row::from(transaction);
    let inserted = sqlx::query!(
        "INSERT INTO acs.transactions (acs_trans_id, three_ds_server_trans_id, ds_trans_id, brand, message_version,
             device_channel, message_category, issuer_id, product_id, card_id, consumer_id, last_four, merchant_name,
             merchant_id, merchant_country, mcc, amount_minor, currency, notification_url, browser_language, device_hash,
             address_hash, status, reason, eci, proof, decoupled_fallback, decoupled_minutes, explanation, decided_at,
             outcome, outcome_reason, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
             $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)",
        row.acs_trans_id,
        row.three_ds_server_trans_id,
        row.ds_trans_id,
        row.brand,
        row.message_version,
        row.device_channel,
        row.message_category,
        row.issuer_id,
        row.product_id,
        row.card_id,
        row.consumer_id,
        row.last_four,
        row.merchant_name,
        row.merchant_id,
        row.merchant_country,
        row.mcc,
        row.amount_minor,
        row.currency,
        row.notification_url,
        row.browser_language,
        row.device_hash,
        row.address_hash,
        row.status,
        row.reason,
        row.eci,
        row.proof,
        row.decoupled_fallback,
        row.decoupled_minutes,
        row.explanation,
        row.decided_at,
        row.outcome,
        row.outcome_reason,
        row.ended_at,
    )
    .execute(connection)
    .await;
    match inserted {
        Ok(_) => Ok(Inserted::New),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(ONCE) => Ok(Inserted::AskedBefore),
        Err(error) => Err(error.into()),
    }
}

/// The transaction of an `acsTransID`.
///
/// # Errors
/// When the database does not answer, or the row means nothing.
pub async fn by_id(store: &Store, id: AcsTransId) -> Result<Option<Transaction>, StoreError> {
    let mut connection = store.pool().acquire().await?;
    by_id_in(&mut connection, id).await
}

/// The same, within a transaction of the database.
///
/// # Errors
/// As [`by_id`].
pub async fn by_id_in(
    connection: &mut PgConnection,
    id: AcsTransId,
) -> Result<Option<Transaction>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT acs_trans_id, three_ds_server_trans_id, ds_trans_id, brand, message_version, device_channel,
             message_category, issuer_id, product_id, card_id, consumer_id, last_four, merchant_name, merchant_id,
             merchant_country, mcc, amount_minor, currency, notification_url, browser_language, device_hash, address_hash,
             status, reason, eci, proof, decoupled_fallback, decoupled_minutes, explanation, decided_at, outcome,
             outcome_reason, ended_at
         FROM acs.transactions WHERE acs_trans_id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(Transaction::try_from).transpose()
}

/// Says how a transaction ended. The first end stands: false where it had ended.
///
/// # Errors
/// When the database does not answer.
pub async fn end_in(connection: &mut PgConnection, id: AcsTransId, end: &End) -> Result<bool, StoreError> {
    let ended = sqlx::query!(
        "UPDATE acs.transactions SET outcome = $2, outcome_reason = $3, ended_at = $4
         WHERE acs_trans_id = $1 AND outcome IS NULL",
        id.0,
        end.status.as_str(),
        end.reason.map(|reason| reason.as_str()),
        end.at,
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Removes the authentication value, which nobody needs once the result is acknowledged or refused.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_proof_in(connection: &mut PgConnection, id: AcsTransId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.transactions SET proof = NULL WHERE acs_trans_id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}
