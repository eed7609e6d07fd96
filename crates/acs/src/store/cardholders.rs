//! Cardholders and their phones.

use super::{Store, StoreError};
use crate::identifiers::{ConsumerId, IssuerId};
use crate::keys::{Keys, KeysError};
use crate::phone::Phone;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A phone as it is kept: sealed, with the keyed hash by which logs and counters know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPhone {
    /// The sealed E.164 number.
    pub number: Vec<u8>,
    /// The hash.
    pub hash: [u8; 8],
}

impl SealedPhone {
    /// Seals a phone of a cardholder.
    ///
    /// # Errors
    /// When cryptography fails.
    pub fn seal(
        keys: &Keys,
        issuer: &IssuerId,
        consumer: &ConsumerId,
        phone: &Phone,
    ) -> Result<Self, KeysError> {
        Ok(Self {
            number: keys.seal(&phone_context(issuer, consumer), phone.reveal().as_bytes())?,
            hash: keys.phone_hash(phone),
        })
    }

    /// The phone itself.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it does not open with these keys, or is another cardholder's.
    pub fn open(&self, keys: &Keys, issuer: &IssuerId, consumer: &ConsumerId) -> Result<Phone, StoreError> {
        let corrupt = || StoreError::Corrupt {
            table: "phones",
            column: "number",
            key: consumer.to_string(),
        };
        let opened = keys
            .open(&phone_context(issuer, consumer), &self.number)
            .map_err(|_| corrupt())?;
        let text = std::str::from_utf8(&opened).map_err(|_| corrupt())?;
        Phone::parse(text).map_err(|_| corrupt())
    }
}

fn phone_context(issuer: &IssuerId, consumer: &ConsumerId) -> Vec<u8> {
    format!("phone of {issuer} {consumer}").into_bytes()
}

/// A cardholder as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cardholder {
    /// Whose.
    pub issuer: IssuerId,
    /// Its name on the wire.
    pub consumer: ConsumerId,
    /// The language tag, as the issuer said it.
    pub language: Option<String>,
    /// Whether the bank's app is there to ask.
    pub app_registered: bool,
    /// Names, e-mail and the like: a sealed JSON document.
    pub contact: Vec<u8>,
    /// The preferred one first.
    pub phones: Vec<SealedPhone>,
    /// When it was written; on a new one that is also when it was made.
    pub updated_at: OffsetDateTime,
}

/// Writes cardholders, each exactly as said; phones are replaced. No two of one issuer and name.
///
/// # Errors
/// When the database does not answer, or an issuer is unknown.
pub async fn put_in(connection: &mut PgConnection, cardholders: &[Cardholder]) -> Result<(), StoreError> {
    let column = |read: fn(&Cardholder) -> &str| -> Vec<String> {
        cardholders.iter().map(|holder| read(holder).to_owned()).collect()
    };
    let issuers = column(|holder| holder.issuer.as_str());
    let consumers = column(|holder| holder.consumer.as_str());
    let languages: Vec<Option<String>> = cardholders.iter().map(|holder| holder.language.clone()).collect();
    let apps: Vec<bool> = cardholders.iter().map(|holder| holder.app_registered).collect();
    let contacts: Vec<Vec<u8>> = cardholders.iter().map(|holder| holder.contact.clone()).collect();
    let times: Vec<OffsetDateTime> = cardholders.iter().map(|holder| holder.updated_at).collect();
    // Ordered, so that two imports of the same cardholders wait for each other and never in a circle.
    sqlx::query!(
        "INSERT INTO acs.cardholders
             (issuer_id, consumer_id, language, app_registered, contact, created_at, updated_at)
         SELECT issuer_id, consumer_id, language, app_registered, contact, at, at
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::bytea[], $6::timestamptz[])
             AS c (issuer_id, consumer_id, language, app_registered, contact, at)
         ORDER BY issuer_id, consumer_id
         ON CONFLICT (issuer_id, consumer_id) DO UPDATE
         SET language = excluded.language, app_registered = excluded.app_registered, contact = excluded.contact,
             updated_at = excluded.updated_at",
        &issuers,
        &consumers,
        &languages as &[Option<String>],
        &apps,
        &contacts,
        &times,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM acs.phones p USING unnest($1::text[], $2::text[]) AS c (issuer_id, consumer_id)
         WHERE p.issuer_id = c.issuer_id AND p.consumer_id = c.consumer_id",
        &issuers,
        &consumers,
    )
    .execute(&mut *connection)
    .await?;
    insert_phones_in(connection, cardholders).await
}

async fn insert_phones_in(
    connection: &mut PgConnection,
    cardholders: &[Cardholder],
) -> Result<(), StoreError> {
    let (mut issuers, mut consumers, mut positions) = (Vec::new(), Vec::new(), Vec::<i16>::new());
    let (mut numbers, mut hashes) = (Vec::new(), Vec::new());
    for holder in cardholders {
        for (position, phone) in (0_i16..).zip(&holder.phones) {
            issuers.push(holder.issuer.as_str().to_owned());
            consumers.push(holder.consumer.as_str().to_owned());
            positions.push(position);
            numbers.push(phone.number.clone());
            hashes.push(phone.hash.to_vec());
        }
    }
    sqlx::query!(
        "INSERT INTO acs.phones (issuer_id, consumer_id, position, number, number_hash)
         SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[])",
        &issuers,
        &consumers,
        &positions,
        &numbers,
        &hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One cardholder of an issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn load(
    store: &Store,
    issuer: &IssuerId,
    consumer: &ConsumerId,
) -> Result<Option<Cardholder>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT language, app_registered, contact, updated_at,
             ARRAY(SELECT number FROM acs.phones p WHERE p.issuer_id = h.issuer_id
                 AND p.consumer_id = h.consumer_id ORDER BY position) AS "numbers!",
             ARRAY(SELECT number_hash FROM acs.phones p WHERE p.issuer_id = h.issuer_id
                 AND p.consumer_id = h.consumer_id ORDER BY position) AS "hashes!"
         FROM acs.cardholders h WHERE issuer_id = $1 AND consumer_id = $2"#,
        issuer.as_str(),
        consumer.as_str(),
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| {
        Ok(Cardholder {
            issuer: issuer.clone(),
            consumer: consumer.clone(),
            language: row.language,
            app_registered: row.app_registered,
            contact: row.contact,
            phones: read_phones(row.numbers, row.hashes, consumer.as_str())?,
            updated_at: row.updated_at,
        })
    })
    .transpose()
}

pub(crate) fn read_phones(
    numbers: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    consumer: &str,
) -> Result<Vec<SealedPhone>, StoreError> {
    numbers
        .into_iter()
        .zip(hashes)
        .map(|(number, hash)| match hash.try_into() {
            Ok(hash) => Ok(SealedPhone { number, hash }),
            Err(_) => Err(StoreError::Corrupt {
                table: "phones",
                column: "number_hash",
                key: consumer.to_owned(),
            }),
        })
        .collect()
}
