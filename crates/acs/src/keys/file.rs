//! Where the keys live: a file of its own, mode 0600, never in the database nor beside its backups.
//!
//! ```text
//! # comment
//! hash <32 bytes, Base64>
//! seal 1 <32 bytes, Base64>
//! seal 2 <32 bytes, Base64>
//! ```
//!
//! Rotation adds a `seal` line with the next number; old lines may go once nothing is sealed with them any more. The
//! `hash` line stays for ever.

use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::collections::BTreeMap;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use thiserror::Error;
use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

const HEADER: &str = "\
# Keys of the access control server. With this file and the database, phones can be read; without it, nobody can, ever.
# Keep a copy apart from the database and its backups. A new `seal` line rotates; `hash` never changes.
";

/// Why a key file cannot be used. Never quotes it.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It exists and is not overwritten.
    #[error("key file {0} exists already and is left alone")]
    Exists(PathBuf),
    /// Its mode lets others read it.
    #[error("key file {0} can be read by others: its mode must be 0600 (or 0640)")]
    Exposed(PathBuf),
    /// A line of it says nothing, or says something for the second time.
    #[error(
        "key file {path}, line {line}: must be `hash KEY` or `seal VERSION KEY` with 32 bytes in Base64, once"
    )]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A kind of line is missing.
    #[error("key file: {0}")]
    Incomplete(&'static str),
    /// The random source or a derivation failed.
    #[error("cryptography failed")]
    Cryptography,
}

/// What the file says.
pub(super) struct Material {
    pub(super) hash_root: Key,
    pub(super) sealing: BTreeMap<u32, Key>,
}

impl Material {
    pub(super) fn generate() -> Result<Self, KeyFileError> {
        Ok(Self {
            hash_root: random_key()?,
            sealing: BTreeMap::from([(1, random_key()?)]),
        })
    }

    pub(super) fn read(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |source| KeyFileError::Io {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o007 != 0 {
            return Err(KeyFileError::Exposed(path.to_owned()));
        }
        let contents = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        let mut hash_root = None;
        let mut sealing = BTreeMap::new();
        for (index, line) in contents.lines().enumerate() {
            let wrong = || KeyFileError::Line {
                path: path.to_owned(),
                line: index + 1,
            };
            let words: Vec<_> = line.split_whitespace().collect();
            let repeated = match words.as_slice() {
                [] => false,
                [first, ..] if first.starts_with('#') => false,
                ["hash", key] => hash_root.replace(decode(key).ok_or_else(wrong)?).is_some(),
                ["seal", version, key] => {
                    let version = version.parse().map_err(|_| wrong())?;
                    sealing.insert(version, decode(key).ok_or_else(wrong)?).is_some()
                }
                _ => return Err(wrong()),
            };
            if repeated {
                return Err(wrong());
            }
        }
        let hash_root = hash_root.ok_or(KeyFileError::Incomplete("has no `hash` line"))?;
        let material = Self { hash_root, sealing };
        material.newest()?;
        Ok(material)
    }

    pub(super) fn create(path: &Path) -> Result<Self, KeyFileError> {
        let material = Self::generate()?;
        match write_new(path, &material.as_text()) {
            Ok(()) => Ok(material),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Exists(path.to_owned()))
            }
            Err(source) => Err(KeyFileError::Io {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// The version that seals.
    pub(super) fn newest(&self) -> Result<u32, KeyFileError> {
        let newest = self.sealing.keys().next_back();
        newest
            .copied()
            .ok_or(KeyFileError::Incomplete("has no `seal` line"))
    }

    fn as_text(&self) -> Zeroizing<String> {
        // Room for every line from the start: growing would leave copies of the keys behind.
        let mut text = Zeroizing::new(String::with_capacity(
            HEADER.len() + 64 * (self.sealing.len() + 2),
        ));
        text.push_str(HEADER);
        let line = |text: &mut String, head: &str, key: &Key| {
            text.push_str(head);
            BASE64_STANDARD.encode_string(key.as_ref(), text);
            text.push('\n');
        };
        line(&mut text, "hash ", &self.hash_root);
        for (version, key) in &self.sealing {
            line(&mut text, &format!("seal {version} "), key);
        }
        text
    }
}

fn random_key() -> Result<Key, KeyFileError> {
    let mut key = Zeroizing::new([0u8; 32]);
    rand::fill(key.as_mut()).map_err(|_| KeyFileError::Cryptography)?;
    Ok(key)
}

fn decode(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;

    /// A fresh folder under the build's own temporary folder.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("pasarela-acs-keys-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_only_and_read_again() {
        let folder = folder("made");
        let path = folder.join("acs.keys");
        let made = Keys::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Keys::create(&path), Err(KeyFileError::Exists(_))));

        let read = Keys::read(&path).unwrap();
        let sealed = made.seal(b"phone", b"secret").unwrap();
        assert_eq!(&**read.open(b"phone", &sealed).unwrap(), b"secret");
        assert_eq!(
            made.pan_hash("4000000000001000"),
            read.pan_hash("4000000000001000")
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_bad_key_file_is_refused_without_being_quoted() {
        let folder = folder("bad");
        let path = folder.join("acs.keys");
        let key = BASE64_STANDARD.encode([1; 32]);
        for (contents, told) in [
            ("", "hash"),
            (&*format!("hash {key}"), "seal"),
            (&*format!("hash {key}\nseal one {key}"), "line 2"),
            (&*format!("hash {key}\nhash {key}\nseal 1 {key}"), "line 2"),
            ("hash AAAA\nseal 1 AAAA", "line 1"),
        ] {
            fs::write(&path, contents).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Keys::read(&path).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains(&key), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::read(&path), Err(KeyFileError::Exposed(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
