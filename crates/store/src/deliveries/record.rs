//! What came of attempts: the row goes on, dies or goes, and the log gets a line.

use super::{AttemptReport, Verdict};
use crate::{Store, StoreError};
use primitives::Id;
use time::OffsetDateTime;
use uuid::Uuid;

/// What recording a batch of reports found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Reports that counted. The others came from a lease that had run out.
    pub applied: usize,
    /// Whether a subject of the batch has another open delivery, which may have been waiting for this one.
    pub more_behind: bool,
}

impl Store {
    /// Records how attempts of `owner` ended, in one statement and one commit.
    ///
    /// A report counts only while its lease does: the row must still be there, under that lease. When one is to be retried,
    /// those behind it in the same subject and queue are put off with it.
    pub async fn delivery_record(
        &self,
        owner: Uuid,
        reports: &[AttemptReport],
    ) -> Result<Recorded, StoreError> {
        let columns = ReportColumns::of(reports);
        // Two leases of one row may have the same attempt's number, if the row was replayed meanwhile; not the same end
        // too. A leased row is open, so its state need not be asked, and no other way to it is offered than its key.
        let rows = sqlx::query!(
            r#"
            WITH report AS MATERIALIZED (
                SELECT * FROM unnest(
                    $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::bigint[], $9::integer[],
                    $10::timestamptz[], $11::text[], $12::timestamptz[], $13::text[], $14::smallint[], $15::text[],
                    $16::timestamptz[], $17::timestamptz[], $18::integer[], $19::text[], $20::timestamptz[], $21::text[]
                ) AS columns (
                    merchant_id, subject, subject_id, event_id, queue, endpoint_id, sequence, attempt,
                    leased_until, outcome, next_at, code, http_status, body,
                    begun_at, ended_at, latency_ms, event_type, event_created_at, url
                )
                WHERE columns.attempt = GREATEST(columns.attempt, 1)
            ),
            over AS (
                DELETE FROM deliveries AS d
                USING report
                WHERE report.outcome = 'delivered'
                  AND d.merchant_id = report.merchant_id AND d.subject_id = report.subject_id
                  AND d.event_id = report.event_id AND d.queue = report.queue
                  AND d.attempts = report.attempt AND d.lease_owner = $1 AND d.lease_until = report.leased_until
                RETURNING report.*
            ),
            left_open AS (
                UPDATE deliveries AS d
                SET state = CASE WHEN report.outcome = 'given_up' THEN 'given_up' ELSE 'waiting' END,
                    next_at = COALESCE(report.next_at, d.next_at),
                    attempts = CASE WHEN report.outcome = 'postponed' THEN d.attempts - 1 ELSE d.attempts END,
                    lease_owner = NULL,
                    lease_until = NULL,
                    last_code = report.code,
                    last_http_status = report.http_status,
                    last_body = report.body,
                    updated_at = report.ended_at
                FROM report
                WHERE report.outcome <> 'delivered'
                  AND d.merchant_id = report.merchant_id AND d.subject_id = report.subject_id
                  AND d.event_id = report.event_id AND d.queue = report.queue
                  AND d.attempts = report.attempt AND d.lease_owner = $1 AND d.lease_until = report.leased_until
                RETURNING report.*
            ),
            recorded AS (
                SELECT * FROM over UNION ALL SELECT * FROM left_open
            ),
            put_off AS (
                UPDATE deliveries AS behind
                SET state = 'waiting', next_at = left_open.next_at, lease_owner = NULL, lease_until = NULL
                FROM left_open CROSS JOIN LATERAL (
                    SELECT event_id FROM deliveries
                    WHERE merchant_id = left_open.merchant_id AND subject_id = left_open.subject_id
                      AND queue = left_open.queue
                      AND COALESCE(state, '') <> 'given_up'
                      AND (sequence, event_id) > (left_open.sequence, left_open.event_id)
                      AND next_at < left_open.next_at
                      AND (lease_until IS NULL OR lease_until <= $22)
                    FOR UPDATE SKIP LOCKED
                ) AS later
                WHERE behind.merchant_id = left_open.merchant_id AND behind.subject_id = left_open.subject_id
                  AND behind.event_id = later.event_id AND behind.queue = left_open.queue
            ),
            logged AS (
                INSERT INTO webhook_attempts (
                    merchant_id, subject, subject_id, event_id, queue, endpoint_id, sequence, event_type,
                    event_created_at, attempt, url, begun_at, latency_ms, code, http_status, body, outcome)
                SELECT merchant_id, subject, subject_id, event_id, queue, endpoint_id, sequence, event_type,
                       event_created_at, attempt, url, begun_at, latency_ms, code, http_status, body, outcome
                FROM recorded
                WHERE outcome <> 'postponed'
            )
            SELECT recorded.next_at IS NULL AND EXISTS (
                SELECT FROM deliveries AS other
                WHERE other.merchant_id = recorded.merchant_id
                  AND other.subject_id = recorded.subject_id
                  AND other.queue = recorded.queue
                  AND other.event_id <> recorded.event_id
                  AND COALESCE(other.state, '') <> 'given_up'
            ) AS "more_behind!"
            FROM recorded
            "#,
            owner,
            &columns.merchants,
            &columns.subjects as &[&str],
            &columns.subject_ids,
            &columns.events,
            &columns.queues,
            &columns.endpoints as &[Option<Uuid>],
            &columns.sequences,
            &columns.attempts,
            &columns.leased_until,
            &columns.outcomes as &[&str],
            &columns.next_at as &[Option<OffsetDateTime>],
            &columns.codes as &[&str],
            &columns.http_statuses as &[Option<i16>],
            &columns.bodies as &[Option<&str>],
            &columns.begun_at,
            &columns.ended_at,
            &columns.latencies,
            &columns.event_types as &[&str],
            &columns.event_created_at,
            &columns.urls as &[&str],
            columns.ended_at.iter().max().copied(),
        )
        .fetch_all(self.pool())
        .await?;
        Ok(Recorded {
            applied: rows.len(),
            more_behind: rows.iter().any(|row| row.more_behind),
        })
    }
}

