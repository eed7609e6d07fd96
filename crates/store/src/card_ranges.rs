//! Card ranges as last received from directory servers, and who is asking for newer ones.
//!
//! The processes of an installation share them: one takes the lease, asks, and saves; the others load what it saved.

use crate::{Store, StoreError};
use mpi::card_range::{CardRanges, Header, LastPreq, StoredChunk};
use primitives::Brand;
use sqlx::PgTransaction;
use time::OffsetDateTime;
use uuid::Uuid;

/// What is stored of a brand's card ranges besides the ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRangeState {
    /// The directory server that told them.
    pub directory_url: String,
    pub last_preq: LastPreq,
    /// Grows with every change of the ranges.
    pub generation: i64,
}

/// A lease on asking a brand's directory server. Whoever holds another one, or none, cannot save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRangeLease {
    pub brand: Brand,
    pub holder: Uuid,
}

struct Row {
    directory_url: String,
    last_preq: serde_json::Value,
    header: Option<serde_json::Value>,
    generation: i64,
}

struct ChunkRow {
    kind: String,
    content: Vec<u8>,
}

fn corrupt(column: &'static str, brand: Brand) -> StoreError {
    StoreError::Corrupt {
        table: "card_range_caches",
        column,
        key: brand.as_str().to_owned(),
    }
}

impl Row {
    fn state(&self) -> CardRangeState {
        CardRangeState {
            directory_url: self.directory_url.clone(),
            // Whatever another release wrote here, asking anew is never wrong.
            last_preq: serde_json::from_value(self.last_preq.clone()).unwrap_or_default(),
            generation: self.generation,
        }
    }
}

impl Store {
    /// A brand's card ranges. Ranges that do not fit together are a [`StoreError::Corrupt`].
    pub async fn card_ranges_load(
        &self,
        brand: Brand,
    ) -> Result<Option<(CardRangeState, CardRanges)>, StoreError> {
        // Header and chunks of the same moment, whoever saves meanwhile.
        let mut transaction = self.pool().begin().await?;
        sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query_as!(
            Row,
            "SELECT directory_url, last_preq, header, generation FROM card_range_caches WHERE brand = $1",
            brand.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let chunks = sqlx::query_as!(
            ChunkRow,
            "SELECT kind, content FROM card_range_chunks WHERE brand = $1 ORDER BY ordinal",
            brand.as_str(),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;

        let state = row.state();
        let Some(header) = row.header else {
            return Ok(Some((state, CardRanges::default())));
        };
        let header: Header = serde_json::from_value(header).map_err(|_| corrupt("header", brand))?;
        let chunks = chunks.into_iter().map(|chunk| match chunk.kind.as_str() {
            "attributes" => StoredChunk::Attributes(chunk.content),
            _ => StoredChunk::Rows(chunk.content),
        });
        let ranges = CardRanges::from_stored(header, chunks).map_err(|_| corrupt("chunks", brand))?;
        Ok(Some((state, ranges)))
    }

    /// Takes the lease on asking a directory server; `None` when somebody else has it. With it comes what is known, which
    /// is nothing when another directory server told it.
    pub async fn card_ranges_take_lease(
        &self,
        lease: CardRangeLease,
        directory_url: &str,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<CardRangeState>, StoreError> {
        let never = serde_json::to_value(LastPreq::Never).map_err(|_| corrupt("last_preq", lease.brand))?;
        let row = sqlx::query_as!(
            Row,
            "INSERT INTO card_range_caches AS cache (brand, directory_url, last_preq, leased_by, leased_until)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (brand) DO UPDATE
             SET leased_by = excluded.leased_by, leased_until = excluded.leased_until,
                 directory_url = excluded.directory_url,
                 last_preq = CASE WHEN cache.directory_url = excluded.directory_url
                                  THEN cache.last_preq ELSE excluded.last_preq END,
                 header = CASE WHEN cache.directory_url = excluded.directory_url THEN cache.header END,
                 generation = cache.generation + (cache.directory_url <> excluded.directory_url)::integer
             WHERE cache.leased_until IS NULL OR cache.leased_until <= $6
             RETURNING directory_url, last_preq, NULL::jsonb AS header, generation",
            lease.brand.as_str(),
            directory_url,
            never,
            lease.holder,
            until,
            now,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|row| row.state()))
    }

    /// Keeps the lease for longer. Answers whether it was still ours.
    pub async fn card_ranges_renew_lease(
        &self,
        lease: CardRangeLease,
        until: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE card_range_caches SET leased_until = $3 WHERE brand = $1 AND leased_by = $2",
            lease.brand.as_str(),
            lease.holder,
            until,
        )
        .execute(self.pool())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives the lease back, with how the PReq went. Answers whether it was still ours.
    pub async fn card_ranges_release(
        &self,
        lease: CardRangeLease,
        last_preq: LastPreq,
    ) -> Result<bool, StoreError> {
        let last_preq = serde_json::to_value(last_preq).map_err(|_| corrupt("last_preq", lease.brand))?;
        let done = sqlx::query!(
            "UPDATE card_range_caches SET last_preq = $3, leased_by = NULL, leased_until = NULL
             WHERE brand = $1 AND leased_by = $2",
            lease.brand.as_str(),
            lease.holder,
            last_preq,
        )
        .execute(self.pool())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Replaces what is stored, and answers its generation; `None` when the lease is no longer ours, and nothing was
    /// saved. The lease stays.
    pub async fn card_ranges_replace(
        &self,
        lease: CardRangeLease,
        ranges: &CardRanges,
        received_at: OffsetDateTime,
    ) -> Result<Option<i64>, StoreError> {
        let brand = lease.brand;
        let header = serde_json::to_value(ranges.header()).map_err(|_| corrupt("header", brand))?;
        let mut transaction = self.pool().begin().await?;
        let generation = sqlx::query_scalar!(
            "UPDATE card_range_caches SET header = $3, generation = generation + 1, received_at = $4
             WHERE brand = $1 AND leased_by = $2
             RETURNING generation",
            brand.as_str(),
            lease.holder,
            header,
            received_at,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(generation) = generation else {
            return Ok(None);
        };
        replace_chunks_in(&mut transaction, brand, ranges).await?;
        transaction.commit().await?;
        Ok(Some(generation))
    }
}

async fn replace_chunks_in(
    transaction: &mut PgTransaction<'_>,
    brand: Brand,
    ranges: &CardRanges,
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM card_range_chunks WHERE brand = $1", brand.as_str())
        .execute(&mut **transaction)
        .await?;
    for (ordinal, chunk) in (0_i32..).zip(ranges.stored().chunks()) {
        let (kind, content) = match chunk {
            StoredChunk::Attributes(content) => ("attributes", content),
            StoredChunk::Rows(content) => ("rows", content),
        };
        sqlx::query!(
            "INSERT INTO card_range_chunks (brand, ordinal, kind, content) VALUES ($1, $2, $3, $4)",
            brand.as_str(),
            ordinal,
            kind,
            content,
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
