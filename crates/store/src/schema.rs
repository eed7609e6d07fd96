//! Whether the database has the schema this program was built for, and word to the other processes that the
//! configuration in it changed.

use crate::{MIGRATOR, Store, StoreError, signals::CONFIGURATION};
use std::collections::HashMap;

/// How the database's schema stands to the compiled-in migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// Migrations of these versions are still to be run.
    Behind(Vec<i64>),
    /// A migration that was run is not the one of this version that is compiled in.
    Differs(i64),
}

impl Store {
    /// Compares the migrations that were run with those compiled in. A database that is further is current: the next
    /// release's expansion runs before its processes start.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let table: Option<String> = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations')::text")
            .fetch_one(self.pool())
            .await?;
        let run: HashMap<i64, Vec<u8>> = match table {
            // The table is sqlx's own and made by it, so no checked query can know it.
            Some(_) => sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success")
                .fetch_all(self.pool())
                .await?
                .into_iter()
                .collect(),
            None => HashMap::new(),
        };
        let mut missing = Vec::new();
        for migration in MIGRATOR.iter() {
            match run.get(&migration.version) {
                None => missing.push(migration.version),
                Some(checksum) if *checksum != *migration.checksum => {
                    return Ok(Schema::Differs(migration.version));
                }
                Some(_) => {}
            }
        }
        Ok(if missing.is_empty() {
            Schema::Current
        } else {
            Schema::Behind(missing)
        })
    }

    /// Tells every process that the configuration changed. To be called after the change is committed: inside a
    /// transaction a notification takes a lock of the whole database.
    pub async fn configuration_notify(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(CONFIGURATION)
            .execute(self.pool())
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;

    #[sqlx::test(migrations = false)]
    async fn an_empty_database_is_behind_until_it_is_migrated(pool: PgPool) {
        let store = Store::from_pool(pool.clone());
        assert!(matches!(store.schema().await.unwrap(), Schema::Behind(versions) if versions.contains(&1)));
        store.migrate().await.unwrap();
        assert_eq!(store.schema().await.unwrap(), Schema::Current);
        sqlx::query("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 2")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(store.schema().await.unwrap(), Schema::Differs(2));
        sqlx::query("DELETE FROM _sqlx_migrations WHERE version = 2")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(store.schema().await.unwrap(), Schema::Behind(vec![2]));
    }
}
