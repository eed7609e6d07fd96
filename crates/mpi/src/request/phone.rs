//! Phone numbers split the way the specification wants them: country code and subscriber.

/// Country codes of two digits (ITU-T E.164); 1 and 7 stand alone, all others have three digits.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// Country code and subscriber of an international number (`+52 55 1234 5678`, `0052…`). `None` where it cannot be told
/// where the country code ends.
pub(super) fn split(text: &str) -> Option<(String, String)> {
    let dense: String = text
        .chars()
        .filter(|symbol| !" -().\u{a0}/".contains(*symbol))
        .collect();
    let digits = dense.strip_prefix('+').or_else(|| dense.strip_prefix("00"))?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let code_length = match digits.get(..2)? {
        two if two.starts_with('1') || two.starts_with('7') => 1,
        two if two.starts_with('0') => return None,
        two if TWO_DIGITS.contains(&two) => 2,
        _ => 3,
    };
    let (code, subscriber) = digits.split_at_checked(code_length)?;
    (4..=15)
        .contains(&subscriber.len())
        .then(|| (code.to_owned(), subscriber.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn international_numbers_are_split_after_the_country_code() {
        for (text, code, subscriber) in [
            ("+52 55 1234 5678", "52", "5512345678"),
            ("+1 (415) 555-0100", "1", "4155550100"),
            ("005511987654321", "55", "11987654321"),
            ("+593 99 123 4567", "593", "991234567"),
        ] {
            assert_eq!(split(text), Some((code.into(), subscriber.into())), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_split_is_left_out() {
        for text in [
            "5512345678",
            "",
            "+",
            "+5",
            "+52",
            "+52abc1234567",
            "+0123456789",
            "+52 123",
            "+521234567890123456",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
