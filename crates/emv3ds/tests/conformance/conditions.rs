//! What hangs on other elements of the same message, case by case. Each case is a whole message with some elements set
//! and some left out.

use emv3ds::{Version, code::MessageCategory};
use serde_json::{Map, Value};

use super::{
    answers, areq,
    case::{Case, Expected, take_out},
    results,
    sheet::{Sheet, set},
};

mod answered;
mod asked;

/// A case: where the reference says so, in which versions, what is set, what is left out, and what it is refused with.
pub struct Written {
    pub section: &'static str,
    /// The area of the sheet whose whole message it is made of.
    pub of: &'static str,
    pub versions: &'static [&'static str],
    /// Elements by dotted path, as JSON.
    pub set: &'static str,
    pub without: &'static [&'static str],
    pub refused: Option<(u16, &'static str)>,
    /// For replies that do not say it.
    pub category: MessageCategory,
}

pub const ALL: &[&str] = &["2.1.0", "2.2.0", "2.3.1"];
pub const SINCE_220: &[&str] = &["2.2.0", "2.3.1"];
pub const BEFORE_231: &[&str] = &["2.1.0", "2.2.0"];
pub const ONLY_220: &[&str] = &["2.2.0"];
pub const ONLY_231: &[&str] = &["2.3.1"];

/// A message that lacks an element it needs.
pub const fn missing(
    section: &'static str,
    of: &'static str,
    versions: &'static [&'static str],
    set: &'static str,
    element: &'static str,
    without: &'static [&'static str],
) -> Written {
    Written {
        section,
        of,
        versions,
        set,
        without,
        refused: Some((201, element)),
        category: MessageCategory::Payment,
    }
}

/// A message that does without.
pub const fn taken(
    section: &'static str,
    of: &'static str,
    versions: &'static [&'static str],
    set: &'static str,
    without: &'static [&'static str],
) -> Written {
    Written {
        section,
        of,
        versions,
        set,
        without,
        refused: None,
        category: MessageCategory::Payment,
    }
}

/// A message with a value that does not go with the others.
pub const fn malformed(
    section: &'static str,
    of: &'static str,
    versions: &'static [&'static str],
    set: &'static str,
    element: &'static str,
) -> Written {
    Written {
        section,
        of,
        versions,
        set,
        without: &[],
        refused: Some((203, element)),
        category: MessageCategory::Payment,
    }
}

impl Written {
    /// The same for what is no payment.
    pub const fn for_no_payment(mut self) -> Self {
        self.category = MessageCategory::NonPayment;
        self
    }

    fn case(&self, sheet: &Sheet, version: Version) -> Case {
        let mut message = sheet.whole(version);
        let changes: Map<String, Value> = serde_json::from_str(self.set).unwrap();
        for (path, value) in changes {
            message = set(&message, &path, value);
        }
        for path in self.without {
            take_out(&mut message, path);
        }
        let expected = match self.refused {
            Some((code, element)) => Expected::refused(code, element),
            None => Expected::taken(),
        };
        Case {
            area: sheet.area,
            section: self.section,
            title: format!("with {} and without {:?}", self.set, self.without),
            about: self
                .refused
                .map(|(_, element)| element)
                .unwrap_or_default()
                .to_owned(),
            message_type: sheet.message_type,
            version,
            receiver: sheet.receiver,
            channel: sheet.channel,
            category: self.category,
            text: message.to_string(),
            expected,
        }
    }
}

pub fn cases() -> Vec<Case> {
    let sheets: Vec<Sheet> = [areq::sheets(), answers::sheets(), results::sheets()]
        .into_iter()
        .flatten()
        .collect();
    let written = [asked::WRITTEN, answered::WRITTEN].into_iter().flatten();
    let mut cases = Vec::new();
    for written in written
        .chain(&asked::per_element())
        .chain(&answered::per_status())
    {
        let sheet = sheets.iter().find(|sheet| sheet.area == written.of).unwrap();
        for version in written.versions {
            cases.push(written.case(sheet, Version::parse(version).unwrap()));
        }
    }
    cases
}
