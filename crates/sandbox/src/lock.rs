//! One holder at a time: a locked file that also says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Holds the lock until dropped, or until the process ends in whatever way: the kernel lets go of it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CannotLock {
    /// Another process holds it.
    #[error("process {holder} holds {path}")]
    Held {
        /// The process id the holder wrote into the file, or `?`.
        holder: String,
        /// The lock file.
        path: PathBuf,
    },
    /// The file cannot be opened, written or locked.
    #[error("cannot use the lock file {path}: {source}")]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock at `path`, making the file if need be.
    ///
    /// # Errors
    /// [`CannotLock::Held`] at once when somebody else holds it; it never waits.
    pub fn take(path: &Path) -> Result<Self, CannotLock> {
        let fault = |source| CannotLock::File {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // A holder that cannot be read still holds the lock.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() {
                    "?"
                } else {
                    holder.trim()
                }
                .to_owned();
                return Err(CannotLock::Held {
                    holder,
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(fault(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(fault)?;
        writeln!(file, "{}", std::process::id()).map_err(fault)?;
        Ok(Self { _file: file })
    }
}
