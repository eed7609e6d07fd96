//! The time of a history: milliseconds since its start.

use primitives::Moment;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

pub fn time(millis: i64) -> OffsetDateTime {
    START + Duration::milliseconds(millis)
}

pub fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from((time - START).whole_milliseconds()).unwrap_or(i64::MAX)
}

/// A moment with an id that no other has.
pub fn moment(millis: i64, nonce: u128) -> Moment {
    Moment::new(time(millis), Uuid::from_u128(nonce))
}
