//! Where the vault's keys live: a file of its own, mode 0600, never in the database nor beside its backups.
//!
//! ```text
//! # comment
//! hash <32 bytes, Base64>
//! seal 1 <32 bytes, Base64>
//! seal 2 <32 bytes, Base64>
//! ```
//!
//! Rotation adds a `seal` line ([`Keys::add_version`]); old lines may go once nothing is sealed with them any more.
//! The `hash` line stays for ever.

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use thiserror::Error;
use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

const HEADER: &str = "\
# Keys of Pasarela's vault. With this file and the database, cards can be read; without it, nobody can, ever.
# Keep a copy apart from the database and its backups. `pasarela keys rotate` adds a line; `hash` never changes.
";

/// Why a key file cannot be used. Never quotes it.
#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("key file {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("key file {0} exists already and is left alone")]
    Exists(PathBuf),
    #[error("key file {0} can be read by others: its mode must be 0600 (or 0640)")]
    Exposed(PathBuf),
    #[error("key file {path}, line {line}: must be `hash KEY` or `seal VERSION KEY` with 32 bytes in Base64")]
    Line { path: PathBuf, line: usize },
    #[error("key file: {0}")]
    Incomplete(&'static str),
    #[error("the random source failed")]
    Cryptography,
}

/// The keys of a vault.
pub struct Keys {
    hash_root: Key,
    sealing: BTreeMap<u32, Key>,
    newest: (u32, Key),
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("versions", &self.sealing.keys())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Keys given by their bytes; at least one sealing key is needed.
    pub fn new(hash_root: Key, sealing: BTreeMap<u32, Key>) -> Result<Self, KeyFileError> {
        let newest = sealing
            .iter()
            .next_back()
            .map(|(version, key)| (*version, key.clone()));
        let newest = newest.ok_or(KeyFileError::Incomplete("has no `seal` line"))?;
        Ok(Self {
            hash_root,
            sealing,
            newest,
        })
    }

    /// Fresh random keys.
    pub fn generate() -> Result<Self, KeyFileError> {
        Self::new(random_key()?, BTreeMap::from([(1, random_key()?)]))
    }

    /// Reads a key file, which only its owner (and at most the group) may be able to read.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
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
        Self::new(
            hash_root.ok_or(KeyFileError::Incomplete("has no `hash` line"))?,
            sealing,
        )
    }

    /// Makes a key file with fresh keys; one that exists is never overwritten.
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let keys = Self::generate()?;
        match write_new(path, &keys.as_text()) {
            Ok(()) => Ok(keys),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KeyFileError::Exists(path.to_owned()))
            }
            Err(source) => Err(KeyFileError::Io {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Adds a fresh sealing key to the file, to be used from the next start on. Answers its version.
    pub fn add_version(path: &Path) -> Result<u32, KeyFileError> {
        let failed = |source| KeyFileError::Io {
            path: path.to_owned(),
            source,
        };
        let keys = Self::read(path)?;
        let version = keys
            .newest
            .0
            .checked_add(1)
            .ok_or(KeyFileError::Incomplete("has no version left"))?;
        let mut sealing = keys.sealing;
        sealing.insert(version, random_key()?);
        let text = Self::new(keys.hash_root, sealing)?.as_text();
        // The whole file is replaced at once: a half-written key file would be the end of every sealed card.
        let beside = path.with_extension("new");
        write_new(&beside, &text).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)?;
        Ok(version)
    }

    /// The version that seals, and its key.
    pub(super) fn newest(&self) -> (u32, &[u8; 32]) {
        (self.newest.0, &self.newest.1)
    }

    pub(super) fn sealing(&self, version: u32) -> Option<&[u8; 32]> {
        self.sealing.get(&version).map(|key| &**key)
    }

    pub(super) fn hash_root(&self) -> &[u8; 32] {
        &self.hash_root
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
    use super::super::Vault;
    use super::*;

    /// A fresh folder under the build's own temporary folder.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("pasarela-keys-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_only_and_can_be_rotated() {
        let folder = folder("rotate");
        let path = folder.join("vault.keys");
        Keys::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Keys::create(&path), Err(KeyFileError::Exists(_))));

        let sealed = Vault::from_key_file(&path)
            .unwrap()
            .seal(b"card", b"secret")
            .unwrap();
        assert_eq!(Keys::add_version(&path).unwrap(), 2);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let rotated = Vault::from_key_file(&path).unwrap();
        assert_eq!(rotated.open(b"card", &sealed).unwrap().reveal(), b"secret");
        assert!(rotated.rewrap(&sealed).unwrap().is_some());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_bad_key_file_is_refused_without_being_quoted() {
        let folder = folder("bad");
        let path = folder.join("vault.keys");
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
