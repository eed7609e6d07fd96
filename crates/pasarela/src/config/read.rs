//! The sections of the settings, each read with every problem.

use super::{Config, Database, Http, LogFormat, Telemetry, ThreeDs, health, results};
use emv3ds::Version;
use mpi::{Timers, card_range::Limits as CardRangeLimits};
use orchestrator::{
    administration::Environment, flows::card_ranges::CardRangeSettings, transport::TransportSettings,
};
use payments::{
    Limits,
    fields::{Fields, Problems, boolean, integer, list, parsed, text, word},
};
use primitives::{HttpUrl, Secret};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use store::StoreSettings;
use toml::Table;
use tracing_subscriber::EnvFilter;
use webhooks::DispatcherSettings;

const DAY_SECONDS: u32 = 86_400;
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

/// The longest address that directory servers and ACSs take for notifications (emv-3ds.md: 256 characters), less the
/// longest path we add.
const PUBLIC_URL_MAX_CHARACTERS: usize = 200;

/// All settings.
pub(super) fn config(settings: &Table) -> Result<Config, Problems> {
    let document = serde_json::to_value(settings).map_err(|_| Problems::of("", "cannot be read"))?;
    let mut problems = Problems::default();
    let found = &mut problems;
    let read = Fields::open(&document, "", &SECTIONS, found).and_then(|root| {
        let var = root.need("var", text(4_096), found).map(PathBuf::from);
        let environment = environment(&root, found);
        let http = http(&root, environment, found);
        let database = database(&root, found);
        let key_file = vault(&root, found);
        let three_ds = three_ds(&root, found);
        let results = results::read(&root, environment, var.as_deref(), found);
        let limits = limits(&root, found);
        let retry_limits = retry_limits(&root, environment, found);
        let health = health::read(&root, found);
        let transport = transport(&root, found);
        let webhooks = webhooks(&root, environment, found);
        let telemetry = telemetry(&root, found);
        if let (Some(limits), Some(transport)) = (&limits, &transport) {
            check_together(limits, transport, found);
        }
        let three_ds = three_ds?;
        Some(Config {
            environment: environment?,
            http: http?,
            database: database?,
            key_file: var?.join(key_file?),
            three_ds,
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

fn seconds(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Option<u32> {
    fields.need(name, integer(1..=DAY_SECONDS), problems)
}

fn milliseconds(fields: &Fields<'_>, name: &str, problems: &mut Problems) -> Option<Duration> {
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

fn http(root: &Fields<'_>, environment: Option<Environment>, problems: &mut Problems) -> Option<Http> {
    let known = [
        "listen",
        "admin_listen",
        "public_url",
        "trust_forwarded_for",
        "shutdown_seconds",
    ];
    let fields = section(root, "http", &known, problems)?;
    let address = |text: &str| {
        text.parse::<SocketAddr>()
            .map_err(|_| "must be an IP address and a port")
    };
    let listen = fields.need("listen", parsed(address), problems);
    let admin_listen = fields.need("admin_listen", parsed(address), problems);
    // Port 0 is a port of the system's choice, another one each time.
    if listen == admin_listen && listen.is_some_and(|address| address.port() != 0) {
        problems.add("http.admin_listen", "must not be http.listen");
    }
    let policy = environment.unwrap_or(Environment::Production).url_policy();
    let url = |text: &str| match HttpUrl::parse(text, policy) {
        Ok(url) if text.len() <= PUBLIC_URL_MAX_CHARACTERS => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        Ok(_) => Err(format!(
            "must have at most {PUBLIC_URL_MAX_CHARACTERS} characters"
        )),
        Err(error) => Err(error.to_string()),
    };
    let public_url = match (fields.take("public_url", parsed(url), problems), environment) {
        (Some(url), _) => Some(url),
        (None, Some(Environment::Sandbox)) => listen.map(|address| format!("http://{address}")),
        (None, Some(Environment::Production) | None) => {
            if fields.value("public_url").is_none() {
                problems.add("http.public_url", "is required in production");
            }
            None
        }
    };
    let trust_forwarded_for = fields.need("trust_forwarded_for", boolean, problems);
    let shutdown = fields.need("shutdown_seconds", integer(0..=600u32), problems);
    Some(Http {
        listen: listen?,
        admin_listen: admin_listen?,
        public_url: public_url?,
        trust_forwarded_for: trust_forwarded_for?,
        shutdown: Duration::from_secs(shutdown?.into()),
    })
}

fn database(root: &Fields<'_>, problems: &mut Problems) -> Option<Database> {
    let known = ["url", "url_file", "max_connections", "acquire_timeout_ms"];
    let fields = section(root, "database", &known, problems)?;
    let url = match (
        fields.value("url"),
        fields.take("url_file", text(4_096), problems),
    ) {
        (Some(_), Some(_)) => {
            problems.add(
                "database.url_file",
                "must not be given together with database.url",
            );
            None
        }
        (None, Some(file)) => match from_file(Path::new(&file)) {
            Ok(url) => database_url(&Value::String(url), "database.url_file", problems),
            Err(text) => {
                problems.add("database.url_file", text);
                None
            }
        },
        (Some(url), None) => database_url(url, "database.url", problems),
        (None, None) => {
            if fields.value("url_file").is_none() {
                problems.add("database.url", "is required");
            }
            None
        }
    };
    let max_connections = fields.need("max_connections", integer(2..=10_000u32), problems);
    let acquire_timeout = milliseconds(&fields, "acquire_timeout_ms", problems);
    let settings = StoreSettings {
        max_connections: max_connections?,
        acquire_timeout: acquire_timeout?,
    };
    Some(Database { url: url?, settings })
}

fn database_url(value: &Value, field: &str, problems: &mut Problems) -> Option<Secret<String>> {
    match value.as_str() {
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Some(Secret::new(url.to_owned()))
        }
        _ => {
            problems.add(field, "must be a postgres:// URL");
            None
        }
    }
}

fn from_file(path: &Path) -> Result<String, String> {
    let contents = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(contents.trim().to_owned())
}

fn vault(root: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    section(root, "vault", &["key_file"], problems)?.need("key_file", text(4_096), problems)
}

fn three_ds(root: &Fields<'_>, problems: &mut Problems) -> Option<ThreeDs> {
    let known = [
        "reference_number",
        "versions",
        "method_seconds",
        "method_2_3_1_seconds",
        "challenge_seconds",
        "first_creq_seconds",
        "results_answer_seconds",
        "directory_connect_seconds",
        "directory_read_seconds",
        "decoupled_grace_seconds",
        "decoupled_fallback_seconds",
        "transaction_seconds",
        "card_ranges_refresh_seconds",
        "card_ranges_pause_seconds",
        "card_ranges_full_pause_seconds",
        "card_ranges_retry_seconds",
        "card_ranges_transfer_seconds",
        "card_ranges_body_max_bytes",
        "card_ranges_max",
        "results",
    ];
    let fields = section(root, "three_ds", &known, problems)?;
    let reference_number = fields.need("reference_number", text(32), problems);
    let version = parsed(|text| Version::parse(text).ok_or("must be one of 2.1.0, 2.2.0, 2.3.1"));
    let versions = fields.need("versions", list(1..=Version::ALL.len(), version), problems);
    let card_ranges = card_ranges(&fields, problems);
    let mut read = |name| seconds(&fields, name, problems);
    let timers = (
        (
            read("method_seconds"),
            read("method_2_3_1_seconds"),
            read("challenge_seconds"),
            read("first_creq_seconds"),
        ),
        (
            read("results_answer_seconds"),
            read("directory_connect_seconds"),
            read("directory_read_seconds"),
        ),
        (
            read("decoupled_grace_seconds"),
            read("decoupled_fallback_seconds"),
            read("transaction_seconds"),
        ),
        (
            read("card_ranges_refresh_seconds"),
            read("card_ranges_pause_seconds"),
            read("card_ranges_full_pause_seconds"),
            read("card_ranges_retry_seconds"),
        ),
    );
    let ((method, method_2_3_1, challenge, first_creq), exchange, (grace, fallback, whole), ranges) = timers;
    let (answer, connect, directory) = exchange;
    let timers = Timers {
        method_seconds: method?,
        method_2_3_1_seconds: method_2_3_1?,
        directory_connect_seconds: connect?,
        directory_read_seconds: directory?,
        challenge_seconds: challenge?,
        first_creq_seconds: first_creq?,
        results_answer_seconds: answer?,
        decoupled_grace_seconds: grace?,
        decoupled_fallback_seconds: fallback?,
        transaction_seconds: whole?,
        card_ranges_refresh_seconds: ranges.0?,
        card_ranges_pause_seconds: ranges.1?,
        card_ranges_full_pause_seconds: ranges.2?,
        card_ranges_retry_seconds: ranges.3?,
    };
    Some(ThreeDs {
        reference_number: reference_number?,
        versions: versions?,
        timers,
        card_ranges: card_ranges?,
    })
}

fn card_ranges(fields: &Fields<'_>, problems: &mut Problems) -> Option<CardRangeSettings> {
    let transfer_max = seconds(fields, "card_ranges_transfer_seconds", problems);
    let body_max_bytes = fields.need(
        "card_ranges_body_max_bytes",
        integer(1_024..=(1_u64 << 40)),
        problems,
    );
    let ranges_max = fields.need("card_ranges_max", integer(1..=100_000_000), problems);
    Some(CardRangeSettings {
        limits: CardRangeLimits {
            body_max_bytes: body_max_bytes?,
            ranges_max: ranges_max?,
        },
        transfer_max: Duration::from_secs(transfer_max?.into()),
    })
}

fn limits(root: &Fields<'_>, problems: &mut Problems) -> Option<Limits> {
    let known = [
        "page_unopened_seconds",
        "page_opened_seconds",
        "charge_lease_seconds",
        "authentication_lease_seconds",
        "inquiry_pause_max_seconds",
    ];
    let fields = section(root, "payments", &known, problems)?;
    let [unopened, opened, charge, authentication, inquiry] =
        known.map(|name| seconds(&fields, name, problems));
    Some(Limits {
        page_unopened_seconds: unopened?,
        page_opened_seconds: opened?,
        charge_lease_seconds: charge?,
        authentication_lease_seconds: authentication?,
        inquiry_pause_max_seconds: inquiry?,
        // Set by what processors remember, not by how one is run.
        ..Limits::default()
    })
}

/// Without a word they are kept, except in a sandbox, whose cards are declined for as long as there are tests.
fn retry_limits(
    root: &Fields<'_>,
    environment: Option<Environment>,
    problems: &mut Problems,
) -> Option<bool> {
    let fields = section(root, "retry_limits", &["enabled"], problems)?;
    let told = fields.take("enabled", boolean, problems);
    Some(told.unwrap_or(environment != Some(Environment::Sandbox)))
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

fn webhooks(
    root: &Fields<'_>,
    environment: Option<Environment>,
    problems: &mut Problems,
) -> Option<DispatcherSettings> {
    let known = [
        "attempt_timeout_ms",
        "lease_seconds",
        "concurrency",
        "concurrency_per_host",
        "poll_seconds",
    ];
    let fields = section(root, "webhooks", &known, problems)?;
    let attempt_timeout = milliseconds(&fields, "attempt_timeout_ms", problems);
    let lease = seconds(&fields, "lease_seconds", problems);
    let concurrency = fields.need("concurrency", integer(1..=100_000u32), problems);
    let per_host = fields.need("concurrency_per_host", integer(1..=100_000u32), problems);
    let poll = seconds(&fields, "poll_seconds", problems);
    let settings = DispatcherSettings {
        url_policy: environment.unwrap_or(Environment::Production).url_policy(),
        attempt_timeout: attempt_timeout?,
        lease: Duration::from_secs(lease?.into()),
        concurrency: concurrency?,
        concurrency_per_host: per_host?,
        poll: Duration::from_secs(poll?.into()),
        ..DispatcherSettings::default()
    };
    for (field, text) in settings.problems() {
        problems.add(format!("webhooks.{field}"), text);
    }
    Some(settings)
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

fn check_together(limits: &Limits, transport: &TransportSettings, problems: &mut Problems) {
    let charge = transport.connect_timeout + transport.charge_timeout;
    if Duration::from_secs(limits.charge_lease_seconds.into()) <= charge {
        problems.add(
            "payments.charge_lease_seconds",
            format!(
                "must be more than {} s, the transport's time-outs together, or a charge under way is inquired about",
                charge.as_secs()
            ),
        );
    }
}
