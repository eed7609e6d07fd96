//! Cards and amounts that DirectLink's documentation gives its shops, at the merchant account of the seeded DirectLink
//! account and nowhere else: other merchants' amounts mean what [`outcome`](crate::processors::outcome) says, and here too
//! where the documentation only says that they are accepted.

use crate::processors::outcome::Outcome;

use super::payment_request::Asked;
use super::refusals::{self, Refusal};

/// Whose cards and amounts these are.
pub const MERCHANT_ACCOUNT: &str = "TiendaDirectLinkECOM";

const REFUSED_CARD: &str = "4111113333333333";
const UNCERTAIN_CARD: &str = "4111116666666666";

/// How a charge ends that the documentation knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documented {
    /// Refused without a word of the issuer's.
    Refused(Refusal),
    /// Charged, and the answer is lost; news of it follow.
    Uncertain,
}

impl Documented {
    /// What becomes of a charge; `None` when the documentation has nothing to say, or to another merchant account.
    pub fn of(asked: &Asked) -> Option<Self> {
        (asked.merchant_account == MERCHANT_ACCOUNT)
            .then(|| Self::of_charge(asked.pan.reveal(), asked.amount.minor()))
            .flatten()
    }

    fn of_charge(card: &str, minor: i64) -> Option<Self> {
        match (card, minor) {
            (REFUSED_CARD, _) | (_, 900_001..=999_899) => Some(Self::Refused(refusals::UNEXPLAINED)),
            (UNCERTAIN_CARD, _) | (_, 999_900) => Some(Self::Uncertain),
            _ => None,
        }
    }

    /// The same in the words for all processors, where there is one.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Refused(_) => Outcome::Declined("05"),
            Self::Uncertain => Outcome::ApprovedThenError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_cards_and_amounts_have_their_outcomes() {
        let refused = Some(Documented::Refused(refusals::UNEXPLAINED));
        for (card, minor, outcome) in [
            ("4111111111111111", 100, None),
            ("4111111111111111", 900_000, None),
            ("4111111111111111", 900_001, refused),
            ("4111111111111111", 999_899, refused),
            ("4111111111111111", 999_900, Some(Documented::Uncertain)),
            ("4111111111111111", 999_901, None),
            ("4111113333333333", 100, refused),
            ("4111116666666666", 100, Some(Documented::Uncertain)),
        ] {
            assert_eq!(Documented::of_charge(card, minor), outcome, "{card} {minor}");
        }
    }
}
