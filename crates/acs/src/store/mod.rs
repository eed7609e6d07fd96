//! Postgres: the schema `acs`, rows in and out of this crate's values, and nothing else.
//!
//! Every question names its tables with the schema. Functions whose name ends in `_in` need an open transaction and say so
//! by taking a connection.

pub mod cardholders;
pub mod cards;
pub mod challenges;
pub(crate) mod clients;
pub mod codes;
pub mod deliveries;
mod error;
pub(crate) mod imports;
pub mod issuers;
pub mod limits;
pub mod notices;
pub(crate) mod operations;
pub mod products;
pub mod provider_health;
#[cfg(test)]
mod registration_tests;
pub mod results;
pub(crate) mod statistics;
pub mod transactions;

pub use error::StoreError;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::borrow::Cow;
use std::str::FromStr as _;
use std::time::Duration;

/// The migrations of the schema `acs`, compiled in. Their book is in the schema too, so that a database may be shared with
/// others.
pub static MIGRATOR: Migrator = Migrator {
    table_name: Cow::Borrowed("acs._sqlx_migrations"),
    create_schemas: Cow::Borrowed(&[Cow::Borrowed("acs")]),
    ..sqlx::migrate!("../../migrations/acs")
};

/// How long a question waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The service's database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Connects lazily: the first question opens the first connection.
    ///
    /// # Errors
    /// When the URL means no database.
    pub fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("pasarela-acs")
            .options([
                // Every question here is asked by a key; see the gateway's own store.
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("jit", "off"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// A store over an existing pool, for tests that were handed a database of their own.
    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Brings the schema to this program's version.
    ///
    /// # Errors
    /// When the database cannot be reached, or was made by other migrations.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(MIGRATOR.run(self.pool()).await?)
    }

    /// Whether the schema is this program's: its newest migration has been applied.
    ///
    /// # Errors
    /// When the database does not answer, or has no schema at all.
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        let newest = MIGRATOR.iter().map(|migration| migration.version).max();
        // The book of migrations is the migrator's own, so that no checked query knows it.
        let applied: Option<i64> =
            sqlx::query_scalar("SELECT max(version) FROM acs._sqlx_migrations WHERE success")
                .fetch_one(self.pool())
                .await?;
        Ok(applied == newest)
    }

    /// For questions.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}
