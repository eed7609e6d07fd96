//! `pasarela serve`: everything, until it is asked to stop.

use super::Outcome;
use crate::{
    config::Config,
    telemetry,
    wiring::{self, Wired},
};
use api::server;
use orchestrator::{Gateway, flows::card_ranges::CardRangeSchedule};
use std::{io, time::Duration};
use store::{Store, schema::Schema};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

/// How long the start waits for the directory servers' card ranges. Whoever is slower is asked again while we serve, and
/// until it has answered its cards count as taking part.
const CARD_RANGES_PATIENCE: Duration = Duration::from_secs(10);
/// What the dispatcher needs after the last request to note its results.
const DISPATCHER_GRACE: Duration = Duration::from_secs(6);

/// Serves until SIGTERM or SIGINT; then takes no new requests, and lets those under way finish.
pub async fn run(config: &Config, migrate: bool) -> Outcome {
    // First of all, so that no signal comes before we listen for it.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let base = wiring::base(config)?;
    if migrate {
        base.store.migrate().await?;
    }
    schema_is_current(&base.store).await?;
    let wired = wiring::wire(config, base, telemetry::metrics()?)?;
    let card_ranges = card_ranges(&wired.gateway).await;
    let public = server::listen(config.http.listen).await?;
    let admin = server::listen(config.http.admin_listen).await?;
    tracing::info!(
        public = %public.local_addr()?, admin = %admin.local_addr()?, public_url = config.http.public_url,
        environment = config.environment.as_str(), "serving"
    );
    let (stop, stopping) = watch::channel(false);
    let mut running = Running::start(wired, card_ranges, [public, admin], &stopping);
    tokio::select! {
        _ = interrupt.recv() => tracing::info!("interrupted, stopping"),
        _ = terminate.recv() => tracing::info!("asked to stop, stopping"),
        ended = running.servers.join_next() => {
            return Err(format!("a server ended by itself: {ended:?}").into());
        }
    }
    stop.send_replace(true);
    running.finish(config.http.shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

struct Running {
    servers: JoinSet<io::Result<()>>,
    dispatcher: tokio::task::JoinHandle<()>,
    /// Loops that may be cut off anywhere: what they were at is a row that the next process takes up.
    loops: JoinSet<()>,
    gateway: Gateway,
}

impl Running {
    fn start(
        wired: Wired,
        card_ranges: CardRangeSchedule,
        [public, admin]: [TcpListener; 2],
        stopping: &watch::Receiver<bool>,
    ) -> Self {
        let gateway = wired.gateway.clone();
        let mut loops = JoinSet::new();
        loops.spawn(wired.telling);
        loops.spawn(wired.gateway.clone().listen_forever());
        loops.spawn(wired.gateway.clone().recover_forever());
        loops.spawn(wired.gateway.clone().sweep_forever());
        loops.spawn(wired.gateway.clone().threeds_due_forever());
        loops.spawn(wired.notices.run(stopped(stopping)));
        loops.spawn(wired.gateway.refresh_card_ranges_forever(card_ranges));
        let mut servers = JoinSet::new();
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
        let dispatcher = tokio::spawn(wired.dispatcher.run(stopped(stopping)));
        Self {
            servers,
            dispatcher,
            loops,
            gateway,
        }
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
        if tokio::time::timeout(DISPATCHER_GRACE, &mut self.dispatcher)
            .await
            .is_err()
        {
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
