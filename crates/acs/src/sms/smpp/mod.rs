//! A provider over SMPP 3.4: a client that stays bound as a transceiver to a short message centre.
//!
//! [`pdu`] is the protocol's octets, [`session`] one connection, [`submission`] a part of a message on its way into it;
//! here is the provider, whose keeper opens the next session when one ends.
//!
//! A session that dies leaves the messages it had written unknown; those that it had not written were not sent.

pub mod concatenation;
pub mod frames;
mod keeper;
mod octets;
pub mod pdu;
mod receipt;
mod session;
pub mod short_message;
mod status;
mod submission;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use primitives::Secret;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use zeroize::Zeroizing;

use self::concatenation::Place;
use self::short_message::{Address, DATA_CODING_DEFAULT, DATA_CODING_UCS2, ESM_CLASS_UDH, ShortMessage};
use self::status::Verdict;
use self::submission::{Answer, Outcome, Submission};
use super::encoding::{Encoded, Encoding};
use super::provider::{Handed, Receipt, SmsProvider, TextMessage};
use super::{provider_words, providers};
use crate::clock::Clock;

/// Parts that wait for a place in the window, over all messages.
const WAITING_MAX: usize = 256;
/// Parts of the longest message that is sent.
const PARTS_MAX: usize = 10;
/// The longest validity that is asked for: the relative form counts no months here.
const VALIDITY_MAX_SECONDS: i64 = 24 * 60 * 60 - 1;

/// A centre, as the configuration says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppSettings {
    /// The provider's name: 1 to 32 small letters, digits and hyphens.
    pub name: String,
    /// Host and port.
    pub address: String,
    /// The account: at most 15 characters.
    pub system_id: String,
    /// Its password: at most 8 characters.
    #[serde(deserialize_with = "providers::secret")]
    pub password: Secret<String>,
    /// At most 12 characters; mostly empty.
    #[serde(default)]
    pub system_type: String,
    /// Submissions that may be unanswered at a time.
    #[serde(default = "default_window")]
    pub window: u16,
    /// After how long a silence the link is tried, in seconds.
    #[serde(default = "default_enquire_link_seconds")]
    pub enquire_link_seconds: u16,
}

fn default_window() -> u16 {
    10
}

fn default_enquire_link_seconds() -> u16 {
    30
}

/// Why a centre's settings make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct SmppFault {
    field: &'static str,
    must: &'static str,
}

impl SmppSettings {
    /// Holds the settings against the protocol's tables.
    ///
    /// # Errors
    /// The first that does not fit.
    pub fn check(&self) -> Result<(), SmppFault> {
        let rows = [
            (
                (1..=15).contains(&self.system_id.len()),
                "system_id",
                "must have 1 to 15 characters",
            ),
            (
                self.password.reveal().len() <= 8,
                "password",
                "must have 8 characters at most",
            ),
            (
                self.system_type.len() <= 12,
                "system_type",
                "must have 12 characters at most",
            ),
            (
                self.address
                    .rsplit_once(':')
                    .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()),
                "address",
                "must be a host and a port",
            ),
            ((1..=1000).contains(&self.window), "window", "must be 1 to 1000"),
            (
                self.enquire_link_seconds >= 1,
                "enquire_link_seconds",
                "must be 1 at least",
            ),
        ];
        match rows.into_iter().find(|(holds, ..)| !holds) {
            Some((_, field, must)) => Err(SmppFault { field, must }),
            None => Ok(()),
        }
    }
}

/// A provider over SMPP. Its connection is kept by a task that ends when the provider is dropped.
#[derive(Debug)]
pub struct SmppProvider {
    name: String,
    submissions: mpsc::Sender<Submission>,
    references: AtomicU8,
}

