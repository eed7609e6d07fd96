//! What the sandbox has to say besides its banner: JSON lines on standard error, where `PASARELA_SANDBOX_LOG` asks for them.
//!
//! The access control server of the issuers runs in this process, so its log is here too, each span with its fields.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::FmtSpan;

/// A filter such as `info,acs=trace`. Unset or empty: nothing is logged.
const VARIABLE: &str = "PASARELA_SANDBOX_LOG";

/// Starts logging, if it was asked for.
///
/// # Errors
/// When the variable holds no filter.
pub fn start() -> Result<(), ParseError> {
    let Some(filter) = std::env::var(VARIABLE).ok().filter(|it| !it.is_empty()) else {
        return Ok(());
    };
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_env_filter(EnvFilter::try_new(filter)?)
        .init();
    Ok(())
}
