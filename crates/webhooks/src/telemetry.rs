//! What the dispatcher tells operators. Logs name the event and what happened, never a body, a key or a URL, whose
//! path and query may hold a merchant's secrets.

use crate::attempt::Attempted;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use primitives::{Id, id::kind};
use std::collections::BTreeMap;
use store::{
    deliveries::{Backlog, QueueBacklog, Verdict},
    directlink::feedback::FeedbackBacklog,
};
use time::OffsetDateTime;

const ATTEMPTS: &str = "pasarela_webhook_attempts_total";
const LAG: &str = "pasarela_webhook_lag_seconds";
const QUEUE: &str = "pasarela_webhook_queue_depth";
const OLDEST_DUE: &str = "pasarela_webhook_oldest_due_seconds";
const IN_FLIGHT: &str = "pasarela_webhook_in_flight";
const STALE: &str = "pasarela_webhook_stale_results_total";
const ENDPOINT_ATTEMPTS: &str = "pasarela_webhook_endpoint_attempts_total";
const ENDPOINT_LAG: &str = "pasarela_webhook_endpoint_lag_seconds";
const ENDPOINT_QUEUE: &str = "pasarela_webhook_endpoint_queue_depth";
const ENDPOINT_OLDEST_DUE: &str = "pasarela_webhook_endpoint_oldest_due_seconds";
const DISABLED: &str = "pasarela_webhook_endpoints_disabled_total";
const FEEDBACK: &str = "pasarela_directlink_feedback_queue_depth";
const FEEDBACK_OLDEST_DUE: &str = "pasarela_directlink_feedback_oldest_due_seconds";

/// Gives the metrics their help texts.
pub(crate) fn describe() {
    describe_counter!(
        ATTEMPTS,
        "Attempts to deliver a webhook, by what became of the delivery and why."
    );
    describe_histogram!(LAG, metrics::Unit::Seconds, "From an event to its delivery.");
    describe_gauge!(
        QUEUE,
        "Deliveries without an outcome: all, and those due or on their way."
    );
    describe_gauge!(
        OLDEST_DUE,
        metrics::Unit::Seconds,
        "How long the longest due delivery has been due."
    );
    describe_gauge!(IN_FLIGHT, "Attempts in flight in this process.");
    describe_counter!(STALE, "Results that came after their lease had run out.");
    describe_counter!(
        ENDPOINT_ATTEMPTS,
        "Attempts to deliver to an endpoint, by what became of the delivery."
    );
    describe_histogram!(
        ENDPOINT_LAG,
        metrics::Unit::Seconds,
        "From an event to its delivery to an endpoint."
    );
    describe_gauge!(
        ENDPOINT_QUEUE,
        "Deliveries to an endpoint that are due, of the fifty longest queues."
    );
    describe_gauge!(
        ENDPOINT_OLDEST_DUE,
        metrics::Unit::Seconds,
        "How long the longest due delivery to an endpoint has been due, of the fifty longest queues."
    );
    describe_counter!(
        DISABLED,
        "Endpoints that were disabled for what they answered, by reason."
    );
}

/// Gives the metrics of feedback their help texts.
pub(crate) fn describe_feedback() {
    describe_gauge!(
        FEEDBACK,
        "Feedback to DirectLink shops that is not over: all, and what is due or on its way."
    );
    describe_gauge!(
        FEEDBACK_OLDEST_DUE,
        metrics::Unit::Seconds,
        "How long the longest due feedback has been due."
    );
}

/// How metrics name a receiver: the endpoint, or one word for all URLs that are merchants' own.
fn label(endpoint: Option<Id<kind::WebhookEndpoint>>) -> String {
    endpoint.map_or_else(|| "own".to_owned(), |id| id.prefixed())
}

