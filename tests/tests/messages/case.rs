//! A case: a good message, what is changed in it, and what the receiver must say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The versions that every case is played in.
pub const VERSIONS: [&str; 3] = ["2.1.0", "2.2.0", "2.3.1"];

/// One message case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The section of the reference.
    pub section: &'static str,
    /// What is checked, for the table of areas.
    pub area: &'static str,
    /// Which good message it starts from.
    pub base: &'static str,
    pub changes: Vec<Change>,
    pub expected: Expected,
}

/// A change to a good message.
#[derive(Clone, Debug)]
pub enum Change {
    /// Without this element.
    Without(&'static str),
    /// With this element, instead of its own or besides.
    With(&'static str, Value),
    /// With this element's name twice.
    Twice(&'static str),
    /// Something else altogether.
    Body(String),
}

/// What the receiver must make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing is wrong with it.
    Taken,
    /// This error code; the detail begins with this.
    Erro(u16, &'static str),
}

use Expected::{Erro, Taken};

impl Case {
    pub fn new(
        section: &'static str,
        area: &'static str,
        base: &'static str,
        change: Change,
        expected: Expected,
    ) -> Self {
        Self {
            section,
            area,
            base,
            changes: vec![change],
            expected,
        }
    }

    /// The good message with the changes made, as it goes over the wire.
    pub fn body(&self, mut message: Value) -> String {
        let mut twice = String::new();
        for change in &self.changes {
            match change {
                Change::Without(name) => _ = message.as_object_mut().unwrap().remove(*name),
                Change::With(name, value) => message[*name] = value.clone(),
                Change::Twice(name) => {
                    twice = format!("{}:{},", json!(name), message[*name]);
                }
                Change::Body(body) => return body.clone(),
            }
        }
        let text = message.to_string();
        format!("{{{twice}{}", &text[1..])
    }

    /// The case in a line, for whoever has to find out why it fails.
    pub fn line(&self, version: &str) -> String {
        format!(
            "emv-3ds {} ({version}, {}): {:?} of {}, expected {:?}",
            self.section, self.area, self.changes, self.base, self.expected
        )
    }

    /// What is wrong with the answer, if anything.
    pub fn judge(&self, version: &str, erro: Option<&Value>) -> Option<String> {
        let said = erro.map(|erro| {
            let code = erro["errorCode"]
                .as_str()
                .and_then(|code| code.parse::<u16>().ok());
            (code, erro["errorDetail"].as_str().unwrap_or_default())
        });
        let right = match (&self.expected, &said) {
            (Taken, None) => true,
            (Erro(code, detail), Some((Some(found), found_detail))) => {
                code == found && found_detail.starts_with(detail)
            }
            (Taken | Erro(..), _) => false,
        };
        (!right).then(|| format!("{}\n    answered {erro:?}", self.line(version)))
    }
}

/// Cases of elements that must be there: 201 and the name.
pub fn missing(
    section: &'static str,
    base: &'static str,
    names: &[&'static str],
) -> impl Iterator<Item = Case> {
    names
        .iter()
        .map(move |name| {
            Case::new(
                section,
                "required elements",
                base,
                Change::Without(name),
                Erro(201, name),
            )
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// Cases of values that an element cannot have: 203 and the name.
pub fn malformed(
    section: &'static str,
    base: &'static str,
    name: &'static str,
    values: impl IntoIterator<Item = Value>,
) -> impl Iterator<Item = Case> {
    values
        .into_iter()
        .map(move |value| {
            Case::new(
                section,
                "formats",
                base,
                Change::With(name, value),
                Erro(203, name),
            )
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// Prints how many cases each area has, by version, and answers how many there are in all.
pub fn print_areas(message: &str, cases: &[(&'static str, Vec<Case>)]) -> usize {
    let mut areas: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (column, (_, cases)) in cases.iter().enumerate() {
        for case in cases {
            areas.entry(case.area).or_default()[column] += 1;
        }
    }
    println!(
        "{message:<28}{:>8}{:>8}{:>8}",
        VERSIONS[0], VERSIONS[1], VERSIONS[2]
    );
    for (area, [first, second, third]) in &areas {
        println!("{area:<28}{first:>8}{second:>8}{third:>8}");
    }
    let all = areas.values().flatten().sum();
    println!("{:<28}{all:>8}", "all");
    all
}

/// That many times the letter `a`.
pub fn letters(count: usize) -> String {
    "a".repeat(count)
}
