//! `pasarela migrate`: the newest schema.

use super::{Outcome, say};
use crate::config::Config;
use store::Store;

/// Runs the migrations that are missing. Several processes may do so at once; one of them does it.
pub async fn run(config: &Config) -> Outcome {
    let store = Store::connect(config.database.url.reveal(), &config.database.settings)?;
    store.migrate().await?;
    say("the database has the newest schema");
    Ok(())
}
