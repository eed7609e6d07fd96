//! What is wrong with a request, collected while it is read, so that a caller mends it in one go.

use payments::{Refusal, RefusalCode};
use std::{borrow::Cow, cell::RefCell};

/// Problems told in one answer; the rest are counted.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// What is wrong with a request, in the order in which it was found.
pub struct Problems {
    usual: RefusalCode,
    found: RefCell<Vec<Problem>>,
    /// The paths of all members that were looked for, which the description of the body is held against.
    #[cfg(test)]
    asked: RefCell<std::collections::BTreeSet<String>>,
}

struct Problem {
    code: RefusalCode,
    field: String,
    text: Cow<'static, str>,
}

impl Problems {
    /// No problems yet. `usual` is the code of the operation for a body that is wrong.
    pub fn new(usual: RefusalCode) -> Self {
        Self {
            usual,
            found: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    #[cfg(test)]
    pub fn note_asked(&self, path: String) {
        self.asked.borrow_mut().insert(path);
    }

    #[cfg(test)]
    pub fn asked(self) -> std::collections::BTreeSet<String> {
        self.asked.into_inner()
    }

    /// Notes that `field`, a path from the root, is wrong.
    pub fn add(&self, field: impl Into<String>, text: impl Into<Cow<'static, str>>) {
        self.add_as(self.usual, field, text);
    }

    /// Notes a problem that has a code of its own.
    pub fn add_as(&self, code: RefusalCode, field: impl Into<String>, text: impl Into<Cow<'static, str>>) {
        self.found.borrow_mut().push(Problem {
            code,
            field: field.into(),
            text: text.into(),
        });
    }

    /// The value read, provided that nothing was wrong. A reader answers `None` only after noting why.
    pub fn unless_any<T>(self, read: Option<T>) -> Result<T, Refusal> {
        let usual = self.usual;
        let found = self.found.into_inner();
        let mut problems = found.into_iter();
        match (problems.next(), read) {
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Refusal::of_field(usual, "body", "is not valid")),
            (Some(first), _) => {
                let mut description = first.text.into_owned();
                for problem in problems.by_ref().take(PROBLEMS_SHOWN_MAX - 1) {
                    description.push_str(&format!("; {}: {}", problem.field, problem.text));
                }
                match problems.count() {
                    0 => {}
                    more => description.push_str(&format!("; and {more} more")),
                }
                Err(Refusal::of_field(first.code, first.field, description))
            }
        }
    }
}
