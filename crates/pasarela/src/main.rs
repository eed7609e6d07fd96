//! The production binary: settings, telemetry, wiring, subcommands. It knows no sandbox.
//!
//! Read [`wiring`] first: there the parts are put together.

mod commands;
mod config;
mod telemetry;
mod wiring;

use clap::{Parser, Subcommand};
use config::{Config, acs::AcsConfig};
use std::{path::PathBuf, process::ExitCode};

/// Pasarela: authenticate once, charge anywhere, never twice.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The settings; without it /etc/pasarela/pasarela.toml where it exists.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGTERM or SIGINT.
    Serve {
        /// Brings the database to the newest schema first.
        #[arg(long)]
        migrate: bool,
    },
    /// Serves as an access control server, the issuers' side of 3-D Secure, until SIGTERM or SIGINT. Its settings are those of
    /// `deploy/acs.toml`.
    Acs(commands::acs::AcsCommand),
    /// Brings the database to the newest schema.
    Migrate,
    /// Puts operators, merchants and directory servers of a document in; sandboxes only.
    Seed {
        /// The document, JSON.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Reads the settings and tells everything that is wrong with them.
    CheckConfig,
    /// The vault's keys.
    #[command(subcommand)]
    Keys(commands::keys::Keys),
    /// Webhook endpoints and what is sent to them. Works beside a running gateway and without one.
    Webhooks(commands::webhooks::Webhooks),
    /// Creates an operator of the admin, or gives one another password.
    Operator {
        #[arg(long)]
        email: String,
        /// A file with the password; without it the password is read from standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause| cause.source());
            let told = causes.fold(error.to_string(), |told, cause| {
                let cause = cause.to_string();
                // Many errors show their cause themselves.
                if told.contains(&cause) {
                    told
                } else {
                    format!("{told}: {cause}")
                }
            });
            eprintln!("pasarela: {told}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let Arguments {
        config: file,
        command,
    } = arguments;
    let config = || Config::load(file.as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::CheckConfig => commands::check_config::run(&config()?),
        Command::Keys(keys) => runtime.block_on(commands::keys::run(&config()?, keys)),
        Command::Webhooks(webhooks) => runtime.block_on(commands::webhooks::run(&config()?, webhooks)),
        Command::Migrate => runtime.block_on(commands::migrate::run(&config()?)),
        Command::Seed { file } => runtime.block_on(commands::seed::run(&config()?, &file)),
        Command::Operator { email, password_file } => {
            let password_file = password_file.as_deref();
            runtime.block_on(commands::operator::run(&config()?, email, password_file))
        }
        Command::Serve { migrate } => {
            let config = config()?;
            let traces = telemetry::start(&config.telemetry)?;
            let served = runtime.block_on(commands::serve::run(&config, migrate));
            // Outside the runtime, since it blocks.
            traces.shut_down();
            served
        }
        Command::Acs(command) => {
            let config = AcsConfig::load(file.as_deref())?;
            let traces = telemetry::start(&config.telemetry)?;
            let served = runtime.block_on(commands::acs::run(config, command));
            traces.shut_down();
            served
        }
    }
}
