//! The settings: the compiled-in default (`deploy/pasarela.toml`), overlaid by a file, overlaid by the environment.
//!
//! Everything that is wrong is told at once, unknown settings included; settings that depend on each other are checked
//! together.

pub mod acs;
mod database;
mod health;
mod http;
mod read;
mod results;
mod rules;
mod three_ds;
mod webhooks;

use ::webhooks::DispatcherSettings;
use api::results::served::TlsFiles;
use emv3ds::Version;
use mpi::Timers;
use orchestrator::{
    administration::Environment, flows::card_ranges::CardRangeSettings, health::HealthSettings,
    transport::TransportSettings,
};
use payments::{
    Limits,
    fields::{Problem, Problems},
};
use primitives::Secret;
use std::{
    env, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use store::StoreSettings;
use thiserror::Error;
use toml::{Table, Value};

const DEFAULT: &str = include_str!("../../../deploy/pasarela.toml");
/// Read when no file is named, where it exists.
const USUAL_FILE: &str = "/etc/pasarela/pasarela.toml";

/// Settings that the environment may give, by variable.
const VARIABLES: [(&str, &str); 15] = [
    ("PASARELA_VAR", "var"),
    ("PASARELA_ENVIRONMENT", "environment.kind"),
    ("PASARELA_LISTEN", "http.listen"),
    ("PASARELA_ADMIN_LISTEN", "http.admin_listen"),
    ("PASARELA_PUBLIC_URL", "http.public_url"),
    ("PASARELA_RESULTS_LISTEN", "three_ds.results.listen"),
    ("PASARELA_RESULTS_URL", "three_ds.results.public_url"),
    (
        "PASARELA_RESULTS_CERTIFICATE_FILE",
        "three_ds.results.certificate_file",
    ),
    ("PASARELA_RESULTS_KEY_FILE", "three_ds.results.key_file"),
    ("DATABASE_URL", "database.url"),
    ("DATABASE_URL_FILE", "database.url_file"),
    ("PASARELA_KEY_FILE", "vault.key_file"),
    ("PASARELA_LOG", "telemetry.log"),
    ("PASARELA_LOG_FORMAT", "telemetry.log_format"),
    ("PASARELA_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
];

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: {message}")]
    Syntax { path: PathBuf, message: String },
    #[error("{}", told(.0))]
    Invalid(Problems),
}

/// Every problem on a line of its own, with the variable that sets it where there is one.
fn told(problems: &Problems) -> String {
    let line = |problem: &Problem| {
        let variable = VARIABLES.iter().find(|(_, path)| *path == problem.field);
        let variable = variable.map_or_else(String::new, |(name, _)| format!(" ({name})"));
        format!("\n  {}{variable} {}", problem.field, problem.text)
    };
    let lines: String = problems.0.iter().map(line).collect();
    format!("the settings are wrong:{lines}")
}

/// How this program is set.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub http: Http,
    pub database: Database,
    pub key_file: PathBuf,
    pub three_ds: ThreeDs,
    pub results: Results,
    pub limits: Limits,
    /// Whether the card networks' limits on declined attempts are kept.
    pub retry_limits: bool,
    pub health: HealthSettings,
    pub transport: TransportSettings,
    pub webhooks: DispatcherSettings,
    pub telemetry: Telemetry,
}

/// Our 3DS Server.
#[derive(Debug, Clone)]
pub struct ThreeDs {
    pub reference_number: String,
    /// The versions we hold authentications in.
    pub versions: Vec<Version>,
    pub timers: Timers,
    pub card_ranges: CardRangeSettings,
}

/// Where we listen, and how we are reached.
#[derive(Debug, Clone)]
pub struct Http {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    /// Without a trailing slash.
    pub public_url: String,
    pub trust_forwarded_for: bool,
    /// How long requests under way may still take once we are asked to stop.
    pub shutdown: Duration,
}

/// Where directory servers post results.
#[derive(Debug, Clone)]
pub enum Results {
    /// A listener of its own, with client certificates.
    Listener(ResultsListener),
    /// The public listener: whoever reaches it is believed.
    Public,
    /// Nowhere.
    Nowhere,
}

/// The results listener.
#[derive(Debug, Clone)]
pub struct ResultsListener {
    pub listen: SocketAddr,
    /// Without a trailing slash; `None`: where it listens.
    pub public_url: Option<String>,
    pub files: TlsFiles,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub struct Database {
    pub url: Secret<String>,
    pub settings: StoreSettings,
}

/// What is told of what happens here.
#[derive(Debug, Clone)]
pub struct Telemetry {
    pub log: String,
    pub log_format: LogFormat,
    pub otlp_endpoint: Option<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

impl Config {
    /// Reads the settings, with the file that was named, or else the usual one where it exists.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) => Some(path),
            None => Some(Path::new(USUAL_FILE)).filter(|path| path.exists()),
        };
        let mut settings = parse(DEFAULT, Path::new("deploy/pasarela.toml"))?;
        if let Some(path) = file {
            let text = fs::read_to_string(path).map_err(|source| ConfigError::File {
                path: path.into(),
                source,
            })?;
            overlay(&mut settings, parse(&text, path)?);
        }
        Self::of(settings, |name| env::var(name).ok())
    }

    fn of(mut settings: Table, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let given: Vec<_> = VARIABLES
            .into_iter()
            .filter_map(|(name, path)| Some((path, variable(name).filter(|value| !value.is_empty())?)))
            .collect();
        // Of the two ways to give the database's URL, the one in the environment replaces both in the file.
        if given.iter().any(|(path, _)| path.starts_with("database."))
            && let Some(Value::Table(database)) = settings.get_mut("database")
        {
            database.remove("url");
            database.remove("url_file");
        }
        for (path, value) in given {
            put(&mut settings, path, value);
        }
        read::config(&settings).map_err(ConfigError::Invalid)
    }
}

fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        // Not the error's own display, which quotes the line, and the line may hold a password.
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Syntax {
            path: path.into(),
            message: format!("line {line}: {}", error.message()),
        }
    })
}

/// Puts `over` on top: tables are merged, everything else is replaced.
fn overlay(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (_, value) => drop(under.insert(name, value)),
        }
    }
}

fn put(settings: &mut Table, path: &str, value: String) {
    match path.split_once('.') {
        Some((section, rest)) => {
            let table = settings
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(table) = table {
                put(table, rest, value);
            }
        }
        None => drop(settings.insert(path.into(), Value::String(value))),
    }
}

#[cfg(test)]
mod tests;
