//! The providers that a service has: their settings, and what comes of them.

use primitives::Secret;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

use super::http_provider::{HttpProvider, HttpProviderFault};
use super::provider::{Receipt, SmsProvider};
use super::receipts::{ReceiptKey, ReceiptKeys, WeakKey};

/// Characters of the longest name of a provider.
const NAME_LENGTH_MAX: usize = 32;

/// A provider as the configuration says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ProviderSettings {
    /// See [`HttpProvider`].
    Http(HttpSettings),
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
        }
    }
}

impl Providers {
    /// Sets up the providers, in their order. In `production` nothing is posted but by https.
    ///
    /// # Errors
    /// See [`ProvidersFault`]; none is asked anything here.
    pub fn open(settings: &[ProviderSettings], production: bool) -> Result<Self, ProvidersFault> {
        let mut names = BTreeSet::new();
        let mut providers = Self::default();
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

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(document: serde_json::Value) -> Vec<ProviderSettings> {
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn providers_are_set_up_in_their_order() {
        let settings = settings(json!([
            { "kind": "http", "name": "sur", "url": "https://sms.example/messages", "key": "k" },
            { "kind": "http", "name": "norte", "url": "https://sms.example/messages", "key": "k",
              "receipts_secret": "receipts-secret-of-norte" },
        ]));
        let providers = Providers::open(&settings, true).unwrap();
        let names: Vec<&str> = providers.carriers.iter().map(|carrier| carrier.name()).collect();
        assert_eq!(names, ["sur", "norte"]);
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
        ] {
            let fault = Providers::open(&settings(document), true)
                .unwrap_err()
                .to_string();
            assert!(fault.contains(wrong), "{fault}");
            assert!(!fault.contains("secret-") && !fault.contains("short-"), "{fault}");
        }
        let shown = format!("{:?}", settings(json!([http("a", long)])));
        assert!(!shown.contains("the-bearer-key") && !shown.contains(long));
        assert!(serde_json::from_value::<Vec<ProviderSettings>>(json!([{ "kind": "pigeon" }])).is_err());
    }
}
