//! Every time limit of a 3DS Server (emv-3ds section 14) in one place.

use emv3ds::Version;
use serde::{Deserialize, Serialize};
use time::Duration;

/// The time limits, as settings. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// From starting the 3DS Method to sending the AReq without waiting any longer, as not completed; 2.1.0 and 2.2.0.
    pub method_seconds: u32,
    /// The same from 2.3.1 on.
    pub method_2_3_1_seconds: u32,
    /// Making a connection to a directory server, TLS included.
    pub directory_connect_seconds: u32,
    /// From the AReq being sent to its answer. Directory servers set their own, shorter one towards the ACS.
    pub directory_read_seconds: u32,
    /// From the ARes that asks for a challenge to giving it up. The ACS's own limit is the same per page it shows.
    pub challenge_seconds: u32,
    /// How long an ACS waits for the first CReq before it reports that the challenge never started.
    pub first_creq_seconds: u32,
    /// From an RReq's arrival to our RRes: the directory server hangs up after it.
    pub results_answer_seconds: u32,
    /// Beyond the longest time granted for a decoupled authentication, until its result counts as missing.
    pub decoupled_grace_seconds: u32,
    /// From the RReq that ends a challenge as a decoupled authentication to the AReq that asks for it (2.3.1).
    pub decoupled_fallback_seconds: u32,
    /// From the start of any authentication to its being forgotten when nothing more is heard of it.
    pub transaction_seconds: u32,
    /// Between two regular requests for card ranges; at least every 24 hours, at most every hour.
    pub card_ranges_refresh_seconds: u32,
    /// The least a directory server wants between two requests for card ranges; more often is answered 103.
    pub card_ranges_pause_seconds: u32,
    /// The least between two regular requests for everything in 2.3.1, for a directory server that tells no changes.
    pub card_ranges_full_pause_seconds: u32,
    /// Between two tries when the directory server cannot be reached; the first retry is immediate.
    pub card_ranges_retry_seconds: u32,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            method_seconds: 10,
            method_2_3_1_seconds: 5,
            directory_connect_seconds: 5,
            directory_read_seconds: 10,
            challenge_seconds: 10 * 60,
            first_creq_seconds: 30,
            results_answer_seconds: 3,
            decoupled_grace_seconds: 60 * 60 + 30,
            decoupled_fallback_seconds: 60,
            transaction_seconds: 30 * 60,
            card_ranges_refresh_seconds: 12 * 60 * 60,
            card_ranges_pause_seconds: 60 * 60,
            card_ranges_full_pause_seconds: 12 * 60 * 60,
            card_ranges_retry_seconds: 60,
        }
    }
}

impl Timers {
    /// How long the 3DS Method may take.
    pub fn method(&self, version: Version) -> Duration {
        seconds(if version >= Version::V2_3_1 {
            self.method_2_3_1_seconds
        } else {
            self.method_seconds
        })
    }

    /// The longest an AReq can be on its way, connection and answer.
    pub fn areq(&self) -> Duration {
        seconds(self.directory_connect_seconds) + seconds(self.directory_read_seconds)
    }

    /// What does not fit together, in words; empty when all is well.
    pub fn problems(&self) -> Vec<&'static str> {
        const DAY_SECONDS: u32 = 24 * 60 * 60;
        let mut problems = Vec::new();
        if self.card_ranges_refresh_seconds > DAY_SECONDS {
            problems.push(
                "card_ranges_refresh_seconds must be at most 86400: directory servers want a request a day",
            );
        }
        if self.card_ranges_refresh_seconds < self.card_ranges_pause_seconds {
            problems.push("card_ranges_refresh_seconds must not be shorter than card_ranges_pause_seconds");
        }
        if self.challenge_seconds < self.first_creq_seconds {
            problems.push("challenge_seconds must not be shorter than first_creq_seconds");
        }
        let zero = [
            self.method_seconds,
            self.method_2_3_1_seconds,
            self.directory_connect_seconds,
            self.directory_read_seconds,
        ];
        if zero.contains(&0) {
            problems
                .push("method_seconds, method_2_3_1_seconds, directory_connect_seconds and directory_read_seconds must not be 0");
        }
        problems
    }
}

/// A number of seconds as a duration.
pub(crate) fn seconds(count: u32) -> Duration {
    Duration::seconds(i64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_specification_s_and_fit_together() {
        let timers = Timers::default();
        assert_eq!(
            (
                timers.method_seconds,
                timers.challenge_seconds,
                timers.results_answer_seconds
            ),
            (10, 600, 3)
        );
        assert!(timers.problems().is_empty());
        assert_eq!(timers.method(Version::V2_2_0), Duration::seconds(10));
        assert_eq!(timers.method(Version::V2_3_1), Duration::seconds(5));
        assert_eq!(timers.areq(), Duration::seconds(15));
    }

    #[test]
    fn settings_that_contradict_each_other_are_named() {
        let timers = Timers {
            card_ranges_refresh_seconds: 1800,
            challenge_seconds: 20,
            directory_read_seconds: 0,
            ..Timers::default()
        };
        assert_eq!(timers.problems().len(), 3);
        let late = Timers {
            card_ranges_refresh_seconds: 90_000,
            ..Timers::default()
        };
        assert_eq!(late.problems().len(), 1);
    }

    #[test]
    fn a_setting_left_out_keeps_its_default() {
        let timers: Timers = serde_json::from_str(r#"{"method_seconds":5}"#).unwrap();
        assert_eq!(
            timers,
            Timers {
                method_seconds: 5,
                ..Timers::default()
            }
        );
        assert!(serde_json::from_str::<Timers>(r#"{"method_minutes":5}"#).is_err());
    }
}
