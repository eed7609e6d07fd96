//! Time and chance: the one place of the gateway that asks the system for them.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the place that the ban points to"
)]

use primitives::{Id, Kind, Moment};
use std::fmt::Debug;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where the time and fresh identifiers come from.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> OffsetDateTime;

    /// A UUIDv7 never handed out before.
    fn nonce(&self) -> Uuid;

    fn moment(&self) -> Moment {
        Moment::new(self.now(), self.nonce())
    }
}

impl dyn Clock + '_ {
    /// A fresh identifier of any kind.
    pub fn fresh_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(self.nonce())
    }
}

/// The system's own clock and random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// To the microsecond, which is what the database keeps.
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000)
            .unwrap_or(now)
    }

    fn nonce(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// An id for the log and the caller of something that went wrong.
pub fn error_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// The token of a hosted page: a ULID whose 80 random bits cannot be guessed.
pub fn page_token() -> String {
    let now = SystemClock.now().unix_timestamp_nanos() / 1_000_000;
    ulid::Ulid::from_parts(u64::try_from(now).unwrap_or_default(), chance()).to_string()
}

/// Sixteen digits that cannot be guessed.
pub fn sixteen_digits() -> String {
    format!("{:016}", chance() % 10_000_000_000_000_000)
}

/// Eighty random bits.
fn chance() -> u128 {
    let random = Uuid::new_v4();
    let bytes = random.as_bytes();
    // Version and variant of the UUID lie in bytes 6 and 8; ten others are random throughout.
    let chance = bytes.iter().take(6).chain(bytes.iter().skip(10).take(4));
    chance.fold(0u128, |bits, byte| bits << 8 | u128::from(*byte))
}
