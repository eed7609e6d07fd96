//! The short mark that says which code is meant: in the message and on the page, new with every code.
//!
//! It is no secret. A cardholder with two messages on the phone sees by it which code the page waits for.

use super::{NoRandomness, below};

/// Neither vowels, so that no word comes of it, nor letters that look like another or like a digit.
const LETTERS: &[u8] = b"CDFGHJKMNPRTVWXZ";
/// Letters of a reference.
const LENGTH: usize = 3;

/// A fresh reference such as `KTX`.
///
/// # Errors
/// When the system's random source fails.
pub fn make() -> Result<String, NoRandomness> {
    let letters = u32::try_from(LETTERS.len()).unwrap_or(u32::MAX);
    (0..LENGTH)
        .map(|_| {
            let drawn = below(letters)?;
            let letter = usize::try_from(drawn).ok().and_then(|index| LETTERS.get(index));
            Ok(letter.map_or('C', |letter| char::from(*letter)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_three_letters_that_nobody_mistakes() {
        for _ in 0..1_000 {
            let reference = make().unwrap();
            assert_eq!(reference.len(), 3, "{reference}");
            assert!(
                reference.bytes().all(|letter| LETTERS.contains(&letter)),
                "{reference}"
            );
            assert!(!reference.contains(['A', 'E', 'I', 'O', 'U', 'Y', 'L', 'S', 'B', 'Q']));
        }
    }
}
