//! A remote 3DS Server as it is configured, its secrets open.

use crate::{
    fault::Fault,
    vault::{Vault, VaultError},
};
use mpi::remote::{RemoteServer, SigningKey};
use primitives::Secret;
use serde_json::json;
use std::time::Duration;
use store::remote_threeds_servers::RemoteThreeDsServer;
use zeroize::Zeroizing;

/// A remote 3DS Server, ready to be asked. Lives in memory only.
#[derive(Debug, Clone)]
pub struct Remote {
    pub server: RemoteServer,
    /// From the first byte sent to the last byte read.
    pub read_timeout: Duration,
}

/// What is sealed of a remote 3DS Server.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    pub merchant_key: Secret<String>,
    /// PEM.
    pub signing_key: Option<Secret<String>>,
}

impl Remote {
    /// Opens a stored one.
    pub(crate) fn open(vault: &Vault, stored: &RemoteThreeDsServer) -> Result<Self, Fault> {
        let secrets = Secrets::open(vault, &stored.name, &stored.secrets_sealed)?;
        let signing_key = secrets
            .signing_key
            .map(|pem| SigningKey::from_pem(pem.reveal()))
            .transpose()
            .map_err(|_| Fault::Missing("a usable signing key"))?;
        Ok(Self {
            server: RemoteServer {
                name: stored.name.clone(),
                base_url: url::Url::parse(stored.base_url.as_str())
                    .map_err(|_| Fault::Missing("a usable address"))?,
                merchant_id: stored.merchant_id.clone(),
                merchant_key: secrets.merchant_key,
                signing_key,
            },
            read_timeout: Duration::from_millis(stored.read_timeout_ms.into()),
        })
    }
}

impl Secrets {
    /// Seals them as one JSON object, good for the server of this name only.
    pub fn seal(&self, vault: &Vault, name: &str) -> Result<Vec<u8>, Fault> {
        let open = json!({
            "merchant_key": self.merchant_key.reveal(),
            "signing_key": self.signing_key.as_ref().map(|key| key.reveal()),
        });
        let plaintext = Zeroizing::new(serde_json::to_vec(&open)?);
        Ok(vault.seal(&context(name), &plaintext)?)
    }

    /// Opens what [`seal`](Self::seal) sealed.
    pub fn open(vault: &Vault, name: &str, sealed: &[u8]) -> Result<Self, Fault> {
        #[derive(serde::Deserialize)]
        struct Open {
            merchant_key: String,
            signing_key: Option<String>,
        }
        let plaintext = vault.open(&context(name), sealed)?;
        // What serde says of text that does not fit may quote it.
        let open: Open =
            serde_json::from_slice(plaintext.reveal()).map_err(|_| Fault::Vault(VaultError::NotSealed))?;
        Ok(Self {
            merchant_key: Secret::new(open.merchant_key),
            signing_key: open.signing_key.map(Secret::new),
        })
    }

    /// Whether they are the same.
    pub fn are(&self, other: &Self) -> bool {
        fn text(key: &Secret<String>) -> &str {
            key.reveal()
        }
        text(&self.merchant_key) == text(&other.merchant_key)
            && self.signing_key.as_ref().map(text) == other.signing_key.as_ref().map(text)
    }
}

fn context(name: &str) -> Vec<u8> {
    [b"remote 3DS server:", name.as_bytes()].concat()
}
