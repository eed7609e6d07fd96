//! Everything outside the gateway, behind one HTTP address.

mod announcement;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::access_control::bank::{Bank, CallFailed};
use crate::access_control::overhear::overhear;
use crate::access_control::{self, AccessControl};
use crate::certificates::{self, Certificates};
use crate::directory::acs::AcsLink;
use crate::directory::results::ResultsRoute;
use crate::directory::{self, Directory, tls};
use crate::faults::{self, Faults};
use crate::issuer_backend::{self, IssuerBackend};
use crate::issuers::{self, IssuerSettings, Issuers};
use crate::ledger::{self, Ledger};
use crate::messages::{self, MessageLog};
use crate::page;
use crate::phone_network::{self, PhoneNetwork, centre};
use crate::processors::{self, Processors};
use crate::seeds::{self, Addresses, DirectLinkKeys, Keys, MerchantKeys};
use crate::shop::gateway::Gateway;
use crate::shop::receiver::{self, Receiver};
use crate::shop::{self, Shop};
use crate::supervise::{Opened, Surroundings};

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
    /// The DirectLink account, whose merchant has a connection of its own; absent, there is none.
    pub directlink: Option<DirectLinkKeys>,
    /// How patient everybody is.
    pub timers: Timers,
    /// Below which address providers of text messages post their receipts, without a slash at the end.
    pub sms_webhooks_url: String,
    /// What directory servers show when they post results; without them, nothing.
    pub certificates: Option<Arc<Certificates>>,
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
    /// How long the bank's app may take before a code is sent instead (scenario 10).
    pub app_timeout: Duration,
    /// After how long a decoupled authentication is answered (scenario 11).
    pub decoupled_after: Duration,
    /// How long scenario 08's directory server says nothing.
    pub directory_silence: Duration,
}

impl Default for Timers {
    /// The specification's times; only the pause between attempts to deliver an RReq is shorter, as all waiting of the
    /// sandbox is. Cardholders answer decoupled, or leave the app unanswered, within seconds.
    fn default() -> Self {
        Self {
            first_creq_timeout: Duration::from_secs(30),
            challenge_timeout: Duration::from_secs(600),
            results_read_timeout: Duration::from_secs(3),
            results_retry_interval: Duration::from_secs(2),
            app_timeout: Duration::from_secs(8),
            decoupled_after: Duration::from_secs(5),
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
            sms_webhooks_url: format!("{public_url}/acs/webhooks/sms"),
            public_url,
            gateway_url,
            merchants,
            directlink: None,
            timers: Timers::default(),
            certificates: None,
        }
    }
}

/// All parties and what they remember. Cheap to clone.
#[derive(Clone, Debug)]
pub struct World {
    directory: Directory,
    issuer_backend: IssuerBackend,
    issuers: Issuers,
    /// Who answers for registered cards, and the bank that registered them. Without it, the issuers of this process play
    /// all cards.
    access_control: Option<(AccessControl, Bank)>,
    client: reqwest::Client,
    results: ResultsRoute,
    phones: PhoneNetwork,
    messages: MessageLog,
    processors: Processors,
    receiver: Receiver,
    shop: Option<Shop>,
}

impl World {
    /// A world in which nothing has happened yet.
    ///
    /// # Errors
    /// When no HTTP client can be set up.
    pub fn new(settings: WorldSettings) -> Result<Self, reqwest::Error> {
        let WorldSettings {
            public_url,
            gateway_url,
            mut merchants,
            directlink,
            timers,
            sms_webhooks_url,
            certificates,
            ..
        } = settings;
        // Redirects are not followed: neither a 3DS Server nor a gateway has reason to send one.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let faults = Faults::default();
        let (phones, messages) = (PhoneNetwork::new(faults.clone()), MessageLog::new());
        phones.tell_receipts_to(sms_webhooks_url);
        let results = ResultsRoute::new(client.clone(), messages.clone(), timers.results_read_timeout);
        let results = match &certificates {
            Some(certificates) => results.certified(certificates)?,
            None => results,
        };
        let issuer_settings = IssuerSettings {
            first_creq_timeout: timers.first_creq_timeout,
            challenge_timeout: timers.challenge_timeout,
            results_retry_interval: timers.results_retry_interval,
            app_timeout: timers.app_timeout,
            decoupled_after: timers.decoupled_after,
            ..IssuerSettings::new(public_url.clone())
        };
        let issuers = Issuers::new(
            issuer_settings,
            phones.clone(),
            messages.clone(),
            results.clone(),
            faults.clone(),
        );
        let silence = timers.directory_silence;
        let directory = Directory::new(
            &public_url,
            issuers.clone(),
            messages.clone(),
            silence,
            faults.clone(),
        );
        let issuer_backend = IssuerBackend::new(faults.clone(), phones.clone());
        let processors = Processors::new(Ledger::default(), faults, processors::Settings::default());
        let connections = merchants.iter().flat_map(seeds::connections::of);
        for connection in connections.chain(directlink.as_ref().map(DirectLinkKeys::connection)) {
            connection.register(&processors.connections, &gateway_url);
        }
        let shop_key = merchants.first().map(|merchant| merchant.private_key.clone());
        merchants.extend(directlink.map(|keys| keys.merchant));
        let receiver = Receiver::new(merchants);
        let calling = client.clone();
        let shop = shop_key.map(|key| {
            Shop::new(
                Gateway::new(client, gateway_url, key),
                receiver.clone(),
                public_url,
            )
        });
        Ok(Self {
            directory,
            issuer_backend,
            issuers,
            access_control: None,
            client: calling,
            results,
            phones,
            messages,
            processors,
            receiver,
            shop,
        })
    }
}

