//! The cards that are registered with the access control server.

use primitives::Brand;

use crate::directory::number_space::Block;
use crate::issuers::certification;
use crate::issuers::facts::phone_of;
use crate::issuers::scenario::{self, STATIC_PASSWORD, Scenario};

/// A card that the service answers for.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its number, a test number.
    pub number: String,
    /// Its brand.
    pub brand: Brand,
    /// Its holder's phone, `+52…`.
    pub phone: String,
    /// Whether its holder has the bank's app.
    pub app: bool,
    /// The password that its holder types instead of a code.
    pub password: Option<&'static str>,
}

impl Registered {
    /// The issuer's name for it: of its brand, and without its number.
    pub fn name(&self) -> String {
        let last_four = self.number.get(self.number.len().saturating_sub(4)..);
        format!(
            "{}-{}-{}",
            self.brand,
            self.number.len(),
            last_four.unwrap_or_default()
        )
    }

    /// The numbers of its range: all that differ from it in the last digit only, and one more where the card would be
    /// the first or the last. Ranges are no secret, and a card must not be read from the end of one.
    pub fn block(&self) -> Option<Block> {
        let around = Block::around(&self.number)?;
        let number: u64 = self.number.parse().ok()?;
        let (first, last) = (*around.numbers.start(), *around.numbers.end());
        Some(Block {
            digits: around.digits,
            numbers: first - u64::from(number == first)..=last + u64::from(number == last),
        })
    }
}

/// The registered cards of all brands.
pub fn cards() -> Vec<Registered> {
    let listed = scenario::listed_cards().into_iter();
    listed
        .filter(|card| !certification::is_certification_card(&card.number))
        .filter_map(|card| {
            let (app, password) = match Scenario::of(&card.number) {
                Scenario::Challenge
                | Scenario::MethodThenChallenge
                | Scenario::OldProtocol
                | Scenario::NewProtocol => (false, None),
                Scenario::OutOfBand => (true, None),
                Scenario::StaticPassword => (false, Some(STATIC_PASSWORD)),
                _ => return None,
            };
            Some(Registered {
                brand: Brand::parse(card.brand)?,
                phone: phone_of(&card.number),
                number: card.number,
                app,
                password,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_cards_that_are_challenged_are_registered_under_names_of_their_own() {
        let cards = cards();
        assert_eq!(cards.len(), 5 * 3 + 3 + 3);
        let names: HashSet<_> = cards.iter().map(Registered::name).collect();
        assert_eq!(names.len(), cards.len());
        let of = |number: &str| cards.iter().find(|card| card.number == number).unwrap();
        assert!(of("4000000000001109").app);
        assert_eq!(of("371449635311004").password, Some("11111"));
        assert!(cards.iter().all(|card| card.number != "4000000000001000"));
    }

    #[test]
    fn ranges_hold_their_card_alone_and_do_not_end_with_it() {
        let cards = cards();
        for card in &cards {
            let block = card.block().unwrap();
            let (first, last) = block.bounds();
            assert!(block.holds(&card.number) && first != card.number && last != card.number);
            let others = cards.iter().filter(|other| other.number != card.number);
            for other in others {
                assert!(!block.overlaps(&other.block().unwrap()), "{card:?} {other:?}");
            }
            // Numbers with these ends mean something to the phone network.
            assert!(
                !card.phone.starts_with("+520") && !card.phone.contains("000"),
                "{card:?}"
            );
        }
    }
}
