//! `pasarela check-config`: the settings were read, or they would not have come this far.

use super::{Outcome, say};
use crate::config::Config;
use orchestrator::vault::key_file::Keys;

/// Looks at what the settings point to as well.
pub fn run(config: &Config) -> Outcome {
    Keys::read(&config.key_file)?;
    say(&format!(
        "the settings are right for {}",
        config.environment.as_str()
    ));
    Ok(())
}
