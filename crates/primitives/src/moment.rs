//! Time and chance, handed in, so that a decision can be repeated byte for byte.

use crate::id::{Id, Kind};
use time::OffsetDateTime;
use uuid::Uuid;

/// When a decision is made, and one fresh identifier for the one new thing it may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of the decision, UTC.
    pub now: OffsetDateTime,
    /// A UUIDv7 never handed out before.
    pub nonce: Uuid,
}

impl Moment {
    pub fn new(now: OffsetDateTime, nonce: Uuid) -> Self {
        Self { now, nonce }
    }

    /// The identifier for what this decision makes.
    pub fn fresh_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.nonce)
    }
}
