//! The settings of `pasarela acs`: the compiled-in default (`deploy/acs.toml`), overlaid by a file, overlaid by the
//! environment.

use super::{ConfigError, LogFormat, Telemetry, overlay, parse, put};
use acs::sms::providers::ProviderSettings;
use acs::{Settings, Timers};
use payments::fields::Problems;
use primitives::{Brand, Secret};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::{Table, Value};

const DEFAULT: &str = include_str!("../../../../deploy/acs.toml");

/// Settings that the environment may give, by variable.
const VARIABLES: [(&str, &str); 10] = [
    ("DATABASE_URL", "database.url"),
    ("DATABASE_URL_FILE", "database.url_file"),
    ("PASARELA_ACS_LISTEN", "listen"),
    ("PASARELA_ACS_OPERATION_LISTEN", "operation_listen"),
    ("PASARELA_ACS_PUBLIC_URL", "public_url"),
    ("PASARELA_ACS_KEY_FILE", "key_file"),
    ("PASARELA_ACS_ADMIN_TOKEN", "admin_token"),
    ("PASARELA_LOG", "telemetry.log"),
    ("PASARELA_LOG_FORMAT", "telemetry.log_format"),
    ("PASARELA_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
];

/// How the access control server is set.
#[derive(Debug)]
pub struct AcsConfig {
    pub listen: SocketAddr,
    pub operation_listen: SocketAddr,
    pub key_file: PathBuf,
    pub database_url: Secret<String>,
    pub max_connections: u32,
    pub settings: Settings,
    pub providers: Vec<ProviderSettings>,
    pub telemetry: Telemetry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    listen: SocketAddr,
    operation_listen: SocketAddr,
    public_url: String,
    production: bool,
    key_file: PathBuf,
    admin_token: Option<String>,
    admin_token_file: Option<PathBuf>,
    reference_number: String,
    operator_id: String,
    transactions_kept_days: u16,
    database: Database,
    results_urls: BTreeMap<String, String>,
    timers: Seconds,
    #[serde(default)]
    providers: Vec<ProviderSettings>,
    telemetry: Told,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Database {
    url: Option<String>,
    url_file: Option<PathBuf>,
    max_connections: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seconds {
    first_creq_seconds: u32,
    next_creq_seconds: u32,
    results_wait_seconds: u32,
    results_retry_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    log: String,
    log_format: Format,
    otlp_endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Pretty,
}

impl AcsConfig {
    /// Reads the settings, with the file that was named.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut settings = parse(DEFAULT, Path::new("deploy/acs.toml"))?;
        if let Some(path) = file {
            overlay(&mut settings, parse(&read(path)?, path)?);
        }
        Self::of(settings, |name| env::var(name).ok())
    }

    fn of(mut settings: Table, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        for (name, path) in VARIABLES {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                // Of the two ways to give the database's URL, the one in the environment replaces both in the file.
                if path.starts_with("database.")
                    && let Some(Value::Table(database)) = settings.get_mut("database")
                {
                    database.remove("url");
                    database.remove("url_file");
                }
                put(&mut settings, path, value);
            }
        }
        let document: Document = Value::Table(settings)
            .try_into()
            .map_err(|error: toml::de::Error| wrong("acs", error.message()))?;
        document.read()
    }
}

impl Document {
    fn read(self) -> Result<AcsConfig, ConfigError> {
        let database_url = given(self.database.url, self.database.url_file.as_deref())?
            .ok_or_else(|| wrong("database.url", "is required, or database.url_file"))?;
        let admin_token = given(self.admin_token, self.admin_token_file.as_deref())?;
        let public_url = self.public_url.trim_end_matches('/').to_owned();
        if self.production && !public_url.starts_with("https://") {
            return Err(wrong("public_url", "must be https in production"));
        }
        let mut results_urls = BTreeMap::new();
        for (name, url) in self.results_urls {
            let brand =
                Brand::parse(&name).ok_or_else(|| wrong("results_urls", "must name brands: visa, …"))?;
            if self.production && !url.starts_with("https://") {
                return Err(wrong("results_urls", "must be https in production"));
            }
            results_urls.insert(brand, url);
        }
        let seconds = |seconds: u32| Duration::from_secs(seconds.max(1).into());
        let timers = &self.timers;
        Ok(AcsConfig {
            listen: self.listen,
            operation_listen: self.operation_listen,
            key_file: self.key_file,
            database_url,
            max_connections: self.database.max_connections.max(1),
            providers: self.providers,
            settings: Settings {
                reference_number: self.reference_number,
                operator_id: self.operator_id,
                results_urls,
                timers: Timers {
                    first_creq: seconds(timers.first_creq_seconds),
                    next_creq: seconds(timers.next_creq_seconds),
                    results_wait: seconds(timers.results_wait_seconds),
                    results_retry: seconds(timers.results_retry_seconds),
                    ..Timers::default()
                },
                production: self.production,
                admin_token,
                transactions_kept_days: self.transactions_kept_days,
                ..Settings::new(public_url)
            },
            telemetry: Telemetry {
                log: self.telemetry.log,
                log_format: match self.telemetry.log_format {
                    Format::Json => LogFormat::Json,
                    Format::Pretty => LogFormat::Pretty,
                },
                otlp_endpoint: self.telemetry.otlp_endpoint,
            },
        })
    }
}

/// A secret that is given by itself or in a file.
fn given(value: Option<String>, file: Option<&Path>) -> Result<Option<Secret<String>>, ConfigError> {
    match (value, file) {
        (Some(value), _) => Ok(Some(value.into())),
        (None, Some(path)) => Ok(Some(read(path)?.trim().to_owned().into())),
        (None, None) => Ok(None),
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.into(),
        source,
    })
}

fn wrong(field: &'static str, text: &str) -> ConfigError {
    ConfigError::Invalid(Problems::of(field, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<AcsConfig, ConfigError> {
        let mut settings = parse(DEFAULT, Path::new("default")).unwrap();
        overlay(&mut settings, parse(text, Path::new("test")).unwrap());
        AcsConfig::of(settings, |name| {
            (name == "DATABASE_URL").then(|| "postgres://app@db/acs".to_owned())
        })
    }

    #[test]
    fn a_file_is_laid_over_the_default_and_the_environment_over_both() {
        let config = of(r#"
            public_url = "https://acs.bank.example/"
            database.url_file = "/nowhere"
            timers.first_creq_seconds = 20
            [results_urls]
            visa = "https://ds.example/results"
            [[providers]]
            kind = "http"
            name = "principal"
            url = "https://sms.example/messages"
            key = "hunter2"
        "#)
        .unwrap();
        assert_eq!(config.settings.public_url, "https://acs.bank.example");
        assert_eq!(config.settings.timers.first_creq, Duration::from_secs(20));
        assert_eq!(config.settings.timers.next_creq, Duration::from_secs(600));
        assert_eq!(
            config.settings.results_urls[&Brand::Visa],
            "https://ds.example/results"
        );
        assert_eq!(config.database_url.reveal(), "postgres://app@db/acs");
        assert_eq!(config.providers.len(), 1);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_name() {
        let https = "public_url = \"https://acs.bank.example\"\n";
        for (text, told) in [
            (String::new(), "public_url"),
            (format!("{https}publik = 1"), "publik"),
            (
                format!("{https}results_urls.vista = \"https://x\""),
                "results_urls",
            ),
            (format!("{https}results_urls.visa = \"http://x\""), "https"),
            (
                format!("{https}[[providers]]\nkind = \"pigeon\"\nname = \"x\""),
                "pigeon",
            ),
        ] {
            let error = of(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