impl World {
    /// From now on an access control server answers for the cards that a bank registers with it.
    pub fn join(&mut self, service: AccessControl, bank: Bank) {
        let (client, results) = (self.client.clone(), self.results.clone());
        let link = AcsLink::new(service.clone(), client, results, self.messages.clone());
        self.directory.join(link);
        self.access_control = Some((service, bank));
    }

    /// The phone network: whose accounts its providers know, and what arrived.
    pub fn phones(&self) -> &PhoneNetwork {
        &self.phones
    }

    /// The bank's backend: how it is reached, and whom it knows.
    pub fn issuer_backend(&self) -> &IssuerBackend {
        &self.issuer_backend
    }
}

/// Every route of the sandbox.
pub fn router(world: World) -> Router {
    let faults = &world.processors.faults;
    let guarded = |router, target| faults::guard(router, faults.clone(), target);
    let bank_app = issuers::bank_app::router(world.issuers.clone(), world.access_control.clone());
    let access_control = world.access_control.map(|(service, _)| {
        // Only what belongs to a payment goes wrong: the bank and its providers find the service in order.
        let router = overhear(service.router(), world.messages.clone());
        faults::guard_below(router, faults.clone(), "acs", "/acs/3ds/")
    });
    let results = directory::acs::results_router(world.directory.clone());
    let issuers =
        issuers::challenge::router(world.issuers).merge(issuers::method::router(world.messages.clone()));
    let range_levers = directory::range_levers::router(world.directory.clone());
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/shop") }))
        .route("/health/ready", get(|| async { "ready\n" }))
        .merge(page::assets())
        .merge(guarded(directory::router(world.directory), "directory"))
        .merge(guarded(issuers, "acs"))
        .merge(access_control.unwrap_or_default())
        .merge(guarded(results, "results"))
        .merge(range_levers)
        .merge(bank_app)
        .merge(phone_network::router(world.phones))
        .merge(issuer_backend::router(world.issuer_backend))
        .merge(messages::router(world.messages))
        .merge(faults::router(faults.clone(), &processors::NAMES))
        .merge(ledger::router(world.processors.ledger.clone()))
        .merge(processors::router(&world.processors))
        .merge(receiver::router(world.receiver, faults.clone()))
        .merge(world.shop.map(shop::router).unwrap_or_default())
}

/// The directory servers' routes for their TLS port.
pub fn directory_router(world: &World) -> Router {
    let router = tls::router(world.directory.clone());
    faults::guard(router, world.processors.faults.clone(), "directory")
}

/// Serves the world until the listener fails.
///
/// # Errors
/// When connections can no longer be accepted.
pub async fn serve(listener: TcpListener, world: World) -> io::Result<()> {
    // Answers are small and whole: none of them waits for more to be sent.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    axum::serve(
        listener,
        router(world).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await
}

