//! Time and chance: the one place of this crate that asks the system for them.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the place that the ban points to"
)]

use primitives::Moment;
use std::fmt::Debug;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where the time and fresh identifiers come from.
pub trait Clock: Debug + Send + Sync {
    /// The time, UTC, to the microsecond, which is what the database keeps.
    fn now(&self) -> OffsetDateTime;

    /// A UUIDv7 never handed out before, for keys of rows.
    fn nonce(&self) -> Uuid;

    /// A random UUID, for identifiers that others see and may not guess, such as `acsTransID`.
    fn unguessable(&self) -> Uuid;

    /// Both in one, for a decision.
    fn moment(&self) -> Moment {
        Moment::new(self.now(), self.nonce())
    }
}

/// The system's own clock and random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000)
            .unwrap_or(now)
    }

    fn nonce(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn unguessable(&self) -> Uuid {
        Uuid::new_v4()
    }
}

/// A clock that tests set.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct SetClock {
    now: std::sync::Mutex<OffsetDateTime>,
    handed_out: std::sync::atomic::AtomicU64,
}

#[cfg(test)]
impl SetClock {
    /// It stands still at that time.
    pub(crate) fn at(now: OffsetDateTime) -> Self {
        Self {
            now: std::sync::Mutex::new(now),
            handed_out: std::sync::atomic::AtomicU64::new(1),
        }
    }

    /// Moves it on.
    pub(crate) fn pass(&self, time: time::Duration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }
}

#[cfg(test)]
impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap()
    }

    fn nonce(&self) -> Uuid {
        let number = self.handed_out.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Uuid::from_u128(number.into())
    }

    fn unguessable(&self) -> Uuid {
        self.nonce()
    }
}
