//! The DirectLink account's cards: those that the protocol's documentation gives its shops behave as it says.
//!
//! There, a card without a story of its own has no issuer that takes part: it cannot be authenticated, and is charged all the
//! same. Everywhere else in the sandbox it authenticates without a challenge. So these rules hold for what that account's acquirer is named in, and for nobody else.

use super::scenario::Scenario;

/// The acquirer's name for the seeded DirectLink merchant.
pub const ACQUIRER_MERCHANT_ID: &str = "DIRECTLINK00001";

/// The card whose issuer says that this is not its holder.
const REFUSED_CARD: &str = "4419177274955460";

/// What such a merchant's card does. Cards without a challenge have one where the shop mandates it.
pub fn scenario_of(account_number: &str, mandates_challenge: bool) -> Scenario {
    match Scenario::told_of(account_number) {
        Some(Scenario::Frictionless) if mandates_challenge => Scenario::Challenge,
        Some(scenario) => scenario,
        None if account_number == REFUSED_CARD => Scenario::NotAuthenticated,
        // The brand's range has the card, and who answers for its issuer says `U`.
        None => Scenario::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_with_a_story_keep_it_and_of_all_others_no_issuer_takes_part() {
        for (card, scenario) in [
            ("4186455175836497", Scenario::Frictionless),
            ("5130257474533310", Scenario::Challenge),
            ("371449635311004", Scenario::StaticPassword),
            ("4000000000001000", Scenario::Frictionless),
            ("4000000000001034", Scenario::Unavailable),
            ("4419177274955460", Scenario::NotAuthenticated),
            ("4111111111111111", Scenario::Unavailable),
            ("4000100011112224", Scenario::Unavailable),
            ("5399999999999999", Scenario::Unavailable),
            ("374111111111111", Scenario::Unavailable),
            ("4242424242424242", Scenario::Unavailable),
        ] {
            assert_eq!(scenario_of(card, false), scenario, "{card}");
        }
        for (card, scenario) in [
            ("4186455175836497", Scenario::Challenge),
            ("371449635311004", Scenario::StaticPassword),
            ("4111111111111111", Scenario::Unavailable),
        ] {
            assert_eq!(scenario_of(card, true), scenario, "{card}");
        }
    }
}
