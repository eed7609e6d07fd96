//! Memory with an end: the latest entries, found by their keys without looking at the others.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The latest entries in the order they came, each findable by any number of keys.
#[derive(Debug)]
pub struct Recent<K, T> {
    capacity: usize,
    entries: VecDeque<(Vec<K>, T)>,
    /// The number of the entry at the front: entries are numbered from zero and keep their number.
    first: u64,
    by_key: HashMap<K, VecDeque<u64>>,
}

impl<K: Eq + Hash + Clone, T> Recent<K, T> {
    /// Keeps the latest `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: VecDeque::new(),
            first: 0,
            by_key: HashMap::new(),
        }
    }

    /// Adds an entry under its keys and forgets the oldest when there are too many.
    pub fn push(&mut self, keys: Vec<K>, entry: T) {
        let number = self.first + self.entries.len() as u64;
        for key in &keys {
            self.by_key.entry(key.clone()).or_default().push_back(number);
        }
        self.entries.push_back((keys, entry));
        if self.entries.len() > self.capacity {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((keys, _)) = self.entries.pop_front() else {
            return;
        };
        self.first += 1;
        for key in keys {
            if let Some(numbers) = self.by_key.get_mut(&key) {
                numbers.pop_front();
                if numbers.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    /// The entries under a key, oldest first.
    pub fn of_key(&self, key: &K) -> impl DoubleEndedIterator<Item = &T> {
        let numbers = self.by_key.get(key).into_iter().flatten();
        numbers.filter_map(|number| {
            let index = usize::try_from(number - self.first).ok()?;
            self.entries.get(index).map(|(_, entry)| entry)
        })
    }

    /// All entries, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().map(|(_, entry)| entry)
    }
}

/// A map that forgets the entry that was put in first when there are too many.
#[derive(Debug)]
pub struct RecentMap<K, T> {
    capacity: usize,
    entries: HashMap<K, T>,
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, T> RecentMap<K, T> {
    /// Keeps the latest `capacity` keys.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Puts a value under a key. A key that is there already keeps its age.
    pub fn insert(&mut self, key: K, value: T) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub fn get(&self, key: &K) -> Option<&T> {
        self.entries.get(key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.entries.get_mut(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_is_forgotten_under_all_of_its_keys() {
        let mut recent = Recent::new(2);
        recent.push(vec!["a", "x"], 1);
        recent.push(vec!["b", "x"], 2);
        recent.push(vec!["c", "x"], 3);
        let of = |key| recent.of_key(&key).copied().collect::<Vec<_>>();
        assert!(of("a").is_empty());
        assert_eq!(of("b"), [2]);
        assert_eq!(of("x"), [2, 3]);
        assert_eq!(recent.all().copied().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(recent.by_key.len(), 3, "nothing is kept of what was forgotten");
    }

    #[test]
    fn the_map_forgets_the_key_that_came_first() {
        let mut map = RecentMap::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        map.insert("a", 3);
        map.insert("c", 4);
        assert_eq!(
            (map.get(&"a"), map.get(&"b"), map.get(&"c")),
            (None, Some(&2), Some(&4))
        );
    }
}
