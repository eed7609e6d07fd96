//! Who may hand messages to the network: an account at each of its providers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use acs::sms::providers::{HttpSettings, ProviderSettings};
use acs::sms::smpp::SmppSettings;
use primitives::Secret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::faults::text_message::{SMPP, SMS_NORTE, SMS_SUR};

/// The short message centre's name as a provider.
pub const CENTRE: &str = "centro";
/// The account at the centre.
pub const SYSTEM_ID: &str = "pasarela";
/// The providers over HTTP, by name and by the target of their own faults.
pub const HTTP_PROVIDERS: [(&str, &str); 2] = [("norte", SMS_NORTE), ("sur", SMS_SUR)];
/// Characters of a password of SMPP, at most.
const PASSWORD_LENGTH: usize = 8;

/// The keys of all accounts; new ones at every start.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// By the provider's name.
    pub http: BTreeMap<&'static str, HttpAccount>,
    /// The password at the centre.
    pub password: Secret<String>,
}

/// An account at a provider over HTTP.
#[derive(Clone, Debug)]
pub struct HttpAccount {
    /// The bearer key.
    pub key: Secret<String>,
    /// What receipts are signed with.
    pub receipts_secret: Secret<String>,
}

impl Accounts {
    /// Accounts with keys that nobody knows.
    pub fn random() -> Self {
        let account = || HttpAccount {
            key: random().into(),
            receipts_secret: random().into(),
        };
        let password: String = random().chars().take(PASSWORD_LENGTH).collect();
        Self {
            http: HTTP_PROVIDERS.map(|(name, _)| (name, account())).into(),
            password: password.into(),
        }
    }

    /// What a sender of messages is configured with to use every provider, the ones over HTTP first.
    pub fn settings(&self, sandbox_url: &str, centre: SocketAddr) -> Vec<ProviderSettings> {
        let http = self.http.iter().map(|(name, account)| {
            ProviderSettings::Http(HttpSettings {
                name: (*name).to_owned(),
                url: message_url(sandbox_url, name),
                key: account.key.clone(),
                receipts_secret: Some(account.receipts_secret.clone()),
            })
        });
        let centre = ProviderSettings::Smpp(SmppSettings {
            name: CENTRE.to_owned(),
            address: centre.to_string(),
            system_id: SYSTEM_ID.to_owned(),
            password: self.password.clone(),
            system_type: String::new(),
            window: 10,
            enquire_link_seconds: 10,
        });
        http.chain([centre]).collect()
    }

    /// The same as a document, for senders that are started by hand.
    pub fn document(&self, sandbox_url: &str, centre: SocketAddr) -> Value {
        let http = self.http.iter().map(|(name, account)| {
            json!({
                "kind": "http",
                "name": name,
                "url": message_url(sandbox_url, name),
                "key": account.key.reveal(),
                "receipts_secret": account.receipts_secret.reveal(),
            })
        });
        let centre = json!({
            "kind": "smpp",
            "name": CENTRE,
            "address": centre.to_string(),
            "system_id": SYSTEM_ID,
            "password": self.password.reveal(),
        });
        http.chain([centre]).collect()
    }
}

/// The target of a provider's own faults.
pub(super) fn target_of(provider: &str) -> &'static str {
    HTTP_PROVIDERS
        .into_iter()
        .find(|(name, _)| *name == provider)
        .map_or(SMPP, |(_, target)| target)
}

fn message_url(sandbox_url: &str, provider: &str) -> String {
    format!("{sandbox_url}/sms-provider/{provider}/messages")
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_the_settings_say() {
        let accounts = Accounts::random();
        let centre = "127.0.0.1:8092".parse().unwrap();
        let document = accounts.document("http://127.0.0.1:8090", centre);
        let read: Vec<ProviderSettings> = serde_json::from_value(document).unwrap();
        let names = |settings: &[ProviderSettings]| {
            let names = settings.iter().map(|provider| provider.name().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&read), ["norte", "sur", "centro"]);
        assert_eq!(
            names(&accounts.settings("http://127.0.0.1:8090", centre)),
            names(&read)
        );
    }
}
