//! A PostgreSQL cluster of our own: found, made, started, stopped, and recovered after a crash.
//!
//! The server is a child process that listens on a Unix socket only, in a folder nobody else can enter. Since
//! PostgreSQL refuses to run as root, root runs it as user `postgres`. Read in this order:
//! [`installation`] (which binaries), [`account`] (as whom), [`place`] (where), [`leftover`] (what a killed run left
//! behind), [`making`] (how a new one comes about); this file puts them together. Nothing here needs a database client: the server's own pid file says when
//! it is ready.

pub mod account;
mod fault;
pub mod installation;
mod leftover;
mod making;
pub mod place;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use self::account::Account;
pub use self::fault::PostgresFault;
use self::installation::Installation;
use self::making::{make_cluster, remove_folder};
use self::place::Place;
use crate::child::{Child, Signal};

/// Name of the cluster's superuser and of the database it comes with.
const NAME: &str = "pasarela";
/// A crash recovery of a large cluster may take this long; a clean start takes a fifth of a second.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// After the server was killed its lock may stay for a moment: its last processes are still leaving.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(5);
/// What a fast shutdown may take; it writes a checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// What the server may take after that, when it is told to leave everything as it is.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);

/// What the cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Keeps its data from run to run and loses nothing in a crash.
    Durable,
    /// As durable, but fresh, and removed when stopped: for measurements.
    Measured,
    /// Fresh, removed when stopped, and free to lose everything in a crash: for tests.
    Throwaway,
}

/// A running cluster. Dropping it stops it, but [`PrivatePostgres::stop`] says so in the code.
#[derive(Debug)]
pub struct PrivatePostgres {
    flavour: Flavour,
    installation: Installation,
    account: Account,
    place: Place,
    database_url: String,
    server: Child,
}

impl PrivatePostgres {
    /// Starts the cluster that belongs to the working folder `var`: of the `Durable` flavour the one that is there
    /// already, if one is. Blocks until the server takes connections.
    ///
    /// # Errors
    /// See [`PostgresFault`]; nothing is left running.
    pub fn start(flavour: Flavour, var: &Path) -> Result<Self, PostgresFault> {
        let account = Account::for_new_cluster()?;
        let place = Place::choose(flavour, var, &account)?;
        let account = account.or_owner_of(&place.data())?;
        let installation = Installation::find(var, &place.data())?;
        if flavour != Flavour::Durable && place.data().exists() {
            // Left by a run that was killed before it could tidy up, whose server may still be leaving.
            leftover::clear(&place.data(), STOP_PATIENCE)?;
            remove_folder(&place.data())?;
        }
        if !place.data().exists() {
            make_cluster(flavour, &installation, &account, &place)?;
        }
        let password = match flavour {
            Flavour::Throwaway => None,
            Flavour::Durable | Flavour::Measured => Some(read(&place.password())?),
        };
        let database_url = database_url(password.as_deref(), place.socket());
        let server = start_server(flavour, &installation, &account, &place)?;
        Ok(Self {
            flavour,
            installation,
            account,
            place,
            database_url,
            server,
        })
    }

    /// Where to connect, with the password if there is one. Understood by sqlx and by libpq (`psql "$DATABASE_URL"`).
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Where data, password and log are, and why not in `var` when they are not.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Process id of the server, for measurements of what it and its children use.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// Resolves when the server has ended without being asked to.
    pub async fn ended(&self) -> Option<ExitStatus> {
        self.server.ended().await
    }

    /// Starts the server again after it ended, at the same address.
    ///
    /// # Errors
    /// As [`PrivatePostgres::start`].
    pub fn restart(&mut self) -> Result<(), PostgresFault> {
        self.shut_down();
        self.server = start_server(self.flavour, &self.installation, &self.account, &self.place)?;
        Ok(())
    }

    /// Stops the server, waiting until it is gone, and removes the data unless it is of the `Durable` flavour.
    pub fn stop(self) {
        drop(self);
    }

