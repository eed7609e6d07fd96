//! Cards: registered by their issuers, found by the keyed hash of their number.

use super::cardholders::{SealedPhone, read_phones};
use super::issuers::{read_issuer, read_policy};
use super::products::{read_brand, read_product};
use super::{Store, StoreError};
use crate::identifiers::{CardId, ConsumerId, IssuerId, ProductId};
use crate::policy::Policy;
use primitives::Brand;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Whether a card may authenticate, as its issuer says. Locks after failures are another thing, see the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardState {
    /// In use.
    Active,
    /// Not until the issuer says otherwise.
    Blocked,
}

impl CardState {
    /// As in the column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }

    fn read(text: &str, card: &str) -> Result<Self, StoreError> {
        [Self::Active, Self::Blocked]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| corrupt("state", card))
    }
}

/// A card as its issuer registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Whose.
    pub issuer: IssuerId,
    /// Its name on the wire.
    pub card: CardId,
    /// The product it is of.
    pub product: ProductId,
    /// Whose hands it is in.
    pub consumer: ConsumerId,
    /// The keyed hash of its number.
    pub pan_hash: [u8; 32],
    /// The end of its number.
    pub last_four: String,
    /// YYMM.
    pub expiry: Option<String>,
    /// The keyed hash of its static password.
    pub static_password_mac: Option<[u8; 32]>,
    /// Whether it may authenticate.
    pub state: CardState,
    /// When it was written; on a new one that is also when it was made.
    pub updated_at: OffsetDateTime,
}

/// Everything that an authentication wants to know of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerCard {
    /// Whose.
    pub issuer: IssuerId,
    /// What the issuer set.
    pub policy: Policy,
    /// The card's name on the wire.
    pub card: CardId,
    /// The product it is of.
    pub product: ProductId,
    /// The card scheme.
    pub brand: Brand,
    /// Whose hands it is in.
    pub consumer: ConsumerId,
    /// The end of its number.
    pub last_four: String,
    /// YYMM.
    pub expiry: Option<String>,
    /// The keyed hash of its static password.
    pub static_password_mac: Option<[u8; 32]>,
    /// Whether it may authenticate.
    pub state: CardState,
    /// The cardholder's language tag.
    pub language: Option<String>,
    /// Whether the bank's app is there to ask.
    pub app_registered: bool,
    /// Where codes may go, the preferred phone first.
    pub phones: Vec<SealedPhone>,
}

fn corrupt(column: &'static str, card: &str) -> StoreError {
    StoreError::Corrupt {
        table: "cards",
        column,
        key: card.to_owned(),
    }
}

fn hash(bytes: Vec<u8>, column: &'static str, card: &str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| corrupt(column, card))
}

/// The card with this keyed hash of its number, of whichever issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn by_pan_hash(store: &Store, pan_hash: &[u8; 32]) -> Result<Option<IssuerCard>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT c.issuer_id, i.policy, c.card_id, c.product_id, p.brand, c.consumer_id, c.last_four, c.expiry,
             c.static_password_mac, c.state, h.language, h.app_registered,
             ARRAY(SELECT number FROM acs.phones n WHERE n.issuer_id = c.issuer_id
                 AND n.consumer_id = c.consumer_id ORDER BY position) AS "numbers!",
             ARRAY(SELECT number_hash FROM acs.phones n WHERE n.issuer_id = c.issuer_id
                 AND n.consumer_id = c.consumer_id ORDER BY position) AS "number_hashes!"
         FROM acs.cards c
         JOIN acs.issuers i USING (issuer_id)
         JOIN acs.products p USING (issuer_id, product_id)
         JOIN acs.cardholders h USING (issuer_id, consumer_id)
         WHERE c.pan_hash = $1"#,
        pan_hash,
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(|row| {
        let key = row.card_id.as_str();
        let mac = row.static_password_mac;
        Ok(IssuerCard {
            issuer: read_issuer(&row.issuer_id, "cards")?,
            policy: read_policy(row.policy, &row.issuer_id)?,
            product: read_product(&row.product_id)?,
            brand: read_brand(&row.brand, &row.product_id)?,
            consumer: ConsumerId::parse(&row.consumer_id).ok_or_else(|| corrupt("consumer_id", key))?,
            static_password_mac: mac.map(|mac| hash(mac, "static_password_mac", key)).transpose()?,
            state: CardState::read(&row.state, key)?,
            phones: read_phones(row.numbers, row.number_hashes, &row.consumer_id)?,
            card: CardId::parse(key).ok_or_else(|| corrupt("card_id", key))?,
            last_four: row.last_four,
            expiry: row.expiry,
            language: row.language,
            app_registered: row.app_registered,
        })
    })
    .transpose()
}

