//! `[health]`: when a connection's circuit breaker opens, and how it closes again.

use super::read::section;
use orchestrator::health::HealthSettings;
use payments::fields::{Fields, Problems, integer};
use std::time::Duration;

const WINDOW_MAX_SECONDS: u32 = 3_600;

/// Reads the section.
pub(super) fn read(root: &Fields<'_>, problems: &mut Problems) -> Option<HealthSettings> {
    let known = [
        "window_seconds",
        "samples_min",
        "failures_percent",
        "pause_seconds",
        "probes",
    ];
    let fields = section(root, "health", &known, problems)?;
    let seconds = |name: &str, problems: &mut Problems| {
        let seconds = fields.need(name, integer(1..=WINDOW_MAX_SECONDS), problems)?;
        Some(Duration::from_secs(seconds.into()))
    };
    let window = seconds("window_seconds", problems);
    let samples_min = fields.need("samples_min", integer(1..=100_000), problems);
    let failures_percent = fields.need("failures_percent", integer(1..=100), problems);
    let pause = seconds("pause_seconds", problems);
    let probes = fields.need("probes", integer(1..=1_000), problems);
    Some(HealthSettings {
        window: window?,
        samples_min: samples_min?,
        failures_percent: failures_percent?,
        pause: pause?,
        probes: probes?,
    })
}
