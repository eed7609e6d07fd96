//! When to ask a directory server for its card ranges next (emv-3ds section 8.4).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Timers, timers::seconds};

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
    /// The answer was faulty or could not be applied; whether everything had been asked for.
    Faulty {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        asked_for_all: bool,
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
}

impl NextPreq {
    /// Whether it is due.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.not_before.is_none_or(|time| time <= now)
    }
}

/// When to ask next, and for what.
///
/// A faulty change is followed at once by a request for everything; when that is faulty too, no sooner than the pause
/// that directory servers insist on.
pub fn next_preq(last: LastPreq, timers: &Timers) -> NextPreq {
    let refresh = seconds(
        timers
            .card_ranges_refresh_seconds
            .max(timers.card_ranges_pause_seconds),
    );
    let pause = seconds(timers.card_ranges_pause_seconds);
    match last {
        LastPreq::Never => NextPreq {
            not_before: None,
            all: false,
        },
        LastPreq::Applied { at } => NextPreq {
            not_before: Some(at + refresh),
            all: false,
        },
        LastPreq::SerialRefused { .. } => NextPreq {
            not_before: None,
            all: true,
        },
        LastPreq::Faulty {
            asked_for_all: false, ..
        } => NextPreq {
            not_before: None,
            all: true,
        },
        LastPreq::Faulty {
            at,
            asked_for_all: true,
        } => NextPreq {
            not_before: Some(at + pause),
            all: true,
        },
        LastPreq::Refused { at } => NextPreq {
            not_before: Some(at + pause),
            all: false,
        },
        LastPreq::Unreachable { times: 0 | 1, .. } => NextPreq {
            not_before: None,
            all: false,
        },
        LastPreq::Unreachable { at, .. } => NextPreq {
            not_before: Some(at + seconds(timers.card_ranges_retry_seconds)),
            all: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    const AT: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);

    fn next(last: LastPreq) -> NextPreq {
        next_preq(last, &Timers::default())
    }

    #[test]
    fn the_first_request_goes_out_at_once_and_the_next_after_the_refresh_time() {
        assert_eq!(
            next(LastPreq::Never),
            NextPreq {
                not_before: None,
                all: false
            }
        );
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
        assert!(!next_preq(LastPreq::Applied { at: AT }, &hasty).is_due(AT + Duration::minutes(59)));
    }

    #[test]
    fn a_refused_serial_number_or_a_faulty_change_asks_for_everything_at_once() {
        assert_eq!(
            next(LastPreq::SerialRefused { at: AT }),
            NextPreq {
                not_before: None,
                all: true
            }
        );
        let faulty = LastPreq::Faulty {
            at: AT,
            asked_for_all: false,
        };
        assert_eq!(
            next(faulty),
            NextPreq {
                not_before: None,
                all: true
            }
        );
    }

    #[test]
    fn a_directory_server_that_is_faulty_twice_or_wants_peace_is_left_alone_for_an_hour() {
        for last in [
            LastPreq::Faulty {
                at: AT,
                asked_for_all: true,
            },
            LastPreq::Refused { at: AT },
        ] {
            assert_eq!(next(last).not_before, Some(AT + Duration::hours(1)), "{last:?}");
        }
    }

    #[test]
    fn an_unreachable_one_is_tried_again_at_once_and_then_every_minute() {
        assert!(next(LastPreq::Unreachable { at: AT, times: 1 }).is_due(AT));
        let later = next(LastPreq::Unreachable { at: AT, times: 2 });
        assert_eq!(later.not_before, Some(AT + Duration::seconds(60)));
    }
}
