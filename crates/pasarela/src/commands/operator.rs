//! `pasarela operator`: somebody who may log in to the admin.

use super::{Outcome, say};
use crate::{config::Config, wiring};
use primitives::Secret;
use serde_json::json;
use std::{fs, io, path::Path};
use store::audit::Actor;

/// Sets an operator's password. It is never an argument, which every user of the machine could read.
pub async fn run(config: &Config, email: String, password_file: Option<&Path>) -> Outcome {
    let password = Secret::new(match password_file {
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => io::read_to_string(io::stdin())?,
    });
    let line = password.reveal().lines().next().unwrap_or_default();
    let document = json!({"email": email, "password": line});
    wiring::base(config)?
        .administration
        .operator_set(Actor::CommandLine, &document, "")
        .await?;
    say("the operator may log in with this password");
    Ok(())
}
