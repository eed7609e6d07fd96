//! `pasarela acs issuer …`, `client …`, `unlock`: the service's administration from the command line, beside a running
//! service or without one.

use super::super::{Outcome, say};
use crate::config::acs::AcsConfig;
use acs::clock::SystemClock;
use acs::identifiers::{CardId, IssuerId};
use acs::keys::Keys;
use acs::service::Parts;
use acs::sms::providers::Providers;
use acs::store::{Store, issuers};
use acs::{Acs, PrivateJwk};
use clap::Subcommand;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done instead of serving.
#[derive(Debug, Subcommand)]
pub enum Administration {
    /// Brings the schema to the newest version.
    Migrate,
    /// Issuers.
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// Programs of issuers that may call.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Unlocks a card after too many failures, and lifts its issuer's block.
    Unlock {
        /// The issuer's ten characters.
        issuer: String,
        /// The card's name.
        card: String,
    },
}

/// What can be done with issuers.
#[derive(Debug, Subcommand)]
pub enum IssuerCommand {
    /// Registers an issuer with the default policy.
    Add {
        /// Its ten characters.
        issuer: String,
        /// Its name for people.
        name: String,
    },
    /// Lists issuers.
    List,
}

/// A client, by its names.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The issuer's ten characters.
    issuer: String,
    /// The client's name.
    client: String,
}

/// A client and its key.
#[derive(Debug, clap::Args)]
pub struct Keyed {
    #[command(flatten)]
    named: Named,
    /// A file with its public key, a JWK of P-256. Without it the pair is made here, and the private key goes to standard output.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Makes a client.
    Add(Keyed),
    /// Gives a client another key; the one before stays good for a day.
    Rotate(Keyed),
    /// Ends a client's access, with every token it holds.
    Disable(Named),
    /// Lets a client in again.
    Enable(Named),
}

/// Does one thing.
pub async fn run(config: AcsConfig, command: Administration) -> Outcome {
    let store = Store::connect(config.database_url.reveal(), config.max_connections)?;
    if let Administration::Migrate = command {
        return Ok(store.migrate().await?);
    }
    // A service that sends nothing to anybody.
    let acs = Acs::new(Parts {
        store: store.clone(),
        keys: Keys::read(&config.key_file)?,
        clock: Arc::new(SystemClock),
        settings: config.settings,
        providers: Providers::default(),
    })?;
    match command {
        Administration::Migrate => Ok(()),
        Administration::Issuer(command) => issuer(&acs, &store, command).await,
        Administration::Client(command) => client(&acs, command).await,
        Administration::Unlock { issuer, card } => {
            let card = CardId::parse(&card).ok_or("a card's name is 1 to 48 letters, digits, _ and -")?;
            acs.unlock_card(&issuer_id(&issuer)?, &card).await?;
            say("the card may authenticate again");
            Ok(())
        }
    }
}

fn issuer_id(text: &str) -> Result<IssuerId, &'static str> {
    IssuerId::parse(text).ok_or("an issuer's name is 10 letters, digits, _ and -")
}

async fn issuer(acs: &Acs, store: &Store, command: IssuerCommand) -> Outcome {
    match command {
        IssuerCommand::Add { issuer, name } => {
            if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err("a name for people has 1 to 64 characters".into());
            }
            let issuer = acs.create_issuer(issuer_id(&issuer)?, name).await?;
            say(&format!("registered {}", issuer.issuer));
        }
        IssuerCommand::List => {
            for issuer in issuers::list(store).await? {
                print(&format!("{}  {}", issuer.issuer, issuer.name));
            }
        }
    }
    Ok(())
}

async fn client(acs: &Acs, command: ClientCommand) -> Outcome {
    match command {
        ClientCommand::Add(Keyed { named, public_key }) => {
            let key = public_key.as_deref().map(jwk).transpose()?;
            let issuer = issuer_id(&named.issuer)?;
            let made = acs.create_client(&issuer, &named.client, key.as_ref()).await?;
            show(made.private.as_ref());
            say(&format!("{} may call", named.client));
        }
        ClientCommand::Rotate(Keyed { named, public_key }) => {
            let key = public_key.as_deref().map(jwk).transpose()?;
            let issuer = issuer_id(&named.issuer)?;
            let (made, until) = acs.rotate_client(&issuer, &named.client, key.as_ref()).await?;
            show(made.private.as_ref());
            say(&format!("the key before is good until {until}"));
        }
        ClientCommand::Disable(named) => {
            acs.set_client_disabled(&issuer_id(&named.issuer)?, &named.client, true)
                .await?;
            say(&format!("{} may call no longer", named.client));
        }
        ClientCommand::Enable(named) => {
            acs.set_client_disabled(&issuer_id(&named.issuer)?, &named.client, false)
                .await?;
            say(&format!("{} may call", named.client));
        }
    }
    Ok(())
}

fn jwk(file: &Path) -> Result<Value, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text).map_err(|_| format!("{} is no JWK", file.display()))?)
}

/// A private key, to whoever asked for it: it is kept nowhere.
fn show(key: Option<&PrivateJwk>) {
    if let Some(key) = key {
        print(&key.reveal().to_string());
    }
}

#[expect(clippy::print_stdout, reason = "what was asked for goes to standard output")]
fn print(line: &str) {
    println!("{line}");
}