/// Reports as the arrays that the statement takes.
#[derive(Default)]
struct ReportColumns<'a> {
    merchants: Vec<Uuid>,
    subjects: Vec<&'static str>,
    subject_ids: Vec<Uuid>,
    events: Vec<Uuid>,
    queues: Vec<Uuid>,
    endpoints: Vec<Option<Uuid>>,
    sequences: Vec<i64>,
    attempts: Vec<i32>,
    leased_until: Vec<OffsetDateTime>,
    outcomes: Vec<&'static str>,
    next_at: Vec<Option<OffsetDateTime>>,
    codes: Vec<&'static str>,
    http_statuses: Vec<Option<i16>>,
    bodies: Vec<Option<&'a str>>,
    begun_at: Vec<OffsetDateTime>,
    ended_at: Vec<OffsetDateTime>,
    latencies: Vec<i32>,
    event_types: Vec<&'a str>,
    event_created_at: Vec<OffsetDateTime>,
    urls: Vec<&'a str>,
}

impl<'a> ReportColumns<'a> {
    fn of(reports: &'a [AttemptReport]) -> Self {
        let mut columns = Self::default();
        for report in reports {
            let (outcome, next_at) = match report.verdict {
                Verdict::Delivered => ("delivered", None),
                Verdict::GivenUp => ("given_up", None),
                Verdict::RetryAt(at) => ("retry", Some(at)),
                Verdict::PostponedTo(at) => ("postponed", Some(at)),
            };
            let leased = &*report.leased;
            let latency = (report.ended_at - report.begun_at).whole_milliseconds().max(0);
            columns.merchants.push(leased.merchant.uuid());
            columns.subjects.push(leased.subject.member());
            columns.subject_ids.push(leased.subject.uuid());
            columns.events.push(leased.event.uuid());
            columns.queues.push(leased.queue);
            columns.endpoints.push(leased.endpoint.map(Id::uuid));
            columns.sequences.push(leased.sequence);
            columns.attempts.push(leased.attempt.cast_signed());
            columns.leased_until.push(leased.leased_until);
            columns.outcomes.push(outcome);
            columns.next_at.push(next_at);
            columns.codes.push(report.code);
            columns
                .http_statuses
                .push(report.http_status.and_then(|status| i16::try_from(status).ok()));
            columns.bodies.push(report.body.as_deref());
            columns.begun_at.push(report.begun_at);
            columns.ended_at.push(report.ended_at);
            columns.latencies.push(i32::try_from(latency).unwrap_or(i32::MAX));
            columns.event_types.push(&leased.event_type);
            columns.event_created_at.push(leased.event_created_at);
            columns.urls.push(&leased.url);
        }
        columns
    }
}
