//! Directory servers as they are in life: over TLS, and only for a 3DS Server that shows the certificate it was given.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::{IncomingStream, Listener};
use emv3ds::code::{Component, ErrorCode};
use emv3ds::{Fault, Rules, Version};
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Directory, JSON, MESSAGE_MAX_BYTES, door, erro};
use crate::certificates::{Certificates, GATEWAY_NAME};

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// Connections whose handshake is done and that nobody has taken yet.
const WAITING_MAX: usize = 256;

/// Who asks.
#[derive(Clone)]
pub struct Asker {
    address: SocketAddr,
    certificate: Option<CertificateDer<'static>>,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Asker {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Asker {
    /// The authority has issued more certificates than the gateway's; those are not for this door.
    fn is_the_gateway(&self) -> bool {
        let (Some(certificate), Ok(name)) = (&self.certificate, ServerName::try_from(GATEWAY_NAME)) else {
            return false;
        };
        ParsedCertificate::try_from(certificate)
            .is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
    }
}

/// The port of the directory servers.
#[derive(Debug)]
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Asker)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Begins to accept; handshakes are made side by side.
    ///
    /// # Errors
    /// When TLS cannot be set up with these certificates.
    pub fn new(listener: TcpListener, certificates: &Certificates) -> io::Result<Self> {
        let acceptor = TlsAcceptor::from(Arc::new(config(certificates).map_err(io::Error::other)?));
        let address = listener.local_addr()?;
        let (taken, ready) = mpsc::channel(WAITING_MAX);
        tokio::spawn(async move {
            loop {
                let Ok((stream, address)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                };
                let (acceptor, taken) = (acceptor.clone(), taken.clone());
                tokio::spawn(async move {
                    if let Ok(Some(connection)) =
                        timeout(HANDSHAKE_MAX, shake_hands(&acceptor, stream, address)).await
                    {
                        // Gone only when the sandbox ends.
                        let _ = taken.send(connection).await;
                    }
                });
            }
        });
        Ok(Self { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Asker;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task goes on as long as the sandbox.
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Asker {
            address: self.address,
            certificate: None,
        })
    }
}

async fn shake_hands(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
) -> Option<(TlsStream<TcpStream>, Asker)> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    match acceptor.accept(stream).await {
        Ok(stream) => {
            let chain = stream.get_ref().1.peer_certificates();
            let certificate = chain.and_then(|chain| chain.first()).cloned();
            Some((stream, Asker { address, certificate }))
        }
        Err(error) => {
            tracing::info!(%address, %error, "a handshake with a directory server failed");
            None
        }
    }
}

fn config(certificates: &Certificates) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificates.authority.as_bytes())?)?;
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider)).build()?;
    let own = &certificates.directory_server;
    let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(own.key.reveal().as_bytes())?;
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)?)
}

/// `POST /directory/{brand}` for 3DS Servers with a certificate.
pub fn router(directory: Directory) -> Router {
    Router::new()
        .route("/directory/{brand}", post(receive))
        .layer(DefaultBodyLimit::max(MESSAGE_MAX_BYTES))
        .with_state(directory)
}

async fn receive(
    State(directory): State<Directory>,
    ConnectInfo(asker): ConnectInfo<Asker>,
    brand: Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if asker.is_the_gateway() {
        return door::receive(State(directory), brand, headers, body).await;
    }
    ([(CONTENT_TYPE, JSON)], denied(&body)).into_response()
}

/// Erro 303 to whatever was asked.
fn denied(body: &[u8]) -> Vec<u8> {
    let fault = match Rules::received_by(Component::DirectoryServer, &Version::ALL).read(body) {
        Ok(message) => {
            let fault = Fault::new(ErrorCode::AccessDenied, "client certificate");
            fault.of(message.message_type(), None, message.ids())
        }
        Err(fault) => *fault,
    };
    erro(&fault, Component::DirectoryServer)
}

/// Serves the directory servers until connections can no longer be accepted.
///
/// # Errors
/// When that happens.
pub async fn serve(listener: TlsListener, router: Router) -> io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<Asker>()).await
}
