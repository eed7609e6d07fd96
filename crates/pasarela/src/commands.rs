//! The subcommands, a file each.

pub mod acs;
pub mod check_config;
pub mod keys;
pub mod migrate;
pub mod operator;
pub mod seed;
pub mod serve;
pub mod webhooks;

/// What a command ends with when it does not end well; `main` prints it with its causes.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Says something to whoever started the command.
pub fn say(line: &str) {
    eprintln!("pasarela: {line}");
}
