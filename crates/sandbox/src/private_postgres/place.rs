//! Where a cluster's files are: a folder that the server's user can reach, and a socket path that is short enough.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::digest;

use super::account::Account;
use super::{Flavour, PostgresFault, open_log};
use crate::lock::Lock;

/// `sun_path` holds 108 bytes with the closing zero.
const SOCKET_PATH_MAX_BYTES: usize = 107;
/// What the server appends to the socket's folder.
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// The log of the last start is kept when it grew beyond this; what is older is not needed.
const LOG_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// Temporary folders of ours carry this in front.
const TEMPORARY_PREFIX: &str = "pasarela-pg-";
/// A temporary folder without a lock is swept when it is older than this; a younger one may be about to take it.
const SWEEP_AFTER: Duration = Duration::from_secs(60);

/// The folders of one cluster, locked for us.
#[derive(Debug)]
pub struct Place {
    base: PathBuf,
    socket: PathBuf,
    note: Option<String>,
    removed_at_end: bool,
    _lock: Lock,
}

impl Place {
    /// Chooses and makes the cluster's folder, and takes its lock.
    ///
    /// A throwaway cluster lives in the temporary folder. The others live in `var`, or where its parents stop the
    /// server's user, in a folder named after `var` below `/var/lib/pasarela` (root) or the temporary folder.
    ///
    /// # Errors
    /// When no folder will do, or another process uses the cluster.
    pub fn choose(flavour: Flavour, var: &Path, account: &Account) -> Result<Self, PostgresFault> {
        let (base, note) = match flavour {
            Flavour::Throwaway => (temporary_folder(account)?, None),
            Flavour::Durable => beside(var, "postgres", account)?,
            Flavour::Measured => beside(var, "postgres-measured", account)?,
        };
        let lock = Lock::take(&base.join("lock"))?;
        Ok(Self {
            socket: socket_folder(&base, account)?,
            base,
            note,
            removed_at_end: flavour != Flavour::Durable,
            _lock: lock,
        })
    }

    /// The folder that holds everything of this cluster but perhaps its socket.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Why the data is not in `var`, if it is not.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The server's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.base.join("server.log")
    }

    /// The folder of the server's socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn unfinished_data(&self) -> PathBuf {
        self.base.join("data.new")
    }

    pub(super) fn password(&self) -> PathBuf {
        self.base.join("password")
    }

    /// Opens the log, with the previous one put aside when it has grown.
    pub(super) fn fresh_log(&self) -> Result<File, PostgresFault> {
        let path = self.log();
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_MAX_BYTES) {
            fs::rename(&path, self.base.join("server.log.old"))
                .map_err(PostgresFault::file("rename", &path))?;
        }
        open_log(&path).map_err(PostgresFault::file("write", &path))
    }

    /// Removes what does not outlive the run. What cannot be removed is swept by a later run.
    pub(super) fn leave(&self) {
        if !self.socket.starts_with(&self.base) {
            let _ = fs::remove_dir_all(&self.socket);
        }
        if self.removed_at_end {
            let _ = fs::remove_dir_all(&self.base);
        }
    }
}

fn beside(var: &Path, name: &str, account: &Account) -> Result<(PathBuf, Option<String>), PostgresFault> {
    make_passable(var)?;
    let var = fs::canonicalize(var).map_err(PostgresFault::file("find", var))?;
    if account.can_pass(&var) {
        let base = var.join(name);
        make_passable(&base)?;
        return Ok((base, None));
    }
    let mark = mark_of(&var);
    let parent = match account {
        Account::Other { .. } => PathBuf::from("/var/lib/pasarela"),
        Account::Ourselves { uid } => std::env::temp_dir().join(format!("pasarela-{uid}")),
    };
    make_passable(&parent)?;
    refuse_strangers_folder(&parent)?;
    let folder = parent.join(mark);
    make_passable(&folder)?;
    let base = folder.join(name);
    make_passable(&base)?;
    if !account.can_pass(&base) {
        let tried = format!("{} and {}", var.display(), base.display());
        return Err(PostgresFault::NoPlace {
            user: account.label(),
            tried,
        });
    }
    let note = format!(
        "PostgreSQL's data is in {} since its user {} cannot reach {}",
        base.display(),
        account.label(),
        var.display()
    );
    Ok((base, Some(note)))
}

