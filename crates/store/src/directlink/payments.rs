//! What DirectLink calls a payment: a number for each order that one of its shops began.

use crate::{Store, StoreError};
use primitives::{Id, id::kind};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// An order of DirectLink's before it has its number.
#[derive(Debug, Clone)]
pub struct NewDirectLinkPayment<'a> {
    pub pspid: &'a str,
    /// `ORDERID`, at most 40 characters.
    pub reference: &'a str,
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    /// `RES` or `SAL`.
    pub operation: &'static str,
    /// What the protocol needs afterwards; no card data.
    pub facts: Value,
    /// 26 characters that nobody can guess.
    pub return_token: &'a str,
    /// Whether the shopper is on our pages already.
    pub with_shopper: bool,
    pub created_at: OffsetDateTime,
}

/// An order of DirectLink's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectLinkPayment {
    /// `PAYID`.
    pub payid: i64,
    pub pspid: String,
    /// `ORDERID`.
    pub reference: String,
    pub merchant: Id<kind::Merchant>,
    pub order: Id<kind::Order>,
    pub operation: String,
    pub facts: Value,
    /// What the shopper's browser comes back with.
    pub return_token: String,
    pub created_at: OffsetDateTime,
}

struct Row {
    payid: i64,
    pspid: String,
    reference: String,
    merchant_id: Uuid,
    order_id: Uuid,
    operation: String,
    facts: Value,
    return_token: String,
    created_at: OffsetDateTime,
}

impl From<Row> for DirectLinkPayment {
    fn from(row: Row) -> Self {
        Self {
            payid: row.payid,
            pspid: row.pspid,
            reference: row.reference,
            merchant: Id::from_uuid(row.merchant_id),
            order: Id::from_uuid(row.order_id),
            operation: row.operation,
            facts: row.facts,
            return_token: row.return_token,
            created_at: row.created_at,
        }
    }
}

/// What a step that begins a payment insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries<'a> {
    pub pspid: &'a str,
    /// `ORDERID`.
    pub reference: &'a str,
    /// How many there may be, the new one included.
    pub most: u8,
}

/// Keeps others who insist on the same waiting until this transaction ends, and counts what was tried.
///
/// # Errors
/// [`StoreError::LimitReached`] when no more may be tried.
pub(crate) async fn directlink_tries_insist_in(
    connection: &mut PgConnection,
    tries: Tries<'_>,
) -> Result<(), StoreError> {
    // The first of a reference is the same for everybody. Feedback about it may be written meanwhile.
    sqlx::query_scalar!(
        "SELECT payid FROM directlink_payments WHERE pspid = $1 AND reference = $2 ORDER BY payid LIMIT 1
         FOR NO KEY UPDATE",
        tries.pspid,
        tries.reference,
    )
    .fetch_optional(&mut *connection)
    .await?;
    // A statement of its own: it sees what was committed while this one waited.
    if tries_in(connection, tries.pspid, tries.reference).await? < i64::from(tries.most) {
        Ok(())
    } else {
        Err(StoreError::LimitReached("tries of an order"))
    }
}

pub(super) async fn tries_in(
    connection: &mut PgConnection,
    pspid: &str,
    reference: &str,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(o.payment_id) AS "count!"
           FROM (SELECT * FROM directlink_payments WHERE pspid = $1 AND reference = $2 OFFSET 0) d
           CROSS JOIN LATERAL (
               SELECT payment_id FROM orders WHERE merchant_id = d.merchant_id AND id = d.order_id OFFSET 0
           ) o"#,
        pspid,
        reference,
    )
    .fetch_one(connection)
    .await?)
}

impl Store {
    /// Gives an order its number.
    pub async fn directlink_payment_insert(&self, new: &NewDirectLinkPayment<'_>) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            "INSERT INTO directlink_payments (pspid, reference, merchant_id, order_id, operation, facts, return_token, with_shopper,
                                              created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING payid",
            new.pspid,
            new.reference,
            new.merchant.uuid(),
            new.order.uuid(),
            new.operation,
            new.facts,
            new.return_token,
            new.with_shopper,
            new.created_at,
        )
        .fetch_one(self.pool())
        .await?)
    }

    /// The shopper of this payment is asked to our pages.
    pub async fn directlink_payment_comes_with_shopper(&self, payid: i64) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE directlink_payments SET with_shopper = true WHERE payid = $1",
            payid,
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The payment with that number, if it is this account's.
    pub async fn directlink_payment_load(
        &self,
        pspid: &str,
        payid: i64,
    ) -> Result<Option<DirectLinkPayment>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "SELECT payid, pspid, reference, merchant_id, order_id, operation, facts, return_token, created_at
             FROM directlink_payments WHERE payid = $2 AND pspid = $1",
            pspid,
            payid,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(Into::into))
    }

    /// The payment under a reference that counts: the one that has or may get the money, else the latest that somebody tried
    /// to pay. An order whose call ended before a payment was recorded never counts.
    pub async fn directlink_payment_that_counts(
        &self,
        pspid: &str,
        reference: &str,
    ) -> Result<Option<DirectLinkPayment>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "SELECT d.payid, d.pspid, d.reference, d.merchant_id, d.order_id, d.operation, d.facts, d.return_token, d.created_at
             -- Each kept whole by OFFSET, so that a plan made while there were few goes by the keys as well.
             FROM (SELECT * FROM directlink_payments WHERE pspid = $1 AND reference = $2 OFFSET 0) d
             CROSS JOIN LATERAL (
                 SELECT payment_id FROM orders WHERE merchant_id = d.merchant_id AND id = d.order_id OFFSET 0
             ) o
             CROSS JOIN LATERAL (
                 SELECT reference FROM payments WHERE merchant_id = d.merchant_id AND id = o.payment_id OFFSET 0
             ) p
             ORDER BY p.reference IS NULL, d.payid DESC LIMIT 1",
            pspid,
            reference,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(Into::into))
    }

    /// How many payments under a reference somebody tried to pay.
    pub async fn directlink_tries(&self, pspid: &str, reference: &str) -> Result<i64, StoreError> {
        let mut connection = self.pool().acquire().await?;
        tries_in(&mut connection, pspid, reference).await
    }

    /// The payment whose browser comes back with that token.
    pub async fn directlink_payment_by_return_token(
        &self,
        token: &str,
    ) -> Result<Option<DirectLinkPayment>, StoreError> {
        let row = sqlx::query_as!(
            Row,
            "SELECT payid, pspid, reference, merchant_id, order_id, operation, facts, return_token, created_at
             FROM directlink_payments WHERE return_token = $1",
            token,
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(Into::into))
    }
}
