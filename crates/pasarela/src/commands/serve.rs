//! `pasarela serve`: everything, until it is asked to stop.

use super::Outcome;
use crate::{
    config::{Config, Results},
    telemetry,
    wiring::{self, Base, ResultsFace, Wired},
};
use api::{
    results::{listener::TlsListener, served::Keeper},
    server,
};
use orchestrator::{Gateway, flows::card_ranges::CardRangeSchedule};
use std::{io, sync::Arc, time::Duration};
use store::{Store, schema::Schema};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
    task::JoinSet,
};

/// How long the start waits for the directory servers' card ranges. Whoever is slower is asked again while we serve, and
/// until it has answered its cards count as taking part.
const CARD_RANGES_PATIENCE: Duration = Duration::from_secs(10);
/// What the tellers need after the last request to note their results.
const TELLERS_GRACE: Duration = Duration::from_secs(6);

/// Serves until SIGTERM or SIGINT; then takes no new requests, and lets those under way finish. SIGHUP reads the results
/// listener's certificates again.
pub async fn run(config: &Config, migrate: bool) -> Outcome {
    // First of all, so that no signal comes before we listen for it.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let base = wiring::base(config)?;
    if migrate {
        base.store.migrate().await?;
    }
    schema_is_current(&base.store).await?;
    let (results, face) = results(config, &base).await?;
    let wired = wiring::wire(config, base, telemetry::metrics()?, &face)?;
    let card_ranges = card_ranges(&wired.gateway).await;
    let public = server::listen(config.http.listen).await?;
    let admin = server::listen(config.http.admin_listen).await?;
    tracing::info!(
        public = %public.local_addr()?, admin = %admin.local_addr()?, public_url = config.http.public_url,
        results_url = face.url, environment = config.environment.as_str(), "serving"
    );
    let (stop, stopping) = watch::channel(false);
    let mut running = Running::start(wired, card_ranges, [public, admin], results, &stopping)?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => {
                tracing::info!("interrupted, stopping");
                break;
            }
            _ = terminate.recv() => {
                tracing::info!("asked to stop, stopping");
                break;
            }
            _ = hang_up.recv() => {
                tracing::info!("asked to read the certificates again");
                running.reload.notify_one();
            }
            ended = running.servers.join_next() => {
                return Err(format!("a server ended by itself: {ended:?}").into());
            }
        }
    }
    stop.send_replace(true);
    running.finish(config.http.shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

/// The results listener, bound and with its certificates read, where there is one; and where the receiver is found.
async fn results(
    config: &Config,
    base: &Base,
) -> Result<(Option<(TcpListener, Keeper)>, ResultsFace), Box<dyn std::error::Error>> {
    let on_public = |public| ResultsFace {
        url: config.http.public_url.clone(),
        public,
    };
    let listener = match &config.results {
        Results::Listener(listener) => listener,
        Results::Public => return Ok((None, on_public(true))),
        Results::Nowhere => {
            tracing::warn!("no results listener is set: challenges will end without their result");
            return Ok((None, on_public(false)));
        }
    };
    let servers = base.configuration.directory_servers().await?;
    let keeper = Keeper::new(listener.files.clone(), &servers).await?;
    let bound = server::listen(listener.listen).await?;
    let url = match &listener.public_url {
        Some(url) => url.clone(),
        None => format!("https://{}", bound.local_addr()?),
    };
    Ok((Some((bound, keeper)), ResultsFace { url, public: false }))
}

struct Running {
    /// Has the results listener's certificates read again.
    reload: Arc<Notify>,
    servers: JoinSet<io::Result<()>>,
    /// What tells merchants' servers, each kind of message in a loop of its own.
    tellers: JoinSet<()>,
    /// Loops that may be cut off anywhere: what they were at is a row that the next process takes up.
    loops: JoinSet<()>,
    gateway: Gateway,
}

impl Running {
    fn start(
        wired: Wired,
        card_ranges: CardRangeSchedule,
        [public, admin]: [TcpListener; 2],
        results: Option<(TcpListener, Keeper)>,
        stopping: &watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let gateway = wired.gateway.clone();
        let reload = Arc::new(Notify::new());
        let mut loops = JoinSet::new();
        loops.spawn(wired.telling);
        loops.spawn(wired.gateway.clone().listen_forever());
        loops.spawn(wired.gateway.clone().recover_forever());
        loops.spawn(wired.gateway.clone().sweep_forever());
        loops.spawn(wired.gateway.clone().threeds_due_forever());
        loops.spawn(wired.notices.run(stopped(stopping)));
        loops.spawn(wired.gateway.refresh_card_ranges_forever(card_ranges));
        loops.spawn(gateway.clone().watch_certificates_forever());
        let mut servers = JoinSet::new();
        if let Some((listener, keeper)) = results {
            let router = api::results_router(Arc::new(gateway.clone()), keeper.served());
            let listener = TlsListener::new(listener, keeper.served())?;
            servers.spawn(server::serve_results(listener, router, stopped(stopping)));
            loops.spawn(keeper.keep_forever(gateway.clone(), Arc::clone(&reload)));
        }
        servers.spawn(server::serve(
            public,
            api::public_router(wired.public),
            stopped(stopping),
        ));
        servers.spawn(server::serve(
            admin,
            api::admin::admin_router(wired.admin),
            stopped(stopping),
        ));
        let mut tellers = JoinSet::new();
        tellers.spawn(wired.dispatcher.run(stopped(stopping)));
        tellers.spawn(wired.feedback.run(stopped(stopping)));
        Ok(Self {
            reload,
            servers,
            tellers,
            loops,
            gateway,
        })
    }

    /// Waits for requests and deliveries under way, and cuts off what takes longer.
    async fn finish(&mut self, within: Duration) {
        let requests = async {
            while self.servers.join_next().await.is_some() {}
            self.gateway.flows_finished().await;
        };
        if tokio::time::timeout(within, requests).await.is_err() {
            tracing::warn!("requests or payments under way were cut off");
        }
        let told = async { while self.tellers.join_next().await.is_some() {} };
        if tokio::time::timeout(TELLERS_GRACE, told).await.is_err() {
            tracing::warn!("webhooks on their way were cut off and will be sent again");
        }
        self.loops.shutdown().await;
    }
}

/// The card ranges as far as they are to be had now.
async fn card_ranges(gateway: &Gateway) -> CardRangeSchedule {
    match tokio::time::timeout(CARD_RANGES_PATIENCE, gateway.load_card_ranges()).await {
        Ok(Ok(schedule)) => schedule,
        Ok(Err(fault)) => {
            fault.logged();
            CardRangeSchedule::default()
        }
        Err(_) => {
            tracing::warn!("serving without the card ranges of every directory server");
            CardRangeSchedule::default()
        }
    }
}

fn stopped(stopping: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stopping = stopping.clone();
    async move {
        // The sender lives as long as the command; its end would be a reason to stop too.
        let _ = stopping.wait_for(|stop| *stop).await;
    }
}

async fn schema_is_current(store: &Store) -> Outcome {
    match store.schema().await? {
        Schema::Current => Ok(()),
        Schema::Behind(versions) => Err(format!(
            "the database lacks {} migrations: run `pasarela migrate`, or start with `--migrate`",
            versions.len()
        )
        .into()),
        Schema::Differs(version) => {
            Err(format!("migration {version} in the database is another one than this program's").into())
        }
    }
}
