//! The sandbox's command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sandbox::log;
use sandbox::private_postgres::Flavour;
use sandbox::supervise::{self, Settings};
use sandbox::with_postgres::with_postgres;
use sandbox::world;

/// The outside world in a box, and what a developer's machine needs beside it.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs database, sandbox and gateway until stopped.
    Run(Box<Run>),
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

#[derive(Debug, Args)]
struct Run {
    /// Working folder: the database's data, keys, `sandbox.json`, `run.json`.
    #[arg(long, env = "PASARELA_VAR", default_value = "var")]
    var: PathBuf,
    /// An existing database. Without one, a private cluster is started.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Where the gateway takes the merchants' requests.
    #[arg(long, env = "PASARELA_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the gateway takes the operators' requests.
    #[arg(long, env = "PASARELA_ADMIN_LISTEN", default_value = "127.0.0.1:8081")]
    admin_listen: SocketAddr,
    /// Where the sandbox listens.
    #[arg(long, env = "PASARELA_SANDBOX_LISTEN", default_value = "127.0.0.1:8090")]
    sandbox_listen: SocketAddr,
    /// Where the sandbox's directory servers listen, with TLS and client certificates.
    #[arg(long, env = "PASARELA_SANDBOX_TLS_LISTEN", default_value = "127.0.0.1:8091")]
    sandbox_tls_listen: SocketAddr,
    /// Where the sandbox's short message centre listens (SMPP).
    #[arg(long, env = "PASARELA_SANDBOX_SMPP_LISTEN", default_value = "127.0.0.1:8092")]
    sandbox_smpp_listen: SocketAddr,
    /// Where the gateway takes results from directory servers, with TLS and client certificates.
    #[arg(long, env = "PASARELA_RESULTS_LISTEN", default_value = "127.0.0.1:8082")]
    results_listen: SocketAddr,
    /// The gateway's program [default: `pasarela` beside this one].
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Leave starting the gateway to somebody else; `var/run.json` tells how.
    #[arg(long)]
    no_gateway: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(fault) = log::start() {
        return complain(&fault);
    }
    match arguments.command {
        Command::Run(run) => match supervise::run((*run).into(), world::open).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => complain(&fault),
        },
        Command::WithPostgres {
            var,
            durable,
            command,
        } => {
            let flavour = if durable {
                Flavour::Measured
            } else {
                Flavour::Throwaway
            };
            let Some((program, arguments)) = command.split_first() else {
                return ExitCode::FAILURE;
            };
            match with_postgres(flavour, &var, program, arguments).await {
                Ok(code) => ExitCode::from(code),
                Err(fault) => complain(&fault),
            }
        }
    }
}

impl From<Run> for Settings {
    fn from(run: Run) -> Self {
        Self {
            var: run.var,
            // Set but empty means unset, as for the programs that read it elsewhere.
            database_url: run.database_url.filter(|url| !url.is_empty()),
            listen: run.listen,
            admin_listen: run.admin_listen,
            sandbox_listen: run.sandbox_listen,
            sandbox_tls_listen: run.sandbox_tls_listen,
            sandbox_smpp_listen: run.sandbox_smpp_listen,
            results_listen: run.results_listen,
            gateway_program: run.gateway,
            start_gateway: !run.no_gateway,
        }
    }
}

fn complain(fault: &dyn std::error::Error) -> ExitCode {
    eprintln!("sandbox: {fault}");
    ExitCode::FAILURE
}
