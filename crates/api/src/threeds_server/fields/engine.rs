//! Holds a document against the table, row by row, and keeps what each row read.

use super::{
    Condition, Field, Need,
    format::{Format, Reading},
    table,
};
use crate::threeds_server::errors::{BadInput, Code};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap};

/// The channel of a request that does not say.
pub const DEFAULT_CHANNEL: &str = "02";

/// Groups that the reference prints at top level and that some clients put into the purchase.
const ALSO_IN_PURCHASE: [&str; 3] = ["recurring", "sdk", "white_list"];

/// What was read of a document.
pub struct Fields(BTreeMap<&'static str, Value>);

impl Fields {
    /// What a field that is a text holds, as it goes on.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path)?.as_str()
    }

    /// What any field holds, as it goes on.
    pub fn value(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    /// The elements of the AReq that the fields become, by their names there.
    pub fn elements(&self) -> Map<String, Value> {
        let mut elements = Map::new();
        for row in table::AUTHENTICATE {
            if let (Some(element), Some(value)) = (row.element, self.0.get(row.path)) {
                place(&mut elements, element, value.clone());
            }
        }
        elements
    }
}

/// Puts a value where an element's name says: `a.b` inside the object `a`, `a[]` as the first entry of the list `a`.
fn place(elements: &mut Map<String, Value>, element: &str, value: Value) {
    let (name, rest) = match element.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (element, None),
    };
    let list = name.strip_suffix("[]");
    let slot = elements
        .entry(list.unwrap_or(name).to_owned())
        .or_insert_with(|| match list {
            Some(_) => Value::Array(vec![Value::Null]),
            None => Value::Null,
        });
    let slot = match slot {
        Value::Array(entries) if list.is_some() => match entries.first_mut() {
            Some(first) => first,
            None => return,
        },
        whole => whole,
    };
    match rest {
        None => *slot = value,
        Some(rest) => {
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(members) = slot {
                place(members, rest, value);
            }
        }
    }
}

/// Reads a document by a table, and answers the first field at fault in the table's order.
pub fn read(document: &Map<String, Value>, rows: &[Field], reading: Reading) -> Result<Fields, BadInput> {
    let document = Document(document);
    let mut fields = BTreeMap::new();
    for row in rows {
        if let Some(value) = document.read(row, reading)? {
            fields.insert(row.path, value);
        }
    }
    Ok(Fields(fields))
}

#[derive(Clone, Copy)]
struct Document<'d>(&'d Map<String, Value>);

impl<'d> Document<'d> {
    fn read(self, row: &Field, reading: Reading) -> Result<Option<Value>, BadInput> {
        let needed = match row.need {
            Need::Always => true,
            Need::Never => false,
            Need::If(condition) => self.holds(condition),
            Need::OnlyIf(condition) if self.holds(condition) => true,
            Need::MayIf(condition) if self.holds(condition) => false,
            Need::OnlyIf(_) | Need::MayIf(_) => return Ok(None),
            Need::InGroup => self.group_is_there(row.path)?,
        };
        if let Some((list, member)) = row.path.split_once("[]") {
            return self.read_list(row.format, list, member.trim_start_matches('.'), reading);
        }
        match self.at(row.path)? {
            Some(value) => read_value(row.format, row.path, value, reading),
            None if needed => Err(BadInput::empty(row.path)),
            None => Ok(None),
        }
    }

    /// Every entry's member of a list, each an entry of what is read; `null` for those that have none.
    fn read_list(
        self,
        format: Format,
        list: &str,
        member: &str,
        reading: Reading,
    ) -> Result<Option<Value>, BadInput> {
        let entries = match self.at(list)? {
            None => return Ok(None),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(BadInput::invalid(list)),
        };
        let mut read = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{list}[{index}]");
            let (path, value) = match (member, entry) {
                ("", entry) => (path, Some(entry)),
                (member, Value::Object(members)) => (format!("{path}.{member}"), members.get(member)),
                _ => return Err(BadInput::invalid(path)),
            };
            let value = match value.filter(|value| is_there(value)) {
                Some(value) => read_value(format, &path, value, reading)?,
                None => None,
            };
            read.push(value.unwrap_or(Value::Null));
        }
        Ok(Some(Value::Array(read)))
    }

    /// What is at a path, if it is not empty. Something else than an object on the way there is at fault itself.
    fn at(self, path: &str) -> Result<Option<&'d Value>, BadInput> {
        let found = walk(self.0, path)?;
        let inside_purchase = || {
            let group = path.split('.').next().unwrap_or(path);
            ALSO_IN_PURCHASE
                .contains(&group)
                .then(|| walk(self.0, &format!("purchase.{path}")))
        };
        match found {
            Some(value) => Ok(Some(value)),
            None => inside_purchase().unwrap_or(Ok(None)),
        }
    }

    fn group_is_there(self, path: &str) -> Result<bool, BadInput> {
        let Some((group, _)) = path.rsplit_once('.') else {
            return Ok(false);
        };
        match self.at(group)? {
            None => Ok(false),
            Some(Value::Object(_)) => Ok(true),
            Some(_) => Err(BadInput::invalid(group)),
        }
    }

    fn holds(self, condition: Condition) -> bool {
        match condition {
            Condition::Channel(channel) => {
                self.word("device_channel").as_deref().unwrap_or(DEFAULT_CHANNEL) == channel
            }
            Condition::Series => {
                let says = |path: &str| matches!(self.word(path).as_deref(), Some("02" | "03"));
                let initiated = matches!(self.word("three_ri_ind").as_deref(), Some("01" | "02"));
                says("three_ds_requestor.authentication_ind")
                    || (self.holds(Condition::Channel("03")) && initiated)
            }
            Condition::Without(path) => matches!(self.at(path), Ok(None)),
        }
    }

    /// A scalar as text, for conditions; whether it fits is its own row's business.
    fn word(self, path: &str) -> Option<Cow<'d, str>> {
        self.at(path).ok().flatten().and_then(scalar)
    }
}

