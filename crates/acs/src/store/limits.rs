//! Counters of what was done lately, and locks of cards.
//!
//! A counter is asked and raised in one statement, under an advisory lock of what it counts that the transaction keeps: of
//! many at once each sees what the ones before it counted. Either all counters of a question have room and all are raised,
//! or none is, so that what one card is refused costs nobody else anything.

use super::{Store, StoreError};
use crate::identifiers::{CardId, IssuerId};
use crate::keys::Keys;
use crate::limits::{Limited, Lock, Sending, Standing, Verdict, Window, country_allowed, windows};
use crate::policy::{Limit, LimitPolicy};
use sqlx::PgConnection;
use std::net::IpAddr;
use time::OffsetDateTime;

/// Marks our advisory locks among all of the database's.
const LOCK_CLASS: i32 = 0x0AC5;
/// Grains that one look for old ones deletes at most.
const PRUNED_MAX: i64 = 1_000;

/// Whether a challenge may begin from that address. Counts it if so.
///
/// # Errors
/// When the database does not answer.
pub async fn may_challenge(
    store: &Store,
    keys: &Keys,
    policy: &LimitPolicy,
    issuer: &IssuerId,
    address: IpAddr,
    now: OffsetDateTime,
) -> Result<Verdict, StoreError> {
    let mut question = Question::new(issuer, now);
    let key = keys.address_hash(address);
    question.ask(Limited::Address, &key, &policy.challenges_per_address);
    if question.is_empty() {
        return Ok(Verdict::Within);
    }
    let mut transaction = store.pool().begin().await?;
    let verdict = question.count_in(&mut transaction).await?;
    transaction.commit().await?;
    Ok(verdict)
}

/// Whether a message may go out, in the transaction that would queue it. Counts it if so.
///
/// # Errors
/// When the database does not answer.
pub async fn may_send_in(
    connection: &mut PgConnection,
    keys: &Keys,
    policy: &LimitPolicy,
    sending: &Sending<'_>,
    now: OffsetDateTime,
) -> Result<Verdict, StoreError> {
    let mut question = Question::new(sending.issuer, now);
    question.ask(
        Limited::Card,
        sending.card.as_str().as_bytes(),
        &policy.sends_per_card,
    );
    if let Some(phone) = sending.phone {
        if !country_allowed(policy, phone) {
            return Ok(Verdict::Over(Limited::Country));
        }
        question.ask(Limited::Phone, &keys.phone_hash(phone), &policy.sends_per_phone);
    }
    question.ask(Limited::Issuer, &[], &policy.sends_per_issuer);
    question.count_in(connection).await
}

/// Counters that must all have room.
struct Question<'q> {
    issuer: &'q IssuerId,
    now: OffsetDateTime,
    /// Of one card, one phone, one address.
    own: Asked,
    /// Of the whole issuer, which everybody waits for.
    shared: Asked,
}

/// Counters, column by column.
#[derive(Default, Clone)]
struct Asked {
    scopes: Vec<String>,
    keys: Vec<Vec<u8>>,
    seconds: Vec<i32>,
    counts: Vec<i64>,
    since: Vec<OffsetDateTime>,
    grain_starts: Vec<OffsetDateTime>,
    expire_at: Vec<OffsetDateTime>,
}

impl Asked {
    fn push(&mut self, scope: Limited, key: &[u8], window: Window) {
        self.scopes.push(scope.as_str().to_owned());
        self.keys.push(key.to_vec());
        self.seconds.push(window.seconds);
        self.counts.push(window.count);
        self.since.push(window.since);
        self.grain_starts.push(window.grain_start);
        self.expire_at.push(window.expires_at);
    }

    fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// These, and then the others.
    fn and(mut self, others: Self) -> Self {
        self.scopes.extend(others.scopes);
        self.keys.extend(others.keys);
        self.seconds.extend(others.seconds);
        self.counts.extend(others.counts);
        self.since.extend(others.since);
        self.grain_starts.extend(others.grain_starts);
        self.expire_at.extend(others.expire_at);
        self
    }
}

impl<'q> Question<'q> {
    fn new(issuer: &'q IssuerId, now: OffsetDateTime) -> Self {
        Self {
            issuer,
            now,
            own: Asked::default(),
            shared: Asked::default(),
        }
    }

