//! A merchant's name is text of a stranger: whoever opens a shop chooses it. What a cardholder reads of it must lead
//! nowhere, hide nothing and stay in its place.

use crate::sms::encoding::in_gsm7;

/// UTF-16 units of a name in a text message.
pub const MESSAGE_MAX: usize = 22;
/// UTF-16 units of a name on a screen: all that an AReq has room for.
pub const SCREEN_MAX: usize = 40;

/// The name with letters, digits and plain punctuation only, on one line, at most `units_max` UTF-16 units long.
///
/// Marks that turn the direction of writing or have no width are dropped, everything else that is dropped leaves a
/// blank, and blanks are joined. A point within a word becomes a blank where what follows could be a domain
/// (`shop.example`, not `S.A.` or `Dr. No`), for phones make links of those. Empty where nothing is left.
pub fn clean(name: &str, units_max: usize) -> String {
    let spaced: String = name
        .chars()
        .filter(|character| !is_invisible(*character))
        .map(plain)
        .collect();
    let mut unlinked = String::with_capacity(spaced.len());
    for (at, character) in spaced.char_indices() {
        let after = &spaced[at + character.len_utf8()..];
        let word = after
            .chars()
            .take_while(|character| character.is_alphanumeric())
            .count();
        unlinked.push(if character == '.' && word >= 2 {
            ' '
        } else {
            character
        });
    }
    let joined = unlinked.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&joined, units_max).trim_end().to_owned()
}

/// The text in characters of GSM-7 as far as its letters have a relative there: `á` becomes `a`. Letters of other
/// scripts stay as they are.
pub fn without_accents(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            letter if in_gsm7(letter) => letter,
            'á' | 'â' | 'ã' | 'ā' | 'ă' => 'a',
            'Á' | 'À' | 'Â' | 'Ã' => 'A',
            'ç' | 'ć' | 'č' => 'c',
            'ê' | 'ë' | 'ē' => 'e',
            'È' | 'Ê' | 'Ë' => 'E',
            'í' | 'î' | 'ï' => 'i',
            'Í' | 'Ì' | 'Î' | 'Ï' => 'I',
            'ó' | 'ô' | 'õ' | 'ō' => 'o',
            'Ó' | 'Ò' | 'Ô' | 'Õ' => 'O',
            'ú' | 'û' => 'u',
            'Ú' | 'Ù' | 'Û' => 'U',
            'š' => 's',
            'ý' => 'y',
            'ž' => 'z',
            other => other,
        })
        .collect()
}

/// At most that many UTF-16 units, whole characters only.
pub fn cut(text: &str, units_max: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > units_max
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn plain(character: char) -> char {
    match character {
        '’' | '‘' | '´' | '`' => '\'',
        '–' | '—' | '‐' | '‑' => '-',
        '&' | '\'' | '.' | ',' | '-' | '+' | '*' | '(' | ')' | '!' | '・' => character,
        letter if letter.is_alphanumeric() => letter,
        _ => ' ',
    }
}

/// Marks without a width: of direction, joiners, variation selectors, accents that stand by themselves.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{300}'..='\u{36f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (name, expected) in [
            ("Electronic Store Ltd", "Electronic Store Ltd"),
            ("L’Oréal – París", "L'Oréal - París"),
            ("H&M *Online (MX)", "H&M *Online (MX)"),
            ("Tienda S.A. de C.V.", "Tienda S.A. de C.V."),
            ("St. Mary", "St. Mary"),
            ("Amazon.com", "Amazon com"),
            ("https://evil.example/x?y=1", "https evil example x y"),
            ("www.a.co/1", "www.a co 1"),
            ("Shop\r\n@evil.example #123456", "Shop evil example 1234"),
            ("@x #1", "x 1"),
            ("＠x ＃1", "x 1"),
            ("\u{202e}evil\u{202c} \u{200f}shop\u{200b}", "evil shop"),
            ("Shop 😀😀 24", "Shop 24"),
            ("電子商店・東京", "電子商店・東京"),
            ("<b>Bold</b>", "b Bold b"),
            ("Muebles de la Señora Ñáñez", "Muebles de la Señora Ñ"),
            ("\u{7}\u{0}", ""),
            ("😀", ""),
        ] {
            assert_eq!(clean(name, MESSAGE_MAX), expected, "{name:?}");
        }
    }

    #[test]
    fn accents_fall_where_gsm_7_has_none() {
        assert_eq!(without_accents("Atlántico São Ñoño é"), "Atlantico Sao Ñoño é");
        assert_eq!(without_accents("電子"), "電子");
    }

    proptest! {
        #[test]
        fn no_name_breaks_a_line_or_begins_a_bound_code(name in "\\PC{0,80}|[@#./:\\r\\n a-z0-9]{0,60}") {
            let clean = clean(&name, MESSAGE_MAX);
            prop_assert!(clean.encode_utf16().count() <= MESSAGE_MAX);
            prop_assert!(!clean.contains(['@', '#', '/', ':', '\n', '\r', '<', '>', '"']));
            prop_assert_eq!(clean.trim(), &clean);
        }

        #[test]
        fn a_clean_name_is_clean(name in "\\PC{0,80}") {
            let once = clean(&name, SCREEN_MAX);
            prop_assert_eq!(clean(&once, SCREEN_MAX), once);
        }
    }
}
