//! The processors' side of the wire: simulators that check what they get as strictly as the real ones.
//!
//! Each has its own folder and its own paths below `/processors/{name}`. What they share is here: who calls ([`Connections`]), what
//! an amount asks for ([`outcome`]), and the ledger they all write.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use primitives::Secret;

use crate::faults::{self, Faults};
use crate::ledger::Ledger;

pub mod adyen;
pub mod amex;
pub mod cybersource;
mod exact;
pub mod kushki;
pub mod news;
pub mod outcome;

use news::Postman;
use outcome::Cascade;

/// The simulated processors, by the names used in addresses, faults and the ledger.
pub const NAMES: [&str; 4] = [kushki::NAME, adyen::NAME, cybersource::NAME, amex::NAME];

/// Waiting times that real life counts in minutes.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a transaction stays out of a processor's list.
    pub inquiry_visible_after: Duration,
    /// How long an asynchronous result takes.
    pub asynchronous_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            inquiry_visible_after: Duration::from_secs(2),
            asynchronous_after: Duration::from_secs(3),
        }
    }
}

/// A connection of the gateway's, as its processor knows it.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// Its id in the gateway, for the ledger.
    pub connection_id: String,
    /// Where notifications go. Without it none are sent.
    pub notification_url: Option<String>,
    /// The settings by the names that the adapter gives them, with which a simulator checks signatures and makes its own.
    pub credentials: BTreeMap<String, Secret<String>>,
}

impl Registered {
    /// The credential of that name.
    pub fn credential(&self, name: &str) -> Option<&str> {
        self.credentials.get(name).map(|secret| secret.reveal().as_str())
    }
}

/// Which of the gateway's connections a credential belongs to. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<RwLock<Callers>>);

/// By processor and credential.
type Callers = HashMap<(String, String), Arc<Registered>>;

impl Connections {
    /// Says that `credential` (Kushki: the private merchant id) is that of `connection_id` at `processor`, of which nothing
    /// more is known.
    pub fn register(&self, processor: &str, credential: &str, connection_id: &str) {
        let registered = Registered {
            connection_id: connection_id.to_owned(),
            ..Registered::default()
        };
        self.register_whole(processor, credential, registered);
    }

    /// Says whose `credential` is at `processor`.
    pub fn register_whole(&self, processor: &str, credential: &str, registered: Registered) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(
            (processor.to_owned(), credential.to_owned()),
            Arc::new(registered),
        );
    }

    /// The connection behind a credential, where it was registered.
    pub fn find(&self, processor: &str, credential: &str) -> Option<Arc<Registered>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(processor.to_owned(), credential.to_owned())).cloned()
    }

    /// The id of the connection behind a credential, where it was registered.
    pub fn of(&self, processor: &str, credential: &str) -> Option<String> {
        let registered = self.find(processor, credential)?;
        Some(registered.connection_id.clone())
    }
}

/// What all simulators work with. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Processors {
    /// What they really did.
    pub ledger: Ledger,
    /// What is to go wrong.
    pub faults: Faults,
    /// Who calls.
    pub connections: Connections,
    /// Waiting times.
    pub settings: Settings,
    /// Who carries their news.
    pub postman: Postman,
    cascade: Cascade,
}

impl Processors {
    /// Simulators that write `ledger` and obey `faults`.
    pub fn new(ledger: Ledger, faults: Faults, settings: Settings) -> Self {
        Self {
            ledger,
            postman: Postman::new(faults.clone()),
            faults,
            connections: Connections::default(),
            settings,
            cascade: Cascade::default(),
        }
    }
}

/// Every simulator below its name (`/processors/kushki/card/v2/charges`, …) and under its faults.
pub fn router(processors: &Processors) -> Router {
    let kushki = kushki::router(processors.clone());
    let adyen = adyen::router(processors.clone());
    let cybersource = cybersource::router(processors.clone());
    let amex = amex::router(processors.clone());
    let guarded = |router, name| faults::guard(router, processors.faults.clone(), name);
    Router::new()
        .nest("/processors/kushki", guarded(kushki, kushki::NAME))
        .nest("/processors/adyen", guarded(adyen, adyen::NAME))
        .nest("/processors/cybersource", guarded(cybersource, cybersource::NAME))
        .nest("/processors/amex", guarded(amex, amex::NAME))
}
