//! Taking a PRes into the cache (emv-3ds section 8.4): all of it or nothing.

use emv3ds::{
    code::ActionInd,
    message::{CardRangeData, PRes},
};
use std::collections::{BTreeMap, btree_map::Entry};
use thiserror::Error;

use super::{Attributes, CardRanges, Header, Interner, Row, length_index};
use crate::version_choice::VersionRange;

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
    #[error("card ranges overlap")]
    Overlap,
    /// A range to be added is there already.
    #[error("a card range to be added exists")]
    AddExisting,
    /// A range to be changed or deleted is not there.
    #[error("a card range to be modified or deleted does not exist")]
    UnknownRange,
    /// A reply to a request for changes has neither a serial number nor ranges: it would silently empty the cache.
    #[error("neither a serial number nor card ranges")]
    Empty,
}

/// The bounds of a range within one length.
type Bounds = (u64, u64);

impl CardRanges {
    /// The cache with this PRes applied. `asked_from` is the serial number the PReq carried, if any.
    ///
    /// Without one, and whenever the PRes has no serial number, everything is replaced and every entry counts as an Add.
    pub fn apply(&self, pres: PRes, asked_from: Option<&str>) -> Result<(Self, Applied), Unapplicable> {
        let directory = VersionRange {
            start: pres.ds_start_protocol_version,
            end: pres.ds_end_protocol_version,
        };
        match (asked_from, pres.serial_num, pres.card_range_data) {
            (Some(_), Some(serial), None) => {
                let same = self.serial.as_deref() == Some(serial.as_str());
                let ranges = Self {
                    serial: Some(serial),
                    directory: Some(directory),
                    ..self.clone()
                };
                Ok((
                    ranges,
                    if same {
                        Applied::NothingNew
                    } else {
                        Applied::Changed
                    },
                ))
            }
            (Some(_), Some(serial), Some(entries)) => {
                let changed = self.changed(entries)?;
                Ok((
                    Self {
                        serial: Some(serial),
                        directory: Some(directory),
                        ..changed
                    },
                    Applied::Changed,
                ))
            }
            (Some(_), None, None) => Err(Unapplicable::Empty),
            (Some(_), None, Some(entries)) => {
                Ok((Self::replaced(None, directory, entries)?, Applied::Replaced))
            }
            (None, serial, entries) => Ok((
                Self::replaced(serial, directory, entries.unwrap_or_default())?,
                Applied::Replaced,
            )),
        }
    }

    fn replaced(
        serial: Option<String>,
        directory: VersionRange,
        entries: Vec<CardRangeData>,
    ) -> Result<Self, Unapplicable> {
        let header = Header {
            serial,
            ds_start: Some(directory.start),
            ds_end: Some(directory.end),
        };
        Self::from_entries(header, entries)
    }

    /// A copy with the entries applied in their order.
    fn changed(&self, entries: Vec<CardRangeData>) -> Result<Self, Unapplicable> {
        let mut interner = self.interner();
        let mut changes = Changes::default();
        for entry in entries {
            let digits = entry.start_range.digits();
            let bounds = (entry.start_range.number(), entry.end_range.number());
            let exists = changes.exists(self, digits, bounds);
            let action = entry.action_ind.unwrap_or(ActionInd::Add);
            let attributes = match (action, exists) {
                (ActionInd::Add, false) | (ActionInd::Modify, true) => {
                    Some(interner.index(Attributes::of(&entry)))
                }
                (ActionInd::Delete, true) => None,
                (ActionInd::Add, true) => return Err(Unapplicable::AddExisting),
                (ActionInd::Modify | ActionInd::Delete, false) => return Err(Unapplicable::UnknownRange),
            };
            changes.set(digits, bounds, attributes)?;
        }
        let mut changed = Self {
            attributes: interner.attributes,
            ..self.clone()
        };
        changes.merge_into(&mut changed)?;
        Ok(changed)
    }

    fn interner(&self) -> Interner {
        let mut interner = Interner::default();
        for attributes in &self.attributes {
            interner.index(attributes.clone());
        }
        interner
    }

    fn has(&self, digits: u8, (start, end): Bounds) -> bool {
        let rows = length_index(digits).and_then(|index| self.rows.get(index));
        rows.is_some_and(|rows| {
            rows.binary_search_by_key(&start, |row| row.start)
                .is_ok_and(|at| rows.get(at).is_some_and(|row| row.end == end))
        })
    }
}

/// What is to become of ranges, per length: their new attributes, or `None` when they go.
#[derive(Default)]
struct Changes([BTreeMap<Bounds, Option<u32>>; super::LENGTHS]);

impl Changes {
    /// Whether a range exists after the changes noted so far.
    fn exists(&self, ranges: &CardRanges, digits: u8, bounds: Bounds) -> bool {
        let noted = length_index(digits)
            .and_then(|index| self.0.get(index))
            .and_then(|of| of.get(&bounds));
        noted.map_or_else(|| ranges.has(digits, bounds), Option::is_some)
    }

    fn set(&mut self, digits: u8, bounds: Bounds, attributes: Option<u32>) -> Result<(), Unapplicable> {
        let of_length = length_index(digits).and_then(|index| self.0.get_mut(index));
        of_length
            .ok_or(Unapplicable::UnknownRange)?
            .insert(bounds, attributes);
        Ok(())
    }

    fn merge_into(self, ranges: &mut CardRanges) -> Result<(), Unapplicable> {
        for (rows, mut changes) in ranges.rows.iter_mut().zip(self.0) {
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
        ranges.settle()
    }
}
