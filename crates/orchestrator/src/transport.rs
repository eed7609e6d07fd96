//! The third beat: an exchange goes out. The one place from which processors and directory servers are reached.
//!
//! Nothing here repeats a request, follows a redirect or asks a proxy: whether a second message is safe is a payment
//! question. What the transport does tell apart is whether a request can have reached the other side at all.

use primitives::{Exchange, HttpRequest, Method, Reply};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Limits of the transport.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// TCP and TLS set-up. What fails within it has not been sent.
    pub connect_timeout: Duration,
    /// From the first byte sent to the last byte read.
    pub charge_timeout: Duration,
    pub reply_body_max_bytes: usize,
    /// Requests on their way at the same time; more wait, as long as a connection may take.
    pub concurrency_max: usize,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            charge_timeout: Duration::from_secs(30),
            reply_body_max_bytes: 1 << 20,
            concurrency_max: 512,
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
    client: reqwest::Client,
    settings: TransportSettings,
    slots: Arc<Semaphore>,
}

impl Transport {
    /// Builds the client. An error means that the TLS set-up of this machine is unusable.
    pub fn new(settings: TransportSettings) -> Result<Self, reqwest::Error> {
        #[allow(
            clippy::disallowed_methods,
            reason = "this is the place that the ban points to"
        )]
        let client = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(64)
            // Shorter than what servers usually keep, so that a request seldom meets a connection about to close.
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent("Pasarela")
            .build()?;
        let slots = Arc::new(Semaphore::new(settings.concurrency_max));
        Ok(Self {
            client,
            settings,
            slots,
        })
    }

    /// The longest a request waits for its turn.
    pub fn queue_timeout(&self) -> Duration {
        self.settings.connect_timeout
    }

    /// Sends a charge, or anything else a processor is asked.
    pub async fn send<A>(&self, exchange: Exchange<A>) -> Sent<A> {
        self.send_within(exchange, self.settings.charge_timeout).await
    }

    /// Sends, and waits that long for the whole reply.
    pub async fn send_within<A>(&self, exchange: Exchange<A>, time_limit: Duration) -> Sent<A> {
        // A request that waits longer than this would be sent when somebody has already begun to ask what became of it.
        let slot = tokio::time::timeout(self.settings.connect_timeout, self.slots.acquire());
        let Ok(Ok(_slot)) = slot.await else {
            return Sent::NotSent("too many requests on their way");
        };
        let (request, read) = exchange.split();
        match tokio::time::timeout(time_limit, self.reply_to(request)).await {
            Ok(Ok(reply)) => match read(&reply) {
                Ok(answer) => Sent::Answered(answer),
                Err(unreadable) => Sent::Silent(Silence::Unreadable(unreadable.0)),
            },
            Ok(Err(failed)) => failed.into(),
            Err(_) => Sent::Silent(Silence::TimedOut),
        }
    }

    async fn reply_to(&self, request: HttpRequest) -> Result<Reply, Failed> {
        let mut builder = self.client.request(method(request.method), request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.reveal().as_str());
        }
        let built = builder
            .body(request.body.reveal().clone())
            .build()
            .map_err(|_| Failed::NotSent("not a request"))?;
        let mut response = self.client.execute(built).await.map_err(Failed::of_request)?;
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
    fn of_request(error: reqwest::Error) -> Self {
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

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
