//! Holds an object against a table.

use serde_json::{Map, Value};

use super::{
    element::{Channels, Condition, Element, Format, Inclusion},
    format::text_fits,
};
use crate::{
    Version,
    code::{Component, MessageCategory},
};

/// Names reported in one finding; more do not fit into an `errorDetail`.
const NAMES_MAX: usize = 64;

/// What the tables depend on besides the message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub version: Version,
    pub channel: Channels,
    pub category: MessageCategory,
    pub receiver: Component,
}

/// The faulty elements, dotted from the root.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Required, or their condition holds, and not there.
    pub missing: Vec<String>,
    /// There, and empty, null, too long or otherwise not of their format.
    pub malformed: Vec<String>,
}

impl Findings {
    pub(super) fn miss(&mut self, path: &str, name: &str) {
        push(&mut self.missing, path, name);
    }

    pub(super) fn refuse(&mut self, path: &str, name: &str) {
        push(&mut self.malformed, path, name);
    }
}

fn push(names: &mut Vec<String>, path: &str, name: &str) {
    if names.len() < NAMES_MAX {
        let name = joined(path, name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Checks an object and takes out of it what is no element of this version, channel or receiver.
pub(super) fn check_object(
    object: &mut Map<String, Value>,
    table: &[Element],
    context: Context,
    path: &str,
    findings: &mut Findings,
) {
    for element in table {
        let inclusion = inclusion(element, context);
        if matches!(inclusion, Inclusion::Absent) {
            object.remove(element.name);
            continue;
        }
        if let Some(value) = object.get_mut(element.name) {
            if let Some(nested) = nested_table(&element.format) {
                if check_nested(value, &nested, element, context, path, findings) == Nothing::WeKnow {
                    object.remove(element.name);
                }
            } else if !value_fits(&element.format, value, context.version) {
                findings.refuse(path, element.name);
            }
        } else if is_required(inclusion, object, context) {
            findings.miss(path, element.name);
        }
    }
}

fn inclusion(element: &Element, context: Context) -> Inclusion {
    let here = element.channels.meet(context.channel)
        && element
            .receiver
            .is_none_or(|receiver| receiver == context.receiver);
    match element.inclusion.get(context.version.column()) {
        Some(inclusion) if here => *inclusion,
        _ => Inclusion::Absent,
    }
}

fn is_required(inclusion: Inclusion, object: &Map<String, Value>, context: Context) -> bool {
    match inclusion {
        Inclusion::Required => true,
        Inclusion::Conditional(condition) => holds(condition, object, context),
        Inclusion::Absent | Inclusion::Optional => false,
    }
}

fn holds(condition: Condition, object: &Map<String, Value>, context: Context) -> bool {
    match condition {
        Condition::OutsideTheMessage => false,
        Condition::Category(category) => context.category == category,
        Condition::Is(name, values) => object
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|value| values.contains(&value)),
        Condition::True(name) => object.get(name) == Some(&Value::Bool(true)),
        Condition::Given(name) => object.contains_key(name),
        Condition::All(conditions) => conditions
            .iter()
            .all(|condition| holds(*condition, object, context)),
        Condition::Any(conditions) => conditions
            .iter()
            .any(|condition| holds(*condition, object, context)),
    }
}

/// An object's elements, or those of an array's objects.
struct Nested {
    table: &'static [Element],
    /// Least and most objects, for an array.
    count: Option<(usize, usize)>,
}

fn nested_table(format: &Format) -> Option<Nested> {
    match format {
        Format::Object(table) => Some(Nested { table, count: None }),
        Format::Array(least, most, Format::Object(table)) => Some(Nested {
            table,
            count: Some((*least, *most)),
        }),
        _ => None,
    }
}

/// What is left of an object's elements once those of other versions are set aside.
#[derive(PartialEq, Eq)]
enum Nothing {
    /// Something is left.
    No,
    /// None that we know: the object is as good as an unknown element itself.
    WeKnow,
}

fn check_nested(
    value: &mut Value,
    nested: &Nested,
    element: &Element,
    context: Context,
    path: &str,
    findings: &mut Findings,
) -> Nothing {
    match (value, nested.count) {
        (Value::Object(object), None) if !object.is_empty() => {
            check_object(
                object,
                nested.table,
                context,
                &joined(path, element.name),
                findings,
            );
            let known = nested.table.iter().any(|part| object.contains_key(part.name));
            if known { Nothing::No } else { Nothing::WeKnow }
        }
        (Value::Array(entries), Some((least, most))) if (least..=most).contains(&entries.len()) => {
            let inside = joined(path, element.name);
            for entry in entries {
                match entry {
                    Value::Object(object) => check_object(object, nested.table, context, &inside, findings),
                    _ => findings.refuse(path, element.name),
                }
            }
            Nothing::No
        }
        _ => {
            findings.refuse(path, element.name);
            Nothing::No
        }
    }
}

fn value_fits(format: &Format, value: &Value, version: Version) -> bool {
    match (format, value) {
        (Format::PerVersion(formats), value) => formats
            .get(version.column())
            .is_some_and(|format| value_fits(format, value, version)),
        (Format::Boolean, Value::Bool(_)) | (Format::True, Value::Bool(true)) => true,
        (Format::Boolean | Format::True, _) => false,
        (Format::AnyObject(most), Value::Object(object)) => !object.is_empty() && length_of(value) <= *most,
        (Format::Array(least, most, format), Value::Array(values)) => {
            (least..=most).contains(&&values.len())
                && values.iter().all(|value| value_fits(format, value, version))
        }
        (format, Value::String(text)) => text_fits(format, text, version),
        _ => false,
    }
}

/// Characters of a value's compact JSON.
fn length_of(value: &Value) -> usize {
    value.to_string().chars().count()
}