    fn shut_down(&self) {
        let stopped = match self.flavour {
            // "Fast": cuts the connections off, writes a checkpoint, leaves.
            Flavour::Durable | Flavour::Measured => self.server.stop(Signal::INT, STOP_PATIENCE),
            Flavour::Throwaway => false,
        };
        // "Immediate": leaves as in a crash; the next start recovers. Killing comes last since it orphans the backends.
        if !stopped && !self.server.stop(Signal::QUIT, QUIT_PATIENCE) {
            let _ = self.server.stop(Signal::KILL, QUIT_PATIENCE);
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.shut_down();
        self.place.leave();
    }
}

/// Starts the server and waits until it is ready, for a few seconds again and again while a killed predecessor's last
/// processes still hold the cluster.
fn start_server(
    flavour: Flavour,
    installation: &Installation,
    account: &Account,
    place: &Place,
) -> Result<Child, PostgresFault> {
    leftover::clear(&place.data(), STOP_PATIENCE)?;
    let give_up = Instant::now() + LEFTOVER_PATIENCE;
    loop {
        match start_server_once(flavour, installation, account, place) {
            Err(PostgresFault::Failed { said, .. })
                if leftover::is_to_blame(&said) && Instant::now() < give_up =>
            {
                thread::sleep(Duration::from_millis(200));
                leftover::clear(&place.data(), STOP_PATIENCE)?;
            }
            outcome => return outcome,
        }
    }
}

fn start_server_once(
    flavour: Flavour,
    installation: &Installation,
    account: &Account,
    place: &Place,
) -> Result<Child, PostgresFault> {
    account.make_folder(place.socket())?;
    let log = place.fresh_log()?;
    let also_log = log
        .try_clone()
        .map_err(PostgresFault::file("write", &place.log()))?;

    let mut command = account.command(installation, "postgres");
    command.arg("-D").arg(place.data());
    for setting in settings(flavour, place.socket()) {
        command.arg("-c").arg(setting);
    }
    command.stdin(Stdio::null()).stdout(log).stderr(also_log);
    let server = Child::spawn(command).map_err(|source| PostgresFault::Program {
        program: "setpriv postgres".to_owned(),
        source,
    })?;

    let deadline = Instant::now() + START_PATIENCE;
    loop {
        if is_ready(&place.data(), server.process_id()) {
            return Ok(server);
        }
        if let Some(status) = server.status() {
            let said = reason_in_log(&place.log());
            return Err(PostgresFault::Failed {
                program: "postgres".to_owned(),
                status,
                said,
            });
        }
        if Instant::now() >= deadline {
            let _ = server.stop(Signal::QUIT, QUIT_PATIENCE) || server.stop(Signal::KILL, QUIT_PATIENCE);
            return Err(PostgresFault::NotReady {
                waited: START_PATIENCE,
                log: place.log(),
            });
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn settings(flavour: Flavour, socket: &Path) -> Vec<OsString> {
    // The setting is a list, in which quotes make a comma or a space part of the name.
    let mut folder = OsString::from("unix_socket_directories=\"");
    folder.push(socket);
    folder.push("\"");
    let mut settings = vec![
        OsString::from("listen_addresses="),
        folder,
        "unix_socket_permissions=0700".into(),
    ];
    let more: &[&str] = match flavour {
        Flavour::Durable | Flavour::Measured => &[],
        Flavour::Throwaway => &[
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=200",
        ],
    };
    settings.extend(more.iter().map(OsString::from));
    settings
}

/// The eighth line of the server's pid file is its state; `ready` is what `pg_ctl -w` waits for, too.
fn is_ready(data: &Path, process_id: u32) -> bool {
    let Ok(pid_file) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let mut lines = pid_file.lines();
    lines
        .next()
        .is_some_and(|line| line.trim() == process_id.to_string())
        && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

fn database_url(password: Option<&str>, socket: &Path) -> String {
    let password = password
        .map(|password| format!(":{password}"))
        .unwrap_or_default();
    let encoded = url::form_urlencoded::byte_serialize(socket.as_os_str().as_encoded_bytes())
        // That is the encoding of forms, where a space is `+`; in a connection URL it is not.
        .map(|part| part.replace('+', "%20"))
        .collect::<String>();
    format!("postgres://{NAME}{password}@localhost/{NAME}?host={encoded}")
}

fn read(path: &Path) -> Result<String, PostgresFault> {
    fs::read_to_string(path).map_err(PostgresFault::file("read", path))
}

/// The line of the log that says why the server gave up.
fn reason_in_log(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .rev()
        .find(|line| line.contains("FATAL") || line.contains("PANIC"))
        .map_or_else(|| last_line(&text), |line| line.trim().to_owned())
}

fn last_line(text: &str) -> String {
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing")
        .trim()
        .to_owned()
}

/// Opens the server's log for appending.
fn open_log(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_socket_folder_and_survives_odd_paths() {
        let url = database_url(Some("pw"), Path::new("/var/lib/a b+c/sock"));
        assert_eq!(
            url,
            "postgres://pasarela:pw@localhost/pasarela?host=%2Fvar%2Flib%2Fa%20b%2Bc%2Fsock"
        );
    }

    #[test]
    fn without_a_password_the_url_has_none() {
        assert_eq!(
            database_url(None, Path::new("/s")),
            "postgres://pasarela@localhost/pasarela?host=%2Fs"
        );
    }

    #[test]
    fn only_the_throwaway_flavour_gives_up_durability() {
        let socket = Path::new("/s");
        let unsafe_settings = |flavour| {
            settings(flavour, socket)
                .iter()
                .filter(|s| s.to_string_lossy().ends_with("=off"))
                .count()
        };
        assert_eq!(unsafe_settings(Flavour::Durable), 0);
        assert_eq!(unsafe_settings(Flavour::Measured), 0);
        assert_eq!(unsafe_settings(Flavour::Throwaway), 3);
    }
}
