//! Looks for what must be nowhere: the card numbers, phones, passwords and one-time codes that a test used, and members that
//! hold security codes. As they are, and in whatever a text holds in hexadecimal or Base64.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The shortest code there is.
const CODE_DIGITS_MIN: usize = 4;
/// Words shorter than this hold no code, however they are encoded.
const ENCODED_MIN_CHARS: usize = 8;

/// Shorter passwords might stand anywhere by chance.
const PASSWORD_MIN_CHARS: usize = 12;

/// Names of members whose value would be a security code.
const SECURITY_CODE_MEMBERS: [&str; 8] = [
    "cvv",
    "cvv2",
    "cvc",
    "card_cvv",
    "cardcvv",
    "security_code",
    "securitycode",
    "cardsecuritycode",
];

/// What was used. Cheap to clone; clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    card_numbers: BTreeSet<String>,
    /// Digits, without the `+`.
    phones: BTreeSet<String>,
    codes: BTreeSet<String>,
    passwords: BTreeSet<String>,
}

impl Secrets {
    /// A card number was used.
    pub fn used_card(&self, number: &str) {
        self.known(|known| known.card_numbers.insert(number.to_owned()));
    }

    /// A password or passphrase was used, long enough that it is no word of anything else.
    pub fn used_password(&self, password: &str) {
        assert!(
            password.len() >= PASSWORD_MIN_CHARS,
            "a password of {} characters",
            password.len()
        );
        self.known(|known| known.passwords.insert(password.to_owned()));
    }

    /// A message went to a phone, in E.164 form.
    pub fn used_phone(&self, phone: &str) {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            self.known(|known| known.phones.insert(digits));
        }
    }

    /// A one-time code was used.
    pub fn used_code(&self, code: &str) {
        self.known(|known| known.codes.insert(code.to_owned()));
    }

    /// A text message arrived: its phone is known from now on, and its code, if it has one.
    pub fn used_message(&self, phone: &str, text: &str) {
        self.used_phone(phone);
        if let Some(code) = code_in(text) {
            self.used_code(code);
        }
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a text of that origin shows, in words that do not repeat it.
    pub fn found_in(&self, origin: &str, text: &str) -> Vec<String> {
        self.known(|known| {
            let mut found = known.found_in(origin, text);
            for line in text.lines() {
                for hidden in encoded_texts(line) {
                    found.extend(known.found_in(&format!("{origin}, encoded"), &hidden));
                }
                found.extend(
                    security_code_members(line)
                        .map(|member| format!("{origin}: a security code in {member}")),
                );
            }
            found
        })
    }
}

impl Known {
    fn found_in(&self, origin: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let whole = [("card number", &self.card_numbers), ("phone", &self.phones)];
        for (what, numbers) in whole {
            for number in numbers {
                if text.contains(number) {
                    let last_four = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
                    found.push(format!("{origin}: the {what} that ends in {last_four}"));
                }
            }
        }
        for password in &self.passwords {
            let in_hexadecimal: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
            if text.contains(password) || text.contains(&in_hexadecimal) {
                found.push(format!("{origin}: a password of {} characters", password.len()));
            }
        }
        for line in text.lines() {
            if numbers_standing_alone(line).any(|number| self.codes.contains(number)) {
                found.push(format!(
                    "{origin}: a one-time code, in a line of {} characters",
                    line.len()
                ));
            }
        }
        found
    }
}

/// The code of a text message: its first run of 4 to 8 digits.
pub fn code_in(text: &str) -> Option<&str> {
    text.split(|symbol: char| !symbol.is_ascii_digit())
        .find(|run| (CODE_DIGITS_MIN..=8).contains(&run.len()))
}

/// What the words of a line say that are hexadecimal or Base64, as far as there are enough digits in it for a secret.
fn encoded_texts(line: &str) -> impl Iterator<Item = String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let base64 = GeneralPurpose::new(&STANDARD, config);
    line.split(|symbol: char| !(symbol.is_ascii_alphanumeric() || "+/-_".contains(symbol)))
        .filter(|word| word.len() >= ENCODED_MIN_CHARS)
        .flat_map(move |word| {
            // Both alphabets in one: they differ in two letters.
            let of_base64 = base64.decode(word.replace('-', "+").replace('_', "/")).ok();
            [of_hexadecimal(word), of_base64]
        })
        .flatten()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .filter(|text| {
            text.split(|symbol: char| !symbol.is_ascii_digit())
                .any(|run| run.len() >= CODE_DIGITS_MIN)
        })
}

