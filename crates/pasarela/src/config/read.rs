//! The settings, section by section, with every problem there is. Sections of some size have a file of their own.

use super::{Config, LogFormat, Telemetry, database, health, http, results, rules, three_ds, webhooks};
use orchestrator::{administration::Environment, transport::TransportSettings};
use payments::fields::{Fields, Problems, integer, parsed, text, word};
use std::{path::PathBuf, time::Duration};
use toml::Table;
use tracing_subscriber::EnvFilter;

pub(super) const DAY_SECONDS: u32 = 86_400;
const SECTIONS: [&str; 12] = [
    "var",
    "environment",
    "http",
    "database",
    "vault",
    "three_ds",
    "payments",
    "retry_limits",
    "health",
    "transport",
    "webhooks",
    "telemetry",
];

/// All settings.
pub(super) fn config(settings: &Table) -> Result<Config, Problems> {
    let document = serde_json::to_value(settings).map_err(|_| Problems::of("", "cannot be read"))?;
    let mut problems = Problems::default();
    let found = &mut problems;
    let read = Fields::open(&document, "", &SECTIONS, found).and_then(|root| {
        let var = root.need("var", text(4_096), found).map(PathBuf::from);
        let environment = environment(&root, found);
        let http = http::read(&root, environment, found);
        let database = database::read(&root, found);
        let key_file = vault(&root, found);
        let three_ds = three_ds::read(&root, found);
        let results = results::read(&root, environment, var.as_deref(), found);
        let limits = rules::limits(&root, found);
        let retry_limits = rules::retry_limits(&root, environment, found);
        let health = health::read(&root, found);
        let transport = transport(&root, found);
        let webhooks = webhooks::read(&root, environment, found);
        let telemetry = telemetry(&root, found);
        if let (Some(limits), Some(transport)) = (&limits, &transport) {
            rules::check_with_transport(limits, transport, found);
        }
        Some(Config {
            environment: environment?,
            http: http?,
            database: database?,
            key_file: var?.join(key_file?),
            three_ds: three_ds?,
            results: results?,
            limits: limits?,
            retry_limits: retry_limits?,
            health: health?,
            transport: transport?,
            webhooks: webhooks?,
            telemetry: telemetry?,
        })
    });
    problems.or(read)
}

pub(super) fn section<'v>(
    root: &Fields<'v>,
    name: &str,
    known: &[&str],
    problems: &mut Problems,
) -> Option<Fields<'v>> {
    match root.value(name) {
        Some(value) => Fields::open(value, name, known, problems),
        None => {
            problems.add(name, "is required");
            None
        }
    }
}

pub(super) fn seconds(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Option<u32> {
    fields.need(name, integer(1..=DAY_SECONDS), problems)
}

pub(super) fn milliseconds(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Option<Duration> {
    let value = fields.need(name, integer(1..=DAY_SECONDS), problems)?;
    Some(Duration::from_millis(value.into()))
}

fn environment(root: &Fields<'_>, problems: &mut Problems) -> Option<Environment> {
    const KINDS: &[(&str, Environment)] = &[
        ("production", Environment::Production),
        ("sandbox", Environment::Sandbox),
    ];
    section(root, "environment", &["kind"], problems)?.need("kind", word(KINDS), problems)
}

fn vault(root: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    section(root, "vault", &["key_file"], problems)?.need("key_file", text(4_096), problems)
}

fn transport(root: &Fields<'_>, problems: &mut Problems) -> Option<TransportSettings> {
    let known = [
        "connect_timeout_ms",
        "charge_timeout_ms",
        "reply_body_max_bytes",
        "concurrency_max",
        "concurrency_per_host_max",
        "idle_per_host_max",
    ];
    let fields = section(root, "transport", &known, problems)?;
    let connect_timeout = milliseconds(&fields, "connect_timeout_ms", problems);
    let charge_timeout = milliseconds(&fields, "charge_timeout_ms", problems);
    let reply_body_max = fields.need("reply_body_max_bytes", integer(1_024..=(1 << 26)), problems);
    let concurrency = fields.need("concurrency_max", integer(1..=100_000), problems);
    let per_host = fields.need("concurrency_per_host_max", integer(1..=100_000), problems);
    let idle = fields.need("idle_per_host_max", integer(0..=100_000), problems);
    Some(TransportSettings {
        connect_timeout: connect_timeout?,
        charge_timeout: charge_timeout?,
        reply_body_max_bytes: reply_body_max?,
        concurrency_max: concurrency?,
        concurrency_per_host_max: per_host?,
        idle_per_host_max: idle?,
    })
}

fn telemetry(root: &Fields<'_>, problems: &mut Problems) -> Option<Telemetry> {
    const FORMATS: &[(&str, LogFormat)] = &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
    let fields = section(
        root,
        "telemetry",
        &["log", "log_format", "otlp_endpoint"],
        problems,
    )?;
    let filter = |text: &str| match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is no log filter: {error}")),
    };
    let endpoint = |text: &str| match url_scheme(text) {
        Some("http" | "https") => Ok(text.to_owned()),
        _ => Err("must be an http or https URL"),
    };
    let log = fields.need("log", parsed(filter), problems);
    let log_format = fields.need("log_format", word(FORMATS), problems);
    let otlp_endpoint = fields.take("otlp_endpoint", parsed(endpoint), problems);
    Some(Telemetry {
        log: log?,
        log_format: log_format?,
        otlp_endpoint,
    })
}

fn url_scheme(text: &str) -> Option<&str> {
    text.split_once("://")
        .filter(|(_, rest)| !rest.is_empty())
        .map(|(scheme, _)| scheme)
}
