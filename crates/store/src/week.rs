//! Weeks, UUIDs of version 7, and the times in them: what events and attempts are parted by.

use time::{Date, Duration, OffsetDateTime};
use uuid::{Uuid, Version};

/// How far clocks may be apart that make the ids and times of one thing.
const SKEW: Duration = Duration::days(1);

/// A time before which nothing was done about the thing of this id. Of one that is no UUIDv7, the beginning of time.
pub(crate) fn made_before(id: Uuid) -> OffsetDateTime {
    if id.get_version() != Some(Version::SortRand) {
        return OffsetDateTime::UNIX_EPOCH;
    }
    let milliseconds = i64::try_from(id.as_u128() >> 80).unwrap_or_default();
    let made = OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(milliseconds);
    made.checked_sub(SKEW).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The first UUIDv7 of the millisecond that lies so long before that of `id`, whatever version it has.
pub(crate) fn floor_of(id: Uuid, before: Duration) -> Uuid {
    let milliseconds = u128::try_from(before.whole_milliseconds()).unwrap_or_default();
    Uuid::from_u128((id.as_u128() >> 80).saturating_sub(milliseconds) << 80)
}

/// The first UUIDv7 of the millisecond of a time.
pub(crate) fn first_id(at: OffsetDateTime) -> Uuid {
    let milliseconds = (at - OffsetDateTime::UNIX_EPOCH).whole_milliseconds().max(0);
    Uuid::from_u128(milliseconds.unsigned_abs() << 80)
}

/// The Monday on or before a time, in UTC.
pub(crate) fn monday_of(at: OffsetDateTime) -> Date {
    let date = at.to_offset(time::UtcOffset::UTC).date();
    date - Duration::days(date.weekday().number_days_from_monday().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_uuid_of_version_7_says_when_it_was_made() {
        let at = datetime!(2026-11-22 10:00:00.123 UTC);
        let id = Uuid::from_u128(first_id(at).as_u128() | 7 << 76 | 8 << 60);
        assert_eq!(made_before(id), at - SKEW);
        assert_eq!(made_before(Uuid::from_u128(5)), OffsetDateTime::UNIX_EPOCH);
    }

    #[test]
    fn the_first_id_of_a_millisecond_parts_those_before_from_those_after() {
        let at = datetime!(2026-11-23 00:00 UTC);
        let before = Uuid::from_u128((first_id(at).as_u128() - 1) | 7 << 76);
        assert!(before < first_id(at));
        assert_eq!(first_id(at).to_string(), "01a205b3-d000-0000-0000-000000000000");
    }

    #[test]
    fn a_week_begins_on_monday_in_utc() {
        assert_eq!(
            monday_of(datetime!(2026-11-22 23:59:59 UTC)),
            date!(2026 - 11 - 16)
        );
        assert_eq!(monday_of(datetime!(2026-11-23 00:00 UTC)), date!(2026 - 11 - 23));
        assert_eq!(monday_of(datetime!(2026-11-23 00:30 +1)), date!(2026 - 11 - 16));
    }
}
