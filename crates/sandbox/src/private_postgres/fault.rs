//! What can be wrong with a private cluster, in words for the terminal.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::lock::CannotLock;

/// Why there is no cluster. Each message is one line that can be shown as it is.
#[derive(Debug, thiserror::Error)]
pub enum PostgresFault {
    /// No server binaries were found.
    #[error("no PostgreSQL server in /usr/lib/postgresql or {}: run deploy/dev/install-postgres, or set DATABASE_URL", .extracted.display())]
    NotInstalled {
        /// Where an unprivileged installation would be.
        extracted: PathBuf,
    },
    /// The data was written by a major version that is not installed.
    #[error("{} was made by PostgreSQL {version}, which is not installed", .data.display())]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The major version that made it.
        version: String,
    },
    /// Root found no user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and neither `postgres` nor `nobody` is a user here: set DATABASE_URL"
    )]
    NoAccount,
    /// The user id we run under has no name, which PostgreSQL does not accept.
    #[error("user id {0} has no entry in the user database, which PostgreSQL needs: set DATABASE_URL")]
    NamelessUser(u32),
    /// The data is somebody else's.
    #[error("{} belongs to user id {owner}: an earlier run was started by that user or by root", .data.display())]
    NotOurs {
        /// The data folder.
        data: PathBuf,
        /// Who owns it.
        owner: u32,
    },
    /// No folder was found that the server's user can reach.
    #[error("the server's user {user} can reach none of {tried}")]
    NoPlace {
        /// The user the server would run as.
        user: String,
        /// The folders that were tried.
        tried: String,
    },
    /// Another process uses the cluster.
    #[error("another process is using this PostgreSQL cluster: {0}")]
    InUse(#[from] CannotLock),
    /// A file or folder could not be made, read or handed over.
    #[error("cannot {what} {}: {source}", .path.display())]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start {program}: {source}")]
    Program {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// `initdb` or the first start failed.
    #[error("{program} failed ({status}): {said}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line it wrote.
        said: String,
    },
    /// The server was started but is not ready in time.
    #[error("PostgreSQL is not ready after {} s; its log is {}", .waited.as_secs(), .log.display())]
    NotReady {
        /// How long we waited.
        waited: Duration,
        /// The server's log.
        log: PathBuf,
    },
}

impl PostgresFault {
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }
}
