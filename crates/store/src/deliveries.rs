//! Events on their way to one receiver each: leases, results, and the log that merchants see.
//!
//! Taking a lease and recording results work on many rows at once, so that what a delivery costs the database is a
//! part of a batch. Of the two only recording must last; a lease that a crash forgets is one that ran out early.
//!
//! A delivery is a row while it is open, or dead; what is over is in the log of attempts (`webhook_attempts`).
//!
//! The statements here must cost the same in a database of any age, so two things are kept from the planner, which
//! in a young database, or after a calm night, knows nothing or the wrong thing about the rows:
//!
//! - Looking up the deliveries of one subject goes by the primary key. `COALESCE(state, '') = 'waiting'` says `state =
//!   'waiting'` without offering the index of what waits, which looks short until there is a backlog.
//! - `x = GREATEST(x, 1)` says `x >= 1` and passes for rare, so that a batch is looked up row by row and not by
//!   reading the table.

mod backlog;
mod lease;
mod log;
mod record;

use crate::{StoreError, events::Subject};
use primitives::{Id, id::kind};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

pub use backlog::{Backlog, QueueBacklog};
pub use lease::{LeaseRequest, Pace, Promoted, ReadyQueue};
pub use record::Recorded;

/// How often a delivery that failed is tried again before it is given up.
pub const DELIVERY_RETRIES_MAX: u16 = 9;

/// The longest beginning of an answer's body that is kept, in characters.
pub const DELIVERY_BODY_MAX_CHARS: usize = 512;

/// Whose deliveries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryTarget {
    /// All of a merchant's own URLs: those of its orders and its default one.
    Own,
    Endpoint(Id<kind::WebhookEndpoint>),
}

impl DeliveryTarget {
    /// What `COALESCE(endpoint_id, merchant_id)` is in rows of this target.
    pub(crate) fn key(self, merchant: Id<kind::Merchant>) -> Uuid {
        match self {
            Self::Own => merchant.uuid(),
            Self::Endpoint(id) => id.uuid(),
        }
    }
}

/// A delivery that is ours to send until the lease runs out.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    pub merchant: Id<kind::Merchant>,
    pub subject: Subject,
    pub event: Id<kind::Event>,
    pub queue: Uuid,
    /// `None`: it goes to a URL of the merchant's own.
    pub endpoint: Option<Id<kind::WebhookEndpoint>>,
    pub url: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    pub leased_until: OffsetDateTime,
    pub sequence: i64,
    pub event_type: String,
    /// The subject's document as JSON text.
    pub document: String,
    /// When what the event tells happened.
    pub event_created_at: OffsetDateTime,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    RetryAt(OffsetDateTime),
    GivenUp,
    /// Nothing was sent, for a reason of ours: the attempt does not count, and is not in the log.
    PostponedTo(OffsetDateTime),
}

/// The end of one attempt.
#[derive(Debug, Clone)]
pub struct AttemptReport {
    /// What was attempted, under the lease that it was handed out with.
    pub leased: Arc<LeasedDelivery>,
    pub verdict: Verdict,
    /// What happened, in a word for the log.
    pub code: &'static str,
    pub http_status: Option<u16>,
    /// The beginning of the answer's body, at most [`DELIVERY_BODY_MAX_CHARS`], fit to be stored.
    pub body: Option<String>,
    pub begun_at: OffsetDateTime,
    pub ended_at: OffsetDateTime,
}

pub(crate) fn count(stored: i32, key: Uuid) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| corrupt("attempts", key))
}

fn corrupt(column: &'static str, key: Uuid) -> StoreError {
    StoreError::Corrupt {
        table: "deliveries",
        column,
        key: key.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
