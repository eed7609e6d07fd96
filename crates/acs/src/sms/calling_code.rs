//! The country of a phone, as far as its number tells.

use crate::phone::Phone;

/// Zones whose countries have codes of one digit …
const ONE_DIGIT: [u8; 2] = [b'1', b'7'];
/// … and the codes of two digits (ITU-T E.164); all others have three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// The country calling code that a number begins with, without `+`: `52`, `1`, `351`.
pub fn calling_code(phone: &Phone) -> &str {
    let digits = phone.reveal().trim_start_matches('+');
    let length = match digits.as_bytes() {
        [first, ..] if ONE_DIGIT.contains(first) => 1,
        _ if digits.get(..2).is_some_and(|two| TWO_DIGITS.contains(&two)) => 2,
        _ => 3,
    };
    digits.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_begins_with_its_country() {
        for (number, country) in [
            ("+525512345678", "52"),
            ("+12125551234", "1"),
            ("+79161234567", "7"),
            ("+351912345678", "351"),
            ("+5491123456789", "54"),
            ("+50312345678", "503"),
            ("+819012345678", "81"),
        ] {
            assert_eq!(calling_code(&Phone::parse(number).unwrap()), country, "{number}");
        }
    }
}
