//! Reading a JSON object member by member, noting what is wrong under its path and reading on.
//!
//! A derived deserialisation stops at the first surprise and can hardly say where it was; here all problems of a
//! request are collected, so that a caller mends them in one go. `null`, the empty string and the empty object count
//! as absent: DEUNA's own samples are full of them. Nothing here ever quotes a value, since any of them may be a card
//! number.

use super::problems::Problems;
use payments::RefusalCode;
use primitives::{Amount, Country, Currency, Email, HttpUrl, UrlPolicy, amount::MAX_MINOR};
use serde_json::{Map, Value};
use std::{borrow::Cow, ops::RangeInclusive};

/// One object of the request and where it stands.
#[derive(Clone)]
pub struct Fields<'a> {
    members: &'a Map<String, Value>,
    /// Empty at the root, else ending where a member's name would be appended after a dot.
    path: String,
    problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// The body itself.
    pub fn root(members: &'a Map<String, Value>, problems: &'a Problems) -> Self {
        Self {
            members,
            path: String::new(),
            problems,
        }
    }

    /// The members as they came.
    pub fn members(&self) -> &'a Map<String, Value> {
        self.members
    }

    /// Where member `name` stands: `order.items[2].quantity`.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Notes that member `name` is wrong.
    pub fn wrong(&self, name: &str, text: impl Into<Cow<'static, str>>) {
        self.problems.add(self.path_of(name), text);
    }

    /// Notes that member `name` is wrong, under a code of its own.
    pub fn wrong_as(&self, code: RefusalCode, name: &str, text: impl Into<Cow<'static, str>>) {
        self.problems.add_as(code, self.path_of(name), text);
    }

    fn wrong_type<T>(&self, name: &str, wanted: &'static str) -> Option<T> {
        self.wrong(name, wanted);
        None
    }

    /// The value of member `name`, unless it is absent, `null`, blank or `{}`.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        #[cfg(test)]
        self.problems.note_asked(self.path_of(name));
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::Object(members)) if members.is_empty() => None,
            Some(value) => Some(value),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Of several spellings of one member the one that was used, or the first. Two that disagree are a problem.
    pub fn spelling(&self, names: &[&'static str]) -> &'static str {
        let mut given = names.iter().copied().filter(|name| self.has(name));
        let Some(used) = given.next() else {
            return names.first().copied().unwrap_or_default();
        };
        for other in given {
            if self.value(used) != self.value(other) {
                self.wrong(other, format!("contradicts {}", self.path_of(used)));
            }
        }
        used
    }

    /// What `read` made of member `name`, noting when the member is not there at all.
    pub fn required<T>(&self, name: &str, read: impl FnOnce(&Self, &str) -> Option<T>) -> Option<T> {
        if self.has(name) {
            read(self, name)
        } else {
            self.wrong_type(name, "is required")
        }
    }

    /// A nested object.
    pub fn object(&self, name: &str) -> Option<Fields<'a>> {
        match self.value(name)? {
            Value::Object(members) => Some(Fields {
                members,
                path: self.path_of(name),
                problems: self.problems,
            }),
            _ => self.wrong_type(name, "must be an object"),
        }
    }

    /// The objects of an array of at most `length_max`.
    pub fn objects(&self, name: &str, length_max: usize) -> Vec<Fields<'a>> {
        let elements = match self.value(name) {
            None => return Vec::new(),
            Some(Value::Array(elements)) => elements,
            Some(_) => {
                self.wrong(name, "must be an array of objects");
                return Vec::new();
            }
        };
        if elements.len() > length_max {
            self.wrong(name, format!("must have at most {length_max} elements"));
            return Vec::new();
        }
        let object = |(index, element): (usize, &'a Value)| {
            let path = self.path_of(&format!("{name}[{index}]"));
            match element {
                Value::Object(members) => Some(Fields {
                    members,
                    path,
                    problems: self.problems,
                }),
                _ => {
                    self.problems.add(path, "must be an object");
                    None
                }
            }
        };
        elements.iter().enumerate().filter_map(object).collect()
    }

    /// A text without surrounding white space, of at most `characters_max`.
    pub fn text(&self, name: &str, characters_max: usize) -> Option<&'a str> {
        match self.value(name)? {
            Value::String(text) => self.bounded(name, text.trim(), characters_max),
            _ => self.wrong_type(name, "must be a string"),
        }
    }

    /// A text that clients also send as a whole number, such as a postal code.
    pub fn text_or_number(&self, name: &str, characters_max: usize) -> Option<Cow<'a, str>> {
        match self.value(name)? {
            Value::String(text) => self.bounded(name, text.trim(), characters_max).map(Cow::Borrowed),
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                let text = number.to_string();
                self.bounded(name, &text, characters_max)?;
                Some(Cow::Owned(text))
            }
            _ => self.wrong_type(name, "must be a string"),
        }
    }

    fn bounded<'t>(&self, name: &str, text: &'t str, characters_max: usize) -> Option<&'t str> {
        if text.chars().count() > characters_max {
            self.wrong(name, format!("must be at most {characters_max} characters"));
            None
        } else if text
            .chars()
            .any(|symbol| symbol.is_control() && !matches!(symbol, '\n' | '\r' | '\t'))
        {
            self.wrong_type(name, "must not contain control characters")
        } else {
            Some(text)
        }
    }

    /// Money in minor units.
    pub fn amount(&self, name: &str, currency: Currency) -> Option<Amount> {
        let Value::Number(number) = self.value(name)? else {
            return self.wrong_type(name, "must be a number that counts minor units");
        };
        match Amount::from_json_number(number, currency) {
            Ok(amount) => Some(amount),
            Err(error) => {
                self.wrong(name, error.to_string());
                None
            }
        }
    }

    /// Money in minor units of a currency that is known later; more than none. Unlike elsewhere, only `null` counts as absent:
    /// what stands for an amount must not become all there is.
    pub fn minor_units(&self, name: &str) -> Option<i64> {
        #[cfg(test)]
        self.problems.note_asked(self.path_of(name));
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Number(_)) => self.integer(name, 1..=MAX_MINOR),
            Some(_) => self.wrong_type(name, "must be a number that counts minor units"),
        }
    }

    /// A whole number within `range`, given as a JSON number or as digits in a string.
    pub fn integer<N: TryFrom<i64>>(&self, name: &str, range: RangeInclusive<i64>) -> Option<N> {
        let text = match self.value(name)? {
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::String(text) => Cow::Borrowed(text.trim()),
            _ => return self.wrong_type(name, "must be a whole number"),
        };
        // Clients that know one kind of number only write 24.0.
        let whole = match text.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
            _ => &text,
        };
        let number = whole.parse::<i64>().ok().filter(|number| range.contains(number));
        match number.and_then(|number| N::try_from(number).ok()) {
            Some(number) => Some(number),
            None => {
                self.wrong(
                    name,
                    format!("must be a whole number from {} to {}", range.start(), range.end()),
                );
                None
            }
        }
    }

    /// A number that may have a fraction, such as a quantity by weight. Only its range is checked.
    pub fn number(&self, name: &str, range: RangeInclusive<i64>) {
        let fits = match self.value(name) {
            None => true,
            Some(Value::Number(number)) => {
                let text = number.to_string();
                let whole = text.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
                // A whole part of -0 hides a sign.
                whole.is_some_and(|whole| range.contains(&whole))
                    && (*range.start() < 0 || !text.starts_with('-'))
            }
            Some(_) => false,
        };
        if !fits {
            self.wrong(
                name,
                format!("must be a number from {} to {}", range.start(), range.end()),
            );
        }
    }

    /// `true` or `false`, as JSON or as a string.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => self.wrong_type(name, "must be true or false"),
        }
    }

    /// One of the words of `choices`, case aside.
    pub fn choice<T: Copy>(&self, name: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let given = self.text(name, usize::MAX)?;
        match choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)) {
            Some((_, value)) => Some(*value),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                self.wrong(name, format!("must be one of {}", words.join(", ")));
                None
            }
        }
    }

    /// A member that somebody else knows how to read.
    pub fn read<T>(&self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        self.parsed(name, read(self.value(name)?))
    }

    pub fn currency(&self, name: &str) -> Option<Currency> {
        let text = self.text(name, usize::MAX)?;
        self.parsed(name, Currency::parse(text))
    }

    pub fn country(&self, name: &str) -> Option<Country> {
        let text = self.text(name, usize::MAX)?;
        self.parsed(name, Country::parse(text))
    }

    pub fn email(&self, name: &str) -> Option<Email> {
        let text = self.text(name, usize::MAX)?;
        self.parsed(name, Email::parse(text))
    }

    pub fn url(&self, name: &str, policy: UrlPolicy) -> Option<HttpUrl> {
        let text = self.text(name, usize::MAX)?;
        self.parsed(name, HttpUrl::parse(text, policy))
    }

    fn parsed<T, E: ToString>(&self, name: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.wrong(name, error.to_string())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems_of(body: Value, read: impl FnOnce(&Fields<'_>)) -> String {
        let problems = Problems::new(RefusalCode::PayloadError);
        read(&Fields::root(body.as_object().unwrap(), &problems));
        match problems.unless_any(Some(())) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn all_problems_are_told_at_once_under_their_paths() {
        let body = json!({ "order": { "currency": "QQQ", "items": [{ "name": 7 }, 3] }, "n": "x" });
        let told = problems_of(body, |root| {
            let order = root.object("order").unwrap();
            order.currency("currency");
            order.required("store_code", |order, name| order.text(name, 10));
            for item in order.objects("items", 10) {
                item.text("name", 10);
            }
            root.integer::<u8>("n", 0..=9);
        });
        assert_eq!(
            told,
            "EMA-1002 order.currency: is not an ISO 4217 currency code; order.store_code: is required; \
             order.items[1]: must be an object; order.items[0].name: must be a string; \
             n: must be a whole number from 0 to 9"
        );
    }

    #[test]
    fn null_and_empty_texts_count_as_absent() {
        let told = problems_of(json!({ "a": null, "b": " ", "c": {} }), |root| {
            assert_eq!(root.text("a", 1), None);
            assert_eq!(root.text("b", 1), None);
            assert!(root.object("c").is_none());
            root.required("b", |root, name| root.text(name, 1));
        });
        assert_eq!(told, "EMA-1002 b: is required");
    }

    #[test]
    fn numbers_and_booleans_are_read_from_strings_too() {
        let body = json!({ "a": "24", "b": 24.0, "c": "TRUE", "d": false, "e": "-360", "zip": 1000 });
        let told = problems_of(body, |root| {
            assert_eq!(root.integer::<u32>("a", 0..=99), Some(24));
            assert_eq!(root.integer::<u32>("b", 0..=99), Some(24));
            assert_eq!(root.boolean("c"), Some(true));
            assert_eq!(root.boolean("d"), Some(false));
            assert_eq!(root.integer::<i32>("e", -840..=840), Some(-360));
            assert_eq!(root.text_or_number("zip", 16).as_deref(), Some("1000"));
        });
        assert_eq!(told, "");
    }

    #[test]
    fn numbers_that_are_not_whole_or_too_large_are_refused() {
        for value in [
            json!(1.5),
            json!("1."),
            json!(""),
            json!(u64::MAX),
            json!(true),
            json!([]),
            json!(-1),
        ] {
            let told = problems_of(json!({ "n": value }), |root| {
                root.required("n", |root, name| root.integer::<u8>(name, 0..=99));
            });
            assert!(told.starts_with("EMA-1002 n: "), "{told}");
        }
    }

    #[test]
    fn two_spellings_may_agree_but_not_differ() {
        let names = ["order_token", "token"];
        let told = problems_of(json!({ "order_token": "a", "token": "a" }), |root| {
            assert_eq!(root.spelling(&names), "order_token");
        });
        assert_eq!(told, "");
        let told = problems_of(json!({ "order_token": "a", "token": "b" }), |root| {
            root.spelling(&names);
        });
        assert_eq!(told, "EMA-1002 token: contradicts order_token");
        problems_of(json!({}), |root| assert_eq!(root.spelling(&names), "order_token"));
    }

    #[test]
    fn only_the_first_twenty_problems_are_spelled_out() {
        let told = problems_of(json!({ "items": vec![1; 30] }), |root| {
            root.objects("items", 100);
        });
        assert!(
            told.ends_with("items[19]: must be an object; and 10 more"),
            "{told}"
        );
    }

    #[test]
    fn values_are_never_quoted() {
        let body = json!({ "a": "4111111111111111", "b": "4111111111111111" });
        let told = problems_of(body, |root| {
            root.text("a", 3);
            root.choice("b", &[("x", 1)]);
            root.currency("a");
            root.country("a");
            root.email("a");
            root.url("a", UrlPolicy::HttpsOnly);
            root.amount("a", Currency::MXN);
        });
        assert!(!told.contains("4111"), "{told}");
        assert_eq!(told.matches(": ").count(), 7, "{told}");
    }
}
