//! `pasarela keys`: made, rotated.

use super::{Outcome, say};
use crate::config::Config;
use clap::Subcommand;
use orchestrator::vault::key_file;
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

/// What can be done with the vault's keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Makes a key file; never overwrites one.
    Init {
        /// Is content with a key file that exists already and can be read.
        #[arg(long)]
        keep: bool,
    },
    /// Adds a key that seals from the next start on. Restart every process before `rewrap`.
    Rotate,
    /// Moves everything that older keys sealed to the newest one. May be run again, and beside a running gateway.
    Rewrap,
}

pub async fn run(config: &Config, keys: Keys) -> Outcome {
    let path = &config.key_file;
    match keys {
        Keys::Init { keep: true } if path.exists() => {
            key_file::Keys::read(path)?;
        }
        Keys::Init { .. } => {
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            key_file::Keys::create(path)?;
            say(&format!(
                "made {}: keep a copy apart from the database",
                path.display()
            ));
        }
        Keys::Rotate => {
            let version = key_file::Keys::add_version(path)?;
            say(&format!("key version {version} seals from the next start on"));
        }
        Keys::Rewrap => {
            let moved = crate::wiring::base(config)?.administration.rewrap().await?;
            say(&format!("moved {moved} sealed values to the newest key"));
        }
    }
    Ok(())
}
