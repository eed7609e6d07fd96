//! Looks for what must be nowhere: the card numbers and one-time codes that a test used, and members that hold
//! security codes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

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
    codes: BTreeSet<String>,
}

impl Secrets {
    /// A card number was used.
    pub fn used_card(&self, number: &str) {
        self.known(|known| known.card_numbers.insert(number.to_owned()));
    }

    /// A one-time code was used.
    pub fn used_code(&self, code: &str) {
        self.known(|known| known.codes.insert(code.to_owned()));
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a text of that origin shows, in words that do not repeat it.
    pub fn found_in(&self, origin: &str, text: &str) -> Vec<String> {
        let (cards, codes) = self.known(|known| (known.card_numbers.clone(), known.codes.clone()));
        let mut found = Vec::new();
        for number in cards {
            let last_four = number.get(number.len() - 4..).unwrap_or_default();
            if text.contains(&number) || text.contains(&hexadecimal(&number)) {
                found.push(format!("{origin}: the card number that ends in {last_four}"));
            }
        }
        for line in text.lines() {
            if numbers_standing_alone(line).any(|number| codes.contains(number)) {
                found.push(format!(
                    "{origin}: a one-time code, in a line of {} characters",
                    line.len()
                ));
            }
            found.extend(
                security_code_members(line).map(|member| format!("{origin}: a security code in {member}")),
            );
        }
        found
    }
}

/// A text as PostgreSQL shows bytes.
fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
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
        secrets.used_code("123456");
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
            r#"{"card_cvv":"737"}"#,
            r#"{\"cvv\": 737}"#,
            "security_code=737",
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
            r#"{"status":200,"elapsed_us":123456,"target":"api::layers"}"#,
            r#"{"reason":"DP-4101: card_cvv: must have three digits"}"#,
        ] {
            assert_eq!(secrets().found_in("here", text), Vec::<String>::new(), "{text}");
        }
    }
}
