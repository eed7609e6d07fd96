//! Taking a PRes into the cache (emv-3ds section 8.4): into a copy, and all of it or nothing.

use emv3ds::{
    code::{ActionInd, ErrorCode},
    message::{AccountRange, CardRangeData, PRes, ReadOrder},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};
use thiserror::Error;

use super::{CardRanges, Header, LENGTHS, Row, Rows, attributes::Interner, length_index, settle};

/// What card ranges of one directory server are taken, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest PRes or file, in bytes and unpacked.
    pub body_max_bytes: u64,
    /// Most ranges of one directory server; an entry of 2.3.1 has up to 5000.
    pub ranges_max: usize,
}

impl Default for Limits {
    /// Well above the 200,000 entries in 200 MB that a PRes is known to reach.
    fn default() -> Self {
        Self {
            body_max_bytes: 512 * 1024 * 1024,
            ranges_max: 2_000_000,
        }
    }
}

/// What a PRes did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The directory server had nothing new: same serial number, no ranges.
    NothingNew,
    /// Some ranges changed.
    Changed,
    /// All ranges were replaced.
    Replaced,
}

/// Why a PRes cannot be applied. The cache is as it was; the next PReq asks for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unapplicable {
    /// Two ranges share account numbers.
    #[error("card ranges {0} and {1} overlap")]
    Overlap(AccountRange, AccountRange),
    /// A range to be added is there already.
    #[error("card range {0} is to be added and exists")]
    AddExisting(AccountRange),
    /// A range to be changed or deleted is not there.
    #[error("card range {1} does not exist for action {0}")]
    UnknownRange(ActionInd, AccountRange),
    /// A reply to a request for changes has neither a serial number nor ranges: it would silently empty the cache.
    #[error("neither a serial number nor card ranges")]
    Empty,
    /// More ranges than our limit.
    #[error("more than {0} card ranges")]
    TooMany(usize),
}

impl Unapplicable {
    /// The error code and detail that 2.3.1 has for it; older versions have none, and everything is asked for instead.
    pub fn told(&self) -> Option<(ErrorCode, String)> {
        match self {
            Self::Overlap(one, other) => Some((ErrorCode::CardRangesOverlap, format!("{one},{other}"))),
            Self::AddExisting(range) => Some((ErrorCode::CardRangeActionInvalid, format!("{range} A"))),
            Self::UnknownRange(action, range) => {
                Some((ErrorCode::CardRangeActionInvalid, format!("{range} {action}")))
            }
            Self::Empty | Self::TooMany(_) => None,
        }
    }
}

/// A PRes being taken in. Its entries are handed in while they are read, so that they are never all in memory; nothing
/// counts until [`Update::finish`].
pub struct Update<'a> {
    cache: &'a CardRanges,
    asked_from: Option<&'a str>,
    ranges_max: usize,
    interner: Interner,
    taken: Taken,
    entries: usize,
    ranges: usize,
}

/// What has been taken so far.
enum Taken {
    /// Everything was asked for: ranges, in any order.
    All(Rows),
    /// Changes were asked for.
    Changes(Vec<Change>),
}

/// What is to be done with a range.
#[derive(Clone, Copy)]
struct Change {
    range: AccountRange,
    action: ActionInd,
    attributes: u32,
}

impl<'a> Update<'a> {
    /// Begins with what is known. `asked_from` is the serial number the PReq carried, if any.
    pub fn new(cache: &'a CardRanges, asked_from: Option<&'a str>, limits: &Limits) -> Self {
        let (interner, taken) = match asked_from {
            Some(_) => (Interner::of(&cache.attributes), Taken::Changes(Vec::new())),
            None => (Interner::default(), Taken::All(Rows::default())),
        };
        Self {
            cache,
            asked_from,
            ranges_max: limits.ranges_max,
            interner,
            taken,
            entries: 0,
            ranges: 0,
        }
    }

    /// Takes an entry.
    pub fn take(&mut self, mut entry: CardRangeData) {
        self.entries += 1;
        self.ranges += entry.ranges.len();
        if self.ranges > self.ranges_max {
            // Refused in the end; until then it takes no more memory.
            return;
        }
        let attributes = self.interner.index(&mut entry);
        let action = entry.action_ind.unwrap_or(ActionInd::Add);
        for range in entry.ranges {
            match &mut self.taken {
                Taken::All(rows) => add(rows, range, attributes),
                Taken::Changes(changes) => changes.push(Change {
                    range,
                    action,
                    attributes,
                }),
            }
        }
    }

