//! As whom the server runs: PostgreSQL refuses root.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use super::PostgresFault;
use super::installation::Installation;

/// The user the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// The user who runs us.
    Ourselves {
        /// Our user id.
        uid: u32,
    },
    /// Another user, which only root can ask for.
    Other {
        /// Name in the user database; `setpriv --init-groups` wants one.
        name: String,
        /// User id.
        uid: u32,
        /// Main group's id.
        gid: u32,
    },
}

impl Account {
    /// Who should own a new cluster: ourselves or, for root, `postgres` or else `nobody`.
    ///
    /// # Errors
    /// When PostgreSQL would not run as any of them.
    pub fn for_new_cluster() -> Result<Self, PostgresFault> {
        let uid = rustix::process::geteuid();
        if uid.is_root() {
            return named("postgres")
                .or_else(|| named("nobody"))
                .ok_or(PostgresFault::NoAccount);
        }
        let uid = uid.as_raw();
        match named(&uid.to_string()) {
            Some(_) => Ok(Self::Ourselves { uid }),
            None => Err(PostgresFault::NamelessUser(uid)),
        }
    }

    /// The owner of `data` where it exists: whoever made a cluster goes on running it.
    ///
    /// # Errors
    /// When the owner is somebody whom we may not become.
    pub fn or_owner_of(self, data: &Path) -> Result<Self, PostgresFault> {
        let Ok(metadata) = fs::metadata(data) else {
            return Ok(self);
        };
        let owner = metadata.uid();
        if owner == self.uid() {
            return Ok(self);
        }
        let not_ours = || PostgresFault::NotOurs {
            data: data.to_owned(),
            owner,
        };
        match self {
            Self::Ourselves { .. } => Err(not_ours()),
            Self::Other { .. } if owner == 0 => Err(not_ours()),
            Self::Other { .. } => named(&owner.to_string()).ok_or_else(not_ours),
        }
    }

    /// The user id.
    #[must_use]
    pub fn uid(&self) -> u32 {
        match self {
            Self::Ourselves { uid } | Self::Other { uid, .. } => *uid,
        }
    }

    /// The user as messages name it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Ourselves { uid } => format!("with id {uid}"),
            Self::Other { name, .. } => name.clone(),
        }
    }

    /// One of the server's programs, run as this user in an environment that has only what it needs. It is told to
    /// shut down when we die.
    #[must_use]
    pub fn command(&self, installation: &Installation, program: &str) -> Command {
        let mut command = self.privileges(Some("INT"));
        command
            .arg("--")
            .arg(installation.program(program))
            .env_clear()
            .env("PATH", installation.search_path())
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/");
        if let Some(libraries) = installation.libraries() {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    /// Whether this user may pass through `folder` and all its parents. Asking by doing covers mode bits, access
    /// lists and mounts alike.
    #[must_use]
    pub fn can_pass(&self, folder: &Path) -> bool {
        let mut test = self.privileges(None);
        test.args(["--", "test", "-x"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        test.current_dir("/")
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Makes a folder that only this user (and root) can enter; one that is there already is handed over.
    ///
    /// # Errors
    /// [`PostgresFault::File`].
    pub fn make_folder(&self, folder: &Path) -> Result<(), PostgresFault> {
        if !folder.is_dir() {
            DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .map_err(PostgresFault::file("make", folder))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(PostgresFault::file("close to others", folder))?;
        self.give(folder)
    }

    /// Hands a file or folder over to this user.
    ///
    /// # Errors
    /// [`PostgresFault::File`].
    pub fn give(&self, path: &Path) -> Result<(), PostgresFault> {
        match self {
            Self::Ourselves { .. } => Ok(()),
            Self::Other { uid, gid, .. } => {
                chown(path, Some(*uid), Some(*gid)).map_err(PostgresFault::file("hand over", path))
            }
        }
    }

    fn privileges(&self, parent_death_signal: Option<&str>) -> Command {
        let mut command = Command::new("setpriv");
        if let Some(signal) = parent_death_signal {
            command.args(["--pdeathsig", signal]);
        }
        if let Self::Other { name, gid, .. } = self {
            command
                .arg(format!("--reuid={name}"))
                .arg(format!("--regid={gid}"))
                .arg("--init-groups");
        }
        command
    }
}

/// Looks a user up by name or number, in whatever user database the machine has.
fn named(key: &str) -> Option<Account> {
    let output = Command::new("getent")
        .args(["passwd", key])
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    parse_passwd(text.lines().next()?)
}

fn parse_passwd(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account::Other { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_user_database_is_read() {
        let line = "postgres:x:109:117:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        assert_eq!(
            parse_passwd(line),
            Some(Account::Other {
                name: "postgres".to_owned(),
                uid: 109,
                gid: 117
            })
        );
    }

    #[test]
    fn a_line_that_makes_no_sense_is_nobody() {
        assert_eq!(parse_passwd("postgres:x:many:117::/:"), None);
        assert_eq!(parse_passwd(""), None);
    }
}
