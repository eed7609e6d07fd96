//! Who a message comes from, as the phone shows it: an issuer's choice by destination country. The language chooses the
//! text, the country the sender, since countries differ in what they let through.

use std::collections::BTreeMap;

use super::encoding::in_gsm7;
use crate::phone::Phone;

/// Letters that networks carry as a sender.
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=11;
/// Digits of a short or a long code.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// The sender for a phone: that of the longest country prefix (`52`, `1787`) the number begins with, else that of `""`;
/// `None` leaves it to the provider.
pub fn sender<'a>(senders: &'a BTreeMap<String, String>, phone: &Phone) -> Option<&'a str> {
    let digits = phone.reveal().trim_start_matches('+');
    senders
        .iter()
        .filter(|(prefix, _)| digits.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, sender)| sender.as_str())
        .filter(|sender| !sender.is_empty())
}

/// Whether networks carry this as a sender: 3 to 11 characters of GSM-7 that are not all digits, or 3 to 15 digits.
pub fn is_sender(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NUMBER_DIGITS.contains(&text.len());
    }
    let carried = |character: char| in_gsm7(character) && !character.is_control();
    NAME_CHARACTERS.contains(&text.chars().count()) && text.chars().all(carried)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_country_prefix_chooses_the_sender() {
        let senders = BTreeMap::from(
            [
                ("", "BANCO"),
                ("1", "55555"),
                ("1787", "BANCO PR"),
                ("52", "BancoMX"),
                ("81", ""),
            ]
            .map(|(prefix, sender)| (prefix.to_owned(), sender.to_owned())),
        );
        for (number, expected) in [
            ("+525512345678", Some("BancoMX")),
            ("+12125551234", Some("55555")),
            ("+17875551234", Some("BANCO PR")),
            ("+5491123456789", Some("BANCO")),
            ("+819012345678", None),
        ] {
            assert_eq!(
                sender(&senders, &Phone::parse(number).unwrap()),
                expected,
                "{number}"
            );
        }
        assert_eq!(
            sender(&BTreeMap::new(), &Phone::parse("+525512345678").unwrap()),
            None
        );
    }

    #[test]
    fn a_sender_is_a_short_name_or_a_number() {
        for good in ["BANCO", "Banco 24", "Abc", "12345", "525512345678"] {
            assert!(is_sender(good), "{good}");
        }
        for wrong in [
            "",
            "AB",
            "12",
            "BancoSandbox1",
            "Atlántico",
            "BAN\nCO",
            "1234567890123456",
        ] {
            assert!(!is_sender(wrong), "{wrong}");
        }
    }
}
