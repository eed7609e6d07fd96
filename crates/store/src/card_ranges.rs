//! Card ranges as last received from directory servers.

use crate::{Store, StoreError};
use primitives::Brand;
use serde_json::Value;
use time::OffsetDateTime;

/// What a directory server's last answer left us with.
#[derive(Debug, Clone)]
pub struct CardRangeSnapshot {
    pub serial_num: Option<String>,
    /// As the MPI's cache writes itself.
    pub snapshot: Value,
    pub received_at: OffsetDateTime,
}

impl Store {
    pub async fn card_ranges_load(&self, brand: Brand) -> Result<Option<CardRangeSnapshot>, StoreError> {
        Ok(sqlx::query_as!(
            CardRangeSnapshot,
            "SELECT serial_num, snapshot, received_at FROM card_range_snapshots WHERE brand = $1",
            brand.as_str(),
        )
        .fetch_optional(self.pool())
        .await?)
    }

    pub async fn card_ranges_save(
        &self,
        brand: Brand,
        snapshot: &CardRangeSnapshot,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO card_range_snapshots (brand, serial_num, snapshot, received_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (brand) DO UPDATE
             SET serial_num = excluded.serial_num, snapshot = excluded.snapshot, received_at = excluded.received_at",
            brand.as_str(),
            snapshot.serial_num,
            snapshot.snapshot,
            snapshot.received_at,
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }
}
