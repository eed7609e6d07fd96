//! Everything outside the gateway, behind one HTTP address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::directory::results::ResultsRoute;
use crate::directory::{self, Directory};
use crate::issuers::{self, IssuerSettings, Issuers};
use crate::messages::{self, MessageLog};
use crate::page;
use crate::phone::{self, PhoneNetwork};
use crate::seeds::MerchantKeys;

/// What a sandbox depends on.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How browsers and the gateway reach it, without a slash at the end.
    pub public_url: String,
    /// The gateway's orders API, without a slash at the end.
    pub gateway_url: String,
    /// Merchants whose webhooks arrive here. The first is the shop's.
    pub merchants: Vec<MerchantKeys>,
    /// How patient everybody is.
    pub timers: Timers,
}

/// How patient the parties of 3-D Secure are.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// How long the first CReq may take after the ARes.
    pub first_creq_timeout: Duration,
    /// How long a challenge page may go unanswered.
    pub challenge_timeout: Duration,
    /// How long a 3DS Server may take for its RRes.
    pub results_read_timeout: Duration,
    /// How long between attempts to deliver an RReq, after one immediate repetition.
    pub results_retry_interval: Duration,
    /// How long scenario 08's directory server says nothing.
    pub directory_silence: Duration,
}

impl Default for Timers {
    /// The specification's times; only the pause between attempts to deliver an RReq is shorter, as all waiting of the
    /// sandbox is.
    fn default() -> Self {
        Self {
            first_creq_timeout: Duration::from_secs(30),
            challenge_timeout: Duration::from_secs(600),
            results_read_timeout: Duration::from_secs(3),
            results_retry_interval: Duration::from_secs(2),
            directory_silence: Duration::from_secs(60),
        }
    }
}

impl WorldSettings {
    /// A sandbox on a loopback address in front of a gateway.
    pub fn new(listen: SocketAddr, gateway_url: impl Into<String>, merchants: Vec<MerchantKeys>) -> Self {
        let (public_url, gateway_url) = (format!("http://{listen}"), gateway_url.into());
        Self {
            listen,
            public_url,
            gateway_url,
            merchants,
            timers: Timers::default(),
        }
    }
}

/// All parties and what they remember. Cheap to clone.
#[derive(Clone, Debug)]
pub struct World {
    directory: Directory,
    issuers: Issuers,
    phones: PhoneNetwork,
    messages: MessageLog,
}

impl World {
    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// When no HTTP client can be set up.
    pub fn new(settings: &WorldSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let timers = settings.timers;
        let (phones, messages) = (PhoneNetwork::new(), MessageLog::new());
        let results = ResultsRoute::new(client.clone(), messages.clone(), timers.results_read_timeout);
        let issuer_settings = IssuerSettings {
            first_creq_timeout: timers.first_creq_timeout,
            challenge_timeout: timers.challenge_timeout,
            results_retry_interval: timers.results_retry_interval,
            ..IssuerSettings::new(settings.public_url.clone())
        };
        let issuers = Issuers::new(issuer_settings, phones.clone(), messages.clone(), results);
        let directory = Directory::new(
            &settings.public_url,
            issuers.clone(),
            messages.clone(),
            timers.directory_silence,
        );
        Ok(Self {
            directory,
            issuers,
            phones,
            messages,
        })
    }

    /// The phone network's inbox, for tests that live in the same process.
    pub fn phones(&self) -> &PhoneNetwork {
        &self.phones
    }
}

/// Every route of the sandbox.
pub fn router(world: World) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/shop") }))
        .route("/health/ready", get(|| async { "ready\n" }))
        .merge(page::assets())
        .merge(directory::router(world.directory))
        .merge(issuers::challenge::router(world.issuers))
        .merge(issuers::method::router(world.messages.clone()))
        .merge(phone::router(world.phones))
        .merge(messages::router(world.messages))
}

/// Serves the world until the listener fails.
///
/// # Errors
/// When connections can no longer be accepted.
pub async fn serve(listener: TcpListener, world: World) -> io::Result<()> {
    axum::serve(listener, router(world)).await
}
