//! The third beat: an exchange goes out. The one place from which processors and directory servers are reached.
//!
//! Nothing here repeats a request, follows a redirect or asks a proxy: whether a second message is safe is a payment
//! question. What the transport does tell apart is whether a request can have reached the other side at all.

mod client;
mod slots;
mod stream;

pub use client::{Line, NoLine};
pub use stream::Opened;

use crate::vault::Vault;
use client::DirectoryLines;
use primitives::{Exchange, HttpRequest, Method, Reply};
use rustls::AlertDescription;
use slots::Slots;
use std::{error::Error, io, sync::Arc, time::Duration};
use store::directory_servers::DirectoryServer;

/// Limits of the transport.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// TCP and TLS set-up, where a directory server's own settings do not say. What fails within it has not been sent.
    pub connect_timeout: Duration,
    /// From the first byte sent to the last byte read.
    pub charge_timeout: Duration,
    pub reply_body_max_bytes: usize,
    /// Requests on their way at the same time; more wait, as long as a connection may take.
    pub concurrency_max: usize,
    /// The same towards one host, so that a slow one does not take the others' places.
    pub concurrency_per_host_max: usize,
    /// Connections to one host that are kept while nothing is on its way.
    pub idle_per_host_max: usize,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            charge_timeout: Duration::from_secs(30),
            reply_body_max_bytes: 1 << 20,
            concurrency_max: 1_024,
            concurrency_per_host_max: 256,
            idle_per_host_max: 64,
        }
    }
}

/// What became of a request.
#[derive(Debug)]
pub enum Sent<A> {
    Answered(A),
    /// No connection was made: nothing reached the other side.
    NotSent(&'static str),
    /// It may have arrived, and no usable answer came. For the log, why.
    Silent(Silence),
}

/// Why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    TimedOut,
    /// The connection broke before the reply was whole.
    Cut,
    TooLarge,
    Unreadable(String),
}

/// Sends exchanges.
#[derive(Debug, Clone)]
pub struct Transport {
    plain: Line,
    directory_lines: DirectoryLines,
    settings: TransportSettings,
    slots: Arc<Slots>,
}

impl Transport {
    /// Builds the client. An error means that the TLS set-up of this machine is unusable.
    pub fn new(settings: TransportSettings) -> Result<Self, reqwest::Error> {
        Ok(Self {
            plain: client::plain(&settings)?,
            directory_lines: DirectoryLines::default(),
            slots: Arc::new(Slots::new(
                settings.concurrency_max,
                settings.concurrency_per_host_max,
            )),
            settings,
        })
    }

    /// The line to a directory server: our certificate there, its roots only, its time to connect. It is built anew when
    /// any of these has changed; requests under way finish on the old one.
    pub fn line_to(&self, server: &DirectoryServer, vault: &Vault) -> Result<Line, NoLine> {
        self.directory_lines.to(server, vault, &self.settings)
    }

    /// The longest a request waits for its turn.
    pub fn queue_timeout(&self) -> Duration {
        self.settings.connect_timeout
    }

    /// The longest from handing over a request to its first byte: it waits for its turn, and for a connection.
    pub fn begins_within(&self) -> Duration {
        self.queue_timeout() + self.settings.connect_timeout
    }

    /// Sends a charge, or anything else a processor is asked.
    pub async fn send<A>(&self, exchange: Exchange<A>) -> Sent<A> {
        self.send_within(exchange, self.settings.charge_timeout).await
    }

    /// Sends, and waits that long for the whole reply.
    pub async fn send_within<A>(&self, exchange: Exchange<A>, time_limit: Duration) -> Sent<A> {
        self.send_on(&self.plain, exchange, time_limit).await
    }

    /// The same on a line of its own.
    pub async fn send_on<A>(&self, line: &Line, exchange: Exchange<A>, time_limit: Duration) -> Sent<A> {
        // A request that waits longer than this would be sent when somebody has already begun to ask what became of it.
        let slot = tokio::time::timeout(
            self.settings.connect_timeout,
            self.slots.take(&exchange.request.url),
        );
        let Ok(Ok(_slot)) = slot.await else {
            return Sent::NotSent("too many requests on their way");
        };
        let (request, read) = exchange.split();
        match tokio::time::timeout(time_limit, self.reply_to(line, request)).await {
            Ok(Ok(reply)) => match read(&reply) {
                Ok(answer) => Sent::Answered(answer),
                Err(unreadable) => Sent::Silent(Silence::Unreadable(unreadable.0)),
            },
            Ok(Err(failed)) => failed.into(),
            Err(_) => Sent::Silent(Silence::TimedOut),
        }
    }

    async fn reply_to(&self, line: &Line, request: HttpRequest) -> Result<Reply, Failed> {
        let mut builder = line.client.request(method(request.method), request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.reveal().as_str());
        }
        let built = builder
            .body(request.body.reveal().clone())
            .build()
            .map_err(|_| Failed::NotSent("not a request"))?;
        let mut response = line
            .client
            .execute(built)
            .await
            .map_err(|error| Failed::of_request(error, line))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Failed::Silent(Silence::Cut))? {
            if body.len() + chunk.len() > self.settings.reply_body_max_bytes {
                return Err(Failed::Silent(Silence::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            headers,
            body,
        })
    }
}

enum Failed {
    NotSent(&'static str),
    Silent(Silence),
}

impl Failed {
    fn of_request(error: reqwest::Error, line: &Line) -> Self {
        let tls = tls_error(&error);
        if let Some(tls) = &tls {
            tracing::warn!(cause = %tls, "TLS failed");
        }
        if line.to_directory && tls.is_some_and(refuses_certificate) {
            return Self::NotSent("our certificate was refused");
        }
        if error.is_builder() {
            Self::NotSent("not a request")
        } else if error.is_connect() {
            Self::NotSent("no connection")
        } else if error.is_timeout() {
            Self::Silent(Silence::TimedOut)
        } else {
            Self::Silent(Silence::Cut)
        }
    }
}

impl<A> From<Failed> for Sent<A> {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NotSent(why) => Sent::NotSent(why),
            Failed::Silent(silence) => Sent::Silent(silence),
        }
    }
}

/// What TLS says went wrong, wherever it stands among the causes.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        // An I/O error names the cause of what it wraps as its own, and so hides what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = match wrapped {
            Some(wrapped) => wrapped.downcast_ref(),
            None => error.downcast_ref(),
        };
        if tls.is_some() {
            return tls;
        }
        cause = error.source();
    }
    None
}

/// In TLS 1.3 a server judges our certificate when our side of the handshake is over and the request may be on its way.
/// It reads nothing of that once it has refused, so the request counts as not sent.
fn refuses_certificate(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
        )
    )
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

#[cfg(test)]
mod tests;
