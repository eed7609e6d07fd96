//! What became of messages, by provider, country and hour.

use time::{Duration, OffsetDateTime};

use super::{Store, StoreError};

/// Something to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A try, and how long the answer took.
    Try(TryOutcome, std::time::Duration),
    /// A message arrived so long after its provider had taken it.
    Delivered(Duration),
    /// A message did not arrive.
    Undelivered,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryOutcome {
    /// The provider has the message.
    Accepted,
    /// It refused it for good.
    Refused,
    /// It did not take it.
    NotTaken,
    /// Nobody knows.
    Unknown,
}

impl TryOutcome {
    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotTaken => "not_taken",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of a provider in a country, over some hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderHealth {
    /// The provider; of issuers' backends `issuer_backend/` and the issuer.
    pub provider: String,
    /// The country calling code; empty where the phone is not known.
    pub prefix: String,
    /// Tries by outcome.
    pub accepted: i64,
    /// Tries that were refused for good.
    pub refused: i64,
    /// Tries that were not taken.
    pub not_taken: i64,
    /// Tries of which nobody knows.
    pub unknown: i64,
    /// Messages that arrived, as far as was heard.
    pub delivered: i64,
    /// Messages that did not.
    pub undelivered: i64,
    /// How long a try took on average, in milliseconds; 0 without any.
    pub answer_millis: i64,
    /// From acceptance to the phone on average, in milliseconds; 0 without any.
    pub delivery_millis: i64,
}

/// Counts something. Counts are no record: the database may forget the last moments of them in a crash.
///
/// # Errors
/// When the database does not answer.
pub async fn count(
    store: &Store,
    provider: &str,
    prefix: Option<&str>,
    counted: Counted,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let hour =
        now - Duration::nanoseconds(i64::try_from(now.unix_timestamp_nanos() % HOUR_NANOS).unwrap_or(0));
    let is = |outcome| i64::from(matches!(counted, Counted::Try(it, _) if it == outcome));
    let millis = |millis: i128| i64::try_from(millis).unwrap_or_default().max(0);
    let (answer, delivery, delivered, undelivered) = match counted {
        Counted::Try(_, took) => (i64::try_from(took.as_millis()).unwrap_or_default(), 0, 0, 0),
        Counted::Delivered(took) => (0, millis(took.whole_milliseconds()), 1, 0),
        Counted::Undelivered => (0, 0, 0, 1),
    };
    sqlx::query!(
        "WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
         INSERT INTO acs.provider_health AS h (provider, prefix, hour, accepted, refused, not_taken, unknown, delivered,
             undelivered, answer_millis, delivery_millis)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM relaxed
         ON CONFLICT (hour, provider, prefix) DO UPDATE
         SET accepted = h.accepted + EXCLUDED.accepted, refused = h.refused + EXCLUDED.refused,
             not_taken = h.not_taken + EXCLUDED.not_taken, unknown = h.unknown + EXCLUDED.unknown,
             delivered = h.delivered + EXCLUDED.delivered, undelivered = h.undelivered + EXCLUDED.undelivered,
             answer_millis = h.answer_millis + EXCLUDED.answer_millis,
             delivery_millis = h.delivery_millis + EXCLUDED.delivery_millis",
        provider,
        prefix.unwrap_or_default(),
        hour,
        is(TryOutcome::Accepted),
        is(TryOutcome::Refused),
        is(TryOutcome::NotTaken),
        is(TryOutcome::Unknown),
        delivered,
        undelivered,
        answer,
        delivery,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

const HOUR_NANOS: i128 = 3_600_000_000_000;

/// What became of messages since `since` (to the hour), by provider and country.
///
/// # Errors
/// When the database does not answer.
pub async fn since(store: &Store, since: OffsetDateTime) -> Result<Vec<ProviderHealth>, StoreError> {
    let rows = sqlx::query_as!(
        ProviderHealth,
        r#"
        SELECT provider, prefix,
            sum(accepted)::bigint AS "accepted!", sum(refused)::bigint AS "refused!",
            sum(not_taken)::bigint AS "not_taken!", sum(unknown)::bigint AS "unknown!",
            sum(delivered)::bigint AS "delivered!", sum(undelivered)::bigint AS "undelivered!",
            COALESCE(sum(answer_millis) / NULLIF(sum(accepted + refused + not_taken + unknown), 0), 0)::bigint
                AS "answer_millis!",
            COALESCE(sum(delivery_millis) / NULLIF(sum(delivered), 0), 0)::bigint AS "delivery_millis!"
        FROM acs.provider_health WHERE hour > $1
        GROUP BY provider, prefix ORDER BY provider, prefix
        "#,
        since - Duration::HOUR,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;
    use time::macros::datetime;

    #[sqlx::test(migrator = "crate::store::MIGRATOR")]
    async fn what_became_of_messages_is_added_up_over_hours(pool: PgPool) {
        let store = Store::from_pool(pool);
        let now = datetime!(2026-11-22 12:30 UTC);
        let millis = std::time::Duration::from_millis;
        for (counted, at) in [
            (Counted::Try(TryOutcome::Accepted, millis(100)), now),
            (
                Counted::Try(TryOutcome::NotTaken, millis(300)),
                now - Duration::HOUR,
            ),
            (Counted::Delivered(Duration::seconds(4)), now),
            (Counted::Undelivered, now),
            (Counted::Undelivered, now - Duration::hours(5)),
        ] {
            count(&store, "norte", Some("52"), counted, at).await.unwrap();
        }
        let known = since(&store, now - Duration::HOUR).await.unwrap();
        assert_eq!(
            known,
            [ProviderHealth {
                provider: "norte".to_owned(),
                prefix: "52".to_owned(),
                accepted: 1,
                refused: 0,
                not_taken: 1,
                unknown: 0,
                delivered: 1,
                undelivered: 1,
                answer_millis: 200,
                delivery_millis: 4_000,
            }]
        );
    }
}
