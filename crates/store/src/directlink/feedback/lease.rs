//! Messages are taken by one sender at a time, and no account takes the room of the others.

use super::occasion;
use crate::{Store, StoreError, directlink::payments::DirectLinkPayment};
use payments::directlink::{Occasion, Telling};
use primitives::Id;
use serde_json::Value;
use sqlx::types::Json;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many messages are looked at for one lease.
const CANDIDATES_MAX: i64 = 1_000;

/// A message that somebody is sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedFeedback {
    pub id: i64,
    pub payment: DirectLinkPayment,
    pub occasion: Occasion,
    pub telling: Telling,
    /// This attempt's number, from 1.
    pub attempt: u32,
    /// When what it tells came to pass.
    pub created_at: OffsetDateTime,
}

/// How much of what is due may be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedbackRoom {
    /// In all.
    pub all: i64,
    /// For one account, what it has on its way included.
    pub per_account: i64,
    /// What accounts have on its way, by their names.
    pub busy: BTreeMap<String, i64>,
}

impl FeedbackRoom {
    fn accounts(&self) -> Vec<String> {
        self.busy.keys().cloned().collect()
    }

    fn on_its_way(&self) -> Vec<i64> {
        self.busy.values().copied().collect()
    }

    /// The accounts that have none.
    fn full(&self) -> Vec<String> {
        let full = self
            .busy
            .iter()
            .filter(|(_, on_its_way)| **on_its_way >= self.per_account);
        full.map(|(pspid, _)| pspid.clone()).collect()
    }
}

struct LeasedRow {
    id: i64,
    occasion: String,
    telling: Json<Telling>,
    attempts: i32,
    created_at: OffsetDateTime,
    payid: i64,
    pspid: String,
    reference: String,
    merchant_id: Uuid,
    order_id: Uuid,
    operation: String,
    facts: Value,
    return_token: String,
    begun_at: OffsetDateTime,
}

impl TryFrom<LeasedRow> for LeasedFeedback {
    type Error = StoreError;

    fn try_from(row: LeasedRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            payment: DirectLinkPayment {
                payid: row.payid,
                pspid: row.pspid,
                reference: row.reference,
                merchant: Id::from_uuid(row.merchant_id),
                order: Id::from_uuid(row.order_id),
                operation: row.operation,
                facts: row.facts,
                return_token: row.return_token,
                created_at: row.begun_at,
            },
            occasion: occasion(row.id, &row.occasion)?,
            telling: row.telling.0,
            // The column is checked to be no less than 0.
            attempt: row.attempts.unsigned_abs(),
            created_at: row.created_at,
        })
    }
}

impl Store {
    /// Takes messages that are due, as far as there is room, and keeps them from everybody else until `until`. Those of accounts
    /// with little on its way go first. A message waits for an earlier one of its payment that is on its way for the first time, so
    /// that shops mostly hear things in their order.
    pub async fn feedback_lease(
        &self,
        owner: Uuid,
        now: OffsetDateTime,
        until: OffsetDateTime,
        room: &FeedbackRoom,
    ) -> Result<Vec<LeasedFeedback>, StoreError> {
        sqlx::query_as!(
            LeasedRow,
            r#"WITH busy AS (
                 SELECT pspid, on_its_way FROM unnest($5::text[], $6::bigint[]) AS busy (pspid, on_its_way)
             ),
             -- The longest due of those that may be sent at all, not of all: a shop that is down has many.
             candidates AS (
                 SELECT due.id, due.next_at, p.pspid
                 FROM directlink_feedback due JOIN directlink_payments p ON p.payid = due.payid
                 WHERE due.outcome IS NULL AND due.next_at <= $2 AND (due.lease_until IS NULL OR due.lease_until <= $2)
                       AND NOT EXISTS (SELECT FROM directlink_feedback earlier
                                       WHERE earlier.payid = due.payid AND earlier.id < due.id
                                             AND earlier.outcome IS NULL
                                             AND (earlier.attempts = 0 OR earlier.lease_until > $2))
                       AND NOT EXISTS (SELECT FROM busy WHERE busy.pspid = p.pspid AND busy.on_its_way >= $7)
                 ORDER BY due.next_at LIMIT $8
             ),
             turns AS (
                 SELECT c.id, c.next_at,
                        row_number() OVER (PARTITION BY c.pspid ORDER BY c.next_at, c.id)
                            + coalesce(busy.on_its_way, 0) AS of_account
                 FROM candidates c LEFT JOIN busy ON busy.pspid = c.pspid
             ),
             leased AS (
                 UPDATE directlink_feedback f
                 SET lease_owner = $1, lease_until = $3, attempts = attempts + 1
                 FROM (
                     SELECT due.id FROM directlink_feedback due JOIN turns ON turns.id = due.id
                     -- What makes a message due stands here too, for those that somebody else took meanwhile.
                     WHERE turns.of_account <= $7 AND due.outcome IS NULL AND due.next_at <= $2
                           AND (due.lease_until IS NULL OR due.lease_until <= $2)
                     ORDER BY turns.of_account, turns.next_at LIMIT $4
                     FOR UPDATE OF due SKIP LOCKED
                 ) taken
                 WHERE f.id = taken.id
                 RETURNING f.id, f.payid, f.occasion, f.telling, f.attempts, f.created_at
             )
             SELECT l.id, l.occasion, l.telling AS "telling!: Json<Telling>", l.attempts, l.created_at, l.payid,
                    p.pspid, p.reference, p.merchant_id, p.order_id, p.operation, p.facts, p.return_token,
                    p.created_at AS begun_at
             FROM leased l JOIN directlink_payments p ON p.payid = l.payid ORDER BY l.id"#,
            owner,
            now,
            until,
            room.all,
            &room.accounts(),
            &room.on_its_way(),
            room.per_account,
            CANDIDATES_MAX,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(LeasedFeedback::try_from)
        .collect()
    }

    /// When somebody has to look at a message next: when it is due, or when the lease of whoever has it runs out. Those that wait
    /// for an earlier one of their payment do not count, nor those of accounts that have no room.
    pub async fn feedback_next_due_at(
        &self,
        now: OffsetDateTime,
        room: &FeedbackRoom,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"SELECT GREATEST(due.next_at, due.lease_until) AS "at!"
               FROM directlink_feedback due JOIN directlink_payments p ON p.payid = due.payid
               WHERE due.outcome IS NULL AND p.pspid <> ALL($2::text[])
                     AND NOT EXISTS (SELECT FROM directlink_feedback earlier
                                     WHERE earlier.payid = due.payid AND earlier.id < due.id AND earlier.outcome IS NULL
                                           AND (earlier.attempts = 0 OR earlier.lease_until > $1))
               ORDER BY 1 LIMIT 1"#,
            now,
            &room.full(),
        )
        .fetch_optional(self.pool())
        .await?)
    }
}
