//! What the results listener shows and trusts: certificates and keys from files, the roots of the directory servers from
//! the configuration. Both may change while it runs; connections that are open stay open.

use orchestrator::{
    Gateway,
    certificate::{Certificate, CertificateError, certified_key},
    expiry::ExpiryWatch,
    results_trust::ResultsTrust,
};
use primitives::Secret;
use rustls::{
    ServerConfig,
    client::verify_server_name,
    crypto::aws_lc_rs::default_provider,
    pki_types::ServerName,
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use store::directory_servers::DirectoryServer;
use thiserror::Error;
use tokio::{
    fs,
    sync::{Notify, watch},
};

/// How often files and configuration are looked at.
const LOOK: Duration = Duration::from_secs(3);

/// The files a listener's certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The first is shown to whoever asks for no name, or for one that none of them has.
    pub certificates: Vec<CertificateFiles>,
    /// Roots of client certificates for brands whose directory server pins none.
    pub client_roots: Option<PathBuf>,
}

/// A certificate with its chain, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why files are of no use.
#[derive(Debug, Error)]
pub enum TlsFilesError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} {error}")]
    Certificate { path: PathBuf, error: CertificateError },
    #[error("no TLS can be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// What handshakes are made with.
#[derive(Debug)]
pub struct Served {
    /// `None` while nobody is trusted.
    config: Option<Arc<ServerConfig>>,
    trust: ResultsTrust,
    certificates: Vec<Certificate>,
}

impl Served {
    pub(super) fn config(&self) -> Option<Arc<ServerConfig>> {
        self.config.clone()
    }

    pub(super) fn trust(&self) -> &ResultsTrust {
        &self.trust
    }

    /// Reads the files, and sets TLS up with them and the directory servers' roots.
    pub async fn load(files: &TlsFiles, servers: &[DirectoryServer]) -> Result<Self, TlsFilesError> {
        let mut keys = Vec::new();
        let mut certificates = Vec::new();
        for pair in &files.certificates {
            let chain = certificates_in(&pair.certificate).await?;
            let key = Secret::new(text_in(&pair.key).await?);
            let key = certified_key(&chain, &key).map_err(|error| TlsFilesError::Certificate {
                path: pair.key.clone(),
                error,
            })?;
            keys.push(Arc::new(key));
            certificates.extend(chain);
        }
        let listener_roots = match &files.client_roots {
            Some(path) => certificates_in(path).await?,
            None => Vec::new(),
        };
        let trust = ResultsTrust::new(servers, &listener_roots);
        let config = match trust.verifier() {
            Some(verifier) => {
                // TLS 1.2 and 1.3 are all that rustls speaks.
                let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
                    .with_safe_default_protocol_versions()?
                    .with_client_cert_verifier(verifier)
                    .with_cert_resolver(Arc::new(ByName(keys)));
                config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                Some(Arc::new(config))
            }
            None => None,
        };
        Ok(Self {
            config,
            trust,
            certificates,
        })
    }
}

async fn text_in(path: &Path) -> Result<String, TlsFilesError> {
    fs::read_to_string(path)
        .await
        .map_err(|source| TlsFilesError::File {
            path: path.into(),
            source,
        })
}

async fn certificates_in(path: &Path) -> Result<Vec<Certificate>, TlsFilesError> {
    Certificate::read_pem(&text_in(path).await?).map_err(|error| TlsFilesError::Certificate {
        path: path.into(),
        error,
    })
}

/// The certificate that has the name a client asks for, else the first. Each directory server may want one that it
/// issued itself (emv-3ds section 15.1), which it asks for by a name of its own.
#[derive(Debug)]
struct ByName(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello
            .server_name()
            .and_then(|name| ServerName::try_from(name).ok());
        let has_name = |key: &&Arc<CertifiedKey>| {
            let certificate = key.end_entity_cert().and_then(ParsedCertificate::try_from);
            name.as_ref().is_some_and(|name| {
                certificate.is_ok_and(|certificate| verify_server_name(&certificate, name).is_ok())
            })
        };
        self.0.iter().find(has_name).or_else(|| self.0.first()).cloned()
    }
}

/// Keeps what is served as files and configuration say.
#[derive(Debug)]
pub struct Keeper {
    files: TlsFiles,
    served: watch::Sender<Arc<Served>>,
    seen: Seen,
}

/// What was last looked at, to notice changes.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    files: Vec<Option<(SystemTime, u64)>>,
    servers: Vec<DirectoryServer>,
}

impl Seen {
    async fn now(files: &TlsFiles, servers: &[DirectoryServer]) -> Self {
        let pairs = files
            .certificates
            .iter()
            .flat_map(|pair| [&pair.certificate, &pair.key]);
        let mut stamps = Vec::new();
        for path in pairs.chain(&files.client_roots) {
            let metadata = fs::metadata(path).await.ok();
            stamps.push(metadata.and_then(|file| Some((file.modified().ok()?, file.len()))));
        }
        Self {
            files: stamps,
            servers: servers.to_vec(),
        }
    }
}

impl Keeper {
    /// Loads for the first time. Files that are of no use then are an error; later ones leave things as they are.
    pub async fn new(files: TlsFiles, servers: &[DirectoryServer]) -> Result<Self, TlsFilesError> {
        let seen = Seen::now(&files, servers).await;
        let served = Served::load(&files, servers).await?;
        Ok(Self {
            files,
            served: watch::Sender::new(Arc::new(served)),
            seen,
        })
    }

    /// What is served, now and from now on.
    pub fn served(&self) -> watch::Receiver<Arc<Served>> {
        self.served.subscribe()
    }

    /// Loads again if anything has changed, or in any case where `anyway` says so.
    pub async fn look(&mut self, servers: &[DirectoryServer], anyway: bool) {
        let now = Seen::now(&self.files, servers).await;
        if !anyway && now == self.seen {
            return;
        }
        // Noted before it is loaded: files that are replaced meanwhile are seen at the next look.
        self.seen = now;
        match Served::load(&self.files, servers).await {
            Ok(served) => {
                tracing::info!(trusts = ?served.trust, "the results listener's certificates were read again");
                self.served.send_replace(Arc::new(served));
            }
            Err(error) => {
                tracing::error!(cause = %error, "the results listener keeps the certificates it has");
            }
        }
    }

    /// Looks every few seconds, and at once when `reload` says so, until the process ends.
    pub async fn keep_forever(mut self, gateway: Gateway, reload: Arc<Notify>) {
        let mut expiry = ExpiryWatch::default();
        loop {
            let anyway = tokio::time::timeout(LOOK, reload.notified()).await.is_ok();
            match gateway.configuration().directory_servers().await {
                Ok(servers) => self.look(&servers, anyway).await,
                Err(fault) => {
                    fault.logged();
                }
            }
            let served = Arc::clone(&self.served.borrow());
            expiry.look(
                "results_listener",
                "server_certificate",
                &served.certificates,
                gateway.clock().now(),
            );
        }
    }
}
