//! What the dispatcher tells operators. Logs name the delivery and what happened, never a body, a key or a URL, whose
//! path and query may hold a merchant's secrets.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use store::deliveries::{AttemptReport, Backlog, LeasedDelivery, Verdict};
use time::OffsetDateTime;

const ATTEMPTS: &str = "pasarela_webhook_attempts_total";
const LAG: &str = "pasarela_webhook_lag_seconds";
const QUEUE: &str = "pasarela_webhook_queue_depth";
const OLDEST_DUE: &str = "pasarela_webhook_oldest_due_seconds";
const IN_FLIGHT: &str = "pasarela_webhook_in_flight";
const STALE: &str = "pasarela_webhook_stale_results_total";

/// Gives the metrics their help texts.
pub(crate) fn describe() {
    describe_counter!(
        ATTEMPTS,
        "Attempts to deliver a webhook, by what became of the delivery and why."
    );
    describe_histogram!(LAG, metrics::Unit::Seconds, "From an event to its delivery.");
    describe_gauge!(
        QUEUE,
        "Deliveries without an outcome, counted up to 100 000: all, and those due."
    );
    describe_gauge!(
        OLDEST_DUE,
        metrics::Unit::Seconds,
        "How long the longest due delivery has been due."
    );
    describe_gauge!(IN_FLIGHT, "Attempts in flight in this process.");
    describe_counter!(STALE, "Results that came after their lease had run out.");
}

/// Counts and logs the end of an attempt.
pub(crate) fn attempt_ended(leased: &LeasedDelivery, report: &AttemptReport) {
    let outcome = match report.verdict {
        Verdict::Delivered => "delivered",
        Verdict::RetryAt(_) => "retry",
        Verdict::GivenUp => "given_up",
        Verdict::PostponedTo(_) => "postponed",
    };
    counter!(ATTEMPTS, "outcome" => outcome, "code" => report.code).increment(1);
    match report.verdict {
        Verdict::Delivered => {
            histogram!(LAG).record(
                (report.ended_at - leased.event_created_at)
                    .as_seconds_f64()
                    .max(0.0),
            );
            tracing::debug!(
                merchant = %leased.merchant, subject = %leased.subject.uuid(), event = %leased.event,
                attempt = leased.attempt, http_status = report.http_status, "webhook delivered"
            );
        }
        Verdict::RetryAt(next_at) | Verdict::PostponedTo(next_at) => tracing::info!(
            merchant = %leased.merchant, subject = %leased.subject.uuid(), event = %leased.event,
            attempt = leased.attempt, http_status = report.http_status, code = report.code, %next_at,
            "webhook not delivered, to be tried again"
        ),
        Verdict::GivenUp => tracing::warn!(
            merchant = %leased.merchant, subject = %leased.subject.uuid(), event = %leased.event,
            attempt = leased.attempt, http_status = report.http_status, code = report.code, "webhook given up"
        ),
    }
}

/// Counts results that no longer counted.
pub(crate) fn results_ignored(count: usize) {
    counter!(STALE).increment(u64::try_from(count).unwrap_or(u64::MAX));
    tracing::warn!(count, "webhook results came after their leases had run out");
}

/// Shows how many attempts are in flight.
pub(crate) fn in_flight(attempts: usize) {
    gauge!(IN_FLIGHT).set(u32::try_from(attempts).unwrap_or(u32::MAX));
}

/// Shows what is waiting in the database.
#[expect(clippy::cast_precision_loss, reason = "counts up to 100 000")]
pub(crate) fn backlog(backlog: &Backlog, now: OffsetDateTime) {
    gauge!(QUEUE, "state" => "open").set((backlog.ready + backlog.waiting) as f64);
    gauge!(QUEUE, "state" => "due").set(backlog.ready as f64);
    let oldest = backlog
        .oldest_ready_at
        .map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    gauge!(OLDEST_DUE).set(oldest);
}
