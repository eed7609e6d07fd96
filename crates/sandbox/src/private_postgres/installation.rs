//! Which server binaries to use.

use std::fs;
use std::path::{Path, PathBuf};

use super::PostgresFault;

/// A folder with the server's programs, and the libraries they need when these are not the system's.
#[derive(Debug, Clone)]
pub struct Installation {
    bin: PathBuf,
    libraries: Option<String>,
}

impl Installation {
    /// The highest major version below `/usr/lib/postgresql` or, for those who may not install packages, below
    /// `var/postgres-dist`; where `data` exists already, the version that made it.
    ///
    /// # Errors
    /// [`PostgresFault::NotInstalled`] and [`PostgresFault::OtherVersion`].
    pub fn find(var: &Path, data: &Path) -> Result<Self, PostgresFault> {
        let extracted = absolute(var).join("postgres-dist");
        let mut found = versions_below(Path::new("/usr/lib/postgresql"), None);
        found.extend(versions_below(
            &extracted.join("usr/lib/postgresql"),
            Some(&extracted),
        ));
        let wanted = fs::read_to_string(data.join("PG_VERSION")).ok();
        match wanted {
            Some(version) => {
                let version = version.trim().to_owned();
                let fits = found
                    .into_iter()
                    .find(|(number, _)| number.to_string() == version);
                fits.map(|(_, installation)| installation)
                    .ok_or_else(|| PostgresFault::OtherVersion {
                        data: data.to_owned(),
                        version,
                    })
            }
            None => found
                .into_iter()
                .max_by_key(|(number, _)| *number)
                .map(|(_, installation)| installation)
                .ok_or(PostgresFault::NotInstalled { extracted }),
        }
    }

    /// Path of one of the server's programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// `PATH` for the server's programs; `initdb` finds its siblings by its own path, the rest is the system's.
    #[must_use]
    pub fn search_path(&self) -> String {
        format!("{}:/usr/bin:/bin:/usr/sbin:/sbin", self.bin.display())
    }

    /// `LD_LIBRARY_PATH` for the server's programs, when they need one.
    #[must_use]
    pub fn libraries(&self) -> Option<&str> {
        self.libraries.as_deref()
    }
}

fn versions_below(folder: &Path, extracted: Option<&Path>) -> Vec<(u32, Installation)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            // A machine with only the client package has the folder, but no server in it.
            if !bin.join("postgres").is_file() || !bin.join("initdb").is_file() {
                return None;
            }
            Some((
                version,
                Installation {
                    bin,
                    libraries: extracted.map(library_path),
                },
            ))
        })
        .collect()
}

/// Debian keeps libraries in a folder named after the machine (`x86_64-linux-gnu`).
fn library_path(extracted: &Path) -> String {
    let mut folders = Vec::new();
    for parent in [extracted.join("usr/lib"), extracted.join("lib")] {
        let Ok(entries) = fs::read_dir(&parent) else {
            continue;
        };
        let machines = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("-linux-gnu"));
        folders.extend(machines.map(|entry| entry.path().display().to_string()));
    }
    folders.join(":")
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
