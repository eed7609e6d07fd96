//! What is kept of a provider's words: its name for a message, and a short code for why, neither of which could be an echo
//! of the request.

/// Characters of the longest code that is kept.
const LENGTH_MAX: usize = 32;
/// Digits that the longest numeric code has. One-time codes have six at least, phones eight.
const DIGITS_MAX: usize = 5;
/// Characters of the longest name that a provider may give a message.
const REFERENCE_LENGTH_MAX: usize = 128;

/// The code where it is one: letters, digits, `_`, `-` and `.`, with fewer digits than a one-time code or a phone has.
pub(super) fn code(code: &str) -> Option<String> {
    let plain = (1..=LENGTH_MAX).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    (plain && digits <= DIGITS_MAX).then(|| code.to_owned())
}

/// The provider's name for a message where it can be one: no blanks, and no comma, which joins the names of parts.
pub(super) fn reference(id: &str) -> Option<String> {
    let plain = (1..=REFERENCE_LENGTH_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'));
    plain.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_echo_the_request_is_no_code() {
        for code in ["invalid_number", "21211", "ESME_RTHROTTLED", "E.20-1"] {
            assert_eq!(super::code(code).as_deref(), Some(code));
        }
        for echo in [
            "",
            "123456",
            "code 123",
            "+525512345678",
            "n12-34-56",
            "número",
            &"a".repeat(33),
        ] {
            assert_eq!(code(echo), None, "{echo}");
        }
    }
}
