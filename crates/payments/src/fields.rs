//! Reading a JSON document member by member, so that its author hears of every problem at once and where each is.
//!
//! Documents that people write (a merchant, a connection, a directory server) are read with these; serde would stop
//! at the first mistake and does not know paths.

use serde_json::{Map, Value};
use std::{fmt::Display, ops::RangeInclusive};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The member at fault as a path: `three_ds.mpi.acquirer_bin`. Empty when it is the document itself.
    pub field: String,
    /// What would be right. Never quotes the value, which may be a credential.
    pub text: String,
}

/// Everything that is wrong with a document, in the order of reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem {
            field: field.into(),
            text: text.into(),
        });
    }

    /// One problem alone.
    pub fn of(field: impl Into<String>, text: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(field, text);
        problems
    }

    /// What was read, if nothing was wrong. `None` without a problem counts as a document that is missing.
    pub fn or<T>(mut self, read: Option<T>) -> Result<T, Self> {
        match read {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) => Err(self),
            None => {
                if self.0.is_empty() {
                    self.add("", "is incomplete");
                }
                Err(self)
            }
        }
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            match problem.field.as_str() {
                "" => write!(f, "{separator}{}", problem.text)?,
                field => write!(f, "{separator}{field} {}", problem.text)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// An object being read, with the path that leads to it.
#[derive(Debug, Clone)]
pub struct Fields<'v> {
    path: String,
    members: &'v Map<String, Value>,
}

impl<'v> Fields<'v> {
    /// Opens the document at `path`; members other than `known` are problems, since a misspelt member would
    /// otherwise be a setting that silently does nothing.
    pub fn open(value: &'v Value, path: &str, known: &[&str], problems: &mut Problems) -> Option<Self> {
        let Value::Object(members) = value else {
            problems.add(path, "must be an object");
            return None;
        };
        let fields = Self {
            path: path.to_owned(),
            members,
        };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            problems.add(fields.at(name), "is not known here");
        }
        Some(fields)
    }

    /// The path of a member.
    pub fn at(&self, name: &str) -> String {
        // A name from outside is cut, so that the answer stays short.
        let name: String = name.chars().take(64).collect();
        if self.path.is_empty() {
            name
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The member's value; `null` counts as absent.
    pub fn value(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Whether the member is there at all, be it `null`.
    pub fn mentions(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member that may be absent.
    pub fn take<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'v Value) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Option<T> {
        match read(self.value(name)?) {
            Ok(value) => Some(value),
            Err(text) => {
                problems.add(self.at(name), text);
                None
            }
        }
    }

    /// A member that must be there.
    pub fn need<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'v Value) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Option<T> {
        if self.value(name).is_none() {
            problems.add(self.at(name), "is required");
        }
        self.take(name, read, problems)
    }
}

/// A text of 1 to `max` characters without control characters, trimmed.
pub fn text(max: usize) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string")?.trim();
        let length = text.chars().count();
        if length == 0 || length > max || text.chars().any(char::is_control) {
            return Err(format!(
                "must have 1 to {max} characters, none of them control characters"
            ));
        }
        Ok(text.to_owned())
    }
}

/// A text of 1 to `max` printable ASCII characters, the alphabet of identifiers that other parties assign.
pub fn ascii(max: usize) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string")?.trim();
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.is_empty() || text.len() > max || !printable {
            return Err(format!("must have 1 to {max} printable ASCII characters"));
        }
        Ok(text.to_owned())
    }
}

/// Digits only, as many as `length` says.
pub fn digits(length: RangeInclusive<usize>) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string of digits")?;
        if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(text.to_owned());
        }
        Err(match (length.start(), length.end()) {
            (least, most) if least == most => format!("must be {least} digits"),
            (least, most) => format!("must be {least} to {most} digits"),
        })
    }
}

/// A string that `parse` understands; its error's text follows the field's name.
pub fn parsed<T, E: Display>(parse: impl Fn(&str) -> Result<T, E>) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a string")?;
        parse(text).map_err(|error| error.to_string())
    }
}

/// One of the words in `words`.
pub fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let found = value
            .as_str()
            .and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let list: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            format!("must be one of {}", list.join(", "))
        })
    }
}

/// A whole number within `range`.
pub fn integer<T>(range: RangeInclusive<T>) -> impl Fn(&Value) -> Result<T, String>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |value| {
        let number = value.as_i64().and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// A list of distinct things, as many as `length` says, each read by `read`.
pub fn list<T: PartialEq>(
    length: RangeInclusive<usize>,
    read: impl Fn(&Value) -> Result<T, String>,
) -> impl Fn(&Value) -> Result<Vec<T>, String> {
    move |value| {
        let entries = value.as_array().ok_or("must be a list")?;
        if !length.contains(&entries.len()) {
            return Err(format!(
                "must have {} to {} entries",
                length.start(),
                length.end()
            ));
        }
        let mut read_entries = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let entry = read(entry).map_err(|text| format!("entry {index} {text}"))?;
            if read_entries.contains(&entry) {
                return Err(format!("entry {index} is there twice"));
            }
            read_entries.push(entry);
        }
        Ok(read_entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_is_told_with_its_path() {
        let document =
            json!({"name": "", "mcc": "12a4", "rate": 7.5, "extra": 1, "kind": "c", "tags": ["a", "a"]});
        let mut problems = Problems::default();
        let fields = Fields::open(
            &document,
            "thing",
            &["name", "mcc", "rate", "kind", "tags", "missing"],
            &mut problems,
        )
        .unwrap();
        fields.need("name", text(5), &mut problems);
        fields.need("mcc", digits(4..=4), &mut problems);
        fields.take("rate", integer(1..=9u32), &mut problems);
        fields.need("kind", word(&[("a", 1), ("b", 2)]), &mut problems);
        fields.take("tags", list(1..=3, text(5)), &mut problems);
        fields.need("missing", boolean, &mut problems);
        let told: Vec<_> = problems.0.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(
            told,
            [
                "thing.extra",
                "thing.name",
                "thing.mcc",
                "thing.rate",
                "thing.kind",
                "thing.tags",
                "thing.missing"
            ]
        );
    }

    #[test]
    fn numbers_outside_their_type_are_refused_and_not_wrapped() {
        assert!(integer(0..=10u32)(&json!(-1)).is_err());
        assert!(integer(0..=10u32)(&json!(4_294_967_297_i64)).is_err());
        assert_eq!(integer(0..=10u32)(&json!(10)), Ok(10));
    }
}
