//! The parts of long messages, until all of them are there.

use std::collections::{BTreeMap, HashMap};

use acs::sms::smpp::concatenation::Place;

/// Messages of which parts are missing; all are forgotten when there are more.
const INCOMPLETE_MAX: usize = 1_000;

/// Messages whose parts are not all there.
#[derive(Debug, Default)]
pub(super) struct Parts(HashMap<Key, BTreeMap<u8, Part>>);

/// What the parts of a message have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) phone: String,
    pub(super) sender: String,
    pub(super) reference: u8,
    pub(super) total: u8,
}

/// One part: what it was called, and its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) octets: Vec<u8>,
}

impl Parts {
    /// Adds a part; answers all of them, in order, when it was the last one missing.
    pub(super) fn add(&mut self, key: Key, place: Place, part: Part) -> Option<Vec<Part>> {
        if self.0.len() >= INCOMPLETE_MAX {
            self.0.clear();
        }
        let parts = self.0.entry(key.clone()).or_default();
        parts.insert(place.number, part);
        if parts.len() < usize::from(place.total) {
            return None;
        }
        let parts = self.0.remove(&key)?;
        Some(parts.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_any_order_and_more_than_once() {
        let mut parts = Parts::default();
        let key = Key {
            phone: "525512345678".to_owned(),
            sender: "Banco".to_owned(),
            reference: 9,
            total: 3,
        };
        let mut add = |number: u8| {
            let place = Place {
                reference: 9,
                total: 3,
                number,
            };
            let part = Part {
                id: number.to_string(),
                octets: vec![number],
            };
            parts.add(key.clone(), place, part)
        };
        assert_eq!(add(3), None);
        assert_eq!(add(1), None);
        assert_eq!(add(3), None, "again");
        let whole = add(2).unwrap();
        let octets: Vec<u8> = whole.into_iter().flat_map(|part| part.octets).collect();
        assert_eq!(octets, [1, 2, 3]);
        assert_eq!(add(1), None, "another message of the same reference");
    }
}
