//! Challenges: begun with their transaction, locked while something happens to them, saved with what follows from it.

mod row;

use emv3ds::AcsTransId;
use emv3ds::code::ChallengeWindowSize;
use primitives::Moment;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{Store, StoreError};
use crate::challenge::{Challenge, Means, State};
use crate::identifiers::IssuerId;
use crate::keys::Keys;
use crate::language::Language;
use crate::phone::Phone;
use row::Row;

/// A challenge that begins.
#[derive(Debug, Clone)]
pub struct NewChallenge {
    /// Its transaction, which must be there.
    pub acs_trans_id: AcsTransId,
    /// Where the cardholder answers.
    pub way: Way,
    /// How the cardholder can be asked.
    pub means: NewMeans,
    /// What screens and messages are written in.
    pub language: Language,
}

/// Where the cardholder answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In the browser.
    Browser {
        /// How long the first CReq may take.
        patience: Duration,
    },
    /// In the bank's app alone.
    Decoupled {
        /// How long the app may take.
        patience: Duration,
    },
}

/// How the cardholder can be asked.
#[derive(Debug, Clone, Default)]
pub struct NewMeans {
    /// The bank's app is registered.
    pub app: bool,
    /// The card has a static password.
    pub password: bool,
    /// Where codes may go, the preferred phone first.
    pub phones: Vec<Phone>,
    /// The issuer's backend sends.
    pub backend_sends: bool,
    /// The requestor allows the challenge to be gone on with decoupled.
    pub put_off: bool,
}

/// A challenge as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Whose.
    pub acs_trans_id: AcsTransId,
    /// Where it stands.
    pub challenge: Challenge,
    /// Which save this was.
    pub version: i64,
    /// What screens and messages are written in.
    pub language: Language,
    /// What the browser brought; `None` while it is awaited, and for decoupled ones.
    pub opened: Option<OpenedBy>,
    /// When it began.
    pub began_at: OffsetDateTime,
    phones: Option<Vec<u8>>,
}

/// What a browser brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedBy {
    /// SHA-256 of the CReq's form field.
    pub creq_hash: Vec<u8>,
    /// The room that there is.
    pub window_size: ChallengeWindowSize,
    /// `threeDSSessionData`.
    pub session_data: Option<String>,
}

impl Kept {
    /// The cardholder's phones, in their order; none any more once the challenge has ended.
    ///
    /// # Errors
    /// When they do not open, or are none.
    pub fn phones(&self, keys: &Keys) -> Result<Vec<Phone>, StoreError> {
        let Some(sealed) = &self.phones else {
            return Ok(Vec::new());
        };
        let corrupt = || StoreError::Corrupt {
            table: "challenges",
            column: "phones",
            key: self.acs_trans_id.to_string(),
        };
        let opened = keys.open(&phones_context(self.acs_trans_id), sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| corrupt())?;
        text.lines()
            .map(|number| Phone::parse(number).map_err(|_| corrupt()))
            .collect()
    }
}

fn phones_context(id: AcsTransId) -> Vec<u8> {
    format!("phones of challenge {id}").into_bytes()
}

fn seal_phones(keys: &Keys, id: AcsTransId, phones: &[Phone]) -> Result<Option<Vec<u8>>, StoreError> {
    if phones.is_empty() {
        return Ok(None);
    }
    let numbers: Vec<&str> = phones.iter().map(Phone::reveal).collect();
    let lines = Zeroizing::new(numbers.join("\n"));
    Ok(Some(keys.seal(&phones_context(id), lines.as_bytes())?))
}

