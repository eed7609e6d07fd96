//! The way of one code to a phone: who is asked to carry it, in which order, how often and for how long. Pure.
//!
//! One rule stands over the order: **a code never travels twice.** The next carrier gets a code only if every one before
//! it surely did not send it. Where nobody can say, the code is void, and a new one (another generation) goes by the next
//! carrier.
//!
//! | Answer | Then |
//! |---|---|
//! | accepted | the end |
//! | not taken (busy, not connected) | the same carrier once more after 200–500 ms, then the next one, with the same code |
//! | refused, another may know better | the next one, with the same code |
//! | refused, nobody can reach the number | the end: not sent |
//! | no answer | a carrier that knows repeated messages is asked once more; else the end: the code is void |

use std::time::Duration;
use time::OffsetDateTime;

use super::provider::Handed;

/// How long one try may take.
pub const TRY_LIMIT: Duration = Duration::from_secs(3);
/// How long all tries of one code may take together.
pub const BUDGET: Duration = Duration::from_secs(12);
/// A try that would have less time than this is not begun.
const SENSIBLE_TRY: Duration = Duration::from_millis(200);
/// Tries of one carrier.
const TRIES_MAX: u8 = 2;
/// The pause before the second try, in milliseconds: from … up to, and without, ….
const PAUSE_MILLIS: std::ops::Range<u64> = 200..500;

/// Somebody who may carry a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it knows a message that it is given twice, so that asking again is safe when no answer came.
    pub knows_repeats: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask this carrier.
    Try {
        /// Its name.
        carrier: String,
        /// Whether it was asked before.
        again: bool,
        /// How long to wait first.
        pause: Duration,
        /// How long it may take.
        limit: Duration,
    },
    /// That was it.
    End(Ending),
}

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A carrier has it.
    Accepted {
        /// Its name.
        carrier: String,
        /// What its receipts will call the message.
        provider_reference: String,
    },
    /// Nobody took it, and nobody sent it.
    NotSent {
        /// Why: the last carrier's code, or ours.
        code: String,
    },
    /// Nobody can say whether this carrier sent it.
    Unknown {
        /// Its name.
        carrier: String,
    },
}

/// One code on its way.
#[derive(Debug, Clone)]
pub struct Route {
    carriers: std::vec::IntoIter<Carrier>,
    current: Option<Current>,
    deadline: OffsetDateTime,
    /// Any number; places the pause.
    chance: u64,
    last_code: String,
    ended: Option<Ending>,
}

#[derive(Debug, Clone)]
struct Current {
    carrier: Carrier,
    tries: u8,
    /// Whether an earlier try of this carrier may have sent the code.
    doubt: bool,
}

/// The order of carriers for one generation: as configured, but those that an earlier code of the same challenge did not
/// arrive by come last.
pub fn order(configured: Vec<Carrier>, disappointed: &[String]) -> Vec<Carrier> {
    let (last, first): (Vec<_>, Vec<_>) = configured
        .into_iter()
        .partition(|carrier| disappointed.contains(&carrier.name));
    first.into_iter().chain(last).collect()
}

impl Route {
    /// A code that has until `expires_at`; of that, no more than [`BUDGET`] is spent on handing it over.
    pub fn new(carriers: Vec<Carrier>, now: OffsetDateTime, expires_at: OffsetDateTime, chance: u64) -> Self {
        Self {
            carriers: carriers.into_iter(),
            current: None,
            deadline: expires_at.min(now + BUDGET),
            chance,
            last_code: "no_carrier".to_owned(),
            ended: None,
        }
    }

    /// A code that a process died over while it handed it to `carrier` for the `tries`th time: as if no answer had come.
    pub fn interrupted(mut self, carrier: Carrier, tries: u8) -> Self {
        let others: Vec<_> = self.carriers.filter(|other| *other != carrier).collect();
        self.carriers = others.into_iter();
        self.current = Some(Current {
            carrier,
            tries: tries.saturating_sub(1),
            doubt: false,
        });
        self.answered(Handed::Unknown);
        self
    }

    /// What is to be done now. `admit` says whether a carrier may be asked at present (its breaker).
    pub fn next(&mut self, now: OffsetDateTime, mut admit: impl FnMut(&str) -> bool) -> Next {
        if let Some(ending) = &self.ended {
            return Next::End(ending.clone());
        }
        let left = Duration::try_from(self.deadline - now).unwrap_or_default();
        if let Some(current) = &self.current {
            let pause = pause(self.chance);
            let limit = left.saturating_sub(pause).min(TRY_LIMIT);
            let (name, doubt) = (current.carrier.name.clone(), current.doubt);
            if limit >= SENSIBLE_TRY && (doubt || admit(&name)) {
                return Next::Try {
                    carrier: name,
                    again: true,
                    pause,
                    limit,
                };
            }
            if doubt {
                return self.end(Ending::Unknown { carrier: name });
            }
            self.current = None;
        }
        let limit = left.min(TRY_LIMIT);
        if limit < SENSIBLE_TRY {
            let code = "out_of_time".to_owned();
            return self.end(Ending::NotSent { code });
        }
        for carrier in self.carriers.by_ref() {
            if !admit(&carrier.name) {
                "breaker_open".clone_into(&mut self.last_code);
                continue;
            }
            let name = carrier.name.clone();
            self.current = Some(Current {
                carrier,
                tries: 0,
                doubt: false,
            });
            return Next::Try {
                carrier: name,
                again: false,
                pause: Duration::ZERO,
                limit,
            };
        }
        let code = self.last_code.clone();
        self.end(Ending::NotSent { code })
    }

    /// Takes in what the carrier of the last [`Next::Try`] answered.
    pub fn answered(&mut self, handed: Handed) {
        let Some(mut current) = self.current.take() else {
            return;
        };
        current.tries = current.tries.saturating_add(1);
        let may_repeat = current.tries < TRIES_MAX;
        let unknown = Ending::Unknown {
            carrier: current.carrier.name.clone(),
        };
        match handed {
            Handed::Accepted { provider_reference } => {
                self.ended = Some(Ending::Accepted {
                    carrier: current.carrier.name,
                    provider_reference,
                });
            }
            Handed::Unknown if may_repeat && current.carrier.knows_repeats => {
                current.doubt = true;
                self.current = Some(current);
            }
            Handed::Unknown => self.ended = Some(unknown),
            // What a carrier does not do the second time it may have done the first time.
            Handed::NotTaken { .. } | Handed::Refused { .. } if current.doubt => self.ended = Some(unknown),
            Handed::NotTaken { code } => {
                self.last_code = code;
                self.current = may_repeat.then_some(current);
            }
            Handed::Refused {
                code,
                elsewhere: true,
            } => self.last_code = code,
            Handed::Refused {
                code,
                elsewhere: false,
            } => self.ended = Some(Ending::NotSent { code }),
        }
    }

    /// Gives up before the next try: `code` says why. What an earlier try left in doubt stays in doubt.
    pub fn abandon(self, code: &str) -> Ending {
        match (self.ended, self.current) {
            (Some(ending), _) => ending,
            (None, Some(current)) if current.doubt => Ending::Unknown {
                carrier: current.carrier.name,
            },
            (None, _) => Ending::NotSent {
                code: code.to_owned(),
            },
        }
    }

    fn end(&mut self, ending: Ending) -> Next {
        self.ended = Some(ending.clone());
        Next::End(ending)
    }
}

fn pause(chance: u64) -> Duration {
    let span = PAUSE_MILLIS.end - PAUSE_MILLIS.start;
    Duration::from_millis(PAUSE_MILLIS.start + chance % span)
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
