//! How often a card may be tried: the card networks charge for, and in the end forbid, trying a declined card over and over.
//!
//! Counted are declined attempts of one merchant on one card, over all of its payments and connections. The numbers are
//! assumptions, from the processors README ("about 15 attempts in 30 days … none for never codes") and what is generally
//! known of the networks' programmes:
//!
//! | brand      | in 30 days | in 24 hours |
//! |------------|-----------:|------------:|
//! | Visa       |         15 |             |
//! | Mastercard |         35 |          10 |
//! | all others |         15 |             |
//!
//! After a decline by which the issuer or the network gives the card up ([`gives_the_card_up`]) there is none for 30 days.

use acquiring::{Advice, Decline, Reason, response_code::merchant_advice};
use primitives::Brand;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::{Duration, OffsetDateTime};

/// How long a decline counts, and is kept.
pub const COUNTED_FOR: Duration = Duration::days(30);
const DAY: Duration = Duration::hours(24);

/// How many declined attempts on one card a brand lets a merchant have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLimits {
    pub in_30_days: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_24_hours: Option<u16>,
}

/// A brand's limits.
pub fn limits(brand: Brand) -> CardLimits {
    match brand {
        Brand::Mastercard => CardLimits {
            in_30_days: 35,
            in_24_hours: Some(10),
        },
        Brand::Visa
        | Brand::Amex
        | Brand::Elo
        | Brand::Jcb
        | Brand::Diners
        | Brand::Discover
        | Brand::Carnet
        | Brand::Other => CardLimits {
            in_30_days: 15,
            in_24_hours: None,
        },
    }
}

/// A declined attempt on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declined {
    pub at: OffsetDateTime,
    /// Whether it [gave the card up](gives_the_card_up).
    pub never: bool,
}

/// Where a card stands with a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The limits of its brand.
    pub limits: CardLimits,
    /// How many attempts were declined in the last 30 days.
    pub declined: u16,
    /// How many more may be made now; 0 where it is refused.
    pub allowed_more: u16,
    /// Why none may be made, where none may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Why>,
}

/// Why a card may not be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its issuer or network gave it up.
    GivenUp,
    /// As many attempts as its brand lets a merchant have were declined.
    LimitReached,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::GivenUp => "the card may not be retried: its issuer or network has given it up",
            Why::LimitReached => "the card was declined as often as its brand allows; try it again later",
        })
    }
}

/// Judges a card by its declines, in any order. Those of more than 30 days ago count no more.
pub fn judge(declines: &[Declined], brand: Brand, now: OffsetDateTime) -> Standing {
    let limits = limits(brand);
    let within = |span: Duration| declines.iter().filter(move |decline| decline.at > now - span);
    let count = |span| u16::try_from(within(span).count()).unwrap_or(u16::MAX);
    let declined = count(COUNTED_FOR);
    let this_month = limits.in_30_days.saturating_sub(declined);
    let today = limits.in_24_hours.map(|limit| limit.saturating_sub(count(DAY)));
    let left = today.map_or(this_month, |today| today.min(this_month));
    let refused = if within(COUNTED_FOR).any(|decline| decline.never) {
        Some(Why::GivenUp)
    } else {
        (left == 0).then_some(Why::LimitReached)
    };
    Standing {
        limits,
        declined,
        allowed_more: if refused.is_some() { 0 } else { left },
        refused,
    }
}

/// Whether a decline forbids any further try of the card: its advice is never, and the word is the issuer's about the card,
/// or the network's own. What the processor's rules, the amount or the request were refused for says nothing of the card.
pub fn gives_the_card_up(decline: &Decline) -> bool {
    decline.advice == Advice::Never
        && (names_the_card(decline.reason)
            || decline
                .network_advice
                .as_deref()
                .is_some_and(merchant_advice::forbids_the_card))
}

