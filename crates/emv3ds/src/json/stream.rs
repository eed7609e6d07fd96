//! A document read from a stream, its card ranges handed out one by one: neither the document nor a tree of its 200,000
//! entries is ever held.

use std::{fmt, io};

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{CARD_RANGES, Entry, Node, NotAnObject, Path, note};

/// A message without its card ranges, and what was noticed meanwhile.
#[derive(Default)]
pub(crate) struct Streamed {
    /// Its elements; of two of the same name the first.
    pub root: Map<String, Value>,
    /// Names that came more than once in their object, dotted from the root.
    pub duplicates: Vec<String>,
    /// What `cardRangeData` was, if it was there.
    pub card_ranges: Option<CardRanges>,
}

/// What stood where the card ranges were awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardRanges {
    /// An array of this many entries, all of them handed out.
    Entries(usize),
    /// Anything else.
    NoArray,
}

/// Why there is no document.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream failed.
    Cut(io::Error),
    /// Not one JSON object of bearable depth.
    NotAnObject,
}

impl From<serde_json::Error> for Broken {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            Self::Cut(error.into())
        } else {
            Self::NotAnObject
        }
    }
}

impl From<NotAnObject> for Broken {
    fn from(_: NotAnObject) -> Self {
        Self::NotAnObject
    }
}

/// Reads a document to the end of the stream; `take` gets each entry of `cardRangeData`.
pub(crate) fn read(stream: impl io::Read, take: &mut dyn FnMut(Value)) -> Result<Streamed, Broken> {
    let mut document = Streamed::default();
    let mut reader = serde_json::Deserializer::from_reader(io::BufReader::new(stream));
    reader.deserialize_map(Root {
        document: &mut document,
        take,
    })?;
    reader.end()?;
    Ok(document)
}

struct Root<'a> {
    document: &'a mut Streamed,
    take: &'a mut dyn FnMut(Value),
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Streamed {
            root,
            duplicates,
            card_ranges,
        } = self.document;
        while let Some(name) = map.next_key::<String>()? {
            let path = Path {
                parent: None,
                name: &name,
            };
            if name == CARD_RANGES {
                if card_ranges.is_some() {
                    note(duplicates, path);
                    map.next_value::<IgnoredAny>()?;
                } else {
                    let entries = Entries {
                        duplicates,
                        take: self.take,
                    };
                    *card_ranges = Some(map.next_value_seed(entries)?);
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

/// The value of `cardRangeData`, whatever it is.
struct Entries<'a> {
    duplicates: &'a mut Vec<String>,
    take: &'a mut dyn FnMut(Value),
}

impl<'de> serde::de::DeserializeSeed<'de> for Entries<'_> {
    type Value = CardRanges;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<CardRanges, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = CardRanges;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<CardRanges, A::Error> {
        let mut count = 0;
        while let Some(entry) = seq.next_element_seed(Entry {
            duplicates: self.duplicates,
            name: CARD_RANGES,
        })? {
            (self.take)(entry);
            count += 1;
        }
        Ok(CardRanges::Entries(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CardRanges, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(CardRanges::NoArray)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }

    fn visit_unit<E: Error>(self) -> Result<CardRanges, E> {
        Ok(CardRanges::NoArray)
    }
}
