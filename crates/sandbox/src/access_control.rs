//! The issuers' access control server: the crate `acs` as a service in this process, on the sandbox's own address and in
//! the schema `acs` of its database.
//!
//! It answers for the cards of [`registered`], which are registered through its issuer API ([`seeds`]) as any bank would.
//! Everything between it and the others is HTTP.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use acs::clock::{Clock, SystemClock};
use acs::identifiers::IssuerId;
use acs::keys::Keys;
use acs::keys::file::KeyFileError;
use acs::service::{Parts, Workers};
use acs::sms::providers::{ProviderSettings, Providers, ProvidersFault};
use acs::store::{Store, StoreError, challenges, products, transactions};
use acs::{Acs, Settings, Timers};
use emv3ds::code::TransStatus;
use primitives::{Brand, Secret};
use reqwest::Method;
use serde_json::json;

use crate::directory::BRANDS;
use crate::directory::number_space::Block;
use crate::issuers::ACS_REFERENCE_NUMBER;
use crate::issuers::bank_app::Pending;
use crate::seeds::IssuerKeys;
use crate::world;

use bank::CallFailed;

pub mod bank;
pub mod overhear;
pub mod registered;
pub mod seeds;

/// Connections to the database.
const CONNECTIONS_MAX: u32 = 16;
/// Questions that the bank's app shows at once.
const ASKED_MAX: i64 = 100;
/// How often its workers look for what nobody woke them for.
const POLL: std::time::Duration = std::time::Duration::from_millis(250);

/// The service. Cheap to clone; it ends with its last clone.
#[derive(Clone, Debug)]
pub struct AccessControl {
    acs: Acs,
    store: Store,
    url: String,
    _workers: Arc<Workers>,
}

/// What the service is opened with.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The database that has, or gets, the schema `acs`.
    pub database_url: &'a str,
    /// Where its keys are; made where there are none.
    pub key_file: &'a Path,
    /// The sandbox as everybody reaches it, without a slash at the end.
    pub public_url: &'a str,
    /// How patient it is.
    pub timers: &'a world::Timers,
    /// The token of its administration.
    pub admin_token: &'a Secret<String>,
    /// Who carries its messages.
    pub providers: &'a [ProviderSettings],
}

/// Why the service was not opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// The database.
    #[error("the access control server's database: {0}")]
    Store(#[from] StoreError),
    /// The keys.
    #[error("the access control server's keys: {0}")]
    Keys(#[from] KeyFileError),
    /// The providers of text messages.
    #[error("the access control server's providers: {0}")]
    Providers(#[from] ProvidersFault),
    /// The HTTP client.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

impl AccessControl {
    /// Migrates its schema, reads or makes its keys, and starts its workers.
    ///
    /// # Errors
    /// See [`NotOpened`].
    pub async fn open(opening: &Opening<'_>) -> Result<Self, NotOpened> {
        let store = Store::connect(opening.database_url, CONNECTIONS_MAX)?;
        store.migrate().await?;
        let keys = if opening.key_file.exists() {
            Keys::read(opening.key_file)?
        } else {
            Keys::create(opening.key_file)?
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let acs = Acs::new(Parts {
            providers: Providers::open(opening.providers, &clock, false)?,
            settings: settings(opening),
            store: store.clone(),
            keys,
            clock,
        })?;
        Ok(Self {
            _workers: Arc::new(acs.spawn_workers()),
            url: opening.public_url.to_owned(),
            acs,
            store,
        })
    }

    /// Makes the bank an issuer, with its key, unless it is one.
    ///
    /// # Errors
    /// What the service's administration said no to.
    pub async fn admit(&self, keys: &IssuerKeys) -> Result<(), CallFailed> {
        let client = reqwest::Client::new();
        let issuer = json!({ "issuerId": bank::ISSUER_ID, "name": "Banco Sandbox" });
        let program = json!({ "clientId": bank::CLIENT_ID, "publicKey": keys.key.public() });
        let programs = format!("/issuers/{}/clients", bank::ISSUER_ID);
        for (path, body) in [("/issuers", issuer), (&programs, program)] {
            let request = client
                .post(format!("{}/acs/admin{path}", self.url))
                .bearer_auth(keys.admin_token.reveal())
                .header("content-type", "application/json")
                .body(body.to_string());
            match bank::answer(request, Method::POST, path).await {
                // It is there from an earlier run.
                Ok(_) | Err(CallFailed::Refused { status: 409, .. }) => {}
                Err(failed) => return Err(failed),
            }
        }
        Ok(())
    }

    /// Its routes, all below `/acs/`.
    pub fn router(&self) -> axum::Router {
        self.acs.router()
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it asks in the bank's app now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn asks_the_app(&self) -> Result<Vec<Pending>, StoreError> {
        let cards = registered::cards();
        let mut pending = Vec::new();
        let Some(issuer) = IssuerId::parse(bank::ISSUER_ID) else {
            return Ok(pending);
        };
        for id in challenges::in_the_app(&self.store, &issuer, ASKED_MAX).await? {
            let Some(transaction) = transactions::by_id(&self.store, id).await? else {
                continue;
            };
            let card = transaction.card.as_ref();
            let holder = cards
                .iter()
                .find(|known| card.is_some_and(|card| card.card.as_str() == known.name()));
            pending.push(Pending {
                acs_trans_id: id.to_string(),
                three_ds_server_trans_id: transaction.three_ds_server_trans_id.to_string(),
                phone: holder.map(|card| card.phone.clone()).unwrap_or_default(),
                merchant: transaction.merchant.name.clone(),
                amount: transaction
                    .amount
                    .map(|amount| amount.to_string())
                    .unwrap_or_default(),
                last_four: card.map(|card| card.last_four.clone()).unwrap_or_default(),
                decoupled: transaction.status == TransStatus::DecoupledChallenge,
            });
        }
        Ok(pending)
    }

    /// The numbers of its products, by brand.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ranges(&self) -> Result<HashMap<Brand, Vec<Block>>, StoreError> {
        let mut blocks: HashMap<Brand, Vec<Block>> = HashMap::new();
        for range in products::ranges(&self.store).await? {
            let (start, end) = (range.range.start.to_string(), range.range.end.to_string());
            if let Some(block) = Block::between(&start, &end) {
                blocks.entry(range.brand).or_default().push(block);
            }
        }
        Ok(blocks)
    }
}

fn settings(opening: &Opening<'_>) -> Settings {
    let url = opening.public_url;
    let results = BRANDS.map(|brand| (brand, format!("{url}/ds/{brand}/results")));
    let timers = opening.timers;
    Settings {
        reference_number: ACS_REFERENCE_NUMBER.to_owned(),
        results_urls: results.into(),
        timers: Timers {
            first_creq: timers.first_creq_timeout,
            next_creq: timers.challenge_timeout,
            results_retry: timers.results_retry_interval,
            poll: POLL,
            ..Timers::default()
        },
        production: false,
        admin_token: Some(opening.admin_token.clone()),
        inbox_url: Some("/sms/inbox?phone=".to_owned()),
        app_url: Some("/app?phone=".to_owned()),
        ..Settings::new(url)
    }
}
