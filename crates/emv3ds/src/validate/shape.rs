//! What has changed its shape from one version to the next, and is nevertheless the same.
//!
//! The structs of [`crate::message`] know the names and shapes of 2.3.1 only. A message of an older version is turned
//! after it has been read and checked, and before it is checked and written, by this one table.
//!
//! What an older version cannot say is not said for it: of an array with more than one value no element is chosen, so
//! that the check refuses it; what an object holds besides its text is left out.

use serde_json::{Map, Value};

use crate::{Version, code::MessageType};

/// An element that looked otherwise before.
#[derive(Debug)]
pub struct ShapeChange {
    /// The message it is an element of.
    pub message_type: MessageType,
    /// Its name today.
    pub name: &'static str,
    /// The first version with today's shape.
    pub since: Version,
    /// What it was before.
    pub before: Before,
}

/// What an element was before its shape changed.
#[derive(Clone, Copy, Debug)]
pub enum Before {
    /// The same value under this name.
    Named(&'static str),
    /// One value, where there is now an array of them.
    One,
    /// A text, where there is now an object of which it is this element.
    TextOf(&'static str),
}

const fn change(message_type: MessageType, name: &'static str, before: Before) -> ShapeChange {
    ShapeChange {
        message_type,
        name,
        since: Version::V2_3_1,
        before,
    }
}

/// Every change of shape (section 1.1 of the reference).
///
/// `authenticationType` is not here: `authenticationMethod`, which took its place, says something else in other codes.
pub static CHANGES: &[ShapeChange] = &[
    change(
        MessageType::AReq,
        "trustListStatus",
        Before::Named("whiteListStatus"),
    ),
    change(
        MessageType::AReq,
        "trustListStatusSource",
        Before::Named("whiteListStatusSource"),
    ),
    change(MessageType::AReq, "threeDSRequestorChallengeInd", Before::One),
    change(
        MessageType::AReq,
        "threeDSRequestorAuthenticationInfo",
        Before::One,
    ),
    change(
        MessageType::AReq,
        "threeDSRequestorPriorAuthenticationInfo",
        Before::One,
    ),
    change(
        MessageType::ARes,
        "trustListStatus",
        Before::Named("whiteListStatus"),
    ),
    change(
        MessageType::ARes,
        "trustListStatusSource",
        Before::Named("whiteListStatusSource"),
    ),
    change(MessageType::ARes, "cardholderInfo", Before::TextOf("text")),
    change(
        MessageType::RReq,
        "trustListStatus",
        Before::Named("whiteListStatus"),
    ),
    change(
        MessageType::RReq,
        "trustListStatusSource",
        Before::Named("whiteListStatusSource"),
    ),
    change(MessageType::RReq, "authenticationMethod", Before::One),
];

fn changes_after(message_type: MessageType, version: Version) -> impl Iterator<Item = &'static ShapeChange> {
    CHANGES
        .iter()
        .filter(move |change| change.message_type == message_type && version < change.since)
}

/// Gives a message of this version, as it came, today's shape.
pub(super) fn from_wire(message_type: MessageType, version: Version, root: &mut Map<String, Value>) {
    for change in changes_after(message_type, version) {
        match change.before {
            Before::Named(name) => rename(root, name, change.name),
            Before::One => replace(root, change.name, |value| match value {
                Value::Array(_) => value,
                one => Value::Array(vec![one]),
            }),
            Before::TextOf(name) => replace(root, change.name, |value| match value {
                Value::String(_) => Value::Object(Map::from_iter([(name.to_owned(), value)])),
                other => other,
            }),
        }
    }
}

/// Gives a message of today's shape the one of this version.
pub(super) fn to_wire(message_type: MessageType, version: Version, root: &mut Map<String, Value>) {
    for change in changes_after(message_type, version) {
        match change.before {
            Before::Named(name) => rename(root, change.name, name),
            Before::One => replace(root, change.name, |value| match value {
                Value::Array(mut values) if values.len() == 1 => values.remove(0),
                other => other,
            }),
            Before::TextOf(name) => replace(root, change.name, |value| match value {
                Value::Object(mut object) => object.remove(name).unwrap_or(Value::Object(object)),
                other => other,
            }),
        }
    }
}

fn rename(root: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = root.remove(from) {
        root.insert(to.to_owned(), value);
    }
}

fn replace(root: &mut Map<String, Value>, name: &str, with: impl FnOnce(Value) -> Value) {
    if let Some(value) = root.get_mut(name) {
        *value = with(value.take());
    }
}