fn walk<'d>(members: &'d Map<String, Value>, path: &str) -> Result<Option<&'d Value>, BadInput> {
    let mut members = members;
    let mut rest = path;
    while let Some((group, member)) = rest.split_once('.') {
        members = match members.get(group) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(inner)) => inner,
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(_) => {
                let length = path.len() - member.len() - 1;
                return Err(BadInput::invalid(path.get(..length).unwrap_or(path)));
            }
        };
        rest = member;
    }
    Ok(members.get(rest).filter(|value| is_there(value)))
}

/// `null`, an empty text, an empty object and an empty list say nothing.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Texts, and the numbers and booleans that some clients send in their place.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.trim())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn read_value(
    format: Format,
    path: &str,
    value: &Value,
    reading: Reading,
) -> Result<Option<Value>, BadInput> {
    let fitting = if format.is_structure() {
        format.takes(value).then(|| value.clone())
    } else {
        scalar(value).and_then(|text| format.read(&text, reading))
    };
    match fitting {
        Some(value) => Ok(Some(value)),
        None => Err(BadInput::new(Code::Invalid, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threeds_server::fields::Leniency;
    use serde_json::json;
    use time::macros::datetime;

    const READING: Reading = Reading {
        leniency: Leniency::Strict,
        now: datetime!(2026-11-22 10:00 UTC),
    };

    fn create(document: Value) -> Result<Fields, (u16, String)> {
        let members = document.as_object().unwrap();
        read(members, table::CREATE, READING).map_err(|bad| (bad.code.number(), bad.detail))
    }

    #[test]
    fn one_of_number_and_token_is_needed_and_native_numbers_are_texts() {
        let fields = create(json!({"cardholder": {"acct": {"number": 4551820000009478_i64}}, "brand_id": 1}));
        let fields = fields.unwrap();
        assert_eq!(fields.text("cardholder.acct.number"), Some("4551820000009478"));
        assert_eq!(fields.text("brand_id"), Some("1"));
        assert!(create(json!({"cardholder": {"acct": {"token": "x"}}, "brand_id": "41"})).is_ok());
        assert_eq!(
            create(json!({"brand_id": "1"})).err(),
            Some((201, "cardholder.acct.number".into()))
        );
    }

    #[test]
    fn something_else_than_a_group_is_at_fault_itself() {
        for (document, detail) in [
            (json!({"cardholder": "x", "brand_id": "1"}), "cardholder"),
            (
                json!({"cardholder": {"acct": [1]}, "brand_id": "1"}),
                "cardholder.acct",
            ),
            (
                json!({"cardholder": {"acct": {"number": {"a": 1}}}, "brand_id": "1"}),
                "cardholder.acct.number",
            ),
        ] {
            assert_eq!(create(document).err(), Some((203, detail.into())));
        }
    }

    #[test]
    fn elements_are_put_into_objects_and_lists() {
        let mut elements = Map::new();
        place(&mut elements, "a", json!("1"));
        place(&mut elements, "b.c", json!("2"));
        place(&mut elements, "b.d", json!("3"));
        place(&mut elements, "e[]", json!("4"));
        place(&mut elements, "f[].g", json!("5"));
        place(&mut elements, "f[].h", json!("6"));
        assert_eq!(
            Value::Object(elements),
            json!({"a": "1", "b": {"c": "2", "d": "3"}, "e": ["4"], "f": [{"g": "5", "h": "6"}]})
        );
    }
}
