//! Texts made to fit their elements.

use time::{Date, OffsetDateTime};

/// The first characters of a text, without white space at its ends.
pub(super) fn shortened(text: &str, characters_max: usize) -> String {
    let cut: String = text.trim().chars().take(characters_max).collect();
    cut.trim_end().to_owned()
}

/// A text for an optional element: shortened, `None` when nothing is left.
pub(super) fn optional(text: Option<&str>, characters_max: usize) -> Option<String> {
    let text = shortened(text?, characters_max);
    (!text.is_empty()).then_some(text)
}

/// A `cardholderName` of 2.1.0 and 2.2.0: 2 to 45 printable ASCII characters, letters of our region without their accents.
/// `None` where too little is left of it.
pub fn cardholder_name(name: &str) -> Option<String> {
    let plain: String = name.chars().filter_map(plain_letter).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let name = shortened(&words.join(" "), 45);
    (name.len() >= 2).then_some(name)
}

fn plain_letter(letter: char) -> Option<char> {
    let plain = match letter {
        'Á' | 'À' | 'Â' | 'Ã' | 'Ä' | 'Å' => 'A',
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'É' | 'È' | 'Ê' | 'Ë' => 'E',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'Í' | 'Ì' | 'Î' | 'Ï' => 'I',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' | 'Ø' => 'O',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'Ú' | 'Ù' | 'Û' | 'Ü' => 'U',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'Ñ' => 'N',
        'ñ' => 'n',
        'Ç' => 'C',
        'ç' => 'c',
        'Ý' => 'Y',
        'ý' | 'ÿ' => 'y',
        'ß' => 's',
        '’' => '\'',
        white if white.is_whitespace() => ' ',
        other => other,
    };
    (' '..='~').contains(&plain).then_some(plain)
}

/// `YYYYMMDDHHMMSS` in UTC.
pub(super) fn timestamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `YYYYMMDDHHMM` in UTC, as authentications are dated.
pub fn minute(at: OffsetDateTime) -> String {
    timestamp(at).chars().take(12).collect()
}

/// `YYYYMMDD`.
pub(super) fn date(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn names_lose_their_accents_and_what_no_card_shows() {
        assert_eq!(
            cardholder_name("  José  Ñandú\tGüell "),
            Some("Jose Nandu Guell".into())
        );
        assert_eq!(cardholder_name("王 Li 小"), Some("Li".into()));
        assert_eq!(cardholder_name("王"), None);
        assert_eq!(cardholder_name("X"), None);
        assert_eq!(
            cardholder_name(&"ab ".repeat(40)).map(|name| name.len() <= 45),
            Some(true)
        );
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(timestamp(datetime!(2026-11-21 18:15:07 -6)), "20261122001507");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shortened("Ciudad de México", 13), "Ciudad de Méx");
        assert_eq!(optional(Some("   "), 50), None);
    }
}
