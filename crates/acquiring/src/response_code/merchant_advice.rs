//! Mastercard's merchant advice code (field 48, subelement 84): what the network itself advises after a decline.

use super::Advice;
use crate::authorization::Initiator;

/// The advice behind a merchant advice code; `None` where the code is unknown or only informs.
pub fn mastercard(code: &str, initiator: Initiator) -> Option<Advice> {
    match (code, initiator) {
        // New account details exist.
        ("01", _) => Some(Advice::FixInput),
        // 02 any time later; 24 to 30 after one hour up to ten days.
        ("02" | "24" | "25" | "26" | "27" | "28" | "29" | "30", _) => Some(Advice::Later),
        // 03 do not try again, 04 token rules, 21 recurring stopped, 22 product, 41 single-use card, 42 sanctions.
        ("03" | "04" | "21" | "22" | "41" | "42", _) => Some(Advice::Never),
        // A prepaid card that cannot be reloaded is no card for recurring charges.
        ("40", Initiator::Merchant) => Some(Advice::Never),
        _ => None,
    }
}

/// Whether a merchant advice code forbids any further try of the card itself: do not try again, a card for one use, and
/// sanctions. The other prohibitions are of tokens, products and recurring charges.
pub fn forbids_the_card(code: &str) -> bool {
    matches!(code, "03" | "41" | "42")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepaid_card_is_only_barred_from_charges_the_merchant_starts() {
        assert_eq!(mastercard("40", Initiator::Merchant), Some(Advice::Never));
        assert_eq!(mastercard("40", Initiator::Customer), None);
        assert_eq!(mastercard("43", Initiator::Customer), None);
        assert_eq!(mastercard("27", Initiator::Customer), Some(Advice::Later));
    }
}
