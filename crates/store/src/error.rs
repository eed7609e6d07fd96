//! What can go wrong between us and the rows.

use thiserror::Error;

/// A fault of the database, or of what is in it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database could not be reached or refused the statement.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// A unique constraint says that somebody else was first. The text is the constraint's name.
    #[error("{0} is taken")]
    Taken(String),
    /// The row that was read is no longer the row that is there: decide again.
    #[error("the row changed meanwhile")]
    Changed,
    /// There are as many of these as there may be. The text says what.
    #[error("no more {0} are allowed")]
    LimitReached(&'static str),
    /// A row that means nothing.
    #[error("{table}.{column} of {key} means nothing")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        key: String,
    },
    #[error("migration: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(refused) if refused.is_unique_violation() => {
                Self::Taken(refused.constraint().unwrap_or("a unique constraint").to_owned())
            }
            _ => Self::Database(error),
        }
    }
}