    fn ask(&mut self, scope: Limited, key: &[u8], limits: &[Limit]) {
        let asked = match scope {
            Limited::Issuer => &mut self.shared,
            Limited::Address | Limited::Country | Limited::Card | Limited::Phone => &mut self.own,
        };
        for window in windows(limits, self.now) {
            asked.push(scope, key, window);
        }
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.shared.is_empty()
    }

    /// The lock that all of an issuer wait for comes last, and is not asked for what is over a limit of its own: whoever
    /// floods with one card keeps nobody else waiting.
    async fn count_in(self, connection: &mut PgConnection) -> Result<Verdict, StoreError> {
        if self.is_empty() {
            return Ok(Verdict::Within);
        }
        lock_in(connection, self.issuer, &self.own).await?;
        if !self.shared.is_empty() {
            if let Some(limited) = spent_in(connection, self.issuer, &self.own).await? {
                return Ok(Verdict::Over(limited));
            }
            lock_in(connection, self.issuer, &self.shared).await?;
        }
        let all = self.own.and(self.shared);
        Ok(match raise_in(connection, self.issuer, &all).await? {
            None => Verdict::Within,
            Some(limited) => Verdict::Over(limited),
        })
    }
}

/// A statement of its own, because the one that counts must see what was committed while this one waited. Locks are taken
/// in one order, so that no two transactions wait for each other.
async fn lock_in(connection: &mut PgConnection, issuer: &IssuerId, asked: &Asked) -> Result<(), StoreError> {
    if asked.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, place.hash) FROM (
               SELECT DISTINCT hashtext($2 || ' ' || scope || ' ' || encode(key, 'hex')) AS hash
               FROM unnest($3::text[], $4::bytea[]) AS asked(scope, key)
               ORDER BY hash
           ) place"#,
        LOCK_CLASS,
        issuer.as_str(),
        &asked.scopes,
        &asked.keys,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The first of the counters, in their order, that has no room. Nothing is raised.
async fn spent_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    asked: &Asked,
) -> Result<Option<Limited>, StoreError> {
    let spent = sqlx::query_scalar!(
        r#"SELECT wanted.scope AS "scope!"
           FROM unnest($2::text[], $3::bytea[], $4::integer[], $5::bigint[], $6::timestamptz[])
               WITH ORDINALITY AS wanted(scope, key, window_seconds, most, since, place)
           WHERE wanted.most <= (
               SELECT COALESCE(sum(counter.n), 0) FROM acs.rate_counters counter
               WHERE counter.issuer_id = $1 AND counter.scope = wanted.scope AND counter.key = wanted.key
                 AND counter.window_seconds = wanted.window_seconds AND counter.grain_start > wanted.since)
           ORDER BY wanted.place LIMIT 1"#,
        issuer.as_str(),
        &asked.scopes,
        &asked.keys,
        &asked.seconds,
        &asked.counts,
        &asked.since,
    )
    .fetch_optional(connection)
    .await?;
    spent.map(limited).transpose()
}

/// Raises all of the counters, or none: then the first, in their order, that has no room.
async fn raise_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    asked: &Asked,
) -> Result<Option<Limited>, StoreError> {
    let spent = sqlx::query_scalar!(
        r#"WITH wanted AS (
               SELECT * FROM unnest($2::text[], $3::bytea[], $4::integer[], $5::bigint[],
                                    $6::timestamptz[], $7::timestamptz[], $8::timestamptz[])
                   WITH ORDINALITY AS asked(scope, key, window_seconds, most, since, grain_start, expires_at, place)
           ), spent AS (
               SELECT wanted.scope, wanted.place FROM wanted
               WHERE wanted.most <= (
                   SELECT COALESCE(sum(counter.n), 0) FROM acs.rate_counters counter
                   WHERE counter.issuer_id = $1 AND counter.scope = wanted.scope AND counter.key = wanted.key
                     AND counter.window_seconds = wanted.window_seconds
                     AND counter.grain_start > wanted.since)
           ), counted AS (
               INSERT INTO acs.rate_counters AS counter
                   (issuer_id, scope, key, window_seconds, grain_start, n, expires_at)
               SELECT $1, scope, key, window_seconds, grain_start, 1, expires_at FROM wanted
               WHERE NOT EXISTS (SELECT FROM spent)
               ON CONFLICT (issuer_id, scope, key, window_seconds, grain_start) DO UPDATE SET n = counter.n + 1
           )
           SELECT scope AS "scope!" FROM spent ORDER BY place LIMIT 1"#,
        issuer.as_str(),
        &asked.scopes,
        &asked.keys,
        &asked.seconds,
        &asked.counts,
        &asked.since,
        &asked.grain_starts,
        &asked.expire_at,
    )
    .fetch_optional(connection)
    .await?;
    spent.map(limited).transpose()
}

