//! Phone numbers of cardholders: used to send, never shown whole.

use primitives::Secret;
use std::fmt;

/// Digits of an E.164 number, country prefix included.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Digits that a cardholder may see of their own phone.
const SHOWN: usize = 4;
/// Digits that a log may show.
const LOGGED: usize = 2;

/// A number in E.164 form, `+525512345678`.
#[derive(Clone)]
pub struct Phone(Secret<String>);

/// The text is no number in E.164 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a phone number in E.164 form, such as +525512345678")]
pub struct NotAPhone;

impl Phone {
    /// Reads `+` and 8 to 15 digits of which the first is not 0.
    ///
    /// # Errors
    /// [`NotAPhone`] for everything else, blanks and hyphens included: issuers hand over validated numbers.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        let digits = text.strip_prefix('+').ok_or(NotAPhone)?;
        let fits = DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned().into())).ok_or(NotAPhone)
    }

    /// The whole number, for the provider that sends to it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// `•••• 4729`: what a cardholder may see of it.
    pub fn masked(&self) -> String {
        format!("•••• {}", self.last(SHOWN))
    }

    fn last(&self, digits: usize) -> &str {
        let whole = self.reveal();
        whole
            .get(whole.len().saturating_sub(digits)..)
            .unwrap_or_default()
    }
}

impl PartialEq for Phone {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for Phone {}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(••••{})", self.last(LOGGED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_written_in_e164_form() {
        assert_eq!(Phone::parse("+525512345678").unwrap().reveal(), "+525512345678");
        for wrong in [
            "",
            "+",
            "525512345678",
            "+0525512345678",
            "+52 55 1234 5678",
            "+1234567",
            "+1234567890123456",
            "+52５５12345678",
        ] {
            assert_eq!(Phone::parse(wrong), Err(NotAPhone), "{wrong}");
        }
    }

    #[test]
    fn a_phone_shows_its_last_digits_at_most() {
        let phone = Phone::parse("+525512345678").unwrap();
        assert_eq!(phone.masked(), "•••• 5678");
        assert_eq!(format!("{phone:?}"), "Phone(••••78)");
    }
}
