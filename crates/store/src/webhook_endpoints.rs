//! Webhook endpoints: where a merchant wants to be told, besides an order's own URL.

mod ending;

use crate::{
    Store, StoreError,
    audit::{AuditEntry, audit_insert_in},
    webhook_keys::{NewKey, key_insert_in},
};
use primitives::{HttpUrl, Id, UrlPolicy, id::kind};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

pub use ending::CODE_ENDPOINT_DISABLED;

/// How many endpoints a merchant may have.
pub const ENDPOINTS_PER_MERCHANT_MAX: i64 = 50;

/// An endpoint as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    pub id: Id<kind::WebhookEndpoint>,
    pub merchant: Id<kind::Merchant>,
    pub url: HttpUrl,
    pub description: String,
    /// Which events it is told of; empty: all.
    pub event_types: Vec<String>,
    pub status: EndpointStatus,
    /// At most so many messages per second; `None`: as many as it takes.
    pub rate_per_second: Option<u32>,
    /// Since when nothing has arrived; `None` while it is well, and while it is disabled.
    pub failing_since: Option<OffsetDateTime>,
    /// How often it was changed by somebody; a change is made to the version that was read.
    pub version: i64,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Whether events go to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStatus {
    Enabled,
    Disabled {
        reason: DisabledReason,
        at: OffsetDateTime,
    },
}

/// Why an endpoint is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// Somebody chose so.
    Operator,
    /// It answered that it is gone (410).
    Gone,
    /// For days nothing arrived.
    Failing,
}

impl DisabledReason {
    const ALL: [Self; 3] = [Self::Operator, Self::Gone, Self::Failing];

