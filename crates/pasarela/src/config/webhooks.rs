//! `[webhooks]`: how deliveries are made.

use super::read::{milliseconds, seconds, section};
use orchestrator::administration::Environment;
use payments::fields::{Fields, Problems, integer};
use std::time::Duration;
use webhooks::DispatcherSettings;

const DAY_SECONDS: u64 = 86_400;

/// The longest that an endpoint may be let fail: events and attempts are not kept for longer.
const DISABLE_AFTER_MAX_DAYS: u32 = 30;

/// Reads the section.
pub(super) fn read(
    root: &Fields<'_>,
    environment: Option<Environment>,
    problems: &mut Problems,
) -> Option<DispatcherSettings> {
    let known = [
        "attempt_timeout_ms",
        "lease_seconds",
        "concurrency",
        "concurrency_per_endpoint",
        "endpoint_disable_after_days",
        "poll_seconds",
        "feedback_pause_seconds",
    ];
    let fields = section(root, "webhooks", &known, problems)?;
    let attempt_timeout = milliseconds(&fields, "attempt_timeout_ms", problems);
    let lease = seconds(&fields, "lease_seconds", problems);
    let concurrency = fields.need("concurrency", integer(1..=100_000u32), problems);
    let per_endpoint = fields.need("concurrency_per_endpoint", integer(1..=100_000u32), problems);
    let disable_after = integer(1..=DISABLE_AFTER_MAX_DAYS);
    let disable_after = fields.need("endpoint_disable_after_days", disable_after, problems);
    let poll = seconds(&fields, "poll_seconds", problems);
    let feedback_pause = seconds(&fields, "feedback_pause_seconds", problems);
    let settings = DispatcherSettings {
        url_policy: environment.unwrap_or(Environment::Production).url_policy(),
        attempt_timeout: attempt_timeout?,
        lease: Duration::from_secs(lease?.into()),
        concurrency: concurrency?,
        concurrency_per_endpoint: per_endpoint?,
        endpoint_disable_after: Duration::from_secs(u64::from(disable_after?) * DAY_SECONDS),
        poll: Duration::from_secs(poll?.into()),
        feedback_pause: Duration::from_secs(feedback_pause?.into()),
        ..DispatcherSettings::default()
    };
    for (field, text) in settings.problems() {
        problems.add(format!("webhooks.{field}"), text);
    }
    Some(settings)
}