/// Counts and logs the end of an attempt.
pub(crate) fn attempt_ended(attempted: &Attempted) {
    let leased = &attempted.leased;
    let code = attempted.ending.code.as_str();
    let http_status = attempted.ending.http_status;
    let outcome = match attempted.verdict {
        Verdict::Delivered => "delivered",
        Verdict::RetryAt(_) => "retry",
        Verdict::GivenUp => "given_up",
        Verdict::PostponedTo(_) => "postponed",
    };
    let endpoint = label(leased.endpoint);
    counter!(ATTEMPTS, "outcome" => outcome, "code" => code).increment(1);
    counter!(ENDPOINT_ATTEMPTS, "endpoint" => endpoint.clone(), "outcome" => outcome).increment(1);
    match attempted.verdict {
        Verdict::Delivered => {
            let lag = (attempted.ended_at - leased.event_created_at)
                .as_seconds_f64()
                .max(0.0);
            histogram!(LAG).record(lag);
            histogram!(ENDPOINT_LAG, "endpoint" => endpoint).record(lag);
            tracing::debug!(
                merchant = %leased.merchant, event = %leased.event, queue = %leased.queue,
                attempt = leased.attempt, http_status, "webhook delivered"
            );
        }
        Verdict::RetryAt(next_at) | Verdict::PostponedTo(next_at) => tracing::info!(
            merchant = %leased.merchant, event = %leased.event, queue = %leased.queue,
            attempt = leased.attempt, http_status, code, %next_at, "webhook not delivered, to be tried again"
        ),
        Verdict::GivenUp => tracing::warn!(
            merchant = %leased.merchant, event = %leased.event, queue = %leased.queue,
            attempt = leased.attempt, http_status, code, "webhook given up"
        ),
    }
}

/// Counts and logs that an endpoint gets nothing any more.
pub(crate) fn endpoint_disabled(
    merchant: Id<kind::Merchant>,
    endpoint: Id<kind::WebhookEndpoint>,
    reason: &'static str,
) {
    counter!(DISABLED, "reason" => reason).increment(1);
    tracing::warn!(%merchant, %endpoint, reason, "webhook endpoint disabled");
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
    gauge!(OLDEST_DUE).set(age(backlog.oldest_ready_at, now));
}

/// Shows what feedback is waiting in the database.
#[expect(clippy::cast_precision_loss, reason = "counts up to 100 000")]
pub(crate) fn feedback_backlog(backlog: &FeedbackBacklog, now: OffsetDateTime) {
    gauge!(FEEDBACK, "state" => "open").set(backlog.open as f64);
    gauge!(FEEDBACK, "state" => "due").set(backlog.due as f64);
    gauge!(FEEDBACK_OLDEST_DUE).set(age(backlog.oldest_due_at, now));
}

fn age(since: Option<OffsetDateTime>, now: OffsetDateTime) -> f64 {
    since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0))
}

/// The gauges of single receivers, which must be set back once they no longer stand out.
#[derive(Debug, Default)]
pub(crate) struct QueueGauges {
    shown: BTreeMap<String, (u64, Option<OffsetDateTime>)>,
}

impl QueueGauges {
    /// Shows the longest queues, and nothing waiting for those that were among them before.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    pub(crate) fn show(&mut self, queues: &[QueueBacklog], now: OffsetDateTime) {
        let mut shown: BTreeMap<String, (u64, Option<OffsetDateTime>)> = BTreeMap::new();
        for queue in queues {
            let (ready, oldest) = shown.entry(label(queue.endpoint)).or_default();
            *ready += queue.ready;
            *oldest = [*oldest, Some(queue.oldest_ready_at)].into_iter().flatten().min();
        }
        for gone in self.shown.keys().filter(|label| !shown.contains_key(*label)) {
            set(gone, 0.0, 0.0);
        }
        for (label, (ready, oldest)) in &shown {
            set(label, *ready as f64, age(*oldest, now));
        }
        self.shown = shown;
    }
}

fn set(label: &str, depth: f64, oldest: f64) {
    gauge!(ENDPOINT_QUEUE, "endpoint" => label.to_owned()).set(depth);
    gauge!(ENDPOINT_OLDEST_DUE, "endpoint" => label.to_owned()).set(oldest);
}
