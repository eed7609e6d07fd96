//! HTTP clients: one for processors, and one for each directory server, with our certificate there and its roots.

use super::TransportSettings;
use crate::{administration::directory_tls::open_key, vault::Vault, vault::VaultError};
use primitives::{Brand, Secret};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::directory_servers::{DirectoryServer, DirectoryTls};
use thiserror::Error;

/// What requests go out on: connections that show one certificate, or none, and trust the same roots.
#[derive(Debug, Clone)]
pub struct Line {
    pub(super) client: reqwest::Client,
    /// A directory server that sends an alert about certificates means ours, or that there was none.
    pub(super) to_directory: bool,
}

/// Why there is no line to a directory server.
#[derive(Debug, Error)]
pub enum NoLine {
    #[error("our key there cannot be opened: {0}")]
    Key(#[from] VaultError),
    #[error("its certificates cannot be used: {0}")]
    Certificates(#[from] reqwest::Error),
}

/// What a line is built of. When it changes there is a new line; requests under way finish on the old one.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    tls: DirectoryTls,
    connect_timeout_ms: u32,
}

/// The lines to directory servers, each built when it is first needed.
#[derive(Debug, Clone, Default)]
pub(super) struct DirectoryLines(Arc<Mutex<HashMap<Brand, (Identity, Line)>>>);

impl DirectoryLines {
    pub(super) fn to(
        &self,
        server: &DirectoryServer,
        vault: &Vault,
        settings: &TransportSettings,
    ) -> Result<Line, NoLine> {
        let is_current = |(identity, _): &&(Identity, Line)| {
            identity.tls == server.tls && identity.connect_timeout_ms == server.connect_timeout_ms
        };
        // A map of whole entries, so a panic elsewhere cannot have spoilt it. Building a client takes a millisecond or
        // two, so whoever comes meanwhile waits for it rather than building another.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, line)) = lines.get(&server.brand).filter(is_current) {
            return Ok(line.clone());
        }
        let line = build(server, vault, settings)?;
        let identity = Identity {
            tls: server.tls.clone(),
            connect_timeout_ms: server.connect_timeout_ms,
        };
        lines.insert(server.brand, (identity, line.clone()));
        let (certificate, pinned) = (server.tls.client.is_some(), server.tls.roots.is_some());
        tracing::info!(brand = %server.brand, certificate, pinned, "connections to the directory server are set up");
        Ok(line)
    }
}

/// The line that shows no certificate and trusts the system's roots.
pub(super) fn plain(settings: &TransportSettings) -> Result<Line, reqwest::Error> {
    Ok(Line {
        client: builder(settings, settings.connect_timeout).build()?,
        to_directory: false,
    })
}

fn build(server: &DirectoryServer, vault: &Vault, settings: &TransportSettings) -> Result<Line, NoLine> {
    let connect_timeout = Duration::from_millis(server.connect_timeout_ms.into());
    let mut builder = builder(settings, connect_timeout);
    if let Some(roots) = &server.tls.roots {
        builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(roots.as_bytes())?);
    }
    if let Some(client) = &server.tls.client {
        let key = open_key(vault, server.brand, client)?;
        let pem = Secret::new([client.chain.as_str(), key.reveal()].join("\n"));
        builder = builder.identity(reqwest::Identity::from_pem(pem.reveal().as_bytes())?);
    }
    Ok(Line {
        client: builder.build()?,
        to_directory: true,
    })
}

/// What all clients have in common: nothing is repeated, redirected or sent by way of a proxy, host names are verified,
/// and TLS is 1.2 at least (emv-3ds section 15.1).
fn builder(settings: &TransportSettings, connect_timeout: Duration) -> reqwest::ClientBuilder {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the place that the ban points to"
    )]
    let builder = reqwest::Client::builder();
    builder
        .connect_timeout(connect_timeout)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(settings.idle_per_host_max)
        // Shorter than what servers usually keep, so that a request seldom meets a connection about to close.
        .pool_idle_timeout(Duration::from_secs(20))
        .user_agent("Pasarela")
}