/// The bytes that PostgreSQL shows as `\x…`, or a log as hexadecimal.
fn of_hexadecimal(word: &str) -> Option<Vec<u8>> {
    let digits = word.strip_prefix('x').unwrap_or(word);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        })
        .collect()
}

/// The member of the gateway's log that says how long an answer took, in microseconds: as often as not, a number of six digits.
const MEASURED: &str = "elapsed_us";

/// Runs of digits with neither a letter, a digit nor a decimal point beside them, other than [`MEASURED`]. Fractions of seconds
/// and pieces of identifiers would otherwise be taken for codes every other day, and what is measured in every long run.
fn numbers_standing_alone(line: &str) -> impl Iterator<Item = &str> {
    let is_apart = |symbol: char| !(symbol.is_ascii_alphanumeric() || matches!(symbol, '.' | '-' | '_'));
    line.split(is_apart)
        .filter(|word| !word.is_empty())
        .scan("", |before, word| Some((std::mem::replace(before, word), word)))
        .filter(|(before, _)| *before != MEASURED)
        .flat_map(|(_, word)| word.split('_'))
        .filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Members named like a security code that are not null, empty or masked, in any notation that has quotes or an equals
/// sign after the name.
fn security_code_members(line: &str) -> impl Iterator<Item = &'static str> {
    let lower = line.to_ascii_lowercase();
    SECURITY_CODE_MEMBERS.into_iter().filter(move |name| {
        lower.match_indices(name).any(|(at, _)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + name.len()..].trim_start_matches(['"', '\\', '\'', ' ']);
            let value = after.strip_prefix([':', '=']).map(|value| {
                value
                    .trim_start_matches(['"', '\\', '\'', ' '])
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .count()
            });
            !before.is_some_and(|symbol| symbol.is_alphanumeric() || symbol == '_')
                && value.is_some_and(|digits| (3..=4).contains(&digits))
        })
    })
}

/// Panics if anything was found.
pub fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "secrets in the open:\n{}", found.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        secrets.used_card("4000000000001059");
        secrets.used_message(
            "+525512345678",
            "Banco: 123456 es tu codigo para pagar MXN 1349.00",
        );
        secrets.used_password("Mysecretsig!?");
        secrets
    }

    #[test]
    fn what_is_secret_is_found_in_every_shape() {
        for text in [
            r#"{"pan":"4000000000001059"}"#,
            "x34303030303030303030303031303539",
            r#"{"text":"123456 es tu codigo"}"#,
            r#"{"elapsed_us":7,"otp":123456}"#,
            "otp=123456",
            "otp_123456",
            "to +525512345678 it went",
            "tel%3A%2B525512345678",
            "challenges|(x,\\x313233343536)",
            r#"creq=eyJvdHAiOiIxMjM0NTYifQ"#,
            "MTIzNDU2",
            "body=KzUyNTUxMjM0NTY3OA==",
            "acct:NDAwMDAwMDAwMDAwMTA1OQ==",
            r#"{"card_cvv":"737"}"#,
            r#"{\"cvv\": 737}"#,
            "security_code=737",
            "PSWD=Mysecretsig!?",
            "\\x4d79736563726574736967213f",
        ] {
            assert_eq!(secrets().found_in("here", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_secret_is_not() {
        for text in [
            "400000******1059",
            "2026-01-01T00:00:00.123456Z",
            "0190-123456ab",
            "2026-01-01 00:00:00.123456+00",
            r#"{"card_cvv":null,"security_code":"***"}"#,
            "sealed_security_code",
            "Phone(••••78), +52 •••• 5678",
            "rate_counters|(banco-0001,phone,\\x1234565a9b8c7d6e,600)",
            "0199a1b2-1234-7456-8123-456789abcdef",
            r#"{"status":200,"elapsed_us":123456,"target":"api::layers"}"#,
            r#"{"reason":"DP-4101: card_cvv: must have three digits"}"#,
        ] {
            assert_eq!(secrets().found_in("here", text), Vec::<String>::new(), "{text}");
        }
    }
}