/// A new folder in the first temporary folder that the server's user can reach.
fn temporary_folder(account: &Account) -> Result<PathBuf, PostgresFault> {
    let parents = [
        std::env::temp_dir(),
        PathBuf::from("/tmp"),
        PathBuf::from("/var/tmp"),
    ];
    for parent in &parents {
        let usable = account.can_pass(parent);
        if let Some(folder) = usable.then(|| new_folder(parent).ok()).flatten() {
            sweep(parent);
            return Ok(folder);
        }
    }
    let tried = parents
        .iter()
        .map(|parent| parent.display().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    Err(PostgresFault::NoPlace {
        user: account.label(),
        tried,
    })
}

/// A folder with a name nobody can foresee; made, not found, so that nobody else's can be slipped in.
fn new_folder(parent: &Path) -> std::io::Result<PathBuf> {
    let mut random = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| std::io::Error::other("no randomness"))?;
    let folder = parent.join(format!("{TEMPORARY_PREFIX}{:016x}", u64::from_le_bytes(random)));
    DirBuilder::new().mode(0o711).create(&folder)?;
    Ok(folder)
}

/// Removes our temporary folders whose run was killed: their locks are free.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let us = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let old = metadata
            .modified()
            .ok()
            .and_then(|at| at.elapsed().ok())
            .is_some_and(|age| age > SWEEP_AFTER);
        let ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) && metadata.uid() == us;
        if old && ours && metadata.is_dir() && Lock::take(&entry.path().join("lock")).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The socket's folder: inside the cluster's where its path is short enough, else a temporary one.
fn socket_folder(base: &Path, account: &Account) -> Result<PathBuf, PostgresFault> {
    let inside = base.join("socket");
    if fits_a_socket(&inside) {
        return Ok(inside);
    }
    temporary_folder(account)
}

fn fits_a_socket(folder: &Path) -> bool {
    folder.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_MAX_BYTES
}

/// Makes a folder that others may pass through but not list; one that is there already stays as it is.
fn make_passable(folder: &Path) -> Result<(), PostgresFault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(folder)
        .map_err(PostgresFault::file("make", folder))
}

/// A folder below a temporary folder that everybody can write to may have been put there by somebody else.
fn refuse_strangers_folder(folder: &Path) -> Result<(), PostgresFault> {
    let owner = fs::symlink_metadata(folder)
        .map_err(PostgresFault::file("look at", folder))?
        .uid();
    if owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(PostgresFault::NotOurs {
        data: folder.to_owned(),
        owner,
    })
}

/// A short name for a checkout's `var` that stays the same from run to run.
fn mark_of(var: &Path) -> String {
    let hash = digest::digest(&digest::SHA256, var.as_os_str().as_encoded_bytes());
    hash.as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_is_refused_from_the_first_byte_too_many() {
        let longest = SOCKET_PATH_MAX_BYTES - SOCKET_NAME.len() - 1;
        assert!(fits_a_socket(Path::new(&format!("/{}", "x".repeat(longest - 1)))));
        assert!(!fits_a_socket(Path::new(&format!("/{}", "x".repeat(longest)))));
    }

    #[test]
    fn a_checkout_keeps_its_mark() {
        assert_eq!(mark_of(Path::new("/a/var")), mark_of(Path::new("/a/var")));
        assert_ne!(mark_of(Path::new("/a/var")), mark_of(Path::new("/b/var")));
        assert_eq!(mark_of(Path::new("/a/var")).len(), 16);
    }
}
