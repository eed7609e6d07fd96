//! Distinguished names as text, in the manner of RFC 4514.

use super::der::{
    BMP_STRING, IA5_STRING, OBJECT_IDENTIFIER, PRINTABLE_STRING, Reader, SET, TELETEX_STRING, UTF8_STRING,
};
use std::fmt::Write as _;

/// Attribute types by their encoded identifier.
const TYPES: [(&[u8], &str); 10] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

/// The name whose relative parts these are, most specific first.
pub(super) fn text(mut name: Reader<'_>) -> Option<String> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        let mut attributes = Reader::new(name.expect(SET)?);
        let mut part = Vec::new();
        while !attributes.is_empty() {
            part.push(attribute(attributes.sequence()?)?);
        }
        parts.push(part.join("+"));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn attribute(mut attribute: Reader<'_>) -> Option<String> {
    let identifier = attribute.expect(OBJECT_IDENTIFIER)?;
    let (tag, value) = attribute.next()?;
    let known = TYPES.iter().find(|(encoded, _)| *encoded == identifier);
    let name = known.map_or_else(|| dotted(identifier), |(_, name)| (*name).to_owned());
    Some(match string(tag, value) {
        Some(value) => format!("{name}={}", escaped(&value)),
        None => format!("{name}=#{}", super::hex(value)),
    })
}

fn string(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => String::from_utf8(value.to_vec()).ok(),
        TELETEX_STRING => Some(value.iter().copied().map(char::from).collect()),
        BMP_STRING => {
            let (units, []) = value.as_chunks() else {
                return None;
            };
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// With everything escaped that would read as structure, or that has no business in a log line.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (index, character) in value.chars().enumerate() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => text.extend(['\\', character]),
            ' ' | '#' if index == 0 => text.extend(['\\', character]),
            control if control.is_control() => {
                for byte in control.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(text, "\\{byte:02X}");
                }
            }
            other => text.push(other),
        }
    }
    text
}

/// An object identifier's numbers.
fn dotted(encoded: &[u8]) -> String {
    let (mut numbers, mut number) = (Vec::new(), 0_u64);
    for byte in encoded {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= first * 40;
            }
            numbers.push(std::mem::take(&mut number));
        }
    }
    let texts: Vec<_> = numbers.iter().map(u64::to_string).collect();
    texts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_no_structure_and_no_lines_that_are_not_theirs() {
        assert_eq!(escaped(" a,b=c\nd"), "\\ a\\,b\\=c\\0Ad");
        assert_eq!(string(BMP_STRING, &[0, 0x41, 0x20, 0xac]), Some("A€".into()));
        assert_eq!(string(BMP_STRING, &[0]), None);
    }

    #[test]
    fn unknown_attributes_keep_their_numbers() {
        assert_eq!(dotted(&[0x55, 4, 97]), "2.5.4.97");
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]),
            "1.2.840.113549.1.9.1"
        );
    }
}
