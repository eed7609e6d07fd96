//! Reading a JSON object member by member, and saying which member is wrong without saying what it says.

use serde_json::{Map, Value};

/// What is wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It has to be there and is not.
    Missing,
    /// It is of the wrong type, form or length, or says what cannot be.
    Format,
    /// Nobody knows it.
    Unknown,
}

impl Wrong {
    /// The word for it on the wire.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing => "FIELD_MISSING",
            Self::Format => "FIELD_INVALID_FORMAT",
            Self::Unknown => "FIELD_UNKNOWN",
        }
    }
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The member, as `residencyAddress.line1`; empty for the document as a whole.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
    /// What holds for it.
    pub(crate) must: &'static str,
}

impl Refused {
    /// A member of the wrong form.
    pub(crate) fn format(field: impl Into<String>, must: &'static str) -> Self {
        Self {
            field: field.into(),
            wrong: Wrong::Format,
            must,
        }
    }
}

/// The members of an object that were not read yet.
pub(crate) struct Members {
    path: String,
    members: Map<String, Value>,
}

impl Members {
    /// The members of a whole document.
    pub(crate) fn of(document: Value) -> Result<Self, Refused> {
        Self::at(String::new(), document)
    }

    fn at(path: String, value: Value) -> Result<Self, Refused> {
        match value {
            Value::Object(members) => Ok(Self { path, members }),
            _ => Err(Refused::format(path, "must be an object")),
        }
    }

    /// The name of a member from the top of the document.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Whether a member is there, and not read yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member that is missing.
    pub(crate) fn missing(&self, name: &str) -> Refused {
        Refused {
            field: self.path(name),
            wrong: Wrong::Missing,
            must: "must be there",
        }
    }

    /// A member of the wrong form.
    pub(crate) fn wrong(&self, name: &str, must: &'static str) -> Refused {
        Refused::format(self.path(name), must)
    }

    /// A text that `read` understands.
    pub(crate) fn maybe<T>(
        &mut self,
        name: &str,
        must: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => read(&text).map(Some).ok_or_else(|| self.wrong(name, must)),
            Some(_) => Err(self.wrong(name, must)),
        }
    }

    /// As [`Members::maybe`], of a member that has to be there.
    pub(crate) fn text<T>(
        &mut self,
        name: &str,
        must: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Refused> {
        self.maybe(name, must, read)?.ok_or_else(|| self.missing(name))
    }

    /// Whatever it is.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refused> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// An object within.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Members>, Refused> {
        let path = self.path(name);
        self.members
            .remove(name)
            .map(|value| Self::at(path, value))
            .transpose()
    }

    /// The objects of a list, at most `max`.
    pub(crate) fn objects(
        &mut self,
        name: &str,
        max: usize,
        must: &'static str,
    ) -> Result<Option<Vec<Members>>, Refused> {
        let path = self.path(name);
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Array(values)) if values.len() <= max => values
                .into_iter()
                .enumerate()
                .map(|(index, value)| Self::at(format!("{path}[{index}]"), value))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(self.wrong(name, must)),
        }
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), Refused> {
        match self.members.keys().next() {
            None => Ok(()),
            // The name is a stranger's text; it is shown as far as names go.
            Some(name) => Err(Refused {
                field: self.path(&name.chars().take(64).collect::<String>()),
                wrong: Wrong::Unknown,
                must: "is not known here",
            }),
        }
    }
}

/// A text of 1 to `max` characters, none of which controls anything.
pub(crate) fn plain(max: usize) -> impl Fn(&str) -> Option<String> {
    move |text| {
        let fits = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_is_named_by_its_way_from_the_top() {
        let mut members = Members::of(json!({"list": [{"a": "x"}, {"a": 7}]})).unwrap();
        let refused = members
            .objects("list", 2, "must be a list")
            .unwrap()
            .unwrap()
            .into_iter()
            .find_map(|mut inner| inner.text("a", "must be text", plain(5)).err())
            .unwrap();
        assert_eq!(refused, Refused::format("list[1].a", "must be text"));
    }

    #[test]
    fn what_nobody_asked_for_is_refused() {
        let members = Members::of(json!({"surprise": 1})).unwrap();
        assert_eq!(members.finish().unwrap_err().wrong, Wrong::Unknown);
        assert!(Members::of(json!([])).is_err());
    }
}
