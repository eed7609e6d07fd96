//! Making a cluster, and removing one that is not to be kept.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::account::Account;
use super::installation::Installation;
use super::place::Place;
use super::{Flavour, LEFTOVER_PATIENCE, NAME, PostgresFault, last_line};
use crate::child::wait_until;

/// Makes the cluster beside its final name and renames it when it is whole, so that a run killed in the middle leaves
/// nothing that looks like a cluster.
pub(super) fn make_cluster(
    flavour: Flavour,
    installation: &Installation,
    account: &Account,
    place: &Place,
) -> Result<(), PostgresFault> {
    let unfinished = place.unfinished_data();
    remove_folder(&unfinished)?;
    account.make_folder(&unfinished)?;

    let mut initdb = account.command(installation, "initdb");
    initdb.arg("-D").arg(&unfinished).args([
        "-U",
        NAME,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]);
    match flavour {
        Flavour::Durable | Flavour::Measured => {
            write_password(account, &place.password())?;
            initdb
                .args(["-A", "scram-sha-256", "--data-checksums", "--pwfile"])
                .arg(place.password());
        }
        // The socket's folder lets in only the server's user and root: what a password would add is the time that
        // hashing takes on each of a test run's thousands of connections.
        Flavour::Throwaway => {
            initdb.args(["-A", "trust", "--no-sync"]);
        }
    }
    run_to_the_end("initdb", initdb, "")?;

    let mut single = account.command(installation, "postgres");
    single
        .arg("--single")
        .arg("-D")
        .arg(&unfinished)
        .args(["-c", "fsync=off", "postgres"]);
    run_to_the_end("postgres --single", single, &format!("CREATE DATABASE {NAME}\n"))?;

    fs::rename(&unfinished, place.data()).map_err(PostgresFault::file("rename", &unfinished))
}

/// Removes a folder into which a process that is on its way out may still write.
pub(super) fn remove_folder(folder: &Path) -> Result<(), PostgresFault> {
    let mut fault = None;
    let gone = wait_until(LEFTOVER_PATIENCE, || {
        fault = fs::remove_dir_all(folder)
            .err()
            .filter(|error| error.kind() != io::ErrorKind::NotFound);
        fault.is_none()
    });
    match fault {
        Some(error) if !gone => Err(PostgresFault::file("remove", folder)(error)),
        _ => Ok(()),
    }
}

fn write_password(account: &Account, path: &Path) -> Result<(), PostgresFault> {
    let mut random = [0_u8; 24];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| PostgresFault::file("make a password for", path)(io::Error::other("no randomness")))?;
    // No `=`, `+` or `/` in this alphabet, so that it stands in a URL as it is.
    let password = URL_SAFE_NO_PAD.encode(random);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(PostgresFault::file("write", path))?;
    file.write_all(password.as_bytes())
        .map_err(PostgresFault::file("write", path))?;
    account.give(path)
}

fn run_to_the_end(name: &str, mut command: Command, input: &str) -> Result<(), PostgresFault> {
    let no_start = |source| PostgresFault::Program {
        program: name.to_owned(),
        source,
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(no_start)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended without reading says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(no_start)?;
    if output.status.success() {
        return Ok(());
    }
    let said = last_line(&String::from_utf8_lossy(&output.stderr));
    Err(PostgresFault::Failed {
        program: name.to_owned(),
        status: output.status,
        said,
    })
}
