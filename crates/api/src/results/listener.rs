//! The results listener: TLS with client certificates, taken by axum like any other listener.
//!
//! Connections are accepted in a task of their own and handshakes made beside it, so that neither a slow peer nor one
//! that sends nothing keeps others waiting. What certificates are shown and trusted comes from [`super::served`] and may
//! change with every handshake.

use super::served::Served;
use axum::{extract::connect_info::Connected, serve::IncomingStream, serve::Listener};
use rustls::pki_types::CertificateDer;
use std::{fmt, future::pending, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A handshake takes two round trips and some milliseconds of arithmetic.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// Handshakes at the same time; who comes when there are as many is turned away and may come again.
const HANDSHAKES_MAX: usize = 256;
/// How long, and how much, we listen to somebody refused, so that our alert reaches them before the connection ends.
const PARTING_MAX: Duration = Duration::from_secs(1);
const PARTING_MAX_BYTES: u64 = 64 * 1024;
/// Pause after the system has no connection for us, such as when all file descriptors are taken.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Who is on the other side of a connection.
#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// The certificates it showed, its own first; verified under a root that was trusted at the time.
    pub chain: Arc<[CertificateDer<'static>]>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Connections whose handshake is done.
#[derive(Debug)]
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Begins to accept. It ends when the listener is dropped.
    pub fn new(listener: TcpListener, served: watch::Receiver<Arc<Served>>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (taken, ready) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(accept(listener, served, taken));
        Ok(Self { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task ends only with this listener.
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Peer {
            address: self.address,
            chain: Arc::default(),
        })
    }
}

type Taken = mpsc::Sender<(TlsStream<TcpStream>, Peer)>;

async fn accept(listener: TcpListener, served: watch::Receiver<Arc<Served>>, taken: Taken) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = taken.closed() => return,
        };
        let (stream, address) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(cause = %error, "the results listener gets no connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else {
            counted("busy");
            continue;
        };
        let (served, taken) = (Arc::clone(&served.borrow()), taken.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE_MAX, shake_hands(stream, address, &served)).await;
            drop(permit);
            match shaken {
                Ok(Some(connection)) => {
                    counted("accepted");
                    // Gone only while the process shuts down.
                    let _ = taken.send(connection).await;
                }
                Ok(None) => counted("refused"),
                Err(_) => counted("timed_out"),
            }
        });
    }
}

fn counted(outcome: &'static str) {
    metrics::counter!("pasarela_results_handshakes_total", "outcome" => outcome).increment(1);
}

async fn shake_hands(
    stream: TcpStream,
    address: SocketAddr,
    served: &Served,
) -> Option<(TlsStream<TcpStream>, Peer)> {
    let Some(config) = served.config() else {
        tracing::warn!(%address, "a connection to the results listener, which trusts nobody yet");
        return None;
    };
    // Answers are small and whole; waiting for more to send would only cost the peer time.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(cause = %error, "a connection keeps Nagle's algorithm");
    }
    match TlsAcceptor::from(config).accept(stream).into_fallible().await {
        Ok(stream) => {
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().into();
            Some((stream, Peer { address, chain }))
        }
        Err((error, stream)) => {
            tracing::info!(%address, cause = %error, "a TLS handshake at the results listener failed");
            let mut rest = stream.take(PARTING_MAX_BYTES);
            let parting = async { while matches!(rest.read(&mut [0; 1024]).await, Ok(1..)) {} };
            let _ = tokio::time::timeout(PARTING_MAX, parting).await;
            None
        }
    }
}
