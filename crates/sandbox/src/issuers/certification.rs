//! The certification cards of the 3DS Server API: the amount picks what happens, and no check digit has to be right.
//!
//! Some of the numbers belong to no brand by their digits, or to another one: their brand is that of the directory
//! server that was asked. Whatever the amount, a mandated challenge is one.

use emv3ds::message::AReq;
use primitives::Brand;

use super::scenario::{ListedCard, Scenario};
use super::wishes;

/// The number that the samples of that API use with any brand.
const ANY_BRAND: &str = "1234123412341234";

/// Card, and the brand whose directory server has it.
const CARDS: [(&str, Brand); 5] = [
    ("4551820000009478", Brand::Visa),
    ("5555555555555555", Brand::Mastercard),
    ("5091490000009011", Brand::Elo),
    ("6091490000009011", Brand::Elo),
    ("3766001349171000", Brand::Amex),
];

/// What an amount asks for, in minor units of whatever currency.
const AMOUNTS: [(&str, Scenario); 9] = [
    ("10000", Scenario::Frictionless),
    ("10001", Scenario::NotAuthenticated),
    ("10002", Scenario::Unavailable),
    ("10003", Scenario::Attempted),
    ("10004", Scenario::Challenge),
    ("10005", Scenario::Rejected),
    ("10006", Scenario::Decoupled),
    ("10007", Scenario::DirectorySilence),
    ("10008", Scenario::IssuerUnreachable),
];

/// Whether an account number is a certification card.
pub fn is_certification_card(account_number: &str) -> bool {
    account_number == ANY_BRAND || CARDS.iter().any(|(card, _)| *card == account_number)
}

/// The certification cards that a brand's directory server has.
pub fn cards_of(brand: Brand) -> impl Iterator<Item = &'static str> {
    let own = CARDS.iter().filter(move |(_, of)| *of == brand);
    own.map(|(card, _)| *card).chain([ANY_BRAND])
}

/// What a certification card does this time.
pub fn scenario_of(areq: &AReq) -> Scenario {
    if wishes::mandates_challenge(areq) {
        return Scenario::Challenge;
    }
    if wishes::is_insights(areq) || wishes::shares_data_only(areq) {
        return Scenario::DataOnly;
    }
    // Leading zeros are the same amount.
    let amount = areq.purchase_amount.as_deref().unwrap_or_default();
    let amount = amount.trim_start_matches('0');
    let listed = AMOUNTS.iter().find(|(listed, _)| *listed == amount);
    listed.map_or(Scenario::Frictionless, |(_, scenario)| *scenario)
}

/// The cards for people who pick one, under the brands they are meant for.
pub fn listed_cards() -> impl Iterator<Item = ListedCard> {
    let any_brand = (ANY_BRAND, Brand::Visa);
    CARDS.into_iter().chain([any_brand]).map(|(card, brand)| ListedCard {
        number: card.to_owned(),
        brand: brand.as_str(),
        description: "Certification of the 3DS Server API: amounts 10000 to 10008 choose Y N U A C R D, time-out, no issuer",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_has_its_own_cards_and_the_one_of_the_samples() {
        let of = |brand| cards_of(brand).collect::<Vec<_>>();
        assert_eq!(
            of(Brand::Elo),
            ["5091490000009011", "6091490000009011", ANY_BRAND]
        );
        assert_eq!(of(Brand::Jcb), [ANY_BRAND]);
        assert!(is_certification_card("3766001349171000"));
        assert!(!is_certification_card("4000000000001000"));
    }
}