impl SmppProvider {
    /// Connects in the background, and again whenever the connection is lost. Receipts come out of `receipts`; while
    /// that is full, the centre keeps them.
    ///
    /// # Errors
    /// Settings that make no sense.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn connect(
        settings: SmppSettings,
        clock: Arc<dyn Clock>,
        receipts: mpsc::Sender<Receipt>,
    ) -> Result<Self, SmppFault> {
        settings.check()?;
        let (sender, submissions) = mpsc::channel(WAITING_MAX);
        let name = settings.name.clone();
        tokio::spawn(keeper::keep(settings, clock, submissions, receipts));
        Ok(Self {
            name,
            submissions: sender,
            references: AtomicU8::new(0),
        })
    }

    /// The parts of a message; `None` where a field of it fits into no PDU.
    fn parts(&self, message: &TextMessage) -> Option<Vec<ShortMessage>> {
        let Encoded { encoding, parts } = Encoded::of(message.text.reveal());
        let texts: Vec<Zeroizing<Vec<u8>>> = parts.into_iter().map(Zeroizing::new).collect();
        let total = u8::try_from(texts.len())
            .ok()
            .filter(|total| usize::from(*total) <= PARTS_MAX)?;
        let source = source(message.sender.as_deref())?;
        let part = |text: Zeroizing<Vec<u8>>, esm_class| ShortMessage {
            source: source.clone(),
            destination: Address {
                ton: 1,
                npi: 1,
                text: message.to.reveal().trim_start_matches('+').to_owned(),
            },
            esm_class,
            validity_period: relative(message.validity),
            registered_delivery: 1,
            data_coding: match encoding {
                Encoding::Gsm7 => DATA_CODING_DEFAULT,
                Encoding::Ucs2 => DATA_CODING_UCS2,
            },
            short_message: text,
            tlvs: Vec::new(),
        };
        if total == 1 {
            return Some(texts.into_iter().map(|text| part(text, 0)).collect());
        }
        let reference = self.references.fetch_add(1, Ordering::Relaxed);
        let placed = (1..=total).zip(texts).map(|(number, text)| {
            let place = Place {
                reference,
                total,
                number,
            };
            let whole = [&place.header()[..], &text].concat();
            part(Zeroizing::new(whole), ESM_CLASS_UDH)
        });
        Some(placed.collect())
    }
}

#[async_trait]
impl SmsProvider for SmppProvider {
    fn name(&self) -> &str {
        &self.name
    }

    /// SMPP 3.4 has no word for it.
    fn knows_repeats(&self) -> bool {
        false
    }

    async fn hand_over(&self, message: &TextMessage, limit: Duration) -> Handed {
        let deadline = Instant::now() + limit;
        let Some(parts) = self.parts(message) else {
            return Handed::Refused {
                code: "not_a_message".to_owned(),
                elsewhere: true,
            };
        };
        // All places or none, so that no half of a message goes out because the other found no room.
        let Ok(places) = self.submissions.try_reserve_many(parts.len()) else {
            return not_taken("queue_full");
        };
        let mut waiting = Vec::with_capacity(parts.len());
        for (place, part) in places.zip(parts) {
            let (submission, answer) = Submission::new(part);
            place.send(submission);
            waiting.push(answer);
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        for answer in waiting {
            outcomes.push(answer.until(deadline).await);
        }
        whole(outcomes)
    }
}

/// What came of a message, from what came of its parts. Half a message may hold the whole code: it is as good as sent, and
/// nothing is known of the rest.
fn whole(outcomes: Vec<Outcome>) -> Handed {
    let parts: Vec<Handed> = outcomes.into_iter().map(of_part).collect();
    let mut references = Vec::new();
    let mut refusal = None;
    for part in parts {
        match part {
            Handed::Accepted { provider_reference } => references.push(provider_reference),
            Handed::Unknown => return Handed::Unknown,
            not_accepted => refusal = refusal.or(Some(not_accepted)),
        }
    }
    match refusal {
        None => Handed::Accepted {
            provider_reference: references.join(","),
        },
        Some(refusal) if references.is_empty() => refusal,
        Some(_) => Handed::Unknown,
    }
}

fn of_part(outcome: Outcome) -> Handed {
    let (status, message_id) = match outcome {
        Outcome::Lost => return Handed::Unknown,
        Outcome::Answered(Answer::NotSent(why)) => return not_taken(why),
        Outcome::Answered(Answer::Centre { status, message_id }) => (status, message_id),
    };
    let refused = |elsewhere| Handed::Refused {
        code: status.name(),
        elsewhere,
    };
    match status.verdict() {
        Verdict::Taken => match provider_words::reference(&message_id) {
            Some(provider_reference) => Handed::Accepted { provider_reference },
            None => Handed::Unknown,
        },
        Verdict::Busy => not_taken(&status.name()),
        Verdict::BadNumber => refused(false),
        Verdict::Refused => refused(true),
        Verdict::Unclear => Handed::Unknown,
    }
}

fn not_taken(code: &str) -> Handed {
    Handed::NotTaken {
        code: code.to_owned(),
    }
}

/// The sender's address: a number in international form, a short code, letters, or the centre's own.
fn source(sender: Option<&str>) -> Option<Address> {
    let Some(sender) = sender else {
        return Some(Address::default());
    };
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (ton, npi, text) = match (is_number, digits.len()) {
        (true, ..=8) => (3, 0, digits),
        (true, _) => (1, 1, digits),
        (false, _) => (5, 0, sender),
    };
    let fits = text.len() <= if ton == 5 { 11 } else { 20 } && text.is_ascii();
    fits.then(|| Address {
        ton,
        npi,
        text: text.to_owned(),
    })
}

/// A time from now on as `YYMMDDhhmmss000R`, years, months and days being none.
fn relative(validity: time::Duration) -> String {
    let seconds = validity.whole_seconds().clamp(1, VALIDITY_MAX_SECONDS);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("000000{hours:02}{minutes:02}{seconds:02}000R")
}
