//! Imports in bulk: what was uploaded and waits, how far it is, and what was refused.

use super::{Store, StoreError};
use crate::identifiers::IssuerId;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) lines_received: i64,
    /// Whether the upload came to its end.
    pub(crate) complete: bool,
    pub(crate) rows_taken: i64,
    pub(crate) rows_refused: i64,
    pub(crate) created_at: OffsetDateTime,
    /// When the last row was worked off.
    pub(crate) finished_at: Option<OffsetDateTime>,
}

/// Lines that wait.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) issuer_id: String,
    pub(crate) import_id: String,
    pub(crate) first_line: i64,
    pub(crate) lines: i32,
    /// Sealed.
    pub(crate) content: Vec<u8>,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) line: i64,
    /// Empty for the row as a whole.
    pub(crate) field: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// Begins an import, or finds it as it is.
pub(crate) async fn begin(
    store: &Store,
    issuer: &IssuerId,
    import: &str,
    now: OffsetDateTime,
) -> Result<Progress, StoreError> {
    sqlx::query!(
        "INSERT INTO acs.imports (issuer_id, import_id, created_at, updated_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (issuer_id, import_id) DO NOTHING",
        issuer.as_str(),
        import,
        now,
    )
    .execute(store.pool())
    .await?;
    let begun = load(store, issuer, import).await?;
    begun.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
}

/// How far an import is.
pub(crate) async fn load(
    store: &Store,
    issuer: &IssuerId,
    import: &str,
) -> Result<Option<Progress>, StoreError> {
    let found = sqlx::query_as!(
        Progress,
        "SELECT lines_received, complete, rows_taken, rows_refused, created_at, finished_at
         FROM acs.imports WHERE issuer_id = $1 AND import_id = $2",
        issuer.as_str(),
        import,
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(found)
}

/// Keeps lines that follow those received so far; `false` where others followed them meanwhile, or the import is complete.
pub(crate) async fn add_batch(
    store: &Store,
    issuer: &IssuerId,
    import: &str,
    (first_line, lines, content): (i64, i32, &[u8]),
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let mut transaction = store.pool().begin().await?;
    let next = sqlx::query!(
        "UPDATE acs.imports SET lines_received = lines_received + $4, updated_at = $5
         WHERE issuer_id = $1 AND import_id = $2 AND lines_received = $3 AND NOT complete",
        issuer.as_str(),
        import,
        first_line - 1,
        i64::from(lines),
        now,
    )
    .execute(&mut *transaction)
    .await?;
    if next.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "INSERT INTO acs.import_batches (issuer_id, import_id, first_line, lines, content, queued_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        issuer.as_str(),
        import,
        first_line,
        lines,
        content,
        now,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// Says that an upload came to its end.
pub(crate) async fn complete(
    store: &Store,
    issuer: &IssuerId,
    import: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE acs.imports SET complete = true, updated_at = $3::timestamptz,
             finished_at = CASE WHEN rows_taken + rows_refused = lines_received THEN $3::timestamptz END
         WHERE issuer_id = $1 AND import_id = $2 AND NOT complete",
        issuer.as_str(),
        import,
        now,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// The lines that have waited longest, locked until the transaction ends. Of one import only the first: later rows of it
/// may say otherwise of the same card, and have the last word.
pub(crate) async fn next_in(connection: &mut PgConnection) -> Result<Option<Batch>, StoreError> {
    let batch = sqlx::query_as!(
        Batch,
        "SELECT issuer_id, import_id, first_line, lines, content FROM acs.import_batches b
         WHERE NOT EXISTS (SELECT FROM acs.import_batches e WHERE e.issuer_id = b.issuer_id
             AND e.import_id = b.import_id AND e.first_line < b.first_line)
         ORDER BY queued_at, first_line LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .fetch_optional(connection)
    .await?;
    Ok(batch)
}

/// Forgets lines that were worked off, and writes down what came of them.
pub(crate) async fn done_in(
    connection: &mut PgConnection,
    batch: &Batch,
    refusals: &[Refusal],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM acs.import_batches WHERE issuer_id = $1 AND import_id = $2 AND first_line = $3",
        batch.issuer_id,
        batch.import_id,
        batch.first_line,
    )
    .execute(&mut *connection)
    .await?;
    let column = |read: fn(&Refusal) -> &str| -> Vec<String> {
        refusals.iter().map(|refusal| read(refusal).to_owned()).collect()
    };
    let lines: Vec<i64> = refusals.iter().map(|refusal| refusal.line).collect();
    sqlx::query!(
        "INSERT INTO acs.import_refusals (issuer_id, import_id, line, field, code, detail)
         SELECT $1, $2, line, field, code, detail
         FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) AS r (line, field, code, detail)",
        batch.issuer_id,
        batch.import_id,
        &lines,
        &column(|refusal| &refusal.field),
        &column(|refusal| &refusal.code),
        &column(|refusal| &refusal.detail),
    )
    .execute(&mut *connection)
    .await?;
    let refused = i64::try_from(refusals.len()).unwrap_or(i64::MAX);
    sqlx::query!(
        "UPDATE acs.imports SET rows_taken = rows_taken + $3::bigint, rows_refused = rows_refused + $4::bigint, updated_at = $5::timestamptz,
             finished_at = CASE WHEN complete AND rows_taken + rows_refused + $3::bigint + $4::bigint = lines_received THEN $5::timestamptz END
         WHERE issuer_id = $1 AND import_id = $2",
        batch.issuer_id,
        batch.import_id,
        i64::from(batch.lines) - refused,
        refused,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows that were refused, after a line, in their order.
pub(crate) async fn refusals(
    store: &Store,
    issuer: &IssuerId,
    import: &str,
    after_line: i64,
    limit: i64,
) -> Result<Vec<Refusal>, StoreError> {
    let found = sqlx::query_as!(
        Refusal,
        "SELECT line, field, code, detail FROM acs.import_refusals
         WHERE issuer_id = $1 AND import_id = $2 AND line > $3 ORDER BY line LIMIT $4",
        issuer.as_str(),
        import,
        after_line,
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(found)
}