    /// The cache with the PRes applied, whose entries have been taken.
    ///
    /// When the PReq carried no serial number, and whenever the PRes has none, everything is replaced and every entry
    /// counts as an Add.
    pub fn finish(self, pres: &PRes) -> Result<(CardRanges, Applied), Unapplicable> {
        if self.ranges > self.ranges_max {
            return Err(Unapplicable::TooMany(self.ranges_max));
        }
        let header = Header {
            version: Some(pres.message_version),
            serial: pres.serial_num.clone(),
            directory: Some(pres.ds_protocol_versions.clone()),
            directory_urls: pres.ds_url_list.clone().unwrap_or_default(),
        };
        match (self.asked_from, &pres.serial_num, self.entries) {
            (Some(_), None, 0) => Err(Unapplicable::Empty),
            (Some(from), Some(serial), 0) => {
                let applied = if from == serial {
                    Applied::NothingNew
                } else {
                    Applied::Changed
                };
                let cache = self.cache.clone();
                Ok((CardRanges { header, ..cache }, applied))
            }
            (_, serial, _) => match self.taken {
                Taken::Changes(changes) if serial.is_some() => {
                    let rows = changed(self.cache, changes, pres.read_order)?;
                    if rows.iter().map(Vec::len).sum::<usize>() > self.ranges_max {
                        return Err(Unapplicable::TooMany(self.ranges_max));
                    }
                    Ok((settled(header, rows, self.interner)?, Applied::Changed))
                }
                Taken::Changes(changes) => {
                    let mut rows = Rows::default();
                    for change in changes {
                        add(&mut rows, change.range, change.attributes);
                    }
                    Ok((settled(header, rows, self.interner)?, Applied::Replaced))
                }
                Taken::All(rows) => Ok((settled(header, rows, self.interner)?, Applied::Replaced)),
            },
        }
    }
}

fn add(rows: &mut Rows, range: AccountRange, attributes: u32) {
    if let Some(rows) = length_index(range.digits()).and_then(|index| rows.get_mut(index)) {
        rows.push(Row {
            start: range.start().number(),
            end: range.end().number(),
            attributes,
        });
    }
}

/// A copy of the rows with the changes applied in their order.
fn changed(
    cache: &CardRanges,
    mut taken: Vec<Change>,
    order: Option<ReadOrder>,
) -> Result<Rows, Unapplicable> {
    if order == Some(ReadOrder::LastInFirstOut) {
        taken.reverse();
    }
    let mut changes = Changes::default();
    for change in taken {
        changes.note(cache, change)?;
    }
    let mut rows = cache.rows.clone();
    changes.merge_into(&mut rows);
    Ok(rows)
}

fn settled(header: Header, mut rows: Rows, interner: Interner) -> Result<CardRanges, Unapplicable> {
    settle(&mut rows).map_err(|[one, other]| Unapplicable::Overlap(one, other))?;
    let mut ranges = CardRanges {
        header,
        rows,
        attributes: interner.finish(),
    };
    ranges.drop_unused_attributes();
    Ok(ranges)
}

impl CardRanges {
    fn has(&self, index: usize, (start, end): Bounds) -> bool {
        self.rows.get(index).is_some_and(|rows| {
            rows.binary_search_by_key(&start, |row| row.start)
                .is_ok_and(|at| rows.get(at).is_some_and(|row| row.end == end))
        })
    }

    /// Changes leave attributes behind that no range has any more.
    fn drop_unused_attributes(&mut self) {
        let mut new_index: Vec<Option<u32>> = vec![None; self.attributes.len()];
        let mut kept = Vec::new();
        for row in self.rows.iter_mut().flatten() {
            let Some(slot) = usize::try_from(row.attributes)
                .ok()
                .and_then(|at| new_index.get_mut(at))
            else {
                continue;
            };
            row.attributes = *slot.get_or_insert_with(|| {
                kept.push(row.attributes);
                u32::try_from(kept.len() - 1).unwrap_or(u32::MAX)
            });
        }
        self.attributes = kept
            .into_iter()
            .filter_map(|old| self.attributes.get(usize::try_from(old).ok()?).map(Arc::clone))
            .collect();
    }
}

/// The bounds of a range within one length.
type Bounds = (u64, u64);

/// What is to become of ranges, per length: their new attributes, or `None` when they go.
#[derive(Default)]
struct Changes([BTreeMap<Bounds, Option<u32>>; LENGTHS]);

impl Changes {
    /// Notes a change, if it is possible after those noted so far.
    fn note(&mut self, ranges: &CardRanges, change: Change) -> Result<(), Unapplicable> {
        let range = change.range;
        let bounds = (range.start().number(), range.end().number());
        let index = length_index(range.digits());
        let Some((index, noted)) = index.and_then(|index| Some((index, self.0.get_mut(index)?))) else {
            return Err(Unapplicable::UnknownRange(change.action, range));
        };
        let exists = noted
            .get(&bounds)
            .map_or_else(|| ranges.has(index, bounds), Option::is_some);
        let attributes = match (change.action, exists) {
            (ActionInd::Add, false) | (ActionInd::Modify, true) => Some(change.attributes),
            (ActionInd::Delete, true) => None,
            (ActionInd::Add, true) => return Err(Unapplicable::AddExisting(range)),
            (action @ (ActionInd::Modify | ActionInd::Delete), false) => {
                return Err(Unapplicable::UnknownRange(action, range));
            }
        };
        noted.insert(bounds, attributes);
        Ok(())
    }

    fn merge_into(self, rows: &mut Rows) {
        for (rows, mut changes) in rows.iter_mut().zip(self.0) {
            if changes.is_empty() {
                continue;
            }
            rows.retain_mut(|row| match changes.entry((row.start, row.end)) {
                Entry::Vacant(_) => true,
                Entry::Occupied(change) => match change.remove() {
                    Some(attributes) => {
                        row.attributes = attributes;
                        true
                    }
                    None => false,
                },
            });
            rows.extend(changes.into_iter().filter_map(|((start, end), attributes)| {
                attributes.map(|attributes| Row {
                    start,
                    end,
                    attributes,
                })
            }));
        }
    }
}
