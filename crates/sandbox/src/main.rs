//! The sandbox's command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sandbox::private_postgres::Flavour;
use sandbox::with_postgres::with_postgres;

/// The outside world in a box, and what a developer's machine needs beside it.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a command with a PostgreSQL cluster of its own: DATABASE_URL is set, the exit code is the command's.
    WithPostgres {
        /// Working folder; PostgreSQL's programs may be below it.
        #[arg(long, env = "PASARELA_VAR", default_value = "var")]
        var: PathBuf,
        /// Commits durably, as in production, for measurements. Otherwise the cluster is as fast as tests want it.
        #[arg(long)]
        durable: bool,
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::WithPostgres { var, durable, command } => {
            let flavour = if durable { Flavour::Measured } else { Flavour::Throwaway };
            let Some((program, arguments)) = command.split_first() else { return ExitCode::FAILURE };
            match with_postgres(flavour, &var, program, arguments).await {
                Ok(code) => ExitCode::from(code),
                Err(fault) => complain(&fault),
            }
        }
    }
}

fn complain(fault: &dyn std::error::Error) -> ExitCode {
    eprintln!("sandbox: {fault}");
    ExitCode::FAILURE
}
