//! When to ask a directory server for its card ranges next, in which version, and for what (emv-3ds sections 8.4 and 14).

use emv3ds::Version;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CardRanges;
use crate::{Timers, timers::seconds, version_choice};

/// How the last PReq to a directory server went, and when (`at`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "last", rename_all = "snake_case")]
pub enum LastPreq {
    /// There was none.
    #[default]
    Never,
    /// It was answered and the answer applied, or there was nothing new.
    Applied {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// The serial number was refused (Erro 307).
    SerialRefused {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// The version was refused (Erro 102); `lower` is the next one down.
    VersionRefused {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        lower: Version,
    },
    /// The answer was faulty or could not be applied; whether everything had been asked for.
    Faulty {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        asked_for_all: bool,
    },
    /// The answer named a file that could not be fetched or was faulty.
    FileFailed {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// The directory server wants to be asked less often (Erro 103), or refused in any other way.
    Refused {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// It could not be reached or did not answer, so many times in a row.
    Unreachable {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        times: u32,
    },
}

/// The PReq to send next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextPreq {
    /// When; `None` is at once.
    pub not_before: Option<OffsetDateTime>,
    /// Whether everything is asked for, or what changed since the cache's serial number.
    pub all: bool,
    /// Whether a file is welcome in the answer.
    pub file: bool,
    /// The highest version to ask in, where a higher one was refused just now.
    pub version_max: Option<Version>,
}

impl NextPreq {
    /// Whether it is due.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.not_before.is_none_or(|time| time <= now)
    }

    /// The version to ask in: the highest of ours that the directory server says it speaks, or has answered in.
    pub fn version(&self, ours: &[Version], ranges: &CardRanges) -> Option<Version> {
        let ours: Vec<_> = ours
            .iter()
            .copied()
            .filter(|version| self.version_max.is_none_or(|max| *version <= max))
            .collect();
        let said = version_choice::choose(&ours, None, ranges.directory_versions());
        let known = said.max(ranges.version().filter(|version| ours.contains(version)));
        // What it said may be out of date: better refused than never asked again.
        known.or_else(|| ours.into_iter().max())
    }
}

impl LastPreq {
    /// What a process that starts goes by. It asks for what changed meanwhile even if that is not due yet, unless
    /// somebody has asked just now: many processes may start together, and one may start again and again.
    #[must_use]
    pub fn at_start(self, now: OffsetDateTime, timers: &Timers) -> Self {
        match self {
            Self::Applied { at } if at + seconds(timers.card_ranges_retry_seconds) <= now => Self::Never,
            last => last,
        }
    }
}

/// When to ask next, and for what.
///
/// A faulty change is followed at once by a request for everything; when that is faulty too, no sooner than the pause
/// that directory servers insist on. Where only everything can be asked for, 2.3.1 wants a longer one.
pub fn next_preq(last: LastPreq, ranges: &CardRanges, timers: &Timers) -> NextPreq {
    let after = |at: OffsetDateTime, pause: u32| Some(at + seconds(pause));
    let pause = timers.card_ranges_pause_seconds;
    let changes = NextPreq {
        not_before: None,
        all: false,
        file: true,
        version_max: None,
    };
    let everything = NextPreq { all: true, ..changes };
    match last {
        LastPreq::Never => changes,
        LastPreq::Applied { at } => {
            let least = match (ranges.serial(), ranges.version()) {
                (None, Some(version)) if version >= Version::V2_3_1 => timers.card_ranges_full_pause_seconds,
                _ => pause,
            };
            NextPreq {
                not_before: after(at, timers.card_ranges_refresh_seconds.max(least)),
                ..changes
            }
        }
        LastPreq::SerialRefused { .. }
        | LastPreq::Faulty {
            asked_for_all: false, ..
        } => everything,
        LastPreq::VersionRefused { lower, .. } => NextPreq {
            version_max: Some(lower),
            ..changes
        },
        LastPreq::Faulty {
            at,
            asked_for_all: true,
        } => NextPreq {
            not_before: after(at, pause),
            ..everything
        },
        LastPreq::FileFailed { at } => NextPreq {
            not_before: after(at, pause),
            file: false,
            ..everything
        },
        LastPreq::Refused { at } => NextPreq {
            not_before: after(at, pause),
            ..changes
        },
        LastPreq::Unreachable { times: 0 | 1, .. } => changes,
        LastPreq::Unreachable { at, .. } => NextPreq {
            not_before: after(at, timers.card_ranges_retry_seconds),
            ..changes
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    const AT: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);
    const AT_ONCE: NextPreq = NextPreq {
        not_before: None,
        all: false,
        file: true,
        version_max: None,
    };

    fn next(last: LastPreq) -> NextPreq {
        next_preq(last, &CardRanges::default(), &Timers::default())
    }

    #[test]
    fn the_first_request_goes_out_at_once_and_the_next_after_the_refresh_time() {
        assert_eq!(next(LastPreq::Never), AT_ONCE);
        let later = next(LastPreq::Applied { at: AT });
        assert!(!later.is_due(AT + Duration::hours(11)));
        assert!(later.is_due(AT + Duration::hours(12)));
        assert!(!later.all);
    }

    #[test]
    fn no_setting_makes_it_ask_more_often_than_directory_servers_allow() {
        let hasty = Timers {
            card_ranges_refresh_seconds: 10,
            ..Timers::default()
        };
        let next = next_preq(LastPreq::Applied { at: AT }, &CardRanges::default(), &hasty);
        assert!(!next.is_due(AT + Duration::minutes(59)));
        assert!(next.is_due(AT + Duration::minutes(60)));
    }

    #[test]
    fn a_refused_serial_number_or_a_faulty_change_asks_for_everything_at_once() {
        let everything = NextPreq { all: true, ..AT_ONCE };
        assert_eq!(next(LastPreq::SerialRefused { at: AT }), everything);
        let faulty = LastPreq::Faulty {
            at: AT,
            asked_for_all: false,
        };
        assert_eq!(next(faulty), everything);
    }

    #[test]
    fn a_refused_version_is_followed_at_once_by_the_next_lower_one() {
        let refused = LastPreq::VersionRefused {
            at: AT,
            lower: Version::V2_1_0,
        };
        let next = next(refused);
        assert!(next.is_due(AT) && !next.all);
        assert_eq!(
            next.version(&Version::ALL, &CardRanges::default()),
            Some(Version::V2_1_0)
        );
    }

    #[test]
    fn a_directory_server_that_is_faulty_twice_or_wants_peace_is_left_alone_for_an_hour() {
        for last in [
            LastPreq::Faulty {
                at: AT,
                asked_for_all: true,
            },
            LastPreq::FileFailed { at: AT },
            LastPreq::Refused { at: AT },
        ] {
            assert_eq!(next(last).not_before, Some(AT + Duration::hours(1)), "{last:?}");
        }
    }

    #[test]
    fn after_a_failed_file_the_ranges_are_asked_for_in_the_answer_itself() {
        let next = next(LastPreq::FileFailed { at: AT });
        assert!(next.all && !next.file);
    }

    #[test]
    fn an_unreachable_one_is_tried_again_at_once_and_then_every_minute() {
        assert!(next(LastPreq::Unreachable { at: AT, times: 1 }).is_due(AT));
        let later = next(LastPreq::Unreachable { at: AT, times: 2 });
        assert_eq!(later.not_before, Some(AT + Duration::seconds(60)));
    }

    #[test]
    fn a_process_that_starts_asks_again_unless_somebody_has_just_asked() {
        let timers = Timers::default();
        let applied = LastPreq::Applied { at: AT };
        assert_eq!(applied.at_start(AT + Duration::seconds(59), &timers), applied);
        assert_eq!(
            applied.at_start(AT + Duration::seconds(60), &timers),
            LastPreq::Never
        );
        // A directory server that wants peace has it from a process that starts as well.
        let refused = LastPreq::Refused { at: AT };
        assert_eq!(refused.at_start(AT + Duration::minutes(30), &timers), refused);
    }
}
