//! What can go wrong with the database.

use thiserror::Error;

/// Why a question to the database was not answered.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database said no, or nothing.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought to this program's version.
    #[error("the schema cannot be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row that means nothing.
    #[error("{table}.{column} of {key} means nothing")]
    Corrupt {
        /// The table, without its schema.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Which row.
        key: String,
    },
    /// A value that cannot be written as JSON: a fault of this program.
    #[error("{0} cannot be written as JSON")]
    Unwritable(&'static str),
    /// A sealed value does not open, or nothing can be sealed.
    #[error("a sealed value {0}")]
    Keys(#[from] crate::keys::KeysError),
    /// The random source failed: a fault of the machine.
    #[error(transparent)]
    NoRandomness(#[from] crate::otp::NoRandomness),
}
