//! What is wrong with a request's parameters, all of it at once.

use super::form::Form;
use payments::directlink::NcError;
use std::cell::RefCell;

/// A request that is refused before anybody is asked: `NCERROR` and `NCERRORPLUS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The number.
    pub error: NcError,
    /// What is wrong, naming the parameter.
    pub text: String,
}

impl Complaint {
    /// One complaint.
    pub fn new(error: NcError, text: impl Into<String>) -> Self {
        Self {
            error,
            text: text.into(),
        }
    }

    /// A fault of ours, known to the shop by an id that the log has too.
    pub fn technical(error_id: &str) -> Self {
        Self::new(
            NcError::TECHNICAL,
            format!("temporary problem, error id {error_id}"),
        )
    }
}

/// A form being read, and what was found wrong with it so far.
pub struct Reading<'a> {
    form: &'a Form,
    complaints: RefCell<Vec<Complaint>>,
}

impl<'a> Reading<'a> {
    /// Nothing read yet.
    pub fn of(form: &'a Form) -> Self {
        Self {
            form,
            complaints: RefCell::default(),
        }
    }

    /// A parameter's value as it came.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.form.get(name)
    }

    /// A parameter of at most so many characters.
    pub fn text(&self, name: &str, max_characters: usize) -> Option<&'a str> {
        let value = self.form.get(name)?;
        if value.chars().count() > max_characters {
            self.complain(NcError::INVALID, format!("{name} too long"));
            return None;
        }
        Some(value)
    }

    /// The same, which must be there.
    pub fn required(&self, name: &str, max_characters: usize) -> Option<&'a str> {
        if self.form.get(name).is_none() {
            self.complain(NcError::INVALID, format!("no {name}"));
        }
        self.text(name, max_characters)
    }

    /// One of the values that `known` knows.
    pub fn one_of<T>(&self, name: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.form.get(name)?;
        let found = known(value.trim());
        if found.is_none() {
            self.complain(NcError::INVALID, format!("{name} not valid"));
        }
        found
    }

    /// Something is wrong.
    pub fn complain(&self, error: NcError, text: impl Into<String>) {
        self.complaints.borrow_mut().push(Complaint::new(error, text));
    }

    /// What was read, if nothing was wrong with it; else all complaints as one, joined by bars. Several of different kinds are
    /// a validation error in general.
    ///
    /// # Errors
    /// The complaints.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Complaint> {
        let complaints = self.complaints.into_inner();
        match (complaints.split_first(), read) {
            (None, Some(read)) => Ok(read),
            (None, None) => Err(Complaint::new(
                NcError::INVALID,
                "Some of the data entered is incorrect. Please retry.",
            )),
            (Some((first, more)), _) => {
                let alike = more.iter().all(|other| other.error == first.error);
                let texts: Vec<&str> = complaints
                    .iter()
                    .map(|complaint| complaint.text.as_str())
                    .collect();
                let error = if alike { first.error } else { NcError::INVALID };
                Err(Complaint::new(error, texts.join("|")))
            }
        }
    }
}
