//! A request's form: names in any letter case, values in either character set, each once.

use super::charset::Charset;
use percent_encoding::percent_decode;
use std::collections::HashMap;

/// More parameters than any shop sends.
const PARAMETERS_MAX: usize = 1_000;
/// The longest name that is looked at.
const NAME_MAX_BYTES: usize = 100;

/// One parameter as it arrived.
#[derive(Clone)]
pub struct Parameter {
    /// In upper case, as signatures have it.
    pub name: String,
    /// The text.
    pub value: String,
    /// The value's bytes, without the form's own encoding: what a signature was made over.
    pub bytes: Vec<u8>,
}

/// All parameters of a request that are not empty, in the order of arrival.
#[derive(Clone, Default)]
pub struct Form {
    parameters: Vec<Parameter>,
    places: HashMap<String, usize>,
}

/// Why a body is no form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAForm {
    /// A name that came twice, in whatever letter case.
    #[error("{0} sent twice")]
    Doubled(String),
    /// A value that is not of the character set that the request says it is in.
    #[error("{0} is not in the character set of the request")]
    Charset(String),
    /// A name nobody gave a parameter.
    #[error("a parameter's name is too long or not in ASCII")]
    Name,
    /// Too many parameters.
    #[error("too many parameters")]
    TooMany,
}

impl Form {
    /// Reads a body. Empty parameters are as absent.
    ///
    /// # Errors
    /// See [`NotAForm`].
    pub fn read(body: &[u8], charset: Charset) -> Result<Self, NotAForm> {
        let mut form = Self::default();
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count == PARAMETERS_MAX {
                return Err(NotAForm::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = unescaped(halves.next().unwrap_or_default());
            let bytes = unescaped(halves.next().unwrap_or_default());
            if name.len() > NAME_MAX_BYTES || !name.iter().all(u8::is_ascii_graphic) {
                return Err(NotAForm::Name);
            }
            let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
            if bytes.is_empty() {
                continue;
            }
            // No text has a zero byte in it, whatever the character set.
            let Some(value) = charset.read(&bytes).filter(|value| !value.contains('\0')) else {
                return Err(NotAForm::Charset(name));
            };
            let place = form.parameters.len();
            if form.places.insert(name.clone(), place).is_some() {
                return Err(NotAForm::Doubled(name));
            }
            form.parameters.push(Parameter { name, value, bytes });
        }
        Ok(form)
    }

    /// The value of a parameter, by its name in upper case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.get(*self.places.get(name)?)?;
        Some(&parameter.value)
    }

    /// The same, where it is more than blanks.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// All of them, in the order of arrival.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Form, NotAForm> {
        Form::read(body.as_bytes(), Charset::Either)
    }

    #[test]
    fn names_are_found_in_whatever_letter_case_they_came() {
        let form = read("orderID=A+1&Win3ds=MAINW&browserTimezone=-60&CN=Jos%E9&empty=").unwrap();
        assert_eq!(form.get("ORDERID"), Some("A 1"));
        assert_eq!(form.get("WIN3DS"), Some("MAINW"));
        assert_eq!(form.get("BROWSERTIMEZONE"), Some("-60"));
        assert_eq!(form.get("CN"), Some("José"));
        assert_eq!(form.get("EMPTY"), None);
        assert_eq!(form.parameters().len(), 4);
    }

    #[test]
    fn what_is_sent_twice_is_named() {
        let doubled = read("AMOUNT=1&amount=2").err();
        assert_eq!(doubled, Some(NotAForm::Doubled("AMOUNT".to_owned())));
        assert!(read("AMOUNT=&amount=2").is_ok());
    }

    #[test]
    fn a_body_is_bounded() {
        let many = "a=1&".repeat(PARAMETERS_MAX);
        assert_eq!(read(&many).err(), Some(NotAForm::Doubled("A".to_owned())));
        let many: String = (0..=PARAMETERS_MAX)
            .map(|number| format!("a{number}=1&"))
            .collect();
        assert_eq!(read(&many).err(), Some(NotAForm::TooMany));
        assert_eq!(
            read(&format!("{}=1", "a".repeat(101))).err(),
            Some(NotAForm::Name)
        );
        assert_eq!(read("%E9=1").err(), Some(NotAForm::Name));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            for charset in [Charset::Utf8, Charset::Windows1252, Charset::Either] {
                let _ = Form::read(&body, charset);
            }
        }

        #[test]
        fn what_a_client_encodes_comes_back(value in "\\PC{1,40}") {
            let body: String = form_of(&[("COM", &value)]);
            let form = read(&body).unwrap();
            prop_assert_eq!(form.get("COM"), Some(value.as_str()));
        }
    }

    fn form_of(pairs: &[(&str, &str)]) -> String {
        serde_urlencoded::to_string(pairs).unwrap()
    }
}