struct Row {
    issuer_id: String,
    card_id: String,
    product_id: String,
    consumer_id: String,
    pan_hash: Vec<u8>,
    last_four: String,
    expiry: Option<String>,
    static_password_mac: Option<Vec<u8>>,
    state: String,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Card {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = row.card_id.as_str();
        let mac = row.static_password_mac;
        Ok(Self {
            issuer: read_issuer(&row.issuer_id, "cards")?,
            product: read_product(&row.product_id)?,
            consumer: ConsumerId::parse(&row.consumer_id).ok_or_else(|| corrupt("consumer_id", key))?,
            pan_hash: hash(row.pan_hash, "pan_hash", key)?,
            static_password_mac: mac.map(|mac| hash(mac, "static_password_mac", key)).transpose()?,
            state: CardState::read(&row.state, key)?,
            card: CardId::parse(key).ok_or_else(|| corrupt("card_id", key))?,
            last_four: row.last_four,
            expiry: row.expiry,
            updated_at: row.updated_at,
        })
    }
}

/// One card of an issuer.
///
/// # Errors
/// When the database does not answer.
pub async fn load(store: &Store, issuer: &IssuerId, card: &CardId) -> Result<Option<Card>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry, static_password_mac, state,
             updated_at
         FROM acs.cards WHERE issuer_id = $1 AND card_id = $2",
        issuer.as_str(),
        card.as_str(),
    )
    .fetch_optional(store.pool())
    .await?
    .map(Card::try_from)
    .transpose()
}

/// One card of an issuer, locked until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn load_for_update_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    card: &CardId,
) -> Result<Option<Card>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry, static_password_mac, state,
             updated_at
         FROM acs.cards WHERE issuer_id = $1 AND card_id = $2 FOR UPDATE",
        issuer.as_str(),
        card.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .map(Card::try_from)
    .transpose()
}

/// Which of these hashes are numbers of cards already, and of which.
///
/// # Errors
/// When the database does not answer.
pub async fn of_hashes_in(
    connection: &mut PgConnection,
    hashes: &[[u8; 32]],
) -> Result<Vec<Card>, StoreError> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query_as!(
        Row,
        "SELECT issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry, static_password_mac, state,
             updated_at
         FROM acs.cards WHERE pan_hash = ANY($1)",
        &hashes,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Card::try_from)
    .collect()
}

/// What came of writing cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardsWritten {
    /// All are as said.
    Done {
        /// How many of them are new.
        created: usize,
    },
    /// A number belongs to another card; the transaction is spoilt.
    NumberTaken,
    /// There is no such product or no such cardholder; the transaction is spoilt.
    Dangling,
}

/// Writes cards, each exactly as said, new or not. No two of one issuer and name.
///
/// # Errors
/// When the database does not answer.
pub async fn put_in(connection: &mut PgConnection, cards: &[Card]) -> Result<CardsWritten, StoreError> {
    let column =
        |read: fn(&Card) -> &str| -> Vec<String> { cards.iter().map(|card| read(card).to_owned()).collect() };
    let hashes: Vec<Vec<u8>> = cards.iter().map(|card| card.pan_hash.to_vec()).collect();
    let expiries: Vec<Option<String>> = cards.iter().map(|card| card.expiry.clone()).collect();
    let macs: Vec<Option<Vec<u8>>> = cards
        .iter()
        .map(|card| card.static_password_mac.map(|mac| mac.to_vec()))
        .collect();
    let times: Vec<OffsetDateTime> = cards.iter().map(|card| card.updated_at).collect();
    let done = sqlx::query_scalar!(
        r#"INSERT INTO acs.cards (issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry,
             static_password_mac, state, created_at, updated_at)
         SELECT issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry, mac, state, at, at
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::bytea[],
             $9::text[], $10::timestamptz[])
             AS c (issuer_id, card_id, product_id, consumer_id, pan_hash, last_four, expiry, mac, state, at)
         ORDER BY issuer_id, card_id
         ON CONFLICT (issuer_id, card_id) DO UPDATE
         SET product_id = excluded.product_id, consumer_id = excluded.consumer_id, pan_hash = excluded.pan_hash,
             last_four = excluded.last_four, expiry = excluded.expiry,
             static_password_mac = excluded.static_password_mac, state = excluded.state,
             updated_at = excluded.updated_at
         RETURNING (xmax = 0) AS "created!""#,
        &column(|card| card.issuer.as_str()),
        &column(|card| card.card.as_str()),
        &column(|card| card.product.as_str()),
        &column(|card| card.consumer.as_str()),
        &hashes,
        &column(|card| &card.last_four),
        &expiries as &[Option<String>],
        &macs as &[Option<Vec<u8>>],
        &column(|card| card.state.as_str()),
        &times,
    )
    .fetch_all(connection)
    .await;
    match done {
        Ok(created) => Ok(CardsWritten::Done {
            created: created.into_iter().filter(|created| *created).count(),
        }),
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(CardsWritten::NumberTaken),
        Err(sqlx::Error::Database(refusal)) if refusal.is_foreign_key_violation() => {
            Ok(CardsWritten::Dangling)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Blocks a card or lifts that; `false` where there is no such card.
///
/// # Errors
/// When the database does not answer.
pub async fn set_state(
    store: &Store,
    issuer: &IssuerId,
    card: &CardId,
    state: CardState,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE acs.cards SET state = $3, updated_at = $4 WHERE issuer_id = $1 AND card_id = $2",
        issuer.as_str(),
        card.as_str(),
        state.as_str(),
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a card; `false` where there is no such card.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    card: &CardId,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM acs.cards WHERE issuer_id = $1 AND card_id = $2",
        issuer.as_str(),
        card.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
