//! A card's number where it does not belong: what is kept and handed back in the open must not have it in it.

use crate::directlink::complaints::Reading;
use payments::directlink::NcError;

/// Shorter digits are no card number, and names may well have them.
const NUMBER_MIN_DIGITS: usize = 12;

/// What is kept as it came, and mostly told again. `CN` and `ALIAS` have rules of their own.
const KEPT_IN_THE_OPEN: [&str; 15] = [
    "ORDERID",
    "COM",
    "PARAMPLUS",
    "COMPLUS",
    "PARAMVAR",
    "ACCEPTURL",
    "DECLINEURL",
    "EXCEPTIONURL",
    "CANCELURL",
    "EMAIL",
    "OWNERADDRESS",
    "OWNERADDRESS2",
    "OWNERTOWN",
    "OWNERZIP",
    "OWNERTELNO",
];

/// Names each of those that the order's own card number stands in.
pub fn check(reading: &Reading<'_>) {
    let Some(number) = reading.get("CARDNO") else {
        return;
    };
    for name in KEPT_IN_THE_OPEN {
        if reading.get(name).is_some_and(|text| holds(text, number)) {
            reading.complain(
                NcError::INVALID,
                format!("{name} must not have the card number in it"),
            );
        }
    }
}

/// Whether a text has the card's number in it, however that is spaced.
pub fn holds(text: &str, number: &str) -> bool {
    let bare = |text: &str| text.replace([' ', '-', '_', '+'], "");
    let number = bare(number);
    number.len() >= NUMBER_MIN_DIGITS && bare(text).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_has_the_card_s_number_in_it_is_seen() {
        for text in [
            "4111111111111111",
            "ana-4111_1111-1111_1111",
            "x4111111111111111x",
            "card=4111+1111+1111+1111&x=1",
        ] {
            assert!(holds(text, "4111 1111-1111 1111"), "{text}");
        }
        assert!(!holds("XXXXXXXXXXXX1111", "4111111111111111"));
        assert!(!holds("ana-1", "1"), "that is no card number");
    }
}
