//! An endpoint is told nothing any more: disabled, or deleted.

use super::DisabledReason;
use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
    events::{NewEvent, events_insert_in},
};
use primitives::{Id, id::kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// The last code of a delivery that died with its endpoint.
pub const CODE_ENDPOINT_DISABLED: &str = "endpoint_disabled";

/// How many deliveries one statement ends.
const BATCH: i64 = 1_000;

impl Store {
    /// Disables an endpoint. `false`: it is not there, or disabled already; then nothing is written, and nobody told.
    ///
    /// `notice` is written in the same transaction behind the change, so that it does not go to this endpoint. What is open
    /// becomes dead letters afterwards, in batches, except for what is being sent at the moment. What gets by, for it was
    /// written or recorded meanwhile, is found by [`webhook_partitions_keep`](Store::webhook_partitions_keep).
    pub async fn endpoint_disable(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
        reason: DisabledReason,
        now: OffsetDateTime,
        notice: Option<&NewEvent>,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE webhook_endpoints
             SET disabled_reason = $3, disabled_at = $4, failing_since = NULL, updated_at = $4, version = version + 1
             WHERE id = $2 AND merchant_id = $1 AND disabled_at IS NULL",
            merchant.uuid(),
            id.uuid(),
            reason.as_str(),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        if let Some(notice) = notice {
            events_insert_in(&mut transaction, notice).await?;
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        self.endpoint_deliveries_end(id.uuid(), false, now).await?;
        Ok(true)
    }

    /// Deletes an endpoint with its keys and all of its deliveries, dead letters too. The log of its attempts stays. `false`:
    /// it is not there.
    pub async fn endpoint_delete(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "DELETE FROM webhook_endpoints WHERE id = $2 AND merchant_id = $1",
            merchant.uuid(),
            id.uuid(),
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        self.endpoint_deliveries_end(id.uuid(), true, audit.at).await?;
        Ok(true)
    }

    /// Ends what is open for endpoints that are disabled, as dead letters, and deletes what is left for endpoints that are
    /// not there. Answers how many rows that were.
    pub(crate) async fn undeliverable_end(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        // The queue of an endpoint is its id. Queues are stepped through, however long each is; those of endpoints that are
        // gone only where something is ready or dead, since what waits will be ready.
        let queues = sqlx::query!(
            r#"
            WITH RECURSIVE ready (queue, endpoint_id) AS (
                SELECT '00000000-0000-0000-0000-000000000000'::uuid, NULL::uuid
                UNION ALL
                SELECT next.queue, next.endpoint_id FROM ready CROSS JOIN LATERAL (
                    SELECT queue, endpoint_id FROM deliveries
                    WHERE state = 'ready' AND queue > ready.queue ORDER BY queue LIMIT 1
                ) AS next
            ),
            dead (target, endpoint_id) AS (
                SELECT '00000000-0000-0000-0000-000000000000'::uuid, NULL::uuid
                UNION ALL
                SELECT next.target, next.endpoint_id FROM dead CROSS JOIN LATERAL (
                    SELECT COALESCE(endpoint_id, merchant_id) AS target, endpoint_id FROM deliveries
                    WHERE state = 'given_up' AND COALESCE(endpoint_id, merchant_id) > dead.target
                    ORDER BY COALESCE(endpoint_id, merchant_id) LIMIT 1
                ) AS next
            )
            SELECT e.id AS "queue!", false AS "gone!"
            FROM webhook_endpoints AS e
            WHERE e.disabled_at IS NOT NULL
              AND (EXISTS (SELECT FROM deliveries WHERE state = 'ready' AND queue = e.id)
                   OR EXISTS (SELECT FROM deliveries WHERE state = 'waiting' AND queue = e.id))
            UNION ALL
            SELECT queues.endpoint_id, true
            FROM (SELECT endpoint_id FROM ready UNION SELECT endpoint_id FROM dead) AS queues
            WHERE queues.endpoint_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM webhook_endpoints AS e WHERE e.id = queues.endpoint_id)
            "#
        )
        .fetch_all(self.pool())
        .await?;
        let mut total = 0;
        for row in queues {
            total += self.endpoint_deliveries_end(row.queue, row.gone, now).await?;
        }
        Ok(total)
    }

    /// Ends what is open for one endpoint, but for what is being sent: it becomes dead letters, or if the endpoint is gone
    /// it goes with all that is dead already.
    async fn endpoint_deliveries_end(
        &self,
        endpoint: Uuid,
        gone: bool,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let ended = sqlx::query_scalar!(
                r#"
                WITH picked AS MATERIALIZED (
                    SELECT * FROM (
                        SELECT merchant_id, subject_id, event_id FROM deliveries
                        WHERE state = 'ready' AND queue = $1 AND endpoint_id IS NOT NULL
                          AND (lease_until IS NULL OR lease_until <= $2)
                        UNION ALL
                        SELECT merchant_id, subject_id, event_id FROM deliveries
                        WHERE state = 'waiting' AND queue = $1 AND endpoint_id IS NOT NULL
                        UNION ALL
                        SELECT merchant_id, subject_id, event_id FROM deliveries
                        WHERE $3 AND state = 'given_up' AND COALESCE(endpoint_id, merchant_id) = $1
                          AND endpoint_id IS NOT NULL
                    ) AS open
                    LIMIT $4
                ),
                deleted AS (
                    DELETE FROM deliveries AS d USING picked
                    WHERE $3
                      AND d.merchant_id = picked.merchant_id AND d.subject_id = picked.subject_id
                      AND d.event_id = picked.event_id AND d.queue = $1
                      AND (d.lease_until IS NULL OR d.lease_until <= $2)
                    RETURNING 1
                ),
                given_up AS (
                    UPDATE deliveries AS d
                    SET state = 'given_up', lease_owner = NULL, lease_until = NULL, last_code = $5,
                        last_http_status = NULL, last_body = NULL, updated_at = $2
                    FROM picked
                    WHERE NOT $3
                      AND d.merchant_id = picked.merchant_id AND d.subject_id = picked.subject_id
                      AND d.event_id = picked.event_id AND d.queue = $1
                      AND (d.lease_until IS NULL OR d.lease_until <= $2)
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM deleted) + (SELECT count(*) FROM given_up) AS "ended!"
                "#,
                endpoint,
                now,
                gone,
                BATCH,
                CODE_ENDPOINT_DISABLED,
            )
            .fetch_one(self.pool())
            .await?;
            total += ended.unsigned_abs();
            if ended == 0 {
                return Ok(total);
            }
        }
    }
}
