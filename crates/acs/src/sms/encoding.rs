//! How a text travels: seven bits a character where GSM 03.38 has all of its characters, UCS-2 otherwise, cut into the
//! parts that are billed.
//!
//! A message that needs several parts loses seven (GSM-7) or three (UCS-2) units of each to the header that joins them. A
//! character of two units (an escaped one, or one beyond the basic multilingual plane) is never cut in two.

/// Which alphabet a message travels in. One character that GSM-7 lacks turns the whole message to UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The basic character set of GSM 03.38 and its extension, one septet an octet, as SMPP carries it.
    Gsm7,
    /// Two octets a UTF-16 unit, the high one first.
    Ucs2,
}

/// The octets mean nothing in their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the octets mean no text in this encoding")]
pub struct Undecodable;

/// A text as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// In which alphabet.
    pub encoding: Encoding,
    /// The octets of each part, in order, without the header that joins parts; at least one part, which may be empty.
    /// They hold the code: never to be logged.
    pub parts: Vec<Vec<u8>>,
}

/// What a text costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// In which alphabet.
    pub encoding: Encoding,
    /// Septets or UTF-16 units of the whole text.
    pub units: usize,
    /// Parts, each billed as a message.
    pub parts: usize,
}

/// The septet that says that the next one is of the extension.
const ESCAPE: u8 = 0x1b;

/// The basic character set, by septet. The escape stands as U+001B, which no text of ours holds.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', // 0x00
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', // 0x10
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', // 0x20
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', // 0x30
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', // 0x40
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', // 0x50
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', // 0x60
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', // 0x70
];

/// The extension: what follows the escape, and what it means.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

impl Encoding {
    /// The cheaper alphabet that has every character of the text.
    pub fn of(text: &str) -> Self {
        if text.chars().all(in_gsm7) {
            Self::Gsm7
        } else {
            Self::Ucs2
        }
    }

    /// As rows and metrics name it: `gsm7`, `ucs2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
        }
    }

    /// Units in a message that is sent whole.
    fn whole_max(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units in each of several parts.
    fn part_max(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    fn octets_of_unit(self) -> usize {
        match self {
            Self::Gsm7 => 1,
            Self::Ucs2 => 2,
        }
    }

    /// One character's octets; nothing for what the alphabet lacks.
    fn encode(self, character: char) -> Vec<u8> {
        match self {
            Self::Gsm7 => septets(character),
            Self::Ucs2 => {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units);
                units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
            }
        }
    }
}

impl Encoded {
    /// The text in the cheaper alphabet that has all of it, in as few parts as it fits into.
    pub fn of(text: &str) -> Self {
        let encoding = Encoding::of(text);
        let characters: Vec<Vec<u8>> = text.chars().map(|character| encoding.encode(character)).collect();
        let octets: usize = characters.iter().map(Vec::len).sum();
        if octets <= encoding.whole_max() * encoding.octets_of_unit() {
            let parts = vec![characters.concat()];
            return Self { encoding, parts };
        }
        let room = encoding.part_max() * encoding.octets_of_unit();
        let mut parts = Vec::new();
        let mut part = Vec::with_capacity(room);
        for character in characters {
            if part.len() + character.len() > room {
                parts.push(std::mem::replace(&mut part, Vec::with_capacity(room)));
            }
            part.extend(character);
        }
        parts.push(part);
        Self { encoding, parts }
    }
}

impl Size {
    /// What the text costs.
    pub fn of(text: &str) -> Self {
        let Encoded { encoding, parts } = Encoded::of(text);
        let octets: usize = parts.iter().map(Vec::len).sum();
        Self {
            encoding,
            units: octets / encoding.octets_of_unit(),
            parts: parts.len(),
        }
    }
}

/// Reads a whole message, its parts joined.
///
/// # Errors
/// [`Undecodable`] for septets above 0x7f, an escape before nothing or before what the extension lacks, an odd number of
/// octets of UCS-2, and half a surrogate pair.
pub fn decode(encoding: Encoding, octets: &[u8]) -> Result<String, Undecodable> {
    match encoding {
        Encoding::Gsm7 => decode_septets(octets),
        Encoding::Ucs2 => {
            let (pairs, rest) = octets.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            if !rest.is_empty() {
                return Err(Undecodable);
            }
            String::from_utf16(&units).map_err(|_| Undecodable)
        }
    }
}

fn decode_septets(octets: &[u8]) -> Result<String, Undecodable> {
    let mut text = String::with_capacity(octets.len());
    let mut octets = octets.iter().copied();
    while let Some(octet) = octets.next() {
        let character = if octet == ESCAPE {
            let escaped = octets.next();
            EXTENSION
                .iter()
                .find(|(septet, _)| Some(*septet) == escaped)
                .map(|(_, character)| *character)
        } else {
            BASIC.get(usize::from(octet)).copied()
        };
        text.push(character.ok_or(Undecodable)?);
    }
    Ok(text)
}