fn limited(scope: String) -> Result<Limited, StoreError> {
    Limited::parse(&scope).ok_or(StoreError::Corrupt {
        table: "rate_counters",
        column: "scope",
        key: scope,
    })
}

/// Counts a wrong entry for the card, in the transaction that spends the attempt, and locks the card when it is one too
/// many: for a time at each multiple of `failures_to_lock`, for good at `failures_to_lock_for_good`.
///
/// # Errors
/// When the database does not answer.
pub async fn failed_in(
    connection: &mut PgConnection,
    policy: &LimitPolicy,
    issuer: &IssuerId,
    card: &CardId,
    now: OffsetDateTime,
) -> Result<Standing, StoreError> {
    let until = now + time::Duration::seconds(policy.lock_seconds.into());
    let row = sqlx::query!(
        r#"INSERT INTO acs.card_locks AS lock (issuer_id, card_id, failures, locked_until, locked_for_good, changed_at)
           VALUES ($1, $2, 1, CASE WHEN $4 = 1 THEN $3::timestamptz END, $5 = 1, $6)
           ON CONFLICT (issuer_id, card_id) DO UPDATE SET
               failures = lock.failures + 1,
               locked_until = CASE WHEN (lock.failures + 1) % NULLIF($4, 0) = 0 THEN $3 ELSE lock.locked_until END,
               locked_for_good = lock.locked_for_good OR ($5 > 0 AND lock.failures + 1 >= $5),
               changed_at = $6
           RETURNING failures, locked_until, locked_for_good"#,
        issuer.as_str(),
        card.as_str(),
        until,
        integer(policy.failures_to_lock),
        integer(policy.failures_to_lock_for_good),
        now,
    )
    .fetch_one(connection)
    .await?;
    Ok(Standing {
        failures: row.failures.unsigned_abs(),
        lock: lock(row.locked_for_good, row.locked_until, now),
    })
}

/// Forgets the card's wrong entries, in the transaction that records the right one. A lock stays for its time.
///
/// # Errors
/// When the database does not answer.
pub async fn passed_in(
    connection: &mut PgConnection,
    issuer: &IssuerId,
    card: &CardId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.card_locks SET failures = 0, changed_at = $3
         WHERE issuer_id = $1 AND card_id = $2 AND failures > 0 AND NOT locked_for_good",
        issuer.as_str(),
        card.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The card's lock, if it has one now.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_of(
    store: &Store,
    issuer: &IssuerId,
    card: &CardId,
    now: OffsetDateTime,
) -> Result<Option<Lock>, StoreError> {
    let row = sqlx::query!(
        "SELECT locked_until, locked_for_good FROM acs.card_locks WHERE issuer_id = $1 AND card_id = $2",
        issuer.as_str(),
        card.as_str(),
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.and_then(|row| lock(row.locked_for_good, row.locked_until, now)))
}

/// Unlocks the card and forgets its wrong entries. False where there was neither.
///
/// # Errors
/// When the database does not answer.
pub async fn unlock(store: &Store, issuer: &IssuerId, card: &CardId) -> Result<bool, StoreError> {
    let deleted = sqlx::query!(
        "DELETE FROM acs.card_locks WHERE issuer_id = $1 AND card_id = $2",
        issuer.as_str(),
        card.as_str(),
    )
    .execute(store.pool())
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Deletes some of the counters that no window counts any more, those that ended first; answers how many.
///
/// # Errors
/// When the database does not answer.
pub async fn prune(store: &Store, now: OffsetDateTime) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        "DELETE FROM acs.rate_counters WHERE (issuer_id, scope, key, window_seconds, grain_start) IN (
             SELECT issuer_id, scope, key, window_seconds, grain_start FROM acs.rate_counters
             WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        PRUNED_MAX,
    )
    .execute(store.pool())
    .await?;
    Ok(deleted.rows_affected())
}

fn lock(for_good: bool, until: Option<OffsetDateTime>, now: OffsetDateTime) -> Option<Lock> {
    if for_good {
        return Some(Lock::ForGood);
    }
    until.filter(|until| *until > now).map(Lock::Until)
}

fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
