//! Limits against abuse: how often messages go out and challenges begin, and when a card is locked.
//!
//! What is over a limit shows nothing of it: the caller makes the same screen in the same way, and only the message is not
//! sent. Otherwise the limit would tell which phones and cards exist.
//!
//! A window of a limit slides by grains, a thirtieth of it each: within any stretch of its length at most its count gets
//! through, and room comes back a grain later than it could at the latest. Counting is [`crate::store::limits`]'s.

use crate::identifiers::{CardId, IssuerId};
use crate::phone::Phone;
use crate::policy::{Limit, LimitPolicy};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// Grains in a window.
const GRAINS: u32 = 30;

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and has been counted.
    Within,
    /// It may not, and has not been counted anywhere.
    Over(Limited),
}

/// Which limit says no: the first one, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Challenges from one internet address.
    Address,
    /// The country that a message would go to.
    Country,
    /// Messages for one card.
    Card,
    /// Messages to one phone.
    Phone,
    /// Messages of the whole issuer.
    Issuer,
}

impl Limited {
    /// The word for it in logs, metrics and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Country => "country",
            Self::Card => "card",
            Self::Phone => "phone",
            Self::Issuer => "issuer",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [
            Self::Address,
            Self::Country,
            Self::Card,
            Self::Phone,
            Self::Issuer,
        ]
        .into_iter()
        .find(|limited| limited.as_str() == word)
    }
}

/// A message that wants to go out.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'s> {
    /// Whose card it is.
    pub issuer: &'s IssuerId,
    /// The card.
    pub card: &'s CardId,
    /// Where it would go; `None` where only the issuer's backend knows.
    pub phone: Option<&'s Phone>,
}

/// A card that takes no challenges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Until then.
    Until(OffsetDateTime),
    /// Until the issuer unlocks it.
    ForGood,
}

/// How a card stands after a wrong entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Wrong entries in a row, this one included.
    pub failures: u32,
    /// Whether it is locked now, by this entry or since an earlier one.
    pub lock: Option<Lock>,
}

/// Whether messages may go to that phone's country at all.
pub fn country_allowed(policy: &LimitPolicy, phone: &Phone) -> bool {
    let number = phone.reveal().trim_start_matches('+');
    policy.allowed_prefixes.is_empty()
        || policy
            .allowed_prefixes
            .iter()
            .any(|prefix| number.starts_with(prefix.as_str()))
}

/// A limit at a moment: which grains count, and which one is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) seconds: i32,
    pub(crate) count: i64,
    /// Grains that begin after this count.
    pub(crate) since: OffsetDateTime,
    pub(crate) grain_start: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
}

impl Window {
    /// `None` for a limit that is off, or that no calendar holds.
    fn at(limit: Limit, now: OffsetDateTime) -> Option<Self> {
        if limit.count == 0 || limit.seconds == 0 {
            return None;
        }
        let length = Duration::seconds(limit.seconds.into());
        let grain = i64::from((limit.seconds / GRAINS).max(1));
        let start = now.unix_timestamp().div_euclid(grain).checked_mul(grain)?;
        let grain_start = OffsetDateTime::from_unix_timestamp(start).ok()?;
        let grain = Duration::seconds(grain);
        Some(Self {
            seconds: i32::try_from(limit.seconds).ok()?,
            count: limit.count.into(),
            // What was counted last in a grain may have come at its very end.
            since: now.checked_sub(length)?.checked_sub(grain)?,
            grain_start,
            expires_at: grain_start.checked_add(grain)?.checked_add(length)?,
        })
    }
}

/// The limits at a moment, each length once: of two limits of one length the lower counts.
pub(crate) fn windows(limits: &[Limit], now: OffsetDateTime) -> Vec<Window> {
    let mut by_length = BTreeMap::<i32, Window>::new();
    for window in limits.iter().filter_map(|limit| Window::at(*limit, now)) {
        by_length
            .entry(window.seconds)
            .and_modify(|other| other.count = other.count.min(window.count))
            .or_insert(window);
    }
    by_length.into_values().collect()
}

#[cfg(test)]
mod tests;
