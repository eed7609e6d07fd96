//! What an issuer's authentications of some days came to.

use super::{Store, StoreError};
use crate::identifiers::IssuerId;
use time::OffsetDateTime;

/// From one moment on, before another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
}

/// Challenges of one way to ask and one end.
#[derive(Debug)]
pub(crate) struct Ended {
    /// None while they go on.
    pub(crate) method: Option<String>,
    pub(crate) ending: Option<String>,
    pub(crate) count: i64,
    /// From the ARes to the end, of the one in the middle.
    pub(crate) median_millis: Option<i64>,
}

/// Codes that were made.
#[derive(Debug)]
pub(crate) struct Codes {
    /// That were to be sent.
    pub(crate) sent: i64,
    /// That were typed.
    pub(crate) verified: i64,
    /// That a limit kept from being sent.
    pub(crate) withheld: i64,
}

/// One day, UTC.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) day: time::Date,
    pub(crate) authentications: i64,
    pub(crate) challenges: i64,
    pub(crate) passed: i64,
}

/// Challenges by the way they were asked and how they ended.
pub(crate) async fn endings(store: &Store, issuer: &IssuerId, span: Span) -> Result<Vec<Ended>, StoreError> {
    let found = sqlx::query_as!(
        Ended,
        r#"SELECT c.method, c.ending, count(*) AS "count!",
             (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.ended_at - c.began_at)) * 1000)::bigint
                 AS median_millis
         FROM acs.transactions t JOIN acs.challenges c USING (acs_trans_id)
         WHERE t.issuer_id = $1 AND t.decided_at >= $2 AND t.decided_at < $3
         GROUP BY 1, 2 ORDER BY 1, 2"#,
        issuer.as_str(),
        span.from,
        span.until,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found)
}

/// How many codes were made, and how many of them were typed.
pub(crate) async fn codes(store: &Store, issuer: &IssuerId, span: Span) -> Result<Codes, StoreError> {
    let found = sqlx::query_as!(
        Codes,
        r#"SELECT count(*) FILTER (WHERE o.withheld_by IS NULL) AS "sent!",
             count(*) FILTER (WHERE o.state = 'used') AS "verified!",
             count(*) FILTER (WHERE o.withheld_by IS NOT NULL) AS "withheld!"
         FROM acs.transactions t JOIN acs.codes o USING (acs_trans_id)
         WHERE t.issuer_id = $1 AND t.decided_at >= $2 AND t.decided_at < $3"#,
        issuer.as_str(),
        span.from,
        span.until,
    )
    .fetch_one(store.pool())
    .await?;
    Ok(found)
}

/// Day by day; a day without any is left out.
pub(crate) async fn days(store: &Store, issuer: &IssuerId, span: Span) -> Result<Vec<Day>, StoreError> {
    let found = sqlx::query_as!(
        Day,
        r#"SELECT (t.decided_at AT TIME ZONE 'UTC')::date AS "day!", count(*) AS "authentications!",
             count(*) FILTER (WHERE t.status IN ('C', 'D')) AS "challenges!",
             count(*) FILTER (WHERE t.status IN ('C', 'D') AND t.outcome = 'Y') AS "passed!"
         FROM acs.transactions t
         WHERE t.issuer_id = $1 AND t.decided_at >= $2 AND t.decided_at < $3
         GROUP BY 1 ORDER BY 1"#,
        issuer.as_str(),
        span.from,
        span.until,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found)
}
