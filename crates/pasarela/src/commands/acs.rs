//! `pasarela acs`: the access control server by itself, until it is asked to stop.

mod administration;

use super::{Outcome, say};
use crate::config::acs::AcsConfig;
use crate::telemetry;
use acs::clock::{Clock, SystemClock};
use acs::keys::Keys;
use acs::service::Parts;
use acs::sms::providers::Providers;
use acs::store::Store;
use acs::{Acs, Settings};
use api::server;
use std::sync::Arc;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

/// Serves, unless something else is said.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AcsCommand {
    #[command(flatten)]
    first: First,
    #[command(subcommand)]
    instead: Option<administration::Administration>,
}

/// What it is to do first.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct First {
    /// Brings the schema `acs` of the database to the newest version.
    #[arg(long)]
    migrate: bool,
    /// Makes the key file where there is none.
    #[arg(long)]
    create_keys: bool,
}

/// Does what is said.
pub async fn run(config: AcsConfig, command: AcsCommand) -> Outcome {
    match command.instead {
        Some(instead) => administration::run(config, instead).await,
        None => serve(config, command.first).await,
    }
}

/// Serves until SIGTERM or SIGINT; then takes no new requests, and lets those under way finish.
async fn serve(config: AcsConfig, first: First) -> Outcome {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let AcsConfig {
        listen,
        operation_listen,
        settings,
        ..
    } = &config;
    let (listen, operation_listen) = (*listen, *operation_listen);
    let Settings {
        production,
        public_url,
        ..
    } = settings.clone();
    let keys = if first.create_keys && !config.key_file.exists() {
        say(&format!("making {}", config.key_file.display()));
        Keys::create(&config.key_file)?
    } else {
        Keys::read(&config.key_file)?
    };
    let store = Store::connect(config.database_url.reveal(), config.max_connections)?;
    if first.migrate {
        store.migrate().await?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let acs = Acs::new(Parts {
        store,
        keys,
        providers: Providers::open(&config.providers, &clock, production)?,
        clock,
        settings: config.settings,
    })?;
    let metrics = telemetry::metrics()?;
    let operation = acs.operation_router(move || metrics.render());
    let (public, operation_listener) = (
        server::listen(listen).await?,
        server::listen(operation_listen).await?,
    );
    tracing::info!(public = %public.local_addr()?, operation = %operation_listener.local_addr()?, public_url, "serving");
    let (stop, stopping) = watch::channel(false);
    let workers = acs.spawn_workers();
    let mut servers = JoinSet::new();
    servers.spawn(server::serve(public, acs.router(), stopped(&stopping)));
    servers.spawn(server::serve(operation_listener, operation, stopped(&stopping)));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        ended = servers.join_next() => return Err(format!("a server ended by itself: {ended:?}").into()),
    }
    tracing::info!("asked to stop, stopping");
    stop.send_replace(true);
    while servers.join_next().await.is_some() {}
    workers.stop().await;
    tracing::info!("stopped");
    Ok(())
}

fn stopped(stopping: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stopping = stopping.clone();
    async move {
        // The sender lives as long as the command; its end would be a reason to stop too.
        let _ = stopping.wait_for(|stop| *stop).await;
    }
}
