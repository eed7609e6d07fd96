//! Listening: the one place where a router meets the network.

use crate::results::listener::{Peer, TlsListener};
use axum::{Router, serve::ListenerExt};
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// Listens at an address.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen at {address}: {error}")))
}

/// Serves until `stopped`; requests on their way then finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // Answers are small and whole; waiting for more to send would only cost the caller time.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(cause = %error, "a connection keeps Nagle's algorithm");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stopped)
        .await
}

/// Serves the results receiver until `stopped`; requests on their way then finish.
pub async fn serve_results(
    listener: TlsListener,
    router: Router,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<Peer>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stopped)
        .await
}
