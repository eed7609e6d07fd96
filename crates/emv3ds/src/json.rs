//! JSON as the protocol wants it read: every name that appears twice in an object is noticed.
//!
//! A plain deserialisation keeps one of two elements of the same name and says nothing. Here a document is parsed once
//! into a [`Value`], with the names that came twice, a limit of depth, and the card ranges of a PRes left unparsed so
//! that they can be read one by one ([`Document::card_ranges`]).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, value::RawValue};

pub(crate) mod stream;

/// Objects and arrays inside each other; the deepest element of the specification stands at 4.
const DEPTH_MAX: usize = 32;
/// Names reported as duplicate; more would not fit into an `errorDetail` anyway.
const DUPLICATES_MAX: usize = 64;
/// The element left unparsed.
pub(crate) const CARD_RANGES: &str = "cardRangeData";

/// A message parsed, and what was noticed meanwhile.
pub(crate) struct Document<'bytes> {
    /// Its elements; of two of the same name the first.
    pub root: Map<String, Value>,
    /// Names that came more than once in their object, dotted from the root.
    pub duplicates: Vec<String>,
    /// `cardRangeData`, unparsed: up to 200,000 entries that nobody wants as a tree.
    pub card_ranges: Option<&'bytes RawValue>,
}

/// Not one JSON object of bearable depth.
#[derive(Debug)]
pub(crate) struct NotAnObject;

/// Parses a message.
pub(crate) fn parse(bytes: &[u8]) -> Result<Document<'_>, NotAnObject> {
    let mut document = Document {
        root: Map::new(),
        duplicates: Vec::new(),
        card_ranges: None,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader
        .deserialize_map(Root(&mut document))
        .map_err(|_| NotAnObject)?;
    reader.end().map_err(|_| NotAnObject)?;
    Ok(document)
}

/// Parses one entry of an array left unparsed, adding to `duplicates`.
pub(crate) struct Entry<'a> {
    pub duplicates: &'a mut Vec<String>,
    pub name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let path = Path {
            parent: None,
            name: self.name,
        };
        Node {
            duplicates: self.duplicates,
            path: Some(&path),
            depth: 2,
        }
        .deserialize(deserializer)
    }
}

/// The names that lead to a value, innermost first.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)
    }
}

fn note(duplicates: &mut Vec<String>, path: Path<'_>) {
    if duplicates.len() < DUPLICATES_MAX {
        let name = path.to_string();
        if !duplicates.contains(&name) {
            duplicates.push(name);
        }
    }
}

/// The outermost object.
struct Root<'a, 'bytes>(&'a mut Document<'bytes>);

impl<'de> Visitor<'de> for Root<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Document {
            root,
            duplicates,
            card_ranges,
        } = self.0;
        while let Some(name) = map.next_key::<String>()? {
            let path = Path {
                parent: None,
                name: &name,
            };
            if name == CARD_RANGES {
                let raw = map.next_value::<&'de RawValue>()?;
                if card_ranges.replace(raw).is_some() {
                    note(duplicates, path);
                }
                continue;
            }
            let value = map.next_value_seed(Node {
                duplicates,
                path: Some(&path),
                depth: 1,
            })?;
            if root.contains_key(&name) {
                note(duplicates, path);
            } else {
                root.insert(name, value);
            }
        }
        Ok(())
    }
}

/// Any value inside.
struct Node<'a> {
    duplicates: &'a mut Vec<String>,
    path: Option<&'a Path<'a>>,
    depth: usize,
}

impl Node<'_> {
    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth >= DEPTH_MAX {
            Err(E::custom("too deep"))
        } else {
            Ok(self.depth + 1)
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Node {
            duplicates: self.duplicates,
            path: self.path,
            depth,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = Path {
                parent: self.path,
                name: &name,
            };
            let value = map.next_value_seed(Node {
                duplicates: self.duplicates,
                path: Some(&path),
                depth,
            })?;
            if object.contains_key(&name) {
                note(self.duplicates, path);
            } else {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}

/// Visits the entries of an unparsed array; `take` answers for each.
pub(crate) fn for_each_entry(
    raw: &RawValue,
    duplicates: &mut Vec<String>,
    take: &mut dyn FnMut(Value),
) -> Result<usize, NotAnObject> {
    struct Entries<'a> {
        duplicates: &'a mut Vec<String>,
        take: &'a mut dyn FnMut(Value),
    }

    impl<'de> Visitor<'de> for Entries<'_> {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
            let mut count = 0;
            while let Some(entry) = seq.next_element_seed(Entry {
                duplicates: self.duplicates,
                name: CARD_RANGES,
            })? {
                (self.take)(entry);
                count += 1;
            }
            Ok(count)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(raw.get());
    reader
        .deserialize_seq(Entries { duplicates, take })
        .map_err(|_| NotAnObject)
}
