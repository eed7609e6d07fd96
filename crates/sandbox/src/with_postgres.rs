//! `sandbox with-postgres -- COMMAND`: runs a command with a database of its own and tidies up after it.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::child::{Signal, signal_process};
use crate::private_postgres::{Flavour, PostgresFault, PrivatePostgres};

/// Why the command was not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// There is no database for it.
    #[error(transparent)]
    Postgres(#[from] PostgresFault),
    /// It cannot be started or waited for.
    #[error("cannot run {program}: {source}")]
    Command {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// Signals cannot be received, without which the cluster could outlive us.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
}

/// Runs `program` with `DATABASE_URL` set (and `PASARELA_POSTGRES_PID`, for measurements), and answers its exit code:
/// 128 + n when signal n ended it, as shells have it. A SIGINT or SIGTERM is passed on to the command, whose end is
/// then awaited.
///
/// # Errors
/// See [`CannotRun`]; the cluster is stopped in any case.
pub async fn with_postgres(
    flavour: Flavour,
    var: &Path,
    program: &OsString,
    arguments: &[OsString],
) -> Result<u8, CannotRun> {
    // Before the cluster starts, so that there is no moment in which a signal would leave it running.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CannotRun::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CannotRun::Signals)?;
    let postgres = PrivatePostgres::start(flavour, var)?;

    let fault = |source| CannotRun::Command {
        program: program.to_string_lossy().into_owned(),
        source,
    };
    let mut command = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", postgres.database_url())
        .env("PASARELA_POSTGRES_PID", postgres.process_id().to_string())
        .spawn()
        .map_err(fault)?;
    let status = loop {
        let pass_on = tokio::select! {
            status = command.wait() => break status.map_err(fault)?,
            // A terminal sends its Ctrl-C to the command as well: a second one would be taken as impatience.
            _ = interrupt.recv() => (!io::stdin().is_terminal()).then_some(Signal::INT),
            _ = terminate.recv() => Some(Signal::TERM),
        };
        if let (Some(signal), Some(process_id)) = (pass_on, command.id()) {
            signal_process(process_id, signal);
        }
    };
    postgres.stop();
    Ok(exit_code(status))
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_becomes_an_exit_code_as_in_a_shell() {
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
        assert_eq!(exit_code(ExitStatus::from_raw(7 << 8)), 7);
    }
}