fn names_the_card(reason: Reason) -> bool {
    match reason {
        Reason::LostOrStolen
        | Reason::RestrictedCard
        | Reason::SuspectedFraud
        | Reason::RevokedMandate
        | Reason::RetryLimit => true,
        Reason::InsufficientFunds
        | Reason::LimitExceeded
        | Reason::GenericDecline
        | Reason::NotPermitted
        | Reason::CardNotSupported
        | Reason::InvalidCard
        | Reason::ExpiredCard
        | Reason::InvalidCvc
        | Reason::AvsFailed
        | Reason::ProcessorRiskBlock
        | Reason::AuthenticationRequired
        | Reason::AuthenticationFailed
        | Reason::IssuerUnavailable
        | Reason::ProcessorUnavailable
        | Reason::ProcessorError
        | Reason::InvalidAmount
        | Reason::InvalidRequest
        | Reason::MerchantConfiguration
        | Reason::InvalidState
        | Reason::Cancelled
        | Reason::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);

    fn ago(hours: i64, never: bool) -> Declined {
        Declined {
            at: NOW - Duration::hours(hours),
            never,
        }
    }

    fn decline(reason: Reason, advice: Advice, network_advice: Option<&str>) -> Decline {
        Decline {
            reason,
            advice,
            raw_code: None,
            raw_message: None,
            network_advice: network_advice.map(str::to_owned),
            processor_reference: None,
            leaves_hold: false,
        }
    }

    #[test]
    fn visa_lets_a_card_be_declined_fifteen_times_in_thirty_days() {
        let declines = [ago(30, false); 14];
        let standing = judge(&declines, Brand::Visa, NOW);
        assert_eq!((standing.allowed_more, standing.refused), (1, None));
        let declines = [ago(30, false); 15];
        let standing = judge(&declines, Brand::Visa, NOW);
        assert_eq!(
            (standing.declined, standing.allowed_more, standing.refused),
            (15, 0, Some(Why::LimitReached))
        );
        let declines = [ago(30 * 24, false); 15];
        assert_eq!(judge(&declines, Brand::Visa, NOW).allowed_more, 15);
    }

    #[test]
    fn mastercard_looks_at_the_day_too() {
        let mut declines = vec![ago(1, false); 10];
        let refused = judge(&declines, Brand::Mastercard, NOW).refused;
        assert_eq!(refused, Some(Why::LimitReached));
        declines = vec![ago(24, false); 10];
        assert_eq!(judge(&declines, Brand::Mastercard, NOW).allowed_more, 10);
        declines = vec![ago(24, false); 33];
        assert_eq!(judge(&declines, Brand::Mastercard, NOW).allowed_more, 2);
    }

    #[test]
    fn a_card_that_was_given_up_is_refused_for_thirty_days() {
        let standing = judge(&[ago(1, false), ago(719, true)], Brand::Amex, NOW);
        assert_eq!((standing.allowed_more, standing.refused), (0, Some(Why::GivenUp)));
        assert_eq!(judge(&[ago(720, true)], Brand::Amex, NOW).refused, None);
    }

    #[test]
    fn only_the_issuer_and_the_network_give_a_card_up() {
        for reason in Reason::ALL {
            let never = decline(*reason, Advice::Never, None);
            assert_eq!(gives_the_card_up(&never), names_the_card(*reason), "{reason:?}");
            assert!(!gives_the_card_up(&decline(*reason, Advice::Later, None)));
        }
        let network = decline(Reason::GenericDecline, Advice::Never, Some("03"));
        assert!(gives_the_card_up(&network));
        let informed = decline(Reason::InvalidAmount, Advice::Never, Some("02"));
        assert!(!gives_the_card_up(&informed));
    }

    proptest! {
        /// Another decline never makes a card stand better, and a card that is not refused has at least one attempt left.
        #[test]
        fn declines_only_take_away(
            mut hours in proptest::collection::vec((0_i64..1_000, proptest::bool::weighted(0.02)), 1..60),
            brand in proptest::sample::select(Brand::KNOWN.to_vec()),
        ) {
            let declines: Vec<_> = hours.iter().map(|(hours, never)| ago(*hours, *never)).collect();
            let after = judge(&declines, brand, NOW);
            hours.pop();
            let before = judge(&declines[..hours.len()], brand, NOW);
            prop_assert!(after.allowed_more <= before.allowed_more);
            prop_assert!(before.refused.is_none() || after.refused.is_some());
            prop_assert_eq!(after.allowed_more == 0, after.refused.is_some());
            prop_assert!(after.allowed_more <= limits(brand).in_30_days);
        }
    }
}
