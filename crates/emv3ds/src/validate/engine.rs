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
pub(super) struct Context<'a> {
    pub version: Version,
    pub channel: Channels,
    pub category: MessageCategory,
    pub receiver: Component,
    /// A row to be passed over, dotted from the root.
    pub without: Option<&'a str>,
}

/// The faulty elements, dotted from the root.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Required, or their condition holds, and not there.
    pub missing: Vec<String>,
    /// There, and empty, null, too long or otherwise not of their format.
    pub malformed: Vec<String>,
    /// There, with a value that EMVCo keeps for later.
    pub reserved: Vec<String>,
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
    table: &'static [Element],
    context: Context<'_>,
    path: &str,
    findings: &mut Findings,
) {
    for element in table {
        if context
            .without
            .is_some_and(|row| row == joined(path, element.name))
        {
            continue;
        }
        let inclusion = inclusion(element, context);
        if matches!(inclusion, Inclusion::Absent) {
            object.remove(element.name);
            continue;
        }
        if !object.contains_key(element.name) {
            if is_required(inclusion, object, context) {
                findings.miss(path, element.name);
            }
            continue;
        }
        let format = resolved(&element.format, object, context);
        if let Some(nested) = nested_table(format) {
            if let Some(value) = object.get_mut(element.name)
                && check_nested(value, &nested, element, context, path, findings) == Nothing::WeKnow
            {
                object.remove(element.name);
            }
        } else if let Some(value) = object.get(element.name) {
            match fit(format, value, object, context) {
                Fit::Fits => {}
                Fit::Malformed => findings.refuse(path, element.name),
                Fit::Reserved => push(&mut findings.reserved, path, element.name),
            }
        }
    }
}

fn inclusion(element: &Element, context: Context<'_>) -> Inclusion {
    match element.inclusion.get(context.version.column()) {
        Some(inclusion) if element.channels.meet(context.channel) => settled(*inclusion, context),
        _ => Inclusion::Absent,
    }
}

/// An inclusion with its channels and its receiver looked at.
fn settled(inclusion: Inclusion, context: Context<'_>) -> Inclusion {
    match inclusion {
        Inclusion::Within(channels, inside) if channels.meet(context.channel) => settled(*inside, context),
        Inclusion::To(receiver, inside) if receiver == context.receiver => settled(*inside, context),
        Inclusion::Within(..) | Inclusion::To(..) => Inclusion::Absent,
        Inclusion::Absent | Inclusion::Required | Inclusion::Conditional(_) | Inclusion::Optional => {
            inclusion
        }
    }
}

fn is_required(inclusion: Inclusion, object: &Map<String, Value>, context: Context<'_>) -> bool {
    match inclusion {
        Inclusion::Required => true,
        Inclusion::Conditional(condition) => holds(condition, object, context),
        Inclusion::Absent | Inclusion::Optional | Inclusion::Within(..) | Inclusion::To(..) => false,
    }
}

fn holds(condition: Condition, object: &Map<String, Value>, context: Context<'_>) -> bool {
    let is = |object: &Map<String, Value>, name: &str, values: &[&str]| {
        object
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|value| values.contains(&value))
    };
    match condition {
        Condition::OutsideTheMessage => false,
        Condition::Category(category) => context.category == category,
        Condition::Is(name, values) => is(object, name, values),
        Condition::IsInside(inside, name, values) => object
            .get(inside)
            .and_then(Value::as_object)
            .is_some_and(|object| is(object, name, values)),
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

/// The format that counts in this version and beside these elements.
fn resolved(format: &'static Format, object: &Map<String, Value>, context: Context<'_>) -> &'static Format {
    match format {
        Format::PerVersion(formats) => formats
            .get(context.version.column())
            .map_or(format, |format| resolved(format, object, context)),
        Format::When(condition, [held, otherwise]) => {
            let format = if holds(*condition, object, context) {
                held
            } else {
                otherwise
            };
            resolved(format, object, context)
        }
        _ => format,
    }
}

/// An object's elements, or those of an array's objects.
struct Nested {
    table: &'static [Element],
    /// Least and most objects, for an array.
    count: Option<(usize, usize)>,
    /// Most characters, where that is limited.
    length_max: Option<usize>,
}

fn nested_table(format: &'static Format) -> Option<Nested> {
    match format {
        Format::Object(table) => Some(Nested {
            table,
            count: None,
            length_max: None,
        }),
        Format::Array(least, most, Format::Object(table)) => Some(Nested {
            table,
            count: Some((*least, *most)),
            length_max: None,
        }),
        Format::UpTo(length_max, format) => nested_table(format).map(|nested| Nested {
            length_max: Some(*length_max),
            ..nested
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
    context: Context<'_>,
    path: &str,
    findings: &mut Findings,
) -> Nothing {
    if nested
        .length_max
        .is_some_and(|length_max| length_of(value) > length_max)
    {
        findings.refuse(path, element.name);
        return Nothing::No;
    }
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

/// How a value stands to its format. The greater, the more reason to refuse it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Fits,
    /// Two digits that EMVCo keeps for later, in a version that has a code of its own for that.
    Reserved,
    Malformed,
}

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Fits } else { Self::Malformed }
    }
}

fn fit(format: &'static Format, value: &Value, beside: &Map<String, Value>, context: Context<'_>) -> Fit {
    match (resolved(format, beside, context), value) {
        (Format::Boolean, Value::Bool(_)) | (Format::True, Value::Bool(true)) => Fit::Fits,
        (Format::Boolean | Format::True, _) => Fit::Malformed,
        (Format::AnyObject(most) | Format::TextOrObject(most), Value::Object(object)) => {
            Fit::from(!object.is_empty() && length_of(value) <= *most)
        }
        (Format::TextOrObject(most), Value::String(text)) => {
            Fit::from((1..=*most).contains(&text.chars().count()))
        }
        (Format::UpTo(most, format), value) => {
            fit(format, value, beside, context).max(Fit::from(length_of(value) <= *most))
        }
        (Format::Array(least, most, format), Value::Array(values)) => {
            if (least..=most).contains(&&values.len()) {
                let fits = values.iter().map(|value| fit(format, value, beside, context));
                fits.max().unwrap_or(Fit::Fits)
            } else {
                Fit::Malformed
            }
        }
        (Format::Code(list), Value::String(text)) => {
            let version = context.version;
            if version >= Version::V2_3_1 && list.reserves(text, version) {
                Fit::Reserved
            } else {
                Fit::from(list.allows(text, version))
            }
        }
        (format, Value::String(text)) => Fit::from(text_fits(format, text)),
        _ => Fit::Malformed,
    }
}

/// Characters of a value's compact JSON.
fn length_of(value: &Value) -> usize {
    value.to_string().chars().count()
}
