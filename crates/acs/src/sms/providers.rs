//! The providers that a service has: their settings, and what comes of them.

use primitives::Secret;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

use super::http_provider::{HttpProvider, HttpProviderFault};
use super::provider::{Receipt, SmsProvider};
use super::receipts::{ReceiptKey, ReceiptKeys, WeakKey};
use super::smpp::{SmppFault, SmppProvider, SmppSettings};
use crate::clock::Clock;

/// Receipts over SMPP that wait to be applied; while so many wait, the centres keep theirs.
const RECEIPTS_WAITING_MAX: usize = 1_024;
/// Characters of the longest name of a provider.
const NAME_LENGTH_MAX: usize = 32;

/// A provider as the configuration says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ProviderSettings {
    /// See [`HttpProvider`].
    Http(HttpSettings),
    /// See [`SmppProvider`].
    Smpp(SmppSettings),
}

/// A provider that takes messages over HTTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Its name: 1 to 32 small letters, digits and hyphens.
    pub name: String,
    /// Where messages are posted.
    pub url: String,
    /// The bearer key.
    #[serde(deserialize_with = "secret")]
    pub key: Secret<String>,
    /// What its receipts are signed with; without it none are taken.
    #[serde(default, deserialize_with = "optional_secret")]
    pub receipts_secret: Option<Secret<String>>,
}

/// The providers of a service.
#[derive(Debug, Default)]
pub struct Providers {
    /// Who carries messages, best first.
    pub carriers: Vec<Arc<dyn SmsProvider>>,
    /// What receipts that are posted have to be signed with.
    pub receipt_keys: ReceiptKeys,
    /// Receipts that come by themselves, over connections of ours.
    pub receipts: Option<mpsc::Receiver<Receipt>>,
}

impl From<Vec<Arc<dyn SmsProvider>>> for Providers {
    /// Providers of whose messages nothing more is heard.
    fn from(carriers: Vec<Arc<dyn SmsProvider>>) -> Self {
        Self {
            carriers,
            ..Self::default()
        }
    }
}

/// Why the providers cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersFault {
    /// A name that is none.
    #[error("{0:?} is no name of a provider: 1 to 32 small letters, digits and hyphens")]
    Name(String),
    /// A name of two.
    #[error("two providers are called {0}")]
    Twice(String),
    /// Of an HTTP provider.
    #[error("provider {name}: {fault}")]
    Http {
        /// Which.
        name: String,
        /// What is wrong.
        fault: HttpProviderFault,
    },
    /// Of an SMPP provider.
    #[error("provider {name}: {fault}")]
    Smpp {
        /// Which.
        name: String,
        /// What is wrong.
        fault: SmppFault,
    },
    /// Of a secret of receipts.
    #[error("provider {name}: {fault}")]
    ReceiptsSecret {
        /// Which.
        name: String,
        /// What is wrong.
        fault: WeakKey,
    },
}

impl ProviderSettings {
    /// The provider's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Http(settings) => &settings.name,
            Self::Smpp(settings) => &settings.name,
        }
    }
}

impl Providers {
    /// Sets up the providers, in their order. In `production` nothing is posted but by https. Providers over SMPP begin
    /// to connect; nothing else is asked of anybody here.
    ///
    /// # Errors
    /// See [`ProvidersFault`].
    ///
    /// # Panics
    /// Outside of a runtime, where there are providers over SMPP.
    pub fn open(
        settings: &[ProviderSettings],
        clock: &Arc<dyn Clock>,
        production: bool,
    ) -> Result<Self, ProvidersFault> {
        let mut names = BTreeSet::new();
        let mut providers = Self::default();
        let (receipts, received) = mpsc::channel(RECEIPTS_WAITING_MAX);
        providers.receipts = Some(received);
        for provider in settings {
            let name = provider.name();
            if !is_name(name) {
                return Err(ProvidersFault::Name(name.to_owned()));
            }
            if !names.insert(name) {
                return Err(ProvidersFault::Twice(name.to_owned()));
            }
            match provider {
                ProviderSettings::Http(settings) => providers.add_http(settings, production)?,
                ProviderSettings::Smpp(settings) => {
                    let provider =
                        SmppProvider::connect(settings.clone(), Arc::clone(clock), receipts.clone())
                            .map_err(|fault| ProvidersFault::Smpp {
                                name: settings.name.clone(),
                                fault,
                            })?;
                    providers.carriers.push(Arc::new(provider));
                }
            }
        }
        Ok(providers)
    }

    fn add_http(&mut self, settings: &HttpSettings, production: bool) -> Result<(), ProvidersFault> {
        let HttpSettings { name, url, key, .. } = settings;
        let provider =
            HttpProvider::new(name, url, key, production).map_err(|fault| ProvidersFault::Http {
                name: name.clone(),
                fault,
            })?;
        self.carriers.push(Arc::new(provider));
        if let Some(secret) = &settings.receipts_secret {
            let key = ReceiptKey::new(secret.clone()).map_err(|fault| ProvidersFault::ReceiptsSecret {
                name: name.clone(),
                fault,
            })?;
            self.receipt_keys.insert(name.clone(), key);
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_LENGTH_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Reads a secret of the configuration.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use serde_json::json;

    fn settings(document: serde_json::Value) -> Vec<ProviderSettings> {
        serde_json::from_value(document).unwrap()
    }

    fn open(settings: &[ProviderSettings]) -> Result<Providers, ProvidersFault> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Providers::open(settings, &clock, true)
    }

    #[tokio::test]
    async fn providers_are_set_up_in_their_order() {
        let settings = settings(json!([
            { "kind": "http", "name": "sur", "url": "https://sms.example/messages", "key": "k" },
            { "kind": "http", "name": "norte", "url": "https://sms.example/messages", "key": "k",
              "receipts_secret": "receipts-secret-of-norte" },
            { "kind": "smpp", "name": "centro", "address": "127.0.0.1:1", "system_id": "pasarela",
              "password": "s3cret" },
        ]));
        let providers = open(&settings).unwrap();
        let names: Vec<&str> = providers.carriers.iter().map(|carrier| carrier.name()).collect();
        assert_eq!(names, ["sur", "norte", "centro"]);
        assert_eq!(providers.receipt_keys.keys().collect::<Vec<_>>(), ["norte"]);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_and_show_no_secret() {
        let http = |name: &str, secret: &str| {
            json!({ "kind": "http", "name": name, "url": "https://sms.example", "key": "the-bearer-key",
                    "receipts_secret": secret })
        };
        let long = "receipts-secret-of-norte";
        for (wrong, document) in [
            ("no name", json!([http("Norte", long)])),
            ("two providers", json!([http("a", long), http("a", long)])),
            ("16 characters", json!([http("a", "short-secret")])),
            (
                "password must have 8",
                json!([{ "kind": "smpp", "name": "c", "address": "127.0.0.1:1", "system_id": "pasarela",
                         "password": "short-but-too-long" }]),
            ),
        ] {
            let fault = open(&settings(document)).unwrap_err().to_string();
            assert!(fault.contains(wrong), "{fault}");
            assert!(!fault.contains("secret-") && !fault.contains("short-"), "{fault}");
        }
        let shown = format!("{:?}", settings(json!([http("a", long)])));
        assert!(!shown.contains("the-bearer-key") && !shown.contains(long));
        assert!(serde_json::from_value::<Vec<ProviderSettings>>(json!([{ "kind": "pigeon" }])).is_err());
    }
}
