//! Windows-1252: what the protocol's senders mean by ISO-8859-1, and the character set of our feedback.

/// What bytes 0x80 to 0x9F stand for; the five that stand for nothing keep their number, as in browsers.
#[rustfmt::skip]
const SPECIAL: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];
/// What stands for a character that there is no byte for.
const REPLACEMENT: u8 = b'?';

/// The bytes as text; every byte stands for something.
pub fn text(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9F => SPECIAL
                .get(usize::from(byte - 0x80))
                .copied()
                .unwrap_or(char::REPLACEMENT_CHARACTER),
            _ => char::from(*byte),
        })
        .collect()
}

/// The text's bytes, with a question mark for each character that has none.
pub fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| byte(character).unwrap_or(REPLACEMENT))
        .collect()
}

fn byte(character: char) -> Option<u8> {
    match u32::from(character) {
        code @ (0..=0x7F | 0xA0..=0xFF) => u8::try_from(code).ok(),
        _ => SPECIAL
            .iter()
            .position(|known| *known == character)
            .and_then(|place| u8::try_from(place + 0x80).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(bytes(&text(&all)), all);
    }

    #[test]
    fn what_has_no_byte_is_a_question_mark() {
        assert_eq!(bytes("Señora 日 €"), b"Se\xF1ora ? \x80");
    }
}
