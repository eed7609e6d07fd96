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
pub mod bins;
pub mod card_declines;
pub mod card_ranges;
pub mod cards;
pub mod connections;
pub mod deliveries;
pub mod directlink;
pub mod directory_servers;
pub mod error;
pub mod event_log;
pub mod events;
pub mod holds;
pub mod idempotency;
pub mod merchants;
pub mod operators;
pub mod orders;
#[cfg(test)]
mod plans;
pub mod processor_notices;
pub mod recording;
pub mod recovery;
pub mod remote_threeds_servers;
pub mod replays;
pub mod routing_rules;
pub mod schema;
pub mod sealed;
pub mod settlements;
pub mod signals;
pub mod threeds_server;
pub mod webhook_attempts;
pub mod webhook_endpoints;
pub mod webhook_keys;
pub mod webhook_partitions;
mod week;

use sqlx::{
    Connection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

pub use error::StoreError;

/// The migrations of the whole workspace, compiled in.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// A connection that nobody has used for this long is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

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
        let options = PgConnectOptions::from_str(url)?
            .application_name("pasarela")
            // Every question here is asked by a key. In a young database the planner would rather read the few pages there
            // are, and keep that plan when there are many; or gather all of a queue and sort it, where the index has the
            // front of it in order. And nothing is worth compiling.
            .options([
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("jit", "off"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(settings.acquire_timeout)
            // A ping per checkout would cost a round trip per query. A connection that has rested may have died with its
            // server meanwhile, and would cost its next user an error.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for >= RESTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
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

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::ConnectOptions;

    #[sqlx::test(migrations = false)]
    async fn a_connection_that_died_while_it_rested_costs_nobody_an_error(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy();
        let settings = StoreSettings {
            max_connections: 1,
            ..StoreSettings::default()
        };
        let store = Store::connect(url.as_str(), &settings).unwrap();
        let backend = async || {
            sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()")
                .fetch_one(store.pool())
                .await
                .unwrap()
        };
        let first = backend().await;
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(first)
            .execute(&pool)
            .await
            .unwrap();
        tokio::time::sleep(RESTED).await;
        assert_ne!(backend().await, first);
    }
}
