//! `pasarela seed`: what a sandbox starts with.

use super::{Outcome, say};
use crate::{config::Config, wiring};
use std::{fs, path::Path};
use store::audit::Actor;

/// Puts the seeds of that file in. Doing so again changes nothing.
pub async fn run(config: &Config, file: &Path) -> Outcome {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    // Where, and not what: the document holds keys.
    let document = serde_json::from_str(&text)
        .map_err(|error| format!("{}: no JSON at line {}", file.display(), error.line()))?;
    let seeded = wiring::base(config)?
        .administration
        .seed(Actor::CommandLine, &document)
        .await?;
    say(&format!(
        "seeded: {} operators, {} merchants, {} connections, {} directory servers, {} shops",
        seeded.operators, seeded.merchants, seeded.connections, seeded.directory_servers, seeded.shops
    ));
    Ok(())
}
