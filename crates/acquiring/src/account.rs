//! A merchant's account at a processor: where it is reached and with which credentials.

use primitives::{Id, Secret, id::kind};
use std::{collections::BTreeMap, time::Duration};

/// Secret settings by name (`private_merchant_id`, …), as the processor's [`CredentialField`]s ask for them.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<String, Secret<String>>);

impl Credentials {
    pub fn new(values: BTreeMap<String, Secret<String>>) -> Self {
        Self(values)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|secret| secret.reveal().as_str())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// One credential a connection to a processor must or may have.
#[derive(Debug, Clone, Copy)]
pub struct CredentialField {
    pub name: &'static str,
    pub required: bool,
    pub max_characters: usize,
}

/// What an adapter needs to know of a connection in order to build a request.
#[derive(Debug, Clone)]
pub struct Account {
    pub connection: Id<kind::Connection>,
    /// The processor's base address, without a trailing slash; a setting, since test and live differ.
    pub base_url: url::Url,
    pub credentials: Credentials,
    /// Overrides of the adapter's declared inquiry windows, where the connection sets them.
    pub inquiry_visible_after: Option<Duration>,
    pub inquiry_final_after: Option<Duration>,
}
