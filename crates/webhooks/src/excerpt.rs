//! What is kept of a receiver's answer.

use crate::sign::SigningKeySet;
use store::deliveries::DELIVERY_BODY_MAX_CHARS;

/// The shortest run of digits that might be a card number.
const CARD_NUMBER_MIN_DIGITS: usize = 12;

/// A key written without its prefix is looked for as well, if it is at least this long: shorter ones would mask
/// ordinary words.
const BARE_KEY_MIN_CHARS: usize = 12;

/// The beginning of an answer as it may be stored and shown: text without control characters, with our keys and
/// everything that might be a card number masked. A receiver that answers with what it was sent, or with a page of
/// its settings, does not bring these into our tables.
pub(crate) fn excerpt(body: &[u8], keys: &SigningKeySet) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for key in keys.all() {
        for form in forms_of(key) {
            text = text.replace(&form, "***");
        }
    }
    let mut text: Vec<char> = text
        .chars()
        .map(|symbol| if symbol.is_control() { ' ' } else { symbol })
        .collect();
    mask_card_numbers(&mut text);
    text.into_iter().take(DELIVERY_BODY_MAX_CHARS).collect()
}

/// How a key may show up: as it is written, without what it begins with, and both as some JSON writers put a slash.
fn forms_of(key: &str) -> impl Iterator<Item = String> {
    let bare = key.rsplit_once('_').map_or("", |(_, bare)| bare);
    let bare = Some(bare).filter(|bare| bare.len() >= BARE_KEY_MIN_CHARS);
    Some(key)
        .filter(|key| !key.is_empty())
        .into_iter()
        .chain(bare)
        .flat_map(|key| [key.to_owned(), key.replace('/', r"\/")])
}

/// Masks runs of digits, spaces and hyphens between them allowed, that are long enough to be a card number.
fn mask_card_numbers(text: &mut [char]) {
    let mut start = 0;
    while start < text.len() {
        let mut end = start;
        let mut digits = 0;
        for (place, symbol) in text.iter().enumerate().skip(start) {
            if symbol.is_ascii_digit() {
                digits += 1;
                end = place + 1;
            } else if digits == 0 || !matches!(symbol, ' ' | '-') || place > end {
                break;
            }
        }
        if digits >= CARD_NUMBER_MIN_DIGITS {
            for symbol in text
                .iter_mut()
                .take(end)
                .skip(start)
                .filter(|symbol| symbol.is_ascii_digit())
            {
                *symbol = '*';
            }
        }
        start = end.max(start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE_KEY: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

    fn keys() -> SigningKeySet {
        let secret = |text: &str| text.to_owned().into();
        SigningKeySet {
            private_key: secret("sk_test_example"),
            v1: vec![
                secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
            ],
            v1a: vec![secret(PRIVATE_KEY)],
        }
    }

    #[test]
    fn what_is_kept_of_an_answer_shows_no_card_number_and_no_key() {
        let table = [
            ("paid 4111111111111111.", "paid ****************."),
            ("4111 1111 1111 1111", "**** **** **** ****"),
            ("4111-1111-1111-1111x", "****-****-****-****x"),
            ("order 12345 at 1731705121", "order 12345 at 1731705121"),
            ("1-2", "1-2"),
            ("123456  789012", "123456  789012"),
            ("key sk_test_example!", "key ***!"),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "***"),
            ("old: whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD,", "old: ***,"),
            ("C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "***"),
            (PRIVATE_KEY, "***"),
            (&PRIVATE_KEY.replace('/', r"\/"), "***"),
            (&PRIVATE_KEY["whsk_".len()..], "***"),
            ("a\0b\nc", "a b c"),
            ("", ""),
        ];
        for (body, expected) in table {
            assert_eq!(excerpt(body.as_bytes(), &keys()), expected);
        }
        assert_eq!(excerpt(&[0xff, b'x'], &keys()), "\u{fffd}x");
    }

    #[test]
    fn a_card_number_across_the_cut_is_masked_before_it() {
        let body = format!("{}4111111111111111", "x".repeat(DELIVERY_BODY_MAX_CHARS - 8));
        let kept = excerpt(body.as_bytes(), &keys());
        assert_eq!(kept.chars().count(), DELIVERY_BODY_MAX_CHARS);
        assert!(kept.ends_with("x********"));
    }
}