/// Why the world did not open.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    /// A file or the address.
    #[error("cannot {what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The HTTP client.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The gateway did not take the seeds; it has said why.
    #[error("`pasarela seed` ended with {0}")]
    Seeding(std::process::ExitStatus),
    /// The access control server.
    #[error(transparent)]
    AccessControl(#[from] access_control::NotOpened),
    /// The access control server did not take what the bank registers.
    #[error("the bank's cards were not registered: {0}")]
    Registering(#[from] CallFailed),
}

impl CannotOpen {
    fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}

/// Opens the world of `make run`: keys, seeds into the gateway, `sandbox.json`, and then every route on the sandbox's
/// address, served by a task of its own.
///
/// # Errors
/// See [`CannotOpen`].
pub async fn open(surroundings: &Surroundings) -> Result<Opened, Box<dyn Error + Send + Sync>> {
    let addresses = Addresses {
        gateway: format!("http://{}", surroundings.listen),
        admin: format!("http://{}", surroundings.admin_listen),
        sandbox: format!("http://{}", surroundings.sandbox_listen),
    };
    let listener = TcpListener::bind(surroundings.sandbox_listen)
        .await
        .map_err(CannotOpen::system("listen on the sandbox's address"))?;
    let tls_listener = TcpListener::bind(surroundings.sandbox_tls_listen)
        .await
        .map_err(CannotOpen::system("listen on the directory servers' address"))?;
    let centre_listener = TcpListener::bind(surroundings.sandbox_smpp_listen)
        .await
        .map_err(CannotOpen::system("listen on the short message centre's address"))?;
    let centre_address = centre_listener
        .local_addr()
        .map_err(CannotOpen::system("listen on the short message centre's address"))?;
    let tls_address = tls_listener
        .local_addr()
        .map_err(CannotOpen::system("listen on the directory servers' address"))?;
    let directory_url = format!("https://{tls_address}");
    let served_at = [tls_address, surroundings.results_listen];
    let certificates = Certificates::make(&served_at).map_err(CannotOpen::system("make certificates"))?;
    certificates
        .write(&surroundings.var)
        .map_err(CannotOpen::system("write the certificates"))?;
    let tls_listener = tls::TlsListener::new(tls_listener, &certificates)
        .map_err(CannotOpen::system("use the certificates"))?;
    let certificates = Arc::new(certificates);
    let sandbox_json = surroundings.var.join("sandbox.json");
    let keys = Keys::load_or_create(&sandbox_json).map_err(CannotOpen::system("read sandbox.json"))?;
    let mut seeds = seeds::seed_document(&addresses, &keys);
    certificates.into_seeds(&mut seeds, &directory_url);
    seed(surroundings, &seeds).await?;
    let mut document = seeds::sandbox_document(&addresses, &keys);
    document["tls"] = json!({
        "directory": directory_url,
        "results": format!("https://{}", surroundings.results_listen),
        "folder": certificates::folder(&surroundings.var),
    });
    seeds::write_privately(&sandbox_json, &document).map_err(CannotOpen::system("write sandbox.json"))?;
    let settings = WorldSettings {
        certificates: Some(certificates),
        directlink: Some(keys.directlink.clone()),
        ..WorldSettings::new(
            surroundings.sandbox_listen,
            addresses.gateway.clone(),
            keys.merchants(),
        )
    };
    let mut lines = announcement::lines(&settings, &sandbox_json);
    lines.push(format!("SMPP     short message centre at {centre_address}"));
    lines.push(format!(
        "3DS      directory servers at {directory_url}, mutual TLS both ways"
    ));
    let timers = settings.timers;
    let mut world = World::new(settings).map_err(CannotOpen::Client)?;
    let phones = world.phones().clone();
    let (service, bank) =
        open_access_control(surroundings, &addresses.sandbox, &keys, &timers, &phones).await?;
    world.join(service.clone(), bank.clone());
    let backend = world.issuer_backend().clone();
    tokio::spawn(async move {
        if let Err(error) = centre::serve(centre_listener, phones).await {
            tracing::error!(%error, "the short message centre no longer listens");
        }
    });
    let directory_router = directory_router(&world);
    tokio::spawn(async move {
        if let Err(error) = tls::serve(tls_listener, directory_router).await {
            tracing::error!(%error, "the directory servers no longer listen");
        }
    });
    tokio::spawn(async move {
        if let Err(error) = serve(listener, world).await {
            tracing::error!(%error, "the sandbox no longer listens");
        }
    });
    service
        .admit(&keys.issuer)
        .await
        .map_err(CannotOpen::Registering)?;
    access_control::seeds::register(&bank, &timers, &backend, &addresses.sandbox)
        .await
        .map_err(CannotOpen::Registering)?;
    Ok(Opened {
        gateway_environment: Vec::new(),
        lines,
    })
}

/// Opens the access control server, and the bank in front of it. Nothing is registered before its address is served.
async fn open_access_control(
    surroundings: &Surroundings,
    public_url: &str,
    keys: &Keys,
    timers: &Timers,
    phones: &PhoneNetwork,
) -> Result<(AccessControl, Bank), CannotOpen> {
    let centre = surroundings.sandbox_smpp_listen;
    let service = AccessControl::open(&access_control::Opening {
        database_url: &surroundings.database_url,
        key_file: &surroundings.var.join("acs.keys"),
        public_url,
        timers,
        admin_token: &keys.issuer.admin_token,
        providers: &phones.accounts().settings(public_url, centre),
    })
    .await?;
    let bank = Bank::new(reqwest::Client::new(), public_url, keys.issuer.key.clone());
    Ok((service, bank))
}

/// Hands the seeds to the gateway in a file that only we may read, and takes the file away again.
async fn seed(surroundings: &Surroundings, seeds: &Value) -> Result<(), CannotOpen> {
    let file = surroundings.var.join("seeds.json");
    seeds::write_privately(&file, seeds).map_err(CannotOpen::system("write seeds.json"))?;
    let path = file.display().to_string();
    let status = surroundings
        .gateway_command(&["seed", "--file", &path])
        .status()
        .await;
    std::fs::remove_file(&file).map_err(CannotOpen::system("remove seeds.json"))?;
    let status = status.map_err(CannotOpen::system("run `pasarela seed`"))?;
    if status.success() {
        Ok(())
    } else {
        Err(CannotOpen::Seeding(status))
    }
}
