//! Cards and amounts that DirectLink's documentation gives its shops, at the merchant account of the seeded DirectLink
//! account and nowhere else: other merchants' amounts mean what [`outcome`](crate::processors::outcome) says, and here too
//! where the documentation only says that they are accepted.

use crate::processors::outcome::Outcome;

use super::payment_request::Asked;

/// Whose cards and amounts these are.
pub const MERCHANT_ACCOUNT: &str = "TiendaDirectLinkECOM";

const REFUSED_CARD: &str = "4111113333333333";
const UNCERTAIN_CARD: &str = "4111116666666666";

/// How a charge ends that the documentation knows; `None` when it has nothing to say, or to another merchant account. What is
/// uncertain was charged, and news of it follow.
pub fn outcome_of(asked: &Asked) -> Option<Outcome> {
    (asked.merchant_account == MERCHANT_ACCOUNT)
        .then(|| of_charge(asked.pan.reveal(), asked.amount.minor()))
        .flatten()
}

fn of_charge(card: &str, minor: i64) -> Option<Outcome> {
    match (card, minor) {
        (REFUSED_CARD, _) | (_, 900_001..=999_899) => Some(Outcome::Declined("05")),
        (UNCERTAIN_CARD, _) | (_, 999_900) => Some(Outcome::ApprovedThenError),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_cards_and_amounts_have_their_outcomes() {
        let refused = Some(Outcome::Declined("05"));
        let uncertain = Some(Outcome::ApprovedThenError);
        for (card, minor, outcome) in [
            ("4111111111111111", 100, None),
            ("4111111111111111", 900_000, None),
            ("4111111111111111", 900_001, refused),
            ("4111111111111111", 999_899, refused),
            ("4111111111111111", 999_900, uncertain),
            ("4111111111111111", 999_901, None),
            ("4111113333333333", 100, refused),
            ("4111116666666666", 100, uncertain),
        ] {
            assert_eq!(of_charge(card, minor), outcome, "{card} {minor}");
        }
    }
}