    /// The word for it in the database and on our faces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

struct Row {
    id: Uuid,
    merchant_id: Uuid,
    url: String,
    description: String,
    event_types: Vec<String>,
    disabled_reason: Option<String>,
    disabled_at: Option<OffsetDateTime>,
    rate_per_second: Option<i32>,
    failing_since: Option<OffsetDateTime>,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for WebhookEndpoint {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt {
            table: "webhook_endpoints",
            column,
            key: row.id.to_string(),
        };
        let status = match (&row.disabled_reason, row.disabled_at) {
            (None, None) => EndpointStatus::Enabled,
            (Some(word), Some(at)) => {
                let reason = DisabledReason::ALL
                    .into_iter()
                    .find(|reason| reason.as_str() == word);
                EndpointStatus::Disabled {
                    reason: reason.ok_or_else(|| corrupt("disabled_reason"))?,
                    at,
                }
            }
            (Some(_), None) | (None, Some(_)) => return Err(corrupt("disabled_at")),
        };
        Ok(Self {
            id: Id::from_uuid(row.id),
            merchant: Id::from_uuid(row.merchant_id),
            url: HttpUrl::parse(&row.url, UrlPolicy::LoopbackHttpToo).map_err(|_| corrupt("url"))?,
            description: row.description,
            event_types: row.event_types,
            status,
            rate_per_second: row
                .rate_per_second
                .map(|rate| u32::try_from(rate).map_err(|_| corrupt("rate_per_second")))
                .transpose()?,
            failing_since: row.failing_since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Store {
    /// Creates an endpoint with the keys that its messages are signed with.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] when the merchant has [`ENDPOINTS_PER_MERCHANT_MAX`] already.
    pub async fn endpoint_insert(
        &self,
        endpoint: &WebhookEndpoint,
        keys: &[NewKey],
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        // One at a time counts and adds.
        sqlx::query!(
            "SELECT id FROM merchants WHERE id = $1 FOR NO KEY UPDATE",
            endpoint.merchant.uuid(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let (reason, disabled_at) = columns_of(endpoint.status);
        let inserted = sqlx::query!(
            "INSERT INTO webhook_endpoints (id, merchant_id, url, description, event_types, disabled_reason, disabled_at,
                 rate_per_second, failing_since, version, created_at, updated_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11
             WHERE (SELECT count(*) FROM webhook_endpoints WHERE merchant_id = $2) < $12",
            endpoint.id.uuid(),
            endpoint.merchant.uuid(),
            endpoint.url.as_str(),
            endpoint.description,
            &endpoint.event_types,
            reason,
            disabled_at,
            endpoint.rate_per_second.map(u32::cast_signed),
            endpoint.failing_since,
            endpoint.version,
            endpoint.created_at,
            ENDPOINTS_PER_MERCHANT_MAX,
        )
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(StoreError::LimitReached("webhook endpoints"));
        }
        for key in keys {
            key_insert_in(&mut transaction, key).await?;
        }
        pace_set_in(&mut transaction, endpoint).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// One endpoint of a merchant.
    pub async fn endpoint_load(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
    ) -> Result<Option<WebhookEndpoint>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, merchant_id, url, description, event_types, disabled_reason, disabled_at, rate_per_second,
                 failing_since, version, created_at, updated_at
             FROM webhook_endpoints WHERE id = $2 AND merchant_id = $1",
            merchant.uuid(),
            id.uuid(),
        )
        .fetch_optional(self.pool())
        .await?
        .map(WebhookEndpoint::try_from)
        .transpose()
    }

    /// A merchant's endpoints by id, which is by age: up to `limit` of those after `after`.
    pub async fn endpoints_list(
        &self,
        merchant: Id<kind::Merchant>,
        after: Option<Id<kind::WebhookEndpoint>>,
        limit: i64,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        sqlx::query_as!(
            Row,
            "SELECT id, merchant_id, url, description, event_types, disabled_reason, disabled_at, rate_per_second,
                 failing_since, version, created_at, updated_at
             FROM webhook_endpoints WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            merchant.uuid(),
            after.map_or(Uuid::nil(), Id::uuid),
            limit,
        )
        .fetch_all(self.pool())
        .await?
        .into_iter()
        .map(WebhookEndpoint::try_from)
        .collect()
    }

    /// Replaces URL, description, filter and rate, on the version that was read. What is open goes to the new URL.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that version is no longer there.
    pub async fn endpoint_update(
        &self,
        endpoint: &WebhookEndpoint,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE webhook_endpoints SET url = $4, description = $5, event_types = $6, rate_per_second = $7,
                 updated_at = $8, version = version + 1
             WHERE id = $2 AND merchant_id = $1 AND version = $3",
            endpoint.merchant.uuid(),
            endpoint.id.uuid(),
            endpoint.version,
            endpoint.url.as_str(),
            endpoint.description,
            &endpoint.event_types,
            endpoint.rate_per_second.map(u32::cast_signed),
            endpoint.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Changed);
        }
        pace_set_in(&mut transaction, endpoint).await?;
        audit_insert_in(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    /// Enables an endpoint. `false`: it is not there, or enabled already; then nothing is written.
    pub async fn endpoint_enable(
        &self,
        merchant: Id<kind::Merchant>,
        id: Id<kind::WebhookEndpoint>,
        now: OffsetDateTime,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let done = sqlx::query!(
            "UPDATE webhook_endpoints
             SET disabled_reason = NULL, disabled_at = NULL, updated_at = $3, version = version + 1
             WHERE id = $2 AND merchant_id = $1 AND disabled_at IS NOT NULL",
            merchant.uuid(),
            id.uuid(),
            now,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        audit_insert_in(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes since when nothing has arrived at an endpoint, or that something has (`None`). Of several processes that
    /// notice it, the first one's time stays.
    pub async fn endpoint_failing(
        &self,
        id: Id<kind::WebhookEndpoint>,
        since: Option<OffsetDateTime>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE webhook_endpoints SET failing_since = $2
             WHERE id = $1 AND disabled_at IS NULL AND (failing_since IS NULL) = ($2::timestamptz IS NOT NULL)",
            id.uuid(),
            since,
        )
        .execute(self.pool())
        .await?;
        Ok(())
    }
}

/// A status as its two columns.
fn columns_of(status: EndpointStatus) -> (Option<&'static str>, Option<OffsetDateTime>) {
    match status {
        EndpointStatus::Enabled => (None, None),
        EndpointStatus::Disabled { reason, at } => (Some(reason.as_str()), Some(at)),
    }
}

/// Makes the row that counts an endpoint's tokens, or removes it where there is no limit. A new one is full: as much as
/// one second allows.
async fn pace_set_in(conn: &mut PgConnection, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
    match endpoint.rate_per_second {
        Some(rate) => {
            sqlx::query!(
                "INSERT INTO webhook_paces (endpoint_id, millitokens, refilled_at) VALUES ($1, $2, $3)
                 ON CONFLICT (endpoint_id) DO NOTHING",
                endpoint.id.uuid(),
                i64::from(rate) * 1000,
                endpoint.updated_at,
            )
            .execute(conn)
            .await?
        }
        None => {
            sqlx::query!(
                "DELETE FROM webhook_paces WHERE endpoint_id = $1",
                endpoint.id.uuid(),
            )
            .execute(conn)
            .await?
        }
    };
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
