//! Postgres: rows in and out of domain values, and nothing else.
//!
//! Reading a row is parsing: row structs are private, one conversion decides which columns mean which state, and a
//! row that means nothing is a [`StoreError::Corrupt`] with table, column and key. The owner is part of every
//! question. Functions whose name ends in `_in` need an open transaction and say so by taking a connection.
//!
//! Not here: rules (`payments`), secrets in the clear (`orchestrator`'s vault seals before anything comes here), and
//! sending webhooks (`webhooks`, which works on [`deliveries`]).
#![deny(clippy::float_arithmetic, reason = "money is counted in integers")]

pub mod applications;
pub mod audit;
pub mod authentications;
pub mod card_ranges;
pub mod cards;
pub mod connections;
pub mod deliveries;
pub mod directory_servers;
pub mod error;
pub mod events;
pub mod idempotency;
pub mod merchants;
pub mod operators;
pub mod orders;
pub mod recording;
pub mod recovery;
pub mod schema;
pub mod sealed;
pub mod signals;
pub mod threeds_server;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::{str::FromStr, time::Duration};

pub use error::StoreError;

/// The migrations of the whole workspace, compiled in.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    pub max_connections: u32,
    /// How long a caller waits for a free connection before it is told that the database is busy.
    pub acquire_timeout: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// The one handle to the database; clones share the pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects lazily: the first query opens the first connection.
    pub fn connect(url: &str, settings: &StoreSettings) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("pasarela");
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            // A ping per checkout would cost a round trip per query; a dead connection shows in the query itself.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// A store over an existing pool, for tests that were handed a database of their own.
    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Brings the database to the newest schema.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATOR.run(&self.pool).await.map_err(StoreError::Migration)
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Connections of the pool: all, and those not in use.
    pub fn pool_size(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }
}
