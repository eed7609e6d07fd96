//! What can go wrong in a run, in words for the terminal.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::deaths::DEATHS_MAX;
use crate::lock::CannotLock;
use crate::private_postgres::PostgresFault;

/// Why the run ended before it was stopped. Each message is one line that can be shown as it is.
#[derive(Debug, thiserror::Error)]
pub enum RunFault {
    /// Another run uses the same working folder.
    #[error("another run (process {holder}) is going in {}: stop it first, or set PASARELA_VAR and the ports for a second one", .var.display())]
    AlreadyRunning {
        /// Its process id.
        holder: String,
        /// The working folder.
        var: PathBuf,
    },
    /// The working folder cannot be locked.
    #[error(transparent)]
    Lock(CannotLock),
    /// Another program listens where we should.
    #[error("cannot listen on {address} ({source}): stop what listens there, or set {variable}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The setting that changes it.
        variable: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no database.
    #[error(transparent)]
    Postgres(#[from] PostgresFault),
    /// The gateway's program is missing.
    #[error("there is no gateway program {}: build it with `cargo build -p pasarela`", .0.display())]
    NoGateway(PathBuf),
    /// `pasarela migrate` or `pasarela keys init` failed.
    #[error("`pasarela {what}` ended with {status}; what it said is above")]
    Preparation {
        /// The subcommand.
        what: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The world could not be opened.
    #[error("the sandbox could not be started: {0}")]
    World(Box<dyn Error + Send + Sync>),
    /// The gateway ended before it was ready for the first time.
    #[error("the gateway ended before it was ready ({0}); what it said is above")]
    GatewayDied(String),
    /// The gateway is running but does not become ready.
    #[error("the gateway is not ready after {} s", .0.as_secs())]
    GatewayNotReady(Duration),
    /// A child died again and again.
    #[error("{0} died {DEATHS_MAX} times within a minute: giving up")]
    DiesAgainAndAgain(&'static str),
    /// A file, folder, signal or process could not be had.
    #[error("cannot {what}: {source}")]
    System {
        /// What was to be done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

impl RunFault {
    pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