/// Begins a challenge, in the transaction that writes its transaction down. Whoever commits rings the timers' bell.
///
/// # Errors
/// When the database does not answer, or knows no such transaction.
pub async fn begin_in(
    connection: &mut PgConnection,
    keys: &Keys,
    new: &NewChallenge,
    moment: Moment,
) -> Result<(), StoreError> {
    let means = Means {
        app: new.means.app,
        password: new.means.password,
        phones: u8::try_from(new.means.phones.len()).unwrap_or(u8::MAX),
        backend_sends: new.means.backend_sends,
        put_off: new.means.put_off,
    };
    let Moment { now, nonce } = moment;
    let challenge = match new.way {
        Way::Browser { patience } => Challenge::awaited(means, nonce, now, patience),
        Way::Decoupled { patience } => Challenge::decoupled(means, nonce, now, patience),
    };
    let phones = seal_phones(keys, new.acs_trans_id, &new.means.phones)?;
    sqlx::query!(
        "INSERT INTO acs.challenges (acs_trans_id, means, phones, language, state, state_data, until, deadline_at, screen,
             began_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.acs_trans_id.0,
        json(&challenge.means)?,
        phones,
        new.language.code(),
        challenge.state.name(),
        json(&challenge.state)?,
        challenge.until,
        challenge.deadline_at(),
        challenge.screen,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A challenge as it is now, without locking it.
///
/// # Errors
/// When the database does not answer, or the row means nothing.
pub async fn by_id(store: &Store, id: AcsTransId) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT acs_trans_id, means, phones, language, state, state_data, version, until, interactions, wrong, resends,
             replaced, app_asked, generation, notice, screen, creq_hash, window_size, session_data, began_at
         FROM acs.challenges WHERE acs_trans_id = $1",
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    row.map(Kept::try_from).transpose()
}

/// A challenge, locked until the transaction ends: nothing else happens to it meanwhile.
///
/// # Errors
/// As [`by_id`].
pub async fn lock_in(connection: &mut PgConnection, id: AcsTransId) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT acs_trans_id, means, phones, language, state, state_data, version, until, interactions, wrong, resends,
             replaced, app_asked, generation, notice, screen, creq_hash, window_size, session_data, began_at
         FROM acs.challenges WHERE acs_trans_id = $1 FOR UPDATE",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(Kept::try_from).transpose()
}

/// Challenges whose time may be over and that nobody else looks at just now, the longest over first.
///
/// # Errors
/// When the database does not answer.
pub async fn due(store: &Store, now: OffsetDateTime, limit: i64) -> Result<Vec<AcsTransId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT acs_trans_id FROM acs.challenges WHERE deadline_at <= $1
         ORDER BY deadline_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        now,
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(ids.into_iter().map(AcsTransId).collect())
}

/// Saves a challenge that was read as that version; the phones of an ended one are gone.
///
/// # Errors
/// When the database does not answer, or somebody else has saved it meanwhile, which who has locked it never meets.
pub async fn save_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    version: i64,
    challenge: &Challenge,
) -> Result<(), StoreError> {
    let (ending, method, ended_at) = match challenge.state {
        State::Done { ending, method, at } => (Some(ending.name()), Some(method.name()), Some(at)),
        _ => (None, None, None),
    };
    let saved = sqlx::query!(
        "UPDATE acs.challenges SET
             state = $3, state_data = $4, version = version + 1, until = $5, deadline_at = $6, interactions = $7, wrong = $8,
             resends = $9, replaced = $10, app_asked = $11, generation = $12, notice = $13, screen = $14,
             ending = $15, method = $16, ended_at = $17, phones = CASE WHEN $15::text IS NULL THEN phones END
         WHERE acs_trans_id = $1 AND version = $2 AND ending IS NULL",
        id.0,
        version,
        challenge.state.name(),
        json(&challenge.state)?,
        challenge.until,
        challenge.deadline_at(),
        i32::from(challenge.interactions),
        i32::from(challenge.wrong),
        i32::from(challenge.resends),
        i32::from(challenge.replaced),
        i32::from(challenge.app_asked),
        i32::from(challenge.generation),
        challenge.notice.as_ref().map(json).transpose()?,
        challenge.screen,
        ending,
        method,
        ended_at,
    )
    .execute(connection)
    .await?;
    match saved.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::RowNotFound.into()),
    }
}

/// Writes down what the browser brought, once.
///
/// # Errors
/// When the database does not answer.
pub async fn opened_in(
    connection: &mut PgConnection,
    id: AcsTransId,
    opened: &OpenedBy,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.challenges SET creq_hash = $2, window_size = $3, session_data = $4, opened_at = $5
         WHERE acs_trans_id = $1 AND creq_hash IS NULL",
        id.0,
        opened.creq_hash,
        opened.window_size.as_str(),
        opened.session_data,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The challenges and decoupled authentications of an issuer that its app has to ask about, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn in_the_app(store: &Store, issuer: &IssuerId, limit: i64) -> Result<Vec<AcsTransId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT acs_trans_id FROM acs.challenges JOIN acs.transactions USING (acs_trans_id)
         WHERE state IN ('asking_app', 'decoupled') AND issuer_id = $1
         ORDER BY began_at LIMIT $2",
        issuer.as_str(),
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(ids.into_iter().map(AcsTransId).collect())
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|_| StoreError::Unwritable("a challenge"))
}