/// Whether GSM-7 has the character, in its basic set or in the extension.
pub fn in_gsm7(character: char) -> bool {
    !septets(character).is_empty()
}

fn septets(character: char) -> Vec<u8> {
    let escaped = EXTENSION.iter().find(|(_, extended)| *extended == character);
    if let Some((septet, _)) = escaped {
        return vec![ESCAPE, *septet];
    }
    (0u8..)
        .zip(BASIC)
        .find(|(septet, basic)| *basic == character && *septet != ESCAPE)
        .map(|(septet, _)| vec![septet])
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(encoding: Encoding, units: usize, parts: usize) -> Size {
        Size {
            encoding,
            units,
            parts,
        }
    }

    #[test]
    fn every_character_of_gsm_7_comes_back() {
        for (septet, character) in (0u8..).zip(BASIC).filter(|(septet, _)| *septet != ESCAPE) {
            assert_eq!(septets(character), [septet], "{character:?}");
        }
        let all: String = BASIC
            .into_iter()
            .chain(EXTENSION.map(|(_, character)| character))
            .filter(|character| *character != '\u{1b}')
            .collect();
        assert_eq!(Encoding::of(&all), Encoding::Gsm7);
        assert_eq!(
            Size::of(&all).units,
            127 + 2 * EXTENSION.len(),
            "two units for each of the extension"
        );
        assert_eq!(decode(Encoding::Gsm7, &Encoded::of(&all).parts.concat()), Ok(all));
    }

    #[test]
    fn what_gsm_7_lacks_turns_the_whole_message_to_ucs_2() {
        for character in "áíóúÁÍÓÚçãõーア漢•“–\u{a0}\u{202f}\u{1b}".chars() {
            assert_eq!(
                Size::of(&format!("a{character}")),
                size(Encoding::Ucs2, 2, 1),
                "{character:?}"
            );
        }
    }

    #[test]
    fn a_message_is_sent_whole_as_long_as_it_fits() {
        assert_eq!(Size::of(""), size(Encoding::Gsm7, 0, 1));
        assert_eq!(Size::of(&"a".repeat(160)), size(Encoding::Gsm7, 160, 1));
        assert_eq!(Size::of(&"a".repeat(161)), size(Encoding::Gsm7, 161, 2));
        assert_eq!(Size::of(&"a".repeat(306)), size(Encoding::Gsm7, 306, 2));
        assert_eq!(Size::of(&"a".repeat(307)), size(Encoding::Gsm7, 307, 3));
        assert_eq!(Size::of(&"あ".repeat(70)), size(Encoding::Ucs2, 70, 1));
        assert_eq!(Size::of(&"あ".repeat(71)), size(Encoding::Ucs2, 71, 2));
        assert_eq!(Size::of(&"あ".repeat(134)), size(Encoding::Ucs2, 134, 2));
        assert_eq!(Size::of(&"あ".repeat(135)), size(Encoding::Ucs2, 135, 3));
    }

    #[test]
    fn a_character_of_two_units_is_never_cut_in_two() {
        // One unit short of the parts' length, so that the pair would lie over the cut.
        let euro = Encoded::of(&format!("{}€{}", "a".repeat(152), "a".repeat(20)));
        assert_eq!(
            euro.parts.iter().map(Vec::len).collect::<Vec<_>>(),
            [152, 22],
            "the escape went along with what it escapes"
        );
        let emoji = Encoded::of(&format!("{}😀{}", "あ".repeat(66), "あ".repeat(9)));
        assert_eq!(
            emoji.parts.iter().map(|part| part.len() / 2).collect::<Vec<_>>(),
            [66, 11]
        );
    }

    #[test]
    fn octets_that_mean_nothing_are_refused() {
        for (encoding, octets) in [
            (Encoding::Gsm7, &[0x80][..]),
            (Encoding::Gsm7, &[ESCAPE]),
            (Encoding::Gsm7, &[ESCAPE, 0x41]),
            (Encoding::Ucs2, &[0x00]),
            (Encoding::Ucs2, &[0xd8, 0x3d]),
        ] {
            assert_eq!(decode(encoding, octets), Err(Undecodable), "{octets:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_part_by_part(text in "[a-zA-Z0-9 €{}\\[\\]áéíñçãあ漢😀]{0,400}") {
            let Encoded { encoding, parts } = Encoded::of(&text);
            let read: Result<String, _> = parts.iter().map(|part| decode(encoding, part)).collect();
            prop_assert_eq!(read, Ok(text));
        }

        #[test]
        fn parts_are_within_their_limits(text in "\\PC{0,500}") {
            let Encoded { encoding, parts } = Encoded::of(&text);
            let limit = if parts.len() == 1 { encoding.whole_max() } else { encoding.part_max() };
            for part in &parts {
                prop_assert!(part.len() <= limit * encoding.octets_of_unit());
            }
        }

        #[test]
        fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(Encoding::Gsm7, &octets);
            let _ = decode(Encoding::Ucs2, &octets);
        }
    }
}
